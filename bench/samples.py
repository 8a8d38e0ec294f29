"""Real records and documents of finished cases, to be moved bare or stored many times over."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from bench import cases
from services.escalation.reactions import BEHAVIOUR as ESCALATION
from services.intake.reactions import BEHAVIOUR as INTAKE
from services.notification.reactions import BEHAVIOUR as NOTIFICATION
from services.triage.reactions import BEHAVIOUR as TRIAGE
from shared.contracts.vocabulary import EventType, Service
from shared.messaging.tap import Tap
from shared.mongo.driver import Database, MongoClient

MANY: Final = 200
OWN_EVENTS: Final = (
    EventType.REQUEST_SUBMITTED,
    EventType.TRIAGE_ASSIGNED,
    EventType.TRIAGE_COMPLETED,
    EventType.RESOLUTION_ISSUED,
)
BEHAVIOURS: Final = {each.service: each for each in (INTAKE, TRIAGE, ESCALATION, NOTIFICATION)}
BESIDE: Final = {"keys": "keyring", "numbers": "intake", "a_numbers": "intake"}
"""Collections that take one document a case beside the services' own, and the database that each is in."""


@dataclass(frozen=True, slots=True)
class Flow:
    """What one case is to Kafka: of each topic so many records a case, read by so many services."""

    topic: str
    records: Sequence[bytes]
    per_case: float
    readers: int


def services(*, with_letters: bool) -> tuple[Service, ...]:
    """Who takes part in a profile."""
    return tuple(service for service in Service if with_letters or service is not Service.NOTIFICATION)


async def flows(bootstrap: str, *, with_letters: bool) -> list[Flow]:
    """The records of a favourable case, with real values."""
    taking_part = [BEHAVIOURS[service] for service in services(with_letters=with_letters)]
    submissions = cases.endless(0)
    received = [next(submissions) for _ in range(MANY)]
    found = [Flow(EventType.REQUEST_RECEIVED, [request.record for request in received], 1, 1)]
    for topic in OWN_EVENTS:
        readers = sum(topic in behaviour.reactions for behaviour in taking_part)
        found.append(Flow(topic, [value for _, value in await _records(bootstrap, topic)], 1, readers))
    if with_letters:
        recorded = [value for _, value in await _records(bootstrap, EventType.NOTIFICATION_RECORDED)]
        letters = sum(request.letters for request in received) / len(received)
        found.append(Flow(EventType.NOTIFICATION_RECORDED, recorded, letters, 0))
    return found


async def documents(bootstrap: str, client: MongoClient) -> dict[str, list[dict[str, Any]]]:
    """Documents of finished cases, by service, and under a collection's name what is kept beside them."""
    finished = [UUID(key.decode()) for key, _ in await _records(bootstrap, EventType.RESOLUTION_ISSUED)]
    found = {service.value: await _cases(client.database(f"secondlook_{service}"), finished) for service in Service}
    for name, where in BESIDE.items():
        found[name] = await client.database(f"secondlook_{where}")[name].find({}).limit(MANY).to_list(None)
    return found


async def _cases(database: Database, ids: Sequence[UUID]) -> list[dict[str, Any]]:
    return await database["cases"].find({"_id": {"$in": list(ids)}}).to_list(None)


async def _records(bootstrap: str, topic: str) -> list[tuple[bytes, bytes]]:
    found: list[tuple[bytes, bytes]] = []
    async with Tap(bootstrap, [topic]) as tap:
        while len(found) < MANY and (more := await tap.more(within=5.0)):
            found += [(record.key or b"", record.value or b"") for record in more]
    return found[:MANY]


def writes_of(service: str, document: Mapping[str, Any]) -> int:
    """How many writes the case takes there at one write for each event: handled ones, and those a person or the mail
    loop caused (claims and phases of a mail are no events)."""
    caused = {Service.INTAKE: 1, Service.TRIAGE: 1, Service.NOTIFICATION: len(document.get("commands", {}))}
    return len(document.get("handled", {})) + caused.get(Service(service), 0)
