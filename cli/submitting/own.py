"""`secondlook mine`: the cases that a client submitted, to read or as a file."""

import asyncio
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from cli.queues import local, not_understood
from cli.saying import as_json, err, out, plainly
from cli.submitting.command import CLIENT
from cli.where import DEFAULT, ClientToken, Data, Json, calling, issuer, policy_now
from shared.calling.words import word
from shared.contracts.vocabulary import Service

DATES = ("answer_by", "ask_review_by", "office_answers_by", "may_ask_from", "headquarters_answers_by", "send_again_by")


class Format(StrEnum):
    """How a file of all cases is written."""

    JSONL = "jsonl"
    CSV = "csv"


@plainly
def mine(
    *,
    reference: Annotated[str | None, typer.Option(help="Only this `client_reference`, as you wrote it.")] = None,
    since: Annotated[
        str | None, typer.Option(help="Only what changed then or later, like 2021-03-08T09:00:00Z.")
    ] = None,
    export: Annotated[Format | None, typer.Option(help="All of them on stdout, as JSON Lines or CSV.")] = None,
    token: ClientToken = None,
    data: Data = DEFAULT,
    as_json_: Json = False,
) -> None:
    """Show the cases that your client token submitted. The stage, what comes next, by when; never how one ended.

    An export goes to stdout (`> cases.csv`), and names on stderr the moment to give as `--since` next time. A case that
    was handed over to somebody else says only that.

    Example: `secondlook mine --reference 2021-0117`

    Example: `secondlook mine --export csv`
    """
    if token is None:
        err.print(f"[dim]No token given: made one for development, client {CLIENT}.[/]")
        token = issuer(data).client(CLIENT)
    headers = {"Authorization": f"Bearer {token}"}
    asked = {"client_reference": reference, "changed_since": since}
    if export is not None:
        asyncio.run(_exported(asked, export, headers, data))
        return
    found = asyncio.run(_all(asked, headers, data))
    if as_json_:
        as_json(found)
        return
    table = Table("case", "yours", "stage", "next", "by", "note", box=None, header_style="bold")
    for row in found:
        reference = row["client_reference"] or ""
        table.add_row(row["case_number"], reference, word(row["stage"]), *_next(row, data), _note(row))
    out.print(table if found else "You have submitted nothing that is listed here.")


def _note(row: dict[str, Any]) -> str:
    """What the request lacks, and what of it was not understood; of one that came back, what to mend."""
    lacks = [*row.get("mend", ()), *row.get("missing", ())]
    notes = [f"missing: {', '.join(map(word, lacks))}"] if lacks else []
    if odd := row.get("not_understood"):
        notes.append(f"not understood: {not_understood(odd)}")
    return "; ".join(notes)


def _next(row: dict[str, Any], data: Path) -> tuple[str, str]:
    """What comes next, and the first date of it."""
    dates = sorted((datetime.fromisoformat(row[name]), name) for name in DATES if row[name])
    if not dates:
        return ", ".join(map(word, row["next"])), ""
    at, name = dates[0]
    return word(name), local(at, policy_now(data))


async def _all(asked: dict[str, Any], headers: dict[str, str], data: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    async with calling(Service.INTAKE, data) as intake:
        cursor: str | None = ""
        while cursor is not None:
            page = (await intake.get("/requests", headers=headers, cursor=cursor or None, limit=100, **asked)).json()
            # Links open cases: they stay in the file that `secondlook submit` keeps.
            found += [{name: value for name, value in row.items() if name != "status_url"} for row in page["cases"]]
            cursor = page["cursor"]
    return found


async def _exported(asked: dict[str, Any], format_: Format, headers: dict[str, str], data: Path) -> None:
    async with calling(Service.INTAKE, data) as intake:
        answer = await intake.get("/requests/export", headers=headers, format=format_.value, **asked)
    typer.echo(answer.content, nl=False)
    err.print(f"[dim]Next time: --since {answer.headers['As-Of']}[/]")
