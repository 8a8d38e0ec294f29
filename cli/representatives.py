"""`secondlook representative`: a case goes to another requestor, by the word of two members of staff."""

import asyncio
from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from cli.cases import Facts, Number, find_for_officer, not_mistyped, officer_of, order_at_intake
from cli.queues import local
from cli.saying import Failed, as_json, done, err, out, plainly
from cli.sro.telling import when, words
from cli.where import DEFAULT, Data, Json, Myself, Token, desk, policy_now
from shared.calling.staff import without_nothing
from shared.calling.words import word
from shared.contracts.vocabulary import Service

representative = typer.Typer(
    help="Say who represents the noncitizen.\n\nExample: `secondlook representative end 55MY1-Z1HT0-H`",
    no_args_is_help=True,
)


class Kind(StrEnum):
    """Who may represent a noncitizen."""

    ATTORNEY = "attorney"
    ACCREDITED_REP = "accredited_rep"


@representative.command("set")
@plainly
def set_(
    number: Number,
    *,
    kind: Annotated[Kind, typer.Option("--type", help="As the G-28 says.")] = Kind.ATTORNEY,
    name: Annotated[str | None, typer.Option(help="Asked for when left out, which keeps it out of records.")] = None,
    email: Annotated[str | None, typer.Option(help="Asked for with the name; without one, tell by phone.")] = None,
    phone: Annotated[str | None, typer.Option(help="A number to call.")] = None,
    organisation: Annotated[str | None, typer.Option(help="The office they work for.")] = None,
    language: Annotated[str | None, typer.Option(help="en or es, for letters.")] = None,
    facts: Facts = None,
    myself: Myself = None,
    token: Token = None,
    data: Data = DEFAULT,
    as_json_: Json = False,
) -> None:
    """Ask to hand a case to a representative, new or another one, whose G-28 came in. A second person confirms it.

    Until then nothing changes, and nobody is written to (`secondlook representative confirm`, by somebody else).

    Example: `secondlook representative set 55MY1-Z1HT0-H --type attorney`
    """
    if name is None:
        name = typer.prompt("Name", err=True)
        email = email or typer.prompt("E-mail (empty: none)", default="", show_default=False, err=True)
    who = {"type": kind.name, "name": name, "email": email, "phone": phone}
    said = {"representative": without_nothing(who | {"organisation": organisation, "language": language})}
    told = order_at_intake(number, "representative", said, data, token=token, myself=myself, facts=facts)
    done(told, _waits(number), as_json_=as_json_)


@representative.command()
@plainly
def end(
    number: Number,
    *,
    facts: Facts = None,
    myself: Myself = None,
    token: Token = None,
    data: Data = DEFAULT,
    as_json_: Json = False,
) -> None:
    """Ask to give a case back to the noncitizen, whose representative withdrew. A second person confirms it.

    Until then nothing changes, and nobody is written to (`secondlook representative confirm`, by somebody else).

    Example: `secondlook representative end 55MY1-Z1HT0-H`
    """
    told = order_at_intake(
        number, "representative", {"representative": None}, data, token=token, myself=myself, facts=facts
    )
    done(told, _waits(number), as_json_=as_json_)


@representative.command("list")
@plainly
def waiting(
    office: Annotated[str, typer.Option(help="A field office, like SNA; its officer sees cases of no office, too.")],
    *,
    myself: Myself = None,
    token: Token = None,
    data: Data = DEFAULT,
    as_json_: Json = False,
) -> None:
    """Show what waits for a second person, the oldest first: who asked, and what the new requestor would be.

    Example: `secondlook representative list --office SNA`
    """
    found = asyncio.run(_hand_overs(data, officer_of(office.upper(), data, token, myself)))
    if as_json_:
        as_json(found)
        return
    if not found:
        not_mistyped(office.upper())
        out.print(f"No hand-over waits at {office.upper()}.")
        return
    table = Table("case", "to", "office", "asked by", "since", "facts", box=None, header_style="bold")
    for each in found:
        since = local(datetime.fromisoformat(each["asked_at"]), policy_now(data))
        to, place = word(each["to"]), each["office"] or "none yet"
        table.add_row(each["case_number"], to, place, each["asked_by"], since, str(each["amendment"]))
    out.print(table)


@representative.command()
@plainly
def show(
    number: Number, *, myself: Myself = None, token: Token = None, data: Data = DEFAULT, as_json_: Json = False
) -> None:
    """Show to whom a case would go, and who asked. Opens personal data: who looked is recorded.

    Example: `secondlook representative show 55MY1-Z1HT0-H`
    """
    proposed = asyncio.run(_proposed(number, data, token=token, myself=myself))
    if as_json_:
        as_json(proposed)
        return
    for line in _lines(proposed, policy_now(data)):
        out.print(line)


@representative.command()
@plainly
def confirm(
    number: Number,
    *,
    facts: Facts = None,
    myself: Myself = None,
    token: Token = None,
    data: Data = DEFAULT,
    as_json_: Json = False,
) -> None:
    """Hand a case over as somebody else of staff asked: says to whom, then asks you. With --facts, what you have seen.

    The private link of before is dead at once, the new one goes out by letter, and the consent has to be verified anew
    (`secondlook consent`). Who asked cannot confirm it.

    Example: `secondlook representative confirm 55MY1-Z1HT0-H --facts 2`
    """
    if facts is None:
        proposed = asyncio.run(_proposed(number, data, token=token, myself=myself))
        for line in _lines(proposed, policy_now(data)):
            err.print(line)
        if not typer.confirm("Hand the case over to them?", err=True):
            raise Failed("Not confirmed: nothing has changed.")
        facts = proposed["amendment"]
    ruled = {"confirmed": True}
    told = order_at_intake(number, "representative/ruling", ruled, data, token=token, myself=myself, facts=facts)
    done(told, f"{number} is handed over. Verify who asks now: `secondlook consent {number}`", as_json_=as_json_)


@representative.command()
@plainly
def refuse(
    number: Number,
    *,
    facts: Facts = None,
    myself: Myself = None,
    token: Token = None,
    data: Data = DEFAULT,
    as_json_: Json = False,
) -> None:
    """Leave a case with who has it: turn down a hand-over that waits. Who asked for it may do that, too.

    Example: `secondlook representative refuse 55MY1-Z1HT0-H`
    """
    ruled = {"confirmed": False}
    told = order_at_intake(number, "representative/ruling", ruled, data, token=token, myself=myself, facts=facts)
    done(told, f"{number} stays with who has it.", as_json_=as_json_)


def _waits(number: str) -> str:
    return f"Nothing has changed yet: somebody else has to confirm it, by `secondlook representative confirm {number}`"


async def _proposed(number: str, data: Path, *, token: str | None, myself: str | None) -> dict[str, Any]:
    """What waits, with the words in which it was asked for."""
    found, own = await find_for_officer(number, data, token=token, myself=myself)
    async with desk(Service.INTAKE, own, data) as intake:
        case = await intake.personal(found["case_id"], "consent")
    proposed: dict[str, Any] | None = case["filing"].get("handing_over")
    if proposed is None:
        raise Failed("No hand-over of this case waits: it was ruled on, or the case has changed.")
    amendment = case["amendment"]
    return proposed | {"amendment": amendment, "text": case["personal"]["added"].get(f"amended_{amendment}")}


def _lines(proposed: dict[str, Any], now: datetime) -> Iterator[str]:
    yield from words(proposed["text"])
    yield f"asked by {proposed['by']}, {when(proposed['at'], now)}; facts version {proposed['amendment']}"


async def _hand_overs(data: Path, token: str) -> list[dict[str, Any]]:
    async with desk(Service.INTAKE, token, data) as intake:
        return await intake.hand_overs()
