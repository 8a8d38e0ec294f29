"""A queue as a tired officer reads it: the most urgent first, in words, each due time with its zone."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from rich.table import Table

from cli.saying import out
from shared.calling.words import word
from shared.contracts.received import OTHER

EASTERN = "America/New_York"
URGENCIES = {
    "REMOVAL_IMMINENT": "[bold red]REMOVAL IMMINENT[/]",
    "DETAINED": "[yellow]detained[/]",
    "ROUTINE": "routine",
}


def show(cases: Sequence[dict[str, Any]], *, of: str, now: datetime) -> None:
    """The queue as a table."""
    if not cases:
        out.print(f"Nothing waits {of}.")
        return
    table = Table("urgency", "due", "", "case", "round", "claimed by", "note", box=None, header_style="bold")
    for column in table.columns[:5]:
        column.no_wrap = True  # Half a case number is none.
    for case in cases:
        due = datetime.fromisoformat(case.get("answer_due") or case["due"])
        table.add_row(
            URGENCIES.get(case["urgency"], case["urgency"]),
            local(due, now, case.get("zone", EASTERN)),
            left(due - now),
            case["number"] or "not known yet",
            str(case["round"]),
            _claim(case["claim"]),
            _note(case),
        )
    out.print(table)
    out.print(f"\n{len(cases)} {'case waits' if len(cases) == 1 else 'cases wait'} {of}.")


def reasons_for_places(cases: Sequence[dict[str, Any]]) -> None:
    """Under the queue: why each case stands where it stands."""
    for place, case in enumerate(cases, start=1):
        out.print(f"\n[bold]{place}. {case['number'] or 'number not known yet'}[/]")
        for sentence in case["why"]:
            out.print(f"   {sentence}")


def local(moment: datetime, now: datetime, zone: str = EASTERN) -> str:
    """A moment with its weekday and zone, and its year where it is another; as the help line has it without a zone."""
    year = "" if moment.year == now.year else " %Y"
    try:
        return moment.astimezone(ZoneInfo(zone)).strftime(f"%a %d %b{year} %H:%M %Z")
    except ZoneInfoNotFoundError:
        return moment.astimezone(UTC).strftime(f"%a %d %b{year} %H:%M UTC")


def left(time: timedelta) -> str:
    """How long there is still, or since when it is over."""
    hours = abs(time) // timedelta(hours=1)
    amount = f"{hours // 24} d" if hours >= 48 else f"{hours} h"
    return f"[red]overdue by {amount}[/]" if time < timedelta() else f"in {amount}"


def _claim(claim: dict[str, Any] | None) -> str:
    if claim is None:
        return "[dim]nobody[/]"
    return f"{claim['by']} [dim](claim over)[/]" if claim["expired"] else str(claim["by"])


def not_understood(like: Sequence[str]) -> str:
    """What was no field of a request: which of ours it is like, and how many are like none."""
    others = sum(each == OTHER for each in like)
    told = [f"something like {each}" for each in like if each != OTHER]
    return ", ".join([*told, f"{others} unknown field{'s' if others > 1 else ''}"] if others else told)


def _note(case: dict[str, Any]) -> str:
    notes = ["changed since you looked"] if case.get("news") else []
    if presumed := (case.get("presumption") or {}).get("categories"):
        notes.append(f"presumed: {', '.join(map(word, presumed))}")
    if elsewhere := case.get("now_in_area_of"):
        notes.append(f"now in another area ({elsewhere}): forward it?")
    if case.get("missing"):
        notes.append(f"missing: {', '.join(map(word, case['missing']))}")
    if odd := case.get("not_understood"):
        notes.append(f"not understood: {not_understood(odd)}")
    if given := case.get("decision"):
        said = f"decided by {given['by']}: {word(given['outcome'])}"
        notes.append(f"{said}, takes effect soon" if given["standing"] == "waits" else f"{said}, fell by new facts")
    if case.get("question_open"):
        notes.append("a question is open")
    if case.get("office_asked"):
        notes.append("the field office is asked")
    if case.get("new_facts"):
        notes.append("new facts")
    if case.get("claimable") is False:
        notes.append("the field office's record is not here yet")
    return "; ".join(notes)
