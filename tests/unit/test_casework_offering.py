"""Offering inputs to a case, without a store: order, duplicates, waiting, parking, commands, deadlines."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4, uuid5

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.casework import offering
from shared.casework.case import Arrived, Case
from shared.casework.commands import Answered, deadline_id
from shared.casework.document import arrive
from shared.casework.offering import Rules, Verdict
from shared.casework.reaction import Behaviour, Command, Context, Deadline, Due, Emit, Outcome, Refused, Step, Wait
from shared.contracts.envelope import Event, EventData, dataschema, encode, splice
from shared.contracts.events import RequestWithdrawn, ReviewLapsed, ReviewRemanded
from shared.contracts.parsing import parse
from shared.contracts.vocabulary import EventType, Recipient
from shared.errors import CaseParked, CaseUnknown, CommandBroken, CommandFailed, CommandRefused
from shared.mongo.mapping import StateMapping
from shared.policy.loading import load

CASE = UUID("0b9b2c86-0d52-5c35-9d0e-0a2f0f5f7c11")
NOW = datetime(2021, 3, 8, 14, tzinfo=UTC)
TOLD = Emit(RequestWithdrawn(by=Recipient.REQUESTOR))


@dataclass(frozen=True)
class Heard:
    """Which lapses (L) and remands (R) were heard, in this order; `alarm` is a deadline."""

    heard: tuple[str, ...] = ()
    alarm: datetime | None = None


def on_lapsed(state: Heard | None, event: Event[ReviewLapsed], _: Context) -> Outcome[Heard]:
    if event.data.waived:
        raise ZeroDivisionError("Maria Example, A012345678")
    state = state or Heard()
    return Step(replace(state, heard=(*state.heard, f"L{event.seq}")), keep=event.data.sealed)


def on_remanded(state: Heard | None, event: Event[ReviewRemanded], _: Context) -> Outcome[Heard]:
    """Each remand needs that as many lapses were heard."""
    if state is None or sum(one[0] == "L" for one in state.heard) < event.seq:
        return Wait(EventType.REVIEW_LAPSED)
    return Step(replace(state, heard=(*state.heard, f"R{event.seq}")), emits=(TOLD,))


def on_do(_state: Heard | None, command: Command[Any], _: Context) -> Outcome[Heard]:
    """A command that carries its own outcome: an outcome, or an exception."""
    if isinstance(command.data, Exception):
        raise command.data
    outcome: Outcome[Heard] = command.data
    return outcome


def on_alarm(state: Heard | None, deadline: Deadline, _: Context) -> Outcome[Heard]:
    assert state is not None
    if "keeps ringing" in state.heard:
        return Step(state, emits=(TOLD,))
    return Step(replace(state, heard=(*state.heard, deadline.name), alarm=None), emits=(TOLD,))


RULES: Rules[Heard] = Rules(
    Behaviour(
        service="toy",
        state=Heard,
        reactions={
            EventType.REVIEW_LAPSED: on_lapsed,
            EventType.REVIEW_REMANDED: on_remanded,
            "do": on_do,
            "alarm": on_alarm,
        },
        due=lambda state, _: Due("alarm", state.alarm) if state.alarm else None,
        queue=lambda _, work: {"place": work.get("place"), "by": work.get("claim", {}).get("by")},
        creates=frozenset({"do"}),
    ),
    StateMapping(Heard),
    load(),
    "test",
)


def record(seq: int, data: EventData, *, source: str = "intake", id_: UUID | None = None) -> bytes:
    event = Event[Any](
        id=id_ or uuid5(CASE, f"{source}:{data.type}:{seq}"),
        type=data.type,
        source=source,
        subject=CASE,
        time=NOW,
        dataschema=dataschema(data.type),
        causationid=CASE,
        seq=seq,
        data=data,
    )
    return splice(encode(event), data.sealed)


def lapse(seq: int, **other: Any) -> Arrived:
    return arrive(CASE, "review.lapsed", record(seq, ReviewLapsed(at=NOW, waived=False), **other))


def broken_lapse(seq: int) -> Arrived:
    return arrive(CASE, "review.lapsed", record(seq, ReviewLapsed(at=NOW, waived=True)))


def remand(seq: int) -> Arrived:
    return arrive(CASE, "review.remanded", record(seq, ReviewRemanded(round=seq + 1, reasons=("X",))))


def offer(case: Case[Heard], *arrived: Arrived) -> list[Verdict]:
    return [offering.offer(case, one, RULES, now=NOW) for one in arrived]


def do(case: Case[Heard], outcome: Any, *, id_: UUID | None = None) -> Answered | CommandFailed:
    return offering.command(case, Command("do", id_ or uuid4(), CASE, NOW, outcome), RULES)


def waiting(case: Case[Heard]) -> list[tuple[str, str | None]]:
    return [(held.arrived.topic, held.error) for held in case.held]


def heard(case: Case[Heard]) -> tuple[str, ...]:
    return case.state.heard if case.state else ()


def test_what_was_handled_is_dropped_however_often_it_comes() -> None:
    case = Case[Heard](CASE)
    assert offer(case, lapse(1), lapse(2)) == [Verdict.APPLIED] * 2
    assert offer(case, lapse(1), lapse(2), lapse(1)) == [Verdict.ALREADY] * 3
    assert heard(case) == ("L1", "L2")


def test_another_event_under_a_handled_number_is_held_and_shown() -> None:
    case = Case[Heard](CASE)
    assert offer(case, lapse(1), lapse(1, id_=uuid4())) == [Verdict.APPLIED, Verdict.HELD]
    assert waiting(case) == [("review.lapsed", "Another event was handled as number 1 of this sequence.")]
    assert heard(case) == ("L1",)


def test_numbers_count_for_each_source_alone() -> None:
    case = Case[Heard](CASE)
    assert offer(case, lapse(1), lapse(1, source="triage")) == [Verdict.APPLIED] * 2


def test_a_gap_is_held_until_what_is_missing_comes_then_all_goes_in_order() -> None:
    case = Case[Heard](CASE)
    assert offer(case, lapse(3), lapse(2), lapse(3)) == [Verdict.HELD, Verdict.HELD, Verdict.ALREADY]
    assert heard(case) == ()
    offer(case, lapse(1))
    assert (heard(case), case.held) == (("L1", "L2", "L3"), [])


def test_who_waits_for_another_topic_is_offered_again_and_keeps_its_turn() -> None:
    case = Case[Heard](CASE)
    offer(case, remand(1), remand(2), lapse(1))
    assert (heard(case), waiting(case)) == (("L1", "R1"), [("review.remanded", None)])
    offer(case, lapse(2))
    assert (heard(case), case.held) == (("L1", "R1", "L2", "R2"), [])


def test_what_fails_parks_the_case_and_all_later_wait_behind_it_in_order() -> None:
    case = Case[Heard](CASE)
    offer(case, lapse(1), broken_lapse(2), remand(1), lapse(3))
    assert heard(case) == ("L1",)
    assert [topic for topic, _ in waiting(case)] == ["review.lapsed", "review.remanded", "review.lapsed"]
    assert case.parked
    assert isinstance(do(case, Step(Heard())), CaseParked)
    assert offer(case, lapse(1), broken_lapse(2)) == [Verdict.ALREADY] * 2


def test_an_error_tells_its_kind_and_place_and_nothing_that_it_quotes() -> None:
    case = Case[Heard](CASE)
    offer(case, broken_lapse(1))
    ((_, error),) = waiting(case)
    assert error is not None
    assert error.startswith("ZeroDivisionError at on_lapsed:")
    assert "Maria" not in error


def test_a_held_input_that_fails_when_its_turn_comes_parks_the_case() -> None:
    case = Case[Heard](CASE)
    offer(case, broken_lapse(2), lapse(3), lapse(1))
    assert heard(case) == ("L1",)
    assert [bool(error) for _, error in waiting(case)] == [True, False]


def test_what_cannot_be_read_parks_the_case_once() -> None:
    case = Case[Heard](CASE)
    one = arrive(CASE, "review.lapsed", b"{}")
    again = replace(one, value=b"sealed with another nonce")
    other = arrive(CASE, "review.lapsed", b"[]")
    assert offer(case, one, again, other) == [Verdict.HELD, Verdict.ALREADY, Verdict.HELD]
    assert case.parked


@pytest.mark.parametrize("source", ["a.b", "$where", "", "x" * 41, "Intake"])
def test_a_source_that_is_no_service_is_not_read(source: str) -> None:
    """The source becomes part of a stored key: with a dot in it the case could never be loaded again."""
    arrived = lapse(1, source=source)
    assert arrived.unreadable == "The event's source is not the name of a service."


BEYOND_BSON = 2**63
TOO_LARGE = {"note": b"x" * 900_000}


@pytest.mark.parametrize(
    "step",
    [
        Step(Heard((), NOW), work={"claim": {"number": BEYOND_BSON}}, emits=(TOLD,)),
        Step(Heard((), NOW), work={"claim": frozenset({"a"})}, emits=(TOLD,)),
        Step(Heard((), NOW), work={"claim": {"a.b": 1}}, emits=(TOLD,)),
        Step(Heard((), NOW), work={"place": BEYOND_BSON}, emits=(TOLD,)),
        Step(Heard((), NOW), work={"claim": "no mapping"}, emits=(TOLD,)),  # the queue function fails
        Step(Heard((), NOW), answer={"number": BEYOND_BSON}, emits=(TOLD,)),
        Step(Heard(("\ud800",), NOW), emits=(TOLD,)),
        Step(Heard((), NOW), keep=TOO_LARGE, emits=(Emit(RequestWithdrawn(by=Recipient.REQUESTOR), ("note",)),)),
        Step(Heard((), NOW), emits=(TOLD, Emit(RequestWithdrawn(by=Recipient.REQUESTOR), ("never_kept",)))),
        Step(Heard((), NOW), keep={"kept": b"other bytes"}, emits=(TOLD,)),
        Step(Heard((), NOW)),  # a state changed without an event
        ZeroDivisionError(),
    ],
)
def test_a_step_that_cannot_be_carried_out_leaves_the_case_as_it_was(step: Any) -> None:
    case = Case[Heard](CASE)
    first = Step(Heard(("first",)), emits=(TOLD,), work={"claim": {"by": "me"}}, keep={"kept": b"box"})
    assert isinstance(do(case, first), Answered)
    before = repr(case)
    assert isinstance(do(case, step), CommandBroken)
    assert repr(case) == before


def test_the_same_blob_may_come_again_in_another_event() -> None:
    case = Case[Heard](CASE)
    for seq in (1, 2):
        data = ReviewLapsed(at=NOW, waived=False, sealed={"submitted": b"box"})
        offer(case, arrive(CASE, "review.lapsed", record(seq, data)))
    assert heard(case) == ("L1", "L2")


def test_a_repeated_command_gets_its_first_answer_also_from_a_parked_case() -> None:
    case, id_ = Case[Heard](CASE), uuid4()
    asked = Step(Heard(("done",)), emits=(TOLD,), answer={"number": 7})
    assert do(case, asked, id_=id_) == Answered({"number": 7}, replayed=False)
    offer(case, broken_lapse(1))
    assert do(case, asked, id_=id_) == Answered({"number": 7}, replayed=True)
    assert (heard(case), case.emitted) == (("done",), 1)


def test_what_is_refused_or_not_yet_possible_saves_nothing() -> None:
    case = Case[Heard](CASE)
    refused = do(case, Refused("no", "Not now."))
    assert isinstance(refused, CommandRefused)
    assert refused.code == "no"
    early = do(case, Wait(EventType.REVIEW_LAPSED))
    assert isinstance(early, CommandRefused)
    assert early.code == "not_yet"
    unknown = offering.command(case, Command("alarm", uuid4(), CASE, NOW, None), RULES)
    assert isinstance(unknown, CaseUnknown)
    assert case.settled


def test_a_command_releases_what_waited_for_it() -> None:
    case = Case[Heard](CASE)
    offer(case, remand(1))
    do(case, Step(Heard(("L0",)), emits=(TOLD,)))
    assert (heard(case), case.held) == (("L0", "R1"), [])


def test_a_deadline_comes_only_when_due_and_once() -> None:
    case = Case[Heard](CASE)
    do(case, Step(Heard((), NOW), emits=(TOLD,)))
    early = offering.deadline(case, RULES, policy_now=NOW - timedelta(milliseconds=1))
    assert (early, heard(case)) == (Verdict.ALREADY, ())
    assert offering.deadline(case, RULES, policy_now=NOW) is Verdict.APPLIED
    assert offering.deadline(case, RULES, policy_now=NOW) is Verdict.ALREADY
    assert heard(case) == ("alarm",)
    last = parse(case.changes.events[-1].body, EventType.REQUEST_WITHDRAWN)
    assert (last.time, last.causationid) == (NOW, deadline_id(CASE, "alarm", NOW))


def test_a_deadline_that_leaves_itself_due_parks_the_case_in_place_of_coming_for_ever() -> None:
    case = Case[Heard](CASE)
    do(case, Step(Heard(("keeps ringing",), NOW), emits=(TOLD,)))
    assert offering.deadline(case, RULES, policy_now=NOW) is Verdict.HELD
    assert waiting(case) == [
        ("deadline.alarm", "The reaction to the deadline alarm left it due: it would come for ever.")
    ]
    assert offering.deadline(case, RULES, policy_now=NOW) is Verdict.ALREADY


def test_a_moment_that_this_build_no_longer_names_is_stored_anew() -> None:
    """Else the index offers the case for ever, before others that are due."""
    case = Case[Heard](CASE, v=1, state=Heard(), due_at=NOW)
    assert offering.deadline(case, RULES, policy_now=NOW) is Verdict.ALREADY
    assert (case.settled, case.due_at) == (False, None)


def test_a_guard_is_what_the_store_must_hold_not_what_the_same_write_makes_so() -> None:
    case = Case[Heard](CASE, v=1, state=Heard(), work={"mail": {"phase": "data"}})
    sent = Step(Heard(), work={"mail.phase": "sent"}, guard={"work.mail.phase": "data"})
    seen = Step(Heard(), work={"mail.seen": True}, guard={"work.mail.phase": "sent", "work.mail.token": None})
    do(case, sent)
    do(case, seen)
    assert case.changes.guard == {"work.mail.phase": "data", "work.mail.token": None}


EVENTS = [
    *(lapse(seq, source=source) for source in ("intake", "triage") for seq in range(1, 5)),
    *(remand(seq) for seq in range(1, 5)),
]


@settings(max_examples=150)
@given(order=st.permutations(EVENTS), again=st.lists(st.sampled_from(EVENTS), max_size=8), at=st.integers(0, 12))
def test_whatever_the_order_and_the_duplicates_each_number_is_handled_once_and_in_order(
    order: list[Arrived], again: list[Arrived], at: int
) -> None:
    handled: list[tuple[str, int]] = []

    def noting(reaction: Any) -> Any:
        def noted(state: Heard | None, event: Event[Any], context: Context) -> Outcome[Heard]:
            outcome: Outcome[Heard] = reaction(state, event, context)
            if isinstance(outcome, Step):
                handled.append((f"{event.source} {event.type}", event.seq))
            return outcome

        return noted

    reactions: dict[str, Any] = {
        EventType.REVIEW_LAPSED: noting(on_lapsed),
        EventType.REVIEW_REMANDED: noting(on_remanded),
    }
    rules = replace(RULES, behaviour=replace(RULES.behaviour, reactions=reactions))
    case = Case[Heard](CASE)
    for arrived in [*order[:at], *again, *order[at:], *again]:
        offering.offer(case, arrived, rules, now=NOW)
    sequences = {name for name, _ in handled}
    assert len(sequences) == 3
    for name in sequences:
        assert [seq for each, seq in handled if each == name] == [1, 2, 3, 4]
    assert (case.held, case.emitted) == ([], 4)
    assert [event.seq for event in case.changes.events] == [1, 2, 3, 4]
