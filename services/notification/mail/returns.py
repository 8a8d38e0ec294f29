"""Letters that come back: a relay hands delivery reports to this port (LMTP, RFC 2033), and their letters have failed.

A report is answered only when its letter is written: whoever brought it keeps it and comes again while the store is
away. What is no report of ours is refused, or taken and left alone; nothing of its content is kept.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import structlog
from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Envelope, Session

from services.notification.commands import Bounced, Mail
from services.notification.mail.reports import report_in
from services.notification.mail.returning import Returned, ReturnPaths
from shared.casework.commands import Answered, command_id, whole_milliseconds
from shared.casework.reaction import Command
from shared.contracts.vocabulary import Service
from shared.errors import CommandRefused

log = structlog.get_logger("secondlook.mail")

ACTOR: Final = "relay"
MAX_BYTES: Final = 1_000_000
SILENT_SECONDS: Final = 60.0
NULL: Final = "<>"
"""The sender of a report, which is none (RFC 3464 2), as the library hands it over."""

TAKEN: Final = "250 2.0.0 Taken"
LATER: Final = "451 4.3.0 Please come again later"
NOBODY: Final = "550 5.1.1 There is no such address"
NO_REPORT: Final = "550 5.7.1 Only delivery reports are read here"
ONE_ONLY: Final = "452 4.5.3 One recipient at a time"


@dataclass(frozen=True, slots=True)
class Returns:
    """The port. `carry_out` hands a command to the engine; `count` hears of each letter that came back."""

    paths: ReturnPaths
    carry_out: Callable[[Command[Any]], Awaitable[Answered]]
    host: str
    port: int
    now: Callable[[], datetime]
    count: Callable[[str], None] = lambda _: None

    async def serve(self) -> None:
        """Listen until cancelled."""
        loop = asyncio.get_running_loop()
        server = await loop.create_server(self._conversation, self.host, self.port)
        try:
            await server.serve_forever()
        finally:
            server.close()

    def _conversation(self) -> LMTP:
        return LMTP(
            self,
            data_size_limit=MAX_BYTES,
            hostname="localhost",
            ident="Second Look delivery reports",
            timeout=SILENT_SECONDS,
            loop=asyncio.get_running_loop(),
        )

    async def handle_MAIL(  # noqa: N802 - the library's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Only who has no address writes reports: people and their robots have one, and are told that nobody reads."""
        if address != NULL:
            return NO_REPORT
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 OK"

    async def handle_RCPT(  # noqa: N802 - the library's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """One letter's return path; the answer to a message is one line, so it has one recipient."""
        if envelope.rcpt_tos:
            return ONE_ONLY
        if self.paths.of(address) is None:
            return NOBODY
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """What became of the report."""
        returned = self.paths.of(envelope.rcpt_tos[0]) if envelope.rcpt_tos else None
        if returned is None:
            return NOBODY
        try:
            return await self._take(returned, envelope.original_content or b"")
        except Exception as error:  # noqa: BLE001 - an outage, or a defect: it must come again
            log.warning("report_not_taken", case=str(returned.case_id), kind=type(error).__name__)
            return LATER

    async def _take(self, returned: Returned, content: bytes) -> str:
        report = report_in(content)
        if report is None or not report.failed:
            log.info("report_changes_nothing", case=str(returned.case_id), why="none" if report is None else "delayed")
            return TAKEN
        asked = Bounced(returned.begins, returned.attempt, report.status)
        key = f"{returned.begins}:{returned.attempt}:{report.status}"
        identity = command_id(Service.NOTIFICATION, ACTOR, Mail.BOUNCED, returned.case_id, key)
        command = Command(Mail.BOUNCED, identity, returned.case_id, whole_milliseconds(self.now()), asked)
        try:
            answered = await self.carry_out(command)
        except CommandRefused as refused:
            return LATER if refused.code == TOO_EARLY else TAKEN
        if not answered.replayed:
            self.count("bounced")
        return TAKEN


TOO_EARLY: Final = "too_early"
"""The relay's reply to the letter is not recorded yet: until then nobody knows what the report is about."""
