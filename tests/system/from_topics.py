"""A service whose store is gone altogether: each case is made again from what the topics have of it, in memory."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from services.escalation.reactions import BEHAVIOUR as ESCALATION
from services.intake.reactions import BEHAVIOUR as INTAKE
from services.notification.reactions import BEHAVIOUR as NOTIFICATION
from services.triage.reactions import BEHAVIOUR as TRIAGE
from shared.casework import behind
from shared.casework.case import Arrived, Case
from shared.casework.document import arrive, read
from shared.casework.offering import Rules
from shared.contracts.vocabulary import EventType, Service
from shared.mongo.mapping import StateMapping
from shared.policy.loading import load
from tests.system.run import Left

BEHAVIOURS: Mapping[Service, Any] = {
    Service.INTAKE: INTAKE,
    Service.TRIAGE: TRIAGE,
    Service.ESCALATION: ESCALATION,
    Service.NOTIFICATION: NOTIFICATION,
}
TOLD_NOWHERE = frozenset(
    {
        *(f"{case}.{field}" for case in ("Filing", "Rejected") for field in ("fingerprint", "client_reference")),
        *("SentBack.by", "Asked.by"),
    }
)
"""Which body came under a key, how a client calls it, and who of headquarters sent a case back or asked."""


def otherwise(left: Left, service: Service) -> Iterator[tuple[UUID, str]]:
    """The cases that stay behind their topics, or end otherwise than they had; each with what is wrong."""
    behaviour, now = BEHAVIOURS[service], datetime.now(UTC)
    rules = Rules(behaviour, StateMapping(behaviour.state), load(), "test")
    of_case: dict[UUID, list[Arrived]] = defaultdict(list)
    for kind, records in left.records.items():
        for record in records:
            case_id = UUID((record.key or b"").decode())
            of_case[case_id].append(arrive(case_id, kind, record.value or b""))
    for document in left.cases(service):
        case: Case[Any] = Case(document["_id"])
        heard = of_case[case.id]
        own: list[Arrived] = []
        others: list[Arrived] = []
        for each in heard:
            (own if each.event and each.event.source == service else others).append(each)
        behind.park(case, own, rules, now=now)
        behind.catch_up(case, rules, now=now)
        for each in others:
            if EventType(each.topic) in behaviour.reactions:
                behind.offer(case, each, rules, now=now)
        if case.parked:
            yield case.id, f"behind, as {type(case.state).__name__}"
        elif (was := _plain(read(document, rules).state)) != (now_is := _plain(case.state)):
            yield case.id, f"{was} became {now_is}"


def _plain(value: Any) -> Any:
    if hasattr(value, "__dataclass_fields__"):
        kind = type(value).__name__
        told = [name for name in value.__dataclass_fields__ if f"{kind}.{name}" not in TOLD_NOWHERE]
        return kind, {name: _plain(getattr(value, name)) for name in told}
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]
    return {name: _plain(each) for name, each in value.items()} if isinstance(value, dict) else value
