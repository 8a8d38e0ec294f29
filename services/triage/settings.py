"""Triage's own settings."""

from pydantic import Field

from shared.runtime.settings import ServiceSettings


class TriageSettings(ServiceSettings):
    """What triage needs besides what all services need: where the four services' events of a case are read."""

    triage_url: str = Field(description="Where triage reads its own events of a case.")
    escalation_url: str = Field(description="Where triage reads escalation's events of a case.")
    notification_url: str = Field(description="Where triage reads notification's events of a case.")
