"""On what the numbers were measured: machine, load, versions, commit."""

import os
import platform
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from deploy.local.places import PROJECT


def describe() -> dict[str, str]:
    """One line for each thing that somebody who compares numbers has to know."""
    return {
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit(),
        "machine": f"{_after('/proc/cpuinfo', 'model name')}, {os.cpu_count()} cores, {_memory()}",
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "java": next((line for line in _said("java", "-version").splitlines() if "version" in line), "unknown"),
        "document server": "mongod" if shutil.which("mongod") else "mongo-java-server with our launcher (not MongoDB)",
        "load average before": load(),
    }


def load() -> str:
    """Processes that wanted a core, over the last 1, 5 and 15 minutes."""
    return " ".join(f"{each:.1f}" for each in os.getloadavg())


def commit() -> str:
    """The commit, and whether what ran differs from it."""
    head = _said("git", "rev-parse", "--short=12", "HEAD").strip()
    changed = _said("git", "status", "--porcelain", "--untracked-files=no", "--", "services", "shared", "deploy")
    return f"{head or 'unknown'}{' with local changes' if changed.strip() else ''}"


def _memory() -> str:
    kilobytes = int(_after("/proc/meminfo", "MemTotal").split()[0] or 0)
    return f"{kilobytes / 1024 / 1024:.0f} GB"


def _after(file: str, name: str) -> str:
    for line in Path(file).read_text(encoding="utf-8").splitlines():
        if line.startswith(name):
            return line.partition(":")[2].strip()
    return "0"


def _said(*command: str) -> str:
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    return done.stdout or done.stderr or ""
