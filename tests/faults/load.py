"""What outsiders do while faults happen: submit over HTTP and Kafka, decide as an officer. They try until answered.

Their own notes, and no store of the system, say what was submitted and what was answered.
"""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final
from uuid import UUID, uuid4

import httpx

from deploy.demo import lines
from deploy.demo.lines import Line
from deploy.local.places import PROJECT
from shared.contracts.vocabulary import ReliefSought, TriageOutcome
from shared.messaging.submitting import CHANNEL, NotTaken, SubmissionSender, cloud_event
from tests.known_ids import CASE_IDS

SMALL = 5_000
SOURCE: Final = "urn:secondlook:faults"
PRESUMED: Final = {"value": True, "asserted_by": "requestor", "on": "2021-03-08"}
PAUSE_SECONDS = 0.1
"""Between two tries of the same thing."""


def decision(asked: "Asked") -> dict[str, Any]:
    """All that was asked for is declined, or granted."""
    relief = asked.body.get("relief_sought") or [ReliefSought.OTHER]
    if asked.declined:
        return {"outcome": TriageOutcome.DECLINED, "declined": relief, "reasons": ["PRESUMED_NATIONAL_SECURITY"]}
    return {"outcome": TriageOutcome.FAVOURABLE, "granted": relief}


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that somebody sends."""

    key: str
    body: dict[str, Any]
    by_http: bool
    declined: bool

    @property
    def case_id(self) -> UUID:
        """As intake derives it."""
        return CASE_IDS.case_id("anonymous" if self.by_http else f"channel:{CHANNEL}", self.key)


@dataclass(slots=True)
class Notes:
    """What the outsiders know."""

    asked: list[Asked] = field(default_factory=list)
    numbers: dict[UUID, set[str]] = field(default_factory=lambda: defaultdict(set))
    decided: set[UUID] = field(default_factory=set)
    poison: int = 0
    refusals: list[str] = field(default_factory=list)

    @property
    def case_ids(self) -> frozenset[UUID]:
        return frozenset(each.case_id for each in self.asked)


@cache
def templates() -> tuple[Line, ...]:
    """The demo's requests that become a case with a field office, without the large ones."""
    found = lines.read(PROJECT / "deploy" / "demo" / "requests.jsonl")
    return tuple(
        line
        for line in found
        if line.counts_as == "submitted"
        and line.expect["office"]
        and "resubmits" not in line.body
        and not (line.body.get("removal") or {}).get("scheduled_for")
        and len(line.value) < SMALL
    )


def offices() -> frozenset[str]:
    """The offices that these cases come to."""
    return frozenset(str(line.expect["office"]) for line in templates())


def wave(count: int, first: int) -> list[Asked]:
    """Half over HTTP, half over Kafka; half of each declined."""
    bodies = [templates()[(first + n) % len(templates())].body for n in range(count)]
    return [_asked(body, n) for n, body in enumerate(bodies)]


def _asked(body: Mapping[str, Any], n: int) -> Asked:
    """Who is declined is presumed a priority: nobody has to approve that in advance."""
    declined = n % 4 < 2
    facts = (body.get("facts") or {}) | ({"national_security_concern": PRESUMED} if declined else {})
    return Asked(str(uuid4()), {**body, "facts": facts}, n % 2 == 0, declined)


class Outsiders:
    """Requestors and an officer. `url()` names an instance that may be there."""

    def __init__(self, notes: Notes, *, kafka: str, topic: str, token: str, url: Any) -> None:
        self.notes = notes
        self._kafka, self._topic, self._token, self._url = kafka, topic, token, url

    async def send(self, asked: Sequence[Asked], *, poison: bool) -> None:
        """Submit all; each third of those over HTTP is sent twice at once, each third record of Kafka's too."""
        self.notes.asked += asked
        async with httpx.AsyncClient(timeout=10.0) as http, self._sender() as kafka:
            over_http = [each for each in asked if each.by_http]
            over_kafka = [each for each in asked if not each.by_http]
            records = [cloud_event(each.key, each.body, source=SOURCE) for each in over_kafka]
            records += records[::3]
            if poison:
                records.append(b"no event at all")
                self.notes.poison += 1
            await asyncio.gather(
                *(self._submit(http, each) for each in (*over_http, *over_http[::3])),
                *(self._produce(kafka, record) for record in records),
            )

    def _sender(self) -> SubmissionSender:
        return SubmissionSender(self._kafka, topic=self._topic)

    async def _produce(self, kafka: SubmissionSender, record: bytes) -> None:
        while True:
            try:
                await kafka.send(record)
                return
            except NotTaken:
                await asyncio.sleep(PAUSE_SECONDS)

    async def _submit(self, http: httpx.AsyncClient, asked: Asked) -> None:
        while True:
            answer = await self._post(http, "intake/requests", asked.body, asked.key)
            if answer is not None and answer.status_code == 202:
                self.notes.numbers[asked.case_id].add(answer.json()["case_number"])
                return
            if answer is not None and answer.status_code < 500:
                self.notes.refusals.append(f"submitting: {answer.status_code} {answer.text[:200]}")
                return
            await asyncio.sleep(PAUSE_SECONDS)

    async def decide(self, asked: Sequence[Asked]) -> None:
        """Claim and decide all, as soon as each is in the queue, until each is known to be decided."""
        async with httpx.AsyncClient(timeout=10.0, headers={"Authorization": f"Bearer {self._token}"}) as http:
            await asyncio.gather(*(self._decide(http, each) for each in asked))

    async def _decide(self, http: httpx.AsyncClient, asked: Asked) -> None:
        path, key = f"triage/cases/{asked.case_id}", str(uuid4())
        body = {"facts_seen": 0, **decision(asked)}
        while True:
            await self._post(http, f"{path}/claim", {}, str(uuid4()))
            answer = await self._post(http, f"{path}/decide", body, key)
            if answer is not None and answer.status_code == 200:
                self.notes.decided.add(asked.case_id)
                return
            if answer is not None and answer.status_code in {400, 401, 403, 422}:
                self.notes.refusals.append(f"deciding: {answer.status_code} {answer.text[:200]}")
                return
            await asyncio.sleep(PAUSE_SECONDS)

    async def _post(self, http: httpx.AsyncClient, path: str, body: object, key: str) -> httpx.Response | None:
        try:
            return await http.post(f"{self._url()}/{path}", json=body, headers={"Idempotency-Key": key})
        except httpx.HTTPError:
            return None
