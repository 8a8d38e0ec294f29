"""`docs/fault-report.md`, written by a campaign. What a person adds is in `tests/chaos/by_hand.md`."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from tests.chaos.campaign import Outcome, Wish
from tests.chaos.evidence import Evidence
from tests.chaos.invariants import ALL

BY_HAND: Final = Path(__file__).with_name("by_hand.md")
SHOWN: Final = 5
NEVER: Final = 1e9
"""Seconds; stands for work that was not done in twice the limit."""

HEAD: Final = """# Fault report

Written by `make chaos`; do not edit. What is said by hand at its end is in `tests/chaos/by_hand.md`.

A whole platform on one machine (Kafka, the document server, a relay, two processes of each service, started as the real
entry points do) gets requests over HTTP and Kafka, and scripted people decide them, while its processes are killed and
stopped one after another, links between them go bad, the relay misbehaves, and poison is written to every topic. Then
all is healed, gets quiet, and a checker reads Kafka's files, the stores, the relay's ledger and the sender's own ledger
into one SQLite file. Each invariant is one query that must return no row.

The checker does not read through the services, but it shares some of their code, and is blind to what is wrong there:
the table of who emits and who reads each topic (`ROUTES`), how an event's bytes are put together again from a stored
event and its sealed parts (`splice`), and, to work out which letters are due, the parser of events and the record that
it takes (`parse`, `Record`). Which letters events make is written down once more apart from notification
(`deploy/demo/letters.py`).

The seed chooses requests, faults, their order and length, poison, and for which messages the relay misbehaves. It does
not choose the moments at which processes are met by it: the same seed makes the same kind of run, not the same run.
"""


def written(wish: Wish, outcome: Outcome, evidence: Evidence, where: Mapping[str, str], seconds: float) -> str:
    """The report as Markdown."""
    parts = [HEAD, *_run(wish, outcome, evidence.db, where, seconds), *_faults(outcome, evidence.db)]
    parts += _back(evidence.db)
    parts += [*_invariants(outcome, evidence.db), "", BY_HAND.read_text(encoding="utf-8")]
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
    kinds: dict[str, list[str]] = {}
    for topic, what in outcome.unpoisoned:
        kinds.setdefault(what, []).append(topic)
    if kinds:
        left = "; ".join(f"{what}: {', '.join(topics)}" for what, topics in sorted(kinds.items()))
        yield from ("", f"Poison that was never written, for want of time or of an event to copy: {left}.")
    yield ""


def _back(db: sqlite3.Connection) -> Iterator[str]:
    yield from ("## How soon nine tenths of what waited were done", "")
    yield "From when what was broken is started, or let go on. Where nothing waited, nothing was measured."
    yield from (
        "",
        "| after | n | n with work waiting | waited, median | seconds, median | p90 | worst | limit |",
        "|---|---|---|---|---|---|---|---|",
    )
    query = """SELECT kind, CASE WHEN target LIKE 'link%-_' THEN 'link of a service to its store'
                                 WHEN target LIKE '%-_' THEN 'a service' ELSE target END AS what, lim,
               waited, COALESCE(seconds, 1e9) AS s FROM faults WHERE lim IS NOT NULL ORDER BY 1, 2, s"""
    groups: dict[tuple[str, str, float], list[tuple[int, float]]] = {}
    for kind, what, limit, waited, seconds in db.execute(query):
        groups.setdefault((kind, what, limit), []).append((waited, seconds))
    for (kind, what, limit), every in groups.items():
        found = [(waited, seconds) for waited, seconds in every if waited or seconds >= NEVER]
        yield f"| {kind} of {what} | {len(every)} | {len(found)} | {' | '.join(_measured(found))} | {limit:.0f} |"
    yield ""


def _measured(found: Sequence[tuple[int, float]]) -> tuple[str, ...]:
    """Median of what waited; of the seconds the median, the ninth tenth, and the worst."""
    if not found:
        return ("-",) * 4
    waited, times = sorted(w for w, _ in found), [s for _, s in found]
    shown = (times[len(times) // 2], times[int(len(times) * 0.9)], times[-1])
    return (str(waited[len(waited) // 2]), *map(_seconds, shown))


def _seconds(value: float) -> str:
    return f"{value:.1f}" if value < NEVER else "not in twice the limit"


def _invariants(outcome: Outcome, db: sqlite3.Connection) -> Iterator[str]:
    yield from ("## Invariants", "")
    yield "n: on how many it was tried. Where none broke it, the rate is below 3/n at 95 %, if they are independent."
    yield from (
        "",
        "| invariant | what it says | n | rows that break it | rate below |",
        "|---|---|---|---|---|",
    )
    for each in ALL:
        tried, broken = each.tried_on(db), len(outcome.broken.get(each, ()))
        yield f"| {each.name} | {each.says} | {tried} {each.things} | {broken} | {_bound(tried, broken)} |"
    for each, rows in outcome.broken.items():
        yield from ("", f"{each.name}, the first rows:", "", "```", *map(str, rows[:SHOWN]), "```")


def _bound(tried: int, broken: int) -> str:
    """The rule of three."""
    return "-" if broken or tried < 3 else f"{300 / tried:.2g} %"


def _one(db: sqlite3.Connection, query: str) -> int:
    return int(db.execute(query).fetchone()[0])
