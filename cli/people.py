"""`secondlook withdrawal`, `consent`, `doubles`: who may act in a case, and who else asked for it."""

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from cli.cases import Facts, Number, find_for_officer, not_mistyped, officer_of, order_at_intake
from cli.queues import local
from cli.saying import Failed, as_json, done, out, plainly
from cli.where import DEFAULT, Data, Json, Myself, Token, desk, policy_now
from shared.calling.words import word
from shared.contracts.vocabulary import Service

withdrawal = typer.Typer(
    help="Rule on withdrawals that wait for staff.\n\nExample: `secondlook withdrawal list --office SNA`",
    no_args_is_help=True,
)


@withdrawal.command("list")
@plainly
def waiting(
    office: Annotated[str, typer.Option(help="A field office, like SNA; its officer sees cases of no office, too.")],
    *,
    myself: Myself = None,
    token: Token = None,
    data: Data = DEFAULT,
    as_json_: Json = False,
) -> None:
    """Show what waits for a word of staff, the most urgent first: asked for by somebody who may not do it alone.

    Of a wish *for* review (review_wanted) headquarters alone confirms or refuses.

    Example: `secondlook withdrawal list --office SNA`
    """
    found = asyncio.run(_waiting(data, officer_of(office.upper(), data, token, myself)))
    if as_json_:
        as_json(found)
        return
    if not found:
        not_mistyped(office.upper())
        out.print(f"No withdrawal waits at {office.upper()}.")
        return
    table = Table("case", "wish", "office", "asked by", "consent", "since", "facts", box=None, header_style="bold")
    for each in found:
        since = local(datetime.fromisoformat(each["asked_at"]), policy_now(data))
        who, consent = word(each["requestor_type"]), each["consent"]
        what, place = each["of"], each["office"] or "none yet"
        table.add_row(each["case_number"], what, place, who, consent, since, str(each["amendment"]))
    out.print(table)


@withdrawal.command()
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
    """End the review: you asked the noncitizen, or a verified representative, and they want it. It cannot be undone.

    Whoever rules on it may not review the case at headquarters any more.

    Example: `secondlook withdrawal confirm 55MY1-Z1HT0-H`
    """
    told = order_at_intake(number, "withdrawal", {"confirmed": True}, data, token=token, myself=myself, facts=facts)
    done(told, f"{number} is withdrawn.", as_json_=as_json_)


@withdrawal.command()
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
    """Let the review go on: the noncitizen does not want it to end.

    Example: `secondlook withdrawal refuse 55MY1-Z1HT0-H --facts 2`
    """
    told = order_at_intake(number, "withdrawal", {"confirmed": False}, data, token=token, myself=myself, facts=facts)
    done(told, f"{number} goes on.", as_json_=as_json_)


@plainly
def consent(
    number: Number,
    *,
    verified: Annotated[
        bool | None, typer.Option("--verified/--refused", help="Whether the paper is what it should be.")
    ] = None,
    paper: Annotated[str | None, typer.Option(help="G28 or FORM_60_001, where it is another than claimed.")] = None,
    noncitizen: Annotated[
        bool, typer.Option("--noncitizen", help="Who reads at the noncitizen's own address, if that is the person.")
    ] = False,
    facts: Facts = None,
    myself: Myself = None,
    token: Token = None,
    data: Data = DEFAULT,
    as_json_: Json = False,
) -> None:
    """Rule on a consent. Once verified, the requestor hears more than the stage. Whoever rules never reviews the case.

    Example: `secondlook consent 55MY1-Z1HT0-H --verified --paper G28`
    """
    if verified is None:
        raise Failed("Say --verified or --refused.")
    said = {"status": "verified" if verified else "refused"} | ({"kind": paper.upper()} if paper else {})
    if noncitizen:
        said["of"] = "noncitizen"
    told = order_at_intake(number, "consent", said, data, token=token, myself=myself, facts=facts)
    done(told, f"The consent of {number} is {said['status']}.", as_json_=as_json_)


@plainly
def doubles(
    number: Number, *, myself: Myself = None, token: Token = None, data: Data = DEFAULT, as_json_: Json = False
) -> None:
    """Show the other cases about the same person. Before this one and after it; nothing is merged by itself.

    Example: `secondlook doubles 55MY1-Z1HT0-H`
    """
    found = asyncio.run(_doubles(number, data, token=token, myself=myself))
    if as_json_:
        as_json(found)
        return
    if not found:
        out.print("No other case is about this person, as far as A-numbers tell.")
        return
    table = Table("case", "", "standing", "office", "received", box=None, header_style="bold")
    for each in found:
        received = local(datetime.fromisoformat(each["received_at"]), policy_now(data))
        state = "open" if each["open"] else "ended"
        table.add_row(each["case_number"], state, each["standing"], each["office"] or "none yet", received)
    out.print(table)


async def _waiting(data: Path, token: str) -> list[dict[str, Any]]:
    async with desk(Service.INTAKE, token, data) as intake:
        return await intake.withdrawals()


async def _doubles(number: str, data: Path, *, token: str | None, myself: str | None) -> list[dict[str, Any]]:
    found, own = await find_for_officer(number, data, token=token, myself=myself)
    async with desk(Service.INTAKE, own, data) as intake:
        return await intake.doubles(found["case_id"])
