"""`secondlook dead-letters`: records that belong to no case, and offering them again."""

import asyncio
from typing import Annotated, Any

import typer
from rich.markup import escape

from cli.held import Which, moment, of_each
from cli.progress import Bar
from cli.saying import Failed, as_json, out, plainly
from cli.where import DEFAULT, Data, Json, Token
from shared.calling.operator import OperatorDesk

MOST_LISTED = 200

app = typer.Typer(
    help="Look at records of no case, and offer them again.\n\nExample: `secondlook dead-letters list`",
    no_args_is_help=True,
)


@app.command("list")
@plainly
def list_(
    *,
    limit: Annotated[int, typer.Option("--limit", "-n", help="At most so many of each, the newest.", min=1)] = 50,
    service: Which = None,
    token: Token = None,
    data: Data = DEFAULT,
    as_json_: Json = False,
) -> None:
    """List records that belong to no case, and why each is of no use. Their content is kept sealed.

    Example: `secondlook dead-letters list`
    """
    found = asyncio.run(of_each(service, data, token, lambda desk: desk.dead_letters(min(limit, MOST_LISTED))))
    rows = [{"service": name, **letter} for name, letters in found.items() for letter in letters]
    if as_json_:
        as_json(rows)
        return
    for row in rows:
        place = f"{row['topic']} partition {row['partition']} offset {row['offset']}"
        out.print(f"{row['id'][:12]}  {moment(row['at'])}  {row['service']}, {place}: {escape(row['reason'])}")
    if not rows:
        out.print("No dead letters.")


@app.command()
@plainly
def redrive(
    letter: Annotated[
        str | None, typer.Argument(metavar="ID", help="One of them, by the beginning of its id; all if left out.")
    ] = None,
    *,
    service: Which = None,
    token: Token = None,
    data: Data = DEFAULT,
    as_json_: Json = False,
) -> None:
    """Offer records again, as if they came now: after a mended build or setting, some can be read.

    What is handled is a dead letter no more, and a request keeps the day on which it came. The others stay.

    Example: `secondlook dead-letters redrive`

    Example: `secondlook dead-letters redrive 3f9a01c2b7de`
    """
    with Bar() as bar:
        found = asyncio.run(of_each(service, data, token, lambda desk: _again(desk, letter, bar)))
    results = {name: told for name, told in found.items() if told}
    if letter and not results:
        raise Failed(f"No dead letter begins with {letter}: see `secondlook dead-letters list`.")
    if as_json_:
        as_json(results)
        return
    for name, told in results.items():
        for each in told:
            if each["result"] != "handled":
                kept = "nothing of it is kept: " if each["result"] == "nothing_kept" else ""
                out.print(f"[red]✗[/] {name} {each['id'][:12]} {kept}{escape(each['reason'] or '')}")
        handled = sum(each["result"] == "handled" for each in told)
        out.print(f"{name}: {handled} handled, {len(told) - handled} not.")
    if not results:
        out.print("No dead letters.")


async def _again(desk: OperatorDesk, letter: str | None, bar: Bar) -> list[dict[str, Any]]:
    if letter is None:
        bar.begin(f"{desk.name}: offering dead letters again", await desk.count_dead_letters())
        results: list[dict[str, Any]] = []
        async for each in desk.redrive_letters():
            results.append(each)
            bar.advance()
        return results
    meant = [each["id"] for each in await desk.dead_letters(MOST_LISTED) if each["id"].startswith(letter)]
    if len(meant) > 1:
        raise Failed(f"{len(meant)} dead letters begin with {letter}: give more of the id.")
    return [await desk.redrive_letter(each) for each in meant]
