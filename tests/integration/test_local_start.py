"""A start that fails: one sentence that says what to do, and nothing left running."""

import shutil
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from deploy.local import probes, processes, servers
from deploy.local.failures import CannotStart
from deploy.local.servers import Server
from tests.integration.starting import launcher, running

pytestmark = pytest.mark.real


@contextmanager
def _busy(port: int) -> Iterator[None]:
    with socket.create_server(("127.0.0.1", port)):
        yield


def _start(server: Server, folder: Path) -> str:
    """The sentence with which the start fails."""
    with pytest.raises(CannotStart) as failure, running(server, folder):
        pass
    return str(failure.value)


def test_a_busy_port_is_named_before_anything_starts(tmp_path: Path) -> None:
    server = servers.mail_sink(tmp_path / "mail", port=probes.free_ports(1)[0])
    with _busy(server.ports[0]):
        said = _start(server, tmp_path)
    assert said.startswith(f"Port {server.ports[0]} for The mail sink is in use: stop what listens there")
    assert not (tmp_path / "mail.log").exists()


def test_the_launcher_itself_names_a_port_that_was_taken_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("JAVA_TOOL_OPTIONS", raising=False)  # Java itself would say that it has seen these.
    server = launcher(tmp_path)
    server.prepare()
    with _busy(server.ports[0]):
        process = processes.start(server.command, log=tmp_path / "log")
        ended = processes.wait_until(lambda: not processes.is_alive(process), within=60)
        processes.stop(process)
    assert ended
    assert (tmp_path / "log").read_text(encoding="utf-8").strip() == (
        f"The document server cannot listen on port {server.ports[0]}: another program uses it. "
        "Stop that program or choose another port."
    )


def test_a_data_file_in_use_is_refused_and_its_owner_goes_on(tmp_path: Path) -> None:
    first, second = launcher(tmp_path), launcher(tmp_path)
    with running(first, tmp_path):
        (tmp_path / "second").mkdir()
        assert "is in use by another document server. Stop that server" in _start(second, tmp_path / "second")
        assert first.ready()


def test_a_server_that_dies_at_start_is_told_with_its_last_words(tmp_path: Path) -> None:
    port = probes.free_ports(1)[0]
    dying = Server(
        name="dying",
        title="The dying server",
        ports=(port,),
        url="",
        command=(sys.executable, "-c", "raise SystemExit('no disk')"),
        ready=lambda: False,
    )
    assert _start(dying, tmp_path) == f"The dying server ended while it started: no disk ({tmp_path / 'dying.log'})"


def test_a_server_that_stays_silent_is_given_up(tmp_path: Path) -> None:
    port = probes.free_ports(1)[0]
    silent = (sys.executable, "-c", "import signal; print('thinking', flush=True); signal.pause()")
    server = Server(
        name="silent", title="The silent server", ports=(port,), url="", command=silent, ready=lambda: False
    )
    log = tmp_path / "log"
    process = servers.launch(server, log=log)
    try:
        assert processes.wait_until(lambda: "thinking" in log.read_text(encoding="utf-8"), within=20)
        with pytest.raises(CannotStart, match="was not ready after 0 s: thinking"):
            servers.wait_ready(server, process, log=log, within=0.2)
    finally:
        processes.stop(process)
    assert not processes.is_alive(process)


def test_without_java_the_bootstrap_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    with pytest.raises(CannotStart, match=r"Java 17 or newer is not installed: run `make bootstrap`\."):
        servers.kafka(tmp_path, port=1, controller_port=2)


def test_a_mongod_on_the_path_is_preferred(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    mongod = tmp_path / "mongod"
    mongod.write_text("#!/bin/sh\n", encoding="ascii")
    mongod.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert servers.documents(tmp_path / "data", port=1).command[0] == str(mongod)
    assert shutil.which("mongod") == str(mongod)


def test_a_process_that_ignores_sigterm_is_ended_all_the_same(tmp_path: Path) -> None:
    stubborn = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); signal.pause()"
    log = tmp_path / "log"
    process = processes.start((sys.executable, "-c", stubborn), log=log)
    assert processes.wait_until(lambda: "up" in log.read_text(encoding="utf-8"), within=20)
    processes.stop(process, within=0.2)
    assert not processes.is_alive(process)


def test_a_process_that_got_a_dead_ones_number_is_left_alone(tmp_path: Path) -> None:
    waiting = (sys.executable, "-c", "import signal; signal.pause()")
    process = processes.start(waiting, log=tmp_path / "log")
    try:
        earlier = processes.Running(pid=process.pid, born="0")
        processes.stop(earlier)
        assert not processes.is_alive(earlier)
        assert processes.is_alive(process)
    finally:
        processes.stop(process)
