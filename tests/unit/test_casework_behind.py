"""A case whose store was put back from a backup: parked, given no used number again, and brought forward or not."""

from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.casework import behind, offering, redriving
from shared.casework.case import Arrived, Case, Changes
from shared.casework.commands import Answered
from shared.casework.document import arrive
from shared.casework.offering import Rules, Verdict
from shared.casework.reaction import Behaviour, Command, Context, Deadline, Due, Emit, Outcome, Step, Wait
from shared.contracts.envelope import Event, EventData, dataschema, encode, splice
from shared.contracts.events import RequestWithdrawn, ReviewLapsed, ReviewRemanded
from shared.contracts.vocabulary import EventType, Recipient
from shared.errors import CaseParked
from shared.mongo.mapping import StateMapping
from shared.policy.loading import load

CASE = UUID("0b9b2c86-0d52-5c35-9d0e-0a2f0f5f7c11")
NOW = datetime(2021, 3, 8, 14, tzinfo=UTC)
HOUR = timedelta(hours=1)
TOLD = Emit(RequestWithdrawn(by=Recipient.REQUESTOR))


@dataclass(frozen=True)
class Heard:
    """What has happened, whatever the order; `alarm` is a deadline."""

    heard: frozenset[str] = frozenset()
    alarm: datetime | None = None


def also(state: Heard | None, what: str, **changes: Any) -> Heard:
    state = state or Heard()
    return replace(state, heard=state.heard | {what}, **changes)


def on_lapsed(state: Heard | None, event: Event[ReviewLapsed], context: Context) -> Outcome[Heard]:
    alarm = context.now + HOUR / 2 if event.data.waived else None
    heard = also(state, f"L{event.seq}", **({"alarm": alarm} if alarm else {}))
    return Step(heard, keep=event.data.sealed)


def on_remanded(state: Heard | None, event: Event[ReviewRemanded], _: Context) -> Outcome[Heard]:
    if state is None:
        return Wait(EventType.REVIEW_LAPSED)
    told = () if event.data.reasons == ("UNLESS_DECIDED",) and "decided" in state.heard else (TOLD,)
    return Step(also(state, f"R{event.seq}"), emits=told)


def on_decide(state: Heard | None, _: Command[Any], __: Context) -> Outcome[Heard]:
    return Step(also(state, "decided"), emits=(Emit(RequestWithdrawn(by=Recipient.NONCITIZEN)),))


def on_alarm(state: Heard | None, _: Deadline, __: Context) -> Outcome[Heard]:
    return Step(also(state, "rung", alarm=None), emits=(Emit(RequestWithdrawn(by=Recipient.OFFICE)),))


def recalled(state: Heard | None, event: Event[RequestWithdrawn], _: Context) -> Outcome[Heard]:
    if event.data.by is not Recipient.NONCITIZEN:
        return Wait("what else made it")
    return Step(also(state, "decided"))


FORGETFUL: Behaviour[Heard] = Behaviour(
    service="toy",
    state=Heard,
    reactions={
        EventType.REVIEW_LAPSED: on_lapsed,
        EventType.REVIEW_REMANDED: on_remanded,
        "decide": on_decide,
        "alarm": on_alarm,
    },
    due=lambda state, _: Due("alarm", state.alarm) if state.alarm else None,
    creates=frozenset({"decide"}),
)
MAPPING = StateMapping[Heard](Heard)
UNABLE = Rules(FORGETFUL, MAPPING, load(), "test")
ABLE = replace(UNABLE, behaviour=replace(FORGETFUL, recalls={EventType.REQUEST_WITHDRAWN: recalled}))


def given_event(number: int, seq: int, data: EventData) -> Arrived:
    event = Event[Any](
        id=uuid5(CASE, f"{data.type}{seq}"),
        type=data.type,
        source="intake",
        subject=CASE,
        time=NOW + number * HOUR,
        dataschema=dataschema(data.type),
        causationid=CASE,
        seq=seq,
        data=data,
    )
    return arrive(CASE, data.type, splice(encode(event), data.sealed))


def lapse(number: int, seq: int, *, alarm: bool = False) -> Arrived:
    return given_event(number, seq, ReviewLapsed(at=NOW, waived=alarm, sealed={f"note_{seq}": b"box"}))


def remand(number: int, seq: int, why: str = "X") -> Arrived:
    return given_event(number, seq, ReviewRemanded(round=2, reasons=(why,)))


def decide(number: int) -> Command[None]:
    return Command("decide", uuid5(CASE, f"decide{number}"), CASE, NOW + number * HOUR, None)


def happens(case: Case[Heard], what: Arrived | Command[None] | datetime, rules: Rules[Heard] = UNABLE) -> Any:
    if isinstance(what, Arrived):
        return behind.offer(case, what, rules, now=NOW)
    if isinstance(what, Command):
        return offering.command(case, what, rules)
    return offering.deadline(case, rules, policy_now=what)


def told(case: Case[Heard]) -> list[Arrived]:
    """What the topics have of it."""
    return [
        arrive(CASE, each.type, splice(each.body, {name: case.changes.blobs[name] for name in each.blobs}))
        for each in case.changes.events
    ]


def copied(case: Case[Heard]) -> Case[Heard]:
    copy = deepcopy(case)
    copy.changes = Changes()
    return copy


def ids(case: Case[Heard]) -> list[tuple[UUID, int]]:
    return [(each.id, each.seq) for each in case.changes.events]


def test_a_case_that_is_behind_takes_no_command_and_has_no_deadline() -> None:
    case = Case[Heard](CASE)
    happens(case, lapse(0, 1, alarm=True))
    older = copied(case)
    assert isinstance(happens(case, decide(1)), Answered)
    behind.park(older, told(case), UNABLE, now=NOW)
    assert isinstance(happens(older, decide(2)), CaseParked)
    happens(older, NOW + 9 * HOUR)
    assert (older.due_at, older.parked, older.sent) == (None, True, case.sent)
    assert ids(older) == ids(case)


def test_its_inputs_come_again_and_make_the_same_events_which_are_not_sent_again() -> None:
    case = Case[Heard](CASE)
    happens(case, lapse(0, 1))
    older = copied(case)
    happens(case, remand(1, 1))
    happens(case, remand(2, 2))
    behind.park(older, told(case), UNABLE, now=NOW)
    assert happens(older, remand(1, 1)) is Verdict.HELD
    assert older.parked
    happens(older, remand(2, 2))
    assert (older.parked, older.held, older.state) == (False, [], case.state)
    assert ids(older) == ids(case)
    happens(older, remand(3, 3))
    assert ids(older)[-1] == (ids(older)[-1][0], 3)


def test_a_case_that_the_store_has_not_at_all_is_made_again_by_its_inputs() -> None:
    case, missing = Case[Heard](CASE), Case[Heard](CASE)
    for one in (lapse(0, 1), remand(1, 1)):
        happens(case, one)
    behind.park(missing, told(case), UNABLE, now=NOW)
    assert isinstance(happens(missing, decide(2)), CaseParked)
    happens(missing, remand(1, 1))
    happens(missing, lapse(0, 1))
    assert (missing.parked, missing.state, ids(missing)) == (False, case.state, ids(case))


def test_its_deadline_makes_the_same_event() -> None:
    case = Case[Heard](CASE)
    happens(case, lapse(0, 1, alarm=True))
    older = copied(case)
    happens(case, NOW + HOUR)
    behind.park(older, told(case), UNABLE, now=NOW)
    assert behind.catch_up(older, UNABLE, now=NOW)
    assert (older.state, ids(older)) == (case.state, ids(case))


def test_what_a_person_decided_is_made_by_no_input_so_nothing_new_comes_before_it() -> None:
    case = Case[Heard](CASE)
    happens(case, lapse(0, 1))
    older = copied(case)
    happens(case, decide(1))
    behind.park(older, told(case), UNABLE, now=NOW)
    happens(older, remand(2, 1))
    assert (older.parked, ids(older), older.state) == (True, ids(case), Heard(frozenset({"L1"})))
    assert behind.catch_up(older, ABLE, now=NOW)
    assert older.state == Heard(frozenset({"L1", "decided", "R1"}))
    assert [seq for _, seq in ids(older)] == [1, 2]


def test_what_came_late_is_decided_in_the_light_of_what_was_decided_before_it_came() -> None:
    case = Case[Heard](CASE)
    happens(case, lapse(0, 1))
    older, late = copied(case), remand(1, 1, "UNLESS_DECIDED")
    happens(case, decide(2))
    behind.park(older, told(case), ABLE, now=NOW)
    happens(older, late, ABLE)
    assert (older.parked, ids(older)) == (False, ids(case))
    assert older.state == Heard(frozenset({"L1", "decided", "R1"}))


def test_a_person_has_it_go_on_as_it_stands_and_no_number_is_used_twice() -> None:
    case = Case[Heard](CASE)
    happens(case, lapse(0, 1))
    older = copied(case)
    happens(case, decide(1))
    happens(case, remand(2, 1))
    behind.park(older, told(case), UNABLE, now=NOW)
    kept = redriving.offer_again(older, UNABLE, now=NOW, readable={})
    assert (kept, older.parked) == (Verdict.HELD, True)
    assert redriving.offer_again(older, UNABLE, now=NOW, readable={}, as_it_stands=True) is Verdict.APPLIED
    happens(older, remand(2, 1))  # made again later: its event is known, and not sent again
    assert ids(older) == ids(case)
    assert isinstance(happens(older, decide(3)), Answered)
    assert [seq for _, seq in ids(older)] == [1, 2, 3]


def test_a_new_build_that_can_tell_brings_it_forward() -> None:
    case = Case[Heard](CASE)
    happens(case, lapse(0, 1))
    older = copied(case)
    happens(case, decide(1))
    behind.park(older, told(case), UNABLE, now=NOW)
    assert redriving.offer_again(older, replace(ABLE, build="next"), now=NOW, readable={}) is Verdict.APPLIED
    assert (older.state, older.due_at) == (case.state, None)


HISTORY = st.lists(st.sampled_from(["L", "R", "decide", "alarm", "ring"]), max_size=8)


@settings(max_examples=200)
@given(HISTORY, st.integers(0, 8), st.booleans(), st.randoms())
def test_whenever_the_copy_was_made_no_number_is_used_for_another_event(
    history: list[str], copied_after: int, able: bool, random: Any
) -> None:
    rules = ABLE if able else UNABLE
    case, older, inputs = Case[Heard](CASE), Case[Heard](CASE), []
    for number, what in enumerate(history):
        if number == copied_after:
            older = copied(case)
        seq = 1 + sum(each in {"L", "alarm"} if what != "R" else each == "R" for each in history[:number])
        if what in {"L", "alarm", "R"}:
            one = remand(number, seq) if what == "R" else lapse(number, seq, alarm=what == "alarm")
            inputs.append(one)
            happens(case, one, rules)
        else:
            happens(case, decide(number) if what == "decide" else NOW + number * HOUR, rules)
    if copied_after >= len(history):
        older = copied(case)
    behind.park(older, told(case)[older.emitted :], rules, now=NOW)
    behind.catch_up(older, rules, now=NOW)
    random.shuffle(inputs)
    for one in inputs:
        happens(older, one, rules)
    after = happens(older, decide(99), rules)
    numbers: dict[int, UUID] = {seq: id_ for id_, seq in ids(case)}
    for id_, seq in ids(older):
        assert numbers.setdefault(seq, id_) == id_
    assert isinstance(after, CaseParked) == older.parked
    if able or "decide" not in history[copied_after:]:
        assert not older.parked


def test_a_deadline_is_made_again_before_what_others_made_of_it_at_the_same_moment() -> None:
    def on_answer(state: Heard | None, event: Event[ReviewRemanded], _: Context) -> Outcome[Heard]:
        return Step(also(state, "answered", alarm=None))

    reactions = FORGETFUL.reactions | {EventType.REVIEW_REMANDED: on_answer}  # type: ignore[operator]
    rules = replace(UNABLE, behaviour=replace(FORGETFUL, reactions=reactions))
    case = Case[Heard](CASE)
    happens(case, lapse(0, 1, alarm=True), rules)
    older = copied(case)
    happens(case, NOW + HOUR, rules)
    (rung,) = told(case)
    assert rung.event is not None
    answer = given_event(0, 1, ReviewRemanded(round=2, reasons=("X",)))
    assert answer.event is not None
    event = answer.event.model_copy(update={"time": rung.event.time, "causationid": rung.event.id})
    answer = arrive(CASE, event.type, encode(event))
    happens(case, answer, rules)
    behind.park(older, [rung], rules, now=NOW)
    assert happens(older, answer, rules) is Verdict.HELD
    assert behind.catch_up(older, rules, now=NOW) or not older.parked
    assert (older.state, older.told, older.held) == (case.state, set(), [])
    assert ids(older) == ids(case)[-1:]
