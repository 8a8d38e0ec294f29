"""Representatives over HTTP: added, changed, withdrawn; the link of before is dead at once, and nobody gets two."""

from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from services.intake.opening import opened
from shared.contracts.sealed import SealedAmendment, SealedSubmission
from shared.contracts.vocabulary import ConsentStatus
from shared.privacy.sealing import CaseKey, open_box
from shared.web.sign_in import Role
from tests.unit.intake_house import House, complete, own
from tests.unit.intake_world import assigned, completed

JSON = {"Accept": "application/json"}
ATTORNEY = {
    "representative_type": "ATTORNEY",
    "representative_name": "Odalys Fernbach",
    "representative_email": "odalys.fernbach@example.org",
    "representative_language": "es",
}


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def staff(house: House, *offices: str, who: str = "person-7") -> dict[str, str]:
    token = house.issuer.staff(who, [Role.OFFICER], offices=offices or ("ELP", "HQ"))
    return {"Authorization": f"Bearer {token}", "Idempotency-Key": "s"}


async def ask(house: House, case_id: UUID, seen: int, who: dict[str, str] | None = None) -> httpx.Response:
    """One member of staff asks for a hand-over."""
    wish = {"facts_seen": seen, "representative": who}
    return await house.http.post(f"/cases/{case_id}/representative", json=wish, headers=staff(house))


async def rule(
    house: House, case_id: UUID, seen: int, *, confirmed: bool = True, who: str = "person-8"
) -> httpx.Response:
    """Somebody, most often another one, rules on it."""
    wish = {"facts_seen": seen, "confirmed": confirmed}
    url = f"/cases/{case_id}/representative/ruling"
    return await house.http.post(url, json=wish, headers=staff(house, who=who))


async def post(house: House, path: str, form: dict[str, str], **how: Any) -> httpx.Response:
    return await house.http.post(path, data={"idempotency_key": "r", "confirm": "yes"} | form, **how)


async def known(house: House, case_id: UUID) -> SealedSubmission:
    key = (await house.keyring.get([case_id]))[case_id]
    assert isinstance(key, CaseKey)
    return opened(key, case_id, state(house, case_id).filing, await house.engine.sealed(case_id))


def state(house: House, case_id: UUID) -> Any:
    return house.engine.cases[case_id].state


async def verified(house: House, case_id: UUID, seen: int) -> None:
    wish = {"facts_seen": seen, "status": "verified"}
    answer = await house.http.post(f"/cases/{case_id}/consent", json=wish, headers=staff(house))
    assert answer.status_code == 200, answer.text


async def test_who_hands_over_is_told_so_and_never_gets_the_new_link(house: House) -> None:
    case_id, path = await house.opened(own())
    await verified(house, case_id, 0)
    asked = await post(house, f"{path}/representative", ATTORNEY | {"confirm": ""})
    assert "The link that you have stops working now." in asked.text.replace("\n", " ")
    assert "Odalys Fernbach" in asked.text
    done = await post(house, f"{path}/representative", ATTORNEY)
    assert done.status_code == 200
    assert "The case was handed over" in done.text
    assert house.links.token(case_id, 2) not in done.text
    assert (await house.http.get(path)).status_code == 404
    assert (await house.http.get(f"/status/{house.links.token(case_id, 2)}")).status_code == 200


async def test_a_program_gets_no_link_either(house: House) -> None:
    case_id, path = await house.opened(own())
    await verified(house, case_id, 0)
    answer = await post(house, f"{path}/representative", ATTORNEY, headers=JSON)
    assert set(answer.json()) == {"done", "case_number"}


async def test_a_noncitizen_who_hands_over_stays_reachable(house: House) -> None:
    case_id, path = await house.opened(own())
    await verified(house, case_id, 0)
    await post(house, f"{path}/representative", ATTORNEY)
    people = await known(house, case_id)
    assert people.requestor.email == "odalys.fernbach@example.org"
    assert people.requestor.phone is None  # nothing of the one before
    assert people.noncitizen.email == "ulises.quintanabelle@example.org"
    assert people.noncitizen.language == "en"
    assert people.noncitizen.a_number == "012345678"
    event = (await house.engine.events(case_id))[-1]
    assert b"Fernbach" not in event.body


async def test_the_new_one_sees_only_the_stage_until_staff_have_seen_a_g28(house: House) -> None:
    case_id, path = await house.opened(own())
    house.hear(case_id, assigned(), completed("DECLINED"))
    await verified(house, case_id, 0)
    assert "outcome" in (await house.http.get(path, headers=JSON)).json()
    await post(house, f"{path}/representative", ATTORNEY)
    now = f"/status/{house.links.token(case_id, 2)}"
    assert (await house.http.get(now, headers=JSON)).json()["only_the_stage"] is True
    await verified(house, case_id, 2)
    assert "outcome" in (await house.http.get(now, headers=JSON)).json()


async def test_standing_down_waits_until_staff_see_that_the_noncitizen_can_be_reached(house: House) -> None:
    body = complete(consent={"kind": "G28", "signed": True})
    body["requestor"] |= {"type": "ATTORNEY"}
    body["noncitizen"] |= {"email": "zoraida.quintanabelle@example.org", "language": "es"}
    case_id, path = await house.opened(body)
    house.hear(case_id, assigned())
    await verified(house, case_id, 0)
    assert "stand_down" in (await house.http.get(path, headers=JSON)).json()["may"]
    asked = await post(house, f"{path}/stand_down", {"confirm": ""})
    assert "We first make sure that we can reach the person." in asked.text
    done = await post(house, f"{path}/stand_down", {})
    assert "Nothing has changed yet." in (await house.http.get(done.headers["Location"])).text
    assert state(house, case_id).filing.requestor_type == "ATTORNEY"
    assert (await ask(house, case_id, 2)).status_code == 200
    answer = await rule(house, case_id, 3)
    assert answer.status_code == 200, answer.text
    assert (await house.http.get(path)).status_code == 404
    people = await known(house, case_id)
    assert people.requestor.email == "zoraida.quintanabelle@example.org"
    assert people.requestor.name == "Zoraida Quintanabelle"
    filing = state(house, case_id).filing
    assert (filing.requestor_type, filing.language, filing.consent.status) == ("NONCITIZEN", "es", "claimed")
    now = f"/status/{house.links.token(case_id, 2)}"
    assert "stand_down" not in (await house.http.get(now, headers=JSON)).json()["may"]
    assert (await post(house, f"{now}/stand_down", {"idempotency_key": "again"})).status_code == 409


async def test_a_hand_over_by_somebody_who_may_not_act_alone_waits_for_staff(house: House) -> None:
    case_id, path = await house.opened()
    house.hear(case_id, assigned())
    asked = await post(house, f"{path}/representative", ATTORNEY | {"confirm": ""})
    assert "can hand the case over alone" in asked.text
    done = await post(house, f"{path}/representative", ATTORNEY)
    assert "Nothing has changed yet." in (await house.http.get(done.headers["Location"])).text
    told = (await house.http.get(path, headers=JSON)).json()
    assert told["hand_over_waits"] is True
    assert told["may"] == ["amend", "contact"]
    people, filing = await known(house, case_id), state(house, case_id).filing
    assert (filing.requestor_type, filing.link_generation) == ("FAMILY", 1)
    assert people.requestor.email == "ulises.quintanabelle@example.org"
    key = (await house.keyring.get([case_id]))[case_id]
    assert isinstance(key, CaseKey)
    box = (await house.engine.sealed(case_id))["amended_1"]
    words = SealedAmendment.model_validate_json(open_box(key, case_id=case_id, name="amended_1", box=box)).text
    assert words is not None
    assert "odalys.fernbach@example.org" in words
    (waits,) = (await house.http.get("/withdrawals", headers=staff(house))).json()["withdrawals"]
    assert waits["of"] == "case"
    yes = {"facts_seen": 1, "confirmed": True}
    answer = await house.http.post(f"/cases/{case_id}/withdrawal", json=yes, headers=staff(house))
    assert answer.json()["code"] == "hand_it_over"
    who = {"type": "ATTORNEY", "name": "Odalys Fernbach", "email": "odalys.fernbach@example.org"}
    assert (await ask(house, case_id, 1, who)).status_code == 200
    assert state(house, case_id).wish is not None  # goes on waiting until somebody else has confirmed it
    answer = await rule(house, case_id, 2)
    assert answer.status_code == 200, answer.text
    assert (await house.http.get(path)).status_code == 404
    assert state(house, case_id).wish is None


async def test_a_program_is_told_that_a_hand_over_waits_and_keeps_its_link(house: House) -> None:
    case_id, path = await house.opened()
    answer = (await post(house, f"{path}/representative", ATTORNEY, headers=JSON)).json()
    assert answer["done"] == "hand_over_waits"
    assert answer["link"] == house.links.token(case_id, 1)


async def test_a_representative_without_an_address_or_of_another_kind_is_not_taken(house: House) -> None:
    case_id, path = await house.opened(own())
    nowhere = await post(house, f"{path}/representative", ATTORNEY | {"representative_email": ""})
    assert nowhere.status_code == 422
    assert "E-mail of the representative" in nowhere.text
    cousin = await post(house, f"{path}/representative", ATTORNEY | {"representative_type": "FAMILY"})
    assert cousin.status_code == 422
    odd = await post(house, f"{path}/representative", ATTORNEY | {"representative_email": "nowhere"})
    assert odd.status_code == 422
    assert state(house, case_id).filing.link_generation == 1


async def test_another_name_under_a_verified_paper_has_to_be_verified_anew(house: House) -> None:
    case_id, path = await house.opened()
    house.hear(case_id, assigned())
    await verified(house, case_id, 0)
    await post(house, f"{path}/amend", {"requestor_phone": "+1-555-0101"})
    assert state(house, case_id).filing.consent.status is ConsentStatus.VERIFIED
    await post(house, f"{path}/amend", {"requestor_name": "Somebody Else"})
    assert state(house, case_id).filing.consent.status is ConsentStatus.CLAIMED
    assert state(house, case_id).filing.consent.kind == "FORM_60_001"
