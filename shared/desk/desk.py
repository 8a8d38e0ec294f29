"""Carries out the orders of a desk's table: a typed text sealed, one command and one write for each case.

A dry run of many decisions goes the same way, through the same reactions, and stops before the write.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from fastapi import APIRouter

from shared.casework import offering
from shared.casework.case import Case
from shared.casework.commands import Answered, command_id, whole_milliseconds
from shared.casework.reaction import Command
from shared.desk.bulk import Became, BulkAnswer, BulkBody, bulk_answer
from shared.desk.orders import DeskOrder
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
from shared.web.casework import ManyEngine
from shared.web.idempotency import IdempotencyKey
from shared.web.sign_in import Staff

S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class Wish:
    """One order as it was given, its text not sealed yet. `id` is the command's: the same for the same order again."""

    order: DeskOrder
    id: UUID
    case_id: UUID
    data: Any
    text: str | None

    @property
    def says(self) -> tuple[Any, str | None]:
        """What tells the same order, come again, from another one under the same key."""
        return self.data, self.text


class Desk(Generic[S]):
    """Gives the orders of signed-in staff to a service's engine."""

    def __init__(self, service: str, engine: ManyEngine[S], sealed: SealedDesk, now: Callable[[], datetime]) -> None:
        """`now` is the policy clock."""
        self._service = service
        self._engine = engine
        self._sealed = sealed
        self._now = now

    async def order(self, order: DeskOrder, case_id: UUID, staff: Staff, key: str, body: Any) -> Answered:
        """Carry one order out. Raises `CommandFailed` of some kind (nothing was saved), or an outage."""
        wish = self._wish(order, case_id, staff, key, body)
        command = await self._command(wish, await self._written_about([wish]))
        answered = await self._engine.command(command)
        if order.noted is not None and not answered.replayed:
            await self._sealed.noted(case_id, who=staff.subject, why=order.noted(body))
        return answered

    async def decide_all(self, decide: DeskOrder, staff: Staff, key: str, body: BulkBody) -> BulkAnswer:
        """What became of each decision, or would: one look at the store and one write, however many they are.

        Raises `StoreNotCompared`: nothing was decided, and sending it again does not help.
        """
        wishes = [self._wish(decide, each.case_id, staff, each.key or key, each) for each in body.decisions]
        wishes = [replace(wish, data=replace(wish.data, claim=body.claim)) for wish in wishes]
        ids = [wish.case_id for wish in wishes]
        try:
            cases = await (self._engine.store.load(ids) if body.dry_run else self._written_about(wishes))
            await self._sealed.read_ahead([wish.case_id for wish in wishes if wish.text])
            prepared = await self._prepared(wishes, cases)
        except StoreNotCompared:
            raise
        except (Outage, PyMongoError):
            return bulk_answer(ids, [Outage()] * len(ids), dry_run=body.dry_run)
        commands = [each for each in prepared if isinstance(each, Command)]
        done = iter(self._tried(commands, cases) if body.dry_run else await self._carried_out(commands))
        return bulk_answer(
            ids, [next(done) if isinstance(each, Command) else each for each in prepared], dry_run=body.dry_run
        )

    def _wish(self, order: DeskOrder, case_id: UUID, staff: Staff, key: str, body: Any) -> Wish:
        identity = command_id(self._service, staff.subject, order.name, case_id, key)
        text = body.text if order.blob is not None else None
        return Wish(order, identity, case_id, order.data(body, staff), text)

    async def _written_about(self, wishes: Sequence[Wish]) -> Mapping[UUID, Case[S]]:
        """The cases that somebody typed a text about: how they stand says under which name it is sealed."""
        ids = [wish.case_id for wish in wishes if wish.text]
        return await self._engine.store.load(ids) if ids else {}

    async def _prepared(
        self, wishes: Sequence[Wish], cases: Mapping[UUID, Case[S]]
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

    async def _command(self, wish: Wish, cases: Mapping[UUID, Case[S]]) -> Command[Any]:
        box = await self._box(wish, wish.text, cases[wish.case_id]) if wish.text else {}
        data = replace(wish.data, box=box) if box else wish.data
        return Command(wish.order.name, wish.id, wish.case_id, whole_milliseconds(self._now()), data)

    async def _box(self, wish: Wish, text: str, case: Case[S]) -> Mapping[str, bytes]:
        if case.newer:
            raise WrittenByNewer
        if case.state is None:
            raise CaseParked(case.id) if case.parked else CaseUnknown
        if wish.id.hex in case.commands:
            return {}  # Carried out: answered as before, also where nothing can be sealed any more.
        assert wish.order.blob is not None  # noqa: S101 - only such orders have a text
        name = wish.order.blob(case.state, wish.data, wish.id)
        return await self._sealed.sealed(case.id, cause=wish.id, name=name, text=text)

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


def add_decisions(routes: APIRouter, desk: Desk[Any], decide: DeskOrder, person: Any, many: Any) -> None:
    """The endpoint of many decisions; `many` is the body's model: the service's own decisions (`bulk_of`)."""

    @routes.post("/decisions")
    async def decisions(body: many, key: IdempotencyKey, staff: person) -> BulkAnswer:
        """Decide many cases at once, each by itself; the answer says what became of each, in the order given.

        Claimed ones, or with `claim` also such as nobody has claimed: the decision then takes its case in hand, and one
        that is refused leaves it as it was. Each decision is known by its own key, or else by the request's key and its
        case: the same request again is answered as before. `unknown` is to be sent again with the same key.
        """
        return await desk.decide_all(decide, staff, key, body)


def _reused(wishes: Sequence[Wish]) -> list[bool]:
    """Whether each has the id of an earlier one in the list and says something else."""
    first: dict[UUID, Wish] = {}
    return [first.setdefault(wish.id, wish).says != wish.says for wish in wishes]
