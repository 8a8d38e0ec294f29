"""What the demo shows at its end: how the cases ended, six scenes, one case's whole way, and the last line."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from textwrap import wrap
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from deploy.demo.depth import Shown
from deploy.demo.oracle import Evidence, Findings
from shared.calling.words import word
from shared.contracts.envelope import Event
from shared.contracts.telling import SENTENCES, Happened
from shared.contracts.vocabulary import EventType, Stage

SHOWN_FINDINGS = 40
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:[\d.]+Z")
URGENCIES = ("REMOVAL_IMMINENT", "DETAINED", "ROUTINE")
BY = {Stage.FIELD_OFFICE: "the field office", Stage.SRO: "headquarters", Stage.REQUESTOR: "the requestor"}
WIDTH = 96
INDENT = "   "


def endings(evidence: Evidence) -> Table:
    """Cases by outcome, and how urgent they were."""
    outcomes: Counter[tuple[str, str]] = Counter()
    for case_id in evidence.events:
        assigned = evidence.of(case_id, EventType.TRIAGE_ASSIGNED)
        issued = evidence.of(case_id, EventType.RESOLUTION_ISSUED)
        if assigned:
            said = issued[0].data if issued else None
            ended = f"{word(said.outcome)}, by {BY[said.stage]}" if said else "unsettled"
            outcomes[ended, str(assigned[-1].data.urgency)] += 1
    return _table("how it ended", outcomes)


def offices(evidence: Evidence) -> str:
    """In one sentence, how many offices had how many cases."""
    newest = (evidence.of(case_id, EventType.TRIAGE_ASSIGNED)[-1:] for case_id in evidence.events)
    counts = Counter(event.data.office for found in newest for event in found if event.data.office)
    if not counts:
        return "No field office had a case."
    return f"{len(counts)} field offices had {min(counts.values())} to {max(counts.values())} cases each."


def _table(title: str, counts: Mapping[tuple[str, str], int]) -> Table:
    heads = (title, *(word(each) for each in URGENCIES), "all")
    table = Table(*heads, box=None, header_style="bold", show_footer=True)
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


def scenes(shown: Sequence[Shown], *, data: str | None) -> Iterator[str]:
    """The scenes, each with its case and the command that shows it; `data`: the folder, where it is kept running."""
    suffix = f" --data {data}" if data else ""
    for place, each in enumerate(shown, start=1):
        yield f"\n[bold]{place}. {escape(each.scene.title)}[/]"
        yield f"{INDENT}case {each.went.number}"
        yield from (escape(line) for said in each.told.said for line in _wrapped(said))
        yield from (escape(f"{INDENT}| {line}".rstrip()) for line in each.told.quoted)
        command, _, remark = each.told.look.partition("   ")
        yield escape(f"{INDENT}look: secondlook {command}{suffix}{f'   {remark}' if remark else ''}")


def _wrapped(said: str) -> list[str]:
    lead = said[: len(said) - len(said.lstrip())]
    return wrap(said, WIDTH, initial_indent=INDENT, subsequent_indent=f"{INDENT}{lead}  ") or [""]


def story(history: Mapping[str, Any]) -> Iterator[str]:
    """A case's history (of triage's `/cases/{id}/history`), a line for each thing that happened; days of UTC."""
    for entry in history["timeline"]:
        at, details = datetime.fromisoformat(entry["at"]), entry["details"]
        letter = [word(details["letter"]), f"to the {details['role']}"] if "letter" in details else []
        if entry["happened"] == Happened.LETTER_SUPPRESSED:
            letter.append(word(details["reply_class"]))
        besides = f" ({', '.join(letter)})" if letter else ""
        yield escape(f"{INDENT}{at.day:2} {at:%b %H:%M}  {SENTENCES[Happened(entry['happened'])]}{besides}")


def findings(console: Console, found: Findings) -> None:
    """Everything that is wrong, by kind."""
    kinds = (
        ("lost", found.lost),
        ("doubled", found.doubled),
        ("otherwise", found.different),
        ("not seen", found.unseen),
    )
    for kind, sentences in kinds:
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
