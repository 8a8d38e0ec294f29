"""Policy as plain values: what the domain may know of it. Standard library, the vocabulary and `places` only.

Loaded from effective-dated YAML by `shared.policy.loading`; a value without a published source is marked
"design choice" there.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.contracts.vocabulary import RejectCode, Stage, Urgency
from shared.policy.places import normalise_county, normalise_state


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason code that staff may give, with the sentence it stands for, by language, and where the rule is from.

    `given_by` names the stages whose staff may give it, `outcomes` what it may explain (REMANDED included).
    """

    code: str
    sentence: Mapping[str, str]
    source: str
    given_by: frozenset[Stage] = frozenset()
    outcomes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Office:
    """An ERO field office, or headquarters."""

    code: str
    name: str
    seat: str


@dataclass(frozen=True, slots=True)
class OfficeMap:
    """Which office is responsible for which place, from a day on. Keys of `areas` are normalised.

    (state, county) in a state that is divided, (state, "") for a whole state.
    """

    version: str
    offices: Mapping[str, Office]
    areas: Mapping[tuple[str, str], str]

    def office_for(self, state: str, county: str | None) -> str | None:
        """The code of the office responsible for a place; None when nobody can tell (a visible queue, never a guess).

        A state that belongs to one office needs no county; one that is divided needs a county that the map knows.
        """
        code = normalise_state(state)
        if code is None:
            return None
        whole = self.areas.get((code, ""))
        return whole or self.areas.get((code, normalise_county(county or "")))


@dataclass(frozen=True, slots=True)
class Policy:
    """Everything that is policy and not code, as in force at one moment."""

    guidance: str
    office_map: OfficeMap
    reasons: Mapping[str, Reason]
    required: tuple[RejectCode, ...]
    imminent_within: timedelta
    answer_within: Mapping[Urgency, timedelta]
    silence_after: Mapping[Urgency, timedelta]
    sro_answer_within: Mapping[Urgency, timedelta]
    question_answer_within: timedelta
    review_window: timedelta
    window_grace: timedelta
    claim_lasts: timedelta
    link_lasts: timedelta
    remands: int

    def may_give(self, code: str, stage: Stage, outcome: str) -> bool:
        """Whether staff of `stage` may explain `outcome` by the reason `code`."""
        reason = self.reasons.get(code)
        return reason is not None and stage in reason.given_by and outcome in reason.outcomes


@dataclass(frozen=True, slots=True)
class Policies:
    """All versions. `at(moment)` gives the policy in force at that moment."""

    versions: tuple[tuple[datetime, Policy], ...]

    def at(self, moment: datetime) -> Policy:
        """The policy in force at `moment`; the first one for moments before it."""
        in_force = self.versions[0][1]
        for since, policy in self.versions:
            if since <= moment:
                in_force = policy
        return in_force
