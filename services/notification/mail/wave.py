"""One group of letters on its way: envelope, `data` mark, content. One write marks them; a slow one holds up nobody."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.notification.mail.claims import Taken, claim, mark_data
from services.notification.mail.gate import Gate
from services.notification.mail.ledger_store import Ledger
from services.notification.mail.preparing import Desk, Doubtful, Message, NotNow, Prepared, Unreadable, Withheld
from services.notification.mail.relay import Connection, Refused, Reply, Unreachable, Verdict
from shared.contracts.vocabulary import MailResult
from shared.errors import Outage
from shared.failpoints import Point, Reached, no_point
from shared.mongo.driver import PyMongoError


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of an attempt."""

    letter: Taken
    result: MailResult
    reply_class: str
    address_day: str | None = None


@dataclass(frozen=True, slots=True)
class Postponed:
    """Nothing was sent.

    `counted`: the relay itself said "later", which it may say only so often. `outage`: something did not answer, which
    is not about this letter, and may be over any moment.
    """

    letter: Taken
    reply_class: str
    counted: bool = False
    outage: bool = False


Outcome = Settled | Postponed
Tell = Callable[[Sequence[Outcome]], Awaitable[None]]

ANSWERS = {
    Verdict.TAKEN: MailResult.SENT,
    Verdict.NEVER: MailResult.FAILED,
    Verdict.UNKNOWN: MailResult.UNCERTAIN,
}


@dataclass(frozen=True, slots=True)
class Addressed:
    """A letter with its message and the connection that it goes out on."""

    letter: Taken
    message: Message
    connection: Connection


@dataclass(frozen=True, slots=True)
class Group:
    """Letters that are ours: those to send, and what is known of the others at once. `lost`: were claimed by others."""

    going: Sequence[Addressed]
    held_back: Sequence[Outcome]
    lost: int


@dataclass(frozen=True, slots=True)
class Wave:
    """Takes a group of letters through all phases. `together`: how long they wait for each other."""

    ledger: Ledger
    desk: Desk
    release: Callable[[Connection], None]
    point: Point = no_point
    start_content_within: timedelta = timedelta(seconds=20)
    together: timedelta = timedelta(seconds=1)
    monotonic: Callable[[], float] = time.monotonic

    async def address(self, letters: Sequence[Taken], connections: Sequence[Connection], *, until: datetime) -> Group:
        """Claim letters, and write those that are ours. Whatever it raises, nothing was sent."""
        spare = list(connections)
        try:
            await self.point(Reached.BEFORE_CLAIM)
            await claim(self.ledger, letters, until=until)
            await self.point(Reached.AFTER_CLAIM)
            written = await self.desk.prepare(letters)
            going = [Addressed(letter, found, spare.pop()) for letter, found in written if isinstance(found, Message)]
        finally:
            for connection in spare:
                self.release(connection)
        held_back = [outcome for letter, found in written if (outcome := _without_sending(letter, found))]
        return Group(going, held_back, lost=len(letters) - len(written))

    async def send(self, group: Group, tell: Tell) -> None:
        """Tell the outcomes: of most letters at once, of slow ones when they are there.

        Each connection is released as soon as its letter needs it no more. What befalls one letter, or telling, is
        raised when the others are through.
        """
        gate = Gate(
            lambda marking: mark_data(self.ledger, marking),
            expected=len(group.going),
            patience=self.together.total_seconds(),
        )
        under_way = {asyncio.create_task(self._one(each, gate)) for each in group.going}
        failures: list[BaseException] = []
        try:
            failures += await _told(tell, group.held_back)
            while under_way:
                done, under_way = await _most(under_way, within=self.together.total_seconds())
                failed = [error for task in done if (error := _failure(task))]
                outcomes = [outcome for task in done if not _failure(task) and (outcome := task.result())]
                failures += [*failed, *await _told(tell, outcomes)]
        finally:
            for task in under_way:
                task.cancel()
            await asyncio.gather(*under_way, return_exceptions=True)
        if failures:
            raise failures[0]

    async def _one(self, each: Addressed, gate: Gate) -> Outcome | None:
        """One letter from its envelope to the reply; None when it is not ours any more."""
        try:
            if refused := await self._envelope(each, gate):
                return refused
            start_by = self.monotonic() + self.start_content_within.total_seconds()
            try:
                marked = await gate.passed(each.letter)
            except (Outage, PyMongoError):  # The mark may be there or not; no content was sent.
                return Postponed(each.letter, "STORE_OUTAGE", outage=True)
            return await self._content(each, marked, start_by) if marked else None
        finally:
            self.release(each.connection)

    async def _envelope(self, each: Addressed, gate: Gate) -> Outcome | None:
        """None when it was accepted; otherwise the letter will not come to the gate."""
        accepted = False
        try:
            await each.connection.ensure_open()
            try:
                await each.connection.envelope(each.message.sender, each.message.to)
            except Unreachable:  # The relay may have dropped a connection that was kept open for the next letter.
                await each.connection.ensure_open()
                await each.connection.envelope(each.message.sender, each.message.to)
            await self.point(Reached.AFTER_RCPT)
            accepted = True
        except Refused as refused:
            return _refused(each.letter, refused.reply)
        except Exception as error:  # noqa: BLE001 - whatever went wrong, nothing was sent
            each.connection.close()
            return Postponed(each.letter, type(error).__name__, outage=True)
        finally:
            if not accepted:
                gate.not_coming()
        return None

    async def _content(self, each: Addressed, letter: Taken, start_by: float) -> Outcome:
        try:
            await self.point(Reached.AFTER_DATA_MARK)
        except Exception:  # noqa: BLE001 - nothing was sent
            return Postponed(letter, "INTERRUPTED")
        if self.monotonic() > start_by:
            return Postponed(letter, "TOO_LATE")  # Somebody may soon take our silence for our end.
        try:
            reply = await each.connection.content(each.message.content, lambda: self.point(Reached.AFTER_CONTENT))
        except Refused as refused:
            return _refused(letter, refused.reply)
        except Unreachable as error:
            return Postponed(letter, str(error), outage=True)
        except Exception:  # noqa: BLE001 - content may have gone out: only a person may decide now
            reply = Reply(Verdict.UNKNOWN, "INTERRUPTED")
        if reply.verdict is Verdict.LATER:
            return Postponed(letter, reply.reply_class, counted=True)
        return Settled(letter, ANSWERS[reply.verdict], reply.reply_class, each.message.address_day)


def _without_sending(letter: Taken, found: Prepared) -> Outcome | None:
    match found:
        case Withheld(because):
            return Settled(letter, MailResult.SUPPRESSED, because.value)
        case Doubtful():
            return Settled(letter, MailResult.UNCERTAIN, "STORE_RESTORED")
        case Unreadable():
            return Settled(letter, MailResult.FAILED, "UNREADABLE")
        case NotNow():
            return Postponed(letter, "NO_KEY")
        case Message():
            return None


async def _most(
    under_way: "set[asyncio.Task[Outcome | None]]", *, within: float
) -> "tuple[set[asyncio.Task[Outcome | None]], set[asyncio.Task[Outcome | None]]]":
    """Those that are done, all or after some seconds those that are, but at least one; and those that are not."""
    done, left = await asyncio.wait(under_way, timeout=within)
    if done:
        return done, left
    return await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)


async def _told(tell: Tell, outcomes: Sequence[Outcome]) -> list[BaseException]:
    """Tell; returns what went wrong, for the other letters go on."""
    try:
        if outcomes:
            await tell(outcomes)
    except Exception as error:  # noqa: BLE001 - raised again at the end
        return [error]
    return []


def _failure(task: "asyncio.Task[Outcome | None]") -> BaseException | None:
    return asyncio.CancelledError() if task.cancelled() else task.exception()


def _refused(letter: Taken, reply: Reply) -> Outcome:
    if reply.verdict is Verdict.NEVER:
        return Settled(letter, MailResult.FAILED, reply.reply_class)
    return Postponed(letter, reply.reply_class, counted=True)
