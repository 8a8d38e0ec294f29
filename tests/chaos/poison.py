"""Records that must not be there: written to every topic, most of them about cases that the campaign has invented.

Each bears a mark. `expect` says what must become of it at every service that reads its topic: `dead`, as a dead
letter, and of no case, for it names no emitter of the topic; `kept`, as a dead letter or held in the case that its key
names; `repeat`: it is what was there already, and leaves nothing; `case`: a good request with headers that no client
can decode is a request like any other.
"""

import json
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final, Literal
from uuid import UUID

from shared.contracts.topics import ROUTES
from shared.contracts.vocabulary import EventType
from shared.messaging.submitting import cloud_event
from tests.chaos import wire
from tests.chaos.ledger import Ledger
from tests.chaos.load import made
from tests.chaos.segments import Stored
from tests.chaos.watch import MARK, Watch, mark_of
from tests.chaos.wire import NotWritten, Raw, batch
from tests.known_ids import CASE_IDS

Expect = Literal["dead", "kept", "repeat", "case"]
PARTITIONS: Final = 3
LARGE_BYTES: Final = 900_000
ON_REAL_CASES: Final = 3
"""How many records of a campaign name a real case and so park it, as they must."""
UNDECODABLE: Final = (b"\xff\xfe name", b"\xff\xfe value")
CODECS: Final = (wire.PLAIN, wire.GZIP, wire.ZSTD)


_EXPECTED: Final[dict[str, Expect]] = {"repeat, headers": "repeat", "wrong source": "dead"}
"""Of copies. All others name a declared emitter."""


@dataclass(frozen=True, slots=True)
class Dose:
    """Records of one kind that are written together."""

    kind: str
    topic: EventType
    partition: int
    codec: int
    expect: Expect
    records: Sequence[Raw]
    cases: Sequence[UUID]


class Poison:
    """Makes and writes doses; every kind on every topic comes once before any comes twice."""

    def __init__(self, port: int, watch: Watch, ledger: Ledger, dice: random.Random, without: str = "") -> None:
        """`without`: a word of the kinds that are left out, to look for something else."""
        self._port, self._watch, self._ledger, self._dice, self._without = port, watch, ledger, dice, without
        self._left: list[tuple[EventType, str]] = []
        self._written: set[tuple[EventType, str]] = set()
        self._real = 0

    async def one(self) -> None:
        """The next dose. One that the broker does not take is noted as unknown: it may be there."""
        dose = None
        while dose is None:
            if not self._left:
                self._left = self._all()
                self._dice.shuffle(self._left)
            dose = self._dose(*self._left.pop())
        content = batch(dose.records, dose.codec, int(time.time() * 1000))
        said: dict[str, Any] = {"kind": dose.kind, "topic": dose.topic, "expect": dose.expect, "marks": _marks(dose)}
        said |= {"cases": dose.cases, "partition": dose.partition, "codec": dose.codec}
        said |= {"digests": [sha256(each.value or b"").hexdigest() for each in dose.records]}
        self._ledger.note(op="invoke", **said)
        try:
            offset = await wire.produce(self._port, dose.topic, dose.partition, content)
        except NotWritten as error:
            self._ledger.note(op="info", why=str(error), **said)
        else:
            self._written.add((dose.topic, dose.kind))
            self._ledger.note(op="ok", offset=offset, **said)

    def unreached(self) -> list[tuple[EventType, str]]:
        """Topics and kinds of which none was written: there was no time, or no event that could be copied."""
        return sorted(set(self._all()) - self._written)

    def _all(self) -> list[tuple[EventType, str]]:
        return [(topic, kind) for topic in EventType for kind in _kinds(topic) if self._wanted(kind)]

    def _wanted(self, kind: str) -> bool:
        return not self._without or self._without not in kind

    def _dose(self, topic: EventType, kind: str) -> Dose | None:
        """None where it cannot be made now: there is nothing yet to copy, or enough real cases are parked."""
        n = {"headers 2": 2, "headers 20": 20}.get(kind, 1)
        mark, case = self._mark, self._case
        expect: Expect = "dead"
        headers: tuple[tuple[bytes, bytes | None], ...] = ()
        cases = [case() for _ in range(n)]
        partition = self._dice.randrange(PARTITIONS)
        keys: list[bytes | None] = [str(each).encode() for each in cases]
        values: list[bytes | None] = [b'{"no json %s' % mark() for _ in range(n)]
        match kind:
            case "no JSON":
                pass
            case "null key":
                keys, cases = [None], []
            case "null value":
                values, headers = [None], ((mark(), b"a null value"),)
            case "all null":
                keys, cases, values, headers = [None], [], [None], ((mark(), None),)
            case "key is no case":
                keys, cases = [b"no case " + mark()], []
            case "headers 1" | "headers 2" | "headers 20":
                headers = (UNDECODABLE, (b"x", b"\xff\xfe"))
            case "header value":
                headers = ((b"x", b"\xff\xfe"),)
            case "oversized":
                values = [(values[0] or b"").ljust(LARGE_BYTES, b"x")]
            case "wrong source" | "gap" | "bad seq" | "seq used twice" | "repeat, headers":
                copied = self._copied(topic, kind, cases[0])
                if copied is None:
                    return None
                raws, partition, cases = copied
                expect = _EXPECTED.get(kind, "kept")
                return Dose(kind, topic, partition, self._dice.choice(CODECS), expect, raws, cases * len(raws))
            case "good request, headers":
                line = made(0, self._dice)
                keys, values, cases = [None], [_as_record(line.key or "", line.body, mark())], [_case_of(line.key)]
                headers, expect = (UNDECODABLE,), "case"
        records = [Raw(key, value, headers) for key, value in zip(keys, values, strict=True)]
        return Dose(kind, topic, partition, self._dice.choice(CODECS), expect, records, cases)

    def _copied(self, topic: EventType, kind: str, case: UUID) -> tuple[list[Raw], int, list[UUID]] | None:
        """A real event of the topic, with what makes it wrong."""
        own = [each for each in self._watch.records[-2000:] if each.topic == topic and mark_of(each) is None]
        if not own or not own[-1].value:
            return None
        real: Stored = self._dice.choice(own)
        mark = self._mark()
        if kind == "repeat, headers":
            return [Raw(real.key, real.value, (UNDECODABLE, (b"x", mark)))], real.partition, []
        event: dict[str, Any] = json.loads(real.value or b"")
        event |= {"id": str(case), "chaos": mark.decode()}
        if kind == "seq used twice":
            if self._real >= ON_REAL_CASES:
                return None
            self._real += 1
            return [Raw(real.key, _encoded(event))], real.partition, [UUID(event["subject"])]
        event["subject"] = str(case)
        wrong: list[dict[str, Any]] = [{"seq": 7}, {"seq": 8, "id": str(self._case()), "chaos": self._mark().decode()}]
        if kind == "wrong source":
            wrong = [{"source": "nobody", "seq": 1}]
        elif kind == "bad seq":
            wrong = [{"seq": "three"}]
        return [Raw(str(case).encode(), _encoded(event | each)) for each in wrong], real.partition, [case]

    @property
    def _mark(self) -> Callable[[], bytes]:
        return lambda: b"chaos-%012x" % self._dice.getrandbits(48)

    @property
    def _case(self) -> Callable[[], UUID]:
        return lambda: UUID(int=self._dice.getrandbits(128), version=4)


def _kinds(topic: EventType) -> Iterator[str]:
    yield from ("no JSON", "null key", "null value", "all null", "headers 1", "headers 2", "headers 20", "header value")
    yield "oversized"
    if topic is EventType.REQUEST_RECEIVED:
        yield from ["good request, headers"] * 3
    elif ROUTES[topic].consumers:
        yield from ("key is no case", "wrong source", "gap", "bad seq", "seq used twice", "repeat, headers")


def _marks(dose: Dose) -> list[str]:
    found = []
    for raw in dose.records:
        parts = [raw.value or b"", raw.key or b"", *(part or b"" for header in raw.headers for part in header)]
        found += [match[0].decode() for part in parts if (match := MARK.search(part))][:1]
    return found


def _encoded(event: Any) -> bytes:
    """`data` stays the last member."""
    return json.dumps({**{name: event[name] for name in event if name != "data"}, "data": event["data"]}).encode()


def _as_record(key: str, body: Any, mark: bytes) -> bytes:
    return cloud_event(key, {**body, "narrative": f"{mark.decode()} {body['narrative']}"}, source="urn:chaos")


def _case_of(key: str | None) -> UUID:
    return CASE_IDS.case_id("channel:kafka", key or "")
