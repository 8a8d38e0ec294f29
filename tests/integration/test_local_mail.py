"""The mail sink: kept before it is acknowledged, not acknowledged when it cannot be kept."""

import json
import smtplib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from deploy.local import probes, servers
from deploy.local.servers import Server
from tests.integration.starting import running

pytestmark = pytest.mark.real


@pytest.fixture(name="mail")
def _mail(tmp_path: Path) -> Path:
    return tmp_path / "mail"


@pytest.fixture(name="sink")
def _sink(mail: Path, tmp_path: Path) -> Iterator[Server]:
    server = servers.mail_sink(mail, port=probes.free_ports(1)[0])
    with running(server, tmp_path):
        yield server


def _letter(name: str) -> EmailMessage:
    letter = EmailMessage()
    letter["From"], letter["To"], letter["Subject"] = "desk@example.org", "Zoë <zoe@example.org>", "A letter"
    letter["Message-ID"], letter["X-Letter"] = f"<{name}@second-look>", "received"
    letter.set_content("Buenos días.")
    return letter


def _ledger(mail: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (mail / "ledger.jsonl").read_text(encoding="utf-8").splitlines()]


def test_when_the_250_comes_the_letter_is_in_the_ledger_and_in_the_folder(sink: Server, mail: Path) -> None:
    with smtplib.SMTP("127.0.0.1", sink.ports[0]) as connection:
        for n in range(1, 4):
            connection.send_message(_letter(f"n{n}"), "bounces@example.org", ["zoe@example.org"])
            line = _ledger(mail)[-1]
            assert (line["number"], line["message_id"]) == (n, f"<n{n}@second-look>")
            assert (line["from"], line["to"]) == ("bounces@example.org", ["zoe@example.org"])
            assert line["headers"] == {"X-Letter": "received"}
            assert json.loads((mail / "new" / f"{n:08d}.json").read_text(encoding="utf-8")) == line
            assert b"Buenos d" in (mail / "new" / f"{n:08d}.eml").read_bytes()


def test_letters_that_come_at_once_are_each_kept_once(sink: Server, mail: Path) -> None:
    def send(sender: int) -> None:
        with smtplib.SMTP("127.0.0.1", sink.ports[0]) as connection:
            for n in range(20):
                connection.send_message(_letter(f"{sender}-{n}"))

    with ThreadPoolExecutor(4) as senders:
        list(senders.map(send, range(4)))
    kept = [line["message_id"] for line in _ledger(mail)]
    assert sorted(kept) == sorted(f"<{sender}-{n}@second-look>" for sender in range(4) for n in range(20))
    assert [line["number"] for line in _ledger(mail)] == list(range(1, 81))


def test_numbers_go_on_after_a_restart(mail: Path, tmp_path: Path) -> None:
    for n in (1, 2):
        server = servers.mail_sink(mail, port=probes.free_ports(1)[0])
        with running(server, tmp_path), smtplib.SMTP("127.0.0.1", server.ports[0]) as connection:
            connection.send_message(_letter(f"run{n}"))
    assert [line["number"] for line in _ledger(mail)] == [1, 2]


def test_what_cannot_be_kept_is_not_acknowledged(sink: Server, mail: Path) -> None:
    """A folder stands where the letter should be written; even root cannot write there."""
    (mail / "new" / "00000001.eml").mkdir()
    with smtplib.SMTP("127.0.0.1", sink.ports[0]) as connection:
        with pytest.raises(smtplib.SMTPDataError) as refused:
            connection.send_message(_letter("first"))
        assert refused.value.smtp_code == 451
        assert _ledger(mail) == []
        connection.send_message(_letter("second"))
    assert [line["message_id"] for line in _ledger(mail)] == ["<second@second-look>"]
