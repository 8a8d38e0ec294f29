"""Who of staff may have a case in hand at intake: each route, for each person and standing, through the HTTP edge."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from services.intake.domain.case import GivesUp
from shared.casework.admission import NOT_ESCALATED, NOT_YOUR_OFFICE, RECUSED, TOUCHED, Person, Standing, turned_away
from shared.contracts import events
from shared.contracts.vocabulary import Service
from shared.web.sign_in import Role
from tests.unit.intake_house import House
from tests.unit.intake_world import assigned, completed, escalated, remanded, said_by

WHO = "person-7"
PERSONS: dict[str, tuple[list[Role], list[str]]] = {
    "officer of the office": ([Role.OFFICER], ["ELP"]),
    "officer of another": ([Role.OFFICER], ["HOU"]),
    "officer who assigns": ([Role.OFFICER], ["HQ"]),
    "official": ([Role.SRO], []),
    "official with an office in the token, and not its officer": ([Role.SRO], ["ELP"]),
}
WAIVED = "a waiver waits"
STANDINGS: dict[str, list[Any]] = {
    "unassigned": [],
    "at the office": [assigned()],
    "declined": [assigned(), completed("DECLINED")],
    WAIVED: [assigned(), completed("DECLINED")],
    "escalated": [assigned(), completed("DECLINED"), escalated()],
    "sent back": [assigned(), completed("DECLINED"), escalated(), remanded()],
}
AT_HEADQUARTERS = {"unassigned", WAIVED, "escalated", "sent back"}
ROUTES: dict[str, tuple[str, str, dict[str, Any] | None]] = {
    "personal": ("GET", "/cases/{}?why=call", None),
    "doubles": ("GET", "/cases/{}/doubles", None),
    "facts": ("POST", "/cases/{}/facts", {"facts_seen": 99, "facts": {}}),
    "consent": ("POST", "/cases/{}/consent", {"facts_seen": 99, "status": "refused"}),
    "withdrawal": ("POST", "/cases/{}/withdrawal", {"facts_seen": 99, "confirmed": False}),
    "representative": ("POST", "/cases/{}/representative", {"facts_seen": 99, "representative": None}),
    "ruling": ("POST", "/cases/{}/representative/ruling", {"facts_seen": 99, "confirmed": True}),
}


def may(person: str, standing: str) -> bool:
    """Written by hand, apart from the rule."""
    if person == "officer who assigns":
        return standing == "unassigned"
    if person.startswith("officer"):
        return person == "officer of the office" and standing != "unassigned"
    return standing in AT_HEADQUARTERS


def headers(house: House, roles: list[Role], offices: list[str], who: str = WHO) -> dict[str, str]:
    return {"Authorization": f"Bearer {house.issuer.staff(who, roles, offices=offices)}", "Idempotency-Key": "k"}


async def call(house: House, route: str, case_id: UUID, head: dict[str, str]) -> httpx.Response:
    method, path, body = ROUTES[route]
    return await house.http.request(method, path.format(case_id), json=body, headers=head)


async def standing(house: House, name: str) -> UUID:
    case_id, path = await house.opened()
    house.hear(case_id, *STANDINGS[name])
    if name == WAIVED:
        asked = await house.http.post(f"{path}/waive", data={"confirm": "yes", "idempotency_key": "w"})
        assert asked.is_success or asked.is_redirect, asked.text
        assert house.engine.cases[case_id].state.wish.of is GivesUp.REVIEW  # type: ignore[union-attr]
    return case_id


@pytest.mark.parametrize("name", STANDINGS)
async def test_each_route_lets_in_whose_case_it_is_and_nobody_else(tmp_path: Path, name: str) -> None:
    house = House(tmp_path)
    case_id = await standing(house, name)
    for person, (roles, offices) in PERSONS.items():
        for route in ROUTES:
            answer = await call(house, route, case_id, headers(house, roles, offices))
            allowed = answer.status_code != 403
            assert allowed == may(person, name), (person, route, answer.text)


def touched_by_decision(who: str) -> list[Any]:
    return [completed("DECLINED", touched_by=(who,))]


def touched_by_answer(who: str) -> list[Any]:
    answered = events.OfficeAnswered(question=UUID(int=4), answered_by="somebody", touched_by=(who,))
    return [completed("DECLINED"), said_by(Service.TRIAGE, answered)]


def recused(who: str) -> list[Any]:
    return [completed("DECLINED"), said_by(Service.ESCALATION, events.ReviewRecused(who=who))]


@pytest.mark.parametrize(
    ("kept_away", "code"),
    [(touched_by_decision, "touched_before"), (touched_by_answer, "touched_before"), (recused, "recused")],
)
async def test_who_may_not_review_a_case_has_it_in_hand_at_intake_neither(
    tmp_path: Path, kept_away: Callable[[str], list[Any]], code: str
) -> None:
    house = House(tmp_path)
    case_id, _ = await house.opened()
    house.hear(case_id, assigned(), *kept_away(WHO), escalated())
    for route in ROUTES:
        refused = await call(house, route, case_id, headers(house, [Role.SRO], []))
        assert (refused.status_code, refused.json()["code"]) == (403, code), route
        other = await call(house, route, case_id, headers(house, [Role.SRO], [], who="person-8"))
        assert other.status_code != 403, route


async def test_a_recusal_holds_for_an_officer_and_a_privacy_officer_too(tmp_path: Path) -> None:
    house = House(tmp_path)
    case_id, _ = await house.opened()
    house.hear(case_id, assigned(), *recused(WHO))
    for route in ROUTES:
        assert (await call(house, route, case_id, headers(house, [Role.OFFICER], ["ELP"]))).json()["code"] == "recused"
    assert (await call(house, "personal", case_id, headers(house, [Role.PRIVACY], []))).status_code == 403
    other = await call(house, "personal", case_id, headers(house, [Role.PRIVACY], [], who="person-8"))
    assert other.status_code == 200


async def test_who_rules_for_the_office_at_intake_does_not_come_back_for_headquarters(tmp_path: Path) -> None:
    house = House(tmp_path)
    case_id, _ = await house.opened()
    house.hear(case_id, assigned())
    verified = {"facts_seen": 0, "status": "verified"}
    officer = headers(house, [Role.OFFICER], ["ELP"])
    assert (await house.http.post(f"/cases/{case_id}/consent", json=verified, headers=officer)).is_success
    house.hear(case_id, completed("DECLINED"), escalated())
    refused = await call(house, "personal", case_id, headers(house, [Role.SRO], []))
    assert refused.json()["code"] == "touched_before"


def test_the_rule_by_itself() -> None:
    case = Standing("ELP", before_headquarters=True, touched_by={"t"}, recused={"r"})
    assert turned_away(Person("r", frozenset({"ELP"}), reviews=True), case) is RECUSED
    assert turned_away(Person("t", reviews=True), case) is TOUCHED
    assert turned_away(Person("t", frozenset({"ELP"})), case) is None  # goes on for the office
    assert turned_away(Person("o", frozenset({"HOU"}), assigns=True), case) is NOT_YOUR_OFFICE
    elsewhere = Standing("ELP", before_headquarters=False, touched_by=set(), recused=set())
    assert turned_away(Person("o", reviews=True), elsewhere) is NOT_ESCALATED
