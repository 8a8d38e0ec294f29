"""An officer takes the next case: the first of the queue, or in its turn an old routine one, never past a removal.

Two officers at the same moment get two cases: whoever loses a claim goes on to the next one.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from fastapi import APIRouter, Response

from services.triage.bodies import NextBody, NextCase
from services.triage.counting import Counting
from services.triage.domain.states import State, UnderConsideration
from services.triage.domain.turns import is_routines_turn
from services.triage.orders import Claim, Order
from services.triage.persons import officer_of, queues_of
from services.triage.showing import listed
from shared.casework.commands import Answered, command_id, whole_milliseconds
from shared.casework.engine import CaseView
from shared.casework.reaction import Command
from shared.contracts.vocabulary import Service, Urgency
from shared.desk.showing import SORT, claim_filter
from shared.errors import CommandFailed, CommandRefused
from shared.policy.model import RANK, Policies
from shared.web.casework import Engine
from shared.web.idempotency import IdempotencyKey, said
from shared.web.sign_in import Staff

CANDIDATES: Final = 20
"""Cases that are tried before the queue is read anew: so many officers would have to be faster."""
LOOKS: Final = 3
MOST_IN_HAND: Final = 200

NO_CASE: Final = UUID(int=0)
"""In place of a case in the id of a request that does not know yet which one it will get."""


class Turn(StrEnum):
    """Why this case was the next one."""

    FIRST = "first"
    ROUTINE = "routine"


SAID: Final = {
    Turn.FIRST: "It stands first in the queue.",
    Turn.ROUTINE: "It is the turn of an old routine case: of {one_in} cases taken next, one is such a case.",
}


class TakingDesk:
    """Takes cases on behalf of signed-in officers."""

    def __init__(
        self, engine: Engine[State], counting: Counting, policies: Policies, now: Callable[[], datetime]
    ) -> None:
        """`now` is the policy clock."""
        self._engine = engine
        self._counting = counting
        self._policies = policies
        self._now = now

    async def take(self, staff: Staff, key: str, office: str | None) -> Answered:
        """Claim the next case. The same request again gets the same case, as long as it is in the officer's hands."""
        queues = queues_of(officer_of(staff), office)
        request = command_id(Service.TRIAGE, staff.subject, "next", NO_CASE, key).hex
        if (before := await self._taken_before(staff, request)) is not None:
            return Answered(before, replayed=True)
        for _ in range(LOOKS):
            for case_id, turn in await self._in_turn(queues):
                if not await self._claimed(case_id, staff, key, {"request": request, "turn": turn.value}):
                    continue
                if turn is Turn.FIRST:
                    await self._counting.another(_name(queues))
                if (view := await self._engine.case(case_id)) is not None and (told := self._told(view)) is not None:
                    return Answered(told)
        raise CommandRefused("nothing_waits", "No case waits in this queue that nobody has in hand.")

    async def _in_turn(self, queues: Sequence[str]) -> list[tuple[UUID, Turn]]:
        """The cases to try to take, one after the other, and whose turn each would be."""
        now = whole_milliseconds(self._now())
        first = await self._waiting(queues, now)
        old = await self._old_routine(queues, first[0], now) if first else []
        return [*((view.case_id, Turn.ROUTINE) for view in old), *((view.case_id, Turn.FIRST) for view in first)]

    async def _old_routine(
        self, queues: Sequence[str], first: CaseView[State], now: datetime
    ) -> Sequence[CaseView[State]]:
        """Old routine cases, if it is their turn. One turn is one officer's, who then begins to count anew."""
        share, queue = self._policies.at(now).routine_share, _name(queues)
        passed = await self._counting.passed(queue)
        urgency = first.state.urgency if isinstance(first.state, UnderConsideration) else None
        if not is_routines_turn(urgency, passed=passed, share=share):
            return []
        old = {"queue.rank": RANK[Urgency.ROUTINE], "queue.since": {"$lte": now - share.older_than}}
        found = await self._waiting(queues, now, old)
        return found if found and await self._counting.begun_anew(queue, at_least=share.one_in - 1) else []

    async def _waiting(
        self, queues: Sequence[str], now: datetime, more: Mapping[str, Any] | None = None
    ) -> Sequence[CaseView[State]]:
        """The first cases that nobody has in hand, and that do not wait for the requestor's answer."""
        answered = {"$or": [{"queue.waits_until": {"$exists": False}}, {"queue.waits_until": {"$lte": now}}]}
        free = claim_filter(claimed=False, mine=False, actor="", now=now)
        query = {"queue.open": {"$in": list(queues)}, "$and": [free, answered], **(more or {})}
        found = await self._engine.listing(query, sort=SORT, skip=0, limit=CANDIDATES)
        return [view for view in found if not view.parked]

    async def _claimed(self, case_id: UUID, staff: Staff, key: str, taken: Mapping[str, str]) -> bool:
        """Whether the claim was ours; otherwise somebody was faster, or the case has moved on, or is parked."""
        identity = command_id(Service.TRIAGE, staff.subject, Order.CLAIM, case_id, key)
        claim = Claim(officer_of(staff), taken)
        try:
            await self._engine.command(Command(Order.CLAIM, identity, case_id, whole_milliseconds(self._now()), claim))
        except CommandFailed:
            return False
        return True

    async def _taken_before(self, staff: Staff, request: str) -> Mapping[str, Any] | None:
        """What this request was answered before, if the case is still as it was left."""
        mine = {"queue.claimed_by": staff.subject}
        held = await self._engine.listing(mine, sort=SORT, skip=0, limit=MOST_IN_HAND)
        found = next((view for view in held if _taken(view).get("request") == request), None)
        return self._told(found) if found is not None else None

    def _told(self, view: CaseView[State]) -> Mapping[str, Any] | None:
        """The case as its officer is told of it; None when it has left the queue meanwhile."""
        if not isinstance(view.state, UnderConsideration) or not _taken(view):
            return None
        now = whole_milliseconds(self._now())
        policy = self._policies.at(now)
        turn = Turn(_taken(view)["turn"])
        said_of = SAID[turn].format(one_in=policy.routine_share.one_in)
        item = listed(view, view.state, policy, now, view.work["claim"]["by"])
        return NextCase(turn=turn, said=said_of, claimed_until=view.work["claim"]["until"], case=item).model_dump(
            mode="json"
        )


def _taken(view: CaseView[State]) -> Mapping[str, str]:
    """By which request for the next case it was taken, and whose turn it was; empty where it was claimed by itself."""
    claim = view.work.get("claim") or {}
    taken: Mapping[str, str] = claim.get("taken") or {}
    return taken


def _name(queues: Sequence[str]) -> str:
    """The queue that is counted: of these offices together."""
    return " ".join(queues)


def add_routes(routes: APIRouter, desk: TakingDesk, officer: Any) -> None:
    """The endpoint, for signed-in officers."""

    @routes.post("/claims/next")
    async def take_next(body: NextBody, key: IdempotencyKey, staff: officer, response: Response) -> dict[str, Any]:
        """Take the next case in hand: the most urgent that nobody has, in the order of the queue.

        As often as policy says it is an old routine case's turn instead; never while an imminent removal waits. Cases
        whose requestor is asked are left until the answer is there, but for imminent removals. 409 `nothing_waits`.
        """
        response.headers["Cache-Control"] = "no-store"
        return said(await desk.take(staff, key, body.office), response)
