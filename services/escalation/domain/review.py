"""What a Senior Reviewing Official may decide, and what each decision must say."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from shared.contracts.vocabulary import ReliefSought, ResolutionOutcome, Stage
from shared.policy.answers import Answers, Reliefs, Slip, each_once, slips
from shared.policy.model import Policy

REMANDED = "REMANDED"
"""The outcome that reasons for a remand explain (policy files name it so)."""

Choice = Literal[ResolutionOutcome.UPHELD, ResolutionOutcome.OVERRIDDEN, ResolutionOutcome.NO_ACTION]
"""The outcomes that headquarters may choose. The others end a case without it."""

FIELD_OF = {
    ResolutionOutcome.OVERRIDDEN: "granted",
    ResolutionOutcome.UPHELD: "declined",
    ResolutionOutcome.NO_ACTION: "moot",
}
"""Where an outcome says of which relief it is true."""


@dataclass(frozen=True, slots=True)
class Review:
    """An SRO's decision as given."""

    outcome: Choice
    granted: tuple[ReliefSought, ...] = ()
    reasons: tuple[str, ...] = ()
    declined: tuple[ReliefSought, ...] = ()
    moot: tuple[ReliefSought, ...] = ()

    @property
    def explains(self) -> frozenset[ResolutionOutcome]:
        """The outcomes that its reasons may explain: of each part of it, and its own."""
        parts = zip(FIELD_OF, (self.granted, self.declined, self.moot), strict=True)
        return frozenset((self.outcome, *(outcome for outcome, reliefs in parts if reliefs)))


def wrong_with(
    review: Review, policy: Policy, *, asked: Reliefs, granted_before: Reliefs = (), has_text: bool = False
) -> tuple[Slip, ...]:
    """All that is wrong with a decision, field by field, under the policy in force; empty when nothing is.

    `asked`: the relief that the request names; `granted_before`: what the field office has granted, which stands.
    """
    overrides = ResolutionOutcome.OVERRIDDEN
    explained = has_text or any(policy.may_give(code, Stage.SRO, overrides) for code in review.reasons)
    answers = Answers(review.granted, review.declined, review.moot)
    found = slips(answers, asked, granted_before, field=FIELD_OF[review.outcome], explained=explained)
    return each_once((*found, *_outcome(review), *wrong_reasons(review.reasons, review.explains, policy)))


def _outcome(review: Review) -> Iterator[Slip]:
    """What is granted makes it OVERRIDDEN; NO_ACTION declines nothing."""
    if review.outcome is ResolutionOutcome.OVERRIDDEN and not review.granted:
        yield Slip("granted", "granted_missing", "A decision OVERRIDDEN says what is granted.")
    if review.outcome is not ResolutionOutcome.OVERRIDDEN and review.granted:
        yield Slip("outcome", "granted_out_of_place", "Where something is granted, the outcome is OVERRIDDEN.")
    elif review.outcome is ResolutionOutcome.NO_ACTION and review.declined:
        yield Slip("outcome", "declined_out_of_place", "Where something is declined, the outcome is UPHELD.")


def wrong_reasons(reasons: tuple[str, ...], explains: frozenset[str], policy: Policy) -> Iterator[Slip]:
    """Headquarters always gives reasons, and only those that policy lets it give for what it decides."""
    if not reasons:
        yield Slip("reasons", "reasons_missing", "Headquarters gives at least one reason of the policy in force.")
    foreign = [code for code in reasons if not any(policy.may_give(code, Stage.SRO, each) for each in explains)]
    if foreign:
        says = (
            f"The policy in force has no reason {', '.join(foreign)} for {', '.join(sorted(explains))} at headquarters."
        )
        yield Slip("reasons", "reason_not_allowed", says)
