"""What a service writes: reactions, from an input to a step. Pure; the engine does the rest."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from shared.contracts.envelope import EventData
from shared.policy.answers import Slip
from shared.policy.model import Policy

S = TypeVar("S")
D = TypeVar("D")


@dataclass(frozen=True, slots=True)
class Command(Generic[D]):
    """Somebody asks a service to do something with a case; answered at once.

    `id` is derived from service, actor, route, case and idempotency key: the same request twice is one command.
    """

    name: str
    id: UUID
    case_id: UUID
    at: datetime
    data: D


@dataclass(frozen=True, slots=True)
class Deadline:
    """A moment that the state itself named has come. `due` is on the policy clock."""

    name: str
    id: UUID
    case_id: UUID
    due: datetime


@dataclass(frozen=True, slots=True)
class Context:
    """What a reaction may know besides its state and its input.

    `now` is the input's own time (an event's `time`, a command's acceptance, a deadline's `due`), never the clock here.
    `work` is the document's working data (claims, drafts, the mail ledger), to be read, never changed in place.
    """

    now: datetime
    case_id: UUID
    policy: Policy
    work: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Emit:
    """An event to publish. `sealed` names blobs kept by this step or an earlier one; each travels under its name."""

    data: EventData
    sealed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Step(Generic[S]):
    """What an input changes: written whole or not at all.

    A command or a deadline changes `state` only together with an event that it emits; claims and such live in `work`.
    `work` maps a dotted path below the document's `work` to its new value; None removes it.
    `guard` maps further dotted paths of the document to values that must still hold when the step is written.
    `answer` is a command's short answer, stored, and given again to a repeat of the same command.
    """

    state: S
    emits: tuple[Emit, ...] = ()
    keep: Mapping[str, bytes] = field(default_factory=dict)
    work: Mapping[str, Any] = field(default_factory=dict)
    guard: Mapping[str, Any] = field(default_factory=dict)
    answer: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Wait:
    """This input needs one that must still come. The engine keeps it, and offers it again after each applied input."""

    missing: str


@dataclass(frozen=True, slots=True)
class Refused:
    """A command that the domain does not allow now. Nothing is saved; answered 409 with `code` and `reason`.

    With `fields`, what it says is not whole: answered 422, with what is wrong with each field.
    """

    code: str
    reason: str
    fields: tuple[Slip, ...] = ()


def incomplete(slips: Sequence[Slip]) -> Refused:
    """A command that says too little, or what does not go together: all of it at once."""
    return Refused(slips[0].code, " ".join(dict.fromkeys(slip.says for slip in slips)), tuple(slips))


Outcome = Step[S] | Wait | Refused
Reaction = Callable[[S | None, Any, Context], Outcome[S]]
Reactions = Mapping[str, Reaction[S]]


@dataclass(frozen=True, slots=True)
class Due:
    """The next deadline that a state names."""

    name: str
    at: datetime


def no_deadline(_state: Any, _work: Mapping[str, Any]) -> Due | None:
    """For services whose states never wait for a moment."""
    return None


def no_queue(_state: Any, _work: Mapping[str, Any]) -> Mapping[str, Any]:
    """For services whose cases stand in no queue."""
    return {}


def nothing_shown(_: Any) -> object:
    """For services that tell nobody outside when a case has changed."""
    return None


@dataclass(frozen=True, slots=True)
class Behaviour(Generic[S]):
    """A whole service as the engine sees it: its name, its closed union of states, and its table of reactions.

    Keys of `reactions` are event types (`request.submitted`), command names and deadline names.
    `due` names the next deadline of a state and its `work`; `queue` the fields by which cases are listed (stored
    under `queue`, None values left out); `queue_indexes` names those that are looked up. `indexes` are further
    ones, over several fields of the document.
    `shown` is what the outside is told of a state: a write that changes it notes when it was made (`shown_at`, policy
    time), which may be later than what it tells of.
    `recalls` are reactions to this service's own events, given again to a case whose store was restored from before
    them, where no input makes them again: what a person had decided. They emit nothing.
    `creates` names the commands that may make a case; any other command on an unknown case is answered "no such case".
    `schema` counts the shapes of `state` so far; `upcasters[n]` turns a stored state of shape n into shape n + 1.
    """

    service: str
    state: Any
    reactions: Reactions[S]
    due: Callable[[S, Mapping[str, Any]], Due | None] = no_deadline
    queue: Callable[[S, Mapping[str, Any]], Mapping[str, Any]] = no_queue
    queue_indexes: tuple[str, ...] = ()
    shown: Callable[[S], object] = nothing_shown
    indexes: tuple[tuple[str, ...], ...] = ()
    recalls: Reactions[S] = field(default_factory=dict)
    creates: frozenset[str] = frozenset()
    schema: int = 1
    upcasters: Mapping[int, Callable[[dict[str, Any]], dict[str, Any]]] = field(default_factory=dict)
