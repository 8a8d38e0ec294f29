"""The states of a case at intake, and what moves it between them.

Each member holds only what exists in it. What intake itself has said (`ReviewAsked`, `ReviewLapsed`,
`WithdrawalAsked`) stays until the resolution; everything else follows from what has been heard, so that the order in
which topics are read makes no difference.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum, unique
from typing import assert_never

from services.intake.domain.filing import Filing
from services.intake.domain.heard import Heard
from shared.contracts.vocabulary import (
    Language,
    Recipient,
    RejectCode,
    RequestorType,
    ReviewGround,
)

GROUNDS_IN_THE_WINDOW = (
    ReviewGround.FIELD_OFFICE_DECLINED,
    ReviewGround.FACTORS_NOT_CONSIDERED,
    ReviewGround.NEW_CIRCUMSTANCES,
)


@dataclass(frozen=True, slots=True)
class Rejected:
    """Not accepted: what to mend. Nothing follows but, perhaps, a new request, which then counts from `received_at`.

    `sent_again_at`: when this one came, where it kept an earlier rejected one's place itself. `client` and
    `client_reference`: as of a `Filing`.
    """

    number: str
    received_at: datetime
    channel: str
    received_id: str
    fingerprint: str
    language: Language
    codes: tuple[RejectCode, ...]
    requestor_type: RequestorType | None = None
    sent_again_at: datetime | None = None
    link_asked: tuple[datetime, ...] = ()
    client: str | None = None
    client_reference: str | None = None


@unique
class GivesUp(StrEnum):
    """What a wish would take away: the request, the review at headquarters, or the case, which another one gets."""

    REQUEST = "request"
    REVIEW = "review"
    CASE = "case"


@dataclass(frozen=True, slots=True)
class WithdrawalWish:
    """Somebody who may not give it up alone asked to. Everything goes on until staff have looked at it.

    A wish to do without review exists only while the window is open.
    """

    by: Recipient
    at: datetime
    of: GivesUp = GivesUp.REQUEST


COUNTS_AFTER = timedelta(days=3)
"""So long headquarters may look at a wish for its review; then it counts by itself. Design choice: shorter than any
window, and long enough for a weekend."""


@dataclass(frozen=True, slots=True)
class ReviewWish:
    """Somebody whom staff have refused asks for SRO review. Until headquarters has ruled, no window closes."""

    by: Recipient
    at: datetime
    ground: ReviewGround

    def counts_at(self, imminent_since: datetime | None) -> datetime:
        """When it counts by itself: as soon as a removal is imminent, which waits for nobody."""
        by_itself = self.at + COUNTS_AFTER
        return by_itself if imminent_since is None else min(by_itself, max(self.at, imminent_since))


@dataclass(frozen=True, slots=True)
class UnderConsideration:
    """With the field office, or waiting for the arbiter's word where all was granted.

    `asks`: a wish for review that waits, on the ground of too long a silence.
    """

    filing: Filing
    wish: WithdrawalWish | None = None
    asks: ReviewWish | None = None


@dataclass(frozen=True, slots=True)
class WindowOpen:
    """The field office did not grant all that was asked for; the requestor may ask for SRO review until `closes`.

    It stays open beyond that while a wish for review waits (`asks`), and some days after staff have turned one down.
    """

    filing: Filing
    closes: datetime
    wish: WithdrawalWish | None = None
    asks: ReviewWish | None = None


@dataclass(frozen=True, slots=True)
class ReviewAsked:
    """The requestor asked for SRO review. Said once, never taken back."""

    filing: Filing
    ground: ReviewGround
    at: datetime
    wish: WithdrawalWish | None = None


@dataclass(frozen=True, slots=True)
class ReviewLapsed:
    """Nobody asked in time, or the requestor waived it. Said once, never taken back."""

    filing: Filing
    at: datetime
    waived: bool
    wish: WithdrawalWish | None = None


@dataclass(frozen=True, slots=True)
class WithdrawalAsked:
    """The requestor asked to withdraw; the arbiter will answer."""

    filing: Filing
    by: Recipient
    at: datetime


@dataclass(frozen=True, slots=True)
class Resolved:
    """The ultimate resolution is out (`filing.heard.resolution`). It outranks all that arrives later."""

    filing: Filing


@dataclass(frozen=True, slots=True)
class Erased:
    """The case's key is destroyed. What remains identifies nobody; the last private link may say so."""

    number: str
    at: datetime
    link_generation: int = 1


Withdrawable = UnderConsideration | WindowOpen | ReviewAsked | ReviewLapsed
Open = Withdrawable | WithdrawalAsked
Accepted = Open | Resolved
State = Rejected | UnderConsideration | WindowOpen | ReviewAsked | ReviewLapsed | WithdrawalAsked | Resolved | Erased


def number_shown(state: State) -> str:
    """The case number, in every state."""
    return state.number if isinstance(state, Rejected | Erased) else state.filing.number


def link_generation(state: State) -> int:
    """Which private link opens the page now; all earlier ones are useless."""
    match state:
        case Rejected():
            return 1
        case Erased():
            return state.link_generation
        case _:
            return state.filing.link_generation


def link_ends(state: State, lasts: timedelta) -> datetime:
    """Until when the private link opens the page: counted from the last thing that happened for good."""
    match state:
        case Rejected():
            return (state.sent_again_at or state.received_at) + lasts
        case Erased():
            return state.at + lasts
        case _:
            resolution = state.filing.heard.resolution
            return (resolution.at if resolution else state.filing.received_at) + lasts


def with_filing(state: Accepted, filing: Filing) -> Accepted:
    """The same case with a changed filing, standing where it follows that it stands."""
    if filing.heard.resolution is not None:
        return Resolved(replace(filing, handing_over=None))
    match state:
        case ReviewAsked() | ReviewLapsed() | WithdrawalAsked():
            return replace(state, filing=filing)
        case UnderConsideration() | WindowOpen() | Resolved():
            wish = None if isinstance(state, Resolved) else state.wish
            closes = filing.window_closes
            asks = None if isinstance(state, Resolved) else state.asks
            if closes:
                return WindowOpen(filing, closes, wish, asks)
            return UnderConsideration(filing, after_the_window(wish), asks if _silent(filing.heard) else None)
        case _:
            assert_never(state)


def after_the_window(wish: WithdrawalWish | None) -> WithdrawalWish | None:
    """What is left of a wish once no window is open: nothing of one to do without review."""
    return wish if wish and wish.of is not GivesUp.REVIEW else None


def _silent(heard: Heard) -> bool:
    """Whether the field office has not answered, and headquarters has not taken the case."""
    return heard.first_consideration is None and not heard.escalations


def waiting(state: State) -> WithdrawalWish | ReviewWish | None:
    """What waits for a word of staff, if anything does; one thing at a time."""
    asks = state.asks if isinstance(state, UnderConsideration | WindowOpen) else None
    return asks or (state.wish if isinstance(state, Withdrawable) else None)


def hear(state: Accepted, heard: Heard) -> Accepted:
    """The case after one more thing has been heard."""
    return with_filing(state, replace(state.filing, heard=heard))


def grounds_for_review(state: State, now: datetime) -> tuple[ReviewGround, ...]:
    """The grounds on which review may be asked now; none: it may not be asked.

    In an open window until intake itself has said that it lapsed (also a moment after it closes), and upon a silence
    of the field office that has lasted too long.
    """
    match state:
        case WindowOpen():
            return GROUNDS_IN_THE_WINDOW
        case UnderConsideration(filing):
            heard = filing.heard
            if _silent(heard) and heard.assignment and now >= heard.assignment.silence_ends_at:
                return (ReviewGround.NO_TIMELY_ANSWER,)
            return ()
        case _:
            return ()
