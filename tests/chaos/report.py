"""`docs/fault-report.md`, written by a campaign. What a person adds is in `tests/chaos/by_hand.md`."""

import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from tests.chaos.campaign import Outcome, Wish
from tests.chaos.evidence import Evidence
from tests.chaos.invariants import ALL

BY_HAND: Final = Path(__file__).with_name("by_hand.md")
SHOWN: Final = 5

HEAD: Final = """# Fault report

Written by `make chaos`; do not edit. What is said by hand at its end is in `tests/chaos/by_hand.md`.

A whole platform on one machine (Kafka, the document server, a relay, two processes of each service, started as the real
entry points do) gets requests over HTTP and Kafka, and scripted people decide them, while its processes are killed and
stopped one after another, links between them go bad, the relay misbehaves, and poison is written to every topic. Then
all is healed, gets quiet, and a checker that shares no code with the services reads Kafka's files, the stores, the
relay's ledger and the sender's own ledger into one SQLite file. Each invariant is one query that must return no row.
"""


def written(wish: Wish, outcome: Outcome, evidence: Evidence, where: Mapping[str, str], seconds: float) -> str:
    """The report as Markdown."""
    parts = [HEAD, *_run(wish, outcome, evidence.db, where, seconds), *_faults(outcome, evidence.db)]
    parts += _back(evidence.db)
    parts += [*_invariants(outcome), "", BY_HAND.read_text(encoding="utf-8")]
    return "\n".join(parts)


def _run(
    wish: Wish, outcome: Outcome, db: sqlite3.Connection, where: Mapping[str, str], seconds: float
) -> Iterator[str]:
    counts = outcome.counts
    yield from ("## The run", "")
    yield from (f"- {what}: {said}" for what, said in where.items())
    yield f"- seed {wish.seed}; {wish.seconds:.0f} s of faults and load, {seconds:.0f} s in all"
    yield f"- {counts.sent} requests sent at {wish.a_second:g} a second, {counts.acknowledged} acknowledgements"
    yield f"- {counts.resubmitted} sent again under their key, {counts.poison} rubbish, {counts.hot} hot amendments"
    topics = "SELECT COUNT(*) FROM records WHERE mark IS NULL AND topic <> 'request.received'"
    yield f"- {_one(db, topics)} records of events, {_one(db, 'SELECT COUNT(*) FROM mail')} e-mails taken by the relay"
    kinds = """SELECT topic, COUNT(DISTINCT event_id) FROM records WHERE mark IS NULL AND event_id IS NOT NULL
               AND topic <> 'request.received' GROUP BY topic ORDER BY topic"""
    yield f"- events: {', '.join(f'{count} {topic}' for topic, count in db.execute(kinds))}"
    phases = db.execute("SELECT phase, COUNT(*) FROM letters GROUP BY phase ORDER BY phase").fetchall()
    yield f"- letters: {', '.join(f'{count} {phase}' for phase, count in phases)}"
    resolved = "SELECT COUNT(DISTINCT subject) FROM records WHERE topic = 'resolution.issued' AND mark IS NULL"
    yield f"- {_one(db, resolved)} cases resolved"
    yield f"- people: {', '.join(f'{count} {end}' for end, count in outcome.counts.scripts.most_common())}"
    quiet = outcome.quiet_after
    yield f"- quiet {quiet:.0f} s after the last of it" if quiet is not None else "- it did not get quiet in time"
    before, after = outcome.memory
    grown = (f"{name} {before[name] // 1024} -> {after.get(name, 0) // 1024}" for name in before)
    yield f"- resident memory, MiB, at the start and at the end: {', '.join(grown)}"
    yield ""


def _faults(outcome: Outcome, db: sqlite3.Connection) -> Iterator[str]:
    yield from ("## What was injected", "", "| kind | target | n |", "|---|---|---|")
    for kind, target, count in db.execute("SELECT kind, target, COUNT(*) FROM faults GROUP BY 1, 2 ORDER BY 1, 2"):
        yield f"| {kind} | {target} | {count} |"
    for mood, count in db.execute("SELECT mood, COUNT(*) FROM mishaps GROUP BY 1 ORDER BY 1"):
        yield f"| the relay {mood} | messages | {count} |"
    poison = (
        "SELECT p.kind, COUNT(*), COUNT(DISTINCT p.topic) FROM poison p JOIN records r ON r.mark = p.mark GROUP BY 1"
    )
    for kind, count, topics in db.execute(poison):
        yield f"| poison: {kind} | {topics} topics | {count} |"
    yield f"| rubbish among the requests | request.received | {_one(db, 'SELECT COUNT(*) FROM rubbish')} |"
    if outcome.unreached:
        yield from ("", f"There was no time for: {', '.join(outcome.unreached)}.")
    yield ""


def _back(db: sqlite3.Connection) -> Iterator[str]:
    yield from ("## How soon nine tenths of what waited were done", "")
    yield from (
        "| after | n | waited, median | seconds, median | p90 | worst | limit |",
        "|---|---|---|---|---|---|---|",
    )
    query = """SELECT kind, CASE WHEN target LIKE 'link%-_' THEN 'link of a service to its store'
                                 WHEN target LIKE '%-_' THEN 'a service' ELSE target END AS what, lim,
               waited, COALESCE(seconds, 1e9) AS s FROM faults WHERE lim IS NOT NULL ORDER BY 1, 2, s"""
    groups: dict[tuple[str, str, float], list[tuple[int, float]]] = {}
    for kind, what, limit, waited, seconds in db.execute(query):
        groups.setdefault((kind, what, limit), []).append((waited, seconds))
    for (kind, what, limit), found in groups.items():
        waited, times = sorted(w for w, _ in found), [s for _, s in found]
        shown = (_seconds(times[len(times) // 2]), _seconds(times[int(len(times) * 0.9)]), _seconds(times[-1]))
        yield f"| {kind} of {what} | {len(found)} | {waited[len(waited) // 2]} | {' | '.join(shown)} | {limit:.0f} |"
    yield ""


def _seconds(value: float) -> str:
    return f"{value:.1f}" if value < 1e9 else "not in twice the limit"


def _invariants(outcome: Outcome) -> Iterator[str]:
    yield from ("## Invariants", "", "| invariant | what it says | rows that break it |", "|---|---|---|")
    for each in ALL:
        yield f"| {each.name} | {each.says} | {len(outcome.broken.get(each, ()))} |"
    for each, rows in outcome.broken.items():
        yield from ("", f"{each.name}, the first rows:", "", "```", *map(str, rows[:SHOWN]), "```")


def _one(db: sqlite3.Connection, query: str) -> int:
    return int(db.execute(query).fetchone()[0])
