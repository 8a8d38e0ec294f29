"""Many uncertain letters at once: what a relay's log says of each, and sending a kind of them again.

Each stands alone: some may be settled and others refused. No address comes here: letters are named by their ids.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

import structlog
from fastapi import APIRouter, Depends
from pydantic import AwareDatetime, BaseModel, Field, StringConstraints

from services.notification.commands import Bulk, LogRead, Mail, Resend, ResendBecause
from services.notification.domain.following import State
from services.notification.domain.ledger import Entry, entries
from services.notification.domain.relay_log import LogSays, Span, tried
from shared.casework import offering
from shared.casework.case import Case
from shared.casework.commands import Answered, command_id, whole_milliseconds
from shared.casework.reaction import Command
from shared.contracts.vocabulary import Letter, Service
from shared.errors import CommandFailed
from shared.web.bodies import Body
from shared.web.casework import ManyEngine, failure_code
from shared.web.idempotency import IdempotencyKey
from shared.web.problems import Problem
from shared.web.sign_in import Role, SignIn, Staff

MOST_AT_ONCE = 100
NOT_COVERED = "not_covered"

log = structlog.get_logger()

LogName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,80}$")]
QueueId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,80}$")]


class LetterNamed(Body):
    """A letter as it was listed."""

    case_id: UUID
    notification: UUID
    attempt: int = Field(ge=0)


class LogFact(LetterNamed):
    """What the log says of it. `line` and `queue_id`: where; `since` and `until`: what the log covers, where it is
    silent.
    """

    says: LogSays
    line: int | None = Field(None, ge=1)
    queue_id: QueueId | None = None
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None


class SettleAsked(Body):
    """What a relay's log says. `log`: its file's name, kept with what it settles."""

    log: LogName
    facts: list[LogFact] = Field(min_length=1, max_length=MOST_AT_ONCE)
    dry_run: bool = False


class ResendManyAsked(Body):
    """Letters of one kind to be sent again. `never_taken`: only where a log has shown that the relay never took it."""

    letter: Letter
    why: ResendBecause
    letters: list[LetterNamed] = Field(min_length=1, max_length=MOST_AT_ONCE)
    never_taken: bool = False
    dry_run: bool = False


class Became(BaseModel):
    """What became of a letter, or would. `result`: what the log says, `not_covered`, `resent`, or `refused`."""

    notification: UUID
    result: str
    code: str | None = None
    reason: str | None = None


class ManyAnswer(BaseModel):
    """What became of each, in the order given."""

    dry_run: bool
    results: list[Became]


@dataclass(frozen=True, slots=True)
class Times:
    """`now` is the policy clock, `real_now` real time, `age` how long ago in real time a moment of the policy clock is.

    `under_way`: how long after its claim a first copy may still be under way.
    """

    now: Callable[[], datetime]
    real_now: Callable[[], datetime]
    age: Callable[[datetime], timedelta]
    under_way: timedelta

    def tried(self, entry: Entry) -> Span | None:
        """When an uncertain letter may have been handed over, in real time."""
        return tried(entry, real=lambda moment: self.real_now() - self.age(moment), under_way=self.under_way)

    def over_since(self) -> datetime:
        """Attempts claimed until then cannot be under way any more."""
        return self.real_now() - self.under_way


class Many:
    """Carries them out, in one write for each case; a dry run goes the same way and stops before the write."""

    def __init__(self, engine: ManyEngine[State], times: Times) -> None:
        self._engine = engine
        self._times = times

    async def settle(self, asked: SettleAsked, by: str, key: str) -> list[Became]:
        """What a log says of letters: noted, and where it is definite, settled."""
        cases = await self._engine.store.load({fact.case_id for fact in asked.facts})
        known = {fact.notification: self._known(cases[fact.case_id], fact, asked.log) for fact in asked.facts}
        left = [fact for fact in asked.facts if known[fact.notification] is None]
        commands = [
            self._command(
                Mail.SETTLE,
                fact,
                by,
                key,
                LogRead(fact.notification, by, fact.attempt, fact.says, _at(fact, asked.log)),
            )
            for fact in left
        ]
        done = iter(await self._carried_out(commands, cases, dry_run=asked.dry_run))
        return [
            known[fact.notification] or _became(fact.notification, fact.says.value, next(done)) for fact in asked.facts
        ]

    async def resend(self, asked: ResendManyAsked, by: str, key: str) -> list[Became]:
        """Letters of one kind, once more."""
        cases = await self._engine.store.load({each.case_id for each in asked.letters}) if asked.dry_run else {}
        over = self._times.over_since()
        commands = [
            self._command(
                Mail.RESEND,
                each,
                by,
                key,
                Resend(each.notification, by, over, asked.why, Bulk(asked.letter, each.attempt, asked.never_taken)),
            )
            for each in asked.letters
        ]
        done = await self._carried_out(commands, cases, dry_run=asked.dry_run)
        return [_became(each.notification, "resent", result) for each, result in zip(asked.letters, done, strict=True)]

    def _known(self, case: Case[State], fact: LogFact, log_name: str) -> Became | None:
        """What is known without a command: silence that proves nothing, and what was noted before."""
        entry = entries(case.work).get(fact.notification)
        if entry is None:
            return None
        if fact.says is LogSays.ABSENT:
            span = self._times.tried(entry)
            covered = Span(fact.since, fact.until) if fact.since and fact.until else None
            if span is None or covered is None or not covered.proves(span):
                return Became(notification=fact.notification, result=NOT_COVERED)
        same = (entry.attempt, entry.log, entry.source) == (fact.attempt, fact.says, _at(fact, log_name))
        return Became(notification=fact.notification, result=fact.says.value) if same else None

    def _command(self, name: Mail, letter: LetterNamed, by: str, key: str, data: Any) -> Command[Any]:
        route = f"many/{name}/{letter.notification}"
        identity = command_id(Service.NOTIFICATION, by, route, letter.case_id, key)
        return Command(name, identity, letter.case_id, whole_milliseconds(self._times.now()), data)

    async def _carried_out(
        self, commands: Sequence[Command[Any]], cases: Mapping[UUID, Case[State]], *, dry_run: bool
    ) -> list[Answered | CommandFailed]:
        if dry_run:
            return [offering.command(cases[asked.case_id], asked, self._engine.rules) for asked in commands]
        return await self._engine.commands(commands, wait=False) if commands else []


def router(*, many: Many, sign_in: SignIn, in_bulk: Set[Letter]) -> APIRouter:
    """The operator's endpoints. `in_bulk`: the kinds of letters that may be sent again many at once."""
    routes = APIRouter(tags=["operator"])
    operator = sign_in.staff(Role.OPERATOR)

    @routes.post("/letters/settle")
    async def settle(body: SettleAsked, key: IdempotencyKey, staff: Annotated[Staff, Depends(operator)]) -> ManyAnswer:
        """Note what a relay's log says of uncertain letters. `sent` and `bounced` settle them; silence never does.

        Silence counts as `absent` only where the log covers the whole time in which the letter may have been handed
        over, with ten minutes on both sides; else it is `not_covered`. Safe to repeat.
        """
        results = await many.settle(body, staff.subject, key)
        return _answer("letters_settled", results, staff, why=body.log, dry_run=body.dry_run)

    @routes.post("/letters/resend")
    async def resend(
        body: ResendManyAsked, key: IdempotencyKey, staff: Annotated[Staff, Depends(operator)]
    ) -> ManyAnswer:
        """Send uncertain letters of one kind again. Refused for kinds that `RESEND_IN_BULK` does not name, and, letter
        by letter, while the first copy may be under way or the relay has it in its queue. Safe to repeat.
        """
        if body.letter not in in_bulk:
            raise Problem(
                403,
                "not_in_bulk",
                "Letters of this kind are sent again one by one.",
                "The setting RESEND_IN_BULK does not name this kind.",
            )
        results = await many.resend(body, staff.subject, key)
        return _answer("letters_resent", results, staff, why=body.why.value, dry_run=body.dry_run)

    return routes


def _answer(event: str, results: list[Became], staff: Staff, *, why: str, dry_run: bool) -> ManyAnswer:
    if not dry_run:
        log.info(event, by=staff.subject, why=why, count=sum(each.result != "refused" for each in results))
    return ManyAnswer(dry_run=dry_run, results=results)


def _became(notification: UUID, result: str, done: Answered | CommandFailed) -> Became:
    if isinstance(done, Answered):
        return Became(notification=notification, result=result)
    return Became(notification=notification, result="refused", code=failure_code(done), reason=str(done))


def _at(fact: LogFact, log_name: str) -> str:
    """Which log, and where in it: kept with the letter."""
    parts: Iterable[str] = _places(fact)
    return " ".join([log_name, *parts])


def _places(fact: LogFact) -> Iterator[str]:
    if fact.line is not None:
        yield f"line {fact.line}"
    if fact.queue_id is not None:
        yield f"queue id {fact.queue_id}"
    if fact.says is LogSays.ABSENT and fact.since and fact.until:
        yield f"from {fact.since.isoformat()} to {fact.until.isoformat()}"
