"""What endpoints have in common that list cases, show one, or give an order about it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Annotated, Any, Final, Protocol, TypeVar
from uuid import UUID

from fastapi import Query

from shared.casework.case import Case
from shared.casework.commands import Answered
from shared.casework.engine import CaseView
from shared.casework.offering import Rules
from shared.casework.reaction import Command
from shared.errors import CaseUnknown, CommandFailed, CommandRefused
from shared.web.problems import Problem

S = TypeVar("S")

Skip = Annotated[int, Query(ge=0, le=100_000)]
Limit = Annotated[int, Query(ge=1, le=200, description="Cases at a time.")]

FORBIDDEN: Final = frozenset(
    {"not_your_office", "touched_before", "recused", "not_yours_to_give", "not_your_decision", "approved_by_yourself"}
)
"""Refusals that are about the person, not about the moment: answered 403."""


class Engine(Protocol[S]):
    """What a desk asks of the engine: to list cases, to show one, and to give an order about it."""

    async def command(self, command: Command[Any]) -> Answered: ...
    async def case(self, case_id: UUID) -> CaseView[S] | None: ...
    async def listing(
        self, query: Mapping[str, Any], *, sort: Sequence[tuple[str, int]], skip: int, limit: int
    ) -> list[CaseView[S]]: ...


class Cases(Protocol[S]):
    """Where cases are loaded from; what is done to a loaded case changes nothing."""

    async def load(self, case_ids: Iterable[UUID]) -> dict[UUID, Case[S]]: ...


class ManyEngine(Protocol[S]):
    """What is asked of the engine where one request gives many orders."""

    @property
    def rules(self) -> Rules[S]: ...
    @property
    def store(self) -> Cases[S]: ...
    async def command(self, command: Command[Any]) -> Answered: ...
    async def commands(
        self, commands: Sequence[Command[Any]], *, wait: bool = True
    ) -> list[Answered | CommandFailed]: ...


async def case_of(engine: Engine[S], case_id: UUID) -> CaseView[S]:
    """The case as it stands. Raises `CaseUnknown`."""
    view = await engine.case(case_id)
    if view is None:
        raise CaseUnknown
    return view


@contextmanager
def personal_refusals() -> Iterator[None]:
    """Answer 403 where a command is refused because of who asks."""
    try:
        yield
    except CommandRefused as refused:
        if refused.code in FORBIDDEN:
            raise Problem(403, refused.code, "This is not allowed.", refused.reason) from refused
        raise


def failure_code(failed: CommandFailed) -> str:
    """The refusal's own code; else `CaseUnknown` as `case_unknown`."""
    if isinstance(failed, CommandRefused):
        return failed.code
    name = type(failed).__name__
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")
