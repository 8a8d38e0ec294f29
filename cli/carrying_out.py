"""`secondlook carry-out`: what a field office has to do after a favourable resolution, until somebody says done."""

import asyncio
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer
from rich.table import Table

from cli.cases import Number, find_for_officer, not_mistyped, officer_of
from cli.queues import left, local
from cli.saying import Failed, as_json, done, out, plainly
from cli.where import DEFAULT, Data, Json, Myself, Token, desk, policy_now
from shared.calling.staff import without_nothing
from shared.calling.words import word
from shared.contracts.vocabulary import Service

app = typer.Typer(
    help="See to what was decided in the person's favor.\n\nExample: `secondlook carry-out list --office SNA`",
    no_args_is_help=True,
)


@app.command("list")
@plainly
def listing(
    office: Annotated[str, typer.Option(help="A field office, like SNA; or TO_BE_ASSIGNED.")],
    *,
    mine: Annotated[bool, typer.Option("--mine", help="Only what you see to.")] = False,
    myself: Myself = None,
    token: Token = None,
    data: Data = DEFAULT,
    as_json_: Json = False,
) -> None:
    """Show what a field office has to carry out, what is due first first.

    Example: `secondlook carry-out list --office SNA`
    """
    office = office.upper()
    found = asyncio.run(_list(office, data, officer_of(office, data, token, myself), mine=mine))
    if as_json_:
        as_json(found)
        return
    if not found:
        not_mistyped(office)
        out.print(f"Nothing has to be carried out at {office}.")
        return
    now = policy_now(data)
    table = Table("case", "granted", "urgency", "due", "", "owner", box=None, header_style="bold")
    for each in found:
        due = datetime.fromisoformat(each["due"])
        granted, owner = ", ".join(map(word, each["granted"])), each["owner"] or "[dim]nobody[/]"
        table.add_row(
            each["number"], granted, word(each["urgency"]), local(due, now, each["zone"]), left(due - now), owner
        )
    out.print(table)


@app.command()
@plainly
def take(
    number: Number,
    *,
    over: Annotated[bool, typer.Option("--over", help="Also from a colleague who cannot see to it.")] = False,
    myself: Myself = None,
    token: Token = None,
    data: Data = DEFAULT,
    as_json_: Json = False,
) -> None:
    """See to a case until it is carried out.

    Example: `secondlook carry-out take 55MY1-Z1HT0-H`
    """
    told = asyncio.run(_do(number, "take", {"over": over}, data, token=token, myself=myself))
    sentence = f"{number} is yours to carry out. When it is done: `secondlook carry-out done {number}`"
    done(told, sentence, as_json_=as_json_)


@app.command("done")
@plainly
def carried_out(
    number: Number,
    *,
    on: Annotated[
        str | None, typer.Option(help="The day on which it was done, like 2021-03-15; today if left out.")
    ] = None,
    text: Annotated[str | None, typer.Option(help="A note; sealed before it is kept.")] = None,
    myself: Myself = None,
    token: Token = None,
    data: Data = DEFAULT,
    as_json_: Json = False,
) -> None:
    """Say that a favourable resolution has been carried out.

    Example: `secondlook carry-out done 55MY1-Z1HT0-H --on 2021-03-15`
    """
    day = _day(on) if on else policy_now(data).astimezone(ZoneInfo("America/New_York")).date()
    said = without_nothing({"on": day.isoformat(), "text": text})
    told = asyncio.run(_do(number, "carried-out", said, data, token=token, myself=myself))
    done(told, f"{number} was carried out on {day}.", as_json_=as_json_)


def _day(written: str) -> date:
    try:
        return date.fromisoformat(written)
    except ValueError:
        raise Failed(f"{written} is no day: write it like 2021-03-15.") from None


async def _list(office: str, data: Path, token: str, *, mine: bool) -> list[dict[str, Any]]:
    async with desk(Service.TRIAGE, token, data) as triage:
        return await triage.to_carry_out(office=office, mine="true" if mine else None)


async def _do(
    number: str, what: str, said: dict[str, Any], data: Path, *, token: str | None, myself: str | None
) -> dict[str, Any]:
    found, own = await find_for_officer(number, data, token=token, myself=myself)
    async with desk(Service.TRIAGE, own, data) as triage:
        told: dict[str, Any] = await triage.do(found["case_id"], what, said)
        return told
