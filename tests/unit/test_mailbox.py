"""Reading the mail sink: everything once, what is half-written later, and a letter as a person reads it."""

import json
from pathlib import Path

import pytest

from deploy.local.mailbox import Mailbox

LETTER = (
    "Subject: Second Look: {word} 55MY1-Z1HT0-H\r\nMessage-ID: <{id}@second-look.example>\r\nContent-Language: es\r\n"
    "MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n"
    "--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    "Su petici=C3=B3n:\r\nhttp://127.0.0.1:8101/status/Pxcr8wFTVvegJ8NymoI_IVB8qkoUfB3mm833v7j=\r\nWlA0\r\n"
    "\r\n--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>HTML</p>\r\n--b--\r\n"
)


class Sink:
    """What the SMTP sink writes, as its own docstring has it."""

    def __init__(self, folder: Path) -> None:
        self.ledger = folder / "ledger.jsonl"
        self.letters = folder / "new"
        self.letters.mkdir()
        self.count = 0

    def keep(self, id_: str, to: str = "a@example.org", word: str = "case") -> None:
        self.count += 1
        content = LETTER.replace("{id}", id_).replace("{word}", word).encode()
        (self.letters / f"{self.count:08d}.eml").write_bytes(content)
        entry = {"number": self.count, "at": "2026-01-31T12:00:00.000+00:00", "to": [to]}
        with self.ledger.open("a", encoding="utf-8") as ledger:
            ledger.write(json.dumps(entry | {"message_id": f"<{id_}@second-look.example>"}) + "\n")


@pytest.fixture(name="sink")
def _sink(tmp_path: Path) -> Sink:
    return Sink(tmp_path)


def test_an_empty_sink_has_nothing(tmp_path: Path) -> None:
    assert Mailbox(tmp_path / "none").new() == []
    assert Mailbox(tmp_path / "none").letter(1) is None


def test_everything_is_read_once_and_in_order(sink: Sink, tmp_path: Path) -> None:
    mailbox = Mailbox(tmp_path)
    sink.keep("one")
    sink.keep("two", to="b@example.org")
    assert [(mail.number, mail.id, mail.to) for mail in mailbox.new()] == [
        (1, "one", ("a@example.org",)),
        (2, "two", ("b@example.org",)),
    ]
    assert mailbox.new() == []
    sink.keep("one")
    assert [mail.id for mail in mailbox.new()] == ["one"]
    assert [mail.id for mail in mailbox.all()] == ["one", "two", "one"]


def test_a_line_that_is_still_being_written_is_read_when_it_is_whole(sink: Sink, tmp_path: Path) -> None:
    sink.keep("one")
    ledger = tmp_path / "ledger.jsonl"
    whole = ledger.read_bytes()
    ledger.write_bytes(whole + whole[:20])
    mailbox = Mailbox(tmp_path)
    assert len(mailbox.new()) == 1
    ledger.write_bytes(whole + whole)
    assert len(mailbox.new()) == 1


@pytest.mark.parametrize("word", ["case", "caso"])
def test_a_letter_is_read_as_a_person_does(sink: Sink, tmp_path: Path, word: str) -> None:
    sink.keep("one", word=word)
    letter = Mailbox(tmp_path).letter(1)
    assert letter is not None
    assert letter.text.startswith("Su petición:\n")
    assert letter.link == "http://127.0.0.1:8101/status/Pxcr8wFTVvegJ8NymoI_IVB8qkoUfB3mm833v7jWlA0"
    assert (letter.case_number, letter.language) == ("55MY1-Z1HT0-H", "es")
