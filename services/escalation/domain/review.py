"""What a Senior Reviewing Official may decide, and what each decision must say."""

from dataclasses import dataclass

from shared.contracts.vocabulary import ReliefSought, ResolutionOutcome, Stage
from shared.policy.model import Policy

REMANDED = "REMANDED"
"""The outcome that reasons for a remand explain (policy files name it so)."""

OUTCOMES = (ResolutionOutcome.UPHELD, ResolutionOutcome.OVERRIDDEN, ResolutionOutcome.NO_ACTION)


@dataclass(frozen=True, slots=True)
class Review:
    """An SRO's decision as given."""

    outcome: ResolutionOutcome
    granted: tuple[ReliefSought, ...] = ()
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Objection:
    """Why a decision cannot be taken as given."""

    code: str
    reason: str


def objection(review: Review, policy: Policy) -> Objection | None:
    """What is wrong with a decision under the policy in force; None when nothing is."""
    if review.outcome not in OUTCOMES:
        return Objection("not_an_outcome", f"Headquarters decides {', '.join(OUTCOMES)}.")
    if review.outcome is ResolutionOutcome.OVERRIDDEN and not review.granted:
        return Objection("granted_missing", "A decision OVERRIDDEN must say what is granted (granted).")
    if review.outcome is not ResolutionOutcome.OVERRIDDEN and review.granted:
        return Objection("granted_out_of_place", "Only a decision OVERRIDDEN says what is granted (granted).")
    return objection_to_reasons(review.reasons, review.outcome, policy)


def objection_to_reasons(reasons: tuple[str, ...], outcome: str, policy: Policy) -> Objection | None:
    """Headquarters always gives reasons, and only those that policy lets it give for this outcome."""
    if not reasons:
        return Objection("reasons_missing", "Headquarters must give at least one reason of the policy in force.")
    for code in reasons:
        if not policy.may_give(code, Stage.SRO, outcome):
            return Objection(
                "reason_not_allowed", f"The policy in force has no reason {code} for {outcome} at headquarters."
            )
    return None
