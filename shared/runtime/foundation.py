"""What every service stands on, built once from its settings: store, outbox, engine, readers, keys, sign-in, clock.

Nothing connects before `running()`; HTTP is up meanwhile and says that it is not ready. A dead server only delays: the
service waits for it and goes on by itself.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, Generic, TypeVar

import httpx
import structlog
from fastapi import FastAPI
from starlette.middleware import Middleware

from shared.casework.answering import answering
from shared.casework.breaker import Breaker
from shared.casework.consuming import Consuming
from shared.casework.corrupt_batches import CorruptBatches
from shared.casework.dead_letters import DeadLetters, RedrivingLetters
from shared.casework.discarding import Discarding
from shared.casework.engine import Engine
from shared.casework.isolating import Isolating
from shared.casework.offering import Rules
from shared.casework.outbox import MARK_SECONDS, Outbox
from shared.casework.parking import Parking
from shared.casework.reaction import Behaviour
from shared.casework.reconciliations import Reconciliations
from shared.casework.reconciling import Reconciliation
from shared.casework.redriving import OFFER_SECONDS, Redriving
from shared.casework.standing import LOOK_SECONDS as STANDING_SECONDS
from shared.casework.store import Store
from shared.casework.sweeping import DEADLINE_SECONDS, SWEEP_SECONDS, Sweeper, for_ever
from shared.contracts.topics import emitted_by
from shared.contracts.vocabulary import EventType, Service
from shared.ending import ended
from shared.errors import RESTORED
from shared.failpoints import Point, no_point
from shared.messaging.producer import KafkaSender
from shared.messaging.reader import Reader
from shared.messaging.records import Record
from shared.messaging.tap import Tap
from shared.mongo.driver import Collection, MongoClient
from shared.mongo.mapping import StateMapping
from shared.policy.loading import load
from shared.privacy.access import INDEXES, AccessLog
from shared.privacy.blind_index import BlindIndex
from shared.privacy.keyring import KeyringNotCompared
from shared.privacy.keys import load_key
from shared.privacy.links import Links
from shared.runtime.build import build_name
from shared.runtime.case_keys import CaseKeys
from shared.runtime.chosen import clock_of, keys_of
from shared.runtime.counting import count_cases, count_records
from shared.runtime.metrics import Metrics
from shared.runtime.punctuality import LOOK_SECONDS, Punctuality
from shared.runtime.readiness import Question, Readiness
from shared.runtime.restored import Restored, standing_of
from shared.runtime.settings import ServiceSettings
from shared.runtime.starting import Starting
from shared.web import corrupt_batches, dead_letters, discarding, health, held, keys, problems, reconcile, reference
from shared.web.head import Head
from shared.web.headers import SecurityHeaders
from shared.web.limits import BodyLimit
from shared.web.repeats import NoRepeats
from shared.web.sign_in import SignIn

S = TypeVar("S")

CLOCK_SECONDS = 5.0
DRAIN_SECONDS = 5.0
PATIENCE_SECONDS = 2.0
"""So long a request may still wait for a store that has just gone: another server may take over."""

log = structlog.get_logger()


class Foundation(Generic[S]):
    """The common ground of one running service."""

    def __init__(
        self,
        behaviour: Behaviour[S],
        settings: ServiceSettings,
        *,
        point: Point = no_point,
    ) -> None:
        """Raises a one-sentence error for a key file, policy or clock that cannot be used."""
        service, prefix = behaviour.service, settings.secondlook_prefix
        self.settings = settings
        self._point = point
        self.metrics = Metrics()
        self.http = httpx.AsyncClient(timeout=5.0)
        self.client = MongoClient(
            settings.mongodb_uri.get_secret_value(), settings.secondlook_mongo_driver, took=self.metrics.store_took
        )
        self.clock = clock_of(settings, self.client)
        self.policies = load(settings.policy_dir)
        self.keys = CaseKeys(settings, self.client, self.clock)
        self.keyring = self.keys.keyring
        self.index = BlindIndex(load_key("INDEX_KEY_FILE", settings.index_key_file))
        self.links = Links(load_key("LINK_KEY_FILE", settings.link_key_file))
        self._database = self.client.database(f"{prefix}secondlook_{service}")
        self.access = AccessLog(self.collection("accesses"))
        self.sign_in = SignIn(
            issuer=settings.auth_issuer, audience=settings.auth_audience, keys=keys_of(settings, self.http)
        )
        self.standing, self._mark = standing_of(service, settings, self.collection("standing"))
        self.engine, self.dead_letters = self._engine(behaviour, prefix)
        self.redriving = Redriving(self.engine, self.keys.open_unreadable, now=self.clock.now)
        self._handles: dict[str, Callable[[Sequence[Record]], Awaitable[None]]] = {}
        seal_unreadable = self.keys.seal_unreadable
        consuming = Consuming(self.engine, self.dead_letters, seal_unreadable)
        self.corrupt = CorruptBatches(self.collection("corrupt_batches"), seal_unreadable, now=self.clock.real_now)
        topics = [kind.value for kind in EventType if kind in behaviour.reactions]
        self.readers = [self.reader(topics, group=service, handle=consuming.handle)] if topics else []
        self.restored = Restored(self.standing, self.clock, self.readers, bootstrap=settings.kafka_bootstrap)
        self.reconciliations = Reconciliations(
            self.collection("reconciliations"), self._reconciliation, self.restored, real_now=self.clock.real_now
        )
        self.punctuality = Punctuality(self.engine, self.clock, self.policies, self.readers)
        self.preparations: list[Callable[[], Awaitable[None]]] = []
        self._prepared = False
        self._starting = Starting()
        self.readiness = self._readiness()
        self.metrics.sources += [
            partial(count_cases, self.engine.store, self.clock, self.metrics),
            partial(count_records, self.readers, self.corrupt, self.dead_letters, self.metrics),
        ]

    def collection(self, name: str) -> Collection:
        """A collection of this service's own database."""
        return self._database[name]

    def reader(self, topics: Sequence[str], *, group: str, handle: Any) -> Reader:
        """A reader of further topics, with its own group."""
        self._handles |= dict.fromkeys(topics, handle)
        return Reader(
            self.settings.kafka_bootstrap,
            topics,
            group=group,
            handle=Isolating(handle, self.dead_letters).handle,
            corrupt=self.corrupt,
            prefix=self.settings.secondlook_prefix,
            session_seconds=self.settings.kafka_session_seconds,
            may_fetch=lambda: not self.engine.outbox.breaker.open,
            point=self._point,
        )

    async def offer_again(self, record: Record) -> bool:
        """Give a record to whoever reads its topic; whether anybody does."""
        handle = self._handles.get(record.topic)
        if handle is not None:
            await handle([record])
        return handle is not None

    def app(
        self,
        title: str,
        *loops: tuple[str, Callable[[], Awaitable[Any]], float],
        limits: Sequence[Middleware] = (),
        inline_styles: Sequence[str] = (),
        looks_itself: Sequence[str] = (),
    ) -> FastAPI:
        """The HTTP side: problem documents, limits, health, metrics, and a lifespan that runs everything else.

        `loops` are (name, work, seconds between) of the service's own, `limits` what stands before its public paths;
        `inline_styles` are the texts that its pages use. The paths of `looks_itself` say more of a bad body.
        """

        @asynccontextmanager
        async def lifespan(_: FastAPI) -> AsyncIterator[None]:
            async with self.running(*loops):
                yield

        app = FastAPI(title=title, version="1", lifespan=lifespan, openapi_url=None)
        problems.install(app)
        app.add_middleware(NoRepeats, spared=looks_itself)
        app.add_middleware(BodyLimit)
        for limit in limits:
            app.add_middleware(limit.cls, *limit.args, **limit.kwargs)
        app.add_middleware(
            problems.StoreAway,
            away=lambda: self.client.away_seconds > PATIENCE_SECONDS,
            spared=("/health/", "/metrics"),
        )
        app.add_middleware(SecurityHeaders, inline_styles=inline_styles)
        app.add_middleware(Head)
        app.include_router(reference.router(app, self.sign_in))
        app.include_router(health.router(ready=self.readiness.checks, metrics=self.metrics, sign_in=self.sign_in))
        app.include_router(held.router(store=self.engine.store, redriving=self.redriving, sign_in=self.sign_in))
        app.include_router(
            discarding.router(
                discarding=Discarding(
                    self.engine.store,
                    self.collection("discarded"),
                    self.keys.seal_unreadable,
                    self.standing.require,
                    real_now=self.clock.real_now,
                ),
                http=self.http,
                intake=self.settings.intake_url,
                sign_in=self.sign_in,
            )
        )
        letters_again = RedrivingLetters(self.dead_letters, self.keys.open_unreadable, self.offer_again)
        app.include_router(
            dead_letters.router(dead_letters=self.dead_letters, redriving=letters_again, sign_in=self.sign_in)
        )
        app.include_router(corrupt_batches.router(corrupt=self.corrupt, sign_in=self.sign_in))
        app.include_router(keys.router(store=self.engine.store, gone=self.keys.gone, sign_in=self.sign_in))
        app.include_router(reconcile.router(reconciliations=self.reconciliations, sign_in=self.sign_in))
        return app

    @asynccontextmanager
    async def running(self, *loops: tuple[str, Callable[[], Awaitable[Any]], float]) -> AsyncIterator[None]:
        """Start everything; at the end stop it cleanly: finish what is at hand, write the marks, leave the groups."""
        common: list[tuple[str, Callable[[], Awaitable[Any]], float]] = [
            ("clock", self.clock.synchronise, CLOCK_SECONDS),
            ("marks", self.engine.outbox.flush_marks, MARK_SECONDS),
            ("sweeper", Sweeper(self.engine, point=self._point).sweep, SWEEP_SECONDS),
            ("progress", self.punctuality.look, LOOK_SECONDS),
            ("deadlines", self.punctuality.carry_out, DEADLINE_SECONDS),
            ("parked", self.redriving.offer_what_others_could_not, OFFER_SECONDS),
            ("keyring", self.keys.look, STANDING_SECONDS),
        ]
        starting = asyncio.create_task(self._starting.take(self._prepare, self.keys.look, self.restored.start))
        watching = asyncio.create_task(for_ever(self.restored.look, every_seconds=STANDING_SECONDS, name="standing"))
        tasks = [
            asyncio.create_task(for_ever(self._once_prepared(work), every_seconds=seconds, name=name), name=name)
            for name, work, seconds in (*common, *loops)
        ]
        try:
            yield
        finally:
            await ended(starting, watching)  # first: they would start again what is stopped below
            await asyncio.gather(*(reader.stop() for reader in self.readers), return_exceptions=True)
            await ended(*tasks)
            await self._drain()
            await self.reconciliations.stop()
            await self.readiness.stop()
            await self._sender.discard()
            await self._mark.close()
            await self.keys.close()
            await self.http.aclose()
            await self.client.close()

    async def _drain(self) -> None:
        """What cannot be published or marked now is in the store, for other instances: the stopping goes on."""
        try:
            await self.engine.drain(DRAIN_SECONDS)
        except Exception as error:  # noqa: BLE001 - an outage or a defect
            log.warning("not_drained", kind=type(error).__name__)

    def _readiness(self) -> Readiness:
        asked = {
            "store": Question(self.clock.synchronise, otherwise="The store does not answer."),
            "broker": Question(self._sender.answers, otherwise="Kafka does not answer."),
            "standing": Question(self.restored.is_well, otherwise=RESTORED),
        }
        asked |= self.keys.questions()
        return Readiness(self._starting, self.clock, self.engine.outbox.breaker, self.readers, **asked)

    def _engine(self, behaviour: Behaviour[S], prefix: str) -> tuple[Engine[S], DeadLetters]:
        build = self.settings.secondlook_build or build_name()
        rules = Rules(behaviour, StateMapping[S](behaviour.state), self.policies, build)
        store = Store(self._database, rules, point=self._point)
        self._sender = KafkaSender(self.settings.kafka_bootstrap, client_id=behaviour.service, prefix=prefix)
        outbox = Outbox(store, self._sender, Breaker(time.monotonic), point=self._point)
        engine = Engine(
            rules,
            store,
            outbox,
            real_now=self.clock.real_now,
            policy_now=self.clock.now,
            point=self._point,
            require=self.standing.require,
            observe=self.metrics.observe,
        )
        return engine, DeadLetters(
            self.collection("dead_letters"), self.keys.seal_unreadable, point=self._point, observe=self.metrics.observe
        )

    def _reconciliation(self) -> Reconciliation:
        bootstrap, rules = self.settings.kafka_bootstrap, self.engine.rules
        service = Service(rules.behaviour.service)
        store, real_now, now = self.engine.store, self.clock.real_now, self.clock.now
        return Reconciliation(
            store,
            self._sender,
            lambda topics: Tap(bootstrap, topics),
            Parking(store, rules, self._begin_comparing, real_now=real_now, policy_now=now),
            service=service,
            topics=emitted_by(service),
            prefix=self.settings.secondlook_prefix,
            without_key=self.keys.gone,
        )

    async def _begin_comparing(self) -> None:
        """Stand still; but what an older keyring made of erasures is judged by the store as it was put back."""
        if not self.keys.standing.compared:
            await self.keys.look()  # intake may be through since we looked last
        if not self.keys.standing.compared:
            raise KeyringNotCompared
        await self.restored.begin()

    async def _prepare(self) -> None:
        await self.clock.synchronise()
        await self.engine.store.prepare()
        await self._prepare_records()
        self._prepared = True

    async def _prepare_records(self) -> None:
        with answering():
            await self.keyring.prove_master_key()
            for fields in INDEXES:
                await self.collection("accesses").create_index(list(fields))
            for prepare in self.preparations:
                await prepare()

    def _once_prepared(self, work: Callable[[], Awaitable[Any]]) -> Callable[[], Awaitable[Any]]:
        async def prepared() -> None:
            if self._prepared:
                await work()

        return prepared
