"""Parked cases: what is held is offered again, in order, by a new build by itself and by a person who asks for it.

A deadline that failed is tried last. The case's next deadline comes no sooner than policy's grace after that, so that
nobody loses a window to the time in which the case was parked.
"""

import asyncio
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Generic, Literal, TypeVar
from uuid import UUID

import structlog

from shared.casework import behind, offering
from shared.casework.case import Arrived, Case, Changes, Held
from shared.casework.dead_letters import Open
from shared.casework.document import arrive
from shared.casework.engine import Engine, Offered
from shared.casework.offering import REFUSED_BY_THE_STORE, Rules, Verdict
from shared.errors import ContractViolation

S = TypeVar("S")

OFFER_SECONDS = 5.0
AT_ONCE = 20
"""A new build offers at most so many parked cases again every `OFFER_SECONDS`: the mended path is not flooded."""

ONE_CALL_SECONDS = 4.0
MOST_FAILING = 0.2
ENOUGH_TO_JUDGE = 10
"""When of so many cases with one reason more than this share fail again, its cause is still there: the others with
that reason are left, and redriving in bulk goes on with all that have another."""

MOST_REMEMBERED = 10_000

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Redriven:
    """What became (or, dry, would become) of a case. `released`: held inputs that are handled; `waiting`: still held.

    `reason` and `topic` are of the input that fails still.
    """

    case_id: UUID
    result: Literal["applied", "still_fails", "not_parked", "busy"]
    released: int = 0
    waiting: int = 0
    topic: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Why:
    """What parks a case: what could not be handled, and the error."""

    topic: str | None
    reason: str | None


@dataclass(slots=True)
class Share:
    """Of the cases that are parked for one reason: how many were offered again and fail still, and how many were left.

    They are left once too many fail; or at once, where they were left before (`given_up`).
    """

    why: Why
    tried: int = 0
    failing: int = 0
    left: int = 0
    given_up: bool = False

    @property
    def hopeless(self) -> bool:
        return self.given_up or (self.tried >= ENOUGH_TO_JUDGE and self.failing > MOST_FAILING * self.tried)


@dataclass(frozen=True, slots=True)
class Round:
    """What became of several cases. `after`: go on behind this one; `left`: reasons for which too many fail still."""

    results: Sequence[Redriven]
    after: UUID | None
    more: bool
    left: Sequence[Share] = ()


def offer_again(
    case: Case[Any], rules: Rules[Any], *, now: datetime, readable: Mapping[str, Arrived], as_it_stands: bool = False
) -> Verdict:
    """Offer what is held once more, in order. `readable`: records that this build can read, by their digests.

    `as_it_stands`: a case that is behind its topics goes on, also where not all of it is accounted for.
    """
    if not case.parked:
        return Verdict.ALREADY
    case.changes.held = case.changes.anything = True
    if own := behind.ahead(case, rules):
        for held in own:
            held.build = rules.build
        if as_it_stands:
            behind.go_on(case, rules, now=now)
        elif not behind.catch_up(case, rules, now=now):
            return Verdict.HELD
        return Verdict.HELD if case.parked else Verdict.APPLIED
    if case.broken is not None:
        for held in case.held:
            if held.error is not None:
                held.error, held.build = case.broken, rules.build
        return Verdict.HELD
    deadlines = [held for held in case.held if _is_deadline(held)]
    case.held = [_cleared(held, readable) for held in case.held if not _is_deadline(held)]
    offering.offer_held(case, rules)
    if deadlines and not case.parked and (error := _error_of_deadline(case, rules, now)) is not None:
        deadlines[0].error, deadlines[0].build = error, rules.build
        case.held += deadlines[:1]
    elif case.parked:
        case.held += deadlines
    case.due_at = offering.due_after_a_pause(case, rules, now=now)
    return Verdict.HELD if case.parked else Verdict.APPLIED


def refused_again(case: Case[Any], rules: Rules[Any]) -> Verdict:
    """Keep all as it is held, of a case whose document, with what its inputs make of it, the store refuses for good."""
    case.changes.held = case.changes.anything = True
    for held in case.held:
        if held.error is not None:
            held.error, held.build = REFUSED_BY_THE_STORE, rules.build
    return Verdict.HELD


def first_failed(case: Case[Any]) -> Held | None:
    """The input that parks the case."""
    return next((held for held in case.held if held.error is not None), None)


def _is_deadline(held: Held) -> bool:
    return held.arrived.event is None and held.arrived.topic.partition(".")[0] == "deadline"


def _cleared(held: Held, readable: Mapping[str, Arrived]) -> Held:
    return Held(readable.get(held.arrived.digest, held.arrived), held.since, held.build)


def _error_of_deadline(case: Case[Any], rules: Rules[Any], now: datetime) -> str | None:
    """Try the deadline on a copy: it comes by itself, and later, if it works."""
    trial = replace(case, held=[], handled=dict(case.handled), changes=Changes())
    if offering.deadline(trial, rules, policy_now=now) is Verdict.HELD:
        return trial.held[-1].error
    return None


class Redriving(Generic[S]):
    """Finds parked cases of one service and offers them again."""

    def __init__(
        self,
        engine: Engine[S],
        open_unreadable: Open,
        *,
        now: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`now` is the policy clock."""
        self._engine = engine
        self._open = open_unreadable
        self._now = now
        self._monotonic = monotonic
        self._hopeless: set[UUID] = set()

    async def offer_what_others_could_not(self) -> int:
        """One round: cases that only other builds have failed at, oldest first, a few. Returns how many."""
        build = self._engine.rules.build
        query = {"parked_since": {"$exists": True}, "parked_builds": {"$ne": build}}
        limit = AT_ONCE + len(self._hopeless)
        found = await self._engine.store.find(query, sort=[("parked_since", 1)], skip=0, limit=limit)
        chosen = [case.id for case in found if case.id not in self._hopeless and not case.newer][:AT_ONCE]
        for case_id in chosen:
            redriven = await self.redrive(case_id)
            log.info("offered_again", case=str(case_id), build=build, kind=redriven.result)
            if redriven.result == "still_fails" and len(self._hopeless) < MOST_REMEMBERED:
                self._hopeless.add(case_id)  # Also where even this could not be noted in its document.
        return len(chosen)

    async def redrive(self, case_id: UUID, *, dry_run: bool = False, as_it_stands: bool = False) -> Redriven:
        """Offer what one case holds again; dry: only say what would come of it. `as_it_stands`: see `offer_again`."""
        case = (await self._engine.store.load([case_id]))[case_id]
        if case.newer:
            return Redriven(case_id, "still_fails", waiting=len(case.held), reason=case.broken)
        rules, now, readable = self._engine.rules, self._now(), await self._readable(case)
        told = Redriven(case_id, "busy")

        def offer(case: Case[S]) -> Verdict:
            nonlocal told
            before = len(case.held)
            verdict = offer_again(case, rules, now=now, readable=readable, as_it_stands=as_it_stands)
            told = _told(case, verdict, before)
            return verdict

        def refused(case: Case[S]) -> Verdict:
            nonlocal told
            verdict = refused_again(case, rules)
            told = _told(case, verdict, len(case.held))
            return verdict

        if dry_run:
            offer(case)
            return told
        (result,) = await self._engine.offer([Offered(case_id, offer, refused)])
        return told if isinstance(result, Verdict) else Redriven(case_id, "busy")

    async def redrive_all(
        self,
        *,
        after: UUID | None,
        per_second: float,
        limit: int,
        dry_run: bool,
        leave: Collection[Why] = (),
        seconds: float = ONE_CALL_SECONDS,
    ) -> Round:
        """Redrive parked cases in the order of their ids, at a limited rate, for a few seconds: then `more` is told.

        Those that are parked for a reason in `leave`, or for one for which too many fail still, are left as they are.
        """
        query: dict[str, Any] = {"parked_since": {"$exists": True}}
        if after is not None:
            query["_id"] = {"$gt": after}
        found = await self._engine.store.find(query, sort=[("_id", 1)], skip=0, limit=limit + 1)
        started, last, seen = self._monotonic(), after, 0
        results: list[Redriven] = []
        shares = {why: Share(why, given_up=True) for why in leave}
        for case in found[:limit]:
            share = shares.setdefault(why := _why(case), Share(why))
            if share.hopeless and not dry_run:
                share.left += 1
            else:
                pause = started + len(results) / per_second - self._monotonic()
                if results and self._monotonic() + max(pause, 0) - started > seconds:
                    break
                await asyncio.sleep(max(pause, 0))
                results.append(await self.redrive(case.id, dry_run=dry_run))
                share.tried += 1
                share.failing += results[-1].result == "still_fails"
            last, seen = case.id, seen + 1
        left = [share for share in shares.values() if share.hopeless and not dry_run and share.left + share.tried]
        return Round(results, last, more=seen < len(found), left=left)

    async def _readable(self, case: Case[S]) -> dict[str, Arrived]:
        """Records that could not be read when they came, and can be now."""
        found: dict[str, Arrived] = {}
        for arrived in (held.arrived for held in case.held if held.arrived.event is None and held.arrived.digest):
            try:
                raw = await self._open(arrived.value)
            except ContractViolation:  # its seal is broken: it stays as it is
                continue
            if raw is not None and (again := arrive(case.id, arrived.topic, raw)).event is not None:
                found[arrived.digest] = again
        return found


def _told(case: Case[Any], verdict: Verdict, before: int) -> Redriven:
    failed = first_failed(case)
    if verdict is Verdict.HELD:
        topic = failed.arrived.topic if failed else None
        reason = (failed.error if failed else None) or case.broken
        released = before - len(case.held)
        return Redriven(case.id, "still_fails", released, len(case.held), topic, reason)
    if verdict is Verdict.ALREADY:
        return Redriven(case.id, "not_parked", waiting=len(case.held))
    return Redriven(case.id, "applied", before - len(case.held), len(case.held))


def _why(case: Case[Any]) -> Why:
    failed = first_failed(case)
    return Why(failed.arrived.topic if failed else None, (failed.error if failed else None) or case.broken)
