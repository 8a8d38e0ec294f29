"""What the field office may decide, and what each decision must say."""

from dataclasses import dataclass

from shared.contracts.vocabulary import MootBecause, ReferredTo, ReliefSought, Stage, TriageOutcome
from shared.policy.model import Policy


@dataclass(frozen=True, slots=True)
class Decision:
    """An initial consideration's outcome, as an officer gives it."""

    outcome: TriageOutcome
    granted: tuple[ReliefSought, ...] = ()
    referred_to: ReferredTo | None = None
    moot_because: MootBecause | None = None
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Objection:
    """Why a decision cannot be taken as given."""

    code: str
    reason: str


def objection(decision: Decision, policy: Policy) -> Objection | None:
    """What is wrong with a decision under the policy in force; None when nothing is."""
    outcome = decision.outcome
    if outcome is TriageOutcome.NO_ANSWER:
        return Objection("not_an_outcome", "NO_ANSWER is recorded by the system when headquarters takes a case.")
    needs = (
        (TriageOutcome.FAVOURABLE, bool(decision.granted), "granted", "what is granted"),
        (TriageOutcome.REFERRED, decision.referred_to is not None, "referred_to", "where the matter belongs"),
        (TriageOutcome.MOOT, decision.moot_because is not None, "moot_because", "why nothing is left to decide"),
    )
    for only_for, given, field, what in needs:
        if outcome is only_for and not given:
            return Objection(f"{field}_missing", f"A decision {outcome} must say {what} ({field}).")
        if outcome is not only_for and given:
            return Objection(f"{field}_out_of_place", f"Only a decision {only_for} says {what} ({field}).")
    if outcome is TriageOutcome.DECLINED and not decision.reasons:
        return Objection("reasons_missing", "A decline must give at least one reason of the policy in force.")
    for code in decision.reasons:
        if not policy.may_give(code, Stage.FIELD_OFFICE, outcome):
            return Objection(
                "reason_not_allowed", f"The policy in force has no reason {code} for {outcome} at a field office."
            )
    return None
