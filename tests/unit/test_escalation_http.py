"""Headquarters' endpoints, as Senior Reviewing Officials meet them."""

import json
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from services.escalation.api import router
from services.escalation.domain.states import State
from shared.contracts.vocabulary import EventType, TriageOutcome, Urgency
from shared.privacy.keyring import CACHED_SECONDS
from shared.web.sign_in import Role
from tests.unit.desks import Desks
from tests.unit.escalation_story import ANA, SAM, Escalation, amended, completed, requested
from tests.unit.one_case import CASE_ID

OTHER = UUID(int=2)
SUBMITTED = {"noncitizen": {"a_number": "012345678"}, "narrative": "She cares for her son."}
UPHELD = {"facts_seen": 0, "outcome": "UPHELD", "declined": ["RELEASE"], "reasons": ["CONSISTENT_WITH_GUIDANCE"]}
REMAND = {"facts_seen": 0, "reasons": ["FACTORS_NOT_CONSIDERED"], "text": "Her son was not considered."}


async def escalated(desks: Desks[State], case_id: UUID, *, number: str, urgency: Urgency) -> Escalation:
    """A declined case before headquarters, with both sides' sealed words."""
    case = Escalation(case_id)
    declined = await desks.sealed(case_id, "completed_1", b'{"text":"Weighed."}')
    asked = await desks.sealed(case_id, "submitted", json.dumps(SUBMITTED).encode())
    case.hear("triage", completed(TriageOutcome.DECLINED, sealed=declined, number=number))
    case.hear("intake", requested(sealed=asked, number=number, urgency=urgency))
    desks.engine.cases[case_id] = case
    return case


@pytest.fixture(name="desks")
async def _desks(tmp_path: Path) -> Desks[State]:
    """A routine case, and one of a detained person."""
    desks: Desks[State] = Desks(tmp_path, router)
    await escalated(desks, CASE_ID, number="ICR-1", urgency=Urgency.ROUTINE)
    await escalated(desks, OTHER, number="ICR-2", urgency=Urgency.DETAINED)
    return desks


async def sam(desks: Desks[State], path: str, body: Any = None, key: str = "") -> httpx.Response:
    return await desks.post(path, SAM, Role.SRO, body, key=key)


async def queue(desks: Desks[State], **params: Any) -> list[dict[str, Any]]:
    answer = await desks.get("/queue", SAM, Role.SRO, **params)
    assert answer.status_code == 200, answer.text
    cases: list[dict[str, Any]] = answer.json()["cases"]
    return cases


async def test_the_queue_shows_the_most_urgent_first(desks: Desks[State]) -> None:
    assert [item["number"] for item in await queue(desks)] == ["ICR-2", "ICR-1"]
    assert [item["number"] for item in await queue(desks, urgency="ROUTINE")] == ["ICR-1"]
    assert [item["office"] for item in await queue(desks, office="BAL")] == ["BAL", "BAL"]
    assert await queue(desks, office="PHI") == []


async def test_a_case_without_the_field_offices_record_is_listed_but_not_claimable(desks: Desks[State]) -> None:
    case = Escalation(UUID(int=3))
    case.hear("intake", requested(number="ICR-3", urgency=Urgency.REMOVAL_IMMINENT))
    desks.engine.cases[case.case.id] = case
    first = (await queue(desks))[0]
    assert (first["number"], first["claimable"], first["office"]) == ("ICR-3", False, None)
    answer = await sam(desks, f"/cases/{case.case.id}/claim")
    assert (answer.status_code, answer.json()["code"]) == (409, "field_office_record_missing")


async def test_both_sides_are_shown_with_an_access_record(desks: Desks[State]) -> None:
    shown = (await desks.get(f"/cases/{CASE_ID}", SAM, Role.SRO)).json()
    assert shown["field_office"][0]["reasons"] == ["MITIGATING_FACTORS_OUTWEIGHED"]
    assert shown["personal"]["completed_1"] == {"text": "Weighed."}
    assert shown["personal"]["submitted"]["narrative"] == "She cares for her son."
    assert shown["personal"]["submitted"]["noncitizen"]["a_number"] == "A012-345-678"
    (record,) = desks.accesses.documents.values()
    assert (record["who"], record["why"]) == (SAM, "review by headquarters")
    assert shown["people"] == {"noncitizen": {"a_number": "A012-345-678"}, "requestor": {}}


async def test_while_the_key_store_is_away_a_case_is_shown_to_nobody(desks: Desks[State]) -> None:
    desks.seconds, desks.keys.away = CACHED_SECONDS + 1, True
    answer = await desks.get(f"/cases/{CASE_ID}", SAM, Role.SRO)
    assert (answer.status_code, answer.json()["code"]) == (503, "outage")
    assert not desks.accesses.documents


async def test_whoever_had_the_case_at_the_field_office_neither_sees_nor_claims_it(desks: Desks[State]) -> None:
    assert (await desks.get(f"/cases/{CASE_ID}", ANA, Role.SRO)).status_code == 403
    answer = await desks.post(f"/cases/{CASE_ID}/claim", ANA, Role.SRO)
    assert (answer.status_code, answer.json()["code"]) == (403, "touched_before")
    assert not desks.accesses.documents


async def test_personal_data_of_a_case_that_nobody_escalated_is_not_opened(desks: Desks[State]) -> None:
    case = Escalation(UUID(int=4))
    sealed = await desks.sealed(case.case.id, "completed_1", b'{"text":"Weighed."}')
    case.hear("triage", completed(TriageOutcome.DECLINED, sealed=sealed))
    desks.engine.cases[case.case.id] = case
    shown = (await desks.get(f"/cases/{case.case.id}", SAM, Role.SRO)).json()
    assert (shown["personal"], shown["people"], shown["erased"]) == (None, None, False)
    assert not desks.accesses.documents


async def test_a_decision_seals_its_text_and_ends_the_case_once(desks: Desks[State]) -> None:
    await sam(desks, f"/cases/{CASE_ID}/claim")
    for _ in range(2):
        answer = await sam(desks, f"/cases/{CASE_ID}/decide", UPHELD | {"text": "A secret."}, key="k")
        assert answer.json() == {"outcome": "UPHELD", "stage": "SRO"}
    case = desks.engine.cases[CASE_ID]
    assert len(case.told(EventType.RESOLUTION_ISSUED)) == 1
    assert b"secret" not in case.case.changes.blobs["resolved"]
    shown = (await desks.get(f"/cases/{CASE_ID}", SAM, Role.SRO)).json()
    assert (shown["resolution"]["outcome"], shown["personal"]["resolved"]) == ("UPHELD", {"text": "A secret."})


async def test_a_remand_seals_its_text_for_the_round_that_follows(desks: Desks[State]) -> None:
    await sam(desks, f"/cases/{CASE_ID}/claim")
    assert (await sam(desks, f"/cases/{CASE_ID}/remand", REMAND)).json() == {"round": 2}
    assert "remanded_2" in desks.engine.cases[CASE_ID].case.changes.blobs
    (sent,) = (await desks.get(f"/cases/{CASE_ID}", SAM, Role.SRO)).json()["sent_back"]
    assert (sent["round"], sent["by"], sent["text"]) == (2, SAM, "Her son was not considered.")
    assert [reason["code"] for reason in sent["why"]] == ["FACTORS_NOT_CONSIDERED"]
    assert sent["why"][0]["source"]
    assert [item["number"] for item in await queue(desks)] == ["ICR-2"]


async def test_the_same_order_again_is_answered_as_before_once_nothing_can_be_sealed_any_more(
    desks: Desks[State],
) -> None:
    await sam(desks, f"/cases/{CASE_ID}/claim")
    remand = await desks.post(f"/cases/{CASE_ID}/remand", SAM, Role.SRO, REMAND, key="once")
    await desks.keyring.shred(CASE_ID, ordered_by="p", reference="E-1")
    again = await desks.post(f"/cases/{CASE_ID}/remand", SAM, Role.SRO, REMAND, key="once")
    assert (again.status_code, again.json()) == (200, remand.json())
    assert again.headers["Idempotency-Replayed"] == "true"


async def test_a_decision_on_older_facts_is_refused(desks: Desks[State]) -> None:
    await sam(desks, f"/cases/{CASE_ID}/claim")
    desks.engine.cases[CASE_ID].hear("intake", amended(1))
    answer = await sam(desks, f"/cases/{CASE_ID}/decide", UPHELD)
    assert (answer.status_code, answer.json()["code"]) == (409, "facts_changed")


@pytest.mark.parametrize("addressee", ["requestor", "field_office"])
async def test_nobody_is_asked_on_facts_that_have_changed_since(desks: Desks[State], addressee: str) -> None:
    await sam(desks, f"/cases/{CASE_ID}/claim")
    desks.engine.cases[CASE_ID].hear("intake", amended(1))
    question = {"addressee": addressee, "about": ["facts"], "text": "Was it vacated?"}
    stale = await sam(desks, f"/cases/{CASE_ID}/ask", question | {"facts_seen": 0})
    assert (stale.status_code, stale.json()["code"]) == (409, "facts_changed")
    case = desks.engine.cases[CASE_ID]
    assert case.told(EventType.INFORMATION_REQUESTED) + case.told(EventType.OFFICE_ASKED) == []
    assert (await sam(desks, f"/cases/{CASE_ID}/ask", question | {"facts_seen": 1})).status_code == 200


async def test_only_what_headquarters_may_choose_is_an_outcome(desks: Desks[State]) -> None:
    await sam(desks, f"/cases/{CASE_ID}/claim")
    choices = "Input should be 'UPHELD', 'OVERRIDDEN' or 'NO_ACTION'"
    for outcome in ("WITHDRAWN", "FAVOURABLE"):
        wish = UPHELD | {"outcome": outcome}
        single = await sam(desks, f"/cases/{CASE_ID}/decide", wish)
        many = await sam(desks, "/decisions", {"decisions": [wish | {"case_id": str(CASE_ID)}]})
        draft = await sam(desks, f"/cases/{CASE_ID}/draft", {"facts_seen": 0, "outcome": outcome})
        assert [answer.status_code for answer in (single, many, draft)] == [400, 400, 400]
        assert [answer.json()["errors"][0]["message"] for answer in (single, many)] == [choices] * 2
        assert (
            draft.json()["errors"][0]["message"] == "Input should be 'UPHELD', 'OVERRIDDEN', 'NO_ACTION' or 'REMANDED'"
        )
    assert desks.engine.cases[CASE_ID].told(EventType.RESOLUTION_ISSUED) == []
    sent_back = await sam(desks, f"/cases/{CASE_ID}/draft", {"facts_seen": 0, "outcome": "REMANDED"})
    assert sent_back.status_code == 200


async def test_an_erased_case_says_so_and_is_ended_by_codes(desks: Desks[State]) -> None:
    await sam(desks, f"/cases/{CASE_ID}/claim")
    await desks.keyring.shred(CASE_ID, ordered_by="p", reference="E-1")
    shown = (await desks.get(f"/cases/{CASE_ID}", SAM, Role.SRO)).json()
    assert (shown["erased"], shown["personal"], shown["people"]) == (True, None, None)
    assert (await sam(desks, f"/cases/{CASE_ID}/decide", UPHELD | {"text": "No."})).json()["code"] == "case_erased"
    assert (await sam(desks, f"/cases/{CASE_ID}/decide", UPHELD)).status_code == 200


async def test_many_decisions_stand_alone_and_a_dry_run_changes_nothing(desks: Desks[State]) -> None:
    await sam(desks, f"/cases/{CASE_ID}/claim")
    body = {"decisions": [{"case_id": str(case_id), **UPHELD} for case_id in (CASE_ID, OTHER, UUID(int=9))]}
    dry = (await sam(desks, "/decisions", body | {"dry_run": True})).json()
    assert [one["status"] for one in dry["results"]] == ["would_be_decided", "refused", "refused"]
    assert desks.engine.cases[CASE_ID].told(EventType.RESOLUTION_ISSUED) == []
    done = (await sam(desks, "/decisions", body)).json()
    assert [(one["status"], one["code"]) for one in done["results"]] == [
        ("decided", None),
        ("refused", "not_claimed_by_you"),
        ("refused", "case_unknown"),
    ]


async def test_a_decision_may_take_its_case_in_hand_itself_but_never_one_had_at_the_field_office(
    desks: Desks[State],
) -> None:
    body = {"claim": True, "decisions": [{"case_id": str(each), **UPHELD} for each in (CASE_ID, OTHER)]}
    body["decisions"][1]["facts_seen"] = 3  # type: ignore[index]
    theirs = (await desks.post("/decisions", ANA, Role.SRO, body)).json()
    assert [one["code"] for one in theirs["results"]] == ["touched_before"] * 2
    for dry_run, word in ((True, "would_be_decided"), (False, "decided")):
        done = (await sam(desks, "/decisions", body | {"dry_run": dry_run})).json()
        assert [(one["status"], one["code"]) for one in done["results"]] == [(word, None), ("refused", "facts_changed")]
    (resolution,) = desks.engine.cases[CASE_ID].told(EventType.RESOLUTION_ISSUED)
    assert (resolution["decided_by"], resolution["claimed_at"]) == (SAM, "2021-03-08T14:00:00.000Z")
    assert desks.engine.cases[OTHER].case.work == {}
