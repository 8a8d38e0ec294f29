"""Intake's own settings."""

from pathlib import Path

from pydantic import Field

from shared.runtime.settings import ServiceSettings


class IntakeSettings(ServiceSettings):
    """What intake needs besides what all services need."""

    id_key_file: Path = Field(description="32 random bytes that case ids are made with; must never be changed.")
    public_per_second: float = Field(
        5.0, gt=0, description="Requests a second that one address may make without a client token."
    )
    public_burst: int = Field(60, ge=1, description="Requests that one address may make at once without one.")
    client_per_second: float = Field(
        20.0, gt=0, description="Requests a second that one client may make with its token."
    )
    client_burst: int = Field(200, ge=1, description="Requests that one client may make at once.")
    unreadable_months: int = Field(
        0, ge=0, description="After so many whole months the originals of what could not be read are gone; 0: never."
    )
    channels: tuple[str, ...] = Field((), description="Outside systems that have a topic request.received.<channel>.")
