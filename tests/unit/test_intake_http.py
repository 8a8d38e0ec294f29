"""Intake over HTTP: the acknowledgement, the private link and its forms, staff."""

import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import pytest

from services.intake.domain.case import (
    Accepted,
    Erased,
    ReviewAsked,
    ReviewLapsed,
    UnderConsideration,
    WindowOpen,
    WithdrawalAsked,
)
from shared.contracts.sealed import SealedAmendment, SealedText
from shared.contracts.vocabulary import ConsentStatus, Language
from shared.privacy.sealing import CaseKey, open_box, seal
from shared.web.sign_in import Role
from tests.unit.intake_house import House, complete, own
from tests.unit.intake_world import DAY, MONDAY, assigned, completed, escalated, question, remanded, resolved

JSON = {"Accept": "application/json"}


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


async def page(house: House, path: str, **headers: str) -> str:
    answer = await house.http.get(path, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.text


async def post(
    house: House, path: str, form: Mapping[str, str], *, confirm: bool = True, **headers: str
) -> httpx.Response:
    fields = {"idempotency_key": str(uuid4()), **({"confirm": "yes"} if confirm else {}), **form}
    return await house.http.post(path, data=fields, headers=headers)


async def opened(house: House, case_id: UUID, name: str) -> bytes:
    key = (await house.keyring.get([case_id]))[case_id]
    assert isinstance(key, CaseKey)
    return open_box(key, case_id=case_id, name=name, box=(await house.engine.sealed(case_id))[name])


def state(house: House, case_id: UUID) -> object:
    return house.engine.cases[case_id].state


def staff(house: House, role: Role, *offices: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {house.issuer.staff('person-7', [role], offices=offices)}"}


async def ruled(house: House, case_id: UUID, status: str) -> None:
    headers = staff(house, Role.OFFICER, "ELP", "HQ") | {"Idempotency-Key": status}
    wish = {"facts_seen": 0, "status": status}
    answer = await house.http.post(f"/cases/{case_id}/consent", json=wish, headers=headers)
    assert answer.status_code == 200, answer.text


# Submitting


async def test_an_accepted_request_is_acknowledged_with_number_link_and_what_it_does_not_do(house: House) -> None:
    key = str(uuid4())
    answer = await house.submit(complete(), key)
    assert answer.status_code == 202
    receipt = answer.json()
    assert re.fullmatch(r"[0-9A-Z]{5}-[0-9A-Z]{5}-[0-9A-Z]", receipt["case_number"])
    assert receipt["received_at"] == "2021-03-08T14:00:00.000+00:00"
    assert any("I-246" in sentence for sentence in receipt["notice"])
    assert any("does not stop a removal" in sentence for sentence in receipt["notice"])
    assert "Idempotency-Replayed" not in answer.headers
    again = await house.submit(complete(), key)
    assert (again.status_code, again.json()) == (202, receipt)
    assert again.headers["Idempotency-Replayed"] == "true"


async def test_a_rejected_request_gets_all_codes_with_sentences_in_its_language(house: House) -> None:
    spanish = complete(narrative=" ", place={})
    spanish["requestor"] = spanish["requestor"] | {"language": "es"}
    answer = await house.submit(spanish)
    assert answer.status_code == 422
    problem = answer.json()
    assert [each["code"] for each in problem["codes"]] == ["NO_NARRATIVE", "NO_PLACE"]
    assert problem["codes"][1]["message"].startswith("Dé el estado")
    assert problem["code"] == "not_accepted"
    shown = await page(house, problem["status_url"])
    assert "Dé el estado" in shown
    assert 'lang="es"' in shown


async def test_a_reused_key_shows_nothing_of_the_case(house: House) -> None:
    key = str(uuid4())
    number = (await house.submit(complete(), key)).json()["case_number"]
    answer = await house.submit(complete(narrative="Other."), key)
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert number not in answer.text


async def test_wrong_types_are_told_by_field_without_a_word_of_the_body(house: House) -> None:
    wrong = complete(custody={"status": "Zoraida"})
    answer = await house.submit(wrong)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "custody.status"
    assert "Zoraida" not in answer.text
    assert (await house.submit(complete(narrative="x" * 300_000))).status_code == 413


@pytest.mark.parametrize("key", ["1", "my-request", "00000000-0000-1000-8000-000000000000"])
async def test_without_a_token_the_key_must_be_a_random_uuid(house: House, key: str) -> None:
    answer = await house.submit(complete(), key)
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_not_random")


# The private link


async def test_wrong_unknown_revoked_and_expired_links_get_the_same_answer(house: House) -> None:
    case_id, path = await house.opened()
    bad = [
        f"/status/{house.links.token(uuid4(), 1)}",
        f"/status/{house.links.token(case_id, 2)}",
        "/status/nonsense",
        path[:-3] + "AAA",
    ]
    pages = [await house.http.get(each) for each in bad]
    house.clock = MONDAY + 731 * DAY
    pages.append(await house.http.get(path))
    assert {answer.status_code for answer in pages} == {404}
    assert len({answer.text for answer in pages}) == 1
    assert len({str(sorted(answer.headers.items())) for answer in pages}) == 1
    as_json = [await house.http.get(each, headers=JSON) for each in bad]
    assert len({answer.text for answer in as_json}) == 1
    posts = [await post(house, f"{each}/withdraw", {}) for each in bad]
    assert {answer.status_code for answer in posts} == {404}


async def test_the_page_says_the_stage_what_comes_next_and_what_it_does_not_do(house: House) -> None:
    case_id, path = await house.opened()
    house.hear(case_id, assigned())
    shown = await page(house, path)
    assert "An officer will look at it." in shown
    assert "Wednesday, April 7, 2021, 8:00" in shown  # by when, in summer time, where the person lives
    assert "(Mountain time)" in shown
    assert "does not stop a removal" in shown
    assert "Form I-246 in person" in shown
    assert "1-888-351-4024" in shown
    for secret in ("Quintanabelle", "El Paso", "ELP", "example.org", "<script"):
        assert secret not in shown


async def test_the_reader_chooses_the_language(house: House) -> None:
    _, path = await house.opened()
    assert 'lang="en"' in await page(house, path)
    spanish = await page(house, path, **{"Accept-Language": "fr;q=0.9, es-MX;q=0.8, en;q=0.3"})
    assert '<html lang="es"' in spanish
    assert "Esta solicitud no detiene una deportación." in spanish
    assert '<html lang="es"' in await page(house, f"{path}?lang=es", **{"Accept-Language": "en"})


async def test_the_outside_sees_only_the_stage_until_consent_is_verified(house: House) -> None:
    case_id, path = await house.opened()
    outcome = completed("DECLINED")
    reasons = outcome.data.model_copy(update={"reasons": ("PRESUMED_BORDER_SECURITY",)})
    house.hear(case_id, assigned(), outcome.model_copy(update={"data": reasons}))
    before = await page(house, path)
    assert "The field office declined the request." not in before
    assert "border security" not in before
    assert "outcome" not in (await house.http.get(path, headers=JSON)).json()
    ruled = await house.http.post(
        f"/cases/{case_id}/consent",
        json={"facts_seen": 0, "status": "verified"},
        headers={"Idempotency-Key": "k", **staff(house, Role.OFFICER, "ELP", "HQ")},
    )
    assert ruled.status_code == 200
    after = await page(house, path)
    assert "The field office declined the request." in after
    assert "The action fits the enforcement priorities of the agency." in after
    shown = (await house.http.get(path, headers=JSON)).json()
    assert [reason["code"] for reason in shown["outcome"]["reasons"]] == ["WITHIN_THE_PRIORITIES"]
    for told in (after, str(shown)):  # No category is told outside, whatever the decision gave as its reason.
        assert "border security" not in told.lower().replace("_", " ")


async def test_get_never_acts_and_post_asks_first(house: House) -> None:
    case_id, path = await house.opened()
    before = state(house, case_id)
    assert (await house.http.get(f"{path}/withdraw")).status_code == 405
    asked = await post(house, f"{path}/withdraw", {"reason": "<b>we moved</b>"}, confirm=False)
    assert asked.status_code == 200
    assert "&lt;b&gt;we moved&lt;/b&gt;" in asked.text
    assert 'name="confirm" value="yes"' in asked.text
    assert state(house, case_id) == before


async def test_a_confirmed_form_acts_once_however_often_it_is_sent(house: House) -> None:
    case_id, path = await house.opened(own())
    await house.rule(case_id, "verified")
    form = {"reason": "We found another way.", "idempotency_key": "form-1"}
    first = await post(house, f"{path}/withdraw", form)
    again = await post(house, f"{path}/withdraw", form)
    assert (first.status_code, again.status_code) == (303, 303)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert isinstance(state(house, case_id), WithdrawalAsked)
    assert SealedText.model_validate_json(await opened(house, case_id, "withdrawal")).text == "We found another way."
    assert "You asked to take the request back." in await page(house, first.headers["Location"])
    other = await post(house, f"{path}/withdraw", {})
    assert other.status_code == 409
    assert "already asked" in other.text


async def test_review_is_asked_through_the_page(house: House) -> None:
    case_id, path = await house.opened()
    house.hear(case_id, assigned(), completed("DECLINED"))
    shown = await page(house, path)
    assert "Wednesday, April 14" not in shown
    assert "Monday, April 12, 2021, 11:59" in shown
    done = await post(house, f"{path}/review", {"ground": "NEW_CIRCUMSTANCES", "reason": "A child was born."})
    assert done.status_code == 303
    assert isinstance(state(house, case_id), ReviewAsked)
    assert SealedText.model_validate_json(await opened(house, case_id, "review")).text == "A child was born."


async def test_a_form_that_cannot_be_read_says_which_field(house: House) -> None:
    _, path = await house.opened()
    answer = await post(house, f"{path}/review", {"ground": "BECAUSE"})
    assert answer.status_code == 422
    wrong = await post(house, f"{path}/amend", {"requestor_email": "nowhere", "removal_scheduled_for": "soon"})
    assert wrong.status_code == 422
    assert "Your e-mail" in wrong.text
    assert "Date of the removal" in wrong.text
    assert wrong.text.count("nowhere") == wrong.text.count('value="nowhere"') == 1  # Kept in its field, quoted nowhere.


async def test_waiving_makes_the_answer_final(house: House) -> None:
    case_id, path = await house.opened(own())
    house.hear(case_id, assigned(), completed("DECLINED"))
    await ruled(house, case_id, "verified")
    await post(house, f"{path}/waive", {})
    assert isinstance(state(house, case_id), ReviewLapsed)


async def test_the_waiver_of_somebody_who_is_not_verified_waits(house: House) -> None:
    case_id, path = await house.opened()
    house.hear(case_id, completed("DECLINED"))
    asked = await post(house, f"{path}/waive", {}, confirm=False)
    assert "can give up the review alone" in asked.text
    done = await post(house, f"{path}/waive", {})
    assert "Nothing has changed yet." in await page(house, done.headers["Location"])
    assert isinstance(state(house, case_id), WindowOpen)
    told = (await house.http.get(path, headers={"Accept": "application/json"})).json()
    assert told["waiver_waits"] is True
    assert "review" in told["may"]
    assert "waive" not in told["may"]


async def test_a_refused_reader_is_told_what_to_do_and_changes_nothing(house: House) -> None:
    case_id, path = await house.opened()
    house.hear(case_id, assigned(), completed("DECLINED"))
    await ruled(house, case_id, "refused")
    told = (await house.http.get(path, headers={"Accept": "application/json"})).json()
    assert told["may"] == ["review"]
    assert "Please call us to send a better paper." in await page(house, path)
    for route in ("waive", "withdraw", "stand_down", "amend"):
        answer = await post(house, f"{path}/{route}", {"information": "Marzipan."}, Accept="application/json")
        assert answer.json()["code"] in ("consent_refused", "nobody_represents"), route
    assert isinstance(state(house, case_id), WindowOpen)


async def test_only_a_verified_reader_hears_that_the_answer_will_be_on_the_page(house: House) -> None:
    case_id, path = await house.opened()
    house.hear(case_id, assigned(), completed("DECLINED"), escalated(), remanded())
    assert "The answer will be on this page." not in await page(house, path)
    assert "This page will say when the review is finished." in await page(house, path)
    await ruled(house, case_id, "verified")
    assert "The answer will be on this page." in await page(house, path)


async def test_amending_seals_what_was_typed_and_carries_the_whole_contact(house: House) -> None:
    case_id, path = await house.opened()
    form = {
        "information": "Detained last night on Marzipanallee.",
        "facility_name": "Blumenau Center",
        "facility_state": "Texas",
        "requestor_email": "new.address@example.org",
    }
    assert (await post(house, f"{path}/amend", form)).status_code == 303
    current = state(house, case_id)
    assert isinstance(current, Accepted)
    assert (current.filing.custody.status, current.filing.custody.state) == ("DETAINED", "TX")
    events = await house.engine.events(case_id)
    assert b"Blumenau" not in events[-1].body
    assert b"new.address" not in events[-1].body
    sealed = SealedAmendment.model_validate_json(await opened(house, case_id, "amended_1"))
    assert sealed.facility == "Blumenau Center"
    assert sealed.requestor is not None
    assert (sealed.requestor.email, sealed.requestor.name) == ("new.address@example.org", "Ulises Quintanabelle")


async def test_two_amendments_at_once_both_count(house: House) -> None:
    """Both forms were opened on the same page: the second is sealed again under its own number."""
    case_id, path = await house.opened()
    await post(house, f"{path}/amend", {"information": "One."})
    await post(house, f"{path}/amend", {"information": "Two."})
    assert SealedAmendment.model_validate_json(await opened(house, case_id, "amended_2")).text == "Two."


async def test_going_back_and_writing_something_else_loses_nothing(house: House) -> None:
    case_id, path = await house.opened()
    await post(house, f"{path}/amend", {"information": "One.", "idempotency_key": "same"})
    await post(house, f"{path}/amend", {"information": "Two.", "idempotency_key": "same"})
    again = await post(house, f"{path}/amend", {"information": "Two.", "idempotency_key": "same"})
    assert again.headers["Idempotency-Replayed"] == "true"
    assert SealedAmendment.model_validate_json(await opened(house, case_id, "amended_2")).text == "Two."
    assert set(await house.engine.sealed(case_id)) == {"submitted", "amended_1", "amended_2"}


async def test_a_new_link_revokes_the_old_one(house: House) -> None:
    _, path = await house.opened()
    done = await post(house, f"{path}/amend", {"new_link": "yes"})
    assert done.headers["Location"].partition("?")[0] != path
    assert (await house.http.get(path)).status_code == 404
    assert "Your changes were added." in await page(house, done.headers["Location"])


async def test_a_question_is_shown_and_answered(house: House) -> None:
    case_id, path = await house.opened()
    asked = question()
    name = f"question_{asked.data.question}"
    key = (await house.keyring.get([case_id]))[case_id]
    assert isinstance(key, CaseKey)
    words = SealedText(text="Where does she <live>?").model_dump_json().encode()
    box = seal(key, case_id=case_id, cause=asked.id, name=name, plaintext=words)
    house.hear(case_id, asked.model_copy(update={"data": asked.data.model_copy(update={"sealed": {name: box}})}))
    assert "Where does she" not in await page(house, path)
    shown = await house.http.get(path, headers={"Accept": "application/json"})
    assert "Where does she" not in shown.text
    assert "Please call us to hear the question." in await page(house, path)
    house.hear(case_id, assigned())
    await ruled(house, case_id, "verified")
    assert "Where does she &lt;live&gt;?" in await page(house, path)
    form = {"question": str(asked.data.question), "answer": "In El Paso."}
    assert (await post(house, f"{path}/amend", form)).status_code == 303
    assert "Where does she" not in await page(house, path)
    assert (await post(house, f"{path}/amend", {"question": str(asked.data.question)})).status_code == 422


async def test_json_needs_the_confirmation_too(house: House) -> None:
    case_id, path = await house.opened(own())
    await house.rule(case_id, "verified")
    asked = await post(house, f"{path}/withdraw", {}, confirm=False, Accept="application/json")
    assert (asked.status_code, asked.json()["code"]) == (409, "confirmation_needed")
    done = await post(house, f"{path}/withdraw", {}, Accept="application/json")
    assert done.json()["done"] == "withdraw"
    assert isinstance(state(house, case_id), WithdrawalAsked)


async def test_silence_opens_the_way_to_headquarters(house: House) -> None:
    case_id, path = await house.opened()
    house.hear(case_id, assigned())
    assert "headquarters from" in await page(house, path)
    house.wait(60 * DAY)
    assert "You can ask headquarters now." in await page(house, path)


@pytest.mark.parametrize("language", list(Language))
async def test_every_stage_has_a_page_in_every_language(house: House, language: Language) -> None:
    told = [assigned(), question(), completed("DECLINED"), escalated(), resolved()]
    for heard in range(len(told) + 1):
        case_id, path = await house.opened()
        house.hear(case_id, *told[:heard])
        assert f'<html lang="{language}"' in await page(house, f"{path}?lang={language}")


async def test_pages_are_kept_by_nobody_and_run_nothing(house: House) -> None:
    _, path = await house.opened()
    headers = (await house.http.get(path)).headers
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in headers["Content-Security-Policy"]


# Staff


async def test_staff_find_a_case_by_its_number_however_it_was_read_out(house: House) -> None:
    case_id, path = await house.opened()
    number = (await house.http.get(path, headers=JSON)).json()["case_number"]
    spoken = number.lower().replace("-", " ")
    found = await house.http.get("/cases", params={"number": spoken}, headers=staff(house, Role.OPERATOR))
    assert found.json()["case_id"] == str(case_id)
    assert "Quintanabelle" not in found.text
    assert (await house.http.get("/cases", params={"number": spoken})).status_code == 401
    unknown = await house.http.get("/cases", params={"number": "1"}, headers=staff(house, Role.OPERATOR))
    assert unknown.status_code == 404


async def test_personal_data_is_opened_only_with_an_access_record(house: House) -> None:
    case_id, _ = await house.opened()
    house.hear(case_id, assigned())
    plain = await house.http.get(f"/cases/{case_id}", headers=staff(house, Role.OFFICER, "ELP", "HQ"))
    assert "Quintanabelle" not in plain.text
    assert house.accesses.documents == {}
    why = {"why": "call"}
    full = await house.http.get(f"/cases/{case_id}", params=why, headers=staff(house, Role.OFFICER, "ELP", "HQ"))
    assert full.json()["personal"]["noncitizen"]["family_name"] == "Quintanabelle"
    (record,) = house.accesses.documents.values()
    assert (record["who"], record["case"], record["why"]) == ("person-7", case_id, "call")
    assert "noncitizen.a_number" in record["fields"]
    for stranger in (staff(house, Role.OFFICER, "HOU"), staff(house, Role.ANALYST), staff(house, Role.OPERATOR)):
        refused = await house.http.get(f"/cases/{case_id}", params=why, headers=stranger)
        assert refused.status_code == 403
    assert len(house.accesses.documents) == 1


async def test_staff_correct_facts_that_they_have_seen(house: House) -> None:
    case_id, _ = await house.opened()
    wish = {"facts_seen": 0, "facts": {"final_order": {"value": True}, "mitigating": [{"value": "HEALTH"}]}}
    headers = {"Idempotency-Key": "k", **staff(house, Role.OFFICER, "ELP", "HQ")}
    done = await house.http.post(f"/cases/{case_id}/facts", json=wish, headers=headers)
    assert done.json() == {"amendment": 1}
    again = await house.http.post(f"/cases/{case_id}/facts", json=wish, headers=headers)
    assert again.headers["Idempotency-Replayed"] == "true"
    stale = await house.http.post(f"/cases/{case_id}/facts", json=wish, headers=headers | {"Idempotency-Key": "k2"})
    assert (stale.status_code, stale.json()["code"]) == (409, "facts_changed")
    current = state(house, case_id)
    assert isinstance(current, Accepted)
    assert current.filing.facts.final_order is not None
    assert current.filing.facts.final_order.asserted_by == "officer"
    sealed = SealedAmendment.model_validate_json(await opened(house, case_id, "amended_1"))
    assert [factor.value for factor in sealed.mitigating] == ["HEALTH"]


async def test_only_the_privacy_officer_erases_and_the_page_says_so(house: House) -> None:
    case_id, path = await house.opened()
    order = {"reference": "order/2021-7"}
    refused = await house.http.post(
        f"/cases/{case_id}/erase",
        json=order,
        headers={"Idempotency-Key": "e", **staff(house, Role.OFFICER, "ELP", "HQ")},
    )
    assert refused.status_code == 403
    headers = {"Idempotency-Key": "e", **staff(house, Role.PRIVACY)}
    assert (await house.http.post(f"/cases/{case_id}/erase", json=order, headers=headers)).status_code == 200
    assert (await house.http.post(f"/cases/{case_id}/erase", json=order, headers=headers)).status_code == 200
    assert isinstance(state(house, case_id), Erased)
    assert house.doubles_kept.documents == {}
    assert [event.type for event in await house.engine.events(case_id)].count("case.erased") == 1
    assert await house.keyring.untold(9) == []
    assert "personal data of this case was erased" in await page(house, path)
    opening = await house.http.get(f"/cases/{case_id}", params={"why": "call"}, headers=staff(house, Role.PRIVACY))
    assert opening.status_code == 409
    named = await house.http.post(f"/cases/{case_id}/erase", json={"reference": "for Zoraida Q."}, headers=headers)
    assert named.status_code == 400


async def test_an_order_that_broke_off_after_the_key_was_destroyed_is_completed_and_told_once(house: House) -> None:
    case_id, path = await house.opened()
    await house.keyring.shred(case_id, ordered_by="privacy-1", reference="order/2021-7")
    unknown = uuid4()
    await house.keyring.shred(unknown, ordered_by="privacy-1", reference="order/2021-8")
    assert not isinstance(state(house, case_id), Erased)
    assert await house.erasing.complete() == 2
    assert isinstance(state(house, case_id), Erased)
    assert house.doubles_kept.documents == {}
    assert "personal data of this case was erased" in await page(house, path)
    assert [erased.case_id for erased in await house.keyring.untold(9)] == [unknown]
    headers = {"Idempotency-Key": "e", **staff(house, Role.PRIVACY)}
    again = await house.http.post(f"/cases/{case_id}/erase", json={"reference": "order/2021-9"}, headers=headers)
    assert again.status_code == 200
    (said,) = [event for event in await house.engine.events(case_id) if event.type == "case.erased"]
    assert b"order/2021-7" in said.body


async def test_nobody_but_staff_verifies_consent(house: House) -> None:
    case_id, path = await house.opened()
    await post(house, f"{path}/amend", {"consent_kind": "G28"})
    current = state(house, case_id)
    assert isinstance(current, UnderConsideration)
    assert current.filing.consent.status is ConsentStatus.CLAIMED
    headers = {"Idempotency-Key": "c", **staff(house, Role.OFFICER, "ELP", "HQ")}
    claimed = {"facts_seen": 1, "status": "claimed"}
    assert (await house.http.post(f"/cases/{case_id}/consent", json=claimed, headers=headers)).status_code == 422


async def test_a_link_lasts_on_from_the_resolution(house: House) -> None:
    case_id, path = await house.opened()
    house.hear(case_id, resolved(at=MONDAY + 700 * DAY))
    house.clock = MONDAY + 1400 * DAY
    assert "The review is finished." in await page(house, path)
    house.wait(timedelta(days=31))
    assert (await house.http.get(path)).status_code == 404
