"""The field office's endpoints, as officers meet them."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from services.triage.api import router
from services.triage.domain.states import State, WithHeadquarters
from shared.contracts import events
from shared.contracts.vocabulary import EventType, RequestorType
from shared.privacy.keyring import CACHED_SECONDS
from shared.web.sign_in import Role
from tests.unit.desks import Desks
from tests.unit.memory_collection import MemoryCollection
from tests.unit.one_case import CASE_ID, POLICY, T0
from tests.unit.triage_story import BELIEVED, PRESUMED, Triage, amended, escalated, now_detained, submitted

OTHER = UUID(int=2)
PERSON = {"given_name": "Ana", "family_name": "Pérez", "a_number": "012345678"}
NARRATIVE = {"noncitizen": PERSON, "narrative": "She cares for her son."}
DECLINE = {
    "facts_seen": 0,
    "outcome": "DECLINED",
    "declined": ["RELEASE"],
    "reasons": ["MITIGATING_FACTORS_OUTWEIGHED"],
}


def services() -> dict[str, Any]:
    """The four services as triage's history reads them: triage answers, escalation is down, two know nothing."""

    def answered(request: httpx.Request) -> httpx.Response:
        assert request.headers["Authorization"].startswith("Bearer ")
        if request.url.host == "intake" and request.url.path.endswith("/doubles"):
            return httpx.Response(200 if DOUBLES else 503, json=DOUBLES)
        if request.url.host == "triage":
            return httpx.Response(200, json=EVENTS_OF_TRIAGE)
        if request.url.host == "escalation":
            raise httpx.ConnectError("down")
        return httpx.Response(404)

    names = ("intake", "triage", "escalation", "notification")
    return {
        "http": httpx.AsyncClient(transport=httpx.MockTransport(answered)),
        "services": {name: f"http://{name}" for name in names},
        "turns": MemoryCollection(),
    }


EVENTS_OF_TRIAGE: list[Any] = []
DOUBLES: list[Any] = []
"""What intake says of cases about the same person; empty: it does not answer."""


@pytest.fixture(name="desks")
async def _desks(tmp_path: Path) -> Desks[State]:
    """Two open cases: one routine, one of a detained person, both in Maryland."""
    desks: Desks[State] = Desks(tmp_path, router, **services())
    for case_id, data in (
        (CASE_ID, submitted(facts=PRESUMED)),
        (OTHER, submitted(facts=PRESUMED, removal=BELIEVED, number="ICR-2")),
    ):
        box = await desks.sealed(case_id, "submitted", json.dumps(NARRATIVE).encode())
        case = Triage(case_id)
        case.hear("intake", data.model_copy(update={"sealed": box}))
        desks.engine.cases[case_id] = case
    return desks


async def ana(desks: Desks[State], path: str, body: Any = None, key: str = "") -> httpx.Response:
    return await desks.post(path, "officer-ana", Role.OFFICER, body, offices=["BAL"], key=key)


async def queue(desks: Desks[State], offices: list[str], who: str = "officer-ana", **params: Any) -> list[str]:
    answer = await desks.get("/queue", who, Role.OFFICER, offices=offices, **params)
    assert answer.status_code == 200, answer.text
    return [item["number"] for item in answer.json()["cases"]]


async def test_the_queue_shows_the_most_urgent_first_and_only_own_offices(desks: Desks[State]) -> None:
    assert await queue(desks, ["BAL"]) == ["ICR-2", "ICR-1"]
    assert await queue(desks, ["PHI"]) == []
    assert await queue(desks, ["BAL"], urgency="ROUTINE") == ["ICR-1"]
    assert (await desks.get("/queue", "x", Role.OFFICER, offices=["BAL"], office="PHI")).status_code == 403


async def test_the_queue_is_paged(desks: Desks[State]) -> None:
    first = await desks.get("/queue", "x", Role.OFFICER, offices=["BAL"], limit=1)
    assert (len(first.json()["cases"]), first.json()["more"]) == (1, True)
    second = await desks.get("/queue", "x", Role.OFFICER, offices=["BAL"], limit=1, skip=1)
    assert (second.json()["cases"][0]["number"], second.json()["more"]) == ("ICR-1", False)


async def test_the_queue_tells_claimed_unclaimed_and_mine_apart(desks: Desks[State]) -> None:
    await ana(desks, f"/cases/{CASE_ID}/claim")
    assert await queue(desks, ["BAL"], claimed=True) == ["ICR-1"]
    assert await queue(desks, ["BAL"], claimed=False) == ["ICR-2"]
    assert await queue(desks, ["BAL"], mine=True) == ["ICR-1"]
    assert await queue(desks, ["BAL"], "officer-ben", mine=True) == []
    desks.now = T0 + POLICY.claim_lasts
    assert await queue(desks, ["BAL"], claimed=False) == ["ICR-2", "ICR-1"]


@pytest.mark.parametrize("offices", [["HQ"], ["TO_BE_ASSIGNED", "BAL"]])
async def test_cases_to_be_assigned_are_seen_by_tokens_that_name_that_queue(
    desks: Desks[State], offices: list[str]
) -> None:
    lost = Triage(UUID(int=3))
    lost.submit(submitted("TX", "Nowhere", number="ICR-3"))
    desks.engine.cases[lost.case.id] = lost
    assert await queue(desks, offices, office="TO_BE_ASSIGNED") == ["ICR-3"]
    assert "ICR-3" not in await queue(desks, ["BAL", "SNA"])
    body = {"facts_seen": 0, "office": "SNA", "text": "The county is misspelt."}
    path = f"/cases/{lost.case.id}/forward"
    await desks.keyring.get_or_create([lost.case.id])
    assert (await ana(desks, path, body)).status_code == 403
    answer = await desks.post(path, "desk", Role.OFFICER, body, offices=offices)
    assert answer.json() == {"office": "SNA", "revision": 2}


async def test_a_case_is_shown_with_its_personal_data_and_leaves_an_access_record(desks: Desks[State]) -> None:
    answer = await desks.get(f"/cases/{CASE_ID}", "officer-ana", Role.OFFICER, offices=["BAL"])
    shown = answer.json()
    assert shown["personal"]["submitted"]["noncitizen"]["a_number"] == "A012-345-678"
    assert shown["personal"]["submitted"]["narrative"] == "She cares for her son."
    assert (shown["number"], shown["facts_version"], shown["erased"]) == ("ICR-1", 0, False)
    assert {"code", "sentence", "source", "outcomes"} == set(shown["reasons"][0])
    (record,) = desks.accesses.documents.values()
    assert (record["who"], record["why"]) == ("officer-ana", "initial consideration")
    assert record["fields"] == ["submitted.narrative", "submitted.noncitizen"]
    assert answer.headers["Cache-Control"] == "no-store"


async def test_whom_it_is_about_and_who_asks_are_shown_as_they_are_known_now(desks: Desks[State]) -> None:
    who = {"requestor": {"name": "Teodor Wrenfield", "organisation": "Wrenfield Law"}}
    box = await desks.sealed(CASE_ID, "amended_10", json.dumps(who).encode())
    for amendment in range(1, 11):
        told = amended(amendment, requestor_type=RequestorType.ATTORNEY)
        desks.engine.cases[CASE_ID].hear("intake", told.model_copy(update={"sealed": box if amendment == 10 else {}}))
    early = await desks.sealed(CASE_ID, "amended_9", b'{"requestor":{"name":"Ignatius Quill"},"text":"Hello."}')
    desks.engine.cases[CASE_ID].case.changes.blobs.update(early)
    shown = (await desks.get(f"/cases/{CASE_ID}", "officer-ana", Role.OFFICER, offices=["BAL"])).json()
    assert shown["people"] == {"noncitizen": PERSON | {"a_number": "A012-345-678"}, **who}


async def test_while_the_key_store_is_away_a_case_is_shown_to_nobody(desks: Desks[State]) -> None:
    desks.seconds, desks.keys.away = CACHED_SECONDS + 1, True
    answer = await desks.get(f"/cases/{CASE_ID}", "officer-ana", Role.OFFICER, offices=["BAL"])
    assert (answer.status_code, answer.json()["code"]) == (503, "outage")
    assert not desks.accesses.documents


async def test_after_a_hand_over_the_one_who_asks_now_is_shown(desks: Desks[State]) -> None:
    handed = {"requestor_type": RequestorType.ATTORNEY, "represented": True}
    told = events.RequestAmended(amendment=1, changed=("representative", "consent"), **handed)
    desks.engine.cases[CASE_ID].hear("intake", told)
    shown = (await desks.get(f"/cases/{CASE_ID}", "officer-ana", Role.OFFICER, offices=["BAL"])).json()
    assert (shown["requestor_type"], shown["represented"]) == ("ATTORNEY", True)
    assert shown["submission"]["requestor_type"] != "ATTORNEY"  # what was submitted stays what it was


def double(number: str, received_at: str) -> dict[str, Any]:
    """A case about the same person, as intake tells of it."""
    told = {"case_id": str(UUID(int=7)), "case_number": number, "open": False, "standing": "Closed", "office": "PHI"}
    return {**told, "received_at": received_at}


async def test_earlier_and_later_cases_about_the_same_person_are_shown(desks: Desks[State]) -> None:
    DOUBLES[:] = [double("ICR-0", "2021-03-08T13:59:00Z"), double("ICR-9", "2021-03-08T14:01:00Z")]
    shown = (await desks.get(f"/cases/{CASE_ID}", "officer-ana", Role.OFFICER, offices=["BAL"])).json()["same_person"]
    assert [(one["case_number"], one["earlier"]) for one in shown["cases"]] == [("ICR-0", True), ("ICR-9", False)]
    assert shown["missing"] == []
    DOUBLES.clear()
    shown = (await desks.get(f"/cases/{CASE_ID}", "officer-ana", Role.OFFICER, offices=["BAL"])).json()
    assert shown["same_person"] == {"cases": [], "missing": ["intake"]}
    assert shown["personal"]["submitted"]["narrative"] == "She cares for her son."


async def test_another_offices_case_is_not_shown_and_nothing_is_opened(desks: Desks[State]) -> None:
    answer = await desks.get(f"/cases/{CASE_ID}", "officer-kim", Role.OFFICER, offices=["PHI"])
    assert (answer.status_code, answer.json()["code"]) == (403, "not_your_office")
    assert not desks.accesses.documents
    assert (await desks.get(f"/cases/{UUID(int=9)}", "x", Role.OFFICER, offices=["BAL"])).status_code == 404


async def test_an_erased_case_says_so_and_is_still_decided_by_codes(desks: Desks[State]) -> None:
    await ana(desks, f"/cases/{CASE_ID}/claim")
    await desks.keyring.shred(CASE_ID, ordered_by="p", reference="E-1")
    shown = (await desks.get(f"/cases/{CASE_ID}", "officer-ana", Role.OFFICER, offices=["BAL"])).json()
    assert (shown["erased"], shown["personal"], shown["people"]) == (True, None, None)
    refused = await ana(desks, f"/cases/{CASE_ID}/decide", DECLINE | {"text": "No."})
    assert (refused.status_code, refused.json()["code"]) == (409, "case_erased")
    assert (await ana(desks, f"/cases/{CASE_ID}/decide", DECLINE)).status_code == 200


async def test_a_decision_seals_its_text_and_the_same_key_decides_once(desks: Desks[State]) -> None:
    await ana(desks, f"/cases/{CASE_ID}/claim")
    first = await ana(desks, f"/cases/{CASE_ID}/decide", DECLINE | {"text": "A secret."}, key="k")
    again = await ana(desks, f"/cases/{CASE_ID}/decide", DECLINE | {"text": "A secret."}, key="k")
    assert first.json() == again.json() == {"outcome": "DECLINED", "round": 1}
    assert again.headers["Idempotency-Replayed"] == "true"
    case = desks.engine.cases[CASE_ID]
    assert len(case.told(EventType.TRIAGE_COMPLETED)) == 1
    assert case.case.changes.events[-1].blobs == ("completed_1",)
    assert b"secret" not in case.case.changes.blobs["completed_1"]
    shown = (await desks.get(f"/cases/{CASE_ID}", "officer-ana", Role.OFFICER, offices=["BAL"])).json()
    assert shown["personal"]["completed_1"] == {"text": "A secret."}


async def test_a_refusal_is_a_sentence_and_a_code(desks: Desks[State]) -> None:
    answer = await ana(desks, f"/cases/{CASE_ID}/decide", DECLINE)
    assert (answer.status_code, answer.json()["code"]) == (409, "not_claimed_by_you")
    assert answer.json()["detail"].startswith("You have not claimed this case")
    await ana(desks, f"/cases/{CASE_ID}/claim")
    desks.engine.cases[CASE_ID].hear("intake", amended(1))
    assert (await ana(desks, f"/cases/{CASE_ID}/decide", DECLINE)).json()["code"] == "facts_changed"


async def test_only_what_an_officer_may_choose_is_an_outcome(desks: Desks[State]) -> None:
    await ana(desks, f"/cases/{CASE_ID}/claim")
    choices = "Input should be 'FAVOURABLE', 'DECLINED', 'REFERRED' or 'MOOT'"
    chosen = {"facts_seen": 0, "outcome": "NO_ANSWER"}
    for path, body, field in (
        (f"/cases/{CASE_ID}/decide", chosen, "body.outcome"),
        (f"/cases/{CASE_ID}/draft", chosen, "body.outcome"),
        ("/decisions", {"decisions": [chosen | {"case_id": str(CASE_ID)}]}, "body.decisions.0.outcome"),
    ):
        answer = await ana(desks, path, body)
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")
        assert answer.json()["errors"] == [{"field": field, "code": "literal_error", "message": choices}]
    assert desks.engine.cases[CASE_ID].told(EventType.TRIAGE_COMPLETED) == []
    assert "NO_ANSWER" not in str(desks.app.openapi())


async def test_a_question_is_sealed_under_its_own_id(desks: Desks[State]) -> None:
    await ana(desks, f"/cases/{CASE_ID}/claim")
    answer = await ana(desks, f"/cases/{CASE_ID}/ask", {"about": ["NO_PLACE"], "text": "Where does she live?"})
    question = answer.json()["question"]
    assert f"question_{question}" in desks.engine.cases[CASE_ID].case.changes.blobs
    assert datetime.fromisoformat(answer.json()["answer_by"]) == datetime(2021, 3, 23, 3, 59, tzinfo=UTC)  # by 23:59


async def test_nobody_is_asked_on_facts_that_have_changed_since(desks: Desks[State]) -> None:
    await ana(desks, f"/cases/{CASE_ID}/claim")
    desks.engine.cases[CASE_ID].hear("intake", amended(1))
    path, question = f"/cases/{CASE_ID}/ask", {"about": ["NO_PLACE"], "text": "Where does she live?"}
    stale = await ana(desks, path, question | {"facts_seen": 0})
    assert (stale.status_code, stale.json()["code"]) == (409, "facts_changed")
    assert desks.engine.cases[CASE_ID].told(EventType.INFORMATION_REQUESTED) == []
    assert (await ana(desks, path, question | {"facts_seen": 1})).status_code == 200


async def test_a_question_about_a_case_that_is_not_known_here_is_no_outage(desks: Desks[State]) -> None:
    answer = await ana(desks, f"/cases/{UUID(int=9)}/ask", {"about": ["NO_PLACE"], "text": "Where does she live?"})
    assert (answer.status_code, answer.json()["code"]) == (404, "case_unknown")


async def test_many_decisions_stand_alone_and_a_dry_run_changes_nothing(desks: Desks[State]) -> None:
    await ana(desks, f"/cases/{CASE_ID}/claim")
    ids = (CASE_ID, OTHER, UUID(int=9))
    body = {"decisions": [{"case_id": str(case_id), **DECLINE} for case_id in ids]}
    dry = (await ana(desks, "/decisions", body | {"dry_run": True})).json()
    assert [(one["status"], one["code"]) for one in dry["results"]] == [
        ("would_be_decided", None),
        ("refused", "not_claimed_by_you"),
        ("refused", "case_unknown"),
    ]
    assert desks.engine.cases[CASE_ID].told(EventType.TRIAGE_COMPLETED) == []
    for replayed in (False, True):
        done = (await ana(desks, "/decisions", body, key="bulk")).json()
        assert (done["decided"], done["refused"], done["unknown"]) == (1, 2, 0)
        assert done["results"][0]["replayed"] is replayed
        assert done["results"][2]["code"] == "case_unknown"


def bulk(*items: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Declines of the first case and of whatever `items` name."""
    return {"decisions": [{"case_id": str(CASE_ID), **DECLINE, **item} for item in items], **more}


async def decisions(desks: Desks[State], *items: dict[str, Any], key: str = "", **more: Any) -> list[Any]:
    answer = await ana(desks, "/decisions", bulk(*items, **more), key)
    assert answer.status_code == 200, answer.text
    return [(one["status"], one["code"]) for one in answer.json()["results"]]


async def test_a_decision_may_take_its_case_in_hand_itself_and_the_event_says_since_when(desks: Desks[State]) -> None:
    assert await decisions(desks, {}) == [("refused", "not_claimed_by_you")]
    assert await decisions(desks, {}, claim=True) == [("decided", None)]
    (completed,) = desks.engine.cases[CASE_ID].told(EventType.TRIAGE_COMPLETED)
    assert completed["claimed_at"] == completed["assigned_at"] == "2021-03-08T14:00:00.000Z"
    assert completed["touched_by"] == ["officer-ana"]


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"facts_seen": 7}, "facts_changed"),
        ({"reasons": []}, "reasons_missing"),
        ({"reasons": ["NO_SUCH_REASON"]}, "reason_not_allowed"),
    ],
)
async def test_a_decision_that_is_refused_leaves_no_claim_behind(
    desks: Desks[State], wrong: dict[str, Any], code: str
) -> None:
    assert await decisions(desks, wrong, {"case_id": str(OTHER)}, claim=True) == [("refused", code), ("decided", None)]
    assert await queue(desks, ["BAL"], claimed=False) == ["ICR-1"]
    assert desks.engine.cases[CASE_ID].case.work == {}


async def test_a_case_that_somebody_else_has_claimed_is_not_taken_from_them(desks: Desks[State]) -> None:
    await desks.post(f"/cases/{CASE_ID}/claim", "officer-ben", Role.OFFICER, offices=["BAL"])
    for dry_run in (True, False):
        assert await decisions(desks, {}, claim=True, dry_run=dry_run) == [("refused", "claimed_by_another")]
    assert await queue(desks, ["BAL"], "officer-ben", mine=True) == ["ICR-1"]
    desks.now = T0 + POLICY.claim_lasts
    assert await decisions(desks, {}, claim=True) == [("decided", None)]


async def test_a_dry_run_with_a_claim_answers_as_the_real_one_would_and_changes_nothing(desks: Desks[State]) -> None:
    items: list[dict[str, Any]] = [{}, {"key": "again"}, {"case_id": str(OTHER), "facts_seen": 3}]
    items += [{"case_id": str(UUID(int=8))}, {"case_id": str(UUID(int=9)), "text": "Words."}]
    dry = await decisions(desks, *items, claim=True, dry_run=True)
    assert dry == [
        ("would_be_decided", None),
        ("refused", "not_under_consideration"),
        ("refused", "facts_changed"),
        ("refused", "case_unknown"),
        ("refused", "case_unknown"),
    ]
    assert desks.engine.writes == 0
    assert desks.engine.cases[CASE_ID].case.work == {}
    assert await decisions(desks, *items, claim=True) == [("decided", None), *dry[1:]]


async def test_a_bulk_that_is_sent_again_is_answered_as_before(desks: Desks[State]) -> None:
    body = bulk({"text": "Words."}, {"case_id": str(OTHER), "key": "own"}, claim=True)
    for replayed in (False, True, True):
        done = (await ana(desks, "/decisions", body, key="bulk")).json()
        assert [(one["status"], one["replayed"]) for one in done["results"]] == [("decided", replayed)] * 2
        await desks.keyring.shred(CASE_ID, ordered_by="p", reference="E-1")
    for case in desks.engine.cases.values():
        assert len(case.told(EventType.TRIAGE_COMPLETED)) == 1


async def test_two_decisions_about_one_case_are_one_when_they_say_the_same(desks: Desks[State]) -> None:
    for dry_run, word in ((True, "would_be_decided"), (False, "decided")):
        assert await decisions(desks, {}, {}, claim=True, dry_run=dry_run, key="k") == [(word, None)] * 2
    (completed,) = desks.engine.cases[CASE_ID].told(EventType.TRIAGE_COMPLETED)
    assert completed["outcome"] == "DECLINED"


async def test_two_decisions_about_one_case_under_one_key_that_say_different_things_are_not_mixed_up(
    desks: Desks[State],
) -> None:
    other = {"outcome": "REFERRED", "referred_to": "OPLA", "reasons": []}
    for dry_run, word in ((True, "would_be_decided"), (False, "decided")):
        found = await decisions(desks, {}, other, {"text": "Words."}, claim=True, dry_run=dry_run)
        assert found == [(word, None), *[("refused", "idempotency_key_reused")] * 2]


async def test_many_decisions_look_once_and_write_once(desks: Desks[State]) -> None:
    items = [{"case_id": str(case_id), "text": "Words."} for case_id in (CASE_ID, OTHER, UUID(int=9))]
    desks.seconds = CACHED_SECONDS
    before = desks.keys.reads
    await decisions(desks, *items, claim=True)
    assert (desks.engine.looks, desks.engine.writes) == (1, 1)
    assert desks.keys.reads - before == 1
    await decisions(desks, {}, {"case_id": str(OTHER)})
    assert (desks.engine.looks, desks.engine.writes) == (1, 2)


async def test_in_an_outage_nobody_knows_what_became_of_each(desks: Desks[State]) -> None:
    desks.engine.away = True
    items = [{}, {"case_id": str(OTHER)}, {"case_id": str(UUID(int=9)), "text": "Words."}]
    assert await decisions(desks, *items, claim=True) == [
        ("unknown", "outage"),
        ("unknown", "outage"),
        ("refused", "case_unknown"),
    ]
    desks.engine.away = False
    assert await decisions(desks, *items, claim=True) == [
        ("decided", None),
        ("decided", None),
        ("refused", "case_unknown"),
    ]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("decide", DECLINE | {"outcome": "MAYBE"}),
        ("decide", DECLINE | {"facts_seen": -1}),
        ("decide", DECLINE | {"typo": 1}),
        ("decide", DECLINE | {"reasons": ["a sentence about Ana"]}),
        ("ask", {"about": [], "text": "?"}),
        ("ask", {"about": ["NO_PLACE"], "text": ""}),
        ("forward", {"facts_seen": 0}),
    ],
)
async def test_what_is_not_in_the_right_form_is_refused_at_the_door(
    desks: Desks[State], path: str, body: dict[str, Any]
) -> None:
    await ana(desks, f"/cases/{CASE_ID}/claim")
    assert (await ana(desks, f"/cases/{CASE_ID}/{path}", body)).status_code == 400


async def test_a_case_that_moved_to_another_office_is_no_longer_shown(desks: Desks[State]) -> None:
    desks.engine.cases[CASE_ID].hear("intake", now_detained(1))
    assert await queue(desks, ["BAL"]) == ["ICR-2"]
    assert await queue(desks, ["PHI"]) == ["ICR-1"]


async def test_a_case_with_headquarters_is_still_read_by_its_office(desks: Desks[State]) -> None:
    desks.engine.cases[CASE_ID].hear("escalation", escalated())
    shown = (await desks.get(f"/cases/{CASE_ID}", "officer-ana", Role.OFFICER, offices=["BAL"])).json()
    assert shown["standing"] == WithHeadquarters.__name__


async def test_the_history_names_the_service_that_does_not_answer(desks: Desks[State]) -> None:
    EVENTS_OF_TRIAGE[:] = [json.loads(event.body) for event in desks.engine.cases[CASE_ID].case.changes.events]
    answer = await desks.get(f"/cases/{CASE_ID}/history", "analyst", Role.ANALYST)
    assert answer.json()["missing"] == ["escalation"]
    history = answer.json()["history"]
    assert (history["office"], [line["event"] for line in history["timeline"]]) == ("BAL", ["triage.assigned"])


async def test_no_history_is_shown_as_unknown_while_a_service_does_not_answer(desks: Desks[State]) -> None:
    EVENTS_OF_TRIAGE.clear()
    answer = await desks.get(f"/cases/{CASE_ID}/history", "analyst", Role.ANALYST)
    assert (answer.status_code, answer.json()["detail"]) == (503, "No answer from: escalation.")
