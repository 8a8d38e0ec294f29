"""What the holder of a private link may see of a case, and what they may do. Pure; pages and JSON both show this.

Without a verified consent only the stage; so nobody learns from an A-number whether somebody else has a case. The
office that has the case only with it. Never a facility, an address or a name.
Who may read and do what is for `consent.may` to say; here is what there is.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum, unique
from typing import assert_never

from services.intake.domain.case import (
    Accepted,
    Erased,
    GivesUp,
    Rejected,
    Resolved,
    ReviewAsked,
    ReviewLapsed,
    ReviewWish,
    State,
    UnderConsideration,
    WindowOpen,
    Withdrawable,
    WithdrawalAsked,
    WithdrawalWish,
    grounds_for_review,
    waiting,
)
from services.intake.domain.consent import May, Reader, Thing, may
from services.intake.domain.heard import Consideration, Heard, Question, Resolution
from shared.contracts.vocabulary import (
    Language,
    Recipient,
    ReferredTo,
    RejectCode,
    ReliefSought,
    ResolutionOutcome,
    ReviewGround,
    TriageOutcome,
)


@unique
class Where(StrEnum):
    """The stage, as the outside is told. One word may cover several states, so as not to give away an outcome."""

    NOT_ACCEPTED = "not_accepted"
    RECEIVED = "received"
    WITH_FIELD_OFFICE = "with_field_office"
    MAY_ASK_REVIEW = "may_ask_review"
    REVIEW_ASKED = "review_asked"
    WITH_HEADQUARTERS = "with_headquarters"
    BACK_AT_FIELD_OFFICE = "back_at_field_office"
    ANSWER_COMING = "answer_coming"
    WITHDRAWAL_ASKED = "withdrawal_asked"
    RESOLVED = "resolved"
    ERASED = "erased"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How it ended, or what the field office answered; only with verified consent. `reasons` are policy codes."""

    at: datetime
    result: ResolutionOutcome | TriageOutcome
    reasons: tuple[str, ...]
    granted: tuple[ReliefSought, ...] = ()
    referred_to: ReferredTo | None = None
    declined: tuple[ReliefSought, ...] = ()
    moot: tuple[ReliefSought, ...] = ()


@dataclass(frozen=True, slots=True)
class Status:
    """One case as its page shows it."""

    number: str
    where: Where
    language: Language
    received_at: datetime | None = None
    mend: tuple[RejectCode, ...] = ()
    send_again_by: datetime | None = None
    missing: tuple[RejectCode, ...] = ()
    not_understood: tuple[str, ...] = ()
    answer_due: datetime | None = None
    may_ask_from: datetime | None = None
    window_closes: datetime | None = None
    review_due: datetime | None = None
    question: Question | None = None
    outcome: Outcome | None = None
    office: str | None = None
    told_all: bool = False
    another_request: bool = False
    waits: GivesUp | None = None
    anothers_wish: bool = False
    review_waits: bool = False
    window_kept_open: bool = False
    not_agreed: bool = False
    refused: bool = False
    grounds: tuple[ReviewGround, ...] = ()
    may: frozenset[str] = field(default_factory=frozenset)
    only_wishes: frozenset[str] = field(default_factory=frozenset)


def status_of(
    state: State,
    now: datetime,
    *,
    role: Recipient = Recipient.REQUESTOR,
    kept_until: Callable[[datetime], datetime] | None = None,
) -> Status:
    """What to show of a case at this moment to who holds the link of a role.

    `kept_until`: by the day of a rejected request, until when one that mends it counts from that day.
    """
    match state:
        case Rejected():
            by = kept_until(state.received_at) if kept_until else state.received_at
            return Status(
                state.number,
                Where.NOT_ACCEPTED,
                state.language,
                state.received_at,
                mend=state.codes,
                send_again_by=by if now < by else None,
            )
        case Erased():
            return Status(state.number, Where.ERASED, Language.EN)
        case _:
            return _of_accepted(state, state.filing.reader(role), now)


def _of_accepted(state: Accepted, reader: Reader, now: datetime) -> Status:
    filing, heard = state.filing, state.filing.heard
    where, told_all = _where(state), may(reader, Thing.OUTCOME) is May.YES
    wish = waiting(state)
    review_waits = filing.review_waits(reader.role, now)
    asks = wish if isinstance(wish, ReviewWish) else None
    asks_too = _wishes(asks, reader)
    offered = {thing: may(reader, thing) for thing in _offered(state)}
    silent = where in (Where.RECEIVED, Where.WITH_FIELD_OFFICE)
    assignment = heard.assignment if silent else None
    return Status(
        number=filing.number,
        where=where,
        language=filing.language,
        received_at=filing.received_at,
        missing=filing.incomplete if silent and may(reader, Thing.MISSING) is May.YES else (),
        not_understood=filing.not_understood if silent and may(reader, Thing.MISSING) is May.YES else (),
        answer_due=assignment.answer_due if assignment else None,
        may_ask_from=assignment.silence_ends_at if assignment else None,
        window_closes=_last_day(state, now) if not asks_too else None,
        review_due=heard.escalations[-1].due if where is Where.WITH_HEADQUARTERS else None,
        question=_question(state, reader),
        outcome=_outcome(state) if told_all else None,
        office=heard.assignment.office if told_all and heard.assignment else None,
        told_all=told_all,
        another_request=silent and told_all and filing.possible_double_of is not None,
        waits=wish.of if isinstance(wish, WithdrawalWish) else None,
        anothers_wish=isinstance(wish, WithdrawalWish) and wish.by is not reader.role,
        review_waits=asks_too,
        window_kept_open=isinstance(state, WindowOpen) and asks is not None and not asks_too,
        not_agreed=isinstance(state, Withdrawable) and filing.not_agreed is reader.role and not _wishes(wish, reader),
        refused=reader.refused,
        grounds=() if asks and review_waits else grounds_for_review(state, now),
        may=frozenset(
            thing.value
            for thing, answer in offered.items()
            if answer is May.YES or (answer is May.WAITS and isinstance(state, Withdrawable) and wish is None)
        ),
        only_wishes=frozenset(
            [
                *(thing.value for thing, answer in offered.items() if answer is May.WAITS),
                *([Thing.REVIEW.value] if review_waits else []),
            ]
        ),
    )


def _last_day(state: Accepted, now: datetime) -> datetime | None:
    """Until when review may be asked; nothing that has passed, where the window is kept open beyond it."""
    if not isinstance(state, WindowOpen) or (state.asks is not None and now >= state.closes):
        return None
    return state.closes


def _wishes(wish: WithdrawalWish | ReviewWish | None, reader: Reader) -> bool:
    """Whether something waits that this reader asked for."""
    return wish is not None and wish.by is reader.role


def _question(state: Accepted, reader: Reader) -> Question | None:
    """That there is one, and until when, is no case content; its text, and what it is about, are."""
    asked = None if isinstance(state, Resolved | WithdrawalAsked) else state.filing.open_question
    if asked is None or may(reader, Thing.QUESTION) is May.NO:
        return None
    return asked if may(reader, Thing.QUESTION_TEXT) is May.YES else replace(asked, about=(), blob=None)


def _where(state: Accepted) -> Where:
    match state:
        case Resolved():
            return Where.RESOLVED
        case WithdrawalAsked():
            return Where.WITHDRAWAL_ASKED
        case WindowOpen():
            return Where.MAY_ASK_REVIEW
        case ReviewLapsed():
            return Where.ANSWER_COMING
        case ReviewAsked() | UnderConsideration():
            return _at_work(state)
        case _:
            assert_never(state)


def _at_work(state: ReviewAsked | UnderConsideration) -> Where:
    """Field office or headquarters: whoever had it last has it now."""
    heard = state.filing.heard
    if heard.escalations:
        return Where.BACK_AT_FIELD_OFFICE if _is_back(heard) else Where.WITH_HEADQUARTERS
    if isinstance(state, ReviewAsked):
        return Where.REVIEW_ASKED
    if heard.first_consideration is not None:
        return Where.ANSWER_COMING
    return Where.WITH_FIELD_OFFICE if heard.assignment and heard.assignment.office else Where.RECEIVED


def _is_back(heard: Heard) -> bool:
    """A remand that the field office has not answered, or whose answer headquarters has not taken back."""
    remanded = max((remand.round for remand in heard.remands), default=0)
    return remanded > heard.escalations[-1].round


def _outcome(state: Accepted) -> Outcome | None:
    """What was said last, with all that was granted in any round: a grant stands, whatever is said of the rest."""
    heard = state.filing.heard
    last = heard.last_answer
    said: Resolution | Consideration | None = heard.resolution or (last if _told(state, last) else None)
    if said is None:
        return None
    to = last.referred_to if last and said.outcome == TriageOutcome.REFERRED else None
    granted = heard.granted
    declined = tuple(relief for relief in said.declined if relief not in granted)
    moot = tuple(relief for relief in said.moot if relief not in granted)
    return Outcome(said.at, said.outcome, said.reasons, granted, to, declined, moot)


def _told(state: Accepted, last: Consideration | None) -> bool:
    """Whether a field office's answer is shown before the resolution: not where that follows at once."""
    followed_at_once = isinstance(state, UnderConsideration) and not state.filing.heard.escalations
    return last is not None and not followed_at_once


def _offered(state: Accepted) -> set[Thing]:
    """Which forms there are at this stage, besides asking for review; who may use them is for `may` to say."""
    if isinstance(state, Resolved):
        return {Thing.CONTACT}
    offered = {Thing.CONTACT, Thing.AMEND, Thing.HAND_OVER, Thing.STAND_DOWN}
    if isinstance(state, WindowOpen):
        offered.add(Thing.WAIVE)
    if state.filing.open_question and not isinstance(state, WithdrawalAsked):
        offered.add(Thing.ANSWER)
    if isinstance(state, Withdrawable):
        offered.add(Thing.WITHDRAW)
    return offered
