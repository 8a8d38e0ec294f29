"""`secondlook find`: a case for somebody on the phone."""

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.table import Table

from cli.queues import local
from cli.saying import as_json, out, plainly
from cli.where import DEFAULT, Data, Json, Myself, Token, desk, policy_now, token_for
from services.intake.domain.a_number import canonical
from shared.calling.words import word
from shared.contracts.vocabulary import Service
from shared.policy.model import HEADQUARTERS

Way = Literal["case_number", "a_number", "name"]


@plainly
def find(
    by: Annotated[Way | None, typer.Option(help="What you type is this; told by its looks when left out.")] = None,
    *,
    myself: Myself = None,
    token: Token = None,
    data: Data = DEFAULT,
    as_json_: Json = False,
) -> None:
    """Find cases by case number, A-number or name.

    These are asked for, or read from a pipe: never typed as an argument, so that they stay out of the shell's history.
    Each look-up leaves an access record.

    A name is the given and the family name in either order; case, accents, spaces and hyphens are forgiven, spelling
    is not. Each of the two may be its first word alone.

    Example: `secondlook find`
    """
    said = typer.prompt("Case number, A-number or name", err=True).strip()
    token = token_for("officer", data, given=token, offices=[HEADQUARTERS], myself=myself)
    found = asyncio.run(_find(by or way(said), said, data, token))
    if as_json_:
        as_json(found)
    else:
        show(found, policy_now(data))


def way(said: str) -> Way:
    """What somebody typed, by its looks: names have no digits, and A-numbers are seven to nine of them."""
    if not any(character.isdigit() for character in said):
        return "name"
    return "a_number" if canonical(said) else "case_number"


def show(answer: dict[str, Any], now: datetime) -> None:
    """What was found: no names."""
    if not answer["found"]:
        out.print("No case was found. Ask for the case number, or for another spelling.")
        return
    table = Table("case", "stage", "office", "since", box=None, header_style="bold")
    for each in answer["found"]:
        since = local(datetime.fromisoformat(each["since"]), now)
        table.add_row(each["case_number"], word(each["stage"]), each["office"] or "none yet", since)
    out.print(table)
    if answer["more"]:
        out.print("[yellow]There are more: ask for the A-number or the case number.[/]")


async def _find(by: Way, said: str, data: Path, token: str) -> dict[str, Any]:
    async with desk(Service.INTAKE, token, data) as intake:
        return await intake.find(by, said)
