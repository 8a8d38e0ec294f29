"""Notification on a real store: cases with sealed addresses, and mail loops that can be killed at any point.

Kafka is left out (what is emitted is taken as acknowledged); clocks can be moved, so that leases and back-off need no
waiting.
"""

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from services.notification.commands import Mail, Resend
from services.notification.domain.following import State
from services.notification.domain.ledger import Entry, Phase, entries
from services.notification.mail.duty import DutyDesk
from services.notification.mail.knobs import Knobs
from services.notification.mail.ledger_store import Ledger, LedgerStore
from services.notification.mail.loop import MailLoop, real_age
from services.notification.mail.message import Sender
from services.notification.mail.preparing import Desk
from services.notification.mail.relay import Connection, Patience, RelayAddress
from services.notification.many import Times
from services.notification.office_letters import OfficeLetters
from services.notification.reactions import BEHAVIOUR
from services.notification.rendering import Letters, environment_of
from shared.casework.breaker import Breaker
from shared.casework.commands import whole_milliseconds
from shared.casework.document import arrive
from shared.casework.engine import Engine
from shared.casework.offering import Rules
from shared.casework.outbox import Outbox
from shared.casework.reaction import Command
from shared.casework.store import Store
from shared.contracts.envelope import EventData
from shared.contracts.parsing import parse
from shared.contracts.sealed import Noncitizen, Requestor, SealedAmendment, SealedSubmission
from shared.contracts.vocabulary import EventType
from shared.errors import CommandRefused
from shared.failpoints import Point, no_point
from shared.messaging.records import Outgoing, Receipt
from shared.mongo.driver import MongoClient
from shared.mongo.mapping import StateMapping
from shared.policy.loading import load
from shared.privacy.blind_index import BlindIndex
from shared.privacy.keyring import Keyring
from shared.privacy.keys import SecretKey
from shared.privacy.links import Links
from shared.privacy.sealing import CaseKey, seal
from tests.integration.toy import record

QUICK = Patience(connect=5.0, envelope=0.5, reply=0.5)
DAY = timedelta(days=1)


class Crash(BaseException):
    """The process is gone: nothing more of it runs."""


class Taken:
    """A broker that takes everything."""

    async def send(self, records: Sequence[Outgoing]) -> Sequence[Receipt]:
        return [Receipt.TAKEN] * len(records)


@dataclass
class Clocks:
    """Real time and this process's own, both moved by hand on top of what passes."""

    ahead: timedelta = timedelta()

    def real_now(self) -> datetime:
        return whole_milliseconds(datetime.now(UTC) + self.ahead)

    def monotonic(self) -> float:
        return time.monotonic() + self.ahead.total_seconds()

    def pass_(self, span: timedelta) -> None:
        self.ahead += span


@dataclass
class World:
    """Everything but the loops."""

    engine: Engine[State]
    client: MongoClient
    keyring: Keyring
    port: int
    prefix: str
    clocks: Clocks = field(default_factory=Clocks)
    made_at: datetime = field(default_factory=lambda: whole_milliseconds(datetime.now(UTC)))
    knobs: Knobs = field(
        default_factory=lambda: Knobs(group=4, connections=8, gather=timedelta(), patience=QUICK, rejections_a_day=2)
    )
    links: Links = field(default_factory=lambda: Links(SecretKey(b"l" * 32)))

    @classmethod
    async def on(cls, mongodb: str, port: int, prefix: str | None = None) -> "World":
        """A new one, or the one that another process has made under this prefix."""
        client, prefix = MongoClient(mongodb), prefix or f"mail_{uuid4().hex[:10]}"
        rules = Rules(BEHAVIOUR, StateMapping[State](BEHAVIOUR.state), load(), "test")
        store = Store(client.database(f"{prefix}_notification"), rules)
        await store.prepare()
        engine = Engine(rules, store, Outbox(store, Taken(), Breaker(time.monotonic)))
        keys = Keyring(client.database(f"{prefix}_keyring")["keys"], SecretKey(b"m" * 32))
        return cls(engine, client, keys, port, prefix)

    @property
    def times(self) -> Times:
        """As the composition root makes it; the story's events of 2021 come when this world is made."""

        def age(moment: datetime) -> timedelta:
            return self.clocks.real_now() - max(moment, self.made_at)

        return Times(self.clocks.real_now, self.clocks.real_now, age, self.knobs.under_way)

    async def close(self) -> None:
        await self.engine.drain(5)
        await self.client.close()

    def loop(
        self, *, point: Point = no_point, knobs: Knobs | None = None, ledger: Ledger | None = None, **desk: Any
    ) -> MailLoop:
        """A mail loop as another process would have it: it shares nothing but the store."""
        knobs, ledger = knobs or self.knobs, ledger or LedgerStore(self.engine)
        made = Desk(
            ledger=ledger,
            keyring=self.keyring,
            links=self.links,
            index=BlindIndex(SecretKey(b"i" * 32)),
            letters=Letters(),
            duty=DutyDesk(
                policies=load(),
                letters=OfficeLetters(environment_of()),
                sender=Sender.of("Second Look <no-reply@agency.example>"),
                staff_url="https://staff.example",
                headquarters_url="https://headquarters.example",
                now=self.clocks.real_now,
                real_now=self.clocks.real_now,
            ),
            sender=Sender.of("Second Look <no-reply@agency.example>"),
            public_url="https://second-look.example",
            returns=desk.get("returns"),
            knobs=knobs,
            now=self.clocks.real_now,
            real_now=self.clocks.real_now,
            age=desk.get("age", real_age(lambda: datetime(2021, 3, 8, 14, tzinfo=UTC))),
        )
        relay = RelayAddress.of(f"smtp+plain://127.0.0.1:{self.port}")
        return MailLoop(
            ledger,
            made,
            lambda: Connection(relay, knobs.patience),
            knobs=knobs,
            point=point,
            real_now=self.clocks.real_now,
            monotonic=self.clocks.monotonic,
            rng=random.Random(1),
        )

    async def hear(self, case_id: UUID, data: EventData, *, seq: int = 1, source: str = "intake", **blobs: Any) -> None:
        """An event arrives; `blobs` are sealed with the case's key."""
        key = (await self.keyring.get_or_create([case_id]))[case_id]
        assert isinstance(key, CaseKey)
        boxes = {
            name: seal(key, case_id=case_id, cause=case_id, name=name, plaintext=content.model_dump_json().encode())
            for name, content in blobs.items()
        }
        value = record(case_id, seq, data.model_copy(update={"sealed": boxes}), source=source)
        await self.engine.handle([arrive(case_id, data.type, value)])

    async def letters(self, case_id: UUID) -> dict[UUID, Entry]:
        """The ledger of a case."""
        view = await self.engine.case(case_id)
        assert view is not None
        return entries(view.work)

    async def one(self, case_id: UUID, letter: str = "received") -> Entry:
        """The only entry of a letter."""
        (entry,) = [entry for entry in (await self.letters(case_id)).values() if entry.letter == letter]
        return entry

    async def one_each(self, case_id: UUID) -> set[Phase]:
        """The phases of a case's letters."""
        return {entry.phase for entry in (await self.letters(case_id)).values()}

    async def resend(self, case_id: UUID) -> str | None:
        """A person has the only letter sent again; the code of the refusal, if it is refused."""
        (letter,) = await self.letters(case_id)
        over_since = self.clocks.real_now() - self.knobs.under_way
        asked = Command(
            Mail.RESEND, uuid4(), case_id, self.clocks.real_now(), Resend(letter, "operator-1", over_since=over_since)
        )
        try:
            await self.engine.command(asked)
        except CommandRefused as refused:
            return refused.code
        return None

    async def recorded(self, case_id: UUID) -> list[tuple[str, int]]:
        """(result, attempt) of what was published of the case."""
        events = [
            parse(event.body, EventType.NOTIFICATION_RECORDED).data for event in await self.engine.events(case_id)
        ]
        return [(event.result.value, event.attempt) for event in events]

    async def settle(self, loop: MailLoop, rounds: int = 6) -> None:
        """Let a loop work until nothing is left to do at this moment."""
        for _ in range(rounds):
            if not await loop.once():
                return


def addresses(email: str | None = "ana@example.org", noncitizen: str | None = None) -> SealedSubmission:
    """What the blob `submitted` holds of the people."""
    return SealedSubmission(
        requestor=Requestor(name="Ana Example", email=email),
        noncitizen=Noncitizen(given_name="Luz", email=noncitizen, language="es"),
    )


def new_address(email: str) -> SealedAmendment:
    """What the blob `amended_<n>` holds when the contact changed."""
    return SealedAmendment(requestor=Requestor(name="Ana Example", email=email))
