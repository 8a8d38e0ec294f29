"""`secondlook sro`: the work of a Senior Reviewing Official at headquarters."""

import asyncio
from pathlib import Path
from typing import Annotated, Any

import typer

from cli import queues
from cli.cases import Number, find
from cli.officer import Facts, Granted, Text, on_seen_facts
from cli.saying import as_json, out, plainly
from cli.where import DEFAULT, Data, Json, Myself, Token, desk, policy_now, token_for
from shared.calling.staff import names
from shared.contracts.vocabulary import Service

app = typer.Typer(
    help="Headquarters: work the escalated queue. Example: `secondlook sro queue`",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)

Reasons = Annotated[list[str], typer.Option("--reason", help="A reason code (`secondlook case reasons`). May repeat.")]


@app.command()
@plainly
def queue(
    *,
    office: Annotated[str | None, typer.Option(help="Only cases of this field office.")] = None,
    myself: Myself = None,
    token: Token = None,
    data: Data = DEFAULT,
    as_json_: Json = False,
) -> None:
    """Show the cases before headquarters, the most urgent first.

    Example: `secondlook sro queue`
    """
    found = asyncio.run(_queue(office.upper() if office else None, data, _token(data, token, myself)))
    if as_json_:
        as_json(found)
    else:
        queues.show(found, of="at headquarters", now=policy_now(data))


async def _queue(office: str | None, data: Path, token: str) -> list[dict[str, Any]]:
    async with desk(Service.ESCALATION, token, data) as escalation:
        return await escalation.queue(office=office)


@app.command()
@plainly
def claim(number: Number, *, myself: Myself = None, token: Token = None, data: Data = DEFAULT) -> None:
    """Take a case in hand; refused to whoever had it in hand at the field office.

    Example: `secondlook sro claim 55MY1-Z1HT0-H`
    """
    asyncio.run(_order(number, "claim", {}, data, token=_token(data, token, myself), facts=None))
    out.print(f"[green]✓[/] {number} is yours. Decide with `secondlook sro decide {number} --outcome ...`")


@app.command()
@plainly
def decide(
    number: Number,
    *,
    outcome: Annotated[str, typer.Option(help="UPHELD, OVERRIDDEN or NO_ACTION.")],
    reason: Reasons,
    granted: Granted = None,
    text: Text = None,
    facts: Facts = None,
    myself: Myself = None,
    token: Token = None,
    data: Data = DEFAULT,
) -> None:
    """End a case that you have claimed.

    Example: `secondlook sro decide 55MY1-Z1HT0-H --outcome UPHELD --reason CONSISTENT_WITH_GUIDANCE`
    """
    said = {"outcome": outcome.upper(), "reasons": names(reason), "granted": names(granted), "text": text}
    asyncio.run(_order(number, "decide", said, data, token=_token(data, token, myself), facts=facts))
    out.print(f"[green]✓[/] {number}: {outcome.lower()}.")


@app.command()
@plainly
def remand(
    number: Number,
    *,
    reason: Reasons,
    text: Text = None,
    facts: Facts = None,
    myself: Myself = None,
    token: Token = None,
    data: Data = DEFAULT,
) -> None:
    """Send a case that you have claimed back to its field office, once.

    Example: `secondlook sro remand 55MY1-Z1HT0-H --reason FACTORS_NOT_CONSIDERED`
    """
    asyncio.run(
        _order(
            number,
            "remand",
            {"reasons": names(reason), "text": text},
            data,
            token=_token(data, token, myself),
            facts=facts,
        )
    )
    out.print(f"[green]✓[/] {number} goes back to its field office.")


async def _order(
    number: str, what: str, said: dict[str, Any], data: Path, *, token: str, facts: int | None
) -> dict[str, Any]:
    found = await find(number, data, token)
    async with desk(Service.ESCALATION, token, data) as escalation:
        return await on_seen_facts(escalation, found["case_id"], what, said, facts)


def _token(data: Path, token: str | None, myself: str | None) -> str:
    return token_for("sro", data, given=token, myself=myself)
