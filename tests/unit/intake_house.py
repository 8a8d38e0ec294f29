"""Intake's HTTP side on an engine in memory: the real reactions, keys, links, pages and tokens, and no server."""

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast
from uuid import UUID, uuid4

import httpx
from fastapi import FastAPI

from services.intake import api, page_routes, staff_find
from services.intake.answers import describe
from services.intake.domain.case import State
from services.intake.erasing import Erasing
from services.intake.raw import ANONYMOUS, RawSubmission
from services.intake.registry import Doubles, Mendings, Numbers
from services.intake.rendering import STYLE
from services.intake.resubmitting import Resubmissions
from services.intake.same_person import SamePerson
from services.intake.submitting import Prepared, Submissions
from shared.casework import offering
from shared.casework.case import Arrived, Case, Emitted
from shared.casework.commands import Answered
from shared.casework.engine import CaseView
from shared.casework.reaction import Command
from shared.contracts.envelope import Event, encode
from shared.contracts.sealed import SealedText
from shared.errors import CaseUnknown, CommandFailed, Outage
from shared.mongo import driver
from shared.privacy.access import AccessLog
from shared.privacy.blind_index import BlindIndex
from shared.privacy.case_ids import CaseIds
from shared.privacy.keyring import Keyring
from shared.privacy.keys import SecretKey
from shared.privacy.links import Links
from shared.privacy.sealing import CaseKey, seal
from shared.web import problems
from shared.web.headers import SecurityHeaders
from shared.web.sign_in import Role, SignIn
from shared.web.signing_keys import DevelopmentKeys
from shared.web.tokens import AUDIENCE, DEVELOPMENT_ISSUER, DevelopmentIssuer
from tests.unit.intake_world import MONDAY, question, rules
from tests.unit.memory_collection import MemoryCollection


@dataclass
class Collection(MemoryCollection):
    """Also forgets documents, and takes indexes for granted."""

    async def delete_one(self, query: Mapping[str, Any]) -> None:
        self.documents.pop(query["_id"], None)

    async def create_index(self, keys: Sequence[tuple[str, int]]) -> str:
        return str(keys)


def as_collection(kept: Collection) -> driver.Collection:
    """What the product takes for a collection of the driver's."""
    return cast("driver.Collection", kept)


@dataclass
class MemoryEngine:
    """The engine's pure core, and a dictionary where the store would be.

    `now` is the policy clock. `groups` notes how many commands came at once, `looks` how often several cases were
    asked for; while it is `away`, nothing can be written.
    """

    cases: dict[UUID, Case[State]] = field(default_factory=dict)
    groups: list[int] = field(default_factory=list)
    looks: int = 0
    away: bool = False
    now: Callable[[], datetime] = lambda: MONDAY

    async def command(self, command: Command[Any]) -> Answered:
        (answer,) = await self.commands([command])
        if isinstance(answer, CommandFailed):
            raise answer
        return answer

    async def commands(self, commands: Sequence[Command[Any]], *, wait: bool = True) -> list[Answered | CommandFailed]:
        if self.away:
            raise Outage("The store does not answer.")
        self.groups.append(len(commands))
        answers = [
            offering.command(self.cases.setdefault(asked.case_id, Case(asked.case_id)), asked, rules())
            for asked in commands
        ]
        self.note_what_is_shown()
        return answers

    def note_what_is_shown(self) -> None:
        """As a write does: when the outside could see that a case had changed."""
        for case in self.cases.values():
            if case.changes.shown:
                case.shown_at, case.changes.shown = self.now(), False

    async def case(self, case_id: UUID) -> CaseView[State] | None:
        case = self.cases.get(case_id)
        if case is None or case.state is None:
            return None
        return CaseView(case_id, case.state, case.work, case.v, case.parked, case.shown_at)

    async def look(self, case_ids: Sequence[UUID]) -> dict[UUID, CaseView[State]]:
        self.looks += 1
        return {case_id: view for case_id in case_ids if (view := await self.case(case_id))}

    async def sealed(self, case_id: UUID) -> dict[str, bytes]:
        return self._known(case_id).changes.blobs

    async def events(self, case_id: UUID) -> list[Emitted]:
        return self._known(case_id).changes.events

    async def boxes(self, case_ids: Sequence[UUID], name: str) -> dict[UUID, bytes]:
        blobs = ((case_id, self.cases[case_id].changes.blobs.get(name)) for case_id in case_ids)
        return {case_id: box for case_id, box in blobs if box is not None}

    async def listing(
        self,
        query: Mapping[str, Any],
        *,
        sort: Sequence[tuple[str, int]] = (),
        skip: int = 0,
        limit: int = 50,
        whole: bool = False,
    ) -> list[CaseView[State]]:
        views = [view for case_id in self.cases if (view := await self.case(case_id))]
        found = [
            view for view in views if all(_found(_listed(view).get(name), wanted) for name, wanted in query.items())
        ]
        for name, way in reversed(sort):
            found.sort(key=lambda view: _listed(view)[name], reverse=way < 0)
        return found[skip : skip + limit]

    def _known(self, case_id: UUID) -> Case[State]:
        if case_id not in self.cases:
            raise CaseUnknown
        return self.cases[case_id]


def _listed(view: CaseView[State]) -> dict[str, Any]:
    """The fields by which a case is listed; None values are left out."""
    queue = {f"queue.{name}": value for name, value in rules().behaviour.queue(view.state, {}).items()}
    return {name: value for name, value in (queue | {"shown_at": view.shown_at}).items() if value is not None}


def _found(value: Any, wanted: Any) -> bool:
    """As the store compares: by value, by bounds, or by whether it is there."""
    if not isinstance(wanted, dict):
        return bool(value == wanted)
    compared = {"$gt": operator.gt, "$lt": operator.lt, "$gte": operator.ge}
    return value is not None and all(compared[how](value, bound) for how, bound in wanted.items() if how != "$exists")


class House:
    """One running intake. `clock` is the policy clock."""

    def __init__(self, folder: Path) -> None:
        self.clock = MONDAY
        self.engine = MemoryEngine(now=self.now)
        self.numbers_kept, self.doubles_kept, self.accesses = Collection(), Collection(), Collection()
        self.keys_kept = Collection()
        self.keyring = Keyring(as_collection(self.keys_kept), SecretKey(b"m" * 32))
        self.links = Links(SecretKey(b"l" * 32))
        self.index = BlindIndex(SecretKey(b"i" * 32))
        self.numbers, self.doubles = (
            Numbers(as_collection(self.numbers_kept)),
            Doubles(as_collection(self.doubles_kept)),
        )
        self.same_person = SamePerson(self.doubles, self.engine.look)
        self.case_ids = CaseIds(SecretKey(b"d" * 32))
        self.submissions = self.submissions_with(self.case_ids)
        self.erasing = Erasing(
            engine=cast("Any", self.engine), keyring=self.keyring, doubles=self.doubles, now=self.now
        )
        self.issuer = DevelopmentIssuer(folder)
        keys = DevelopmentKeys(self.issuer.public_keys, host="127.0.0.1")
        sign_in = SignIn(issuer=DEVELOPMENT_ISSUER, audience=AUDIENCE, keys=keys)
        app = FastAPI()
        problems.install(app)
        describe(app)
        common: Any = {
            "engine": self.engine,
            "keyring": self.keyring,
            "links": self.links,
            "policies": rules().policies,
            "public_url": "https://review.example",
            "now": self.now,
        }
        app.include_router(page_routes.router(**common))
        access = AccessLog(as_collection(self.accesses))
        finding = staff_find.Finding(self.numbers, self.doubles, self.index, self.engine.look, access, self.now)
        app.include_router(staff_find.router(finding, sign_in))
        app.include_router(
            api.router(
                **common,
                submissions=self.submissions,
                numbers=self.numbers,
                same_person=self.same_person,
                erasing=self.erasing,
                sign_in=sign_in,
                index=self.index,
                access=access,
            )
        )
        app.add_middleware(SecurityHeaders, inline_styles=(STYLE,))
        self.app = app
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://review.example")

    def submissions_with(self, case_ids: CaseIds) -> Submissions:
        """Whoever takes requests in, with these case ids."""
        return Submissions(
            case_ids=case_ids,
            keyring=self.keyring,
            index=self.index,
            numbers=self.numbers,
            doubles=self.same_person,
            resubmissions=Resubmissions(Mendings(as_collection(Collection())), self.links, self.engine.look),
            policies=rules().policies,
            known=self._known,
        )

    async def _known(self, case_ids: Sequence[UUID]) -> list[UUID]:
        return [case_id for case_id in case_ids if await self.engine.case(case_id)]

    def now(self) -> datetime:
        return self.clock

    def wait(self, how_long: timedelta) -> None:
        """Let policy time pass."""
        self.clock += how_long

    async def submit(self, content: Mapping[str, Any], key: str | None = None, **how: Any) -> httpx.Response:
        """Submit over HTTP without a token."""
        headers = {"Idempotency-Key": key or str(uuid4())} | how.pop("headers", {})
        return await self.http.post("/requests", json=content, headers=headers, **how)

    async def opened(self, content: Mapping[str, Any] | None = None) -> tuple[UUID, str]:
        """A case that exists, and the path of its page."""
        answer = await self.submit(content or complete())
        assert answer.status_code in (202, 422), answer.text
        path = answer.json()["status_url"].removeprefix("https://review.example")
        case_id = self.links.case_of(path.rpartition("/")[2])
        assert case_id is not None
        return case_id, path

    def hear(self, case_id: UUID, *told: Event[Any]) -> None:
        """Others' events, addressed to this case."""
        for event in told:
            own = event.model_copy(update={"subject": case_id})
            arrived = Arrived(case_id, own.type, encode(own), event=own)
            offering.offer(self.engine.cases[case_id], arrived, rules(), now=self.clock)
            self.engine.note_what_is_shown()

    async def rule(
        self, case_id: UUID, status: str, *, of: str = "requestor", seen: int = 0, office: str = "ELP"
    ) -> httpx.Response:
        """Staff's word on a consent, or on who the noncitizen is."""
        token = self.issuer.staff("person-7", [Role.OFFICER], offices=(office, "HQ"))
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": f"{status}-{of}-{seen}"}
        wish = {"facts_seen": seen, "status": status, "of": of}
        return await self.http.post(f"/cases/{case_id}/consent", json=wish, headers=headers)

    async def sealed_question(self, case_id: UUID, text: str) -> Event[Any]:
        """A question of the field office, sealed with the key of this case."""
        asked = question()
        key = (await self.keyring.get([case_id]))[case_id]
        assert isinstance(key, CaseKey)
        name = f"question_{asked.data.question.hex}"
        plaintext = SealedText(text=text).model_dump_json().encode()
        box = seal(key, case_id=case_id, cause=asked.id, name=name, plaintext=plaintext)
        return asked.model_copy(update={"data": asked.data.model_copy(update={"sealed": {name: box}})})

    async def prepare(self, *contents: Any, channel: str = "http", key: str | None = None) -> list[Any]:
        """Prepare raw submissions as a batch."""
        raw = [RawSubmission(content, channel, ANONYMOUS, key or str(uuid4()), self.clock) for content in contents]
        return await self.submissions.prepare(raw)

    async def carry_out(self, prepared: Any) -> Answered:
        assert isinstance(prepared, Prepared)
        return await self.engine.command(prepared.command)


def complete(**changes: Any) -> dict[str, Any]:
    """A complete request, invented."""
    body: dict[str, Any] = {
        "noncitizen": {
            "given_name": "Zoraida",
            "family_name": "Quintanabelle",
            "a_number": "A12-345-678",
            "date_of_birth": "1990-05-17",
        },
        "requestor": {
            "type": "FAMILY",
            "name": "Ulises Quintanabelle",
            "email": "ulises.quintanabelle@example.org",
            "phone": "+1-555-0100",
            "language": "en",
        },
        "custody": {"status": "NOT_DETAINED"},
        "removal": {"believed_imminent": "no"},
        "place": {"state": "TX", "county": "El Paso"},
        "decision_under_review": ["REMOVAL_EXECUTION"],
        "relief_sought": ["STAY_OR_PAUSE_REMOVAL"],
        "narrative": "She lives on Marzipanallee and cares for two children.",
        "facts": {"mitigating": [{"value": "FAMILY_TIES"}, {"value": "HEALTH"}]},
        "consent": {"kind": "FORM_60_001", "signed": True},
    }
    return body | changes


def own(**changes: Any) -> dict[str, Any]:
    """The same request by the noncitizen."""
    body = complete(consent={"kind": "NONE"}, **changes)
    return body | {"requestor": body["requestor"] | {"type": "NONCITIZEN", "name": "Zoraida Quintanabelle"}}
