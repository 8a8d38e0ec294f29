"""`docs/guidance.md`, generated from the policy files: which guidance was in force when, and what each presumes."""

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from shared.policy.conditions import (
    AgedIn,
    AllOf,
    AnyNamed,
    AnyOf,
    AtLeast,
    Before,
    Condition,
    No,
    OnOrAfter,
    Yes,
)
from shared.policy.loading import load
from shared.policy.model import Policy
from shared.policy.priorities import Factors, Guidance, LeftToOfficer, Remark

HEAD = """# Guidance versions

Which guidance on enforcement priorities was in force when, and what it presumes of which facts. Generated from
`shared/policy/guidance` and `shared/policy/process`: run `python -m deploy.generate`.

A category is a *presumption for the officer*. It decides nothing, orders no queue, and is told to nobody outside: no
letter, no page and no answer to a requestor names one, and a reason that names one is told outside in other words.

Conditions are read with three values, after Kleene: a fact that nobody asserted is unknown, never no. A category is
*presumed* when what is known settles it so, *not presumed* when what is known rules it out, and *undetermined*
otherwise, with the questions that would settle it. Learning an unknown fact never unsettles what is settled. An
officer's word on a fact outranks the requestor's; both stay visible, and a finding says whether it rests on claims
alone.

The version in force *at the decision* counts, and is kept with it. Open cases are looked at again at the start of
each version (a deadline of the case), when facts change, and when a case comes back from headquarters.

## Adding a version

Write a file into `shared/policy/guidance` (or the `guidance` folder of `POLICY_DIR`), with the interval from which it
is in force; the version before it ends there by itself, unless it says an end of its own. Times without guidance are
a version, too: a gap is refused. A slip is answered with file, line and field when a service starts. Every value says
where it is from; `design choice` means that no published source was found. Open cases are looked at again when a
service has started with the new file.

## Corrected

Decisions and assignments keep the version that was in force for them when they were made; nothing rewrites them.
Where an interval was found to be wrong about the past, its file is corrected, and the correction stands here:

| what | was | is |
| --- | --- | --- |
| the injunction of 19 August 2021 | until 15 September 2021 | until 25 August 2021: stayed for the time being |
| the vacatur of the Mayorkas guidelines | from 10 June 2022, its order's day | from 24 June 2022: its effect |
| the map of offices | one of 2025 for all times | `2021-01`, without Harlingen, until 20 August 2022 |
| windows of the requestor | ended on any day | on the next business day (8 CFR 1.2); what was told stays |
| zones | those of offices and states | those of places: a clock that runs keeps its zone |
"""

EASTERN = ZoneInfo("America/New_York")

FACTS = {
    "national_security_concern": "a concern for national security",
    "apprehended_entering_unlawfully": "apprehended while attempting to enter unlawfully",
    "apprehended_on": "day of apprehension",
    "first_present_on": "first day of physical presence",
    "last_entry_on": "day of the last entry",
    "last_entry_unlawful": "the last entry was unlawful",
    "threat_to_public_safety": "a threat to public safety",
    "aggravated_felony": "an aggravated felony",
    "gang_conviction": "a conviction with gang participation as an element",
    "gang_participation.intentional": "intentional gang participation",
    "gang_participation.age_at_conduct": "age at the conduct",
    "released_from_incarceration_on": "day of release from incarceration",
    "final_order": "a final order",
    "pending_in_court": "proceedings in court",
    "age_band": "age",
    "mitigating": "a mitigating factor",
    "aggravating": "an aggravating factor",
}


def written() -> str:
    """The whole page."""
    policy = load().versions[0][1]
    versions = policy.timeline.versions.values()
    parts = (HEAD, *_intervals(policy), *(line for each in versions for line in _version(each)), *_questions(policy))
    return "\n".join(parts)


def words(condition: Condition) -> str:
    """A condition in words."""
    match condition:
        case Yes(fact):
            return _fact(fact)
        case No(fact):
            return f"not {_fact(fact)}"
        case OnOrAfter(fact, day):
            return f"{_fact(fact)} on or after {day.isoformat()}"
        case Before(fact, day):
            return f"{_fact(fact)} before {day.isoformat()}"
        case AtLeast(fact, number):
            return f"{_fact(fact)} {number} or more"
        case AnyNamed(fact, codes):
            return f"{_fact(fact)} named: {', '.join(sorted(codes))}"
        case AgedIn(bands):
            return f"age {', '.join(sorted(bands))}"
        case AllOf(parts):
            return " and ".join(_within(part) for part in parts)
        case AnyOf(parts):
            return " or ".join(_within(part) for part in parts)


def _within(part: Condition) -> str:
    return f"({words(part)})" if isinstance(part, AllOf | AnyOf) and len(part.parts) > 1 else words(part)


def _fact(fact: str) -> str:
    category = fact.removeprefix("presumed.")
    return FACTS[fact] if category == fact else f"presumed {category}"


def _intervals(policy: Policy) -> Iterator[str]:
    yield "## In force"
    yield ""
    yield "| from (Washington) | until | version | why |"
    yield "| --- | --- | --- | --- |"
    for each in policy.timeline.intervals:
        yield f"| {_day(each.since)} | {_day(each.until)} | `{each.guidance.version}` | {each.source} |"
    yield ""


def _day(moment: datetime | None) -> str:
    return moment.astimezone(EASTERN).date().isoformat() if moment else "another begins"


def _version(guidance: Guidance) -> Iterator[str]:
    yield f"## `{guidance.version}`"
    yield ""
    yield f"{guidance.name}. Source: {guidance.source}."
    yield ""
    if guidance.reminder:
        yield f"{guidance.reminder.sentence} ({guidance.reminder.source})"
        yield ""
    yield from _categories(guidance)
    yield from _notices(guidance)
    yield from _factors(guidance.factors)


def _categories(guidance: Guidance) -> Iterator[str]:
    if not guidance.rules:
        yield "Nothing is presumed of anybody."
        yield ""
        return
    yield "| category | presumed when | code | the officer reads | source |"
    yield "| --- | --- | --- | --- | --- |"
    for rule in guidance.rules:
        if isinstance(rule, LeftToOfficer):
            yield _row(str(rule.category), "never: left to the officer", rule.remark)
            continue
        one = "one of these" if len(rule.grounds) > 1 or rule.provided else "when"
        for part, grounds in (("required", rule.provided), (one, rule.grounds)):
            yield from (_row(str(rule.category), f"{part}: {words(each.when)}", each.remark) for each in grounds)
    yield ""


def _row(category: str, when: str, remark: Remark) -> str:
    return f"| {category} | {when} | `{remark.code}` | {remark.sentence} | {remark.source} |"


def _notices(guidance: Guidance) -> Iterator[str]:
    if not guidance.notices:
        return
    yield "| notice | when | the officer reads | source |"
    yield "| --- | --- | --- | --- |"
    for notice in guidance.notices:
        when = words(notice.when) if notice.when else "always"
        yield f"| `{notice.remark.code}` | {when} | {notice.remark.sentence} | {notice.remark.source} |"
    yield ""


def _factors(factors: Factors) -> Iterator[str]:
    lists = (
        ("aggravating", factors.aggravating),
        ("mitigating", factors.mitigating),
        ("to weigh besides", factors.also_weigh),
    )
    if not any(remarks for _, remarks in lists):
        return
    yield "Factors that are laid out for the officer; nothing is concluded from them."
    yield ""
    yield "| factor | | what it is | source |"
    yield "| --- | --- | --- | --- |"
    for name, remarks in lists:
        yield from (f"| `{each.code}` | {name} | {each.sentence} | {each.source} |" for each in remarks)
    yield ""


def _questions(policy: Policy) -> Iterator[str]:
    yield "## What is asked where a fact is not known"
    yield ""
    yield "| fact | code | question | source |"
    yield "| --- | --- | --- | --- |"
    for fact, question in policy.questions.items():
        yield f"| `{fact}` | `{question.code}` | {question.sentence} | {question.source} |"
    yield ""
