"""An officer's work as it is typed: the queue with its reasons, and the next case."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from cli import where
from services.triage.api import router
from services.triage.domain.states import State
from shared.contracts import events
from shared.contracts.vocabulary import ConsentKind, ConsentStatus, EventType
from shared.privacy.keyring import CACHED_SECONDS
from shared.web.sign_in import Role
from tests.integration.serving import secondlook, serving
from tests.unit.desks import Desks
from tests.unit.memory_collection import MemoryCollection
from tests.unit.one_case import CASE_ID, after
from tests.unit.triage_story import FAVOURED, Triage, amended, now_detained, submitted

NUMBER = "55MY1-Z1HT0-H"
SUBMITTED = {
    "noncitizen": {
        "given_name": "Ximena",
        "family_name": "Velarde [Rosal]",
        "a_number": "098765432",
        "date_of_birth": "1988-02-29",
    },
    "requestor": {"name": "Teodor Wrenfield", "organisation": "Wrenfield Law", "email": "t@wrenfield-law.example"},
    "narrative": "She cares for her son.",
}


@dataclass
class Baltimore:
    """The field office, and a command line that signs in as anybody there."""

    desks: Desks[State]

    async def types(self, *words: str, who: str = "officer-ana", wanted: int = 0) -> str:
        """What `secondlook` prints."""
        told = await secondlook(*words, "--token", self.desks.token(who, Role.OFFICER, offices=["BAL"]))
        assert told.exit_code == wanted, told.output
        return str(told.output)

    async def approves(self, *words: str) -> str:
        """As the office's director; what is printed."""
        token = self.desks.token("director-bal", Role.FIELD_OFFICE_DIRECTOR, offices=["BAL"])
        told = await secondlook(*words, "--token", token)
        assert told.exit_code == 0, told.output
        return str(told.output)


def intake() -> FastAPI:
    """What the command line asks intake: which case a number is."""
    app = FastAPI()

    @app.get("/cases")
    async def of_number(number: str) -> dict[str, Any]:
        assert number == NUMBER
        return {"case_id": str(CASE_ID), "filing": {"heard": {"assignment": {"office": "BAL"}}}}

    @app.get("/cases/{case_id}/doubles")
    async def doubles(case_id: UUID) -> list[dict[str, Any]]:
        assert case_id == CASE_ID
        told = {"case_number": "7K2QD-M4TT9-C", "received_at": after(days=1).isoformat(), "office": "BAL"}
        return [{"case_id": str(UUID(int=7)), "open": True, "standing": "Open", **told}]

    return app


@pytest.fixture(name="office")
async def _office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Baltimore]:
    async with serving(intake()) as numbers, httpx.AsyncClient() as http:
        found = {"intake": numbers}
        desks: Desks[State] = Desks(tmp_path, router, http=http, services=found, turns=MemoryCollection())
        box = await desks.sealed(CASE_ID, "submitted", json.dumps(SUBMITTED).encode())
        case = Triage()
        case.hear("intake", submitted(number=NUMBER).model_copy(update={"sealed": box}))
        desks.engine.cases[CASE_ID] = case
        monkeypatch.setenv("INTAKE_URL", numbers)
        monkeypatch.setattr(where, "PATIENCE_SECONDS", 0.3)
        async with serving(desks.app) as triage:
            monkeypatch.setenv("TRIAGE_URL", triage)
            yield Baltimore(desks)


async def test_the_queue_says_why_where_it_is_asked(office: Baltimore) -> None:
    assert "Routine: after imminent removals" not in await office.types("queue", "--office", "bal")
    assert "Routine: after imminent removals" in await office.types("queue", "--office", "bal", "--why")


async def test_the_next_case_is_taken_and_says_why_it_is_the_next(office: Baltimore) -> None:
    told = await office.types("next", "--office", "bal")
    assert f"{NUMBER} is yours. It stands first in the queue." in " ".join(told.split())
    assert "Routine: after imminent removals" in told
    assert "No case waits" in await office.types("next", "--office", "bal", who="officer-ben", wanted=1)


async def test_a_case_is_read_drafted_and_handed_over(office: Baltimore) -> None:
    told = await office.types("look", NUMBER, "--seen")
    assert "She cares for her son." in told
    assert "later: 7K2QD-M4TT9-C, Tue 09 Mar" in told
    await office.types("claim", NUMBER)
    await office.types("draft", NUMBER, "--outcome", "moot", "--text", "Checked.")
    office.desks.engine.cases[CASE_ID].hear("intake", now_detained(1))
    told = await office.types("look", NUMBER)
    assert "custody.status: NOT_DETAINED -> DETAINED" in told
    assert "Draft of officer-ana" in told
    assert "newer facts of custody moved it" in told
    await office.types("hand-over", NUMBER, "--from", "officer-ana", "--to", "officer-ben", "--why", "workload")
    assert "Checked." in await office.types("look", NUMBER, who="officer-ben")
    assert "back in the queue" in await office.types("release", NUMBER, who="officer-ben")
    assert "not_your_office" in await office.types("look", NUMBER, wanted=1)  # It went where she is held.


async def test_whom_a_case_is_about_is_shown_and_that_it_was_opened_is_on_record(office: Baltimore) -> None:
    told = " ".join((await office.types("look", NUMBER)).split())
    assert "about Ximena Velarde [Rosal], A098-765-432, born 1988-02-29" in told
    assert "asked by Teodor Wrenfield, Wrenfield Law, t@wrenfield-law.example (family)" in told
    assert "decision arrest" in told
    assert "asks for release" in told
    assert "on record" in told
    (record,) = office.desks.accesses.documents.values()
    assert (record["who"], record["case"]) == ("officer-ana", CASE_ID)


async def test_of_an_erased_case_that_is_said_and_nothing_else(office: Baltimore) -> None:
    await office.desks.keyring.shred(CASE_ID, ordered_by="p", reference="E-1")
    told = await office.types("look", NUMBER)
    assert "erased" in told
    assert "asked by" not in told
    assert "on record" not in told
    assert not office.desks.accesses.documents


async def test_while_the_key_store_is_away_nothing_is_shown_and_nothing_is_called_erased(office: Baltimore) -> None:
    office.desks.seconds, office.desks.keys.away = CACHED_SECONDS + 1, True
    told = await office.types("look", NUMBER, wanted=1)
    assert "cannot be used: it answers 503" in told
    assert "erased" not in told


async def test_a_wrong_code_is_answered_with_those_that_are_allowed(office: Baltimore) -> None:
    told = " ".join((await office.types("decide", NUMBER, "--claim", "--outcome", "maybe", wanted=1)).split())
    assert "outcome: Input should be 'FAVOURABLE', 'DECLINED', 'REFERRED' or 'MOOT'." in told
    await office.types("claim", NUMBER)
    told = await office.types("ask", NUMBER, "--about", "weather", "--text", "Is it fine?", wanted=1)
    assert "custody, removal, place, facts, consent" in told


async def test_the_requestor_is_asked_by_the_field_office(office: Baltimore) -> None:
    assert "not_claimed_by_you" in await office.types("ask", NUMBER, "--about", "custody", "--text", "Why?", wanted=1)
    await office.types("claim", NUMBER)
    told = await office.types("ask", NUMBER, "--about", "custody", "--text", "Since when is she held?")
    assert "The requestor is asked, until" in told
    assert "The clock goes on" not in told
    (asked,) = office.desks.engine.cases[CASE_ID].told(EventType.INFORMATION_REQUESTED)
    assert asked["about"] == ["custody"]


async def test_an_officer_learns_that_nobody_can_hear_of_the_question(office: Baltimore) -> None:
    refused = events.Consent(kind=ConsentKind.FORM_60_001, status=ConsentStatus.REFUSED)
    case = office.desks.engine.cases[CASE_ID]
    told = {"changed": ("consent",), "consent": refused, "noncitizen_reachable": False}
    case.hear("intake", events.RequestAmended(amendment=1, **told))
    await office.types("claim", NUMBER)
    shown = await office.types("ask", NUMBER, "--about", "custody", "--text", "Since when?")
    assert "The clock goes on: nobody outside can hear of the question." in " ".join(shown.split())


async def test_scripts_read_what_was_claimed_and_decided(office: Baltimore) -> None:
    assert "claimed_until" in json.loads(await office.types("claim", NUMBER, "--json"))
    unanswered = ("decide", NUMBER, "--outcome", "declined", "--reason", "mitigating_factors_outweighed", "--json")
    (lacks,) = json.loads(await office.types(*unanswered, wanted=1))
    assert [each["field"] for each in lacks["errors"]] == ["body.declined"]
    words = (*unanswered, "--declined", "release")
    assert "pre_approval_missing" in await office.types(*words, wanted=1)
    why = "Last month's conviction outweighs the family ties."
    approved = json.loads(await office.approves("pre-approve", NUMBER, "--text", why, "--json"))
    assert approved["round"] == 1
    shown = await office.types("look", NUMBER)
    assert "approved in advance by director-bal" in shown
    assert "Last month's conviction" in shown
    (dry,) = json.loads(await office.types(*words, "--dry-run"))
    assert (dry["number"], dry["status"]) == (NUMBER, "would_be_decided")
    (done,) = json.loads(await office.types(*words))
    assert (done["number"], done["status"]) == (NUMBER, "decided")
    (again,) = json.loads(await office.types(*words, wanted=1))
    assert again["status"] == "refused"


async def test_scripts_read_who_carries_out_what_was_granted_and_when_it_was_done(office: Baltimore) -> None:
    office.desks.engine.cases[CASE_ID].hear("escalation", FAVOURED)
    taken = json.loads(await office.types("carry-out", "take", NUMBER, "--json"))
    assert taken["owner"] == "officer-ana"
    assert "is yours to carry out" in await office.types("carry-out", "take", NUMBER)
    done = json.loads(await office.types("carry-out", "done", NUMBER, "--on", "2021-03-08", "--json"))
    assert done == {"on": "2021-03-08"}
    assert "Nothing has to be carried out at BAL." in await office.types("carry-out", "list", "--office", "bal")


@pytest.mark.parametrize("listing", [("queue",), ("questions",), ("carry-out", "list")], ids=" ".join)
async def test_a_mistyped_office_does_not_look_like_an_empty_one(office: Baltimore, listing: tuple[str, ...]) -> None:
    token = office.desks.token("officer-ana", Role.OFFICER, offices=["BLA"])
    told = await secondlook(*listing, "--office", "bla", "--token", token)
    assert told.exit_code == 1
    assert "There is no field office BLA: choose ATL, BAL," in told.output


async def test_an_unknown_fact_is_told_those_that_there_are(office: Baltimore) -> None:
    told = await office.types("facts", NUMBER, "final_ordre=no", wanted=1)
    assert "There is no fact final_ordre: choose aggravated_felony" in told


async def test_what_has_changed_since_it_was_read_is_seen_once(office: Baltimore) -> None:
    await office.types("look", NUMBER, "--seen")
    assert "nothing changed" in await office.types("look", NUMBER)
    office.desks.engine.cases[CASE_ID].hear("intake", amended(1))
    (listed,) = json.loads(await office.types("queue", "--office", "bal", "--json"))
    assert listed["news"] is True
    assert "amendment 1" in await office.types("look", NUMBER, "--seen")
    assert "nothing changed" in await office.types("look", NUMBER)
