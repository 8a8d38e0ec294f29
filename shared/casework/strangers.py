"""Events that a topic has and the store has not: which of them are the service's own history, and which are not.

Own history carries the ids that the service derives, goes on with its own numbers without a hole, and says one thing
under each number. All else that names the service as its source is told to a person, and is never replayed. Ids are
derived from what everybody can read: this finds mistakes and clumsy forgers, not one who derives ids as well.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any
from uuid import UUID

from shared.casework.case import Arrived
from shared.casework.document import arrive
from shared.casework.stepping import stored_key
from shared.contracts.envelope import Event, event_id
from shared.messaging.records import Record

MOST_OF_A_CAUSE = 100
"""No input makes more events than this; the place among them is part of an event's id."""
MOST_NAMED = 100

Where = tuple[str, int, int]
"""(topic without prefix, partition, offset)."""


@dataclass(frozen=True, slots=True)
class Doubtful:
    """A record that names the service as its source and is not taken for its own. `reason` quotes nothing of it."""

    topic: str
    partition: int
    offset: int
    case_id: UUID | None
    reason: str


@dataclass(frozen=True, slots=True)
class _Claim:
    where: Where
    case_id: UUID
    id: UUID
    seq: int
    digest: bytes


@dataclass(frozen=True, slots=True)
class Judged:
    """`own` are to be taken in; `contested` are two histories of one case, of which nobody can tell which is true.

    `cases` are those of both; `doubtful` names some of all that are not own, and `count` counts them by topic.
    """

    own: frozenset[Where]
    contested: frozenset[Where]
    cases: tuple[UUID, ...]
    doubtful: Sequence[Doubtful]
    count: Mapping[str, int]


class Strangers:
    """Gathers such records, each looked at by itself, and then judges them together."""

    def __init__(self) -> None:
        self._doubtful: list[Doubtful] = []
        self._count: Counter[str] = Counter()
        self._claims: dict[tuple[UUID, str], list[_Claim]] = defaultdict(list)

    @property
    def cases(self) -> list[UUID]:
        """The cases of all that may be own history."""
        return list(dict.fromkeys(case_id for case_id, _ in self._claims))

    def add(self, record: Record, topic: str) -> None:
        """Look at one; `topic` without prefix."""
        where = (topic, record.partition, record.offset)
        arrived = read(record, topic)
        event = arrived.event if arrived else None
        if event is None or arrived is None:
            why = (arrived.unreadable if arrived else None) or "The record's key is no case id."
            self._doubt(where, arrived.case_id if arrived else None, why)
        elif not _derived(event):
            self._doubt(where, event.subject, "Its id is not made from its cause.")
        else:
            digest = blake2b(arrived.value, digest_size=8).digest()
            self._claims[event.subject, topic].append(_Claim(where, event.subject, event.id, event.seq, digest))

    def judge(self, sent: Mapping[UUID, Mapping[str, int]]) -> Judged:
        """`sent`: of each case how far the store has counted, per topic. What is left over becomes doubtful."""
        own: set[Where] = set()
        contested: set[Where] = set()
        cases: dict[UUID, None] = {}
        for (case_id, topic), claims in self._claims.items():
            numbers: dict[int, list[_Claim]] = defaultdict(list)
            for claim in claims:
                numbers[claim.seq].append(claim)
            expected, certain = sent.get(case_id, {}).get(stored_key(topic), 0) + 1, True
            for seq, claimants in sorted(numbers.items()):
                if seq != expected:
                    used = f"The case has another event as number {seq}, or is parked for it."
                    self._doubt_all(claimants, used if seq < expected else f"There is no number {expected} before it.")
                    continue
                expected += 1
                cases[case_id] = None
                certain = certain and len({(claim.id, claim.digest) for claim in claimants}) == 1
                if certain:
                    own.add(claimants[0].where)
                else:
                    self._doubt_all(claimants, f"Different events claim to be number {seq}, or one before it.")
                    contested |= {claim.where for claim in claimants}
        return Judged(frozenset(own), frozenset(contested), tuple(cases), self._doubtful, self._count)

    def _doubt_all(self, claims: Iterable[_Claim], reason: str) -> None:
        for claim in claims:
            self._doubt(claim.where, claim.case_id, reason)

    def _doubt(self, where: Where, case_id: UUID | None, reason: str) -> None:
        self._count[where[0]] += 1
        if len(self._doubtful) < MOST_NAMED:
            self._doubtful.append(Doubtful(*where, case_id, reason))


def read(record: Record, topic: str) -> Arrived | None:
    """The record as an input of the case that its key names; None when the key names none."""
    try:
        case_id = UUID((record.key or b"").decode())
    except ValueError:
        return None
    return arrive(case_id, topic, record.value or b"")


def _derived(event: Event[Any]) -> bool:
    return any(event.id == event_id(event.causationid, event.type, index) for index in range(MOST_OF_A_CAUSE))
