"""The scripted people: officers at their queues, the Senior Reviewing Official, and whoever opens the letters."""

import asyncio
from base64 import urlsafe_b64decode
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from deploy.demo.looked import Stand
from deploy.local.mailbox import Mailbox
from shared.calling.instances import Instances
from shared.calling.staff import Desk
from shared.contracts.vocabulary import Service
from shared.policy.loading import load
from shared.policy.model import HEADQUARTERS, TO_BE_ASSIGNED
from shared.web.sign_in import Role
from shared.web.tokens import DevelopmentIssuer

LOOK_EVERY_SECONDS: Final = 0.6
Listing = Callable[..., Awaitable[list[dict[str, Any]]]]


class Board:
    """One queue that several people's scripts wait at: looked at while somebody waits, once for all of them.

    `listing`: what the queue is read by, the desk's own queue where it is left out.
    """

    def __init__(self, desk: Desk, listing: Listing | None = None, **filters: Any) -> None:
        self.desk = desk
        self._listing = listing or desk.queue
        self._filters = filters
        self._waiting: dict[UUID, asyncio.Future[Mapping[str, Any]]] = {}
        self._looking: asyncio.Task[None] | None = None

    async def listed(self, case_id: UUID) -> Mapping[str, Any]:
        """Wait until the case stands in the queue as it is from now on; the queue's entry."""
        seen: asyncio.Future[Mapping[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[case_id] = seen
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        return await seen

    async def entries(self) -> list[dict[str, Any]]:
        """The queue as it is now."""
        return await self._listing(**self._filters)

    async def stand(self, case_id: UUID) -> Stand | None:
        """Where a case stands in the queue now; None when it is not there."""
        return Stand.among(await self.entries(), case_id)

    async def _look(self) -> None:
        while self._waiting:
            waiting = dict(self._waiting)
            try:
                entries = {UUID(each["case_id"]): each for each in await self.entries() if each.get("claimable", True)}
            except Exception as error:  # noqa: BLE001 - told to those who wait, who are the ones to know what to do
                for case_id, seen in waiting.items():
                    self._waiting.pop(case_id, None)
                    if not seen.done():
                        seen.set_exception(error)
                continue
            for case_id in waiting.keys() & entries.keys():
                seen = self._waiting.pop(case_id)
                if not seen.done():
                    seen.set_result(entries[case_id])
            await asyncio.sleep(LOOK_EVERY_SECONDS)


class Staff:
    """Everybody who signs in: one officer for each office, an SRO, and headquarters, which assigns and confirms."""

    def __init__(self, issuer: DevelopmentIssuer, services: Mapping[Service, Instances]) -> None:
        self._issuer = issuer
        self._triage = triage = services[Service.TRIAGE]
        self._offices: dict[str, Board] = {}
        self._carrying_out: dict[str, Board] = {}
        # Not the SRO: who had a case in hand before may not review it.
        assigning = Desk(triage, issuer.staff("assigning-at-headquarters", [Role.OFFICER], offices=[HEADQUARTERS]))
        self.to_be_assigned = Board(assigning, office=TO_BE_ASSIGNED)
        reviewing = Desk(services[Service.ESCALATION], issuer.staff("senior-reviewing-official", [Role.SRO]))
        self.headquarters = Board(reviewing)
        # One for all cases, whether one has no office yet, is with its office, or with headquarters.
        roles, offices = [Role.OFFICER, Role.SRO], [HEADQUARTERS, *sorted(_offices())]
        self.confirming = Desk(services[Service.INTAKE], issuer.staff("confirming", roles, offices=offices))

    def office(self, code: str) -> Board:
        """An office's queue, with its officer's own token."""
        if code not in self._offices:
            self._offices[code] = Board(self._officer(code), office=code)
        return self._offices[code]

    def carrying_out(self, code: str) -> Board:
        """What an office has to carry out, with its officer's own token."""
        if code not in self._carrying_out:
            desk = self._officer(code)
            self._carrying_out[code] = Board(desk, desk.to_carry_out, office=code)
        return self._carrying_out[code]

    def _officer(self, code: str) -> Desk:
        return Desk(self._triage, self._issuer.staff(f"officer-{code.lower()}", [Role.OFFICER], offices=[code]))

    def director(self, code: str) -> Desk:
        """An office's director, who approves declines in advance."""
        token = self._issuer.staff(f"director-{code.lower()}", [Role.FIELD_OFFICE_DIRECTOR], offices=[code])
        return Desk(self._triage, token)

    def boards(self) -> list[Board]:
        """All queues that somebody has waited at."""
        return [self.to_be_assigned, self.headquarters, *self._offices.values(), *self._carrying_out.values()]


def _offices() -> set[str]:
    return set(load().at(datetime.now(UTC)).office_map.areas.values())


@dataclass(frozen=True, slots=True)
class Post:
    """A letter that came to an address: its number in the sink, and the private link in it."""

    number: int
    link: str

    def is_about(self, case_id: UUID) -> bool:
        """Whether it is about this case. Somebody with two cases tells them apart by reading; a script, by the link."""
        token = self.link.rpartition("/")[2]
        return urlsafe_b64decode(token + "=" * (-len(token) % 4))[:16] == case_id.bytes


class PostOffice:
    """The mail sink, as those see it to whom letters are addressed."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox
        self._came: dict[str, list[Post]] = defaultdict(list)
        self._news = asyncio.Condition()
        self.count = 0

    async def follow(self) -> None:
        """Read on and on, until cancelled."""
        while True:
            new = self._mailbox.new()
            for mail in new:
                letter = self._mailbox.letter(mail.number)
                for address in mail.to:
                    self._came[address.lower()].append(Post(mail.number, (letter and letter.link) or ""))
            self.count += len(new)
            if new:
                async with self._news:
                    self._news.notify_all()
            await asyncio.sleep(LOOK_EVERY_SECONDS / 3)

    def letters(self, address: str, case_id: UUID) -> list[Post]:
        """What has come to an address about a case so far."""
        return [post for post in self._came[address.lower()] if post.is_about(case_id)]

    async def beyond(self, address: str, case_id: UUID, known: int) -> list[Post]:
        """Wait until more than `known` letters about a case have come to an address."""
        async with self._news:
            while len(found := self.letters(address, case_id)) <= known:
                await self._news.wait()
            return found
