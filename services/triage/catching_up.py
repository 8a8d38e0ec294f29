"""Finds open cases that were looked at before a guidance file was installed, and has them looked at again.

A case names the end of its guidance as a deadline, so a known change needs nobody to search. A file that is added later
is unknown to the cases that are open: each instance looks for them, by an index, when it starts and now and then.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Protocol
from uuid import UUID

from services.triage.domain.classification import label
from services.triage.domain.states import State, UnderConsideration
from services.triage.looking_again import LOOK_AGAIN, LookAgain
from shared.casework.commands import Answered, command_id, whole_milliseconds
from shared.casework.engine import CaseView
from shared.casework.reaction import Command
from shared.contracts.vocabulary import Service
from shared.errors import CommandFailed
from shared.policy.model import Policies

EVERY_SECONDS: Final = 300.0
AT_A_TIME: Final = 200


class Engine(Protocol):
    """What is asked of the engine."""

    async def commands(
        self, commands: Sequence[Command[Any]], *, wait: bool = True
    ) -> list[Answered | CommandFailed]: ...
    async def listing(
        self, query: Mapping[str, Any], *, sort: Sequence[tuple[str, int]], skip: int, limit: int
    ) -> list[CaseView[State]]: ...


class CatchingUp:
    """Has cases looked at again that do not know of the guidance in force, or of its end."""

    def __init__(self, engine: Engine, policies: Policies, now: Callable[[], datetime]) -> None:
        self._engine = engine
        self._policies = policies
        self._now = now

    async def look(self) -> int:
        """How many cases were looked at again. A parked one waits for the next time, one that is due for its turn."""
        done = passed = 0
        while found := await self._stale(passed):
            unaware = [view for view in found if not self._is_due(view.state)]
            answers = await self._engine.commands([self._command(view) for view in unaware])
            moved = sum(isinstance(answer, Answered) for answer in answers)
            done, passed = done + moved, passed + len(found) - moved
        return done

    def _is_due(self, state: State) -> bool:
        until = state.presumption.until if isinstance(state, UnderConsideration) else None
        return until is not None and until <= self._now()

    async def _stale(self, skip: int) -> list[CaseView[State]]:
        now = self._now()
        in_force = self._policies.at(now).timeline.at(now)
        query = {
            "queue.open": {"$exists": True},
            "queue.guidance": {"$ne": label(in_force.guidance.version, in_force.until)},
        }
        return await self._engine.listing(query, sort=[("_id", 1)], skip=skip, limit=AT_A_TIME)

    def _command(self, view: CaseView[State]) -> Command[LookAgain]:
        revision = view.state.revision if isinstance(view.state, UnderConsideration) else 0
        now = whole_milliseconds(self._now())
        identity = _id(view.case_id, f"{revision} {self._policies.at(now).guidance}")
        return Command(LOOK_AGAIN, identity, view.case_id, now, LookAgain())


def _id(case_id: UUID, key: str) -> UUID:
    return command_id(Service.TRIAGE, "the calendar", LOOK_AGAIN, case_id, key)
