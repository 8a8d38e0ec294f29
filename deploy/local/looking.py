"""What runs in a data folder, and whether it is ready."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from deploy.local import probes, processes, state
from deploy.local.places import DEFAULT_DATA
from shared.contracts.vocabulary import Service

Condition = Literal["ready", "not ready", "stopped", "own"]


@dataclass(frozen=True)
class Look:
    """One member of the platform as it is now. `own` = the user's own server, which is not ours to judge."""

    name: str
    condition: Condition
    url: str
    pid: int | None = None
    detail: str = ""


def status(data: Path = DEFAULT_DATA) -> list[Look]:
    """Every member that was started here and not stopped by `down`, servers first."""
    now = state.load(data.absolute())
    own = [Look(name, "own", url) for name, url in now.external.items()]
    return own + [_look(name, member) for name, member in now.members.items()]


def standing_still(now: state.State) -> list[str]:
    """Which services have started and do nothing until a person has acted."""
    services = [name for name in now.members if name.partition("-")[0] in set(Service)]
    return [name for name in services if probes.stands_still(now.members[name].ports[0])]


def ended(data: Path = DEFAULT_DATA) -> list[str]:
    """Which members have ended by themselves."""
    members = state.load(data.absolute()).members
    return [name for name, member in members.items() if not processes.is_alive(member.running)]


def _look(name: str, member: state.Member) -> Look:
    pid = member.running.pid
    if not processes.is_alive(member.running):
        return Look(name, "stopped", member.url, detail=f"ended by itself; see {member.log}")
    ready, detail = _ready(name, member.ports[0])
    return Look(name, "ready" if ready else "not ready", member.url, pid, detail)


def _ready(name: str, port: int) -> tuple[bool, str]:
    probe = {"kafka": probes.kafka_answers, "documents": probes.documents_answer, "mail": probes.smtp_answers}.get(name)
    if probe is None:
        return probes.readiness(port)
    ready = probe(port)
    return ready, "" if ready else "does not answer"
