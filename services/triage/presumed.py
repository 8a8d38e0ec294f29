"""What staff see of a presumption: as a presumption, with its reasons, sources, facts and open questions. Pure.

Nothing here decides, and nothing of it goes outside.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from pydantic_core import from_json

from services.triage.domain.case import Case
from services.triage.domain.classification import Classification, Finding, Note, Presumption, classify
from services.triage.domain.known import known
from shared.policy.model import AGE_BAND, NAMED, NOTE, Policy, Remark

REQUESTOR: Final = "requestor"

Opened = Mapping[str, Mapping[str, Any]]
"""What was sealed, by the blob's name."""


def codes(presumption: Presumption) -> dict[str, Any]:
    """A presumption by its codes, as a queue shows it; `sentences` has their words."""
    return {
        "guidance": presumption.guidance,
        "categories": presumption.categories,
        "undetermined": presumption.undetermined,
        "to_weigh": presumption.to_weigh,
        "reasons": presumption.reasons,
        "questions": presumption.questions,
    }


def sentences(presumptions: Iterable[Presumption], policy: Policy) -> dict[str, dict[str, dict[str, str]]]:
    """By version, the sentence and the source of every code that stands in some presumptions."""
    found: dict[str, dict[str, dict[str, str]]] = {}
    for presumption in presumptions:
        of_version = found.setdefault(presumption.guidance, {})
        wanted = {*presumption.reasons, *presumption.questions} - of_version.keys()
        of_version |= {
            code: {"sentence": remark.sentence, "source": remark.source}
            for code, remark in policy.remarks(presumption.guidance, sorted(wanted)).items()
        }
    return found


def as_decided(presumption: Presumption, policy: Policy) -> dict[str, Any]:
    """The presumption under which a case was decided, by the codes that were kept: the facts may be newer since."""
    return {"note": NOTE, **codes(presumption), "sentences": sentences([presumption], policy)}


def whole(case: Case, presumption: Presumption, policy: Policy, opened: Opened) -> dict[str, Any]:
    """The presumption with all that led to it. `opened`: factors that are sealed count here, too."""
    guidance = policy.timeline.named(presumption.guidance)
    if guidance is None:  # Its file is gone: the codes that were kept still stand.
        return as_decided(presumption, policy)
    facts = from_json(case.situation.facts)
    sealed = [(among, entry) for blob in opened.values() for among in sorted(NAMED) for entry in blob.get(among) or ()]
    what = known(
        case.situation.facts, case.submission.age_band, also_named=((among, entry["value"]) for among, entry in sealed)
    )
    found = classify(guidance, what)
    said = _Said(facts, sealed, case.submission.age_band)
    return {
        "note": NOTE,
        **codes(presumption),
        "guidance": {
            "version": guidance.version,
            "name": guidance.name,
            "source": guidance.source,
            "in_force_because": policy.timeline.because(presumption.guidance, presumption.until),
        },
        "reminder": _remark(guidance.reminder) if guidance.reminder else None,
        "findings": [_finding(finding, said, policy) for finding in found.findings],
        "notices": [_note(note, said, policy) for note in found.notes],
        "factors": _factors(found, said),
    }


class _Said:
    """Who said what, and when: for each fact that a condition names, the entries as they came."""

    def __init__(self, facts: Mapping[str, Any], sealed: Iterable[tuple[str, Any]], age_band: str) -> None:
        self._facts = facts
        self._age_band = age_band
        self.named = {
            among: [*facts.get(among, ()), *(entry for where, entry in sealed if where == among)] for among in NAMED
        }

    def of(self, fact: str) -> list[dict[str, Any]]:
        """The entries of a fact. Where an officer's word outranks a claim, the claim stands with it."""
        if fact == AGE_BAND:
            return [{"fact": fact, "value": self._age_band, "asserted_by": REQUESTOR}]
        if fact in NAMED:
            return [{"fact": fact, **entry} for entry in self.named[fact]]
        name, _, part = fact.partition(".")
        entry = self._facts.get(name)
        if entry is None:
            return []
        return [{"fact": fact, **entry, "value": entry["value"][part] if part else entry["value"]}]


def _finding(finding: Finding, said: _Said, policy: Policy) -> dict[str, Any]:
    return {
        "category": finding.category,
        "standing": finding.standing,
        "source": finding.source,
        "reasons": [_remark(remark) for remark in finding.reasons],
        **_rests_on(finding.facts, said),
        "questions": _questions(finding.open, policy),
    }


def _note(note: Note, said: _Said, policy: Policy) -> dict[str, Any]:
    return {
        **_remark(note.remark),
        "applies": "yes" if note.applies else "perhaps",
        **_rests_on(note.facts, said),
        "questions": _questions(note.open, policy),
    }


def _rests_on(facts: Iterable[str], said: _Said) -> dict[str, Any]:
    """The facts that settled it, and whether any of them is only claimed."""
    entries = [entry for fact in facts for entry in said.of(fact)]
    return {"facts": entries, "rests_on_claims": any(entry.get("asserted_by") == REQUESTOR for entry in entries)}


def _questions(facts: Iterable[str], policy: Policy) -> list[dict[str, str]]:
    asked = (policy.questions[fact] for fact in facts if fact in policy.questions)
    return [_remark(remark) for remark in {remark.code: remark for remark in asked}.values()]


def _factors(found: Classification, said: _Said) -> dict[str, Any]:
    """What the guidance names to be weighed, with who named it; and what was named that the guidance does not list."""
    listed = found.guidance.factors
    laid_out: dict[str, Any] = {
        among: [
            {**_remark(factor), "named": [entry for entry in said.named[among] if entry["value"] == factor.code]}
            for factor in factors
        ]
        for among, factors in (("aggravating", listed.aggravating), ("mitigating", listed.mitigating))
    }
    laid_out["also_weigh"] = [_remark(factor) for factor in listed.also_weigh]
    known_codes = {factor.code for factor in (*listed.aggravating, *listed.mitigating)}
    laid_out["named_besides"] = [
        {"among": among, **entry}
        for among in sorted(NAMED)
        for entry in said.named[among]
        if entry["value"] not in known_codes
    ]
    return laid_out


def _remark(remark: Remark) -> dict[str, str]:
    return {"code": remark.code, "sentence": remark.sentence, "source": remark.source}
