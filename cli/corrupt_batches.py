"""`secondlook corrupt-batches`: where a topic cannot be read, and passing such a place."""

import asyncio
from typing import Annotated

import typer

from cli.held import Which, moment, of_each
from cli.saying import as_json, out, plainly
from cli.where import DEFAULT, Data, Json, Token
from shared.calling.operator import OperatorDesk
from shared.contracts.vocabulary import Service

app = typer.Typer(
    help="See where topics cannot be read, and go past it.\n\nExample: `secondlook corrupt-batches list`",
    no_args_is_help=True,
)


@app.command("list")
@plainly
def list_(*, service: Which = None, token: Token = None, data: Data = DEFAULT, as_json_: Json = False) -> None:
    """List batches that cannot be read. Their partitions stand there, and no other waits for them.

    Example: `secondlook corrupt-batches list`
    """
    found = asyncio.run(of_each(service, data, token, OperatorDesk.corrupt_batches))
    rows = [{"service": name, **batch} for name, batches in found.items() for batch in batches]
    if as_json_:
        as_json(rows)
        return
    for row in rows:
        place = f"{row['topic']} partition {row['partition']} offset {row['offset']}"
        asked = f", to be passed to {row['skip_to']}" if row["skip_to"] else f", the next one at {row['following']}"
        out.print(f"{moment(row['since'])}  {row['service']}, {place}{asked}: {row['why']}")
    if not rows:
        out.print("All topics can be read.")
    if rows:
        out.print("\nPublish again what they held: `secondlook reconcile`. Then: `secondlook corrupt-batches skip`")


@app.command()
@plainly
def skip(
    topic: Annotated[str, typer.Argument(help="As the list names it.")],
    partition: Annotated[int, typer.Argument(min=0, help="As the list names it.")],
    offset: Annotated[int, typer.Argument(min=0, help="Where the batch begins, as the list names it.")],
    *,
    service: Annotated[Service, typer.Option("--service", help="The service that stands there.")],
    why: Annotated[str, typer.Option("--why", help="For the record; name nobody here.")],
    to: Annotated[int | None, typer.Option("--to", help="Where to go on, if not where the next batch begins.")] = None,
    token: Token = None,
    data: Data = DEFAULT,
    as_json_: Json = False,
) -> None:
    """Pass a batch unread. Run `secondlook reconcile` first: it publishes again what our own services had in it.

    Example: `secondlook corrupt-batches skip triage.completed 2 1042 --service intake --why "disk error of 3 March"`
    """

    async def skipped(desk: OperatorDesk) -> int:
        return await desk.skip(topic, partition, offset, to=to, why=why)

    (went,) = asyncio.run(of_each(service, data, token, skipped)).values()
    if as_json_:
        as_json({"to": went})
        return
    out.print(f"{service}: {topic} partition {partition} goes on at {went} within seconds.")
