"""`secondlook sro queue` and `show`: what waits at headquarters and why, and one case with both sides' reasons."""

import asyncio
from pathlib import Path
from typing import Annotated, Any

import typer

from cli import queues
from cli.cases import Number
from cli.saying import as_json, out, plainly
from cli.sro import telling
from cli.sro.ordering import token_of, whole_case
from cli.where import DEFAULT, Data, Json, Myself, Token, desk, policy_now
from shared.contracts.vocabulary import Service


@plainly
def queue(
    *,
    office: Annotated[str | None, typer.Option(help="Only cases that this field office considered.")] = None,
    urgency: Annotated[str | None, typer.Option(help="REMOVAL_IMMINENT, DETAINED or ROUTINE.")] = None,
    ground: Annotated[
        str | None,
        typer.Option(help="FIELD_OFFICE_DECLINED, NO_TIMELY_ANSWER, FACTORS_NOT_CONSIDERED or NEW_CIRCUMSTANCES."),
    ] = None,
    round_: Annotated[int | None, typer.Option("--round", help="2: back after a remand.")] = None,
    overdue: Annotated[bool, typer.Option("--overdue", help="Only what is overdue.")] = False,
    mine: Annotated[bool, typer.Option("--mine", help="Only what you have claimed.")] = False,
    free: Annotated[bool, typer.Option("--free", help="Only what nobody has claimed.")] = False,
    why: Annotated[bool, typer.Option("--why", help="Say of each why it stands where it stands.")] = False,
    myself: Myself = None,
    token: Token = None,
    data: Data = DEFAULT,
    as_json_: Json = False,
) -> None:
    """Show the cases before headquarters, the most urgent first. Cases that you may not review are not among them.

    Example: `secondlook sro queue`

    Example: `secondlook sro queue --free --urgency DETAINED --why`
    """
    filters: dict[str, Any] = {
        "office": office and office.upper(),
        "urgency": urgency and urgency.upper(),
        "ground": ground and ground.upper(),
        "round": round_,
        "overdue": "true" if overdue else None,
        "mine": "true" if mine else None,
        "claimed": "false" if free else None,
    }
    found = asyncio.run(_queue(filters, data, token_of(data, token, myself)))
    if as_json_:
        as_json(found)
        return
    queues.show(found, of="at headquarters", now=policy_now(data))
    if why:
        queues.reasons_for_places(found)


async def _queue(filters: dict[str, Any], data: Path, token: str) -> list[dict[str, Any]]:
    async with desk(Service.ESCALATION, token, data) as escalation:
        return await escalation.queue(**filters)


@plainly
def show(
    number: Number, *, myself: Myself = None, token: Token = None, data: Data = DEFAULT, as_json_: Json = False
) -> None:
    """Show a case: both sides' reasons, what changed since the decision, questions, and what you may give as reasons.

    Opens personal data: who looked is recorded.

    Example: `secondlook sro show 55MY1-Z1HT0-H`
    """
    case = whole_case(number, data, token_of(data, token, myself))
    if as_json_:
        as_json(case)
        return
    for line in telling.lines(case, policy_now(data)):
        out.print(line)
