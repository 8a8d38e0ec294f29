"""Which priority categories a guidance presumes of what is known, why, and what would settle the rest. Pure.

A presumption is for the officer, decides nothing and is never told outside. Categories are a set. What nobody knows is
never a no: it leaves a category undetermined. Nothing is concluded beyond the categories that the guidance has.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum, unique
from functools import lru_cache
from typing import assert_never

from services.triage.domain.known import known
from shared.contracts.vocabulary import PriorityCategory
from shared.policy.model import (
    PRESUMED,
    Guidance,
    Known,
    LeftToOfficer,
    Notice,
    Policy,
    PresumedIf,
    Remark,
    Rule,
    Truth,
    weigh,
)


@unique
class Standing(StrEnum):
    """How a person stands to a category."""

    PRESUMED = "PRESUMED"
    NOT_PRESUMED = "NOT_PRESUMED"
    UNDETERMINED = "UNDETERMINED"
    LEFT_TO_THE_OFFICER = "LEFT_TO_THE_OFFICER"


@dataclass(frozen=True, slots=True)
class Finding:
    """One category. `facts` settle it; `open` are those that nobody knows, and that would."""

    category: PriorityCategory
    standing: Standing
    source: str
    reasons: tuple[Remark, ...] = ()
    facts: tuple[str, ...] = ()
    open: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Note:
    """A notice that applies (`facts` settle it), or may apply: `open` are the facts that would tell."""

    remark: Remark
    applies: bool
    facts: tuple[str, ...] = ()
    open: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Classification:
    """All categories of a guidance, and its notices."""

    guidance: Guidance
    findings: tuple[Finding, ...]
    notes: tuple[Note, ...]

    def standing(self, standing: Standing) -> tuple[PriorityCategory, ...]:
        """The categories that stand so, in the guidance's order."""
        return tuple(finding.category for finding in self.findings if finding.standing is standing)

    @property
    def open(self) -> tuple[str, ...]:
        """The facts that nobody knows, and that would settle something; those of categories first."""
        found = (*(f for each in self.findings for f in each.open), *(f for each in self.notes for f in each.open))
        return tuple(dict.fromkeys(found))

    @property
    def reasons(self) -> tuple[Remark, ...]:
        """Why categories are presumed, and what applies besides."""
        of_findings = (remark for each in self.findings for remark in each.reasons)
        return (*of_findings, *(each.remark for each in self.notes if each.applies))


@dataclass(frozen=True, slots=True)
class Presumption:
    """A classification as it is kept and told: by codes of `guidance`, the version in force when it was made.

    `until`: when another version comes into force, as far as was known then.
    """

    guidance: str
    until: datetime | None = None
    categories: tuple[PriorityCategory, ...] = ()
    undetermined: tuple[PriorityCategory, ...] = ()
    to_weigh: tuple[PriorityCategory, ...] = ()
    reasons: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """The version and its end, in one word: another label in force means that it is time to look again."""
        return label(self.guidance, self.until)


def label(guidance: str, until: datetime | None) -> str:
    """A version and its end in one word."""
    return f"{guidance} {until.isoformat() if until else ''}".rstrip()


def presume(facts: str, age_band: str, policy: Policy, *, at: datetime) -> Presumption:
    """What the guidance in force at a moment presumes of the facts."""
    in_force = policy.timeline.at(at)
    kept, unknown = _kept(in_force.guidance, facts, age_band)
    asked = (policy.questions[fact].code for fact in unknown if fact in policy.questions)
    return replace(kept, until=in_force.until, questions=tuple(dict.fromkeys(asked)))


@lru_cache(maxsize=2048)
def _kept(guidance: Guidance, facts: str, age_band: str) -> tuple[Presumption, tuple[str, ...]]:
    """What is kept of a classification, and the facts to ask about. Most cases have no facts, or had these before."""
    found = classify(guidance, known(facts, age_band))
    kept = Presumption(
        guidance=guidance.version,
        categories=found.standing(Standing.PRESUMED),
        undetermined=found.standing(Standing.UNDETERMINED),
        to_weigh=found.standing(Standing.LEFT_TO_THE_OFFICER),
        reasons=tuple(dict.fromkeys(remark.code for remark in found.reasons)),
    )
    return kept, found.open


def classify(guidance: Guidance, what: Known) -> Classification:
    """Every category and every notice of a guidance, by what is known."""
    findings = tuple(_finding(rule, what) for rule in guidance.rules)
    settled = {
        f"{PRESUMED}{finding.category}": finding.standing is Standing.PRESUMED
        for finding in findings
        if finding.standing in (Standing.PRESUMED, Standing.NOT_PRESUMED)
    }
    notes = (_note(notice, {**what, **settled}) for notice in guidance.notices)
    return Classification(guidance, findings, tuple(note for note in notes if note is not None))


_STANDING = {
    Truth.YES: Standing.PRESUMED,
    Truth.NO: Standing.NOT_PRESUMED,
    Truth.UNKNOWN: Standing.UNDETERMINED,
}


def _finding(rule: Rule, what: Known) -> Finding:
    match rule:
        case LeftToOfficer():
            return Finding(rule.category, Standing.LEFT_TO_THE_OFFICER, rule.source, reasons=(rule.remark,))
        case PresumedIf():
            weighed = weigh(rule.when, what)
            is_open = weighed.truth is Truth.UNKNOWN
            return Finding(
                rule.category,
                _STANDING[weighed.truth],
                rule.source,
                reasons=_reasons(rule, what) if weighed.truth is Truth.YES else (),
                facts=() if is_open else weighed.because,
                open=weighed.because if is_open else (),
            )
        case _:
            assert_never(rule)


def _reasons(rule: PresumedIf, what: Known) -> tuple[Remark, ...]:
    holding = (ground for ground in rule.grounds if weigh(ground.when, what).truth is Truth.YES)
    return tuple(ground.remark for ground in (*rule.provided, *holding))


def _note(notice: Notice, what: Known) -> Note | None:
    """A notice that applies or may apply. One that turns on a category alone says nothing while that is open."""
    if notice.when is None:
        return Note(notice.remark, applies=True)
    weighed = weigh(notice.when, what)
    facts = tuple(fact for fact in weighed.because if not fact.startswith(PRESUMED))
    if weighed.truth is Truth.YES:
        return Note(notice.remark, applies=True, facts=facts)
    if weighed.truth is Truth.UNKNOWN and notice.asks and facts:
        return Note(notice.remark, applies=False, open=facts)
    return None
