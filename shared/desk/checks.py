"""What is checked alike at both desks before something is asked, decided or typed. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from shared.casework.reaction import Refused
from shared.contracts.vocabulary import RejectCode
from shared.policy.model import Policy

ASKABLE: Final = frozenset({*RejectCode, "custody", "removal", "place", "facts", "consent"})
"""What a question may be about besides the reasons of the policy in force. Codes only: they travel in clear."""

QUESTION_OPEN: Final = Refused(
    "question_open", "A question is open already. Wait for its answer, or until its time is over."
)


def unaskable(about: tuple[str, ...], policy: Policy, *, erased: bool) -> Refused | None:
    """Why this question cannot be put, whoever it is for."""
    if erased:
        return Refused("case_erased", "The case's personal data is erased: nothing can be sealed for it any more.")
    if not about or not set(about) <= ASKABLE | set(policy.reasons):
        return Refused(
            "about_unknown",
            "Say what it is about: custody, removal, place, facts, consent, a code of what is missing, or of a reason.",
        )
    return None


def requestor_answers_by(policy: Policy, now: datetime, *, state: str | None, county: str | None) -> datetime:
    """The end of a day where the person lives, as far as is known: the requestor reads of it there."""
    return policy.end_of(policy.question_answer_within, now, policy.requestors_zone(state, county))


def facts_changed(facts_seen: int, newest: int) -> Refused | None:
    """Why nothing is done on the facts that somebody saw, where newer ones have come."""
    if facts_seen == newest:
        return None
    return Refused(
        "facts_changed", f"You saw version {facts_seen} of the facts, now it is {newest}. Please look again."
    )


def text_does_not_fit(box: Mapping[str, Any], name: str, *, erased: bool, needed: bool = False) -> Refused | None:
    """Why a typed text cannot be kept for the case as it is now, or is missing where it is `needed`."""
    if box and erased:
        return Refused("case_erased", "The case's personal data is erased: decide by codes, without a text.")
    if needed and not box and not erased:
        return Refused("text_missing", "Say in your own words why.")
    if box and set(box) != {name}:
        return Refused("facts_changed", "The case has moved on since you looked. Please look again.")
    return None
