"""Decisions of one member of staff, one or many: sealed, carried out in one write for each case, each by itself.

A dry run goes the same way, through the same reactions, and stops before the write.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar
from uuid import UUID

from fastapi import APIRouter

from shared.casework import offering
from shared.casework.case import Case
from shared.casework.commands import Answered, whole_milliseconds
from shared.casework.offering import Rules
from shared.casework.reaction import Command
from shared.errors import (
    CaseParked,
    CaseUnknown,
    CommandFailed,
    CommandRefused,
    Outage,
    StoreNotCompared,
    WrittenByNewer,
)
from shared.mongo.driver import PyMongoError
from shared.privacy.opening import Desk as SealedDesk
from shared.web.casework import Became, BulkAnswer, bulk_answer
from shared.web.idempotency import IdempotencyKey
from shared.web.sign_in import Staff

S = TypeVar("S")


class Cases(Protocol[S]):
    """Where cases are loaded from; what is done to a loaded case changes nothing."""

    async def load(self, case_ids: Iterable[UUID]) -> dict[UUID, Case[S]]: ...


class Engine(Protocol[S]):
    """What deciding asks of the engine."""

    @property
    def rules(self) -> Rules[S]: ...
    @property
    def store(self) -> Cases[S]: ...
    async def command(self, command: Command[Any]) -> Answered: ...
    async def commands(
        self, commands: Sequence[Command[Any]], *, wait: bool = True
    ) -> list[Answered | CommandFailed]: ...


class Desk(Protocol):
    """What the endpoint asks of a desk."""

    async def decide_all(self, staff: Staff, key: str, body: Any) -> BulkAnswer: ...


@dataclass(frozen=True, slots=True)
class Wish(Generic[S]):
    """One decision, its text not sealed yet.

    `id` is the command's, the same for the same decision sent again. `name` gives the name under which the text is
    sealed as the case stands; `data` what the command carries with the sealed text (empty where none was typed).
    """

    id: UUID
    case_id: UUID
    text: str | None
    name: Callable[[S], str]
    data: Callable[[Mapping[str, bytes]], Any]

    @property
    def says(self) -> tuple[Any, str | None]:
        """What tells the same decision, come again, from another one under the same key."""
        return self.data({}), self.text


class Deciding(Generic[S]):
    """Carries decisions out. `order` is the name of the command in the service's table of reactions."""

    def __init__(self, engine: Engine[S], sealed: SealedDesk, now: Callable[[], datetime], *, order: str) -> None:
        """`now` is the policy clock."""
        self._engine = engine
        self._sealed = sealed
        self._now = now
        self._order = order

    async def one(self, wish: Wish[S]) -> Answered:
        """Decide one case. Raises `CommandFailed` of some kind (nothing was saved), or an outage."""
        return await self._engine.command(await self._command(wish, await self._written_about([wish])))

    async def many(self, wishes: Sequence[Wish[S]], *, dry_run: bool) -> BulkAnswer:
        """What became of each decision, or would: one look at the store and one write, however many they are.

        Raises `StoreNotCompared`: nothing was decided, and sending it again does not help.
        """
        ids = [wish.case_id for wish in wishes]
        try:
            cases = await (self._engine.store.load(ids) if dry_run else self._written_about(wishes))
            await self._sealed.read_ahead([wish.case_id for wish in wishes if wish.text])
            prepared = await self._prepared(wishes, cases)
        except StoreNotCompared:
            raise
        except (Outage, PyMongoError):
            return bulk_answer(ids, [Outage()] * len(ids), dry_run=dry_run)
        commands = [each for each in prepared if isinstance(each, Command)]
        done = iter(self._tried(commands, cases) if dry_run else await self._carried_out(commands))
        return bulk_answer(
            ids, [next(done) if isinstance(each, Command) else each for each in prepared], dry_run=dry_run
        )

    async def _written_about(self, wishes: Sequence[Wish[S]]) -> Mapping[UUID, Case[S]]:
        """The cases that somebody typed a text about: how they stand says under which name it is sealed."""
        ids = [wish.case_id for wish in wishes if wish.text]
        return await self._engine.store.load(ids) if ids else {}

    async def _prepared(
        self, wishes: Sequence[Wish[S]], cases: Mapping[UUID, Case[S]]
    ) -> list[Command[Any] | CommandFailed | Outage]:
        prepared: list[Command[Any] | CommandFailed | Outage] = []
        for wish, reused in zip(wishes, _reused(wishes), strict=True):
            try:
                if reused:
                    raise CommandRefused("idempotency_key_reused", "Another decision here has this case and this key.")
                prepared.append(await self._command(wish, cases))
            except (CommandFailed, Outage) as failed:
                prepared.append(failed)
        return prepared

    async def _command(self, wish: Wish[S], cases: Mapping[UUID, Case[S]]) -> Command[Any]:
        box = await self._box(wish, cases[wish.case_id]) if wish.text else {}
        return Command(self._order, wish.id, wish.case_id, whole_milliseconds(self._now()), wish.data(box))

    async def _box(self, wish: Wish[S], case: Case[S]) -> Mapping[str, bytes]:
        if case.newer:
            raise WrittenByNewer
        if case.state is None:
            raise CaseParked(case.id) if case.parked else CaseUnknown
        if wish.id.hex in case.commands:
            return {}  # Decided: answered as before, also where nothing can be sealed any more.
        return await self._sealed.sealed(case.id, cause=wish.id, name=wish.name(case.state), text=wish.text)

    async def _carried_out(self, commands: Sequence[Command[Any]]) -> Sequence[Became]:
        try:
            return await self._engine.commands(commands, wait=False)
        except StoreNotCompared:
            raise
        except Outage as away:
            return [away] * len(commands)

    def _tried(self, commands: Sequence[Command[Any]], cases: Mapping[UUID, Case[S]]) -> Sequence[Became]:
        """One after the other on the loaded cases, as they would fold into one write; then they are thrown away."""
        rules = self._engine.rules
        return [offering.command(cases[asked.case_id], asked, rules) for asked in commands]


def add_route(routes: APIRouter, desk: Desk, person: Any, many: Any) -> None:
    """The endpoint, for whoever `person` lets in; `many` is the body's model: the service's own decisions."""

    @routes.post("/decisions")
    async def decisions(body: many, key: IdempotencyKey, staff: person) -> BulkAnswer:
        """Decide many cases at once, each by itself; the answer says what became of each, in the order given.

        Claimed ones, or with `claim` also such as nobody has claimed: the decision then takes its case in hand, and one
        that is refused leaves it as it was. Each decision is known by its own key, or else by the request's key and its
        case: the same request again is answered as before. `unknown` is to be sent again with the same key.
        """
        return await desk.decide_all(staff, key, body)


def _reused(wishes: Sequence[Wish[S]]) -> list[bool]:
    """Whether each has the id of an earlier one in the list and says something else."""
    first: dict[UUID, Wish[S]] = {}
    return [first.setdefault(wish.id, wish).says != wish.says for wish in wishes]
