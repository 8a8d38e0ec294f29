"""Whoever sends a request is told all that it lacks and all of it that was not understood, wherever they look."""

import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from services.intake.channels.kafka import read_record
from services.intake.raw import RawSubmission, Refusal
from services.intake.submitting import Prepared
from shared.contracts.sealed import SealedSubmission
from shared.contracts.vocabulary import Recipient
from shared.privacy.sealing import CaseKey, open_box
from tests.unit.intake_house import House, complete
from tests.unit.intake_world import MONDAY, assigned

JSON = {"Accept": "application/json"}
SURNAME = "Quintanabelle"


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def urgent(**changes: Any) -> dict[str, Any]:
    return complete(custody={"status": "DETAINED", "facility": {"state": "TX", "county": "El Paso"}}, **changes)


async def test_an_empty_request_is_taken_in_and_told_everything_that_it_lacks(house: House) -> None:
    answer = await house.submit({})
    assert answer.status_code == 202
    missing = answer.json()["missing"]
    assert [each["code"] for each in missing] == [
        "NO_NAME",
        "NO_A_NUMBER",
        "NO_DATE_OF_BIRTH",
        "NO_REQUESTOR_NAME",
        "NO_DECISION_STATED",
        "NO_RELIEF_STATED",
        "NO_NARRATIVE",
        "NO_PLACE",
        "NO_CONSENT",
        "NO_EMAIL",
        "NO_CUSTODY",
    ]
    assert all(each["message"].endswith(".") for each in missing)


async def test_an_a_number_that_cannot_be_read_and_a_missing_address_are_named(house: House) -> None:
    noncitizen = {"given_name": "Zoraida", "family_name": SURNAME, "a_number": "12", "date_of_birth": "1990-05-17"}
    answer = await house.submit(urgent(noncitizen=noncitizen, requestor={"type": "FAMILY", "name": "Ulises"}))
    assert [each["code"] for each in answer.json()["missing"]] == ["BAD_A_NUMBER", "NO_EMAIL"]


async def test_a_complete_request_lacks_nothing_and_a_repeat_is_told_the_same(house: House) -> None:
    assert (await house.submit(complete())).json()["missing"] == []
    key = str(uuid4())
    first, again = [await house.submit(urgent(a_numbr="1", narrative=None), key) for _ in range(2)]
    assert first.json() == again.json()
    assert [each["code"] for each in again.json()["missing"]] == ["NO_NARRATIVE"]
    assert again.json()["ignored"] == [{"field": "a_numbr", "like": "noncitizen.a_number"}]


async def test_without_an_e_mail_alone_nobody_is_sent_back(house: House) -> None:
    answer = await house.submit(complete(requestor={"type": "FAMILY", "name": "Ulises Quintanabelle"}))
    assert (answer.status_code, [each["code"] for each in answer.json()["missing"]]) == (202, ["NO_EMAIL"])


@pytest.mark.parametrize(
    ("place", "codes"),
    [
        ({"state": "TX", "county": "El Paso"}, []),
        ({"state": "TX"}, ["NO_COUNTY"]),
        ({"state": "TX", "county": "Austin, the city"}, ["NO_COUNTY"]),  # no county of the state
        ({"state": "TX", "zip_code": "78701"}, []),
        ({"zip_code": "79901"}, []),
        ({"state": "Nirvana"}, ["NO_COUNTY"]),
        ({"state": "AZ"}, []),  # one office has the whole state
        ({"state": "AS"}, []),  # no office has it, whatever the county
        ({}, ["NO_PLACE"]),
    ],
)
@pytest.mark.parametrize("detained", [False, True])
async def test_who_gives_a_place_that_leads_to_no_office_is_asked_for_what_is_missing(
    house: House, place: dict[str, str], codes: list[str], detained: bool
) -> None:
    facility = {"NO_COUNTY": "NO_FACILITY", "NO_PLACE": "NO_FACILITY"}
    if detained:
        body = complete(custody={"status": "DETAINED", "facility": place}, place={"state": "TX"})
        codes = [facility[code] for code in codes]
    else:
        body = complete(place=place)
    answer = await house.submit(body)
    said = answer.json()
    assert answer.status_code == (422 if codes == ["NO_PLACE"] else 202)
    assert [each["code"] for each in said["codes" if codes == ["NO_PLACE"] else "missing"]] == codes


async def test_the_page_asks_for_the_county_and_takes_a_zip_code_for_it(house: House) -> None:
    case_id, path = await house.opened(complete(place={"state": "TX", "county": "Austin, the city"}))
    assert [each["code"] for each in (await house.http.get(path, headers=JSON)).json()["missing"]] == ["NO_COUNTY"]
    page = (await house.http.get(f"{path}?lang=es")).text
    assert "La ciudad sola no basta." in page
    assert 'aria-describedby="place_county-hint"' in page
    fields = {"place_state": "TX", "place_county": "78701", "confirm": "yes", "idempotency_key": str(uuid4())}
    assert (await house.http.post(f"{path}/amend", data=fields)).status_code == 303
    state: Any = house.engine.cases[case_id].state
    assert (state.filing.place.state, state.filing.place.county) == ("TX", "Travis County")


async def test_who_cannot_stand_down_is_told_so_and_not_that_something_broke(house: House) -> None:
    _, path = await house.opened(complete())
    key = {"idempotency_key": str(uuid4())}
    assert "Ask to stop speaking for the person" in (await house.http.post(f"{path}/stand_down", data=key)).text
    assert (await house.http.post(f"{path}/stand_down", data=key | {"confirm": "yes"})).status_code == 409


async def test_who_reads_the_noncitizens_copy_is_told_what_is_missing_once_staff_have_verified_them(
    house: House,
) -> None:
    body = urgent(narrative=None, a_numbr="12")
    body["noncitizen"] = body["noncitizen"] | {"email": "zoraida@example.org"}
    case_id, path = await house.opened(body)
    house.hear(case_id, assigned())
    own = f"/status/{house.links.token(case_id, 1, Recipient.NONCITIZEN)}"

    async def told(link: str) -> tuple[list[str], list[str]]:
        said = (await house.http.get(link, headers=JSON)).json()
        return [each["code"] for each in said.get("missing", [])], said.get("not_understood", [])

    everything = (["NO_NARRATIVE"], ["noncitizen.a_number"])
    assert (await told(path), await told(own)) == (everything, ([], []))
    assert (await house.rule(case_id, "verified", of="noncitizen")).status_code == 200
    assert await told(own) == everything


async def test_a_request_that_is_sent_back_is_told_the_rest_too(house: House) -> None:
    answer = await house.submit(complete(narrative="", requestor={"type": "FAMILY", "name": "U"}, narative="Words."))
    assert answer.status_code == 422
    said = answer.json()
    assert [each["code"] for each in said["codes"]] == ["NO_NARRATIVE"]
    assert [each["code"] for each in said["missing"]] == ["NO_EMAIL"]
    assert said["ignored"] == [{"field": "narative", "like": "narrative"}]


async def test_page_json_and_event_name_the_field_that_was_meant_and_no_word_of_the_requestor(house: House) -> None:
    case_id, path = await house.opened(urgent(narrative=None, a_numbr="12", **{SURNAME: 1}))
    said = (await house.http.get(path, headers=JSON)).json()
    assert said["not_understood"] == ["noncitizen.a_number", "?"]
    assert [each["code"] for each in said["missing"]] == ["NO_NARRATIVE"]
    page = (await house.http.get(path)).text
    assert "We could not read some parts of the request." in page
    assert "<code>noncitizen.a_number</code>" in page
    (event,) = house.engine.cases[case_id].changes.events
    data = json.loads(event.body)["data"]
    assert data["not_understood"] == ["noncitizen.a_number", "?"]
    assert data["incomplete"] == ["NO_NARRATIVE"]
    assert SURNAME not in json.dumps(data) + page + repr(house.engine.cases[case_id].state)


async def test_officers_who_open_the_case_see_the_names_as_they_were_written(house: House) -> None:
    case_id, _ = await house.opened(urgent(a_numbr="12"))
    key = (await house.keyring.get([case_id]))[case_id]
    assert isinstance(key, CaseKey)
    box = (await house.engine.sealed(case_id))["submitted"]
    opened = SealedSubmission.model_validate_json(open_box(key, case_id=case_id, name="submitted", box=box))
    assert opened.ignored == ("a_numbr",)


async def test_who_took_the_case_over_reads_nothing_of_what_was_passed_over(house: House) -> None:
    case_id, path = await house.opened(urgent(a_numbr="12"))
    assert "not_understood" in (await house.http.get(path, headers=JSON)).json()
    house.hear(case_id, assigned())
    form = {"representative_type": "ATTORNEY", "representative_name": "T", "representative_email": "t@example.org"}
    fields = form | {"idempotency_key": str(uuid4()), "confirm": "yes"}
    await house.http.post(f"{path}/representative", data=fields)
    state: Any = house.engine.cases[case_id].state
    if state.filing.handed_over:
        token = house.links.token(case_id, state.filing.link_generation)
        assert "not_understood" not in (await house.http.get(f"/status/{token}", headers=JSON)).json()


def record(data: str) -> RawSubmission | Refusal:
    written = f'{{"specversion":"1.0","id":"1","type":"request.received","source":"urn:x","data":{data}}}'
    return read_record(written.encode(), topic="request.received", at=MONDAY)


@pytest.mark.parametrize(
    ("data", "place"),
    [
        ('{"narrative":"a","narrative":"b"}', "data.narrative"),
        ('{"request":{"custody":{"status":"DETAINED","status":"DETAINED"}}}', "data.request.custody.status"),
    ],
)
def test_a_name_that_comes_twice_makes_a_record_a_dead_letter_with_its_place(data: str, place: str) -> None:
    refused = record(data)
    assert isinstance(refused, Refusal)
    assert refused.reason == f"wrong_body; {place}: repeated"
    assert isinstance(record('{"narrative":"a"}'), RawSubmission)


async def test_what_a_channel_sends_is_looked_at_the_same_way(house: House) -> None:
    raw = record('{"a_numbr":"12","custody":{"status":"DETAINED"}}')
    assert isinstance(raw, RawSubmission)
    (prepared,) = await house.submissions.prepare([raw])
    await house.carry_out(prepared)
    assert isinstance(prepared, Prepared)
    state: Any = house.engine.cases[prepared.command.case_id].state
    assert state.filing.not_understood == ("noncitizen.a_number",)
    assert "NO_EMAIL" in state.filing.incomplete


async def test_a_key_that_comes_twice_is_answered_400_with_its_place(house: House) -> None:
    headers = {"Idempotency-Key": str(uuid4())}
    raw = b'{"custody":{"status":"DETAINED"},"custody":{"status":"NOT_DETAINED"}}'
    answer = await house.http.post("/requests", content=raw, headers=headers)
    assert answer.status_code == 400
    assert [(each["field"], each["code"]) for each in answer.json()["errors"]] == [("custody", "repeated")]
