"""Intake's own settings."""

from pydantic import Field

from shared.runtime.settings import ServiceSettings


class IntakeSettings(ServiceSettings):
    """What intake needs besides what all services need."""

    channels: tuple[str, ...] = Field((), description="Outside systems that have a topic request.received.<channel>.")
