"""`secondlook withdrawal`, `consent`, `doubles`: who may act in a case, and who else asked for it."""

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.table import Table

from cli.cases import Facts, Number, find_for_officer, not_mistyped, officer_of, order_at_intake
from cli.queues import local
from cli.saying import Failed, as_json, done, out, plainly
from cli.where import DEFAULT, Data, Json, Myself, Token, desk, policy_now, token_for
from shared.calling.words import word
from shared.contracts.vocabulary import Service

withdrawal = typer.Typer(
    help=(
        "Rule on wishes that wait for staff.\n\n"
        "They are withdrawals, waivers of review, hand-overs, and wishes for review by somebody whose consent was "
        "refused.\n\nExample: `secondlook withdrawal list --office SNA`"
    ),
    no_args_is_help=True,
)
Headquarters = Annotated[
    bool, typer.Option("--headquarters", help="As an official of headquarters, who alone rules on review_wanted.")
]
RULED: Final = {
    "request": ("{0} is withdrawn.", "{0} goes on: it is not withdrawn."),
    "review": ("{0}: the review is waived.", "{0}: the review is not waived, and may still be asked for."),
    "case": ("{0} is handed over.", "{0} stays with whom it was."),
    "review_wanted": ("{0} goes to headquarters for review.", "{0}: this wish for review does not count."),
}
"""What waits -> what is so once it was confirmed, and once it was refused."""


@withdrawal.command("list")
@plainly
def waiting(
    office: Annotated[
        str, typer.Option(help="A field office, like SNA; its officer sees cases of no office, too.")
    ] = "",
    *,
    headquarters: Headquarters = False,
    myself: Myself = None,
    token: Token = None,
    data: Data = DEFAULT,
    as_json_: Json = False,
) -> None:
    """Show what waits for a word of staff, the most urgent first: asked for by somebody who may not do it alone.

    On a wish *for* review (review_wanted) headquarters alone rules; it counts by itself at the time shown.

    Example: `secondlook withdrawal list --office SNA`
    """
    if not office and not headquarters:
        raise Failed("Say --office, or --headquarters.")
    own = _token(headquarters, data, token, myself) or officer_of(office.upper(), data, token, myself)
    found = asyncio.run(_waiting(data, own))
    if as_json_:
        as_json(found)
        return
    if not found:
        if not headquarters:
            not_mistyped(office.upper())
        out.print(f"Nothing of the kind waits at {'headquarters' if headquarters else office.upper()}.")
        return
    table = Table("case", "wish", "urgency", "office", "asked by", "since", "facts", box=None, header_style="bold")
    table.columns[0].no_wrap = True
    now = policy_now(data)
    for each in found:
        since = local(datetime.fromisoformat(each["asked_at"]), now)
        who, urgency = f"{word(each['requestor_type'])}, {each['consent']}", word(each["urgency"])
        table.add_row(
            each["case_number"], each["of"], urgency, each["office"] or "none yet", who, since, str(each["amendment"])
        )
    out.print(table)
    for each in found:
        if each["counts_at"]:
            out.print(
                f"{each['case_number']} counts by itself: {local(datetime.fromisoformat(each['counts_at']), now)}."
            )


@withdrawal.command()
@plainly
def confirm(
    number: Number,
    *,
    headquarters: Headquarters = False,
    facts: Facts = None,
    myself: Myself = None,
    token: Token = None,
    data: Data = DEFAULT,
    as_json_: Json = False,
) -> None:
    """Let it be as it was asked: you spoke with the noncitizen, or a verified representative, and they want it.

    A withdrawal, a waiver and a hand-over cannot be undone. See `list` for which it is. Whoever rules on it may not
    review the case at headquarters any more, unless it is a wish for review, on which headquarters rules.

    Example: `secondlook withdrawal confirm 55MY1-Z1HT0-H`
    """
    _rule(
        number,
        confirmed=True,
        headquarters=headquarters,
        facts=facts,
        myself=myself,
        token=token,
        data=data,
        as_json_=as_json_,
    )


@withdrawal.command()
@plainly
def refuse(
    number: Number,
    *,
    headquarters: Headquarters = False,
    facts: Facts = None,
    myself: Myself = None,
    token: Token = None,
    data: Data = DEFAULT,
    as_json_: Json = False,
) -> None:
    """Leave everything as it is: the noncitizen does not want it. Of a wish for review, that it does not count.

    Example: `secondlook withdrawal refuse 55MY1-Z1HT0-H --facts 2`
    """
    _rule(
        number,
        confirmed=False,
        headquarters=headquarters,
        facts=facts,
        myself=myself,
        token=token,
        data=data,
        as_json_=as_json_,
    )


def _rule(
    number: str,
    *,
    confirmed: bool,
    headquarters: bool,
    facts: int | None,
    myself: str | None,
    token: str | None,
    data: Path,
    as_json_: bool,
) -> None:
    own = _token(headquarters, data, token, myself) or asyncio.run(_officer(number, data, token, myself))
    waits = next(
        (each["of"] for each in asyncio.run(_waiting(data, own)) if each["case_number"] == number.upper()), None
    )
    told = order_at_intake(number, "withdrawal", {"confirmed": confirmed}, data, token=own, myself=myself, facts=facts)
    sentence = RULED[waits][not confirmed] if waits else "{0}: it is recorded."
    done(told, sentence.format(number.upper()), as_json_=as_json_)


def _token(headquarters: bool, data: Path, token: str | None, myself: str | None) -> str | None:
    return token_for("sro", data, given=token, myself=myself) if headquarters else None


async def _officer(number: str, data: Path, token: str | None, myself: str | None) -> str:
    return (await find_for_officer(number, data, token=token, myself=myself))[1]


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
