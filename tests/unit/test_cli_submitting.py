"""`secondlook submit`: what a line is, what would be refused, and going on where an interruption left off."""

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from cli.main import app
from cli.submitting import example
from cli.submitting.reading import Checking, Request, read
from cli.submitting.sending import AT_ONCE, send_all
from shared.calling.instances import Unreachable
from shared.calling.sent import Answer, Ledger, Sent
from shared.policy.loading import load
from tests.unit.intake_house import House, complete
from tests.unit.intake_world import MONDAY

BODY = {"noncitizen": {"given_name": "Zuleyma", "family_name": "Quenthibar"}, "custody": {"status": "DETAINED"}}


@pytest.fixture(scope="module")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("requests")


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


def keys(folder: Path, *lines: object) -> list[str]:
    return [each.key for each in read(written(folder, *lines)) if isinstance(each, Request)]


@given(st.lists(st.integers(0, 3), max_size=8), st.data())
def test_a_line_without_a_key_keeps_its_key_whatever_becomes_of_other_lines(
    shared_folder: Path, said: list[int], data: st.DataObject
) -> None:
    lines = [{**BODY, "narrative": str(each)} for each in said]
    before = keys(shared_folder, *lines)
    assert len(set(before)) == len(before)  # The same request twice is two requests.
    more = [{**BODY, "narrative": str(each + 10)} for each in range(data.draw(st.integers(0, 3)))]
    places = data.draw(st.permutations(range(len(lines) + len(more))))
    mixed = [(lines + more)[place] for place in places]
    assert set(before) <= set(keys(shared_folder, *mixed))
    for taken_out in range(len(lines)):
        assert set(keys(shared_folder, *lines[:taken_out], *lines[taken_out + 1 :])) <= set(before)


def test_a_file_that_was_written_anew_has_the_same_requests(tmp_path: Path) -> None:
    other = json.dumps(dict(reversed(BODY.items())), indent=None, separators=(" , ", " :  "))
    assert keys(tmp_path, BODY) == keys(tmp_path, other)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("{", "line: not_json"),
        ("[1]", "line: not_an_object"),
        ('{"key": null, "raw": "e30="}', "line: no_request"),
        ('{"body": 3}', "line: no_request"),
        ('{"narrative": "a", "narrative": "b"}', "narrative: repeated"),
        ('{"custody": {"status": "LOST"}}', "custody.status: enum"),
        ('{"noncitizen": {"given_name": 7}}', "noncitizen.given_name: string_type"),
    ],
)
def test_what_would_be_refused_is_told_by_line_and_code(tmp_path: Path, line: str, code: str) -> None:
    looking = Checking(MONDAY, load().at(MONDAY))
    first, found = [looking.wrong(each) for each in read(written(tmp_path, BODY, line))]
    assert first is None
    assert found is not None
    assert (found.line, [f"{each.field}: {each.code}" for each in found.fields]) == (2, [code])


def test_the_same_key_with_another_body_would_be_refused() -> None:
    looking = Checking(MONDAY, load().at(MONDAY))
    other = Request(3, "key-1", {})
    assert [looking.wrong(each) for each in requests_of(2)] == [None, None]
    assert looking.wrong(Request(3, "key-1", BODY)) is None
    found = looking.wrong(other)
    assert found is not None
    assert [each.code for each in found.fields] == ["used_by_line_1"]


def test_what_a_right_line_lacks_and_what_would_be_passed_over_is_told(tmp_path: Path) -> None:
    misspelt = complete(noncitizen=complete()["noncitizen"] | {"a_number": None, "a_numbr": "A12-345-678"})
    urgent = complete(custody={"status": "DETAINED"}, requestor={"type": "FAMILY", "name": "Ulises Quintanabelle"})
    file = written(tmp_path, complete(), misspelt, urgent)
    told = CliRunner().invoke(app, ["submit", str(file), "--check", "--json"])
    assert told.exit_code == 0
    assert json.loads(told.stdout)["lacking"] == [
        {
            "line": 2,
            "missing": ["NO_A_NUMBER"],
            "sent_back": True,
            "ignored": [{"field": "noncitizen.a_numbr", "like": "noncitizen.a_number"}],
        },
        {"line": 3, "missing": ["NO_EMAIL", "NO_FACILITY"], "sent_back": False, "ignored": []},
    ]
    shown = " ".join(CliRunner().invoke(app, ["submit", str(file), "--check"]).stdout.split())
    assert "2 would be sent back lacks no a number" in shown
    assert "did you mean noncitizen.a_number?" in shown
    assert "1 that would be sent back" in shown


WRONG = {"noncitizen": {"family_name": "Quenthibar", "date_of_birth": "Quenthibar's birthday"}}


@pytest.mark.parametrize("options", [["--check"], []])
def test_one_wrong_line_and_nothing_is_sent_and_nobody_is_quoted(tmp_path: Path, options: list[str]) -> None:
    file = written(tmp_path, BODY, WRONG)
    told = CliRunner().invoke(app, ["submit", str(file), "--json", *options])
    assert told.exit_code == 1
    said = json.loads(told.stdout)
    assert (said["lines"], said["sent"]) == (2, {})
    assert [(each["line"], each["field"]) for each in said["wrong"]] == [(2, "noncitizen.date_of_birth")]
    assert "date" in said["wrong"][0]["what_to_do"]
    plain = CliRunner().invoke(app, ["submit", str(file), *options])
    assert "noncitizen.date_of_birth" in plain.output
    assert "Quenthibar" not in told.output + plain.output
    assert list(tmp_path.iterdir()) == [file]


def test_the_example_is_right_and_can_be_changed(tmp_path: Path) -> None:
    shown = CliRunner().invoke(app, ["submit", "--example"])
    assert shown.stdout == example.lines()
    file = tmp_path / "requests.jsonl"
    file.write_text(shown.stdout, encoding="utf-8")
    assert CliRunner().invoke(app, ["submit", str(file), "--check"]).exit_code == 0


async def test_the_example_is_complete(tmp_path: Path) -> None:
    house = House(tmp_path)
    for each in example.REQUESTS:
        body: Any = each.get("body", each)
        assert (await house.submit(body)).status_code == 202


def test_a_file_is_gone_on_with_by_the_way_it_was_begun(tmp_path: Path) -> None:
    file = written(tmp_path, BODY)
    with Ledger(tmp_path / "requests.jsonl.sent.jsonl") as ledger:
        ledger.note(Sent(line=9, key="a", answer=Answer.SENT, place=("request.received", 0, 7)))
    told = CliRunner().invoke(app, ["submit", str(file), "--token", "t"])
    assert told.exit_code == 1
    assert "--channel kafka" in told.output


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
    (tmp_path / "sent.jsonl").touch(mode=0o644)
    with Ledger(tmp_path / "sent.jsonl"):
        assert (tmp_path / "sent.jsonl").stat().st_mode & 0o077 == 0


def test_nothing_running_is_one_sentence(tmp_path: Path) -> None:
    file = written(tmp_path, BODY)
    told = CliRunner().invoke(app, ["submit", str(file), "--data", str(tmp_path / "nothing")])
    assert told.exit_code == 1
    assert "secondlook up" in told.output
    assert "Traceback" not in told.output
