"""Which event makes which letter, for whom: one table. Everything else asks this table.

A letter is always made, so that every order of events makes the same set of notification ids; one that should not go
out is made `suppressed`, with its reason.
"""

from dataclasses import dataclass
from enum import StrEnum, unique
from uuid import UUID, uuid5

from shared.contracts.vocabulary import EventType, Letter, Recipient, TriageOutcome

REQUESTOR_ONLY = (Recipient.REQUESTOR,)
BOTH = (Recipient.REQUESTOR, Recipient.NONCITIZEN)


@unique
class Because(StrEnum):
    """Why a letter was not sent."""

    ANOTHER_LETTER_FOLLOWS = "ANOTHER_LETTER_FOLLOWS"
    ALREADY_RESOLVED = "ALREADY_RESOLVED"
    ERASED = "ERASED"
    NO_ADDRESS = "NO_ADDRESS"
    NO_CONSENT = "NO_CONSENT"
    STALE = "STALE"
    TOO_MANY_TODAY = "TOO_MANY_TODAY"
    TOLD_BY_PHONE = "TOLD_BY_PHONE"
    TOLD_BY_POST = "TOLD_BY_POST"


@dataclass(frozen=True, slots=True)
class Rule:
    """One row: `letter` is made on `on` for `roles`; `overtaken`: a known resolution makes it pointless."""

    on: EventType
    letter: Letter
    roles: tuple[Recipient, ...]
    overtaken: bool


RULES: tuple[Rule, ...] = (
    Rule(EventType.REQUEST_SUBMITTED, Letter.RECEIVED, BOTH, overtaken=False),
    Rule(EventType.REQUEST_REJECTED, Letter.NOT_ACCEPTED, REQUESTOR_ONLY, overtaken=False),
    Rule(EventType.TRIAGE_ASSIGNED, Letter.AT_THE_FIELD_OFFICE, REQUESTOR_ONLY, overtaken=True),
    Rule(EventType.INFORMATION_REQUESTED, Letter.PLEASE_ANSWER, REQUESTOR_ONLY, overtaken=True),
    Rule(EventType.TRIAGE_COMPLETED, Letter.CONSIDERED, REQUESTOR_ONLY, overtaken=True),
    Rule(EventType.REVIEW_ESCALATED, Letter.WITH_HEADQUARTERS, REQUESTOR_ONLY, overtaken=True),
    Rule(EventType.RESOLUTION_ISSUED, Letter.RESOLVED, BOTH, overtaken=False),
)

BY_EVENT = {rule.on: rule for rule in RULES}
BY_LETTER = {rule.letter: rule for rule in RULES}

HEARD_OTHERWISE = frozenset({TriageOutcome.FAVOURABLE, TriageOutcome.MOOT, TriageOutcome.NO_ANSWER})
"""Outcomes of the field office of which another letter tells at once: the resolution, or that of headquarters."""


@dataclass(frozen=True, slots=True)
class Notification:
    """One letter to one role because of one event. Its id is the same however often and wherever it is made."""

    case_id: UUID
    letter: Letter
    cause: UUID
    role: Recipient

    @property
    def id(self) -> UUID:
        """uuid5 of case, letter, causing event and role; also the mail's Message-ID."""
        return uuid5(self.case_id, f"{self.letter.value}:{self.cause}:{self.role.value}")


def made_by(event: EventType, *, case_id: UUID, cause: UUID, requestor_is_noncitizen: bool) -> tuple[Notification, ...]:
    """The letters that an event makes. A requestor who is the noncitizen gets the requestor's copy only."""
    rule = BY_EVENT[event]
    roles = REQUESTOR_ONLY if requestor_is_noncitizen else rule.roles
    return tuple(Notification(case_id, rule.letter, cause, role) for role in roles)


TO_BE_TOLD = frozenset({Because.NO_ADDRESS, Because.STALE, Because.TOO_MANY_TODAY})
"""Not sent though somebody should hear of it: staff may tell by phone or post."""
