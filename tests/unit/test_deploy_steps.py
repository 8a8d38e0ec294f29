"""The steps before the services of a deployment: keys, topics, and the health check."""

import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from deploy import healthcheck, keys, topics
from deploy.local.environment import key_settings
from shared.contracts.vocabulary import EventType
from shared.privacy.keys import load_key


def test_keys_are_made_once_and_stay(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "keys"
    assert keys.main([str(folder)]) == 0
    first = {name: load_key(setting, folder / name).material for setting, name in keys.KEY_FILES.items()}
    assert len(set(first.values())) == 4
    assert {stat.S_IMODE((folder / name).stat().st_mode) for name in first} == {0o600}
    (folder / "index.key").unlink()
    assert keys.main([str(folder)]) == 0
    again = {name: (folder / name).read_bytes() for name in first}
    assert {name for name in first if first[name] != again[name]} == {"index.key"}
    said = capsys.readouterr().out
    assert "4 keys made, 0 kept" in said
    assert "1 keys made, 3 kept" in said
    assert not any(key.hex() in said for key in first.values())


def test_a_key_that_others_can_read_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    keys.make(tmp_path)
    (tmp_path / "link.key").chmod(0o644)
    assert keys.main([str(tmp_path)]) == 1
    assert "LINK_KEY_FILE" in capsys.readouterr().err
    assert keys.main([]) == 2


def test_the_local_platform_calls_its_keys_by_the_same_names(tmp_path: Path) -> None:
    local = key_settings(tmp_path)
    assert {setting: Path(local[setting]).name for setting in keys.KEY_FILES} == keys.KEY_FILES


def test_a_channel_of_intake_gets_its_topic_as_request_received() -> None:
    settings = topics.TopicSettings(kafka_bootstrap="k:1", secondlook_prefix="p.", channels=("county-jails",))
    wanted = {topic.name: topic for topic in topics.wanted(settings)}
    assert set(wanted) == {f"p.{kind}" for kind in EventType} | {"p.request.received.county-jails"}
    channel, received = wanted["p.request.received.county-jails"], wanted["p.request.received"]
    assert (channel.settings, channel.partitions) == (received.settings, received.partitions)
    assert {(topic.partitions, topic.replication) for topic in wanted.values()} == {(12, 3)}


def test_topics_say_which_setting_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("KAFKA_BOOTSTRAP", raising=False)
    assert topics.main() == 1
    assert "KAFKA_BOOTSTRAP" in capsys.readouterr().err


@contextmanager
def service(status: int, body: bytes) -> Iterator[int]:
    """Something that answers `/health/ready`, on a port of its own."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/health/ready" else 404)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            return

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


@pytest.mark.parametrize(
    ("status", "body", "code", "said"),
    [
        (200, b"{}", 0, "ready"),
        (503, b'{"checks": {"store": "The store does not answer.", "clock": "well"}}', 1, "store: The store does not"),
        (502, b"a proxy's page", 1, "something else than its checks"),
    ],
)
def test_the_health_check_says_what_the_service_says(
    status: int, body: bytes, code: int, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with service(status, body) as port:
        monkeypatch.setenv("PORT", str(port))
        assert healthcheck.main() == code
    assert said in capsys.readouterr().out


def test_a_service_that_is_not_there_is_not_healthy(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PORT", "1")
    assert healthcheck.main() == 1
    assert "does not answer" in capsys.readouterr().out
