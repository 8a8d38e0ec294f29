"""The command itself: options, progress, and what became of each line."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import AsyncExitStack
from dataclasses import asdict
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from cli.progress import Bar
from cli.saying import Failed, as_json, err, out, plainly
from cli.submitting import example
from cli.submitting.reading import Checking, Lacks, Request, Wrong, read
from cli.submitting.sending import Send, over_http, send_all, through_kafka
from cli.where import DEFAULT, ClientToken, Data, Json, calling, issuer, kafka, policy_now
from shared.calling.instances import Unreachable
from shared.calling.sent import Answer, Ledger, Sent
from shared.calling.words import word
from shared.contracts.vocabulary import Service
from shared.messaging.submitting import NotTaken, SubmissionSender
from shared.policy.loading import load

SHOWN = 50
CLIENT = "secondlook-submit"


class Channel(StrEnum):
    """How requests go in."""

    HTTP = "http"
    KAFKA = "kafka"


def _example(wanted: bool) -> None:
    if wanted:
        typer.echo(example.lines(), nl=False)
        raise typer.Exit


@plainly
def submit(
    file: Annotated[
        Path, typer.Argument(help="JSON lines: each a request, or {key, body}.", exists=True, dir_okay=False)
    ],
    *,
    check: Annotated[bool, typer.Option("--check", help="Only look at every line; send nothing.")] = False,
    valid_only: Annotated[
        bool, typer.Option("--valid-only", help="Send the right lines though others are wrong.")
    ] = False,
    example_: Annotated[
        bool,
        typer.Option("--example", help="Print a file to begin with.", is_eager=True, callback=_example),
    ] = False,
    channel: Annotated[Channel, typer.Option(help="How to send: the JSON API, or the topic request.received.")] = (
        Channel.HTTP
    ),
    token: ClientToken = None,
    data: Data = DEFAULT,
    as_json_: Json = False,
) -> None:
    """Send a file of requests. All lines are looked at first, and nothing is sent while one of them is wrong.

    Begin with `secondlook submit --example > requests.jsonl`.

    What is wrong is told by line and field, with what to do. `--check` also says what right lines lack, which would be
    sent back, and which names would be passed over. Mend the file, or send the rest with `--valid-only`.

    What was answered is kept in FILE.sent.jsonl, which only you may read: case numbers, and private links, which are
    shown nowhere else. Keep it. After an interruption, whatever it was, the same command goes on where it stopped, and
    repeats nothing, as long as the token is of the same client and the channel the same.

    A line without a key gets one from what it says. So lines may be added, mended or taken out, and the file sent
    again: only what is new is a new case. A line that you change is another request; to mend one that was not
    accepted, write its number into `resubmits`.

    Through Kafka nothing is answered but that the record is kept; the requestor is told by letter.

    Example: `secondlook submit requests.jsonl --check`

    Example: `secondlook submit requests.jsonl --valid-only --json`

    Example: `secondlook submit requests.jsonl --channel kafka`
    """
    del example_  # Printed before anything else is read.
    lines, wrong, lacking = _looked_at(file, policy_now(data))
    if not lines:
        raise Failed(f"{file} has no requests: write one JSON object on each line (see --example).")
    if check or (wrong and not valid_only):
        _tell_check(file, lines, wrong, lacking, as_json_=as_json_, only_looked=check)
        raise typer.Exit(1 if wrong else 0)
    refused = {each.line for each in wrong}
    to_send = (each for each in read(file) if isinstance(each, Request) and each.line not in refused)
    answers, before = _send(file, to_send, lines - len(wrong), channel, token=token, data=data)
    _tell(file, lines, answers, wrong, before, as_json_=as_json_)


def _looked_at(file: Path, now: datetime) -> tuple[int, list[Wrong], list[Lacks]]:
    """How many lines there are, what is wrong with which, and what right ones lack."""
    checking, count, wrong = Checking(now, load().at(now)), 0, list[Wrong]()
    with Bar(in_bytes=True) as bar:
        bar.begin("looking", file.stat().st_size)
        for each in read(file):
            count += 1
            if (found := checking.wrong(each)) is not None:
                wrong.append(found)
            if isinstance(each, Request):
                bar.advance(len(each.content))
    return count, wrong, checking.lacking


def _send(
    file: Path, to_send: Iterator[Request], count: int, channel: Channel, *, token: str | None, data: Path
) -> tuple[list[Sent], int]:
    """Send; what each line was answered, and how many had been answered before."""
    with Ledger(_kept_in(file)) as ledger:
        _same_channel(ledger.entries, channel)
        before, lines = 0, list[int]()

        def left() -> Iterator[Request]:
            nonlocal before
            for each in to_send:
                lines.append(each.line)
                if ledger.has(each.line, each.key):
                    before += 1
                    bar.advance()
                else:
                    yield each

        with Bar() as bar:
            bar.begin("sending", count)
            try:
                asyncio.run(_go(left(), channel, token, data, ledger=ledger, bar=bar))
            except (Unreachable, NotTaken) as failure:
                raise Failed(
                    f"{failure} {bar.done} of {count} lines were answered; the same command goes on from there."
                ) from failure
        return list(ledger.of(lines).values()), before


def _same_channel(entries: Iterable[Sent], channel: Channel) -> None:
    """By the other way each line would be another case: keys belong to the channel."""
    begun = {Channel.KAFKA if each.answer is Answer.SENT else Channel.HTTP for each in entries}
    if begun - {channel}:
        raise Failed(f"This file was begun through {', '.join(begun)}: go on with --channel {min(begun)}.")


async def _go(
    to_send: Iterator[Request], channel: Channel, token: str | None, data: Path, *, ledger: Ledger, bar: Bar
) -> None:
    async with AsyncExitStack() as stack:
        send: Send
        if channel is Channel.HTTP:
            intake = await stack.enter_async_context(calling(Service.INTAKE, data))
            send = over_http(intake, token or _made_for_development(data))
        else:
            send = through_kafka(await stack.enter_async_context(SubmissionSender(kafka(data))))
        await send_all(to_send, send, ledger, bar.advance)


def _made_for_development(data: Path) -> str:
    err.print(f"[dim]No token given: made one for development, client {CLIENT}.[/]")
    return issuer(data).client(CLIENT)


def _kept_in(file: Path) -> Path:
    return file.with_name(f"{file.name}.sent.jsonl")


def _tell_check(
    file: Path, total: int, wrong: list[Wrong], lacking: list[Lacks], *, as_json_: bool, only_looked: bool
) -> None:
    if as_json_:
        lacks = [asdict(each) for each in lacking]
        as_json({"file": str(file), "lines": total, "wrong": _listed(wrong), "lacking": lacks, "sent": {}})
        return
    _show_wrong(wrong)
    if only_looked:
        _show_lacking(lacking)
    if wrong and not only_looked:
        err.print(
            f"[red]✗[/] Nothing was sent: {len(wrong)} of {total} lines are wrong. Mend them and send the file again, "
            "or send the others with --valid-only."
        )
        return
    mark = "[red]✗[/]" if wrong else "[green]✓[/]"
    out.print(
        f"{mark} {total} lines, {len(wrong)} that would be refused, "
        f"{sum(each.sent_back for each in lacking)} that would be sent back to be mended."
    )


def _tell(file: Path, total: int, answers: list[Sent], wrong: list[Wrong], before: int, *, as_json_: bool) -> None:
    """The numbers and links themselves are in the file beside, and are not repeated here."""
    counts = Counter(answer.answer for answer in answers)
    odd = sorted((a for a in answers if a.answer in {Answer.REJECTED, Answer.REFUSED}), key=lambda each: each.line)
    lacking = sorted((a for a in answers if a.missing or a.ignored), key=lambda each: each.line)
    if as_json_:
        as_json(
            {
                "file": str(file),
                "lines": total,
                "sent": {answer.value: counts[answer] for answer in Answer if counts[answer]},
                "answered_before": before,
                "lacking": [{"line": a.line, "missing": a.missing, "ignored": a.ignored} for a in lacking],
                "not_accepted": [{"line": a.line, "answer": a.answer, "codes": a.codes} for a in odd],
                "wrong": _listed(wrong),
                "answers_in": str(_kept_in(file)),
            }
        )
    else:
        _show_wrong(wrong)
        _table([(a.line, f"{a.answer} {a.status}", ", ".join(a.codes)) for a in odd])
        _table([(a.line, "accepted", _lacks(a)) for a in lacking])
        told = ", ".join(f"{answer} {counts[answer]}" for answer in Answer if counts[answer])
        out.print(f"[green]✓[/] {told or 'nothing sent'}" + (f", not sent {len(wrong)}" if wrong else ""))
        if before:
            out.print(f"[dim]{before} of them had been answered before.[/]")
        out.print(f"Case numbers and private links are in {_kept_in(file)}: keep it, and show it to nobody.")
    if wrong or counts[Answer.REFUSED]:
        raise typer.Exit(1)


def _lacks(answer: Sent) -> str:
    lacks = f"lacks {', '.join(map(word, answer.missing))}" if answer.missing else ""
    passed = f"{answer.ignored} names passed over: --check has them" if answer.ignored else ""
    return "; ".join(filter(None, (lacks, passed)))


def _listed(wrong: list[Wrong]) -> list[dict[str, Any]]:
    return [
        {"line": each.line, "field": field.field, "code": field.code, "what_to_do": f"{field.field} {field.message}"}
        for each in wrong
        for field in each.fields
    ]


def _show_wrong(wrong: list[Wrong]) -> None:
    _table([(each.line, field.field, field.message) for each in wrong for field in each.fields])


def _show_lacking(lacking: list[Lacks]) -> None:
    """What right lines lack and would be accepted or sent back for, and names that are no field of a request."""
    rows = list[tuple[int, str, str]]()
    for each in lacking:
        if each.missing:
            verdict = "would be sent back" if each.sent_back else "would be accepted"
            rows.append((each.line, verdict, f"lacks {', '.join(map(word, each.missing))}"))
        for odd in each.ignored:
            meant = f"did you mean {odd.like}?" if odd.like else "is no field of a request"
            rows.append((each.line, odd.field, f"would be passed over: {meant}"))
    _table(rows)


def _table(rows: list[tuple[int, str, str]]) -> None:
    if not rows:
        return
    table = Table("line", "", "", box=None, header_style="bold")
    for line, what, codes in rows[:SHOWN]:
        table.add_row(str(line), what, codes)
    out.print(table)
    if len(rows) > SHOWN:
        out.print(f"[dim]and {len(rows) - SHOWN} more; --json has all.[/]")
