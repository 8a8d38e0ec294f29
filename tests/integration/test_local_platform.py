"""The platform as a whole, servers only: up, up again, status, down; and what happens when a start is disturbed."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from deploy.local import looking, platform, probes, processes, servers, state, topics
from deploy.local.failures import Busy, CannotStart
from deploy.local.platform import Plan
from shared.contracts.vocabulary import Service
from shared.errors import RESTORED
from shared.messaging.topics import Topic, TopicsDiffer, ensure
from tests.conftest import Servers
from tests.integration.starting import running

pytestmark = pytest.mark.real

FAST = "2021-03-08T09:00-05:00*86400"


@pytest.fixture(name="data")
def _data(tmp_path: Path) -> Iterator[Path]:
    data = tmp_path / "data"
    yield data
    platform.down(data)


@pytest.fixture(scope="module", name="kafka")
def _kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Kafka of this module alone: the platform makes its topics under their real names."""
    folder = tmp_path_factory.mktemp("kafka")
    port, controller_port = probes.free_ports(2)
    server = servers.kafka(folder / "kafka", port=port, controller_port=controller_port)
    with running(server, folder):
        yield server.url


@pytest.fixture(name="own")
def _own(kafka: str, started: Servers) -> dict[str, str]:
    """The mail sink is the platform's; the rest is what the test run has started already."""
    return {"kafka": kafka, "documents": started.mongodb}


@pytest.fixture(name="started")
def _started(request: pytest.FixtureRequest) -> Servers:
    found: Servers = request.getfixturevalue("servers")
    return found


@pytest.fixture(name="plan")
def _plan(data: Path, own: dict[str, str]) -> Plan:
    return Plan(data=data, services=(), free_ports=True, own=own)


def _secondlook(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "cli.main", *arguments]
    # A test run in the background may ignore Ctrl-C, and its children with it: a person's shell does not.
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=_heed_interrupts,  # noqa: PLW1509
    )


def _heed_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_up_twice_is_harmless_and_down_stops_all(plan: Plan, data: Path) -> None:
    first = platform.up(plan)
    second = platform.up(plan)
    assert first.members == second.members
    assert {look.name: look.condition for look in looking.status(data)} == {
        "kafka": "own",
        "documents": "own",
        "mail": "ready",
    }
    platform.down(data)
    assert not processes.is_alive(first.members["mail"].running)
    assert state.load(data).members == {}
    platform.down(data)


def test_what_has_died_is_shown_and_started_again_on_its_port(plan: Plan, data: Path) -> None:
    before = platform.up(plan).members["mail"]
    os.kill(before.running.pid, signal.SIGKILL)
    assert processes.wait_until(lambda: not processes.is_alive(before.running), within=10)
    assert [look.condition for look in looking.status(data)] == ["own", "own", "stopped"]
    after = platform.up(plan).members["mail"]
    assert after.ports == before.ports
    assert processes.is_alive(after.running)


def test_a_second_up_while_one_is_starting_is_refused(plan: Plan, data: Path) -> None:
    with state.only_one(data), pytest.raises(Busy, match=rf"\(process {os.getpid()}\) is starting or stopping"):
        # A lock of flock's belongs to the open file, so that this refuses within one process too.
        platform.up(plan)


def test_a_failed_start_leaves_nothing_running(plan: Plan, data: Path) -> None:
    said: list[str] = []
    wrong = Plan(data=data, services=(), free_ports=True, own={**plan.own, "kafka": f"127.0.0.1:{_closed_port()}"})
    with pytest.raises(CannotStart, match=r"Nothing listens on .* or correct KAFKA_BOOTSTRAP"):
        platform.up(wrong, said.append)
    assert state.load(data).members == {}
    assert said == []


def _closed_port() -> int:
    return probes.free_ports(1)[0]


@pytest.mark.parametrize("asked", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_while_it_starts_stops_what_was_started(data: Path, asked: signal.Signals) -> None:
    """Interrupted as soon as a member is in the state file, which is before it is ready."""
    up = _secondlook("up", "--servers-only", "--free-ports", "--data", str(data))
    assert processes.wait_until(lambda: len(state.load(data).members) >= 2, within=60)
    members = state.load(data).members
    os.kill(up.pid, asked)
    said, _ = up.communicate(timeout=60)
    assert up.returncode == 130, said
    assert "Interrupted: what was started has been stopped." in said
    assert not any(processes.is_alive(member.running) for member in members.values())
    assert state.load(data).members == {}


def test_the_command_starts_shows_and_stops(data: Path, own: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP", own["kafka"])
    monkeypatch.setenv("MONGODB_URI", own["documents"])
    here = ("--data", str(data))
    up = _secondlook("up", "--servers-only", "--free-ports", *here)
    said, _ = up.communicate(timeout=120)
    assert (up.returncode, "The servers are ready" in said) == (0, True), said
    shown: list[dict[str, Any]] = json.loads(_secondlook("status", "--json", *here).communicate(timeout=60)[0])
    assert {each["name"]: each["condition"] for each in shown}["mail"] == "ready"
    down = _secondlook("down", *here)
    assert (down.communicate(timeout=60), down.returncode)[1] == 0
    status = _secondlook("status", *here)
    assert "secondlook up" in status.communicate(timeout=60)[0]
    assert status.returncode == 1


def test_attached_it_stays_and_sigterm_stops_all(plan: Plan, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP", plan.own["kafka"])
    monkeypatch.setenv("MONGODB_URI", plan.own["documents"])
    up = _secondlook("up", "--servers-only", "--free-ports", "--attach", "--data", str(data))
    assert up.stdout is not None
    said = ""
    while "Ctrl-C stops everything." not in said:
        line = up.stdout.readline()
        assert line, said
        said += line
    mail = state.load(data).members["mail"].running
    os.kill(up.pid, signal.SIGTERM)
    rest, _ = up.communicate(timeout=60)
    assert (up.returncode, processes.is_alive(mail)) == (0, False), rest


def test_attached_it_stops_all_when_a_member_ends(
    data: Path, own: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP", own["kafka"])
    monkeypatch.setenv("MONGODB_URI", own["documents"])
    up = _secondlook("up", "--servers-only", "--free-ports", "--attach", "--data", str(data))
    assert processes.wait_until(lambda: "mail" in state.load(data).members, within=60)
    assert up.stdout is not None
    assert any("Ctrl-C stops everything." in line for line in up.stdout)
    os.kill(state.load(data).members["mail"].running.pid, signal.SIGKILL)
    said, _ = up.communicate(timeout=60)
    assert (up.returncode, "mail ended by itself, so everything was stopped" in said) == (1, True), said
    assert state.load(data).members == {}


async def test_topics_are_made_as_declared_and_others_are_refused(kafka: str) -> None:
    declared = topics.declared("local", prefix="declared.")
    await ensure(kafka, declared)
    await ensure(kafka, declared)
    await asyncio.gather(ensure(kafka, declared), ensure(kafka, declared))
    with pytest.raises(TopicsDiffer, match=r"request\.received is not .*partitions is 3, not 12.*: use"):
        await ensure(kafka, topics.declared("deployed", prefix="declared."))


async def test_a_topic_with_a_time_limit_is_refused(kafka: str) -> None:
    limited = Topic("limited.case.erased", partitions=1, replication=1, settings={"retention.ms": "604800000"})
    await ensure(kafka, [limited])
    wanted = Topic(limited.name, partitions=1, replication=1, settings={"retention.ms": "-1"})
    with pytest.raises(TopicsDiffer, match=r"retention\.ms is 604800000, not -1"):
        await ensure(kafka, [wanted])


def _with_services(plan: Plan, module: str, **instances: int) -> Plan:
    """The tests' stand-in for services: answers its health, and tells its settings."""
    chosen = (Service.INTAKE, Service.TRIAGE)
    return replace(plan, services=chosen, instances=instances, module=f"tests.integration.{module}", clock=FAST)


def test_services_are_ready_with_their_settings_and_several_instances(plan: Plan, data: Path) -> None:
    said: list[str] = []
    now = platform.up(_with_services(plan, "stand_in", intake=2), said.append)
    assert list(now.members) == ["mail", "intake", "intake-2", "triage"]
    with urllib.request.urlopen(f"{now.members['intake-2'].url}/settings", timeout=5) as answer:
        settings = json.load(answer)
    assert (settings["INSTANCE"], settings["HOST"]) == ("intake-2", "127.0.0.1")
    assert settings["TRIAGE_URL"] == now.members["triage"].url
    assert settings["INTAKE_URL"] == settings["PUBLIC_URL"] == now.members["intake"].url
    assert settings["KAFKA_BOOTSTRAP"] == plan.own["kafka"]
    assert settings["SMTP_URL"] == now.members["mail"].url
    assert settings["SECONDLOOK_CLOCK"].startswith(f"{FAST}@")
    assert Path(settings["MASTER_KEY_FILE"]).parent == data / "keys"
    assert {look.condition for look in looking.status(data)} == {"own", "ready"}
    assert said.index("mail is ready: " + now.members["mail"].url) < said.index("intake is starting")

    assert platform.up(_with_services(plan, "stand_in", intake=2)).members == now.members
    platform.down(data)
    assert not any(processes.is_alive(member.running) for member in now.members.values())


def test_a_service_that_waits_for_an_operator_is_left_running_for_them(plan: Plan, data: Path) -> None:
    said: list[str] = []
    now = platform.up(_with_services(plan, "standing_still"), said.append)
    assert sorted(said[-2:]) == [f"{service} stands still: {RESTORED}" for service in ("intake", "triage")]
    assert looking.standing_still(now) == ["intake", "triage"]
    assert {look.condition for look in looking.status(data)} == {"own", "ready", "not ready"}


def test_a_service_that_dies_at_start_takes_all_with_it(plan: Plan, data: Path) -> None:
    with pytest.raises(CannotStart, match=r"The service (intake|triage) ended while it started: .*No module named"):
        platform.up(_with_services(plan, "no_such_service"))
    assert state.load(data).members == {}
    assert looking.status(data)[2:] == []
