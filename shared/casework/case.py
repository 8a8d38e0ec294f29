"""One case of one service while inputs are offered to it: its document in memory, and what changed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from shared.contracts.envelope import Event

S = TypeVar("S")

MAX_RECORD_BYTES = 1_000_000
"""Kafka's default limit for one record is 1,048,576 bytes with its headers; what is larger is held, never sent."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """One record of one of our own topics. Either `event`, or why it could not be read (`unreadable`).

    What cannot be read is sealed before it is kept, each time otherwise: its `digest` says that it is the same record.
    """

    case_id: UUID
    topic: str
    value: bytes
    event: Event[Any] | None = None
    unreadable: str | None = None
    digest: str = ""

    def same_as(self, other: "Arrived") -> bool:
        """Whether both are the same record, come again."""
        if self.event is None or other.event is None:
            return bool(self.digest) and (self.topic, self.digest) == (other.topic, other.digest)
        return self.value == other.value

    @property
    def sequence(self) -> str:
        """The (source, topic) whose sequence numbers this input takes part in; no dots, for it is a stored key."""
        source = self.event.source if self.event else "unreadable"
        return f"{source}/{self.topic.replace('.', '_')}"


@dataclass(slots=True)
class Held:
    """An input that waits in the document: for another one, or (`error`) for a mended build or a person."""

    arrived: Arrived
    since: datetime
    build: str
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Emitted:
    """An event as stored: final bytes but for the blobs that it names."""

    index: int
    id: UUID
    type: str
    seq: int
    body: bytes
    blobs: tuple[str, ...] = ()


@dataclass(slots=True)
class Changes:
    """What a write of the case has to carry, gathered over all inputs that fold into it.

    `work` names dotted paths below the case's `work`; `guard` what the store must still hold.
    """

    anything: bool = False
    state: Mapping[str, Any] | None = None
    queue: dict[str, Any] = field(default_factory=dict)
    work: set[str] = field(default_factory=set)
    guard: dict[str, Any] = field(default_factory=dict)
    handled: set[str] = field(default_factory=set)
    commands: set[str] = field(default_factory=set)
    sent: set[str] = field(default_factory=set)
    blobs: dict[str, bytes] = field(default_factory=dict)
    events: list[Emitted] = field(default_factory=list)
    held: bool = False
    shown: bool = False


@dataclass(slots=True)
class Case(Generic[S]):
    """A case's document without its past events and sealed blobs. `v` 0: not stored yet.

    `broken` says why the stored state could not be read by this build; `newer`: because a newer build has written it,
    which takes up what this one held.
    `tried` are the builds that could not handle what is held. `told` are own events that the topics had when the store
    was restored: they are not emitted again; while `only_told`, nothing else is emitted before them.
    """

    id: UUID
    v: int = 0
    state: S | None = None
    work: dict[str, Any] = field(default_factory=dict)
    handled: dict[str, tuple[int, UUID]] = field(default_factory=dict)
    commands: dict[str, dict[str, Any]] = field(default_factory=dict)
    held: list[Held] = field(default_factory=list)
    tried: tuple[str, ...] = ()
    sent: dict[str, int] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)
    due_at: datetime | None = None
    shown_at: datetime | None = None
    broken: str | None = None
    newer: bool = False
    told: set[UUID] = field(default_factory=set)
    only_told: bool = False
    emitted: int = 0
    published: int = 0
    changes: Changes = field(default_factory=Changes)

    @property
    def parked(self) -> bool:
        """An input failed: all later ones wait behind it, deadlines stop, commands are refused."""
        return self.broken is not None or any(held.error is not None for held in self.held)

    @property
    def settled(self) -> bool:
        """Nothing to write."""
        return not self.changes.anything
