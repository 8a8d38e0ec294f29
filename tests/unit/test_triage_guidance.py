"""A case under changing guidance: looked at again by a deadline, decided under what is in force at the decision."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from services.triage.catching_up import CatchingUp
from services.triage.domain.decision import Decision
from services.triage.domain.states import Considered, State, UnderConsideration
from services.triage.orders import Decide, Order
from shared.casework.case import Arrived, Held
from shared.casework.offering import Rules, Verdict
from shared.contracts import events
from shared.contracts.vocabulary import EventType, PriorityCategory, ReliefSought, TriageOutcome
from shared.policy.loading import load
from shared.policy.model import Policies
from tests.unit.desks import MemoryEngine
from tests.unit.one_case import POLICIES, T0, after
from tests.unit.test_policy_guidance import another, folder  # noqa: F401 - a fixture
from tests.unit.triage_story import ANA, WITHDRAWN, Triage, amended, escalated, remanded, submitted

ENJOINED = datetime(2021, 8, 19, 4, tzinfo=UTC)
STAYED = datetime(2021, 8, 25, 4, tzinfo=UTC)
STAYED_IN_PART = datetime(2021, 9, 15, 4, tzinfo=UTC)
MAYORKAS = datetime(2021, 11, 29, 5, tzinfo=UTC)
JOHNSON, NONE = "JOHNSON_11090_1_2021_02_18", "NO_GUIDANCE"
PUBLIC, BORDER = PriorityCategory.PUBLIC_SAFETY, PriorityCategory.BORDER_SECURITY


def by_officer(value: Any) -> events.Fact[Any]:
    return events.Fact[Any](value=value, asserted_by="officer", on=date(2021, 3, 9))


DANGEROUS = events.Facts(
    national_security_concern=by_officer(value=False),
    apprehended_entering_unlawfully=by_officer(value=False),
    first_present_on=by_officer(date(2015, 1, 1)),
    threat_to_public_safety=by_officer(value=True),
    aggravated_felony=by_officer(value=True),
    final_order=by_officer(value=False),
)


def state_of(case: Triage) -> UnderConsideration:
    assert isinstance(case.state, UnderConsideration)
    return case.state


def told(case: Triage) -> dict[str, Any]:
    return case.told(EventType.TRIAGE_ASSIGNED)[-1]


def until(case: Triage, moment: datetime) -> list[dict[str, Any]]:
    """What is told while the clock runs to a moment."""
    before = len(case.told())
    while case.clock_reaches(moment) is Verdict.APPLIED:
        pass
    return case.told()[before:]


def test_an_assignment_tells_the_presumption_by_codes_with_the_versions_it_rests_on() -> None:
    case = Triage().submit(submitted(facts=DANGEROUS))
    said = told(case)
    assert (said["guidance"], said["process"]) == (JOHNSON, "ICR_2021_03_05")
    assert said["categories"] == ["PUBLIC_SAFETY"]
    assert said["reasons"] == ["POSES_A_THREAT", "AGGRAVATED_FELONY"]
    assert (said["undetermined"], said["to_weigh"], said["questions"]) == ([], [], [])


def test_new_facts_are_classified_anew_and_told_with_a_higher_revision() -> None:
    case = Triage().submit()
    assert told(case)["undetermined"] == ["NATIONAL_SECURITY", "BORDER_SECURITY", "PUBLIC_SAFETY"]
    case.hear("intake", amended(1, facts=DANGEROUS), after(days=1))
    assert (told(case)["revision"], told(case)["categories"]) == (2, ["PUBLIC_SAFETY"])
    cleared = DANGEROUS.model_copy(update={"threat_to_public_safety": by_officer(value=False)})
    case.hear("intake", amended(2, facts=cleared), after(days=2))
    assert (told(case)["revision"], told(case)["categories"]) == (3, [])
    assert told(case)["reasons"] == ["OTHER_NEEDS_PRE_APPROVAL", "FELONY_WITHOUT_THREAT_NEEDS_PRE_APPROVAL"]


def test_facts_that_change_nothing_are_not_told_again() -> None:
    case = Triage().submit(submitted(facts=DANGEROUS))
    case.hear("intake", amended(1, facts=DANGEROUS.model_copy(update={"pending_in_court": by_officer(value=True)})))
    assert len(case.told()) == 1


def test_each_new_guidance_is_a_deadline_of_an_open_case_at_its_very_start() -> None:
    case = Triage().submit(submitted(facts=DANGEROUS))
    until(case, ENJOINED - timedelta(milliseconds=1))
    revision = state_of(case).revision
    assert case.case.due_at == ENJOINED
    (enjoined,) = until(case, ENJOINED)
    assert (enjoined["guidance"], enjoined["categories"], enjoined["revision"]) == (NONE, [], revision + 1)
    assert enjoined["reasons"] == ["NO_GUIDANCE_IN_FORCE"]
    (stayed,) = until(case, STAYED)
    assert (stayed["guidance"], stayed["categories"], stayed["revision"]) == (JOHNSON, ["PUBLIC_SAFETY"], revision + 2)
    *_, resumed = until(case, MAYORKAS)
    assert (resumed["guidance"], resumed["categories"]) == ("MAYORKAS_2021_09_30", [])
    assert (resumed["to_weigh"], resumed["reasons"]) == (["PUBLIC_SAFETY"], ["NO_BRIGHT_LINE"])


def test_the_change_is_told_at_the_moment_of_the_change_however_late_the_deadline_is_carried_out() -> None:
    late, in_time = (Triage().submit(submitted(facts=DANGEROUS)) for _ in range(2))
    until(in_time, ENJOINED)
    until(in_time, STAYED)
    until(late, STAYED + timedelta(days=20))
    assert late.state == in_time.state
    assert [event.body for event in late.case.changes.events] == [event.body for event in in_time.case.changes.events]


def test_a_later_guidance_that_news_brings_needs_no_deadline_of_an_earlier_one() -> None:
    case = Triage().submit(submitted(facts=DANGEROUS))
    until(case, after(days=100))
    case.hear("intake", amended(1, facts=DANGEROUS), STAYED + timedelta(days=1))
    assert (told(case)["guidance"], told(case)["categories"]) == (JOHNSON, ["PUBLIC_SAFETY"])
    assert until(case, STAYED + timedelta(days=2)) == []
    assert case.case.due_at == STAYED_IN_PART


def test_facts_that_arrive_late_are_looked_at_under_the_newer_guidance() -> None:
    case = Triage().submit()
    until(case, ENJOINED)
    case.hear("intake", amended(1, facts=DANGEROUS), ENJOINED - timedelta(hours=1))
    assert (state_of(case).presumption.guidance, state_of(case).presumption.categories) == (NONE, ())


@pytest.mark.parametrize("facts_first", [True, False])
def test_a_case_that_comes_back_is_looked_at_under_the_guidance_of_that_day(*, facts_first: bool) -> None:
    case = Triage().submit()
    case.claim()
    case.decide()
    case.hear("escalation", escalated(), after(days=40))
    facts = (("intake", amended(1, facts=DANGEROUS), ENJOINED - timedelta(days=1)),)
    remand = (("escalation", remanded(), ENJOINED + timedelta(days=1)),)
    for source, data, at in (*facts, *remand) if facts_first else (*remand, *facts):
        case.hear(source, data, at)
    assert state_of(case).presumption.guidance == NONE
    assert told(case)["guidance"] == NONE
    assert until(case, STAYED)[-1]["categories"] == ["PUBLIC_SAFETY"]


def test_a_case_that_is_not_open_waits_for_no_guidance() -> None:
    considered, with_headquarters, withdrawn = (Triage().submit(submitted(facts=DANGEROUS)) for _ in range(3))
    considered.claim()
    considered.decide()
    with_headquarters.hear("escalation", escalated(), after(days=1))
    withdrawn.hear("intake", WITHDRAWN, after(days=1))
    for case in (considered, with_headquarters, withdrawn):
        assert case.case.due_at is None
        assert case.clock_reaches(MAYORKAS) is Verdict.ALREADY


def test_a_decision_is_made_and_kept_under_the_guidance_in_force_at_the_decision() -> None:
    for at, guidance, categories in (
        (ENJOINED - timedelta(milliseconds=1), JOHNSON, ["PUBLIC_SAFETY"]),
        (ENJOINED, NONE, []),  # the very moment, before the deadline is carried out
    ):
        case = Triage().submit(submitted(facts=DANGEROUS))
        case.claim(at=at)
        assert case.decide(at=at) is None
        (done,) = case.told(EventType.TRIAGE_COMPLETED)
        assert (done["guidance"], done["presumption"]["categories"]) == (guidance, categories)
        assert isinstance(case.state, Considered)
        assert case.state.presumption.guidance == guidance


def test_a_reason_of_a_guidance_that_is_no_longer_in_force_cannot_be_given() -> None:
    decline = Decision(TriageOutcome.DECLINED, reasons=("PRESUMED_PUBLIC_SAFETY",), declined=(ReliefSought.RELEASE,))
    case = Triage().submit(submitted(facts=DANGEROUS))
    case.claim(at=ENJOINED)
    assert case.decide(decline, at=ENJOINED) == "reason_not_allowed"
    assert case.decide(decline, at=ENJOINED - timedelta(hours=1)) is None


def test_an_officer_who_saw_another_guidance_looks_again() -> None:
    case = Triage().submit(submitted(facts=DANGEROUS))
    case.claim(at=ENJOINED)
    decision = Decision(
        TriageOutcome.DECLINED, reasons=("MITIGATING_FACTORS_OUTWEIGHED",), declined=(ReliefSought.RELEASE,)
    )
    for seen, refused in ((JOHNSON, "guidance_changed"), (NONE, None)):
        wish = Decide(ANA, decision, 0, {}, guidance_seen=seen)
        assert case.refusal(Order.DECIDE, wish, ENJOINED) == refused


def test_headquarters_is_told_what_was_presumed_when_it_took_the_case_without_an_answer() -> None:
    case = Triage().submit(submitted(facts=DANGEROUS))
    case.hear("escalation", escalated(), after(days=60))
    (done,) = case.told(EventType.TRIAGE_COMPLETED)
    assert (done["outcome"], done["presumption"]["categories"]) == ("NO_ANSWER", ["PUBLIC_SAFETY"])


@pytest.fixture
def two_policies(folder: Path) -> tuple[Policies, Policies]:  # noqa: F811 - the fixture
    """The policy before a guidance file was added, and after."""
    before = load(folder)
    another(folder, "LATER", "from: 2021-03-20T00:00:00Z")
    return before, load(folder)


def installed(policies: Policies, cases: Sequence[Triage]) -> MemoryEngine[State]:
    """A service that has started with these policy files."""
    engine: MemoryEngine[State] = MemoryEngine()
    for case in cases:
        case.rules = Rules(case.rules.behaviour, case.rules.mapping, policies, "test")
        engine.cases[case.case.id] = case
    return engine


LATER = datetime(2021, 3, 20, tzinfo=UTC)


async def test_a_guidance_added_later_becomes_the_deadline_of_cases_that_are_open_already(
    two_policies: tuple[Policies, Policies],
) -> None:
    before, since = two_policies
    case = Triage()
    installed(before, [case])
    case.submit(submitted(facts=DANGEROUS))
    assert state_of(case).presumption.until is None
    engine = installed(since, [case])
    catching_up = CatchingUp(engine, since, lambda: T0)
    assert await catching_up.look() == 1
    assert (state_of(case).presumption.guidance, state_of(case).presumption.until) == ("INVENTED_1", LATER)
    assert await catching_up.look() == 0
    assert until(case, LATER)[-1]["guidance"] == "LATER"
    assert await CatchingUp(engine, since, lambda: LATER).look() == 0


async def test_a_guidance_that_began_before_its_file_was_added_is_looked_at_at_once(
    two_policies: tuple[Policies, Policies],
) -> None:
    before, since = two_policies
    case, parked, closed = Triage(), Triage(UUID(int=1)), Triage(UUID(int=2))
    installed(before, [case, parked, closed])
    for each in (case, parked, closed):
        each.submit(submitted(facts=DANGEROUS))
    closed.hear("intake", WITHDRAWN)
    broken = Arrived(parked.case.id, "review.remanded", b"", unreadable="nonsense")
    parked.case.held.append(Held(broken, T0, "test", "nonsense"))
    engine = installed(since, [case, parked, closed])
    catching_up = CatchingUp(engine, since, lambda: LATER + timedelta(days=3))
    assert await catching_up.look() == 1
    assert (told(case)["guidance"], told(case)["revision"]) == ("LATER", 2)
    assert (told(parked)["guidance"], len(closed.told())) == ("INVENTED_1", 1)


async def test_a_case_whose_deadline_is_due_is_left_to_it() -> None:
    case = Triage().submit(submitted(facts=DANGEROUS))
    engine = installed(POLICIES, [case])
    assert await CatchingUp(engine, POLICIES, lambda: ENJOINED + timedelta(seconds=1)).look() == 0
    until(case, ENJOINED + timedelta(seconds=1))
    assert told(case)["guidance"] == NONE
