"""Each service reacts to just the events that the contracts say it consumes, and emits under its own name."""

from typing import Any

import pytest

from services.escalation.reactions import BEHAVIOUR as ESCALATION
from services.intake.reactions import BEHAVIOUR as INTAKE
from services.notification.reactions import BEHAVIOUR as NOTIFICATION
from services.triage.reactions import BEHAVIOUR as TRIAGE
from shared.casework.reaction import Behaviour
from shared.contracts.topics import consumed_by
from shared.contracts.vocabulary import EventType, Service

SERVICES: dict[Service, Behaviour[Any]] = {
    Service.INTAKE: INTAKE,
    Service.TRIAGE: TRIAGE,
    Service.ESCALATION: ESCALATION,
    Service.NOTIFICATION: NOTIFICATION,
}


@pytest.mark.parametrize("service", list(Service))
def test_a_service_reacts_to_what_it_consumes(service: Service) -> None:
    reacts = {kind for kind in EventType if kind in SERVICES[service].reactions}
    assert reacts == consumed_by(service) - {EventType.REQUEST_RECEIVED}  # which has a reader of its own
    assert SERVICES[service].service == service
