"""Triage's own settings."""

from shared.runtime.settings import ServiceSettings


class TriageSettings(ServiceSettings):
    """What triage needs besides what all services need: where the four services' events of a case are read."""

    intake_url: str
    triage_url: str
    escalation_url: str
    notification_url: str
