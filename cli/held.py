"""`secondlook held`: inputs of cases that could not be handled, and offering them again."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, TypeVar
from uuid import UUID

import typer
from rich.markup import escape

from cli.cases import find
from cli.progress import Bar
from cli.saying import Failed, as_json, err, out, plainly
from cli.where import DEFAULT, Data, Json, Token, calling, token_for
from shared.calling.instances import Unreachable
from shared.calling.operator import OperatorDesk
from shared.contracts.vocabulary import Service

T = TypeVar("T")

app = typer.Typer(
    help="Look at parked cases, and offer again what they hold.\n\nExample: `secondlook held list`",
    no_args_is_help=True,
)

Which = Annotated[Service | None, typer.Option("--service", help="Only this service; all four when left out.")]
Case = Annotated[str, typer.Argument(metavar="NUMBER", help="The case number, or the case id.")]

LEFT = "More than a fifth fail still, so the others with that reason were left: the cause is still there."


@app.command("list")
@plainly
def list_(
    *,
    waiting: Annotated[bool, typer.Option("--waiting", help="Also cases that only wait for an event to come.")] = False,
    service: Which = None,
    token: Token = None,
    data: Data = DEFAULT,
    as_json_: Json = False,
) -> None:
    """List parked cases: something that came could not be handled, and all that came later waits behind it.

    Example: `secondlook held list`
    """
    found = asyncio.run(of_each(service, data, token, lambda desk: desk.held(waiting=waiting)))
    rows = [{"service": name, **case} for name, cases in found.items() for case in cases]
    if as_json_:
        as_json(rows)
        return
    for row in rows:
        behind = f", {row['waiting']} behind it" if row["reason"] else ""
        out.print(f"[bold]{row['case_id']}[/]  {row['service']}, since {moment(row['since'])}{behind}")
        out.print(f"  {row['topic']}: {escape(row['reason'] or 'waits for an event that must still come')}")
    if not rows:
        out.print("Nothing is parked.")
    if rows:
        out.print("\nSee what would come of it: `secondlook held redrive --dry-run`")


@app.command()
@plainly
def show(number: Case, token: Token = None, data: Data = DEFAULT, as_json_: Json = False) -> None:
    """Show what the services hold of one case, in the order in which it is offered again.

    Example: `secondlook held show 55MY1-Z1HT0-H`
    """
    found = asyncio.run(_of_case(number, data, token, lambda desk, case_id: desk.held_of(case_id)))
    held = {name: case for name, case in found.items() if case is not None}
    if as_json_:
        as_json(held)
        return
    if not held:
        out.print(f"No service holds anything of {number}.")
    for name, case in held.items():
        tried = f", not handled by build {', '.join(case['builds'])}" if case["builds"] else ""
        out.print(f"[bold]{name}[/] {'[red]parked[/]' if case['parked'] else 'waiting'}{tried}")
        for each in case["held"]:
            seq = "" if each["seq"] is None else f" {each['seq']} of {each['source']}"
            what = f"{each['topic']}{seq}, {each['bytes']} bytes, since {moment(each['since'])}"
            out.print(f"  {what}: {escape(each['reason'] or 'waits')}")


@app.command()
@plainly
def redrive(
    number: Annotated[
        str | None, typer.Argument(metavar="NUMBER", help="One case, by number or id; all parked ones if left out.")
    ] = None,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would come of it.")] = False,
    as_it_stands: Annotated[
        bool, typer.Option("--as-it-stands", help="A case that is behind its topics goes on with what is known of it.")
    ] = False,
    per_second: Annotated[float, typer.Option(help="At most so many cases a second, in each service.", min=0.1)] = 10.0,
    service: Which = None,
    token: Token = None,
    data: Data = DEFAULT,
    as_json_: Json = False,
) -> None:
    """Offer what parked cases hold again: first what failed, then all that waited behind it, in order.

    Of the cases that are parked for one reason, the rest is left when more than a fifth fail still; the others go on.

    Example: `secondlook held redrive --dry-run`

    Example: `secondlook held redrive 55MY1-Z1HT0-H`
    """
    if as_it_stands and (number is None or service is None):
        raise Failed("A case goes on as it stands only by itself, in one service: give its number and --service.")
    if number is not None:
        how = {"dry_run": dry_run, "as_it_stands": as_it_stands}
        one = asyncio.run(_of_case(number, data, token, lambda desk, case_id: desk.redrive(case_id, **how), service))
        results = {name: [told] for name, told in one.items() if told["result"] != "not_parked"}
        left: dict[str, list[dict[str, Any]]] = {}
    else:
        with Bar() as bar:
            rounds = asyncio.run(
                of_each(service, data, token, lambda desk: _all_of(desk, per_second, bar, dry_run=dry_run))
            )
        results = {name: [each for told in answers for each in told["results"]] for name, answers in rounds.items()}
        left = {name: summed for name, answers in rounds.items() if (summed := _left(answers))}
    if as_json_:
        as_json({"dry_run": dry_run, "left": left, "results": results})
    else:
        _show_redriven(results, dry_run=dry_run)
    for name, reasons in left.items():
        for each in reasons:
            why = f"{each['why']['topic']}: {escape(each['why']['reason'] or '')}"
            err.print(f"{name}: {each['left']} left, {each['failing']} of {each['tried']} fail still: {why}")
    if left:
        raise Failed(f"{', '.join(left)}: {LEFT}")


def _left(answers: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The reasons for which cases were left, over all answers."""
    summed: dict[tuple[Any, Any], dict[str, Any]] = {}
    for each in (each for told in answers for each in told["left"]):
        key = each["why"]["topic"], each["why"]["reason"]
        known = summed.setdefault(key, {"why": each["why"], "tried": 0, "failing": 0, "left": 0})
        for count in ("tried", "failing", "left"):
            known[count] += each[count]
    return list(summed.values())


@app.command()
@plainly
def discard(
    number: Annotated[str, typer.Argument(metavar="CASE", help="The case id: what nobody submitted has no number.")],
    *,
    why: Annotated[str, typer.Option(help="Why nobody will ever need this, for the record. No personal data.")],
    service: Which = None,
    token: Token = None,
    data: Data = DEFAULT,
    as_json_: Json = False,
) -> None:
    """Dismiss what is held of a case that somebody invented: intake must not know it.

    What was held is kept sealed, with your name and reason. Refused where intake knows the case, or does not answer.

    Example: `secondlook held discard 0b9b2c86-0d52-5c35-9d0e-0a2f0f5f7c11 --why "Forged from outside, ticket 12"`
    """
    found = asyncio.run(_of_case(number, data, token, lambda desk, case_id: desk.discard(case_id, why=why), service))
    done = {name: told for name, told in found.items() if told is not None}
    if as_json_:
        as_json(done)
    elif not done:
        out.print(f"No service holds anything of {number}.")
    for name in done if not as_json_ else ():
        out.print(f"{name}: dismissed.")


async def _all_of(desk: OperatorDesk, per_second: float, bar: Bar, *, dry_run: bool) -> list[dict[str, Any]]:
    bar.begin(f"{desk.name}: offering parked cases again", await desk.count_parked())
    answers: list[dict[str, Any]] = []
    async for told in desk.redrive_all(dry_run=dry_run, per_second=per_second):
        answers.append(told)
        bar.advance(len(told["results"]) + sum(each["left"] for each in told["left"]))
    return answers


def _show_redriven(results: dict[str, list[dict[str, Any]]], *, dry_run: bool) -> None:
    if not any(results.values()):
        out.print("Nothing is parked.")
    for name, told in results.items():
        for each in told:
            if each["result"] == "still_fails":
                out.print(f"[red]✗[/] {name} {each['case_id']} {each['topic']}: {escape(each['reason'] or '')}")
        applied = [each for each in told if each["result"] == "applied"]
        inputs = sum(each["released"] for each in told)
        if told:
            would = "would be " if dry_run else ""
            failing = len(told) - len(applied)
            out.print(f"{name}: {len(applied)} {would}released with {inputs} held inputs, {failing} not.")


async def of_each(
    service: Service | None, data: Path, token: str | None, ask: Callable[[OperatorDesk], Awaitable[T]]
) -> dict[str, T]:
    """Ask all services, or the one that is meant. Of several, those that do not answer are named on stderr."""
    token = token_for("operator", data, given=token)
    found: dict[str, T] = {}
    for each in [service] if service else list(Service):
        try:
            async with operating(each, token, data) as desk:
                found[each.value] = await ask(desk)
        except Unreachable:
            if service:
                raise
            err.print(f"[yellow]Not all of it: {each} does not answer.[/]")
    if not found:
        raise Failed("No service answers: see `secondlook status`.")
    return found


async def _of_case(
    number: str,
    data: Path,
    token: str | None,
    ask: Callable[[OperatorDesk, UUID], Awaitable[T]],
    service: Service | None = None,
) -> dict[str, T]:
    token = token_for("operator", data, given=token)
    try:
        case_id = UUID(number)
    except ValueError:
        case_id = UUID((await find(number, data, token))["case_id"])
    return await of_each(service, data, token, lambda desk: ask(desk, case_id))


@asynccontextmanager
async def operating(service: Service, token: str, data: Path) -> AsyncIterator[OperatorDesk]:
    """A service's endpoints for operators."""
    async with calling(service, data) as instances:
        yield OperatorDesk(instances, token)


def moment(moment: str) -> str:
    return f"{datetime.fromisoformat(moment).astimezone(UTC):%Y-%m-%d %H:%M:%S}Z"
