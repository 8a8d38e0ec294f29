"""What people ask intake to do: the commands, each a frozen value made at the edge."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum, unique
from typing import Final

from services.intake.domain.asserted import Facts
from services.intake.domain.filing import Change, Filing
from shared.casework.admission import Person
from shared.contracts.vocabulary import ConsentKind, Language, Recipient, RejectCode, RequestorType, ReviewGround

Boxes = Mapping[str, bytes]
"""Sealed blobs by name."""

REFERENCE: Final = "client_reference"
"""The sealed blob that holds what a client calls a case: opened for that client's lists, without all the rest."""


@unique
class Ask(StrEnum):
    """The names of the commands."""

    SUBMIT = "submit"
    REVIEW = "review"
    WAIVE = "waive"
    WITHDRAW = "withdraw"
    AMEND = "amend"
    FACTS = "facts"
    CONSENT = "consent"
    WITHDRAWAL = "withdrawal"
    HAND_OVER = "hand_over"
    RULE_ON_HAND_OVER = "rule_on_hand_over"
    ERASE = "erase"
    SEND_LINK = "send_link"


@unique
class When(StrEnum):
    """The names of the deadlines."""

    WINDOW_CLOSES = "window_closes"
    REVIEW_COUNTS = "review_counts"
    REMOVAL_NEARS = "removal_nears"


@dataclass(frozen=True, slots=True)
class Hand:
    """The member of staff who did something. `for_office`: as an officer of a field office, not for headquarters."""

    who: str
    for_office: bool


@dataclass(frozen=True, slots=True)
class Submit:
    """A request, ready to be accepted or not. `missing` names everything that is not there, required or not.

    `boxes` holds `submitted`, or `contact` for a request that will not be accepted; and a client's reference, if any.
    """

    filing: Filing
    missing: tuple[RejectCode, ...]
    boxes: Boxes


@dataclass(frozen=True, slots=True)
class AskReview:
    """Ask the Senior Reviewing Official to look. `boxes` may hold the requestor's own words.

    They are sealed as `review`; or, where it waits for headquarters, as the amendment with the number `wish`.
    """

    ground: ReviewGround
    boxes: Boxes
    by: Recipient = Recipient.REQUESTOR
    wish: int | None = None


@dataclass(frozen=True, slots=True)
class Waive:
    """Do without SRO review, so that the field office's answer stands now."""

    by: Recipient = Recipient.REQUESTOR


@dataclass(frozen=True, slots=True)
class Withdraw:
    """Take the request back. `boxes` may hold the reason in the requestor's own words.

    It is sealed as `withdrawal`; or, where staff have to confirm, as the amendment with the number `wish`.
    """

    by: Recipient
    boxes: Boxes
    wish: int | None = None


@dataclass(frozen=True, slots=True)
class Amend:
    """Add or change something. `amendment` is the number under which `boxes` was sealed (`amended_<n>`)."""

    amendment: int
    change: Change
    boxes: Boxes
    by: Recipient = Recipient.REQUESTOR


@dataclass(frozen=True, slots=True)
class CorrectFacts:
    """Staff correct or add facts. `facts_seen`: the amendment that the person saw; `boxes` as of an amendment.

    `takes_back`: the names of facts of which staff's own word no longer holds.
    """

    facts_seen: int
    facts: Facts
    boxes: Boxes
    by: Person
    takes_back: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RuleOnConsent:
    """Staff have looked at the paper. `kind` None: the paper that was claimed.

    `of` NONCITIZEN: at who reads at the noncitizen's own address, where somebody else is the requestor.
    """

    facts_seen: int
    verified: bool
    by: Person
    kind: ConsentKind | None = None
    of: Recipient = Recipient.REQUESTOR


@dataclass(frozen=True, slots=True)
class RuleOnWithdrawal:
    """Staff agree that the request is taken back by somebody who may not do so alone, or do not."""

    facts_seen: int
    confirmed: bool
    by: Person


@dataclass(frozen=True, slots=True)
class HandOver:
    """Somebody else is the requestor from now on: a representative, or the noncitizen alone.

    `amendment` and `boxes` as of an amendment; `by`: the member of staff, or None for the holder of the requestor's
    link. Of staff it only asks for the hand-over, which another one has to confirm. A `wish` seals who it would be as a
    text for staff, who carry it out. `reachable`: whether the noncitizen then has an address of their own;
    `requestor_reachable`: whether the new requestor has one.
    """

    amendment: int
    to: RequestorType
    language: Language | None
    boxes: Boxes
    by: Person | None = None
    wish: bool = False
    reachable: bool | None = None
    requestor_reachable: bool | None = None


@dataclass(frozen=True, slots=True)
class RuleOnHandOver:
    """A second member of staff confirms the hand-over that waits, or anybody of them turns it down.

    `boxes`: what was proposed, sealed again as an amendment's, where it is confirmed. Who is reachable as of a
    hand-over.
    """

    facts_seen: int
    confirmed: bool
    by: Person
    boxes: Boxes
    reachable: bool | None = None
    requestor_reachable: bool | None = None


@dataclass(frozen=True, slots=True)
class SendLink:
    """Send the private link again, as it is, to the known address of `to`."""

    to: Recipient


@dataclass(frozen=True, slots=True)
class Erase:
    """The case's key has been destroyed; say so. `reference` names the order, never a person."""

    ordered_by: str
    reference: str
