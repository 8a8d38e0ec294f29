"""Lost links: whoever knows the number and the address of a case has the link sent to that address, nowhere else.

What is asked is answered before anything is looked up, always alike; the looking up is done by a loop, later. So the
answer and its time tell nobody whether there is such a case, or whose address it knows.
"""

import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from hmac import compare_digest
from typing import Final
from uuid import UUID

import structlog
from pydantic import ValidationError

from services.intake.asking import LINK, Engine
from services.intake.commands import Ask, SendLink
from services.intake.domain.case import Accepted, Erased, State
from services.intake.opening import opened
from services.intake.registry import Numbers
from shared.casework.commands import command_id, whole_milliseconds
from shared.casework.reaction import Command
from shared.contracts.sealed import SealedSubmission
from shared.contracts.vocabulary import Recipient, Service
from shared.errors import CommandFailed, Outage, TooBusy
from shared.privacy.blind_index import BlindIndex, Kind, NothingToIndex
from shared.privacy.keyring import Keyring
from shared.privacy.sealing import BrokenSeal, CaseKey, open_box

MOST_WAITING: Final = 200
"""More are turned away for now, whoever they are."""

PATIENCE_SECONDS: Final = 600.0
"""So long is tried while a server is away. Nothing is kept over a restart: people ask again."""

WORK_SECONDS: Final = 0.5

log = structlog.get_logger("secondlook.links")


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wrote into the form. `number` is as it is stored; `key` is the form's idempotency key."""

    number: str
    email: str
    key: str


class LostLinks:
    """Takes wishes in, and works them off."""

    def __init__(
        self,
        *,
        engine: Engine,
        numbers: Numbers,
        keyring: Keyring,
        index: BlindIndex,
        now: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`now` is the policy clock."""
        self._engine = engine
        self._numbers = numbers
        self._keyring = keyring
        self._index = index
        self._now = now
        self._monotonic = monotonic
        self._waiting: deque[tuple[float, Wish]] = deque()

    def ask(self, wish: Wish) -> bool:
        """Note it; False when too many wait. Looks nothing up."""
        if len(self._waiting) >= MOST_WAITING:
            return False
        self._waiting.append((self._monotonic(), wish))
        return True

    async def work(self) -> None:
        """Work off what waits now. On an outage all that is left waits on, and is dropped when that lasts too long."""
        while self._waiting:
            since, wish = self._waiting.popleft()
            try:
                await self._carry_out(wish)
            except (Outage, TooBusy):
                if self._monotonic() - since < PATIENCE_SECONDS:
                    self._waiting.appendleft((since, wish))
                    raise

    async def _carry_out(self, wish: Wish) -> None:
        case_id = (await self._numbers.cases_of([wish.number])).get(wish.number)
        view = await self._engine.case(case_id) if case_id else None
        if case_id is None or view is None:
            return
        to = self._whose(wish.email, await self._known(case_id, view.state))
        if to is None:
            return
        cause = command_id(Service.INTAKE, LINK, Ask.SEND_LINK, case_id, wish.key)
        try:
            await self._engine.command(
                Command(Ask.SEND_LINK, cause, case_id, whole_milliseconds(self._now()), SendLink(to))
            )
        except TooBusy:
            raise
        except CommandFailed as error:
            log.info("link_not_sent", case=str(case_id), kind=type(error).__name__)

    async def _known(self, case_id: UUID, state: State) -> Mapping[Recipient, str | None]:
        """The addresses that the case knows, by whose they are. None of a case that was erased."""
        key = (await self._keyring.get([case_id]))[case_id]
        if isinstance(state, Erased) or not isinstance(key, CaseKey):
            return {}
        boxes = await self._engine.sealed(case_id)
        try:
            if isinstance(state, Accepted):
                known = opened(key, case_id, state.filing, boxes)
            else:
                box = open_box(key, case_id=case_id, name="contact", box=boxes["contact"])
                known = SealedSubmission.model_validate_json(box)
        except (BrokenSeal, ValidationError, KeyError) as error:
            log.warning("link_unreadable", case=str(case_id), kind=type(error).__name__)
            return {}
        return {Recipient.REQUESTOR: known.requestor.email, Recipient.NONCITIZEN: known.noncitizen.email}

    def _whose(self, email: str, known: Mapping[Recipient, str | None]) -> Recipient | None:
        """Whose address it is, as the look-up by address compares them (case and width do not matter)."""
        try:
            wanted = self._index.of(Kind.EMAIL, email)
            indexes = {role: self._index.of(Kind.EMAIL, address) for role, address in known.items() if address}
        except NothingToIndex:
            return None
        return next((role for role, index in indexes.items() if compare_digest(index, wanted)), None)
