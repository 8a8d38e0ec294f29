"""Intake's own settings."""

from pathlib import Path

from pydantic import Field

from shared.runtime.settings import ServiceSettings


class IntakeSettings(ServiceSettings):
    """What intake needs besides what all services need."""

    id_key_file: Path = Field(description="32 random bytes that case ids are made with; must never be changed.")
    channels: tuple[str, ...] = Field((), description="Outside systems that have a topic request.received.<channel>.")
