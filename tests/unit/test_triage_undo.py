"""A decision that takes effect after a while: until then it is none, and its officer can take it back."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.triage.api import router
from services.triage.domain.states import Considered, State, UnderConsideration
from services.triage.orders import Ask, Claim, Decide, Forward, Order, Release
from services.triage.taking_back import TakeBack
from services.triage.undoing import Fell, Waits, pending
from shared.casework.commands import Answered
from shared.casework.offering import Verdict
from shared.contracts import events
from shared.contracts.envelope import EventData
from shared.contracts.vocabulary import Belief, EventType, Urgency
from shared.web.sign_in import Role
from tests.unit.desks import Desks
from tests.unit.one_case import CASE_ID, T0, after
from tests.unit.test_triage_http import DECLINE, services
from tests.unit.triage_story import (
    ANA,
    BEN,
    DECLINED,
    ERASED,
    FAVOURABLE,
    FAVOURED,
    PRESUMED,
    WITHDRAWN,
    Triage,
    amended,
    escalated,
    remanded,
    submitted,
)

TEN = timedelta(minutes=10)
BOX = {"completed_1": b"box"}
UNDO = {Urgency.REMOVAL_IMMINENT: timedelta(), Urgency.DETAINED: TEN, Urgency.ROUTINE: TEN}


def opened(**changed: Any) -> Triage:
    case = Triage().submit(submitted(**{"facts": PRESUMED, **changed}))
    case.under(undo_within=UNDO)
    case.claim()
    return case


def decided(**changed: Any) -> Triage:
    case = opened(**changed)
    assert case.decide(box=BOX) is None
    return case


def take_back(case: Triage, at: datetime = T0, officer: Any = ANA) -> str | None:
    return case.refusal(Order.TAKE_BACK, TakeBack(officer), at)


def completed(case: Triage) -> list[dict[str, Any]]:
    return case.told(EventType.TRIAGE_COMPLETED)


def test_it_waits_and_is_told_by_the_deadline_as_it_was_given() -> None:
    case = decided()
    assert isinstance(case.state, UnderConsideration)
    assert (completed(case), case.case.due_at) == ([], T0 + TEN)
    assert case.clock_reaches(T0 + TEN - timedelta(milliseconds=1)) is Verdict.ALREADY
    assert case.clock_reaches(T0 + TEN) is Verdict.APPLIED
    at_once = Triage().submit(submitted(facts=PRESUMED))
    at_once.claim()
    at_once.decide(box=BOX)
    assert completed(case) == completed(at_once)
    assert case.state == at_once.state
    assert case.case.work == at_once.case.work
    assert (case.case.sizes, case.queue) == (at_once.case.sizes, {})
    (event,) = [each for each in case.case.changes.events if each.type == EventType.TRIAGE_COMPLETED]
    assert (event.blobs, b'"time":"2021-03-08T14:10:00' in event.body) == (("completed_1",), True)


def test_its_officer_takes_it_back_until_then_and_decides_anew() -> None:
    case = decided()
    assert take_back(case, officer=BEN) == "not_your_decision"
    assert take_back(case, T0 + TEN - timedelta(milliseconds=1)) is None
    assert take_back(case) == "no_decision_waits"
    assert case.decide(FAVOURABLE, box={"completed_1": b"another"}, at=after(minutes=20)) is None
    case.clock_reaches(after(minutes=30))
    assert [each["outcome"] for each in completed(case)] == ["FAVOURABLE"]
    assert case.case.changes.blobs["completed_1"] == b"another"


def test_once_its_time_is_over_it_cannot_be_taken_back_though_nobody_has_told_it_yet() -> None:
    case = decided()
    assert take_back(case, T0 + TEN) == "took_effect"
    case.clock_reaches(T0 + TEN)
    assert take_back(case, T0 + TEN) == "took_effect"


def test_while_it_waits_the_case_can_neither_be_decided_nor_given_away() -> None:
    case = decided()
    others: list[tuple[Order, Any]] = [
        (Order.CLAIM, Claim(BEN)),
        (Order.CLAIM, Claim(ANA)),
        (Order.RELEASE, Release(ANA)),
        (Order.FORWARD, Forward(ANA, "PHI", 0, {"assigned_2": b"box"})),
        (Order.ASK, Ask(ANA, ("NO_PLACE",), {})),
    ]
    assert {case.refusal(order, data) for order, data in others} == {"decision_waits"}
    assert case.decide(FAVOURABLE) == "decision_waits"


@pytest.mark.parametrize(
    ("source", "heard", "outcomes"),
    [
        ("intake", WITHDRAWN, []),
        ("escalation", escalated(), ["NO_ANSWER"]),
        ("escalation", FAVOURED, []),
    ],
)
def test_what_takes_the_case_away_meanwhile_finds_no_decision(
    source: str, heard: EventData, outcomes: list[str]
) -> None:
    case = decided()
    case.hear(source, heard, after(minutes=5))
    assert [each["outcome"] for each in completed(case)] == outcomes
    assert pending(case.case.work) is None
    assert case.clock_reaches(after(minutes=30)) is Verdict.ALREADY
    assert take_back(case) == "no_decision_waits"


def test_headquarters_hears_who_had_decided_in_vain_and_a_remand_opens_the_case_without_it() -> None:
    case = decided()
    case.hear("escalation", escalated(), after(minutes=5))
    assert completed(case)[0]["touched_by"] == ["officer-ana"]
    case.hear("escalation", remanded(), after(days=1))
    assert case.claim(BEN, at=after(days=1)) is None


@given(st.data())
@settings(max_examples=150)
def test_whatever_comes_meanwhile_in_whatever_order_leaves_the_same(data: st.DataObject) -> None:
    kinds: list[tuple[str, EventData]] = [
        ("intake", amended(1, facts=events.Facts())),
        ("intake", amended(2, removal=events.Removal(believed_imminent=Belief.YES))),
        ("intake", WITHDRAWN),
        ("intake", ERASED),
        ("escalation", escalated()),
        ("escalation", FAVOURED),
    ]
    chosen = data.draw(st.lists(st.sampled_from(range(len(kinds))), unique=True).map(sorted))
    ends = []
    for order in (chosen, data.draw(st.permutations(chosen))):
        case = decided()
        told = {each: case.senders.event(*kinds[each], after(minutes=each)) for each in chosen}
        for each in order:
            case.offer(told[each])
        ends.append((case.state, case.case.work, case.case.sizes, case.case.due_at, case.queue, case.waiting))
    assert ends[0] == ends[1]


def test_facts_that_its_officer_had_not_seen_make_it_fall_and_the_case_stays_in_hand() -> None:
    case = decided()
    case.hear("intake", amended(1, facts=events.Facts()), after(minutes=5))
    assert pending(case.case.work) == Fell("officer-ana", after(minutes=5), DECLINED.outcome)
    assert case.clock_reaches(after(minutes=30)) is Verdict.ALREADY
    assert case.decide(facts_seen=1, at=after(minutes=30)) is None
    assert isinstance(pending(case.case.work), Waits)


def test_erasing_leaves_it_as_a_decision_by_codes() -> None:
    case = decided()
    case.hear("intake", ERASED, after(minutes=5))
    assert case.clock_reaches(T0 + TEN) is Verdict.APPLIED
    assert isinstance(case.state, Considered)


def test_the_due_date_that_passes_meanwhile_is_not_told_the_office_has_answered() -> None:
    case = opened()
    due = case.queue["due"]
    assert case.decide(at=due - timedelta(minutes=5)) is None
    case.clock_reaches(due)
    case.clock_reaches(due + TEN)
    assert not any(each["overdue"] for each in case.told(EventType.TRIAGE_ASSIGNED))
    assert isinstance(case.state, Considered)


def test_it_keeps_the_guidance_under_which_it_was_given() -> None:
    change = datetime(2021, 11, 29, 5, tzinfo=UTC)
    case = Triage()
    case.under(undo_within=UNDO)
    case.hear("intake", submitted(received_at=change - timedelta(days=1)), change - timedelta(days=1))
    case.claim(at=change - timedelta(minutes=6))
    before = case.told(EventType.TRIAGE_ASSIGNED)[-1]["guidance"]
    assert case.decide(at=change - timedelta(minutes=5)) is None
    case.clock_reaches(change + timedelta(hours=1))
    assert isinstance(case.state, Considered)
    assert case.rules.policies.at(change).guidance != before
    assert [completed(case)[0]["guidance"], case.state.presumption.guidance] == [before, before]


def imminent_by_belief() -> dict[str, Any]:
    return {"removal": events.Removal(believed_imminent=Belief.YES)}


def test_where_a_removal_is_imminent_nothing_waits() -> None:
    case = decided(**imminent_by_belief())
    assert isinstance(case.state, Considered)


def test_it_waits_no_longer_than_until_a_removal_is_imminent() -> None:
    case = opened(removal=events.Removal(scheduled_for=date(2021, 3, 28)))
    imminent = case.case.due_at
    assert imminent is not None
    assert case.decide(at=imminent - timedelta(minutes=3)) is None
    assert case.clock_reaches(imminent) is Verdict.APPLIED
    assert completed(case)[0]["urgency"] == "ROUTINE"
    assert isinstance(case.state, Considered)


@pytest.mark.parametrize("late", [timedelta(), timedelta(days=3)])
def test_after_too_long_a_silence_it_takes_effect_at_once(late: timedelta) -> None:
    case = opened()
    assert isinstance(case.state, UnderConsideration)
    assert case.decide(at=case.state.silence_ends_at + late) is None
    assert isinstance(case.state, Considered)


def test_the_answer_says_when_and_is_the_same_again() -> None:
    case = opened()
    first, again = (case.ask(Order.DECIDE, Decide(ANA, DECLINED, 0, {}), key="once") for _ in range(2))
    assert isinstance(first, Answered)
    assert isinstance(again, Answered)
    assert first.answer["takes_effect_at"] == (T0 + TEN).isoformat()
    assert (again.answer, again.replayed) == (first.answer, True)


@pytest.fixture(name="desks")
async def _desks(tmp_path: Path) -> Desks[State]:
    desks: Desks[State] = Desks(tmp_path, router, **services())
    case = Triage().submit(submitted(facts=PRESUMED))
    case.under(undo_within=UNDO)
    await desks.keyring.get_or_create([CASE_ID])
    desks.engine.cases[CASE_ID] = case
    return desks


async def test_at_the_desk_a_dry_run_says_when_and_bulk_decisions_wait_and_are_taken_back(desks: Desks[State]) -> None:
    async def post(path: str, body: Any = None) -> dict[str, Any]:
        answer = await desks.post(path, "officer-ana", Role.OFFICER, body, offices=["BAL"])
        return dict(answer.json())

    async def decision() -> Any:
        (item,) = (await desks.get("/queue", "officer-ana", Role.OFFICER, offices=["BAL"])).json()["cases"]
        return item["decision"]

    many = {"claim": True, "decisions": [DECLINE | {"case_id": str(CASE_ID), "text": "In my own words."}]}
    for dry_run, status in ((True, "would_be_decided"), (False, "decided")):
        assert await decision() is None
        (result,) = (await post("/decisions", many | {"dry_run": dry_run}))["results"]
        assert (result["status"], datetime.fromisoformat(result["takes_effect_at"])) == (status, T0 + TEN)
    assert (await decision())["standing"] == "waits"
    assert (await post(f"/cases/{CASE_ID}/take-back"))["outcome"] == "DECLINED"
    assert await decision() is None
