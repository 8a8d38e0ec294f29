"""A case in an officer's hands: claims run out, drafts outlast them, cases change hands, and what is new is told."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from services.triage.api import router
from services.triage.at_hand import HandOver, SaveDraft
from services.triage.domain.states import State
from services.triage.looked import LOOKS_KEPT
from services.triage.orders import Claim, Officer, Order
from shared.contracts import events
from shared.contracts.vocabulary import CustodyStatus, EventType
from shared.desk import handing_over
from shared.desk.drafts import drafts_of
from shared.desk.handing_over import HandOverBecause
from shared.web.sign_in import Role
from tests.unit.desks import Desks
from tests.unit.memory_collection import MemoryCollection
from tests.unit.one_case import CASE_ID, POLICY, T0, after
from tests.unit.triage_story import (
    ANA,
    BEN,
    ERASED,
    KIM,
    PRESUMED,
    RESOLVED,
    WITHDRAWN,
    Triage,
    amended,
    escalated,
    now_detained,
    submitted,
)

HELD = events.Custody(status=CustodyStatus.DETAINED, state="MD", county="Baltimore City")
CY = Officer("officer-cy", frozenset({"BAL"}))
OVER = T0 + POLICY.claim_lasts


def draft(case: Triage, officer: Officer = ANA, at: datetime = T0, seen: int = 0, **says: Any) -> str | None:
    box = {f"draft_{officer.subject}": b"box"}
    return case.refusal(Order.DRAFT, SaveDraft(officer, seen, says, box), at)


def hand_over(case: Triage, holder: Officer, to: Officer, *, actor: Officer | None = None, at: datetime = T0) -> Any:
    actor = actor or holder
    wish = handing_over.HandOver(actor.subject, holder.subject, to.subject, HandOverBecause.ABSENT)
    return case.refusal(Order.HAND_OVER, HandOver(actor, wish), at)


def claimed(officer: Officer = ANA) -> Triage:
    case = Triage().submit()
    assert case.claim(officer) is None
    return case


def drafted_by(case: Triage) -> list[str]:
    return [each.by for each in drafts_of(case.case.work)]


def test_a_draft_outlasts_the_claim_and_the_next_officers_claim() -> None:
    case = claimed(ANA)
    assert draft(case, outcome="DECLINED") is None
    assert case.claim(BEN, OVER) is None
    assert draft(case, BEN, OVER) is None
    assert drafted_by(case) == ["officer-ben", "officer-ana"]
    assert draft(case, BEN, OVER + timedelta(hours=1), outcome="MOOT") is None
    assert drafts_of(case.case.work)[0].says == {"outcome": "MOOT"}


def test_a_draft_is_for_whoever_has_the_case_in_hand_and_of_an_erased_case_only_codes() -> None:
    case = Triage().submit()
    assert draft(case) == "not_claimed_by_you"
    case.claim(ANA)
    assert draft(case, KIM) == "not_your_office"
    case.hear("intake", ERASED)
    assert draft(case) == "case_erased"
    assert case.refusal(Order.DRAFT, SaveDraft(ANA, 0, {"outcome": "MOOT"}, {})) is None


@pytest.mark.parametrize("end", ["decide", "forward", "withdrawn", "escalated", "resolved"])
def test_drafts_are_dropped_when_the_case_leaves_the_office(end: str) -> None:
    case = claimed()
    draft(case)
    match end:
        case "decide":
            assert case.decide() is None
        case "forward":
            assert case.forward("PHI", ANA) is None
        case "withdrawn":
            case.hear("intake", WITHDRAWN)
        case "escalated":
            case.hear("escalation", escalated())
        case "resolved":
            case.hear("escalation", RESOLVED)
    assert "drafts" not in case.case.work
    assert "claim" not in case.case.work


def test_facts_that_move_a_case_out_of_no_ones_hands_drop_its_drafts() -> None:
    case = claimed()
    draft(case)
    case.hear("intake", now_detained(1), OVER)
    assert case.queue["open"] == "PHI"
    assert drafted_by(case) == []


def test_a_release_leaves_the_draft_unless_the_case_goes_to_another_office() -> None:
    case = claimed()
    draft(case)
    case.ask(Order.RELEASE, Claim(ANA))
    assert drafted_by(case) == ["officer-ana"]
    case.claim(ANA)
    case.hear("intake", now_detained(1))
    case.ask(Order.RELEASE, Claim(ANA), after(days=1))
    assert case.queue["open"] == "PHI"
    assert drafted_by(case) == []


def test_the_holder_gives_and_others_take_only_for_themselves() -> None:
    case = claimed(ANA)
    assert hand_over(case, ANA, BEN, actor=CY) == "not_yours_to_give"
    assert hand_over(case, ANA, BEN, actor=KIM) == "not_your_office"
    assert hand_over(case, BEN, CY, actor=CY) == "not_held_by_them"
    assert hand_over(case, ANA, ANA) == "held_already"
    assert hand_over(case, ANA, BEN) is None
    assert hand_over(case, BEN, CY, actor=CY, at=after(days=1)) is None  # Ben is absent
    assert [(one["from"], one["to"], one["by"]) for one in case.case.work["handed"]] == [
        ("officer-ana", "officer-ben", "officer-ana"),
        ("officer-ben", "officer-cy", "officer-cy"),
    ]
    assert case.decide(officer=ANA) == "not_claimed_by_you"
    assert case.decide(officer=CY) is None
    (told,) = case.told(EventType.TRIAGE_COMPLETED)
    assert told["touched_by"] == ["director", "officer-ana", "officer-ben", "officer-cy"]
    assert told["claimed_at"] == "2021-03-09T14:00:00.000Z"


def test_a_case_that_is_handed_over_stays_with_its_office_wherever_newer_facts_place_it() -> None:
    case = claimed(ANA)
    case.hear("intake", now_detained(1))
    assert hand_over(case, ANA, BEN) is None
    assert case.queue["open"] == "BAL"
    assert case.decide(officer=BEN, facts_seen=1) is None


# What is new.


@pytest.fixture(name="desks")
async def _desks(tmp_path: Path) -> Desks[State]:
    desks: Desks[State] = Desks(tmp_path, router, http=None, services={}, turns=MemoryCollection())
    box = await desks.sealed(CASE_ID, "submitted", json.dumps({"narrative": "She cares for her son."}).encode())
    case = Triage()
    case.hear("intake", submitted(facts=PRESUMED).model_copy(update={"sealed": box}))
    desks.engine.cases[CASE_ID] = case
    return desks


async def ana(desks: Desks[State], what: str, body: Any = None, who: str = "officer-ana") -> Any:
    answer = await desks.post(f"/cases/{CASE_ID}/{what}", who, Role.OFFICER, body, offices=["BAL"])
    assert answer.status_code == 200, answer.text
    return answer.json()


async def shown(desks: Desks[State], who: str = "officer-ana") -> Any:
    return (await desks.get(f"/cases/{CASE_ID}", who, Role.OFFICER, offices=["BAL"])).json()


async def has_news(desks: Desks[State], who: str = "officer-ana") -> bool | None:
    (item,) = (await desks.get("/queue", who, Role.OFFICER, offices=["BAL"])).json()["cases"]
    news: bool | None = item["news"]
    return news


async def test_whoever_never_looked_is_told_of_no_change_and_reading_notes_nothing(desks: Desks[State]) -> None:
    assert (await shown(desks))["since_you_looked"] is None
    assert await has_news(desks) is None
    assert desks.engine.cases[CASE_ID].case.work == {}


async def test_what_changed_since_a_case_was_read_is_told_to_whoever_read_it(desks: Desks[State]) -> None:
    await ana(desks, "seen", {"facts_seen": 0})
    assert await has_news(desks) is False
    case = desks.engine.cases[CASE_ID]
    case.hear("intake", amended(1, custody=HELD), after(days=1))
    assert await has_news(desks) is True
    assert await has_news(desks, "officer-ben") is None
    since = (await shown(desks))["since_you_looked"]
    assert (since["facts_version"], since["noted_by"], since["amendments"]) == (0, "seen", [1])
    assert {(one["group"], one["field"]): (one["before"], one["after"]) for one in since["changes"]} == {
        ("custody", "status"): ("NOT_DETAINED", "DETAINED"),
        ("custody", "state"): (None, "MD"),
        ("custody", "county"): (None, "Baltimore City"),
        ("standing", "urgency"): ("ROUTINE", "DETAINED"),
        ("standing", "answer_due"): ("2021-04-05T21:00:00+00:00", "2021-03-15T21:00:00+00:00"),
    }
    await ana(desks, "seen", {"facts_seen": 1})
    assert await has_news(desks) is False


async def test_words_that_were_added_are_news_though_no_fact_changed(desks: Desks[State]) -> None:
    await ana(desks, "seen", {"facts_seen": 0})
    desks.engine.cases[CASE_ID].hear("intake", amended(1))
    since = (await shown(desks))["since_you_looked"]
    assert (since["changes"], since["amendments"]) == ([], [1])
    assert await has_news(desks) is True


async def test_a_question_an_office_and_another_guidance_are_news(desks: Desks[State]) -> None:
    await ana(desks, "claim")
    await ana(desks, "ask", {"about": ["NO_PLACE"], "text": "Where does she live?"})
    fields = {one["field"] for one in (await shown(desks))["since_you_looked"]["changes"]}
    assert {"question", "answer_due"} <= fields
    await ana(desks, "release")
    desks.engine.cases[CASE_ID].hear("intake", now_detained(1))
    look = (await desks.get(f"/cases/{CASE_ID}", "officer-ana", Role.OFFICER, offices=["PHI"])).json()
    assert ("BAL", "PHI") in [(one["before"], one["after"]) for one in look["since_you_looked"]["changes"]]


async def test_a_claim_notes_the_first_look_and_renewing_it_hides_no_news(desks: Desks[State]) -> None:
    await ana(desks, "claim")
    desks.engine.cases[CASE_ID].hear("intake", amended(1, custody=HELD))
    await ana(desks, "claim")
    assert (await shown(desks))["since_you_looked"]["noted_by"] == "claimed"
    assert await has_news(desks) is True


async def test_a_draft_on_older_facts_hides_no_news(desks: Desks[State]) -> None:
    await ana(desks, "claim")
    desks.engine.cases[CASE_ID].hear("intake", amended(1, custody=HELD))
    await ana(desks, "draft", {"facts_seen": 0, "text": "Not yet."})
    assert await has_news(desks) is True
    await ana(desks, "draft", {"facts_seen": 1, "text": "Not yet."})
    assert await has_news(desks) is False


async def test_what_was_not_seen_cannot_be_said_to_be_seen(desks: Desks[State]) -> None:
    desks.engine.cases[CASE_ID].hear("intake", amended(1))
    refused = await desks.post(
        f"/cases/{CASE_ID}/seen", "officer-ana", Role.OFFICER, {"facts_seen": 0}, offices=["BAL"]
    )
    assert (refused.status_code, refused.json()["code"]) == (409, "facts_changed")


async def test_the_newest_looks_are_kept(desks: Desks[State]) -> None:
    for number in range(LOOKS_KEPT + 2):
        await ana(desks, "seen", {"facts_seen": 0}, who=f"officer-{number}")
    kept = [one["by"] for one in desks.engine.cases[CASE_ID].case.work["looked"]]
    assert kept == [f"officer-{number}" for number in range(2, LOOKS_KEPT + 2)]


async def test_many_decisions_that_claim_keep_no_look(desks: Desks[State]) -> None:
    item = {
        "case_id": str(CASE_ID),
        "facts_seen": 0,
        "outcome": "DECLINED",
        "declined": ["RELEASE"],
        "reasons": ["INFORMATION_MISSING"],
    }
    body = {"claim": True, "decisions": [item]}
    answer = await desks.post("/decisions", "officer-ana", Role.OFFICER, body, offices=["BAL"])
    assert answer.json()["decided"] == 1
    assert desks.engine.cases[CASE_ID].case.work == {"touched": ["officer-ana"]}


async def test_drafts_are_shown_to_their_author_and_to_whoever_has_the_case(desks: Desks[State]) -> None:
    await ana(desks, "claim")
    await ana(desks, "draft", {"facts_seen": 0, "outcome": "MOOT", "text": "A secret."})
    assert b"secret" not in json.dumps(desks.engine.cases[CASE_ID].case.work, default=str).encode()
    assert [(one["by"], one["outcome"], one["text"]) for one in (await shown(desks))["drafts"]] == [
        ("officer-ana", "MOOT", "A secret.")
    ]
    assert (await shown(desks, "officer-ben"))["drafts"] == []
    await ana(desks, "hand-over", {"holder": "officer-ana", "to": "officer-ben", "why": "ABSENT"})
    taken = await shown(desks, "officer-ben")
    assert [one["text"] for one in taken["drafts"]] == ["A secret."]
    assert [(one["from"], one["to"]) for one in taken["handed"]] == [("officer-ana", "officer-ben")]
    fields = [field for record in desks.accesses.documents.values() for field in record["fields"]]
    assert any(field.startswith("draft_") for field in fields)
