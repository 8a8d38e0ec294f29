"""`secondlook replay`: cases as they stood at any moment, from an archive; and whether the live services agree."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer
from rich.markup import escape
from rich.table import Table

from cli.asking import Archive, At, moment, opened
from cli.cases import shown
from cli.saying import Failed, as_json, err, out, plainly
from cli.where import DEFAULT, Data, Json, Token, desk, token_for
from services.intake.domain.case_number import read_number
from shared.calling.instances import Refusal
from shared.calling.words import word
from shared.contracts.vocabulary import Service

if TYPE_CHECKING:
    from services.replay.asking import EventArchive
    from services.replay.replaying import Offset
    from shared.contracts.history import History

app = typer.Typer(invoke_without_command=True)

AT_ONCE = 8
SHOWN = 20
Case = Annotated[str | None, typer.Option("--case", help="A case's number, or its id.")]


@app.callback()
@plainly
def replay(
    context: typer.Context,
    case: Case = None,
    *,
    at: At = None,
    event: Annotated[UUID | None, typer.Option(help="The case as it stood just after this event, by its id.")] = None,
    offset: Annotated[
        str | None, typer.Option(help="The case when this record was written: TOPIC:PARTITION:OFFSET.")
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Compare with the live services, byte for byte.")] = False,
    archive: Archive = None,
    data: Data = DEFAULT,
    token: Token = None,
    as_json_: Json = False,
) -> None:
    """Show a case, or all of them, as they stood at a moment. An archive is folded as the live view folds its events.

    With --check every case (or the one) is compared with what the live services say now; archive first, and at a quiet
    time. Ends with 1 where they differ.

    Example: `secondlook replay --at 2021-06-01T12:00Z --case 55MY1-Z1HT0-H`

    Example: `secondlook replay --at 2021-06-01`

    Example: `secondlook replay --check`
    """
    if context.invoked_subcommand is not None:
        return
    if case is None and (event or offset):
        raise Failed("An event or an offset is of one case: name it with --case.")
    if check and (at or event or offset):
        raise Failed("The live services only know how it is now: leave out --at, --event and --offset with --check.")
    with opened(archive, data, at) as asked:
        if check:
            _checked(asked, case, data, token_for("analyst", data, given=token), as_json_=as_json_)
        elif case is None:
            _all(asked, as_json_=as_json_)
        else:
            history = _history(asked, case, event, _place(offset)).model_dump(mode="json")
            if as_json_:
                as_json(history)
            else:
                shown(history)


def _history(asked: "EventArchive", case: str, event: UUID | None = None, offset: "Offset | None" = None) -> "History":
    from services.replay.replaying import NoCase, case_id_of, history_at

    try:
        return history_at(asked, case_id_of(asked, read_number(case) or case), event=event, offset=offset)
    except NoCase as failure:
        raise Failed(str(failure)) from None


def _place(said: str | None) -> "Offset | None":
    from services.replay.replaying import Offset

    if said is None:
        return None
    topic, *numbers = said.split(":")
    if len(numbers) != 2 or not all(number.isdecimal() for number in numbers):
        raise Failed(f"{said} is no offset: write it like triage.assigned:0:17.")
    return Offset(topic, int(numbers[0]), int(numbers[1]))


def _all(asked: "EventArchive", *, as_json_: bool) -> None:
    counted = asked.rows("SELECT stage, coalesce(office, 'none yet'), count(*) FROM cases GROUP BY ALL ORDER BY ALL")
    if as_json_:
        as_json([{"stage": stage, "office": office, "cases": count} for stage, office, count in counted])
        return
    table = Table("stage", "office", "cases", box=None, header_style="bold")
    for stage, office, count in counted:
        table.add_row(word(stage), office, str(count))
    out.print(table)


def _checked(asked: "EventArchive", case: str | None, data: Path, token: str, *, as_json_: bool) -> None:
    from services.replay.replaying import histories

    all_ = histories(asked) if case is None else iter([_history(asked, case)])
    equal, unlike = asyncio.run(_compared(all_, data, token))
    if as_json_:
        as_json({"equal": equal, "different": unlike})
    else:
        for each in unlike[:SHOWN]:
            err.print(f"[red]✗[/] {each['number']}: {escape(', '.join(each['fields']))}")
        if len(unlike) > SHOWN:
            err.print(f"and {len(unlike) - SHOWN} more")
        sign = "[red]✗[/]" if unlike else "[green]✓[/]"
        out.print(f"{sign} {equal} cases are the same byte for byte, {len(unlike)} are not.")
    if unlike:
        raise typer.Exit(1)


async def _compared(replayed: "Iterator[History]", data: Path, token: str) -> tuple[int, list[dict[str, Any]]]:
    from services.replay.replaying import compared

    equal, unlike = 0, []
    async with desk(Service.TRIAGE, token, data) as triage:

        async def look(history: "History") -> dict[str, Any]:
            try:
                live = await triage.history(history.case_id)
            except Refusal as refusal:
                return {str(refusal): (None, None)}
            missing = {f"no answer from {name}": (None, None) for name in live["missing"]}
            return missing or compared(history, live["history"])

        while some := [history for _, history in zip(range(AT_ONCE), replayed, strict=False)]:
            for history, fields in zip(some, await asyncio.gather(*map(look, some)), strict=True):
                if fields:
                    unlike.append({"case_id": history.case_id, "number": history.number, "fields": fields})
                else:
                    equal += 1
    return equal, unlike


@app.command()
@plainly
def diff(
    case: Annotated[str, typer.Option("--case", help="A case's number, or its id.")],
    *,
    from_: Annotated[str, typer.Option("--from", help="A moment, like 2021-06-01T12:00Z.")],
    to: Annotated[str | None, typer.Option("--to", help="A later moment; the end of the archive if left out.")] = None,
    archive: Archive = None,
    data: Data = DEFAULT,
    as_json_: Json = False,
) -> None:
    """Show what became of a case between two moments: each field that changed, and what happened.

    Example: `secondlook replay diff --case 55MY1-Z1HT0-H --from 2021-06-01 --to 2021-07-01`
    """
    from services.replay.replaying import NoCase, case_id_of, change, history_at

    if (end := moment(to)) and end < (moment(from_) or end):
        raise Failed("The second moment is before the first: exchange them.")
    with opened(archive, data, to) as later, opened(archive, data, from_) as earlier:
        after = _history(later, case)
        try:
            before = history_at(earlier, case_id_of(earlier, after.case_id))
        except NoCase:
            before = None
        found = change(before, after)
    if as_json_:
        as_json({"fields": found.fields, "happened": found.happened})
        return
    table = Table("field", "before", "after", box=None, header_style="bold")
    for name, (old, new) in found.fields.items():
        table.add_row(name, escape(_brief(old)), escape(_brief(new)))
    out.print(table)
    for line in found.happened:
        out.print(f"{line['at'][:16].replace('T', ' ')}  {line['event']}  {word(line['happened'])}")


def _brief(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(
            str(each.get("waits_for") or each.get("letter")) if isinstance(each, dict) else str(each) for each in value
        )
    return "" if value is None else str(value)
