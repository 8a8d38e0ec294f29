"""What processes and folders take: CPU seconds and resident memory from /proc, bytes on the disk."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy.local.state import State

TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Process:
    """CPU seconds since its start, and bytes in memory now."""

    cpu: float
    rss: int


def of(pid: int) -> Process:
    """One process with all its threads; children that have ended do not count."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
    return Process(cpu=(int(fields[11]) + int(fields[12])) / TICKS, rss=int(fields[21]) * PAGE)


def of_all(running: State) -> dict[str, Process]:
    """Every member of the platform by its name, and the benchmark itself as `load`."""
    pids = {name: member.running.pid for name, member in running.members.items()} | {"load": os.getpid()}
    return {name: of(pid) for name, pid in pids.items() if Path(f"/proc/{pid}").exists()}


def cpu_between(before: Mapping[str, Process], after: Mapping[str, Process]) -> dict[str, float]:
    """CPU seconds that each has used."""
    return {name: now.cpu - before[name].cpu for name, now in after.items() if name in before}


def on_disk(folder: Path) -> int:
    """Bytes that the files below a folder really occupy (files that are laid out in advance are mostly holes)."""
    return sum(file.stat().st_blocks * 512 for file in folder.rglob("*") if file.is_file())
