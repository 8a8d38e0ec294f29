"""Where the services are, who is calling, and what time it is there: from the environment, or from the data folder."""

import json
import os
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from cli.saying import Failed, err
from deploy.local import state
from deploy.local.places import DEFAULT_DATA
from shared.calling.instances import Instances
from shared.calling.staff import Desk
from shared.contracts.vocabulary import Service

if TYPE_CHECKING:
    from shared.web.tokens import DevelopmentIssuer

# The web framework and the store's driver are only loaded by the commands that need them.

PATIENCE_SECONDS = 8.0
StaffRole = Literal[
    "officer", "field_office_director", "special_agent_in_charge", "sro", "operator", "analyst", "privacy"
]

Data = Annotated[Path, typer.Option(help="The folder of the platform that runs on this machine.")]
Token = Annotated[
    str | None,
    typer.Option(envvar="SECONDLOOK_TOKEN", help="Your sign-in token. Without one, one is made for development."),
]
ClientToken = Annotated[
    str | None,
    typer.Option(
        envvar="SECONDLOOK_CLIENT_TOKEN", help="Your client's token. Without one, one is made for development."
    ),
]
"""Of a system that submits: a variable of its own, so that it takes no staff's place in the same shell."""

Myself = Annotated[str | None, typer.Option("--as", help="Who you are, where a token is made for you.")]
Json = Annotated[bool, typer.Option("--json", help="For scripts: JSON on stdout.")]

DEFAULT = DEFAULT_DATA


@asynccontextmanager
async def calling(service: Service, data: Path) -> AsyncIterator[Instances]:
    """The instances of a service."""
    instances = Instances(service, addresses(service, data), patience_seconds=PATIENCE_SECONDS)
    try:
        yield instances
    finally:
        await instances.close()


def addresses(service: Service, data: Path) -> list[str]:
    """Where a service is: `TRIAGE_URL` and the like, else what runs in the data folder."""
    if given := os.environ.get(f"{service.upper()}_URL"):
        return given.split(",")
    members = state.load(data.absolute()).members
    found = [member.url for name, member in members.items() if name.partition("-")[0] == service]
    if not found:
        raise Failed(
            f"No service {service} runs in {data}: start the platform with `secondlook up`, "
            f"or set {service.upper()}_URL."
        )
    return found


def kafka(data: Path) -> str:
    """Kafka's address."""
    now = state.load(data.absolute())
    found = os.environ.get("KAFKA_BOOTSTRAP") or now.external.get("kafka")
    if not found and "kafka" in now.members:
        found = now.members["kafka"].url
    if not found:
        raise Failed(f"No Kafka runs in {data}: start the platform with `secondlook up`, or set KAFKA_BOOTSTRAP.")
    return found


def token_for(
    role: StaffRole, data: Path, *, given: str | None, offices: Iterable[str] = (), myself: str | None = None
) -> str:
    """The token that was given; else one of the development issuer, which is said on stderr."""
    if given:
        return given
    from shared.web.sign_in import Role

    offices = [office.upper() for office in offices]
    subject = myself or "-".join([role, *(office.lower() for office in offices)])
    made = issuer(data).staff(subject, [Role(role)], offices=offices)
    err.print(f"[dim]No token given: made one for development, {role} {subject}.[/]")
    return made


def issuer(data: Path) -> "DevelopmentIssuer":
    """The development issuer of the data folder, whose tokens only services on this machine accept."""
    keys = data / "keys"
    if not keys.exists():
        raise Failed(f"There are no keys in {data}: start the platform with `secondlook up`, or give --token.")
    from shared.web.tokens import DevelopmentIssuer

    return DevelopmentIssuer(keys)


@asynccontextmanager
async def desk(service: Service, token: str, data: Path) -> AsyncIterator[Desk]:
    """A service's staff endpoints."""
    async with calling(service, data) as instances:
        yield Desk(instances, token)


def policy_now(data: Path) -> datetime:
    """The time by which due dates are meant: the data folder's policy clock, or real time."""
    file, real = data / "clock.json", datetime.now(UTC)
    kept = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    if not kept.get("clock"):
        return real
    from shared.runtime.clock import PolicyTime

    return PolicyTime.parse(f"{kept['clock']}@{kept['anchor']}").at(real)
