"""`secondlook sro`, `questions` and `answer`, typed as people type them, over both services' endpoints."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI

from cli import where
from services.escalation.api import router as headquarters
from services.escalation.domain.states import State as Reviewed
from services.triage.api import router as office
from services.triage.domain.states import State as Considered
from shared.contracts import events
from shared.contracts.vocabulary import ConsentKind, ConsentStatus, EventType, TriageOutcome
from shared.web.sign_in import Role
from tests.integration.serving import secondlook, serving
from tests.unit.desks import Desks
from tests.unit.escalation_story import ANA, SAM, TOM, Escalation, amended, completed, given, requested
from tests.unit.memory_collection import MemoryCollection
from tests.unit.one_case import CASE_ID, T0, after
from tests.unit.triage_story import PRESUMED, Triage, asked, escalated, submitted

NUMBER = "55MY1-Z1HT0-H"
BEN = "officer-ben"
SECRET = "She cares for her son."
SUBMITTED = {
    "noncitizen": {"given_name": "Ximena", "family_name": "Velarde", "a_number": "098765432"},
    "requestor": {"name": "Teodor Wrenfield", "organisation": "Wrenfield Law"},
    "narrative": SECRET,
}

Typed = Callable[..., Awaitable[Any]]


@dataclass
class World:
    """Both desks, and a command line that signs in as anybody."""

    headquarters: Desks[Reviewed]
    office: Desks[Considered]

    @property
    def case(self) -> Escalation:
        found = self.headquarters.engine.cases[CASE_ID]
        assert isinstance(found, Escalation)
        return found

    async def sro(self, *words: str, who: str = SAM, wanted: int = 0) -> str:
        """What `secondlook sro` prints."""
        return await self._typed("sro", *words, token=self.headquarters.token(who, Role.SRO), wanted=wanted)

    async def officer(self, *words: str, wanted: int = 0) -> str:
        return await self._typed(*words, token=self.office.token(BEN, Role.OFFICER, offices=["BAL"]), wanted=wanted)

    async def _typed(self, *words: str, token: str, wanted: int) -> str:
        told = await secondlook(*words, "--token", token)
        assert told.exit_code == wanted, told.output
        return str(told.output)


def intake() -> FastAPI:
    """What the command line asks intake: which case a number is."""
    app = FastAPI()

    @app.get("/cases")
    async def of_number(number: str) -> dict[str, Any]:
        assert number == NUMBER
        return {"case_id": str(CASE_ID), "filing": {"heard": {"assignment": {"office": "BAL"}}}}

    return app


@pytest.fixture(name="world")
async def _world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    desks: Desks[Reviewed] = Desks(tmp_path / "headquarters", headquarters)
    case = Escalation(CASE_ID)
    text = await desks.sealed(CASE_ID, "completed_1", b'{"text":"Weighed."}')
    case.hear("triage", completed(TriageOutcome.DECLINED, sealed=text, number=NUMBER), after(days=1))
    whole = await desks.sealed(CASE_ID, "submitted", json.dumps(SUBMITTED).encode())
    case.hear("intake", requested(sealed=whole, number=NUMBER), after(days=3))
    desks.engine.cases[CASE_ID] = case
    desks.now = after(days=4)
    offices: Desks[Considered] = Desks(tmp_path / "office", office, http=None, services={}, turns=MemoryCollection())
    offices.engine.cases[CASE_ID] = Triage(CASE_ID)
    offices.now = after(days=4)
    async with AsyncExitStack() as stack:
        for name, app in (("INTAKE", intake()), ("ESCALATION", desks.app), ("TRIAGE", offices.app)):
            monkeypatch.setenv(f"{name}_URL", await stack.enter_async_context(serving(app)))
        monkeypatch.setattr(where, "PATIENCE_SECONDS", 0.3)
        yield World(desks, offices)


async def test_the_queue_names_cases_and_says_why(world: World) -> None:
    told = await world.sro("queue", "--why")
    assert NUMBER in told
    assert "1. " in told
    assert "Routine: after imminent removals" in told
    assert "Nothing waits" in await world.sro("queue", "--urgency", "detained")
    assert "Nothing waits" in await world.sro("queue", who=ANA)
    (case,) = json.loads(await world.sro("queue", "--free", "--json"))
    assert (case["number"], case["place"]) == (NUMBER, 1)


async def test_a_case_is_shown_with_both_sides(world: World) -> None:
    told = await world.sro("show", NUMBER)
    for words in (
        "Weighed.",
        SECRET,
        "MITIGATING_FACTORS_OUTWEIGHED",
        "field office declined",
        "before headquarters",
        "UPHELD: ",
        "A098-765-432",
        "Wrenfield Law",
        "asks for",
        "on record",
    ):
        assert words in told
    assert json.loads(await world.sro("show", NUMBER, "--json"))["requestor"]["narrative"] == SECRET


async def test_a_case_is_claimed_drafted_handed_over_and_decided_from_the_draft(world: World) -> None:
    assert "is yours" in await world.sro("claim", NUMBER)
    reason = ("--reason", "consistent_with_guidance")
    await world.sro("draft", NUMBER, "--outcome", "upheld", *reason, "--declined", "release", "--text", "Checked.")
    await world.sro("hand-over", NUMBER, "--from", SAM, "--to", TOM, "--why", "workload")
    shown = await world.sro("show", NUMBER, who=TOM)
    assert f"Draft of {SAM}" in shown
    assert "Checked." in shown
    assert "upheld" in await world.sro("decide", NUMBER, "--from-draft", who=TOM)
    (resolution,) = world.case.told(EventType.RESOLUTION_ISSUED)
    assert (resolution["outcome"], resolution["decided_by"]) == ("UPHELD", TOM)
    assert (resolution["reasons"], resolution["declined"]) == (["CONSISTENT_WITH_GUIDANCE"], ["RELEASE"])


async def test_without_a_draft_or_an_outcome_nothing_is_decided(world: World) -> None:
    await world.sro("claim", NUMBER)
    assert "no draft" in await world.sro("decide", NUMBER, "--from-draft", wanted=1)
    assert "Say what you decide" in await world.sro("decide", NUMBER, "--reason", "X", wanted=1)
    assert "one case" in await world.sro("decide", NUMBER, NUMBER, "--from-draft", wanted=1)
    assert world.case.told(EventType.RESOLUTION_ISSUED) == []


async def test_a_decision_on_the_facts_that_were_seen_is_refused_when_they_changed(world: World) -> None:
    await world.sro("claim", NUMBER)
    world.case.hear("intake", amended(1))
    words = ["decide", NUMBER, "--outcome", "UPHELD", "--reason", "CONSISTENT_WITH_GUIDANCE"]
    assert "Not said: RELEASE" in await world.sro(*words, "--facts", "1", wanted=1)
    words = [*words, "--declined", "RELEASE"]
    assert "facts_changed" in await world.sro(*words, "--facts", "0", wanted=1)
    assert "office_told_more" in await world.sro(*words, "--told", "0", wanted=1)
    assert "would be upheld" in await world.sro(*words, "--dry-run")
    (done,) = json.loads(await world.sro(*words, "--told", "1", "--json"))
    assert (done["number"], done["status"]) == (NUMBER, "decided")


async def test_who_recuses_is_told_so_from_then_on(world: World) -> None:
    assert "You keep out" in await world.sro("recuse", NUMBER, "--why", "own_interest")
    assert "You declared a conflict in this case" in await world.sro("show", NUMBER, wanted=1)
    assert "recused" in await world.sro("claim", NUMBER, wanted=1)
    assert "Nothing waits" in await world.sro("queue")


async def test_an_official_learns_that_nobody_can_hear_of_the_question(world: World) -> None:
    refused = events.Consent(kind=ConsentKind.FORM_60_001, status=ConsentStatus.REFUSED)
    told = {"changed": ("consent",), "consent": refused, "noncitizen_reachable": False}
    world.case.hear("intake", events.RequestAmended(amendment=1, **told))
    await world.sro("claim", NUMBER)
    shown = await world.sro("ask", NUMBER, "--about", "custody", "--text", "Since when?")
    assert "The clock goes on: nobody outside can hear of the question." in " ".join(shown.split())


async def test_a_case_is_released_remanded_and_asked_about(world: World) -> None:
    await world.sro("claim", NUMBER)
    assert "back in the queue" in await world.sro("release", NUMBER)
    await world.sro("claim", NUMBER)
    assert "The requestor is asked" in await world.sro("ask", NUMBER, "--about", "custody", "--text", "Since when?")
    told = await world.sro("ask", NUMBER, "--office", "--about", "facts", "--text", "Was it vacated?")
    assert "The field office is asked" in told
    question = UUID(world.case.told(EventType.OFFICE_ASKED)[0]["question"])
    world.case.hear("triage", given(question).model_copy(update={"sealed": {}}), after(days=5))
    shown = await world.sro("show", NUMBER)
    assert "Was it vacated?" in shown
    assert "no answer yet" in shown
    sent = await world.sro("remand", NUMBER, "--reason", "FACTORS_NOT_CONSIDERED", "--text", "Her son.")
    assert "for round 2" in sent


async def test_an_officer_lists_and_answers_what_headquarters_asks(world: World) -> None:
    assert "asks BAL nothing" in await world.officer("questions", "--office", "bal")
    case = Triage(CASE_ID).submit(submitted(sealed={}, number=NUMBER, facts=PRESUMED))
    case.claim(at=T0)
    case.decide()
    case.hear("escalation", escalated(), after(days=3))
    case.hear("escalation", asked(sealed={}), after(days=3))
    world.office.engine.cases[CASE_ID] = case
    await world.office.sealed(CASE_ID, "unused", b"{}")
    assert NUMBER in await world.officer("questions", "--office", "BAL")
    assert "Headquarters has your answer" in await world.officer("answer", NUMBER, "--text", "It was, in May.")
    (told,) = case.told(EventType.OFFICE_ANSWERED)
    assert told["answered_by"] == BEN
    assert "asks nothing about it" in await world.officer("answer", NUMBER, "--text", "Again.", wanted=1)
