"""Staff at their desks: a service's endpoints over cases in memory, with real tokens, keys and access records."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import deepcopy
from datetime import datetime
from pathlib import Path
from typing import Any, Generic, TypeVar
from uuid import UUID

import httpx
from fastapi import APIRouter, FastAPI

from shared.casework.case import Case, Emitted
from shared.casework.commands import Answered
from shared.casework.engine import CaseView
from shared.casework.offering import Rules
from shared.casework.reaction import Command
from shared.errors import CaseUnknown, CommandFailed, Outage
from shared.privacy.access import AccessLog
from shared.privacy.keyring import Keyring
from shared.privacy.keys import SecretKey
from shared.privacy.sealing import CaseKey, seal
from shared.web import problems, staff_events
from shared.web.sign_in import Role, SignIn
from shared.web.signing_keys import DevelopmentKeys
from shared.web.tokens import AUDIENCE, DEVELOPMENT_ISSUER, DevelopmentIssuer
from tests.unit.memory_collection import MemoryCollection
from tests.unit.one_case import POLICIES, T0, OneCase

S = TypeVar("S")


class MemoryEngine(Generic[S]):
    """What endpoints ask of the engine, over cases in memory. Knows the few queries that the desks make."""

    def __init__(self) -> None:
        self.cases: dict[UUID, OneCase[S]] = {}
        self.looks = self.writes = 0
        self.away = False

    @property
    def store(self) -> "MemoryEngine[S]":
        return self

    @property
    def rules(self) -> Rules[S]:
        return next(iter(self.cases.values())).rules

    async def load(self, case_ids: Iterable[UUID]) -> dict[UUID, Case[S]]:
        self.looks += 1
        return {each: deepcopy(self.cases[each].case) if each in self.cases else Case(each) for each in case_ids}

    async def command(self, command: Command[Any]) -> Answered:
        (answer,) = await self.commands([command])
        if isinstance(answer, CommandFailed):
            raise answer
        return answer

    async def commands(self, commands: Sequence[Command[Any]], *, wait: bool = True) -> list[Answered | CommandFailed]:
        self.writes += 1
        if self.away:
            raise Outage("The store does not answer.")
        return [
            self.cases[command.case_id].order(command) if command.case_id in self.cases else CaseUnknown()
            for command in commands
        ]

    async def case(self, case_id: UUID) -> CaseView[S] | None:
        found = self.cases.get(case_id)
        return self._view(found) if found is not None and found.state is not None else None

    async def sealed(self, case_id: UUID) -> dict[str, bytes]:
        return self.cases[case_id].case.changes.blobs

    async def events(self, case_id: UUID) -> list[Emitted]:
        return self.cases[case_id].case.changes.events if case_id in self.cases else []

    async def listing(
        self, query: Mapping[str, Any], *, sort: Sequence[tuple[str, int]], skip: int, limit: int
    ) -> list[CaseView[S]]:
        found = [case for case in self.cases.values() if case.state is not None and _fits(_document(case), query)]
        found.sort(key=lambda case: [_document(case)[name] for name, _ in sort])
        return [self._view(case) for case in found[skip : skip + limit]]

    def _view(self, one: OneCase[S]) -> CaseView[S]:
        assert one.state is not None
        return CaseView(one.case.id, one.state, one.case.work, one.case.v, one.case.parked)


def _document(one: OneCase[Any]) -> dict[str, Any]:
    queue = {f"queue.{name}": value for name, value in one.queue.items() if value is not None}
    return {"_id": one.case.id, **queue}


def _fits(document: Mapping[str, Any], query: Mapping[str, Any]) -> bool:
    return all(_holds(document, name, wanted) for name, wanted in query.items())


def _holds(document: Mapping[str, Any], name: str, wanted: Any) -> bool:
    value = document.get(name)
    match wanted:
        case list() if name == "$or":
            return any(_fits(document, one) for one in wanted)
        case list() if name == "$and":
            return all(_fits(document, one) for one in wanted)
        case {"$in": values}:
            return value in values
        case {"$ne": other}:
            return other not in value if isinstance(value, list) else value != other
        case {"$exists": there}:
            return (value is not None) is there
        case {"$gt": bound}:
            return value is not None and value > bound
        case {"$lte": bound}:
            return value is not None and value <= bound
        case _:
            return bool(value == wanted)


class Desks(Generic[S]):
    """One service's endpoints, and the people who use them.

    `now` is the policy clock, `seconds` the monotonic one that cached keys go by; both are moved by hand.
    """

    def __init__(self, folder: Path, router: Callable[..., APIRouter], **more: Any) -> None:
        self._issuer = DevelopmentIssuer(folder)
        keys = DevelopmentKeys(self._issuer.public_keys, host="127.0.0.1")
        self.engine: MemoryEngine[S] = MemoryEngine()
        self.accesses = MemoryCollection()
        self.keys = MemoryCollection()
        self.seconds = 0.0
        self.keyring = Keyring(self.keys, SecretKey(b"k" * 32), monotonic=lambda: self.seconds)  # type: ignore[arg-type]
        self.access = AccessLog(self.accesses)  # type: ignore[arg-type]
        self.now: datetime = T0
        app = FastAPI()
        problems.install(app)
        sign_in = SignIn(issuer=DEVELOPMENT_ISSUER, audience=AUDIENCE, keys=keys)
        app.include_router(
            router(
                engine=self.engine,
                sign_in=sign_in,
                keyring=self.keyring,
                access=self.access,
                policies=POLICIES,
                now=lambda: self.now,
                **more,
            )
        )
        app.include_router(staff_events.router(engine=self.engine, sign_in=sign_in))
        self.app = app
        self._calls = 0

    async def sealed(self, case_id: UUID, name: str, plaintext: bytes) -> dict[str, bytes]:
        """A blob, sealed with the case's key."""
        key = (await self.keyring.get_or_create([case_id]))[case_id]
        assert isinstance(key, CaseKey)
        return {name: seal(key, case_id=case_id, cause=case_id, name=name, plaintext=plaintext)}

    def token(self, who: str, *roles: Role, offices: Sequence[str] = ()) -> str:
        """A sign-in token of somebody who may use these endpoints."""
        return self._issuer.staff(who, roles, offices=offices)

    async def get(self, path: str, who: str, role: Role, *, offices: Sequence[str] = (), **params: Any) -> Any:
        """A page's answer."""
        return await self._send("GET", path, who, role, offices, {}, params=params)

    async def post(
        self, path: str, who: str, role: Role, body: Any = None, *, offices: Sequence[str] = (), key: str = ""
    ) -> httpx.Response:
        """An order's answer. Without a key each call has its own."""
        self._calls += 1
        headers = {"Idempotency-Key": key or f"call-{self._calls}"}
        return await self._send("POST", path, who, role, offices, headers, json=body)

    async def _send(
        self, method: str, path: str, who: str, role: Role, offices: Sequence[str], headers: Any, **more: Any
    ) -> httpx.Response:
        token = self.token(who, role, offices=offices)
        transport = httpx.ASGITransport(self.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://desk") as client:
            return await client.request(method, path, headers={"Authorization": f"Bearer {token}", **headers}, **more)
