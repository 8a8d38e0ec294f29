"""What the field office may decide, and what each decision must say."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from shared.contracts.vocabulary import MootBecause, ReferredTo, ReliefSought, Stage, TriageOutcome
from shared.policy.answers import Answers, Reliefs, Slip, each_once, slips
from shared.policy.model import Policy

Choice = Literal[TriageOutcome.FAVOURABLE, TriageOutcome.DECLINED, TriageOutcome.REFERRED, TriageOutcome.MOOT]
"""The outcomes that an officer may choose. That there was no answer is recorded when headquarters takes a case."""

FIELD_OF = {TriageOutcome.FAVOURABLE: "granted", TriageOutcome.DECLINED: "declined", TriageOutcome.MOOT: "moot"}
"""Where an outcome says of which relief it is true."""


@dataclass(frozen=True, slots=True)
class Decision:
    """An initial consideration's outcome, as an officer gives it."""

    outcome: Choice
    granted: tuple[ReliefSought, ...] = ()
    referred_to: ReferredTo | None = None
    moot_because: MootBecause | None = None
    reasons: tuple[str, ...] = ()
    declined: tuple[ReliefSought, ...] = ()
    moot: tuple[ReliefSought, ...] = ()

    @property
    def answers(self) -> Answers:
        """What it says of each relief."""
        return Answers(self.granted, self.declined, self.moot)

    @property
    def explains(self) -> frozenset[TriageOutcome]:
        """The outcomes that its reasons may explain: of each part of it, and its own."""
        parts = {TriageOutcome.FAVOURABLE: self.granted, TriageOutcome.DECLINED: self.declined}
        of_parts = (outcome for outcome, reliefs in (parts | {TriageOutcome.MOOT: self.moot}).items() if reliefs)
        return frozenset((self.outcome, *of_parts))


@dataclass(frozen=True, slots=True)
class Objection:
    """Why something cannot be done as asked."""

    code: str
    reason: str


def wrong_with(
    decision: Decision, policy: Policy, *, asked: Reliefs, granted_before: Reliefs = (), has_text: bool = False
) -> tuple[Slip, ...]:
    """All that is wrong with a decision, field by field, under the policy in force; empty when nothing is.

    `asked`: the relief that the request names; `granted_before`: what this office granted in an earlier round.
    """
    if decision.outcome is TriageOutcome.REFERRED:
        return (*_referral(decision), *_reasons(decision, policy))
    explained = has_text or any(
        policy.may_give(code, Stage.FIELD_OFFICE, TriageOutcome.FAVOURABLE) for code in decision.reasons
    )
    field = FIELD_OF[decision.outcome]
    found = slips(decision.answers, asked, granted_before, field=field, explained=explained)
    return each_once((*found, *_outcome(decision), *_moot(decision, has_text=has_text), *_reasons(decision, policy)))


def _referral(decision: Decision) -> Iterator[Slip]:
    """Who refers a matter decides nothing of it."""
    if decision.referred_to is None:
        yield Slip("referred_to", "referred_to_missing", "A decision REFERRED says where the matter belongs.")
    for field in ("granted", "declined", "moot", "moot_because"):
        if getattr(decision, field):
            yield Slip(field, f"{field}_out_of_place", "A decision REFERRED decides nothing: leave this out.")


def _outcome(decision: Decision) -> Iterator[Slip]:
    """The outcome is what its parts come to: whatever is declined makes it DECLINED, else what is moot MOOT."""
    if decision.referred_to is not None:
        yield Slip("referred_to", "referred_to_out_of_place", "Only a decision REFERRED says where the matter belongs.")
    declined, moot = bool(decision.declined), bool(decision.moot)
    if declined and decision.outcome is not TriageOutcome.DECLINED:
        yield Slip("outcome", "declined_out_of_place", "Where something is declined, the outcome is DECLINED.")
    elif moot and not declined and decision.outcome is TriageOutcome.FAVOURABLE:
        yield Slip("outcome", "moot_out_of_place", "Where something is moot and nothing declined, the outcome is MOOT.")
    field = FIELD_OF[decision.outcome]
    if not getattr(decision, field):
        yield Slip(field, f"{field}_missing", f"A decision {decision.outcome} says of which relief that is so.")


def _moot(decision: Decision, *, has_text: bool) -> Iterator[Slip]:
    """What is moot says why; another reason than the known ones has to be told."""
    if decision.moot and decision.moot_because is None:
        yield Slip("moot_because", "moot_because_missing", "Say why nothing is left to decide (moot_because).")
    if decision.moot_because is not None and not decision.moot:
        yield Slip("moot", "moot_missing", "Say of which relief nothing is left to decide (moot).")
    if decision.moot_because is MootBecause.OTHER and not has_text and not decision.reasons:
        yield Slip("reasons", "reasons_missing", "OTHER says nothing yet: give a reason, or say it in words.")


def _reasons(decision: Decision, policy: Policy) -> Iterator[Slip]:
    """A decline gives reasons, and only those are given that explain some part of the decision."""
    foreign = [
        code
        for code in decision.reasons
        if not any(policy.may_give(code, Stage.FIELD_OFFICE, outcome) for outcome in decision.explains)
    ]
    if foreign:
        parts = ", ".join(sorted(decision.explains))
        says = f"The policy in force has no reason {', '.join(foreign)} for {parts} at a field office."
        yield Slip("reasons", "reason_not_allowed", says)
    declines = any(policy.may_give(code, Stage.FIELD_OFFICE, TriageOutcome.DECLINED) for code in decision.reasons)
    if decision.outcome is TriageOutcome.DECLINED and not declines:
        yield Slip("reasons", "reasons_missing", "A decline gives at least one reason for it of the policy in force.")
