"""What the demo shows at its end: tables, one case as a timeline, its letters, and the last line."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.columns import Columns
from rich.console import Console
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table

from deploy.demo.oracle import Evidence, Findings
from deploy.local.mailbox import Letter
from shared.contracts.envelope import Event
from shared.contracts.telling import SENTENCES, Happened
from shared.contracts.vocabulary import EventType

SHOWN_FINDINGS = 40
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:[\d.]+Z")
URGENCIES = ("REMOVAL_IMMINENT", "DETAINED", "ROUTINE")


def tables(evidence: Evidence) -> Columns:
    """Cases by outcome, and by office, each by urgency."""
    outcomes: Counter[tuple[str, str]] = Counter()
    offices: Counter[tuple[str, str]] = Counter()
    for case_id in evidence.events:
        assigned = evidence.of(case_id, EventType.TRIAGE_ASSIGNED)
        issued = evidence.of(case_id, EventType.RESOLUTION_ISSUED)
        if not assigned:
            continue
        urgency = str(assigned[-1].data.urgency)
        said = issued[0].data if issued else None
        outcomes[f"{said.outcome} by {said.stage}" if said else "unsettled", urgency] += 1
        offices[assigned[-1].data.office or "to be assigned", urgency] += 1
    return Columns([_table("outcome", outcomes), _table("office", offices)], padding=(0, 4))


def _table(title: str, counts: Mapping[tuple[str, str], int]) -> Table:
    table = Table(title, *(word(each) for each in URGENCIES), "all", box=None, header_style="bold", show_footer=True)
    totals: Counter[str] = Counter()
    for name in sorted({name for name, _ in counts}):
        row = [counts.get((name, urgency), 0) for urgency in URGENCIES]
        totals.update(dict(zip(URGENCIES, row, strict=True)))
        table.add_row(name, *(str(count or "") for count in row), str(sum(row)))
    footers = ["all", *(str(totals[urgency]) for urgency in URGENCIES), str(sum(totals.values()))]
    for column, footer in zip(table.columns, footers, strict=True):
        column.footer = footer
        column.justify = "left" if column is table.columns[0] else "right"
    return table


def word(code: str) -> str:
    """A code as people say it."""
    return code.replace("_", " ").lower()


def timeline(history: Mapping[str, Any]) -> Table:
    """A case's history (of triage's `/cases/{id}/history`) as a table."""
    table = Table("when (policy clock, UTC)", "service", "what happened", "", box=None, header_style="bold")
    for entry in history["timeline"]:
        details = ", ".join(f"{name} {_said(value)}" for name, value in entry["details"].items() if name != "number")
        sentence = SENTENCES[Happened(entry["happened"])]
        table.add_row(str(entry["at"])[:16].replace("T", " "), entry["source"], sentence, f"[dim]{escape(details)}[/]")
    return table


def _said(value: Any) -> str:
    if isinstance(value, list):
        return " + ".join(map(str, value))
    text = str(value)
    return text[:16].replace("T", " ") if MOMENT.fullmatch(text) else text


def letters(found: Sequence[tuple[str, Letter]]) -> Iterable[Panel]:
    """The letters of one case: the first as it is, of the others what they say differently."""
    frame: set[str] = set()
    for to, letter in found:
        lines = [line for line in letter.text.splitlines() if line.strip()]
        shown = [line for line in lines if line not in frame]
        rest = "" if len(shown) == len(lines) else "\n[dim](and what all letters say)[/]"
        frame.update(lines)
        yield Panel(escape("\n".join(shown)) + rest, title=escape(f"to {to}: {letter.subject}"), title_align="left")


def findings(console: Console, found: Findings) -> None:
    """Everything that is wrong, by kind."""
    for kind, sentences in (("lost", found.lost), ("doubled", found.doubled), ("otherwise", found.different)):
        for sentence in sentences[:SHOWN_FINDINGS]:
            console.print(f"[red]{kind}[/]  {escape(sentence)}")
        if len(sentences) > SHOWN_FINDINGS:
            console.print(f"[red]{kind}[/]  and {len(sentences) - SHOWN_FINDINGS} more")


def last_line(evidence: Evidence, found: Findings) -> str:
    """`submitted N, rejected R, resolved M, e-mails E, lost 0, doubled 0`."""
    counts = Counter(kind for events in evidence.events.values() for kind in kinds_of(events))
    return (
        f"submitted {counts[EventType.REQUEST_SUBMITTED]}, rejected {counts[EventType.REQUEST_REJECTED]}, "
        f"resolved {counts[EventType.RESOLUTION_ISSUED]}, e-mails {len(evidence.mails)}, "
        f"lost {len(found.lost)}, doubled {len(found.doubled)}"
    )


def kinds_of(events: Iterable[Event[Any]]) -> set[EventType]:
    """Which types of event a case has."""
    return {event.type for event in events}
