"""Escalation's own settings: none."""

from shared.runtime.settings import ServiceSettings


class EscalationSettings(ServiceSettings):
    """What escalation needs: only what all services need."""
