"""Who may read and do what by a private link: every requestor, paper and ruling, through the HTTP edge."""

from itertools import product
from pathlib import Path
from typing import Any

import pytest

from shared.contracts.vocabulary import ConsentKind, ConsentStatus, RequestorType
from shared.web.sign_in import Role
from tests.unit.intake_house import House, complete
from tests.unit.intake_world import assigned, completed, question, rules

JSON = {"Accept": "application/json"}
REPRESENTATIVES = (RequestorType.ATTORNEY, RequestorType.ACCREDITED_REP)


def acts_alone(requestor: RequestorType, kind: ConsentKind, ruling: ConsentStatus) -> bool:
    """As the README has it, told a second time."""
    if requestor is RequestorType.NONCITIZEN:
        return ruling is not ConsentStatus.REFUSED
    return requestor in REPRESENTATIVES and kind is ConsentKind.G28 and ruling is ConsentStatus.VERIFIED


@pytest.mark.parametrize(("requestor", "kind", "ruling"), list(product(RequestorType, ConsentKind, ConsentStatus)))
async def test_each_reader_sees_and_does_what_the_consent_allows(
    tmp_path: Path, requestor: RequestorType, kind: ConsentKind, ruling: ConsentStatus
) -> None:
    house = House(tmp_path)
    body = complete(consent={"kind": kind.value, "signed": True})
    case_id, path = await house.opened(body | {"requestor": body["requestor"] | {"type": requestor.value}})
    house.hear(case_id, assigned(), question(), completed("DECLINED"))
    if ruling is not ConsentStatus.CLAIMED:
        token = house.issuer.staff("person-7", [Role.OFFICER], offices=("ELP",))
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "r"}
        wish = {"facts_seen": 0, "status": ruling.value}
        counts = kind in rules().policies.at(house.now()).papers[requestor]
        answer = await house.http.post(f"/cases/{case_id}/consent", json=wish, headers=headers)
        if ruling is ConsentStatus.VERIFIED and not counts:
            assert answer.json()["code"] == "wrong_paper"
            return
        assert answer.status_code == 200, answer.text
    told = (await house.http.get(path, headers=JSON)).json()
    refused, verified = ruling is ConsentStatus.REFUSED, ruling is ConsentStatus.VERIFIED
    assert ("outcome" in told) is verified
    assert told.get("only_the_stage", False) is not verified
    assert ("question" in told) is not refused
    allowed = {"review"} if refused else {"review", "waive", "withdraw", "amend", "contact", "representative"}
    if requestor in REPRESENTATIVES and not refused:
        allowed.add("stand_down")
    assert set(told["may"]) == allowed
    form: dict[str, Any] = {"idempotency_key": "w", "confirm": "yes"}
    done = (await house.http.post(f"{path}/waive", data=form, headers=JSON)).json()
    expected = "waive" if acts_alone(requestor, kind, ruling) else "waive_waits"
    assert done.get("code", done.get("done")) == ("consent_refused" if refused else expected)
