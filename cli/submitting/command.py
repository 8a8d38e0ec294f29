"""The command itself: options, progress, and what became of each line."""

import asyncio
import json
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from cli.saying import Failed, as_json, err, out, plainly
from cli.submitting.reading import Request, Wrong, checked, clashes, read
from cli.submitting.sending import Send, over_http, send_all, through_kafka
from cli.where import DEFAULT, Data, Json, Token, calling, issuer, kafka, policy_now
from shared.calling.instances import Unreachable
from shared.calling.sent import Answer, Ledger, Sent
from shared.contracts.vocabulary import Service
from shared.messaging.submitting import NotTaken, SubmissionSender

SHOWN = 50
CLIENT = "secondlook-submit"


class Channel(StrEnum):
    """How requests go in."""

    HTTP = "http"
    KAFKA = "kafka"


@plainly
def submit(
    file: Annotated[
        Path, typer.Argument(help="JSON lines: each a request, or {key, body}.", exists=True, dir_okay=False)
    ],
    *,
    check: Annotated[bool, typer.Option("--check", help="Only look at every line; send nothing.")] = False,
    channel: Annotated[Channel, typer.Option(help="How to send: the JSON API, or the topic request.received.")] = (
        Channel.HTTP
    ),
    token: Token = None,
    data: Data = DEFAULT,
    as_json_: Json = False,
) -> None:
    """Send a file of requests, and say by line what was not accepted.

    What was answered is kept in FILE.sent.jsonl: case numbers, and the private links that belong to the requestors.
    After an interruption the same command goes on where it stopped, and repeats nothing. A line without a key gets
    one from its own content and place, so that sending it twice is still one case.

    Through Kafka nothing is answered but that the record is kept; the requestor is told by letter.

    Example: `secondlook submit requests.jsonl --check`

    Example: `secondlook submit requests.jsonl --channel kafka`
    """
    lines = list(read(file))
    if not lines:
        raise Failed(f"{file} has no requests: write one JSON object on each line.")
    today = policy_now(data).date()
    wrong = [found for each in lines if (found := checked(each, today=today))]
    wrong += clashes([each for each in lines if isinstance(each, Request)])
    if check:
        _tell_check(len(lines), sorted(wrong, key=lambda each: each.line), as_json_=as_json_)
        raise typer.Exit(1 if wrong else 0)
    _tell(*_send(file, lines, channel, token, data), as_json_=as_json_)


def _send(
    file: Path, lines: list[Request | Wrong], channel: Channel, token: str | None, data: Path
) -> tuple[dict[int, Sent], list[Wrong], int]:
    """Send; what each line was answered, what could not be sent, and how many had been answered before."""
    to_send = [each for each in lines if isinstance(each, Request)]
    unsendable = [each for each in lines if isinstance(each, Wrong)]
    with Ledger(file.with_name(f"{file.name}.sent.jsonl")) as ledger:
        before = sum(ledger.has(each.line, each.key) for each in to_send)
        with _bar(len(to_send), before) as bar:
            try:
                asyncio.run(_go(to_send, channel, token, data, ledger=ledger, bar=bar))
            except (Unreachable, NotTaken) as failure:
                done = sum(ledger.has(each.line, each.key) for each in to_send)
                raise Failed(
                    f"{failure} {done} of {len(to_send)} lines were answered; the same command goes on from there."
                ) from failure
        return ledger.of(each.line for each in to_send), unsendable, before


async def _go(
    to_send: list[Request], channel: Channel, token: str | None, data: Path, *, ledger: Ledger, bar: Progress
) -> None:
    async with AsyncExitStack() as stack:
        send: Send
        if channel is Channel.HTTP:
            intake = await stack.enter_async_context(calling(Service.INTAKE, data))
            send = over_http(intake, token or _made_for_development(data))
        else:
            send = through_kafka(await stack.enter_async_context(SubmissionSender(kafka(data))))
        await send_all(to_send, send, ledger, lambda: bar.advance(bar.task_ids[0]))


def _made_for_development(data: Path) -> str:
    err.print(f"[dim]No token given: made one for development, client {CLIENT}.[/]")
    return issuer(data).client(CLIENT)


def _bar(total: int, done: int) -> Progress:
    bar = Progress(
        TextColumn("sending"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=err, transient=True
    )
    bar.add_task("sending", total=total, completed=done)
    return bar


def _tell_check(total: int, wrong: list[Wrong], *, as_json_: bool) -> None:
    if as_json_:
        as_json({"lines": total, "wrong": [asdict(each) for each in wrong]})
        return
    _table([(each.line, "would be refused", each.codes) for each in wrong])
    bad = len({each.line for each in wrong})
    mark = "[red]✗[/]" if wrong else "[green]✓[/]"
    out.print(
        f"{mark} {total} lines, {bad} that would be refused. Whether a request is complete is seen when it is sent."
    )


def _tell(answers: dict[int, Sent], unsendable: list[Wrong], before: int, *, as_json_: bool) -> None:
    if as_json_:
        for answer in answers.values():
            typer.echo(json.dumps(asdict(answer)))
        for each in unsendable:
            typer.echo(json.dumps({"line": each.line, "answer": "not sent", "codes": each.codes}))
    else:
        counts = Counter(answer.answer for answer in answers.values())
        not_accepted = [a for a in answers.values() if a.answer in {Answer.REJECTED, Answer.REFUSED}]
        rows = [(a.line, f"{a.answer} {a.status}", a.codes) for a in not_accepted]
        _table(sorted(rows + [(each.line, "not sent", each.codes) for each in unsendable]))
        told = ", ".join(f"{answer} {counts[answer]}" for answer in Answer if counts[answer])
        out.print(f"[green]✓[/] {told or 'nothing sent'}" + (f", not sent {len(unsendable)}" if unsendable else ""))
        if before:
            out.print(f"[dim]{before} of them had been answered before.[/]")
    if unsendable or any(answer.answer is Answer.REFUSED for answer in answers.values()):
        raise typer.Exit(1)


def _table(rows: list[tuple[int, str, tuple[str, ...]]]) -> None:
    if not rows:
        return
    table = Table("line", "", "codes", box=None, header_style="bold")
    for line, what, codes in rows[:SHOWN]:
        table.add_row(str(line), what, ", ".join(codes))
    out.print(table)
    if len(rows) > SHOWN:
        out.print(f"[dim]and {len(rows) - SHOWN} more; --json has all.[/]")
