"""Where people go: the office is named to a verified reader alone; where papers go is said to everybody."""

from pathlib import Path

import pytest

from services.intake import going
from shared.contracts.vocabulary import ReferredTo
from tests.unit.intake_house import House
from tests.unit.intake_world import assigned, completed, escalated
from tests.unit.test_status_page import shown, turned_away, verified

PAGES_OF_OTHERS = {
    ReferredTo.OPLA: "https://ice.gov/about-ice/opla/prosecutorial-discretion",
    ReferredTo.EOIR: "tel:+18008987180",
    ReferredTo.OIDO: "https://myoido.dhs.gov",
    ReferredTo.I246: None,
}


async def page_of(
    house: House, *events: object, consent: bool, office: str | None = "ELP"
) -> tuple[str, dict[str, object]]:
    """The page, and the same as JSON."""
    case_id, path = await house.opened()
    house.hear(case_id, assigned(office=office))
    if consent:
        await verified(house, case_id)
    house.hear(case_id, *events)  # type: ignore[arg-type]
    as_json = (await house.http.get(path, headers={"Accept": "application/json"})).json()
    return await shown(house, path), as_json


@pytest.mark.parametrize("events", [(), (completed("DECLINED"),), (completed("DECLINED"), escalated())])
async def test_the_office_that_has_the_case_is_named_to_a_verified_reader(
    tmp_path: Path, events: tuple[object, ...]
) -> None:
    page, as_json = await page_of(House(tmp_path), *events, consent=True)
    assert "the El Paso field office of ICE ERO. It is in El Paso, TX." in page
    assert '<a href="https://ice.gov/contact/field-offices">' in page
    assert as_json["office"] == {"code": "ELP", "name": "El Paso", "seat": "El Paso, TX"}


async def test_nobody_else_learns_which_office_has_the_case_and_the_help_line_is_named_instead(tmp_path: Path) -> None:
    page, as_json = await page_of(House(tmp_path), consent=False)
    assert "El Paso" not in page
    assert "El Paso" not in str(as_json)
    assert "office" not in as_json
    assert 'To ask which office that is, call <a href="tel:+18883514024">' in page


async def test_a_verified_reader_is_told_that_no_office_has_the_case_yet(tmp_path: Path) -> None:
    page, as_json = await page_of(House(tmp_path), consent=True, office=None)
    assert going.NOT_YET in page
    assert "office" not in as_json


@pytest.mark.parametrize("consent", [True, False])
async def test_everybody_learns_where_papers_go_and_how_to_show_who_they_are(tmp_path: Path, consent: bool) -> None:
    page, as_json = await page_of(House(tmp_path), consent=consent)
    for said in (
        "Form G-28: a lawyer",
        "ICE Form 60-001: the person signs it",
        "Are you the person?",
        "Write the case number",
    ):
        assert said in page
    assert list(going.PAPERS) == as_json["papers"][-4:]  # type: ignore[index]
    assert '<a href="https://ice.gov/eroefile">' in page


async def test_a_request_that_was_not_accepted_has_no_office_to_go_to(tmp_path: Path) -> None:
    house = House(tmp_path)
    assert "where papers go" not in await shown(house, await turned_away(house))


@pytest.mark.parametrize("to", list(ReferredTo))
async def test_a_referral_says_where_to_go(tmp_path: Path, to: ReferredTo) -> None:
    page, as_json = await page_of(House(tmp_path), completed("REFERRED", referred_to=to), consent=True)
    assert as_json["outcome"]["where_to_go"] == going.REFERRED[to]  # type: ignore[index]
    target = PAGES_OF_OTHERS[to]
    assert target is None or f'<a href="{target}">' in page
    assert to is not ReferredTo.I246 or "Bring it in person to the ICE ERO office" in page
