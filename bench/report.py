"""The results as a table on the terminal and as RESULTS.md; what misses its aim is named."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from rich.table import Table

from deploy.local.platform import OWN_SERVERS

if TYPE_CHECKING:
    from bench.run import Results

Run = Mapping[str, Any]

EXPLAINED: Final = """\
*Core*: submit, assign, decide, resolve, all through Kafka, sealed, while the service notification is stopped, so that
no letter is made. *Whole*: the same with every e-mail handed to the local SMTP sink; a case counts when all its letters
are settled. Requests go to `request.received` as other systems write them; an officer claims and decides by triage's
endpoints; every decision is favourable, so escalation resolves at once. Throughput is what finished in a window, after
a warm-up, while a steady number of cases was on its way. The benchmark runs on the same cores: its share is `load`.

*a* moves the same records with bare aiokafka (sent, acknowledged, read as often as services read them), *b* writes the
same documents in bulk with one write for each event; both with a process for each core, against the same servers, in
the same run. L = 1/(1/a + 1/b). SMTP is not part of L.

Acknowledgement: `POST /requests` with all four services running. A closed loop finds the maximum; then requests arrive
by chance (Poisson) at half of it, and each wait is counted from the scheduled moment.
"""

TIME_GOES: Final = """\
Milliseconds of CPU a case, looked at every few milliseconds while cases flow: each moment goes to the innermost
function that belongs to a part. What a thread did between two looks counts where it stands at the second one; so short
work before a pause counts as event loop, above all in the whole profile, where services wait more. The looking itself
costs a little, and the machine is not always equally fast: the shares are what counts.
"""

REPEAT: Final = """\
`make bench` repeats it, `make bench-growth` the second part (long), and `make bench-profile` where the time goes. All
three write this file. `.venv/bin/python -m bench.profile triage` shows a service's functions, too. What the numbers
mean, and why aims are missed: [docs/performance.md](../docs/performance.md).
"""


@dataclass(frozen=True, slots=True)
class Aim:
    """A number that was aimed at."""

    what: str
    aim: str
    value: float
    shown: str
    met: bool


def aims(run: Run) -> list[Aim]:
    """Every aim beside what was measured."""
    core, whole, acknowledged = run["core"], run["whole"], run["acknowledged"]
    rss = max(size for name, size in whole["rss_mb"].items() if _is_service(name))
    return [
        _at_least("core profile, cases/s", 1000, core["per_second"], "{:.0f}"),
        _at_least("whole profile, cases/s", 350, whole["per_second"], "{:.0f}"),
        _at_least("core profile / L", 0.6, core["ratio"], "{:.2f}"),
        _at_least("whole profile / L", 0.6, whole["ratio"], "{:.2f}"),
        _at_most("acknowledgement p50, ms", 25, acknowledged["p50_ms"], "{:.1f}"),
        _at_most("acknowledgement p99, ms", 150, acknowledged["p99_ms"], "{:.1f}"),
        _at_most("our CPU per case, core, ms", 0.8, our_cpu(core), "{:.2f}"),
        _at_most("our CPU per case, whole, ms", 2.0, our_cpu(whole), "{:.2f}"),
        _at_most("largest service, MB RSS", 90, rss, "{:.0f}"),
    ]


def our_cpu(profile: Run) -> float:
    """Milliseconds of CPU a case over all our services, without servers and load."""
    return float(sum(used for name, used in profile["cpu_ms"].items() if _is_service(name)))


def table(found: "Results") -> Table:
    """One run for the terminal."""
    run = asdict(found)
    shown = Table("what", "measured", "aim", "", title=f"{run['stored']:,} cases stored before", title_justify="left")
    for aim in aims(run):
        shown.add_row(aim.what, aim.shown, aim.aim, "[green]met[/]" if aim.met else "[red]missed[/]")
    for what, measured in besides(run):
        shown.add_row(what, measured, "", "")
    return shown


def besides(run: Run) -> list[tuple[str, str]]:
    """What was measured without an aim."""
    acknowledged = run["acknowledged"]
    lines = [
        (f"{name}: a / b / L, cases/s", f"{run[name]['a']:.0f} / {run[name]['b']:.0f} / {run[name]['limit']:.0f}")
        for name in ("core", "whole")
    ]
    lines += [
        ("e-mails per case", f"{run['whole']['letters_per_case']:.1f}"),
        ("acknowledged/s, closed loop", f"{acknowledged['most_per_second']:.0f}"),
        ("offered/s, open loop", f"{acknowledged['offered_per_second']:.0f} ({acknowledged['count']} requests)"),
        ("worst acknowledgement, ms", f"{acknowledged['worst_ms']:.0f}"),
    ]
    return lines + [
        (f"{name}, KB on disk per case (whole)", f"{b / 1e3:.1f}") for name, b in run["bytes_per_case"].items()
    ]


def write(folder: Path) -> None:
    """RESULTS.md, from the JSON files of the last run, the last growth run, and the last profile."""
    text = ["# Results of the benchmark\n", "Written by the benchmark itself; do not edit.\n"]
    for name, title in (("results", "A fresh platform"), ("growth", "With cases stored before")):
        file = folder / f"{name}.json"
        if file.exists():
            text.append(f"## {title}\n")
            text.extend(_section(run) for run in json.loads(file.read_text(encoding="utf-8")))
    if (file := folder / "profile.json").exists():
        text.append(_time_goes(json.loads(file.read_text(encoding="utf-8"))))
    text += ["## What is measured\n", EXPLAINED, "## How to repeat\n", REPEAT]
    (folder / "RESULTS.md").write_text("\n".join(text), encoding="utf-8")


def _section(run: Run) -> str:
    met = aims(run)
    missed = [aim.what for aim in met if not aim.met]
    parts = [
        f"### {run['stored']:,} cases stored when it began\n",
        *(f"- {name}: {value}" for name, value in run["machine"].items()),
        f"\nMisses its aim: {', '.join(missed) or 'nothing'}.\n",
        _rows(("what", "measured", "aim", ""), [(a.what, a.shown, a.aim, "met" if a.met else "missed") for a in met]),
        _rows(("besides", "measured"), besides(run)),
        _usage(run),
    ]
    return "\n".join(parts)


def _usage(run: Run) -> str:
    """CPU and memory by member, for both profiles."""
    core, whole = run["core"], run["whole"]
    rows = [
        (
            name,
            f"{core['cpu_ms'].get(name, 0):.2f}" if name in core["cpu_ms"] else "-",
            f"{whole['cpu_ms'][name]:.2f}",
            f"{whole['rss_mb'][name]:.0f}",
        )
        for name in whole["cpu_ms"]
    ]
    return _rows(("member", "CPU ms/case, core", "CPU ms/case, whole", "MB RSS (whole)"), rows)


def _time_goes(found: Mapping[str, Any]) -> str:
    described = found["machine"]
    said = f"- when: {described['when']}\n- commit: {described['commit']}\n- machine: {described['machine']}\n"
    return "\n".join(("## Where the time goes\n", TIME_GOES, said, parts(found["profiles"])))


def parts(profiles: Mapping[str, Mapping[str, Any]]) -> str:
    """For each profile a table of parts by service, the largest part first."""
    return "\n".join(_parts(name, profile) for name, profile in profiles.items())


def _parts(name: str, profile: Mapping[str, Any]) -> str:
    spent: Mapping[str, Mapping[str, float]] = {
        service: by_part for service, by_part in profile["parts"].items() if sum(by_part.values()) > 0.05
    }
    sums = {part: sum(each.get(part, 0) for each in spent.values()) for each in spent.values() for part in each}
    rows = [
        (part, *(f"{each.get(part, 0):.2f}" for each in spent.values()), f"{total:.2f}")
        for part, total in sorted(sums.items(), key=lambda each: -each[1])
    ]
    rows.append(("all", *(f"{sum(each.values()):.2f}" for each in spent.values()), f"{sum(sums.values()):.2f}"))
    return f"### {name.capitalize()} profile, {profile['cases']} cases\n\n" + _rows(("part", *spent, "all"), rows)


def _rows(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def _is_service(name: str) -> bool:
    return name not in OWN_SERVERS and name != "load"


def _at_least(what: str, aim: float, value: float, shown: str) -> Aim:
    return _aim(what, ">=", aim, value, shown, lambda: value >= aim)


def _at_most(what: str, aim: float, value: float, shown: str) -> Aim:
    return _aim(what, "<=", aim, value, shown, lambda: value <= aim)


def _aim(what: str, sign: str, aim: float, value: float, shown: str, met: Callable[[], bool]) -> Aim:
    return Aim(what, f"{sign} {aim:g}", value, shown.format(value), met())
