"""Who says what to whom: for each topic (named exactly like its event type) its emitters and its consumers.

What a service subscribes to is compared with this table, so that no event is read by nobody and none by surprise.
"""

from dataclasses import dataclass

from shared.contracts.vocabulary import EventType, Service

INTAKE, TRIAGE, ESCALATION, NOTIFICATION = Service


@dataclass(frozen=True, slots=True)
class Route:
    """Where an event comes from and who follows it. `others` reads it outside the four services."""

    emitters: tuple[Service, ...]
    consumers: tuple[Service, ...]
    others: str = ""


ROUTES: dict[EventType, Route] = {
    EventType.REQUEST_RECEIVED: Route((), (INTAKE,)),
    EventType.REQUEST_REJECTED: Route((INTAKE,), (NOTIFICATION,), others="the channel that the request came by"),
    EventType.REQUEST_SUBMITTED: Route((INTAKE,), (TRIAGE, NOTIFICATION)),
    EventType.REQUEST_AMENDED: Route((INTAKE,), (TRIAGE, ESCALATION, NOTIFICATION)),
    EventType.REQUEST_WITHDRAWN: Route((INTAKE,), (TRIAGE, ESCALATION, NOTIFICATION)),
    EventType.LINK_REQUESTED: Route((INTAKE,), (NOTIFICATION,)),
    EventType.TRIAGE_ASSIGNED: Route((TRIAGE,), (INTAKE, NOTIFICATION)),
    EventType.TRIAGE_COMPLETED: Route((TRIAGE,), (INTAKE, ESCALATION, NOTIFICATION)),
    EventType.INFORMATION_REQUESTED: Route((TRIAGE, ESCALATION), (INTAKE, NOTIFICATION)),
    EventType.OFFICE_ASKED: Route((ESCALATION,), (TRIAGE,)),
    EventType.OFFICE_ANSWERED: Route((TRIAGE,), (ESCALATION, INTAKE)),
    EventType.REVIEW_REQUESTED: Route((INTAKE,), (ESCALATION, NOTIFICATION)),
    EventType.REVIEW_LAPSED: Route((INTAKE,), (ESCALATION, NOTIFICATION)),
    EventType.REVIEW_ESCALATED: Route((ESCALATION,), (INTAKE, TRIAGE, NOTIFICATION)),
    EventType.REVIEW_OVERDUE: Route((ESCALATION,), (NOTIFICATION,)),
    EventType.REVIEW_REMANDED: Route((ESCALATION,), (TRIAGE, INTAKE, NOTIFICATION)),
    EventType.REVIEW_RECUSED: Route((ESCALATION,), (INTAKE,)),
    EventType.RESOLUTION_ISSUED: Route((ESCALATION,), (INTAKE, TRIAGE, NOTIFICATION)),
    EventType.RESOLUTION_OVERDUE: Route((TRIAGE,), (NOTIFICATION,)),
    EventType.RESOLUTION_COMPLETED: Route((TRIAGE,), (), others="analysts"),
    EventType.REMOVAL_IMMINENT: Route((TRIAGE,), (), others="whoever can stop a removal, such as the removal desk"),
    EventType.NOTIFICATION_RECORDED: Route((NOTIFICATION,), (), others="analysts"),
    EventType.CASE_ERASED: Route((INTAKE,), (TRIAGE, ESCALATION, NOTIFICATION)),
}


def consumed_by(service: Service) -> frozenset[EventType]:
    """The topics that a service subscribes to."""
    return frozenset(kind for kind, route in ROUTES.items() if service in route.consumers)


def emitted_by(service: Service) -> frozenset[EventType]:
    """The topics that a service writes to."""
    return frozenset(kind for kind, route in ROUTES.items() if service in route.emitters)


def channel_topic(channel: str) -> str:
    """The topic of a trusted outside system, guarded by its own access list; the plain topic is channel `kafka`."""
    return f"{EventType.REQUEST_RECEIVED}.{channel}"
