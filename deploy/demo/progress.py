"""What is shown while the demo goes: a live line in a terminal, else one line every few seconds."""

import asyncio
import time
from collections.abc import Sequence
from typing import Final

from rich.console import Console
from rich.markup import escape
from rich.status import Status

from deploy.demo.acting import Case
from deploy.demo.lines import Line
from deploy.demo.people import PostOffice
from deploy.demo.seen import Seen
from deploy.demo.sending import Sending
from shared.contracts.vocabulary import EventType

LIVE_SECONDS: Final = 0.25
LINE_SECONDS: Final = 5.0


class Progress:
    """Counts what is done, in the words of the last line."""

    def __init__(
        self,
        console: Console,
        lines: Sequence[Line],
        cases: Sequence[Case],
        sending: Sending,
        *,
        seen: Seen,
        post: PostOffice,
    ) -> None:
        self._console = console
        self._total = (len(lines), len(cases))
        self._sending = sending
        self._seen = seen
        self._post = post
        self._began = time.monotonic()
        self._live: Status | None = console.status("", spinner="dots") if console.is_terminal else None

    async def show(self) -> None:
        """Show it again and again, until cancelled."""
        if self._live:
            self._live.start()
        while True:
            if self._live:
                self._live.update(self._words())
                await asyncio.sleep(LIVE_SECONDS)
            else:
                await asyncio.sleep(LINE_SECONDS)
                self.say(self._words())

    def say(self, words: str) -> None:
        """One line that stays."""
        self._console.print(f"[dim]{time.monotonic() - self._began:5.1f} s[/]  {escape(words)}")

    def close(self) -> None:
        """The last state stays on the screen."""
        if self._live:
            self._live.stop()
        self.say(self._words())

    def _words(self) -> str:
        lines, cases = self._total
        count = self._seen.count
        return (
            f"sent {self._sending.done}/{lines}, submitted {count(EventType.REQUEST_SUBMITTED)}/{cases}, "
            f"considered {count(EventType.TRIAGE_COMPLETED)}, at headquarters {count(EventType.REVIEW_ESCALATED)}, "
            f"resolved {count(EventType.RESOLUTION_ISSUED)}/{cases}, e-mails {self._post.count}"
        )
