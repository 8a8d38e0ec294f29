"""Who may read and do what by a private link: every role, requestor, paper and ruling, through the HTTP edge.

`EXPECTED` is the README's table, told a second time; each thing is tried, not asked for.
"""

from itertools import product
from pathlib import Path

import httpx
import pytest

from shared.contracts.vocabulary import ConsentKind, ConsentStatus, Recipient, RequestorType
from tests.unit.intake_house import House, complete
from tests.unit.intake_world import assigned, completed, rules

JSON = {"Accept": "application/json"}
LAWYERS = (RequestorType.ATTORNEY, RequestorType.ACCREDITED_REP)
NONCITIZEN, FAMILY, NGO = RequestorType.NONCITIZEN, RequestorType.FAMILY, RequestorType.NGO_OTHER
CLAIMED, VERIFIED, REFUSED = ConsentStatus.CLAIMED, ConsentStatus.VERIFIED, ConsentStatus.REFUSED
PAPERS = {
    NONCITIZEN: ConsentKind.NONE,
    **dict.fromkeys(LAWYERS, ConsentKind.G28),
    FAMILY: ConsentKind.FORM_60_001,
    NGO: ConsentKind.FORM_60_001,
}
FORMS: dict[str, dict[str, str]] = {
    "review": {"ground": "NEW_CIRCUMSTANCES"},
    "waive": {},
    "withdraw": {"reason": "We moved."},
    "amend": {"information": "A child was born."},
    "contact": {"requestor_phone": "+1-555-0101"},
    "representative": {
        "representative_type": "ATTORNEY",
        "representative_name": "Odalys Fernbach",
        "representative_email": "odalys.fernbach@example.org",
    },
    "stand_down": {},
}


def expected(kind: RequestorType, ruling: ConsentStatus, *, own_link: bool) -> dict[str, str]:
    """What becomes of each thing: `yes`, `waits` (for staff), `no`. `own_link`: the noncitizen's in another's case."""
    refused, verified = ruling is REFUSED, ruling is VERIFIED
    gives_up = "no" if refused else "yes" if verified and kind in (NONCITIZEN, *LAWYERS) else "waits"
    changes = "no" if refused else "yes"
    return {
        "question": changes,
        "question_text": "yes" if verified else "no",
        "outcome": "yes" if verified else "no",
        "review": "waits" if refused else "yes",
        "waive": gives_up,
        "withdraw": gives_up,
        "amend": changes,
        "contact": "no" if own_link else changes,
        "representative": "no" if own_link else gives_up,
        "stand_down": "waits" if kind in LAWYERS and not refused else "no",
    }


async def story(
    house: House, requestor: RequestorType, kind: ConsentKind, ruling: ConsentStatus, role: Recipient
) -> tuple[str, bool]:
    """The path of a reader's page of a declined case with an open question, and whether staff could rule so."""
    body = complete(consent={"kind": kind.value, "signed": True})
    body["noncitizen"] |= {"email": "zoraida.quintanabelle@example.org"}
    case_id, path = await house.opened(body | {"requestor": body["requestor"] | {"type": requestor.value}})
    asked = await house.sealed_question(case_id, "Where did she live in 2019?")
    house.hear(case_id, assigned(), completed("DECLINED"), asked)
    if role is Recipient.NONCITIZEN:
        path = f"/status/{house.links.token(case_id, 1, role)}"
    possible = True
    if ruling is not CLAIMED:
        answer = await house.rule(case_id, ruling.value, of=role.value)
        counts = role is Recipient.NONCITIZEN or kind in rules().policies.at(house.now()).papers[requestor]
        possible = counts or ruling is REFUSED
        assert answer.is_success is possible, answer.text
        if not possible:
            assert answer.json()["code"] == "wrong_paper"
    return path, possible


async def tried(house: House, path: str, thing: str) -> str:
    told = (await house.http.get(path, headers=JSON)).json()
    page = (await house.http.get(path)).text
    match thing:
        case "question":
            return "yes" if "question" in told else "no"
        case "question_text":
            text = told.get("question", {}).get("text")
            assert (text is not None) is ("Where did she live" in page)
            return "yes" if text else "no"
        case "outcome":
            assert ("outcome" in told) is ("The field office declined the request." in page)
            return "yes" if "outcome" in told else "no"
        case _:
            return await done(house, path, thing, offered=thing in told["may"], page=page)


async def done(house: House, path: str, thing: str, *, offered: bool, page: str) -> str:
    route = "amend" if thing == "contact" else thing
    form = {"idempotency_key": "k", "confirm": "yes"} | FORMS[thing]
    assert ('name="requestor_phone"' in page if thing == "contact" else f'/{route}"' in page) is offered
    answer: httpx.Response = await house.http.post(f"{path}/{route}", data=form, headers=JSON)
    if not answer.is_success:
        assert answer.status_code == 409, answer.text
        assert answer.json()["code"] in ("consent_refused", "nobody_represents", "not_by_this_link")
        assert not offered
        return "no"
    assert offered
    return "waits" if answer.json()["done"].endswith("_waits") else "yes"


CASES = [
    *((Recipient.REQUESTOR, *each) for each in product(RequestorType, ConsentKind, ConsentStatus)),
    *((Recipient.NONCITIZEN, kind, PAPERS[kind], ruling) for kind in (FAMILY, *LAWYERS) for ruling in ConsentStatus),
]


@pytest.mark.parametrize(("role", "requestor", "paper", "ruling"), CASES)
async def test_each_reader_sees_and_does_what_the_table_allows(
    tmp_path: Path, role: Recipient, requestor: RequestorType, paper: ConsentKind, ruling: ConsentStatus
) -> None:
    own_link = role is Recipient.NONCITIZEN
    table = expected(NONCITIZEN if own_link else requestor, ruling, own_link=own_link)
    house = House(tmp_path)
    for thing, answer in table.items():
        path, possible = await story(house, requestor, paper, ruling, role)
        if not possible:
            return
        assert await tried(house, path, thing) == answer, thing


async def test_staff_find_out_who_reads_at_the_noncitizens_address(tmp_path: Path) -> None:
    house = House(tmp_path)
    path, _ = await story(house, FAMILY, ConsentKind.FORM_60_001, VERIFIED, Recipient.REQUESTOR)
    case_id = house.links.case_of(path.rpartition("/")[2])
    assert case_id is not None
    own = f"/status/{house.links.token(case_id, 1, Recipient.NONCITIZEN)}"
    assert (await house.http.get(own, headers=JSON)).json()["only_the_stage"] is True
    assert (await house.rule(case_id, "verified", of="noncitizen", seen=1)).json() == {"amendment": 2}
    assert "outcome" in (await house.http.get(own, headers=JSON)).json()
    withdrawn = await house.http.post(f"{own}/withdraw", data={"idempotency_key": "w", "confirm": "yes"}, headers=JSON)
    assert withdrawn.json()["done"] == "withdraw"
    assert withdrawn.json()["link"] == own.rpartition("/")[2]


async def test_who_is_the_requestor_is_ruled_on_as_the_requestor(tmp_path: Path) -> None:
    house = House(tmp_path)
    path, _ = await story(house, NONCITIZEN, ConsentKind.NONE, CLAIMED, Recipient.REQUESTOR)
    case_id = house.links.case_of(path.rpartition("/")[2])
    assert case_id is not None
    assert (await house.rule(case_id, "verified", of="noncitizen")).json()["code"] == "not_two_people"
