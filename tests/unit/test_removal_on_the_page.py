"""What the page of a finished case says of a removal: the truth to whom the answer is shown, else nothing."""

from pathlib import Path

import pytest

from services.intake import wording
from services.intake.limits import Removal
from shared.contracts.vocabulary import ReliefSought
from tests.unit.intake_house import House
from tests.unit.intake_world import assigned, completed, escalated, remanded, resolved
from tests.unit.test_status_page import shown, verified

STAY, RELEASE, NTA, ORDER = (
    ReliefSought.STAY_OR_PAUSE_REMOVAL,
    ReliefSought.RELEASE,
    ReliefSought.CANCEL_NTA,
    ReliefSought.NOT_EXECUTE_ORDER,
)


async def page_of(house: House, outcome: str, granted: tuple[ReliefSought, ...], *, consent: bool) -> tuple[str, str]:
    """The page of a case that headquarters has resolved so, and its JSON's notice."""
    case_id, path = await house.opened()
    house.hear(case_id, assigned())
    if consent:
        await verified(house, case_id)
    house.hear(case_id, completed("DECLINED"), escalated(), resolved(outcome, granted=granted))
    as_json = (await house.http.get(path, headers={"Accept": "application/json"})).json()
    return await shown(house, path), as_json["notice"][0]


@pytest.mark.parametrize(
    ("outcome", "granted", "says"),
    [
        ("OVERRIDDEN", (STAY,), Removal.STOPPED),
        ("OVERRIDDEN", (ORDER, RELEASE), Removal.STOPPED),
        ("OVERRIDDEN", (RELEASE,), Removal.NOT_STOPPED),
        ("OVERRIDDEN", (NTA,), Removal.UNCLEAR),
        ("OVERRIDDEN", (), Removal.UNCLEAR),
        ("UPHELD", (), Removal.NOT_STOPPED),
    ],
)
async def test_a_verified_reader_is_told_what_the_answer_means_for_a_removal(
    tmp_path: Path, outcome: str, granted: tuple[ReliefSought, ...], says: Removal
) -> None:
    page, notice = await page_of(House(tmp_path), outcome, granted, consent=True)
    assert notice == wording.REMOVALS[says]
    assert [each for each in Removal if wording.REMOVALS[each] in page] == [says]
    assert ("I-246" in page) is (says is not Removal.STOPPED)


@pytest.mark.parametrize(("outcome", "granted"), [("OVERRIDDEN", (STAY,)), ("UPHELD", ())])
async def test_who_is_shown_the_stage_alone_learns_nothing_of_it(
    tmp_path: Path, outcome: str, granted: tuple[ReliefSought, ...]
) -> None:
    page, notice = await page_of(House(tmp_path), outcome, granted, consent=False)
    assert notice == wording.REMOVALS[Removal.NOT_TOLD]
    assert [each for each in Removal if wording.REMOVALS[each] in page] == [Removal.NOT_TOLD]


@pytest.mark.parametrize("consent", [True, False])
async def test_a_stay_that_the_field_office_grants_is_said_at_once_to_whom_its_answer_is_shown(
    tmp_path: Path, consent: bool
) -> None:
    house = House(tmp_path)
    case_id, path = await house.opened()
    house.hear(case_id, assigned())
    if consent:
        await verified(house, case_id)
    house.hear(case_id, completed("DECLINED", granted=[STAY]))
    page = await shown(house, path)
    says = Removal.STOPPED if consent else Removal.REQUEST_STOPS_NONE
    assert [each for each in Removal if wording.REMOVALS[each] in page] == [says]
    assert ("What a request does not do" in page) is not consent


@pytest.mark.parametrize("first", ["DECLINED", "NO_ANSWER"])
@pytest.mark.parametrize("consent", [True, False])
async def test_a_stay_that_is_granted_after_a_remand_is_shown_at_once(
    tmp_path: Path, first: str, consent: bool
) -> None:
    house = House(tmp_path)
    case_id, path = await house.opened()
    house.hear(case_id, assigned())
    if consent:
        await verified(house, case_id)
    second = completed("DECLINED", number=2, granted=[STAY], declined=[RELEASE])
    house.hear(case_id, completed(first), escalated(), remanded(), second)
    says = wording.REMOVALS[Removal.STOPPED if consent else Removal.REQUEST_STOPS_NONE]
    told = (await house.http.get(path, headers={"Accept": "application/json"})).json()
    assert (told.get("outcome", {}).get("granted"), told["notice"][0]) == ([STAY] if consent else None, says)
    assert ("A part of the request was granted." in await shown(house, path)) is consent


async def test_what_an_earlier_round_granted_stands_whatever_a_later_one_says(tmp_path: Path) -> None:
    house = House(tmp_path)
    case_id, path = await house.opened()
    house.hear(case_id, assigned())
    await verified(house, case_id)
    house.hear(case_id, completed("DECLINED", granted=[STAY], declined=[RELEASE]), escalated(), remanded())
    house.hear(case_id, completed("DECLINED", number=2, declined=[RELEASE]))
    for _ in range(2):
        told = (await house.http.get(path, headers={"Accept": "application/json"})).json()
        assert (told["outcome"]["granted"], told["outcome"]["declined"]) == (
            [STAY],
            [RELEASE] if told["stage"] != "resolved" else [],
        )
        assert told["notice"][0] == wording.REMOVALS[Removal.STOPPED]
        house.hear(case_id, escalated(2), resolved("UPHELD"))
    assert told["stage"] == "resolved"
