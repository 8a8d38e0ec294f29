"""`secondlook mail settle`: what a relay's own log says of uncertain letters. No line of it leaves this machine."""

import asyncio
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer
from rich.markup import escape

from cli.progress import Bar
from cli.relay_logs import reading
from cli.relay_logs.evidence import Evidence
from cli.saying import Failed, as_json, err, out, plainly
from cli.uncertain import Letters, in_parts, listed, named, of_notification
from cli.where import DEFAULT, Data, Json, Token
from shared.calling.operator import OperatorDesk

BECAME = {
    "sent": "delivered",
    "bounced": "bounced",
    "absent": "never taken by the relay",
    "queued": "still in the relay's queue",
    "unclear": "named by the log, which does not tell whether it was taken",
    "not_covered": "not named by the log, which does not cover the time",
    "refused": "not settled",
}


@plainly
def settle(
    *,
    from_log: Annotated[
        list[Path], typer.Option("--from-log", help="The relay's log, - for standard input; several, oldest first.")
    ],
    zone: Annotated[str | None, typer.Option(help="The zone of a log whose lines name none.")] = None,
    year: Annotated[int | None, typer.Option(help="The year of the first line of a log whose lines name none.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would come of it.")] = False,
    token: Token = None,
    data: Data = DEFAULT,
    as_json_: Json = False,
) -> None:
    """Settle uncertain letters by the relay's own log: Postfix's, or JSON Lines (docs/relay-logs.md).

    A letter that the log calls sent is delivered, one that it calls bounced has failed. One that it does not name was
    never taken where the log covers the time; a person decides about it. Give the logs of all relays at once.

    Example: `secondlook mail settle --from-log /var/log/mail.log --dry-run`

    Example: `secondlook mail settle --from-log mail.log.1.gz --from-log mail.log --zone America/New_York --year 2026`
    """
    letters = asyncio.run(of_notification(token, data, lambda desk: listed(desk, "/uncertain")))
    uncertain: Letters = [letter for letter in letters if letter["phase"] == "uncertain"]
    evidence = Evidence({UUID(letter["notification"]) for letter in uncertain})
    with Bar(in_bytes=True) as bar:
        size = sum(file.stat().st_size for file in from_log if file.is_file())
        bar.begin(", ".join(map(reading.named, from_log)), size)
        reading.read(from_log, evidence, zone=_zone(zone), year=year, tell=bar.reach)
    for sentence in evidence.unreadable:
        err.print(f"[yellow]{escape(sentence)}[/]")
    if uncertain and not any(host.ours for host in evidence.hosts.values()):
        err.print("[yellow]No line names a letter of this system: is this the log of the relay that SMTP_URL names?[/]")
    found = [_found(letter, evidence, log=reading.named(from_log[-1])) for letter in uncertain]
    told = asyncio.run(of_notification(token, data, lambda desk: _told(desk, found, dry_run=dry_run)))
    _show(uncertain, told, evidence, dry_run=dry_run, as_json_=as_json_)


def _found(letter: dict[str, Any], evidence: Evidence, *, log: str) -> tuple[str, dict[str, Any]] | None:
    """Which log says what of a letter; None where it does not tell anything."""
    copy = evidence.of(UUID(letter["notification"]))
    if copy is not None:
        place = {"line": copy.line, "queue_id": copy.queue_id}
        return copy.log, named(letter) | {"says": copy.says} | place
    if letter["tried_since"] is None:
        return None
    span = evidence.covers(*(datetime.fromisoformat(letter[name]) for name in ("tried_since", "tried_until")))
    if span is None:
        return None
    return log, named(letter) | {"says": "absent", "since": span[0].isoformat(), "until": span[1].isoformat()}


async def _told(
    desk: OperatorDesk, found: list[tuple[str, dict[str, Any]] | None], *, dry_run: bool
) -> dict[str, dict[str, Any]]:
    """Tell the service what was found, and nothing else; what became of each letter."""
    known = [each for each in found if each is not None]
    told: dict[str, dict[str, Any]] = {}
    for log in dict.fromkeys(log for log, _ in known):
        facts = [fact for of, fact in known if of == log]
        how = {"log": log, "dry_run": dry_run}
        results = await in_parts(desk, "/letters/settle", "facts", facts, doing=f"settling by {log}", **how)
        told |= {result["notification"]: result for result in results}
    return told


def _show(
    letters: Letters, told: dict[str, dict[str, Any]], evidence: Evidence, *, dry_run: bool, as_json_: bool
) -> None:
    not_covered = {"result": "not_covered", "code": None, "reason": None}
    rows = [
        {name: letter[name] for name in ("notification", "case_id", "case_number", "letter")}
        | {name: told.get(letter["notification"], not_covered)[name] for name in not_covered}
        for letter in letters
    ]
    if as_json_:
        unreadable = {"count": evidence.unreadable_count, "first": evidence.unreadable}
        as_json({"dry_run": dry_run, "lines": evidence.lines, "unreadable": unreadable, "letters": rows})
        return
    for row in rows:
        if row["result"] != "sent":
            why = f": {escape(row['reason'])}" if row["reason"] else ""
            what = f"{row['letter']}, {row['case_number']}: {BECAME[row['result']]}{why}"
            out.print(f"[bold]{row['notification'][:13]}[/]  {what}")
    counts = Counter(row["result"] for row in rows)
    would = "would be " if dry_run else ""
    settled = ", ".join(f"{counts[each]} {would}{BECAME[each]}" for each in ("sent", "bounced"))
    out.print(f"Of {len(rows)} uncertain letters, {settled}; {counts['absent']} {BECAME['absent']}.")
    if evidence.unreadable_count:
        out.print(f"{evidence.unreadable_count} of {evidence.lines} lines could not be read.")


def _zone(name: str | None) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError):
        raise Failed(f"There is no zone {name}: give one such as America/New_York or UTC.") from None
