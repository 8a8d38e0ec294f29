"""Withdrawals over HTTP: at once for the noncitizen and verified representatives, by staff's word for all others."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from services.intake.domain.case import UnderConsideration, WithdrawalAsked
from shared.contracts.parsing import parse
from shared.contracts.sealed import SealedAmendment
from shared.contracts.vocabulary import EventType
from shared.privacy.sealing import CaseKey, open_box
from shared.web.sign_in import Role
from tests.unit.intake_house import House, complete, own
from tests.unit.intake_world import assigned, escalated

JSON = {"Accept": "application/json"}


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def staff(house: House, role: Role = Role.OFFICER, *offices: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {house.issuer.staff('person-7', [role], offices=offices or ('ELP',))}"}


async def withdraw(house: House, path: str, **how: Any) -> httpx.Response:
    form = {"idempotency_key": "w", "confirm": "yes", "reason": "We moved."} | how.pop("form", {})
    return await house.http.post(f"{path}/withdraw", data=form, **how)


async def rule(house: House, case_id: UUID, *, confirmed: bool, seen: int = 1, **who: str) -> httpx.Response:
    wish = {"facts_seen": seen, "confirmed": confirmed}
    headers = {"Idempotency-Key": "r"} | (who or staff(house))
    return await house.http.post(f"/cases/{case_id}/withdrawal", json=wish, headers=headers)


def state(house: House, case_id: UUID) -> Any:
    return house.engine.cases[case_id].state


async def test_the_requestor_is_told_that_a_withdrawal_waits_before_and_after(house: House) -> None:
    case_id, path = await house.opened()
    asked = await withdraw(house, path, form={"confirm": ""})
    assert "can take the request back alone" in asked.text
    assert isinstance(state(house, case_id), UnderConsideration)
    done = await withdraw(house, path)
    assert done.status_code == 303
    shown = (await house.http.get(done.headers["Location"])).text
    assert "Staff must agree first. Nothing has changed yet." in shown
    assert 'action="/status/' in shown
    assert "/withdraw" not in shown  # asked already
    told = (await house.http.get(path, headers=JSON)).json()
    assert told["withdrawal_waits"] is True
    assert told["stage"] == "received"
    assert "withdraw" not in told["may"]
    sealed = (await house.engine.sealed(case_id))["amended_1"]
    key = (await house.keyring.get([case_id]))[case_id]
    assert isinstance(key, CaseKey)
    words = SealedAmendment.model_validate_json(open_box(key, case_id=case_id, name="amended_1", box=sealed)).text
    assert words == "We moved."


async def test_a_program_is_told_that_it_waits(house: House) -> None:
    _, path = await house.opened()
    assert (await withdraw(house, path, headers=JSON)).json()["done"] == "withdraw_waits"
    case_id, path = await house.opened(own())
    await house.rule(case_id, "verified")
    assert (await withdraw(house, path, headers=JSON)).json()["done"] == "withdraw"


async def test_two_amendments_at_once_lose_no_withdrawal(house: House) -> None:
    """The form was opened before somebody else's amendment: the wish is sealed again under its own number."""
    case_id, path = await house.opened()
    form = {"idempotency_key": "a", "confirm": "yes", "information": "One."}
    await house.http.post(f"{path}/amend", data=form)
    assert (await withdraw(house, path)).status_code == 303
    assert state(house, case_id).wish is not None
    assert set(await house.engine.sealed(case_id)) == {"submitted", "amended_1", "amended_2"}


async def test_staff_find_what_waits_oldest_first_and_only_their_own(house: House) -> None:
    first, path = await house.opened()
    house.hear(first, assigned(office="ELP"))
    await withdraw(house, path)
    house.wait(timedelta(hours=-1))
    second, other = await house.opened(complete(narrative="Another."))
    await withdraw(house, other)
    third, elsewhere = await house.opened(complete(narrative="A third."))
    house.hear(third, assigned(office="HOU"))
    await withdraw(house, elsewhere)
    queue = (await house.http.get("/withdrawals", headers=staff(house))).json()["withdrawals"]
    assert [each["case_id"] for each in queue] == [str(first)]
    assert queue[0]["requestor_type"] == "FAMILY"
    assert "Quintanabelle" not in str(queue)
    for headquarters in (staff(house, Role.SRO), staff(house, Role.OFFICER, "HQ")):
        unassigned = (await house.http.get("/withdrawals", headers=headquarters)).json()["withdrawals"]
        assert [each["case_id"] for each in unassigned] == [str(second)]
    house.hear(third, escalated())
    escalated_too = (await house.http.get("/withdrawals", headers=staff(house, Role.SRO))).json()["withdrawals"]
    assert [each["case_id"] for each in escalated_too] == [str(second), str(third)]
    assert (await rule(house, third, confirmed=True)).status_code == 403


async def test_an_officer_confirms_or_does_not(house: House) -> None:
    case_id, path = await house.opened()
    house.hear(case_id, assigned())
    await withdraw(house, path)
    shown = await house.http.get(f"/cases/{case_id}", headers=staff(house))
    assert shown.json()["withdrawal_waits_since"]
    assert (await rule(house, case_id, confirmed=True, seen=0)).json()["code"] == "facts_changed"
    assert (await rule(house, case_id, confirmed=True)).status_code == 200
    again = await rule(house, case_id, confirmed=True)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert isinstance(state(house, case_id), WithdrawalAsked)
    assert (await house.http.get("/withdrawals", headers=staff(house))).json()["withdrawals"] == []
    assert (await house.http.get(path, headers=JSON)).json()["stage"] == "withdrawal_asked"
    kept, path = await house.opened(complete(narrative="Another."))
    house.hear(kept, assigned())
    await withdraw(house, path)
    assert (await rule(house, kept, confirmed=False)).status_code == 200
    told = (await house.http.get(path, headers=JSON)).json()
    assert "withdrawal_waits" not in told
    assert "withdraw" in told["may"]
    assert isinstance(state(house, kept), UnderConsideration)


@pytest.mark.parametrize(("role", "for_office"), [(Role.OFFICER, True), (Role.SRO, False)])
async def test_the_event_says_whether_an_officer_of_the_office_ruled(
    house: House, role: Role, for_office: bool
) -> None:
    case_id, path = await house.opened()
    house.hear(case_id, assigned(), escalated())
    await withdraw(house, path)
    answer = await rule(house, case_id, confirmed=False, seen=1, **staff(house, role))
    assert answer.status_code == 200, answer.text
    told = parse((await house.engine.events(case_id))[-1].body, EventType.REQUEST_AMENDED).data
    assert (told.amended_by is not None, told.for_office) == (True, for_office)
