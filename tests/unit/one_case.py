"""One case of one service in memory, through the engine's own offering: duplicates, gaps, waiting, storing, policy.

Only the store and the broker are left out. Each state is encoded to BSON and read back, as between two writes.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Generic, TypeVar
from uuid import UUID, uuid5

import bson
from bson.codec_options import CodecOptions

from shared.casework import offering
from shared.casework.case import Arrived, Case
from shared.casework.commands import Answered
from shared.casework.offering import Rules, Verdict
from shared.casework.reaction import Behaviour, Command
from shared.contracts.envelope import Event, EventData, dataschema, event_id
from shared.contracts.vocabulary import EventType
from shared.errors import CommandFailed, CommandRefused
from shared.mongo.mapping import StateMapping
from shared.policy.loading import load
from shared.policy.model import Policies

S = TypeVar("S")

CASE_ID = UUID("0b9b2c86-0d52-5c35-9d0e-0a2f0f5f7c11")
T0 = datetime(2021, 3, 8, 14, tzinfo=UTC)
POLICIES = load()
POLICY = POLICIES.at(T0)
_AS_READ: CodecOptions[dict[str, Any]] = CodecOptions(tz_aware=True, tzinfo=UTC, uuid_representation=4)


@cache
def _mapping(_service: str, state: Any) -> StateMapping[Any]:
    """One for each service: making one takes far longer than using it."""
    return StateMapping(state)


def as_stored(mapping: StateMapping[Any], state: object) -> dict[str, Any]:
    """The document of a state as a driver reads it back."""
    return bson.decode(mapping.encode(state).raw, _AS_READ)


def after(**span: float) -> datetime:
    """A moment of the story, counted from its beginning."""
    return T0 + timedelta(**span)


@dataclass
class Senders:
    """Numbers events per (source, topic), as the services that send them do."""

    case_id: UUID = CASE_ID
    sent: dict[tuple[str, EventType], int] = field(default_factory=dict)

    def event(self, source: str, data: EventData, at: datetime = T0) -> Arrived:
        """The next event of this source and type, as it arrives."""
        kind = data.type
        seq = self.sent[source, kind] = self.sent.get((source, kind), 0) + 1
        cause = uuid5(self.case_id, f"{source}:{kind}:{seq}:{at.isoformat()}")
        event = Event[Any](
            id=event_id(cause, kind, 0),
            type=kind,
            source=source,
            subject=self.case_id,
            time=at,
            dataschema=dataschema(kind),
            causationid=cause,
            seq=seq,
            data=data,
        )
        return Arrived(self.case_id, kind, event.model_dump_json().encode(), event)


class OneCase(Generic[S]):
    """A case that is told things, and asked for things."""

    def __init__(self, behaviour: Behaviour[S], case_id: UUID = CASE_ID) -> None:
        self.senders = Senders(case_id)
        self._mapping: StateMapping[S] = _mapping(behaviour.service, behaviour.state)
        self.rules = Rules(behaviour, self._mapping, POLICIES, "test")
        self.case: Case[S] = Case(case_id)
        self._asked = 0

    def under(self, **rules: Any) -> None:
        """From now on policy is the shipped one but for these rules."""
        versions = tuple((since, replace(policy, **rules)) for since, policy in POLICIES.versions)
        self.rules = replace(self.rules, policies=Policies(versions))

    def hear(self, source: str, data: EventData, at: datetime = T0) -> Verdict:
        """The next event of this source and type arrives."""
        return self.offer(self.senders.event(source, data, at))

    def offer(self, arrived: Arrived) -> Verdict:
        """An event arrives, perhaps not for the first time, perhaps too early."""
        verdict = offering.offer(self.case, arrived, self.rules, now=T0)
        self._store()
        return verdict

    def ask(self, name: str, data: Any, at: datetime = T0, *, key: str | None = None) -> Answered | CommandFailed:
        """Somebody asks the service for something. Without a key each call is a request of its own."""
        self._asked += 1
        return self.order(Command(name, uuid5(self.case.id, key or f"key {self._asked}"), self.case.id, at, data))

    def order(self, command: Command[Any]) -> Answered | CommandFailed:
        """A command arrives, perhaps not for the first time."""
        answer = offering.command(self.case, command, self.rules)
        self._store()
        return answer

    def refusal(self, name: str, data: Any, at: datetime = T0) -> str | None:
        """The code with which a command is refused; None when it is carried out."""
        answer = self.ask(name, data, at)
        assert isinstance(answer, Answered | CommandRefused), answer
        return answer.code if isinstance(answer, CommandRefused) else None

    def clock_reaches(self, moment: datetime) -> Verdict:
        """The policy clock reaches a moment; the next deadline is carried out if it is due."""
        verdict = offering.deadline(self.case, self.rules, policy_now=moment)
        self._store()
        return verdict

    @property
    def state(self) -> S | None:
        """Where the case stands."""
        return self.case.state

    @property
    def waiting(self) -> list[str]:
        """The types of the inputs that the engine holds; a parked case fails the test here."""
        assert not self.case.parked, [held.error for held in self.case.held]
        return [held.arrived.topic for held in self.case.held]

    @property
    def queue(self) -> Mapping[str, Any]:
        """The fields by which the case is listed."""
        assert self.case.state is not None
        return self.rules.behaviour.queue(self.case.state, self.case.work)

    def told(self, kind: EventType | None = None) -> list[dict[str, Any]]:
        """The data of the events that the service emitted, in order; all, or those of one type."""
        emitted = [event for event in self.case.changes.events if kind is None or event.type == kind]
        return [json.loads(event.body)["data"] for event in emitted]

    def _store(self) -> None:
        if self.case.state is not None:
            stored = self._mapping.decode(as_stored(self._mapping, self.case.state))
            assert stored == self.case.state
            self.case.state = stored
