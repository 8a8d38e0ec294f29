"""Settings that every service needs, from the environment. A missing one stops the start by name; none is logged."""

from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.mongo.driver import Driver

T = TypeVar("T", bound=BaseSettings)


def _none_when_empty(value: object) -> object:
    return None if value == "" else value


Optional = BeforeValidator(_none_when_empty)
"""An empty variable is an absent one."""


class ServiceSettings(BaseSettings):
    """The settings that all four services share. Names are the environment variables', in lower case."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

    host: str = Field("127.0.0.1", description="The address that the service listens on.")
    port: int = Field(description="The port that the service listens on.", ge=0, le=65535)
    instance: str = Field("1", description="This instance's name in logs, when a service runs more than once.")
    kafka_bootstrap: str = Field(description="Kafka's bootstrap servers, host:port, comma-separated.")
    kafka_session_seconds: float = Field(
        10.0, gt=0, description="After so many seconds of silence, Kafka gives an instance's partitions to others."
    )
    mongodb_uri: SecretStr = Field(description="The MongoDB server; may hold a password.")
    keyring_uri: Annotated[SecretStr | None, Optional] = Field(
        None, description="The MongoDB server of the cases' keys, if it is one of its own. Absent: MONGODB_URI."
    )
    secondlook_mongo_driver: Driver = Field(Driver.MOTOR, description="motor, or pymongo (its async API).")
    secondlook_build: Annotated[str | None, Optional] = Field(
        None, description="This build's name in what is held and logged. Absent: one made from the code itself."
    )
    secondlook_prefix: str = Field("", description="Put before topics, groups and databases; lets tests share servers.")
    secondlook_clock: Annotated[str | None, Optional] = Field(
        None, description="A policy clock, start*speed@anchor; loopback only. Absent: real time."
    )
    auth_issuer: str = Field(description="Who signs staff tokens (the `iss` claim).")
    auth_audience: str = Field("second-look", description="The `aud` claim that tokens must have.")
    auth_jwks_url: str = Field(
        description="The issuer's public keys: https://..., or file:... of the development issuer."
    )
    master_key_file: Path = Field(description="32 random bytes that wrap every case's key.")
    index_key_file: Path = Field(description="32 random bytes for look-ups by A-number, e-mail or name.")
    link_key_file: Path = Field(description="32 random bytes that private links are made with.")
    policy_dir: Annotated[Path | None, Optional] = Field(
        None, description="Policy files that replace the built-in ones."
    )
    intake_url: str = Field(description="Where intake is asked whether it knows a case.")
    public_url: str = Field(
        pattern="^https?://", description="Where requestors reach intake: the beginning of every private link."
    )


class UnusableSettings(Exception):
    """The environment lacks a setting, or one cannot be used. Names settings, never their values."""


def read(settings: type[T]) -> T:
    """Read a block of settings from the environment; `UnusableSettings` says in one sentence which one is wrong."""
    try:
        return settings()
    except ValidationError as error:
        wrong = [f"{str(e['loc'][0]).upper()} ({e['msg'].lower()})" for e in error.errors(include_input=False)]
        if any(str(e["loc"][0]).endswith("_key_file") for e in error.errors(include_input=False)):
            wrong.append("`python -m deploy.keys FOLDER` makes the key files that are missing, and keeps the others")
        raise UnusableSettings(f"Set these environment variables right: {'; '.join(wrong)}.") from None
