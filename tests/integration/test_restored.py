"""A service's store is put back from a backup while its topics went on, on real servers."""

import json
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from services.escalation.claiming import Claim
from services.escalation.domain.states import InQueue, Remanded, Resolved
from services.escalation.officials import Decide, Remand
from services.escalation.orders import Order
from services.escalation.reactions import BEHAVIOUR as ESCALATION
from services.escalation.settings import EscalationSettings
from services.intake.app import build_app as build_intake
from services.intake.settings import IntakeSettings
from services.notification.app import build_app
from services.notification.domain.ledger import Phase, entries
from services.notification.reactions import BEHAVIOUR as NOTIFICATION
from services.notification.settings import NotificationSettings
from shared.casework.reaction import Command
from shared.casework.standing import place
from shared.contracts.parsing import parse
from shared.contracts.topics import emitted_by
from shared.contracts.vocabulary import EventType, RequestorType, Service, TriageOutcome
from shared.errors import RESTORED, CaseParked, StoreNotCompared
from shared.messaging.producer import KafkaSender
from shared.messaging.records import Outgoing, Receipt
from shared.messaging.submitting import SubmissionSender, cloud_event
from shared.messaging.tap import Tap
from shared.mongo.driver import MongoClient
from shared.privacy.sealing import CaseKey, seal
from shared.runtime.foundation import Foundation
from shared.web.sign_in import Role
from shared.web.tokens import DevelopmentIssuer
from tests.conftest import Servers
from tests.eventually import eventually
from tests.faults.load import wave
from tests.integration.mail_world import addresses
from tests.integration.toy import make_topics, record
from tests.unit.escalation_story import SAM, UPHELD, completed, requested
from tests.unit.notification_story import submitted
from tests.wiring.apps import settings

# Instances live for a second here: what aiokafka was connecting when it is cancelled stays open until it is collected.
pytestmark = [pytest.mark.real, pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")]

Documents = dict[str, list[dict[str, Any]]]


@dataclass
class House:
    """One service's store and topics, and everybody who says something on them."""

    servers: Servers
    folder: Path
    prefix: str
    client: MongoClient
    sender: KafkaSender
    said: Counter[tuple[UUID, str]] = field(default_factory=Counter)
    closing: AsyncExitStack = field(default_factory=AsyncExitStack)

    def settings(self) -> dict[str, Any]:
        return settings(self.folder) | {
            "kafka_bootstrap": self.servers.kafka,
            "mongodb_uri": self.servers.mongodb,
            "smtp_url": self.servers.smtp,
            "secondlook_prefix": self.prefix,
        }

    async def say(self, source: str, case_id: UUID, data: Any, *, time: datetime | None = None) -> None:
        """Another service says something of a case."""
        self.said[case_id, data.type] += 1
        value = record(case_id, self.said[case_id, data.type], data, source=source, time=time or datetime.now(UTC))
        assert await self.sender.send([Outgoing(data.type, case_id, uuid4(), value)]) == [Receipt.TAKEN]

    async def copy(self, service: Service) -> Documents:
        """A backup of the service's database."""
        database = self.client.database(f"{self.prefix}secondlook_{service}")
        return {name: await database[name].find({}).to_list(None) for name in ("cases", "standing")}

    async def put_back(self, service: Service, documents: Documents) -> None:
        database = self.client.database(f"{self.prefix}secondlook_{service}")
        for name, backup in documents.items():
            for document in await database[name].find({}).to_list(None):
                await database[name].delete_one({"_id": document["_id"]})
            for document in backup:
                await database[name].insert_one(document)

    async def numbers(self, service: Service) -> dict[tuple[UUID, str, int], set[UUID]]:
        """What the topics have under each number that the service gave out."""
        found: dict[tuple[UUID, str, int], set[UUID]] = defaultdict(set)
        async with Tap(self.servers.kafka, [f"{self.prefix}{kind}" for kind in emitted_by(service)]) as tap:
            for each in await tap.to_the_end():
                event = parse(each.value or b"", EventType(each.topic.removeprefix(self.prefix)))
                if event.source == service:
                    found[event.subject, event.type, event.seq].add(event.id)
        return dict(found)

    @asynccontextmanager
    async def operating(self, app: Any) -> AsyncIterator[httpx.AsyncClient]:
        """An operator at the service's door."""
        token = DevelopmentIssuer(self.folder).staff("ops", [Role.OPERATOR])
        headers = {"Authorization": f"Bearer {token}"}
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://s", headers=headers, timeout=30) as http:
            yield http


@pytest.fixture(name="house")
async def _house(servers: Servers, tmp_path: Path) -> AsyncIterator[House]:
    prefix = f"b{uuid4().hex[:8]}_"
    await make_topics(servers.kafka, prefix)
    client = MongoClient(servers.mongodb)
    sender = KafkaSender(servers.kafka, client_id="others", prefix=prefix)
    made = House(servers, tmp_path, prefix, client, sender)
    async with made.closing:
        yield made
    await sender.discard()
    await client.close()


async def reconciled(http: httpx.AsyncClient, **asked: Any) -> dict[str, Any]:
    """What the comparison found, at its end."""
    begun = await http.post("/reconcile", json=asked, headers={"Idempotency-Key": str(uuid4())})
    assert begun.status_code == 202, begun.text

    async def finished() -> Any:
        told = (await http.get(f"/reconcile/{begun.json()['run']}")).json()
        return told if told["state"] != "running" else None

    told: dict[str, Any] = await eventually(finished, within=60)
    assert (told["state"], told["why"]) == ("finished", None)
    return told


async def stands_still(http: httpx.AsyncClient) -> bool:
    """The service says that its store was restored."""
    return bool((await http.get("/health/ready")).json()["checks"].get("standing") == RESTORED)


@dataclass
class Headquarters:
    """Escalation, and an SRO."""

    base: Foundation[Any]

    async def order(self, name: Order, case_id: UUID, data: Any) -> None:
        at = self.base.clock.now()
        await self.base.engine.command(Command(name, uuid4(), case_id, at, data))

    async def claim(self, case_id: UUID) -> None:
        await self.order(Order.CLAIM, case_id, Claim(SAM))

    async def decide(self, case_id: UUID) -> None:
        await self.claim(case_id)
        await self.order(Order.DECIDE, case_id, Decide(SAM, UPHELD, facts_seen=0, box={}))

    async def remand(self, case_id: UUID) -> None:
        await self.claim(case_id)
        await self.order(Order.REMAND, case_id, Remand(SAM, ("FACTORS_NOT_CONSIDERED",), facts_seen=0, box={}))

    async def state(self, case_id: UUID) -> Any:
        view = await self.base.engine.case(case_id)
        return view.state if view else None

    def stands(self, case_id: UUID, kind: type) -> Callable[[], Awaitable[bool]]:
        async def there() -> bool:
            return isinstance(await self.state(case_id), kind)

        return there


KNOWS_NO_REMAND = replace(
    ESCALATION,
    recalls={kind: recall for kind, recall in ESCALATION.recalls.items() if kind is not EventType.REVIEW_REMANDED},
)
"""A build that cannot tell from its own event that a case was sent back."""


async def test_a_restored_store_decides_nothing_twice_and_goes_on_where_its_topics_are(house: House) -> None:
    def begun() -> Headquarters:
        return Headquarters(Foundation(KNOWS_NO_REMAND, EscalationSettings(**house.settings())))

    async def escalate(desk: Headquarters, case_id: UUID) -> None:
        await house.say("triage", case_id, completed(TriageOutcome.DECLINED))
        await house.say("intake", case_id, requested())
        await eventually(desk.stands(case_id, InQueue), within=20)

    untouched, decided, remanded, unknown, unread = (uuid4() for _ in range(5))
    desk = begun()
    async with desk.base.running():
        for case_id in (untouched, decided, remanded):
            await escalate(desk, case_id)
        await desk.base.restored.look()
        backup = await house.copy(Service.ESCALATION)
        await desk.decide(decided)
        await desk.remand(remanded)
        await escalate(desk, unknown)
        await house.say("triage", unread, completed(TriageOutcome.FAVOURABLE))
        await eventually(desk.stands(unread, Resolved), within=20)
        await desk.base.restored.look()
        before = {case_id: await desk.state(case_id) for case_id in (untouched, decided, unknown, unread)}
    told = await house.numbers(Service.ESCALATION)
    await house.put_back(Service.ESCALATION, backup)
    desk = begun()
    app = desk.base.app("escalation")
    async with desk.base.running(), house.operating(app) as http:
        await eventually(lambda: stands_still(http), within=20)
        with pytest.raises(StoreNotCompared):
            await desk.decide(decided)
        refused = await http.post(f"/held/{decided}/redrive", json={})
        assert (refused.status_code, refused.json()["code"]) == (503, "store_not_compared")
        assert RESTORED in refused.json()["detail"]
        assert (await reconciled(http, dry_run=True))["behind"] == 0
        assert await stands_still(http)
        assert await house.numbers(Service.ESCALATION) == told
        report = await reconciled(http)
        assert set(report["stranger_cases"]) == {str(each) for each in (decided, remanded, unknown, unread)}

        async def as_before() -> bool:
            return {case_id: await desk.state(case_id) for case_id in before} == before

        await eventually(as_before, within=30)
        held = (await http.get("/held")).json()["cases"]
        assert [(each["case_id"], each["topic"]) for each in held] == [(str(remanded), "review.remanded")]
        assert held[0]["reason"].startswith("behind")
        with pytest.raises(CaseParked):
            await desk.claim(remanded)
        await desk.claim(untouched)
        assert await house.numbers(Service.ESCALATION) == told
        again = await http.post(f"/held/{remanded}/redrive", json={"as_it_stands": True})
        assert (again.json()["result"], await desk.stands(remanded, InQueue)()) == ("applied", True)
        await desk.decide(remanded)
        await desk.base.engine.drain(5)
        numbers = await house.numbers(Service.ESCALATION)
        assert max(len(ids) for ids in numbers.values()) == 1
        assert (await reconciled(http))["stranger_cases"] == []
    assert isinstance(before[unread], Resolved)
    assert not isinstance(before[unknown], Remanded)
    desk = begun()
    async with desk.base.running():
        await eventually(desk.stands(untouched, InQueue), within=20)
        await eventually(lambda: well(desk.base), within=20)


async def test_intake_comes_back_where_its_requests_were_deleted_since(house: House) -> None:
    given = IntakeSettings(**house.settings())
    topic = f"{house.prefix}{EventType.REQUEST_RECEIVED}"

    async def taken(count: int) -> None:
        """So many more requests have come, are cases, and are deleted."""
        async with SubmissionSender(house.servers.kafka, topic=topic) as sender:
            for asked in wave(count, 0):
                await sender.send(cloud_event(asked.key, asked.body, source="urn:test"))

        async def deleted() -> bool:
            begins, ends = await extent(house, topic)
            return begins == ends

        await eventually(deleted, within=30)

    @asynccontextmanager
    async def intake() -> AsyncIterator[httpx.AsyncClient]:
        app = build_intake(given)
        async with app.router.lifespan_context(app), house.operating(app) as http:
            yield http

    async def noted() -> bool:
        standing = house.client.database(f"{house.prefix}secondlook_intake")["standing"]
        (known,) = await standing.find({}).to_list(None)
        _, ends = await extent(house, topic)
        places = {place(topic, number): end for number, end in enumerate(ends) if end}
        return bool(places.items() <= known.get("offsets", {}).items())

    async with intake():
        await taken(6)
        await eventually(noted, within=20)
        backup = await house.copy(Service.INTAKE)
        await taken(6)
        cases = house.client.database(f"{house.prefix}secondlook_intake")["cases"]
        before = {each["_id"] for each in await cases.find({}).to_list(None)}
    await house.put_back(Service.INTAKE, backup)
    async with intake() as http:
        await eventually(lambda: stands_still(http), within=20)
        await reconciled(http)

        async def up_to_date() -> bool:
            admin = AIOKafkaAdminClient(bootstrap_servers=house.servers.kafka)
            await admin.start()
            try:
                settled = await admin.list_consumer_group_offsets(f"{house.prefix}intake.arrivals")
            finally:
                await admin.close()
            _, ends = await extent(house, topic)
            at = [settled[TopicPartition(topic, number)].offset for number in range(len(ends))]
            return bool(at == ends and (await http.get("/health/ready")).status_code == 200)

        await eventually(up_to_date, within=30)
        await taken(3)
        assert (await http.get("/held")).json()["cases"] == []
        known = {each["_id"] for each in await cases.find({}).to_list(None)}
    assert (len(before), len(known - before)) == (12, 3)


async def extent(house: House, topic: str) -> tuple[list[int], list[int]]:
    """Where each partition begins and ends."""
    consumer = AIOKafkaConsumer(bootstrap_servers=house.servers.kafka)
    await consumer.start()
    try:
        places = [TopicPartition(topic, number) for number in range(3)]
        begins, ends = await consumer.beginning_offsets(places), await consumer.end_offsets(places)
        return [begins[each] for each in places], [ends[each] for each in places]
    finally:
        await consumer.stop()


async def well(base: Foundation[Any]) -> bool:
    return base.standing.compared


async def test_no_letter_is_sent_twice_after_a_restore(house: House) -> None:
    given = NotificationSettings(**house.settings())
    base, keys = Foundation(NOTIFICATION, given), Foundation(NOTIFICATION, given)
    before = sent(house.servers.mail)
    house.closing.push_async_callback(keys.client.close)
    house.closing.push_async_callback(keys.http.aclose)
    house.closing.push_async_callback(keys.keys.close)
    await keys.keys.look()
    early, due, lost, late, new = (uuid4() for _ in range(5))

    async def submit(case_id: UUID, time: datetime | None = None) -> None:
        key = (await keys.keyring.get_or_create([case_id]))[case_id]
        assert isinstance(key, CaseKey)
        sealed = addresses().model_dump_json().encode()
        box = seal(key, case_id=case_id, cause=case_id, name="submitted", plaintext=sealed)
        data = submitted(RequestorType.ATTORNEY).model_copy(update={"sealed": {"submitted": box}})
        await house.say("intake", case_id, data, time=time)

    def letters(*phases: Phase) -> Callable[[UUID], Callable[[], Awaitable[bool]]]:
        def of(case_id: UUID) -> Callable[[], Awaitable[bool]]:
            async def are() -> bool:
                documents = (
                    await house.client.database(f"{house.prefix}secondlook_notification")["cases"]
                    .find({"_id": case_id})
                    .to_list(None)
                )
                found = [entry for each in documents for entry in entries(each.get("work", {})).values()]
                return {entry.phase for entry in found if entry.role == "requestor"} == set(phases)

            return are

        return of

    @asynccontextmanager
    async def sending() -> AsyncIterator[httpx.AsyncClient]:
        app = build_app(given)
        async with app.router.lifespan_context(app), house.operating(app) as http:
            yield http

    async with sending():
        await submit(early)
        await eventually(letters(Phase.SENT)(early), within=30)
    async with base.running():  # without its mail loop: they stay due
        await submit(due)
        await submit(lost)
        for case_id in (due, lost):
            await eventually(letters(Phase.DUE)(case_id), within=20)
        await base.restored.look()
        backup = await house.copy(Service.NOTIFICATION)
        await base.restored.look()
    cases = house.client.database(f"{house.prefix}secondlook_notification")["cases"]
    await cases.delete_one({"_id": lost})
    async with sending():
        await submit(late)
        for case_id in (due, late):
            await eventually(letters(Phase.SENT)(case_id), within=30)
    copies = sent(house.servers.mail) - before
    assert len(copies) == 3
    await house.put_back(Service.NOTIFICATION, backup)
    async with sending() as http:
        await eventually(lambda: stands_still(http), within=20)
        await submit(new)
        await reconciled(http)
        await eventually(letters(Phase.SENT)(new), within=30)
        for case_id in (early, due, late):
            await eventually(letters(Phase.SENT)(case_id), within=30)
        await eventually(letters(Phase.UNCERTAIN)(lost), within=30)
        assert (await http.get("/held")).json()["cases"] == []
    after = sent(house.servers.mail) - before
    assert (len(after), max(after.values())) == (4, 1)


def sent(mail: Path) -> Counter[str]:
    """How often the relay was handed each letter."""
    ledger = mail / "ledger.jsonl"
    lines = ledger.read_text(encoding="utf-8").splitlines() if ledger.exists() else []
    return Counter(json.loads(line)["message_id"] for line in lines)
