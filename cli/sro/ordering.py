"""What the commands of an SRO have in common: options, sign-in, and an order on a case that is named by its number."""

import asyncio
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.cases import facts_seen, find
from cli.where import desk, token_for
from shared.calling.staff import without_nothing
from shared.contracts.vocabulary import Service

Reasons = Annotated[
    list[str], typer.Option("--reason", help="A reason code that fits the outcome (`sro show` lists them). May repeat.")
]
Text = Annotated[str | None, typer.Option(help="Your own words; sealed before they are kept.")]
Told = Annotated[
    int | None,
    typer.Option(
        "--told", help="How much of the field office's telling you saw (`sro show`); not compared when left out."
    ),
]


def token_of(data: Path, token: str | None, myself: str | None) -> str:
    """The token that was given; else one of an SRO, for development."""
    return token_for("sro", data, given=token, myself=myself)


def order(number: str, what: str, said: dict[str, Any], data: Path, token: str) -> dict[str, Any]:
    """Find the case by its number, and order."""
    return asyncio.run(_order(number, what, said, data, token))


def order_on_facts(
    number: str, what: str, said: dict[str, Any], data: Path, token: str, *, facts: int | None
) -> dict[str, Any]:
    """The same for what says which version of the facts was seen."""
    return asyncio.run(_order(number, what, said, data, token, seen=facts, on_facts=True))


async def _order(
    number: str,
    what: str,
    said: dict[str, Any],
    data: Path,
    token: str,
    *,
    seen: int | None = None,
    on_facts: bool = False,
) -> dict[str, Any]:
    found = await find(number, data, token)
    async with desk(Service.ESCALATION, token, data) as escalation:
        given = without_nothing(said)
        if on_facts:
            given |= {"facts_seen": await facts_seen(escalation, found["case_id"], seen)}
        answer: dict[str, Any] = await escalation.do(found["case_id"], what, given)
        return answer


def whole_case(number: str, data: Path, token: str) -> dict[str, Any]:
    """A case as headquarters shows it. Opening it leaves an access record."""
    return asyncio.run(_whole_case(number, data, token))


async def _whole_case(number: str, data: Path, token: str) -> dict[str, Any]:
    found = await find(number, data, token)
    async with desk(Service.ESCALATION, token, data) as escalation:
        return await escalation.case(found["case_id"])
