"""Deciding one case or many: one request for each person's, and a line for what became of each."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.cases import facts_seen, find
from cli.queues import local
from cli.saying import advised, as_json, err, out
from cli.where import desk
from shared.calling.staff import without_nothing
from shared.contracts.vocabulary import Service

Numbers = Annotated[
    list[str], typer.Argument(help="One or more case numbers; spaces within one are forgiven, in quotes.")
]
TakeInHand = Annotated[bool, typer.Option("--claim", help="Take those in hand first that nobody else has claimed.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would become of each, and change nothing.")]


async def decide(
    numbers: Sequence[str],
    said: dict[str, Any],
    data: Path,
    *,
    at: Service,
    looking: str,
    token_of: Callable[[dict[str, Any]], str],
    facts: int | None,
    claim: bool,
    dry_run: bool,
) -> list[tuple[str, dict[str, Any]]]:
    """Each number with what became of its decision. `looking` is the token that cases are found with, `token_of` makes
    the one for a found case; without `facts` each is decided on the newest facts."""
    cases = await asyncio.gather(*(find(number, data, looking) for number in numbers))
    theirs: dict[str, list[int]] = defaultdict(list)
    for place, found in enumerate(cases):
        theirs[token_of(found)].append(place)
    became: dict[int, dict[str, Any]] = {}
    for token, places in theirs.items():
        async with desk(at, token, data) as service:
            decisions = []
            for place in places:
                case_id = cases[place]["case_id"]
                seen = await facts_seen(service, case_id, facts)
                decisions.append(without_nothing(said) | {"case_id": case_id, "facts_seen": seen})
            became |= zip(places, await service.decide(decisions, claim=claim, dry_run=dry_run), strict=True)
    return [(number, became[place]) for place, number in enumerate(numbers)]


def tell(became: Sequence[tuple[str, dict[str, Any]]], outcome: str, *, as_json_: bool) -> None:
    """A line for each, or all for scripts; the command fails when one was not decided."""
    if as_json_:
        as_json([{"number": number, **result} for number, result in became])
    else:
        _lines(became, outcome)
    if any(result["status"] in {"refused", "unknown"} for _, result in became):
        raise typer.Exit(1)


def _lines(became: Sequence[tuple[str, dict[str, Any]]], outcome: str) -> None:
    for number, result in became:
        match result["status"]:
            case "decided":
                out.print(f"[green]✓[/] {number}: {outcome.lower()}{_effect(result)}.")
            case "would_be_decided":
                out.print(f"[green]✓[/] {number} would be {outcome.lower()}{_effect(result)}.")
            case _:
                err.print(f"[red]✗[/] {number}: {advised(result['reason'], result['code'])}")


def _effect(result: dict[str, Any]) -> str:
    """When it takes effect, where that is not at once."""
    if not result.get("takes_effect_at"):
        return ""
    at = datetime.fromisoformat(result["takes_effect_at"])
    return f"; takes effect {local(at, at)}, until then `secondlook take-back`"
