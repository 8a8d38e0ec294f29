"""One group of letters on its way: envelope, `data` mark, content, each step for all of them."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from services.notification.mail.claims import Ledger, Taken, mark_data
from services.notification.mail.preparing import Desk, Message, NotNow, Unreadable, Withheld
from services.notification.mail.relay import Connection, Refused, Reply, Unreachable, Verdict
from shared.casework.points import Point, Reached, no_point
from shared.contracts.vocabulary import MailResult


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of an attempt."""

    letter: Taken
    result: MailResult
    reply_class: str
    address_day: str | None = None


@dataclass(frozen=True, slots=True)
class Postponed:
    """Nothing was sent. `counted`: the relay itself said "later", which it may say only so often."""

    letter: Taken
    reply_class: str
    counted: bool


Outcome = Settled | Postponed

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
class Wave:
    """Takes a group of claimed letters through all phases."""

    ledger: Ledger
    desk: Desk
    point: Point = no_point
    start_content_within: timedelta = timedelta(seconds=20)
    monotonic: Callable[[], float] = time.monotonic

    async def run(self, letters: Sequence[Taken], connections: Sequence[Connection]) -> list[Outcome]:
        """One outcome per letter that is still ours. Raises an outage only while nothing of the group was sent.

        Every connection is left either clean or closed.
        """
        try:
            outcomes, addressed = await self._address(letters, connections)
            enveloped = await asyncio.gather(*(self._envelope(each) for each in addressed))
            outcomes += [outcome for outcome in enveloped if isinstance(outcome, Postponed | Settled)]
            going = [outcome for outcome in enveloped if isinstance(outcome, Addressed)]
            start_by = self.monotonic() + self.start_content_within.total_seconds()
            marked = {ours.notification: ours for ours in await mark_data(self.ledger, [one.letter for one in going])}
            ours = [
                replace(each, letter=marked[each.letter.notification])
                for each in going
                if each.letter.notification in marked
            ]
            return outcomes + await asyncio.gather(*(self._content(each, start_by) for each in ours))
        finally:
            for connection in connections:
                connection.rest()

    async def _address(
        self, letters: Sequence[Taken], connections: Sequence[Connection]
    ) -> tuple[list[Outcome], list[Addressed]]:
        outcomes: list[Outcome] = []
        addressed: list[Addressed] = []
        prepared = await self.desk.prepare(letters)
        for letter, message, connection in zip(letters, prepared, connections, strict=False):
            match message:
                case Message():
                    addressed.append(Addressed(letter, message, connection))
                case Withheld(because):
                    outcomes.append(Settled(letter, MailResult.SUPPRESSED, because.value))
                case Unreadable():
                    outcomes.append(Settled(letter, MailResult.FAILED, "UNREADABLE"))
                case NotNow():
                    outcomes.append(Postponed(letter, "NO_KEY", counted=False))
        return outcomes, addressed

    async def _envelope(self, each: Addressed) -> Addressed | Outcome:
        try:
            await each.connection.ensure_open()
            try:
                await each.connection.envelope(self.desk.sender.address, each.message.to)
            except Unreachable:  # The relay may have dropped a connection that was kept open for the next letter.
                await each.connection.ensure_open()
                await each.connection.envelope(self.desk.sender.address, each.message.to)
            await self.point(Reached.AFTER_RCPT)
        except Refused as refused:
            return _refused(each.letter, refused.reply)
        except Exception as error:  # noqa: BLE001 - whatever went wrong, nothing was sent
            each.connection.close()
            return Postponed(each.letter, type(error).__name__, counted=False)
        return each

    async def _content(self, each: Addressed, start_by: float) -> Outcome:
        try:
            await self.point(Reached.AFTER_DATA_MARK)
        except Exception:  # noqa: BLE001 - nothing was sent
            return Postponed(each.letter, "INTERRUPTED", counted=False)
        if self.monotonic() > start_by:
            return Postponed(each.letter, "TOO_LATE", counted=False)  # Somebody may soon take our silence for our end.
        try:
            reply = await each.connection.content(each.message.content, lambda: self.point(Reached.AFTER_CONTENT))
        except Refused as refused:
            return _refused(each.letter, refused.reply)
        except Unreachable as error:
            return Postponed(each.letter, str(error), counted=False)
        except Exception:  # noqa: BLE001 - content may have gone out: only a person may decide now
            reply = Reply(Verdict.UNKNOWN, "INTERRUPTED")
        if reply.verdict is Verdict.LATER:
            return Postponed(each.letter, reply.reply_class, counted=True)
        return Settled(each.letter, ANSWERS[reply.verdict], reply.reply_class, each.message.address_day)


def _refused(letter: Taken, reply: Reply) -> Outcome:
    if reply.verdict is Verdict.NEVER:
        return Settled(letter, MailResult.FAILED, reply.reply_class)
    return Postponed(letter, reply.reply_class, counted=True)
