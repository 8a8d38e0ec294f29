"""A hand-over by staff takes two people: one asks, nothing changes; another one, who saw it, confirms or refuses."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from services.intake.commands import Amend, Ask, Erase, HandOver, RuleOnConsent, RuleOnHandOver, Withdraw
from services.intake.domain.case import Resolved, WithdrawalAsked
from services.intake.domain.filing import Change
from services.intake.opening import opened
from services.intake.reactions import BEHAVIOUR
from services.intake.upcasting import with_second_person
from shared.casework.commands import Answered
from shared.contracts.parsing import parse
from shared.contracts.sealed import SealedSubmission
from shared.contracts.vocabulary import EventType, Language, Recipient, RequestorType
from shared.errors import CommandRefused
from shared.privacy.sealing import CaseKey
from shared.web.sign_in import Role
from tests.unit.intake_house import House, complete
from tests.unit.intake_world import (
    COLLEAGUE,
    DAY,
    MONDAY,
    OFFICER,
    OFFICIAL,
    World,
    assigned,
    completed,
    escalated,
    resolved,
    rules,
)
from tests.unit.one_case import as_stored

FERNBACH = {"type": "ATTORNEY", "name": "Odalys Fernbach", "email": "odalys.fernbach@example.org", "language": "es"}
FAMILY_EMAIL = "ulises.quintanabelle@example.org"


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def signed_in(house: House, who: str, roles: list[Role], *offices: str, key: str = "k") -> dict[str, str]:
    return {"Authorization": f"Bearer {house.issuer.staff(who, roles, offices=offices)}", "Idempotency-Key": key}


def officer(house: House, who: str = "person-1", office: str = "ELP", key: str = "k") -> dict[str, str]:
    return signed_in(house, who, [Role.OFFICER], office, key=key)


async def ask(
    house: House, case_id: UUID, who: dict[str, str] | None = FERNBACH, *, seen: int = 0, **head: str
) -> httpx.Response:
    wish = {"facts_seen": seen, "representative": who}
    return await house.http.post(f"/cases/{case_id}/representative", json=wish, headers=head or officer(house))


async def rule(house: House, case_id: UUID, *, confirmed: bool, seen: int = 1, **head: str) -> httpx.Response:
    wish, url = {"facts_seen": seen, "confirmed": confirmed}, f"/cases/{case_id}/representative/ruling"
    return await house.http.post(url, json=wish, headers=head or officer(house, "person-2"))


async def waiting(house: House, head: dict[str, str]) -> list[dict[str, Any]]:
    answer = await house.http.get("/hand-overs", headers=head)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["hand_overs"]
    return found


def filing(house: House, case_id: UUID) -> Any:
    state: Any = house.engine.cases[case_id].state
    return state.filing


async def known(house: House, case_id: UUID) -> SealedSubmission:
    key = (await house.keyring.get([case_id]))[case_id]
    assert isinstance(key, CaseKey)
    return opened(key, case_id, filing(house, case_id), await house.engine.sealed(case_id))


async def told(house: House, case_id: UUID) -> Any:
    return parse((await house.engine.events(case_id))[-1].body, EventType.REQUEST_AMENDED).data


async def case(house: House, **changes: Any) -> tuple[UUID, str]:
    case_id, path = await house.opened(complete(**changes))
    house.hear(case_id, assigned())
    return case_id, path


async def test_while_one_person_has_asked_nothing_changes_and_nobody_is_written_to(house: House) -> None:
    case_id, path = await case(house)
    asked = await ask(house, case_id)
    assert asked.json() == {"amendment": 1, "waits_for": "second_person"}
    assert (await house.http.get(path)).status_code == 200
    now = filing(house, case_id)
    assert (now.requestor_type, now.link_generation, now.handed_over) == ("FAMILY", 1, False)
    assert (await known(house, case_id)).requestor.email == FAMILY_EMAIL
    said = await told(house, case_id)
    assert (said.changed, said.amended_by, said.for_office) == (("hand_over_proposed",), "person-1", True)
    assert (said.requestor_type, said.link_generation, said.asked_by) == (None, 1, None)
    assert b"Fernbach" not in (await house.engine.events(case_id))[-1].body
    again = await ask(house, case_id)
    assert again.headers["Idempotency-Replayed"] == "true"


async def test_a_second_person_sees_to_whom_and_confirms_and_both_are_named(house: House) -> None:
    case_id, path = await case(house)
    await ask(house, case_id)
    shown = await house.http.get(f"/cases/{case_id}?why=consent", headers=officer(house, "person-2"))
    assert "Odalys Fernbach, odalys.fernbach@example.org" in shown.json()["personal"]["added"]["amended_1"]
    assert shown.json()["filing"]["handing_over"]["by"] == "person-1"
    done = await rule(house, case_id, confirmed=True)
    assert done.json() == {"amendment": 2}
    assert (await house.http.get(path)).status_code == 404
    assert (await house.http.get(f"/status/{house.links.token(case_id, 2)}")).status_code == 200
    people = await known(house, case_id)
    assert (people.requestor.name, people.requestor.email) == ("Odalys Fernbach", "odalys.fernbach@example.org")
    now = filing(house, case_id)
    assert (now.requestor_type, now.language, now.consent.status) == ("ATTORNEY", "es", "claimed")
    said = await told(house, case_id)
    assert (said.asked_by, said.amended_by, said.represented) == ("person-1", "person-2", True)
    assert said.changed == ("representative", "consent", "language")
    again = await rule(house, case_id, confirmed=True)
    assert again.headers["Idempotency-Replayed"] == "true"


async def test_who_asked_cannot_confirm_it_and_may_take_it_back(house: House) -> None:
    case_id, path = await case(house)
    await ask(house, case_id)
    own = await rule(house, case_id, confirmed=True, seen=1, **officer(house))
    assert (own.status_code, own.json()["code"]) == (409, "same_person")
    assert "Somebody else has to confirm it" in own.json()["detail"]
    assert (await house.http.get(path)).status_code == 200
    back = await rule(house, case_id, confirmed=False, seen=1, **officer(house))
    assert back.status_code == 200
    assert filing(house, case_id).handing_over is None


async def test_a_second_person_refuses_it_and_all_stays_as_it_was(house: House) -> None:
    case_id, path = await case(house)
    await ask(house, case_id)
    assert (await rule(house, case_id, confirmed=False)).json() == {"amendment": 2}
    assert ((await told(house, case_id)).changed) == ("hand_over_turned_down",)
    assert (await house.http.get(path)).status_code == 200
    assert (await known(house, case_id)).requestor.email == FAMILY_EMAIL
    late = await rule(house, case_id, confirmed=True, seen=2, **officer(house, "person-3"))
    assert (late.status_code, late.json()["code"]) == (409, "no_hand_over_waits")


async def test_nothing_can_be_put_in_the_place_of_what_waits(house: House) -> None:
    case_id, _ = await case(house)
    await ask(house, case_id)
    other = FERNBACH | {"email": "somebody.else@example.org"}
    swapped = await ask(house, case_id, other, seen=1, **officer(house, "person-3"))
    assert (swapped.status_code, swapped.json()["code"]) == (409, "hand_over_waits")
    blind = await rule(house, case_id, confirmed=True, seen=0)
    assert (blind.status_code, blind.json()["code"]) == (409, "facts_changed")


async def test_what_the_requestor_changes_meanwhile_ends_it(house: House) -> None:
    case_id, path = await case(house)
    await ask(house, case_id)
    form = {"idempotency_key": "a", "confirm": "yes", "information": "We have a lawyer already."}
    assert (await house.http.post(f"{path}/amend", data=form)).status_code == 303
    refused = await rule(house, case_id, confirmed=True, seen=2)
    assert (refused.status_code, refused.json()["code"]) == (409, "no_hand_over_waits")
    assert await waiting(house, officer(house)) == []
    assert (await ask(house, case_id, seen=2)).status_code == 200


async def test_staff_find_what_waits_oldest_first_and_only_their_own(house: House) -> None:
    first, _ = await case(house)
    await ask(house, first)
    house.wait(timedelta(hours=1))
    second, _ = await case(house, narrative="Another.")
    await ask(house, second, FERNBACH, seen=0, **officer(house, key="another"))
    third, _ = await case(house, narrative="A third.")
    house.hear(third, assigned(2, office="HOU"))
    await ask(house, third, FERNBACH, seen=0, **officer(house, "person-4", "HOU"))
    found = await waiting(house, officer(house, "person-2"))
    assert [each["case_id"] for each in found] == [str(first), str(second)]
    assert [found[0][name] for name in ("to", "asked_by", "amendment", "office")] == ["ATTORNEY", "person-1", 1, "ELP"]
    assert "Fernbach" not in str(found)
    assert (await rule(house, third, confirmed=True)).status_code == 403
    assert await waiting(house, signed_in(house, "official-1", [Role.SRO])) == []
    house.hear(third, escalated())
    (seen,) = await waiting(house, signed_in(house, "official-1", [Role.SRO]))
    assert seen["case_id"] == str(third)


async def test_a_case_goes_back_to_the_noncitizen_by_two_people_as_well(house: House) -> None:
    case_id, _ = await case(house)
    await ask(house, case_id)
    await rule(house, case_id, confirmed=True)
    link = f"/status/{house.links.token(case_id, 2)}"
    assert (await ask(house, case_id, None, seen=2)).status_code == 200
    assert (await house.http.get(link)).status_code == 200
    assert (await rule(house, case_id, confirmed=True, seen=3)).status_code == 200
    assert (await house.http.get(link)).status_code == 404
    assert filing(house, case_id).requestor_type == "NONCITIZEN"
    assert (await known(house, case_id)).requestor.email is None  # nobody knows one: staff tell by phone or post


async def test_nobody_who_asked_or_confirmed_for_the_office_comes_back_for_headquarters(house: House) -> None:
    case_id, _ = await case(house)
    await ask(house, case_id)
    await rule(house, case_id, confirmed=True)
    house.hear(case_id, completed("DECLINED"), escalated())
    for who, status in (("person-1", 403), ("person-2", 403), ("person-3", 200)):
        head = signed_in(house, who, [Role.SRO])
        assert (await house.http.get(f"/cases/{case_id}?why=call", headers=head)).status_code == status, who


# The same, of the reactions alone


ASKED = HandOver(1, RequestorType.ATTORNEY, Language.ES, {"amended_1": b"box"}, OFFICER)
CONFIRMED = RuleOnHandOver(1, True, COLLEAGUE, {"amended_2": b"box"})


def proposed() -> World:
    world = World()
    world.submit()
    world.hear(assigned())
    assert isinstance(world.ask(Ask.HAND_OVER, ASKED), Answered)
    return world


def refused(world: World, data: object) -> str:
    before = world.state
    answer = world.ask(Ask.RULE_ON_HAND_OVER, data)
    assert isinstance(answer, CommandRefused)
    assert world.state == before
    return answer.code


def test_it_is_over_with_the_case() -> None:
    world = proposed()
    world.hear(resolved())
    assert isinstance(world.state, Resolved)
    assert world.state.filing.handing_over is None
    assert BEHAVIOUR.queue(world.state, {})["hand_over"] is None
    assert refused(world, CONFIRMED) == "resolved"
    erased = proposed()
    erased.ask(Ask.ERASE, Erase("privacy-1", "order-7"))
    assert BEHAVIOUR.queue(erased.state, {})["hand_over"] is None
    assert refused(erased, CONFIRMED) == "not_open"


def test_it_waits_on_while_others_have_the_case_and_while_a_withdrawal_waits_for_its_answer() -> None:
    world = proposed()
    world.hear(completed("DECLINED"), escalated())
    assert BEHAVIOUR.queue(world.state, {})["hand_over"] == MONDAY
    assert isinstance(world.ask(Ask.RULE_ON_HAND_OVER, replace(CONFIRMED, by=OFFICIAL)), Answered)
    other = World()
    other.submit(requestor_type=RequestorType.NONCITIZEN)
    other.ask(Ask.HAND_OVER, ASKED)
    other.ask(Ask.WITHDRAW, Withdraw(Recipient.REQUESTOR, {}, wish=2))
    assert other.state.filing.handing_over is None  # a wish is an amendment, which staff have to look at first


def test_a_withdrawal_at_once_leaves_it_waiting() -> None:
    world = World()
    world.submit(requestor_type=RequestorType.NONCITIZEN)
    world.ask(Ask.CONSENT, RuleOnConsent(0, verified=True, by=OFFICER))
    world.ask(Ask.HAND_OVER, replace(ASKED, amendment=2, boxes={"amended_2": b"box"}))
    world.ask(Ask.WITHDRAW, Withdraw(Recipient.REQUESTOR, {}), at=MONDAY + DAY)
    assert isinstance(world.state, WithdrawalAsked)
    assert world.state.filing.handing_over is not None


def test_a_ruling_that_was_made_without_what_was_asked_for_is_made_again() -> None:
    assert refused(proposed(), replace(CONFIRMED, boxes={})) == "facts_changed"


@pytest.mark.parametrize("confirmed", [True, False])
def test_nobody_rules_on_a_case_that_they_have_not_seen_as_it_is(confirmed: bool) -> None:
    assert refused(proposed(), replace(CONFIRMED, facts_seen=0, confirmed=confirmed)) == "facts_changed"


def test_any_amendment_ends_it() -> None:
    world = proposed()
    world.ask(Ask.AMEND, Amend(2, Change(("information",)), {"amended_2": b"box"}))
    assert refused(world, replace(CONFIRMED, facts_seen=2)) == "no_hand_over_waits"


def test_a_case_stored_before_waits_for_nobody() -> None:
    world = World()
    world.submit()
    stored = as_stored(rules().mapping, world.state)
    stored["filing"].pop("handing_over", None)
    state: Any = rules().mapping.decode(with_second_person(stored))
    assert state == world.state
