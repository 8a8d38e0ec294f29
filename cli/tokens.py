"""`secondlook token`: a sign-in for development."""

from typing import Annotated

import typer

from cli.saying import Failed, plainly
from cli.where import DEFAULT, Data, issuer

CLIENT = "client"
STAFF = (
    "officer",
    "field_office_director",
    "special_agent_in_charge",
    "sro",
    "operator",
    "analyst",
    "privacy",
)
OF_AN_OFFICE = STAFF[:3]
NAMES = f"{', '.join(STAFF)}, or {CLIENT}: a system that submits requests."


@plainly
def token(
    role: Annotated[str, typer.Option(help=NAMES)],
    office: Annotated[
        list[str] | None, typer.Option(help="The office of its staff, like SNA; HQ assigns. May repeat.")
    ] = None,
    minutes: Annotated[float, typer.Option(help="How long it is valid.", min=1, max=24 * 60)] = 60,
    subject: Annotated[str | None, typer.Option("--as", help="Whose token it is; an opaque id, no name.")] = None,
    data: Data = DEFAULT,
) -> None:
    """Print a sign-in token for development, and nothing else.

    It is signed by the key in the data folder; services that listen beyond this machine refuse it. A deployment has
    an issuer of its own.

    Example: `export SECONDLOOK_TOKEN=$(secondlook token --role officer --office SNA)`

    Example: `export SECONDLOOK_CLIENT_TOKEN=$(secondlook token --role client --as wrenfield-law)`
    """
    typer.echo(_token(role, [each.upper() for each in office or ()], minutes, subject, data=data))


def _token(role: str, offices: list[str], minutes: float, subject: str | None, *, data: Data) -> str:
    if role == CLIENT:
        return issuer(data).client(subject or "secondlook-submit", minutes=minutes)
    if role not in STAFF:
        raise Failed(f"There is no role {role}: choose {NAMES}")
    if role in OF_AN_OFFICE and not offices:
        raise Failed("The token of an office's staff names the office: add --office SNA, or another code.")
    from shared.web.sign_in import Role

    name = subject or "-".join([role, *(each.lower() for each in offices)])
    return issuer(data).staff(name, [Role(role)], offices=offices, minutes=minutes)
