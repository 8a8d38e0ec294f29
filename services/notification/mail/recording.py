"""Recording outcomes: one command per letter, in groups. What could not be recorded is kept and tried again."""

import random
from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from services.notification.commands import DeferMail, Mail, RecordResult
from services.notification.mail.claims import Taken, give_back, note_outcome
from services.notification.mail.knobs import Knobs, wait_before
from services.notification.mail.ledger_store import Ledger
from services.notification.mail.wave import Outcome, Postponed, Settled
from shared.casework.commands import Answered, command_id, whole_milliseconds
from shared.casework.reaction import Command
from shared.contracts.vocabulary import MailResult, Service
from shared.errors import CaseParked, TooBusy

ACTOR = "mail-loop"


class Recorder:
    """Turns outcomes into commands of the engine."""

    def __init__(
        self,
        ledger: Ledger,
        *,
        knobs: Knobs,
        now: Callable[[], datetime],
        real_now: Callable[[], datetime],
        rng: random.Random,
        count: Callable[[str], None] = lambda _: None,
    ) -> None:
        """`count` hears of each result that was recorded."""
        self._ledger = ledger
        self._knobs = knobs
        self._now = now
        self._real_now = real_now
        self._rng = rng
        self._count = count
        self._owed: list[Outcome] = []

    async def record(self, outcomes: Sequence[Outcome]) -> int:
        """Record all; returns how many are settled now. On an outage they are owed: `retry` records them.

        A command that was carried out before the outage is answered from the document when it is given again.
        """
        if not outcomes:
            return 0
        try:
            results = await self._ledger.commands([self._command(outcome) for outcome in outcomes], wait=False)
        except Exception:
            self.owe(outcomes)
            raise
        for outcome, result in zip(outcomes, results, strict=True):
            if isinstance(outcome, Settled) and isinstance(result, Answered) and not result.replayed:
                self._count(outcome.result.value)
        parked = [outcome for outcome, result in zip(outcomes, results, strict=True) if isinstance(result, CaseParked)]
        busy = [outcome for outcome, result in zip(outcomes, results, strict=True) if isinstance(result, TooBusy)]
        self.owe(busy)
        for outcome in parked:
            await self._keep_for_later(outcome)
        return len(outcomes) - len(parked) - len(busy)

    def owe(self, outcomes: Sequence[Outcome]) -> None:
        """Keep outcomes that could not be recorded now. If this process ends first, their leases run out."""
        self._owed += outcomes

    def nothing_sent(self, letters: Sequence[Taken]) -> None:
        """An outage came before any content: owed as postponed, for the store may or may not have the `data` mark."""
        self.owe([Postponed(letter, "STORE_OUTAGE", outage=True) for letter in letters])

    def owes(self, notification: UUID) -> bool:
        """Whether an outcome of this letter is still to be recorded."""
        return any(outcome.letter.notification == notification for outcome in self._owed)

    async def retry(self) -> None:
        """Record what is owed. Raises the outage that still lasts."""
        owed, self._owed = self._owed, []
        await self.record(owed)

    async def _keep_for_later(self, outcome: Outcome) -> None:
        """A parked case takes no commands, but its due mails still go: what the relay said stays with the letter."""
        letter = outcome.letter
        if isinstance(outcome, Postponed):
            await give_back(self._ledger, [letter], next_at=self._next_at(outcome))
        elif letter.entry.outcome is None:
            said = f"{outcome.result.value}:{outcome.reply_class}"
            await note_outcome(self._ledger, letter, said)

    def _command(self, outcome: Outcome) -> Command[RecordResult] | Command[DeferMail]:
        letter = outcome.letter
        if isinstance(outcome, Settled):
            said = RecordResult(
                letter.notification, letter.token, outcome.result, outcome.reply_class, outcome.address_day
            )
            return Command(Mail.RECORD, self._id(outcome, outcome.result.value), letter.case_id, self._at(), said)
        if outcome.counted and letter.entry.tries + 1 >= self._knobs.tries:
            given_up = RecordResult(
                letter.notification, letter.token, MailResult.FAILED, f"GAVE_UP_{outcome.reply_class}"
            )
            return Command(Mail.RECORD, self._id(outcome, "gave-up"), letter.case_id, self._at(), given_up)
        deferred = DeferMail(
            letter.notification, letter.token, self._next_at(outcome), outcome.reply_class, outcome.counted
        )
        return Command(Mail.DEFER, self._id(outcome, "defer"), letter.case_id, self._at(), deferred)

    def _next_at(self, postponed: Postponed) -> datetime:
        tries = postponed.letter.entry.tries if postponed.counted else 0
        wait = self._knobs.outage_wait if postponed.outage else wait_before(tries, self._knobs, self._rng)
        return whole_milliseconds(self._real_now() + wait)

    def _at(self) -> datetime:
        return whole_milliseconds(self._now())

    def _id(self, outcome: Outcome, what: str) -> UUID:
        key = f"{outcome.letter.notification}:{outcome.letter.token}:{what}"
        return command_id(Service.NOTIFICATION, ACTOR, Mail.RECORD, outcome.letter.case_id, key)
