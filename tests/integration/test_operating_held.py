"""What an operator's program sees and does about parked cases and dead letters, over HTTP and on a real store."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI

from cli import where
from shared.casework.dead_letters import DeadLetter, DeadLetters, RedrivingLetters, of_record
from shared.casework.document import arrive
from shared.casework.engine import Engine
from shared.casework.reaction import Context, Outcome, Step
from shared.casework.redriving import ENOUGH_TO_JUDGE, Redriving
from shared.contracts.envelope import Event
from shared.contracts.events import ReviewLapsed
from shared.contracts.vocabulary import EventType, Service
from shared.messaging.records import Record
from shared.web import dead_letters, held, problems
from shared.web.sign_in import Role, SignIn
from shared.web.signing_keys import DevelopmentKeys
from shared.web.tokens import DEVELOPMENT_ISSUER, DevelopmentIssuer
from tests.conftest import Servers
from tests.integration.serving import on_a_terminal, secondlook, serving
from tests.integration.toy import NOW, TOY, Tally, engine, record

pytestmark = pytest.mark.real

Command = Callable[..., Awaitable[Any]]
ADDRESS = "maria.example@example.net"


class Defective:
    """The toy, whose defect can be mended while it runs: a person redrives after a deployment."""

    def __init__(self) -> None:
        self.mended = False
        self.arrived: list[Record] = []
        self.behaviour = replace(TOY, reactions={**TOY.reactions, EventType.REVIEW_LAPSED: self._on_lapsed})

    def _on_lapsed(self, state: Tally | None, event: Event[ReviewLapsed], _: Context) -> Outcome[Tally]:
        if event.data.waived and not self.mended:
            raise ZeroDivisionError(ADDRESS)
        state = state or Tally()
        return Step(replace(state, lapses=state.lapses + 1))

    def arriving(self, letters: DeadLetters) -> Callable[[Record], Awaitable[bool]]:
        """Whoever reads `request.received`, and nothing else: of no use until it is mended."""

        async def arrive_(record: Record) -> bool:
            if record.topic != "request.received":
                return False
            if self.mended:
                self.arrived.append(record)
            else:
                await letters.keep([of_record(record, "wrong_body")], at=NOW)
            return True

        return arrive_


@dataclass
class Desk:
    """The endpoints, the engine behind them, and what can be mended."""

    http: httpx.AsyncClient
    engine: Engine[Tally]
    letters: DeadLetters
    defective: Defective
    app: FastAPI
    token: str

    async def park(self, case_id: UUID, followers: int = 2) -> None:
        await self.engine.handle(
            [
                arrive(case_id, "review.lapsed", record(case_id, seq, ReviewLapsed(at=NOW, waived=seq == 1)))
                for seq in range(1, followers + 2)
            ]
        )

    async def get(self, path: str, **query: Any) -> Any:
        answer = await self.http.get(path, params=query)
        assert answer.status_code == 200, answer.text
        assert ADDRESS not in answer.text
        return answer.json()

    async def post(self, path: str, **said: Any) -> Any:
        answer = await self.http.post(path, json=said)
        assert answer.status_code == 200, answer.text
        assert ADDRESS not in answer.text
        return answer.json()


async def as_it_is(raw: bytes) -> bytes:
    return raw


@pytest.fixture(name="desk")
async def _desk(servers: Servers, tmp_path: Path) -> AsyncIterator[Desk]:
    prefix, defective = f"o{uuid4().hex[:8]}_", Defective()
    made, client, sender = engine(servers.mongodb, servers.kafka, prefix, behaviour=defective.behaviour)
    await made.store.prepare()
    letters = DeadLetters(client.database(f"{prefix}toy")["dead_letters"], as_it_is)
    issuer = DevelopmentIssuer(tmp_path)
    keys = DevelopmentKeys(issuer.public_keys, host="127.0.0.1")
    app = FastAPI()
    problems.install(app)
    sign_in = SignIn(issuer=DEVELOPMENT_ISSUER, audience="second-look", keys=keys)
    redriving = Redriving(made, as_it_is, now=lambda: NOW)
    letters_again = RedrivingLetters(letters, as_it_is, defective.arriving(letters))
    app.include_router(held.router(store=made.store, redriving=redriving, sign_in=sign_in))
    app.include_router(dead_letters.router(dead_letters=letters, redriving=letters_again, sign_in=sign_in))
    token = issuer.staff("ops", [Role.OPERATOR])
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app),
        base_url="http://toy",
        headers={"Authorization": f"Bearer {token}"},
    ) as http:
        yield Desk(http, made, letters, defective, app, token)
    await made.drain(5)
    await sender.discard()
    await client.close()


async def test_parked_cases_are_listed_with_their_reason_and_how_many_wait(desk: Desk) -> None:
    parked, waiting = uuid4(), uuid4()
    await desk.park(parked)
    await desk.engine.handle([arrive(waiting, "review.lapsed", record(waiting, 2, ReviewLapsed(at=NOW, waived=False)))])
    page = await desk.get("/held")
    (shown,) = page["cases"]
    assert (shown["case_id"], shown["topic"], shown["waiting"]) == (str(parked), "review.lapsed", 2)
    assert shown["reason"].startswith("ZeroDivisionError at _on_lapsed:")
    assert (shown["builds"], page["more"]) == (["test"], False)
    both = (await desk.get("/held", waiting=True))["cases"]
    assert {each["case_id"]: each["reason"] is None for each in both} == {str(parked): False, str(waiting): True}
    assert len((await desk.get("/held", waiting=True, limit=1))["cases"]) == 1
    of_it = await desk.get(f"/held/{parked}")
    assert [(each["seq"], each["reason"] is None) for each in of_it["held"]] == [(1, False), (2, True), (3, True)]
    answer = await desk.http.get(f"/held/{uuid4()}")
    assert (answer.status_code, answer.json()["code"]) == (404, "nothing_held")


async def test_a_case_is_redriven_after_a_dry_run(desk: Desk) -> None:
    case_id = uuid4()
    await desk.park(case_id)
    told = await desk.post(f"/held/{case_id}/redrive", dry_run=True)
    assert (told["result"], told["waiting"]) == ("still_fails", 3)
    desk.defective.mended = True
    told = await desk.post(f"/held/{case_id}/redrive", dry_run=True)
    assert (told["result"], told["released"]) == ("applied", 3)
    assert len((await desk.get("/held"))["cases"]) == 1
    assert await desk.post(f"/held/{case_id}/redrive") == told
    assert (await desk.get("/held"))["cases"] == []
    assert (await desk.post(f"/held/{case_id}/redrive"))["result"] == "not_parked"


async def test_all_are_redriven_page_by_page(desk: Desk) -> None:
    cases = sorted(uuid4() for _ in range(5))
    for case_id in cases:
        await desk.park(case_id, followers=0)
    desk.defective.mended = True
    dry = await desk.post("/held/redrive", dry_run=True, per_second=500)
    assert (dry["applied"], dry["more"], len((await desk.get("/held"))["cases"])) == (5, False, 5)
    first = await desk.post("/held/redrive", per_second=500, limit=3)
    assert (first["applied"], first["more"], first["after"]) == (3, True, str(cases[2]))
    rest = await desk.post("/held/redrive", per_second=500, after=first["after"])
    assert (rest["applied"], rest["more"]) == (2, False)
    assert (await desk.get("/held"))["cases"] == []


async def test_dead_letters_are_shown_without_their_content(desk: Desk) -> None:
    letter = DeadLetter("request.received", 2, 7, "The record is no JSON.", ADDRESS.encode())
    await desk.letters.keep([letter], at=NOW)
    (shown,) = (await desk.get("/dead-letters"))["dead_letters"]
    assert (shown["topic"], shown["partition"], shown["offset"], shown["id"]) == ("request.received", 2, 7, letter.id)
    assert set(shown) == {"id", "topic", "partition", "offset", "reason", "at"}


async def test_a_dead_letter_is_offered_again_with_its_own_day_and_stays_until_it_is_handled(desk: Desk) -> None:
    record_ = Record("request.received", 1, 5, ADDRESS.encode(), f"{{{ADDRESS}".encode(), NOW)
    elsewhere = replace(record_, topic="request.received.kiosk")
    await desk.letters.keep([of_record(each, "not_json") for each in (record_, elsewhere)], at=NOW)
    told = {each["id"]: each for each in (await desk.post("/dead-letters/redrive"))["results"]}
    assert told[of_record(record_, "").id]["reason"] == "wrong_body"
    assert told[of_record(elsewhere, "").id]["reason"] == "Nothing reads this topic."
    assert {each["result"] for each in told.values()} == {"still_fails"}
    desk.defective.mended = True
    one = await desk.post(f"/dead-letters/{of_record(record_, '').id}/redrive")
    assert (one["result"], desk.defective.arrived) == ("handled", [record_])
    (left,) = (await desk.get("/dead-letters"))["dead_letters"]
    assert left["topic"] == elsewhere.topic
    assert (await desk.http.post(f"/dead-letters/{one['id']}/redrive")).status_code == 404


async def test_all_dead_letters_are_offered_page_by_page_and_what_is_gone_is_told(desk: Desk) -> None:
    await desk.letters.keep([DeadLetter("request.received", 0, n, "wrong_body", b"x" * n) for n in range(5)], at=NOW)
    desk.defective.mended = True
    first = (await desk.post("/dead-letters/redrive", limit=3))["results"]
    rest = (await desk.post("/dead-letters/redrive", after=first[-1]["id"]))["results"]
    results = [each["result"] for each in (*first, *rest)]
    assert (results.count("handled"), results.count("nothing_kept")) == (4, 1)
    assert len((await desk.get("/dead-letters"))["dead_letters"]) == 1


@pytest.fixture(name="secondlook")
async def _secondlook(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Command]:
    """The command line, calling the endpoints as the service triage; nothing listens where the others would be."""
    async with serving(desk.app) as url:
        for service in Service:
            monkeypatch.setenv(f"{service.upper()}_URL", url if service == "triage" else "http://127.0.0.1:1")
        monkeypatch.setenv("SECONDLOOK_TOKEN", desk.token)
        monkeypatch.setattr(where, "PATIENCE_SECONDS", 0.3)
        yield secondlook


async def test_the_command_line_lists_shows_and_redrives(desk: Desk, secondlook: Command) -> None:
    case_id = uuid4()
    assert "Nothing is parked." in (await secondlook("held", "list")).output
    await desk.park(case_id)
    listed = await secondlook("held", "list")
    assert listed.exit_code == 0
    assert str(case_id) in listed.output
    assert "intake does not answer" in listed.output
    shown = json.loads((await secondlook("held", "show", str(case_id), "--json")).stdout)
    assert [each["seq"] for each in shown["triage"]["held"]] == [1, 2, 3]
    dry = await secondlook("held", "redrive", "--dry-run", "--service", "triage")
    assert "0 would be released with 0 held inputs, 1 not." in dry.output
    assert "ZeroDivisionError" in dry.output
    desk.defective.mended = True
    told = await secondlook("held", "redrive", str(case_id), "--service", "triage")
    assert "triage: 1 released with 3 held inputs, 0 not." in told.output
    assert json.loads((await secondlook("held", "list", "--json")).stdout) == []
    await desk.letters.keep([DeadLetter("request.received", 2, 7, "The record is no JSON.", b"x")], at=NOW)
    assert "The record is no JSON." in (await secondlook("dead-letters", "list", "--service", "triage")).output
    assert "triage: 1 handled, 0 not." in (await secondlook("dead-letters", "redrive")).output
    assert "No dead letters." in (await secondlook("dead-letters", "list", "--service", "triage")).output
    assert "see `secondlook dead-letters list`" in (await secondlook("dead-letters", "redrive", "00")).output
    gone = await secondlook("held", "list", "--service", "intake")
    assert (gone.exit_code, "Traceback" in gone.output) == (1, False)


async def test_a_terminal_is_shown_how_many_of_how_many_were_offered_again(desk: Desk, secondlook: Command) -> None:
    for _ in range(3):
        await desk.park(uuid4(), followers=0)
    await desk.letters.keep([DeadLetter("request.received", 0, n, "wrong_body", b"x" * n) for n in range(4)], at=NOW)
    assert (await desk.get("/held", limit=1))["count"] == 3
    assert (await desk.get("/dead-letters", limit=1))["count"] == 4
    redrive = ("redrive", "--service", "triage", "--json")
    for what, words, count in (
        ("parked cases", ("held", *redrive, "--dry-run"), 3),
        ("dead letters", ("dead-letters", *redrive), 4),
    ):
        said, told = await on_a_terminal(*words)
        assert f"triage: offering {what} again" in told
        assert f"{count}/{count}" in told
        assert json.loads(said)
        elsewhere = await secondlook(*words)
        assert (elsewhere.exit_code, "offering" in elsewhere.output) == (0, False)


async def test_what_is_left_counts_as_done(desk: Desk, secondlook: Command) -> None:
    for _ in range(ENOUGH_TO_JUDGE + 2):
        await desk.park(uuid4(), followers=0)
    _, told = await on_a_terminal("held", "redrive", "--service", "triage", "--per-second", "500")
    assert f"{ENOUGH_TO_JUDGE + 2}/{ENOUGH_TO_JUDGE + 2}" in told
    assert "More than a fifth fail still" in " ".join(told.split())


async def test_the_command_line_ends_with_an_error_when_the_cause_is_still_there(
    desk: Desk, secondlook: Command
) -> None:
    for _ in range(ENOUGH_TO_JUDGE + 2):
        await desk.park(uuid4(), followers=0)
    told = await secondlook("held", "redrive", "--per-second", "500")
    assert told.exit_code == 1
    assert "More than a fifth fail still" in told.output


async def test_one_reason_that_fails_still_does_not_keep_those_with_another_from_being_released(
    desk: Desk, secondlook: Command
) -> None:
    broken = [UUID(int=number) for number in range(1, ENOUGH_TO_JUDGE + 3)]
    for case_id in broken:  # two events under one number, which no build will ever handle
        lapsed = [record(case_id, 1, ReviewLapsed(at=NOW, waived=False)) for _ in range(2)]
        await desk.engine.handle([arrive(case_id, "review.lapsed", each) for each in lapsed])
    mended = [uuid4() for _ in range(3)]
    for case_id in mended:
        await desk.park(case_id)
    desk.defective.mended = True
    told = await secondlook("held", "redrive", "--per-second", "500")
    assert told.exit_code == 1
    assert f"2 left, {ENOUGH_TO_JUDGE} of {ENOUGH_TO_JUDGE} fail still" in told.output
    assert "triage: 3 released with 9 held inputs" in told.output
    assert {each["case_id"] for each in (await desk.get("/held"))["cases"]} == set(map(str, broken))
