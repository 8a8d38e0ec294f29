"""`secondlook submit`: what a line is, what would be refused, and going on where an interruption left off."""

import json
from collections.abc import Awaitable, Callable
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app
from cli.submitting.reading import Request, Wrong, checked, clashes, read
from cli.submitting.sending import AT_ONCE, send_all
from shared.calling.instances import Unreachable
from shared.calling.sent import Answer, Ledger, Sent

TODAY = date(2021, 3, 8)
BODY = {"noncitizen": {"given_name": "Zuleyma", "family_name": "Quenthibar"}, "custody": {"status": "DETAINED"}}


def written(folder: Path, *lines: object) -> Path:
    file = folder / "requests.jsonl"
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    file.write_text("\n".join(texts) + "\n", encoding="utf-8")
    return file


def requests_of(count: int) -> list[Request]:
    return [Request(number, f"key-{number}", BODY) for number in range(1, count + 1)]


def answering(seen: list[int], *, fails_after: int | None = None) -> Callable[[Request], Awaitable[Sent]]:
    async def send(request: Request) -> Sent:
        if fails_after is not None and len(seen) >= fails_after:
            raise Unreachable("The service intake cannot be used.")
        seen.append(request.line)
        return Sent(line=request.line, key=request.key, answer=Answer.ACCEPTED, status=202)

    return send


def test_a_line_is_a_request_or_has_one_beside_its_key(tmp_path: Path) -> None:
    bare, keyed = read(written(tmp_path, BODY, "", {"key": "mine", "body": BODY}))
    assert isinstance(bare, Request)
    assert isinstance(keyed, Request)
    assert (bare.line, bare.body) == (1, BODY)
    assert (keyed.line, keyed.key, keyed.body) == (3, "mine", BODY)


def test_a_line_without_a_key_gets_one_from_its_content_and_place(tmp_path: Path) -> None:
    first, second = read(written(tmp_path, BODY, BODY))
    again, _, _ = read(written(tmp_path, BODY, BODY, BODY))
    assert isinstance(first, Request)
    assert isinstance(second, Request)
    assert again == first  # What is added below changes nothing above.
    assert first.key != second.key


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("{", "line: not_json"),
        ("[1]", "line: not_an_object"),
        ('{"key": null, "raw": "e30="}', "line: no_request"),
        ('{"body": 3}', "line: no_request"),
        ('{"custody": {"status": "LOST"}}', "custody.status: enum"),
        ('{"noncitizen": {"given_name": 7}}', "noncitizen.given_name: string_type"),
    ],
)
def test_what_would_be_refused_is_told_by_line_and_code(tmp_path: Path, line: str, code: str) -> None:
    found = [checked(each, today=TODAY) for each in read(written(tmp_path, BODY, line))]
    assert found == [None, Wrong(2, (code,))]


def test_the_same_key_with_another_body_would_be_refused() -> None:
    other = Request(3, "key-1", {})
    assert clashes([*requests_of(2), other]) == [Wrong(3, ("key: used_by_line_1",))]
    assert clashes([*requests_of(2), Request(3, "key-1", BODY)]) == []


def test_check_sends_nothing_and_quotes_nobody(tmp_path: Path) -> None:
    wrong = {"noncitizen": {"family_name": "Quenthibar", "date_of_birth": "Quenthibar's birthday"}}
    file = written(tmp_path, BODY, wrong)
    told = CliRunner().invoke(app, ["submit", str(file), "--check", "--json"])
    assert told.exit_code == 1
    assert json.loads(told.output) == {
        "lines": 2,
        "wrong": [{"line": 2, "codes": ["noncitizen.date_of_birth: date_format"]}],
    }
    assert "Quenthibar" not in told.output
    assert list(tmp_path.iterdir()) == [file]


async def test_an_interrupted_file_goes_on_where_it_stopped_and_repeats_nothing(tmp_path: Path) -> None:
    lines, seen = requests_of(40), list[int]()
    with Ledger(tmp_path / "sent.jsonl") as ledger, pytest.raises(Unreachable):
        await send_all(lines, answering(seen, fails_after=25), ledger, lambda: None)
    assert len(seen) == 25
    with Ledger(tmp_path / "sent.jsonl") as ledger:
        assert {entry.line for entry in ledger.entries} == set(seen)
        await send_all(lines, answering(seen), ledger, lambda: None)
    assert sorted(seen) == list(range(1, 41))


async def test_no_more_than_a_few_are_under_way_at_once(tmp_path: Path) -> None:
    under_way, most = 0, 0

    async def send(request: Request) -> Sent:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        sent = await answering([])(request)
        under_way -= 1
        return sent

    with Ledger(tmp_path / "sent.jsonl") as ledger:
        await send_all(requests_of(60), send, ledger, lambda: None)
    assert most <= AT_ONCE


def test_what_a_crash_left_half_written_is_no_entry(tmp_path: Path) -> None:
    file = tmp_path / "sent.jsonl"
    with Ledger(file) as ledger:
        ledger.note(Sent(line=1, key="a", answer=Answer.REJECTED, status=422, codes=("NO_PLACE",)))
        ledger.note(Sent(line=2, key="b", answer=Answer.SENT, place=("request.received", 0, 7)))
    whole = file.read_bytes()
    file.write_bytes(whole + b'{"line": 3, "key": "c", "ans' + b" " * 500)  # longer than what is written next
    with Ledger(file) as ledger:
        assert [ledger.has(1, "a"), ledger.has(2, "b"), ledger.has(3, "c")] == [True, True, False]
        assert ledger.entries[0].codes == ("NO_PLACE",)
        assert ledger.entries[1].place == ("request.received", 0, 7)
        ledger.note(Sent(line=3, key="c", answer=Answer.ACCEPTED))
    with Ledger(file) as ledger:
        assert [entry.line for entry in ledger.entries] == [1, 2, 3]


def test_a_changed_line_is_another_request(tmp_path: Path) -> None:
    (before,) = read(written(tmp_path, BODY))
    with Ledger(tmp_path / "sent.jsonl") as ledger:
        assert isinstance(before, Request)
        ledger.note(Sent(line=1, key=before.key, answer=Answer.ACCEPTED))
        (after,) = read(written(tmp_path, {**BODY, "narrative": "more"}))
        assert isinstance(after, Request)
        assert not ledger.has(1, after.key)


def test_nobody_but_the_owner_reads_the_private_links(tmp_path: Path) -> None:
    with Ledger(tmp_path / "sent.jsonl"):
        assert (tmp_path / "sent.jsonl").stat().st_mode & 0o077 == 0


def test_nothing_running_is_one_sentence(tmp_path: Path) -> None:
    file = written(tmp_path, BODY)
    told = CliRunner().invoke(app, ["submit", str(file), "--data", str(tmp_path / "nothing")])
    assert told.exit_code == 1
    assert "secondlook up" in told.output
    assert "Traceback" not in told.output
