"""The views of an archive tell of each case what the live view tells, and what is asked can do no harm."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from cli.main import app
from services.replay import manifest
from services.replay.asking import CannotAsk, EventArchive
from services.replay.replaying import Offset, case_id_of, change, compared, histories, history_at
from services.replay.views import ABOUT, view_of
from shared.contracts.envelope import Event
from shared.contracts.history import History, dump, fold
from shared.contracts.telling import in_order
from shared.contracts.vocabulary import EventType, Letter, MailResult, TriageOutcome
from tests.contracts.story import CASE, NUMBER, START, Story
from tests.contracts.test_history import STAGES, whole_story
from tests.unit.archived import archived

COMPARED = ("number", "stage", "outcome", "ended_by", "field_office_outcome", "office", "urgency", "erased")


def of(name: str) -> UUID:
    """The case of a story."""
    return uuid5(CASE, name)


def as_case(story: Story, case: UUID) -> list[Event[Any]]:
    """A story told of another case: its events have other ids, and the causes among them too."""
    ids = {event.id: uuid5(case, str(event.id)) for event in story.events}
    return [
        event.model_copy(
            update={"id": ids[event.id], "subject": case, "causationid": ids.get(event.causationid, event.causationid)}
        )
        for event in story.events
    ]


@pytest.fixture(name="stories", scope="module")
def _stories() -> dict[UUID, list[Event[Any]]]:
    told = {name: story for name, (story, _, _) in STAGES.items()} | {"the whole way": whole_story()}
    return {of(name): as_case(story, of(name)) for name, story in told.items()}


@pytest.fixture(name="folder", scope="module")
def _folder(stories: dict[UUID, list[Event[Any]]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All stories, one of them published twice."""
    events = [event for told in stories.values() for event in told]
    return archived(tmp_path_factory.mktemp("archive"), [*events, *stories[of("the whole way")]])


@pytest.fixture(name="archive", scope="module")
def _archive(folder: Path) -> Iterator[EventArchive]:
    archive = EventArchive(folder)
    yield archive
    archive.close()


@pytest.fixture(name="empty", scope="module")
def _empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EventArchive]:
    archive = EventArchive(archived(tmp_path_factory.mktemp("empty"), []))
    yield archive
    archive.close()


def test_the_view_of_cases_is_the_live_view(archive: EventArchive, stories: dict[UUID, list[Event[Any]]]) -> None:
    found = archive.rows(f"SELECT case_id, {', '.join(COMPARED)} FROM cases")
    assert len(found) == len(stories)
    for case_id, *said in found:
        history = fold(stories[UUID(case_id)])
        assert dict(zip(COMPARED, said, strict=True)) == {name: getattr(history, name) for name in COMPARED}


@pytest.mark.parametrize("share_rows", [40, 1_000_000])
def test_every_history_is_folded_byte_for_byte(
    archive: EventArchive, stories: dict[UUID, list[Event[Any]]], share_rows: int
) -> None:
    found = [(UUID(history.case_id), dump(history)) for history in histories(archive, share_rows=share_rows)]
    assert len(found) == len(stories)
    assert dict(found) == {case: dump(fold(events)) for case, events in stories.items()}


def test_every_event_counts_once_though_it_lies_there_twice(
    archive: EventArchive, stories: dict[UUID, list[Event[Any]]]
) -> None:
    twice = stories[of("the whole way")]
    [(records,)], [(events,)] = (
        archive.rows("SELECT count(*) FROM records"),
        archive.rows("SELECT count(*) FROM events"),
    )
    assert events == sum(map(len, stories.values()))
    assert records == events + len(twice)


def test_time_travel_is_the_fold_of_what_had_happened(folder: Path, stories: dict[UUID, list[Event[Any]]]) -> None:
    case = of("the whole way")
    for day in (-1, 0, 3, 6, 9, 15):
        at = START + timedelta(days=day)
        archive = EventArchive(folder, at=at)
        before = [event for event in stories[case] if event.time <= at]
        assert bool(archive.rows("SELECT 1 FROM cases WHERE case_id = $case", case=str(case))) == bool(before)
        if before:
            assert history_at(archive, str(case)) == fold(before)
        archive.close()


def test_a_case_up_to_an_event_or_an_offset(archive: EventArchive, stories: dict[UUID, list[Event[Any]]]) -> None:
    case = of("the whole way")
    told = in_order(stories[case])
    for place, event in enumerate(told, start=1):
        assert history_at(archive, str(case), event=UUID(str(event.id))) == fold(told[:place])
    [(offset,)] = archive.rows(
        'SELECT min("offset") FROM records WHERE case_id = $case AND topic = $topic',
        case=str(case),
        topic=str(EventType.REVIEW_REMANDED),
    )
    history = history_at(archive, str(case), offset=Offset("review.remanded", 0, offset))
    remanded = next(event for event in told if event.type is EventType.REVIEW_REMANDED)
    assert history == fold(event for event in told if event.time <= remanded.time)


def test_what_became_of_a_case_between_two_moments(folder: Path) -> None:
    case = str(of("the whole way"))
    before, after = (history_at(EventArchive(folder, at=START + timedelta(days=day)), case) for day in (5, 9))
    found = change(before, after)
    assert found.fields["stage"] == ("requestor_decides", "at_field_office")
    assert [line["event"] for line in found.happened] == [
        "review.requested", "review.escalated", "review.remanded", "triage.assigned",
    ]  # fmt: skip
    assert change(None, after).fields["stage"] == (None, "at_field_office")


def test_a_comparison_names_each_field_that_differs(stories: dict[UUID, list[Event[Any]]]) -> None:
    history = fold(stories[of("assigned")])
    live = history.model_dump(mode="json")
    assert compared(history, live) == {}
    assert compared(history, live | {"office": "SNA"}) == {"office": ("ATL", "SNA")}
    assert compared(history, dict(reversed(live.items()))) == {"order of fields": (None, None)}


def test_where_a_case_lay_and_how_long_each_step_took(archive: EventArchive) -> None:
    case = str(of("the whole way"))
    stays = archive.rows("SELECT place, round, since, until FROM stays WHERE case_id = $case ORDER BY since", case=case)
    days = [(place, round_, (since - START).days, (until - START).days) for place, round_, since, until in stays]
    assert days == [
        ("none yet", 1, 0, 1), ("ATL", 1, 1, 5), ("headquarters", 1, 6, 9), ("ATL", 2, 9, 11),
        ("headquarters", 2, 11, 14),
    ]  # fmt: skip
    steps = archive.rows("SELECT step, days, ended FROM durations WHERE case_id = $case AND step = 'whole'", case=case)
    assert steps == [("whole", 14.0, True)]
    open_steps = archive.rows(
        "SELECT step, ended FROM durations WHERE case_id = $case", case=str(of("at headquarters"))
    )
    assert ("headquarters", False) in open_steps
    assert ("whole", False) in open_steps


def test_queues_grow_by_who_comes_and_shrink_by_who_goes(archive: EventArchive) -> None:
    rows = archive.rows('SELECT place, "day", came, went, open FROM queues_over_time ORDER BY place, "day"')
    still = dict(archive.rows("SELECT place, count(*) FROM stays WHERE until IS NULL GROUP BY place"))
    for place in {row[0] for row in rows}:
        of_place = [row for row in rows if row[0] == place]
        assert [row[1] for row in of_place] == [of_place[0][1] + timedelta(days=n) for n in range(len(of_place))]
        assert of_place[-1][4] == sum(row[2] - row[3] for row in of_place) == still.get(place, 0)


def test_a_letter_has_one_row_with_what_became_of_it_last(archive: EventArchive) -> None:
    found = archive.rows(
        "SELECT letter, result, attempt, records FROM notifications WHERE case_id = $case",
        case=str(of("the whole way")),
    )
    assert sorted(found) == [(Letter.RECEIVED, MailResult.SENT, 2, 2), (Letter.RESOLVED, MailResult.SENT, 1, 1)]


def test_a_decision_has_one_row_whoever_made_it(archive: EventArchive) -> None:
    found = archive.rows(
        "SELECT by_whom, round, outcome, office, number FROM decisions WHERE case_id = $case ORDER BY decided_at",
        case=str(of("the whole way")),
    )
    assert [row[:3] for row in found] == [
        ("field_office", 1, TriageOutcome.DECLINED), ("field_office", 2, TriageOutcome.DECLINED),
        ("sro", None, "OVERRIDDEN"),
    ]  # fmt: skip
    assert {row[4] for row in found} == {NUMBER}


@pytest.mark.parametrize("view", [*ABOUT, *(view_of(kind) for kind in EventType if kind != EventType.REQUEST_RECEIVED)])
def test_every_view_is_there_also_in_an_empty_archive(view: str, empty: EventArchive) -> None:
    assert empty.rows(f'SELECT count(*) FROM "{view}"') == [(0,)]


@pytest.mark.parametrize(
    "question",
    [
        "COPY cases TO '{folder}/events/stolen.csv'",
        "EXPLAIN ANALYZE COPY cases TO '{folder}/events/stolen.csv'",
        "EXPORT DATABASE '{folder}/events/stolen'",
        "ATTACH '{folder}/events/stolen.db'",
        "SELECT * FROM read_text('/etc/hostname')",
        "SELECT * FROM '{folder}/manifest.json'",
        "SELECT * FROM glob('/*')",
        "INSTALL httpfs",
        "LOAD json",
        "SET enable_external_access = true",
        "RESET lock_configuration",
        "SELECT 1; COPY (SELECT 1) TO '{folder}/events/stolen.csv'",
        "PREPARE p AS COPY (SELECT 1) TO '{folder}/events/stolen.csv'; EXECUTE p",
    ],
)
def test_what_is_asked_reads_nothing_else_and_writes_nothing(
    archive: EventArchive, folder: Path, question: str
) -> None:
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    with pytest.raises(CannotAsk):
        _ = [list(answer.rows) for answer in archive.ask(question.replace("{folder}", str(folder)))]
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_the_archive_answers_as_a_relation(archive: EventArchive) -> None:
    assert archive.cases().filter("stage = 'resolved'").aggregate("count(*)").fetchall() == archive.rows(
        "SELECT count(*) FROM cases WHERE stage = 'resolved'"
    )
    assert archive.events().to_arrow_table().num_rows == archive.rows("SELECT count(*) FROM events")[0][0]
    assert case_id_of(archive, str(of("assigned"))) == str(of("assigned"))


def run(*words: str, given: str | None = None) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, list(words), input=given)
    return done.exit_code, done.stdout, done.stderr


def test_the_command_answers_in_a_table_in_csv_and_in_json_lines(folder: Path) -> None:
    ask = ("sql", "--archive", str(folder), "SELECT 'a' AS x, '=1+1' AS y, [1, 2] AS z, NULL AS n, -1 AS m")
    assert run(*ask)[:2] == (0, " x  y     z     n  m  \n a  =1+1  1, 2     -1 \n")
    assert run(*ask, "--csv")[:2] == (0, 'x,y,z,n,m\na,\'=1+1,"1, 2",,-1\n')
    assert run(*ask, "--json")[:2] == (0, '{"x":"a","y":"=1+1","z":[1,2],"n":null,"m":-1}\n')


def test_the_shell_goes_on_after_a_mistake(folder: Path) -> None:
    code, told, wrong = run("sql", "--archive", str(folder), given="SELECT\nnothing;\nSELECT 41 + 1 AS n;\n")
    assert (code, told.split()) == (0, ["n", "42"])
    assert 'Referenced column "nothing" was not found' in wrong


def test_the_commands_say_what_is_wrong(folder: Path, tmp_path: Path) -> None:
    def fails(*words: str) -> str:
        code, told, wrong = run(*words)
        assert (code, told) == (1, "")
        return " ".join(wrong.split())

    assert "There is no archive in" in fails("sql", "--archive", str(tmp_path), "SELECT 1")
    assert "COPY is not for here" in fails("sql", "--archive", str(folder), "COPY cases TO 'x'")
    assert "is no moment" in fails("sql", "--archive", str(folder), "--at", "yesterday", "SELECT 1")
    assert "has no case 00000-00000-0" in fails("replay", "--archive", str(folder), "--case", "00000-00000-0")
    assert "name it with --case" in fails("replay", "--archive", str(folder), "--offset", "triage.assigned:0:1")
    assert "is no offset" in fails("replay", "--archive", str(folder), "--case", "x", "--offset", "1")
    assert "leave out --at" in fails("replay", "--archive", str(folder), "--check", "--at", "2021-06-01")


def test_a_case_is_shown_as_it_stood_and_what_changed_since(folder: Path) -> None:
    case = ("--archive", str(folder), "--case", str(of("the whole way")))
    code, told, _ = run("replay", *case, "--at", "2021-03-13T14:00Z")
    assert code == 0
    assert "requestor decides" in told
    assert "remanded" not in told
    code, told, _ = run("replay", "diff", *case, "--from", "2021-03-13T14:00Z", "--to", "2021-03-17T14:00Z")
    assert code == 0
    assert "review.remanded" in told
    code, told, _ = run("replay", "--archive", str(folder), "--at", "2021-03-08T14:00Z", "--json")
    assert code == 0
    assert sum(each["cases"] for each in json.loads(told)) == len(STAGES) + 1


def test_moments_without_a_zone_are_utc(folder: Path) -> None:
    history: History = history_at(
        EventArchive(folder, at=datetime(2021, 3, 13, 14, tzinfo=UTC)), str(of("the whole way"))
    )
    _, told, _ = run(
        "replay", "--archive", str(folder), "--case", history.case_id, "--at", "2021-03-13T14:00", "--json"
    )
    assert History.model_validate_json(told) == history


def test_a_file_of_an_older_build_lacks_a_column_and_is_read_all_the_same(
    stories: dict[UUID, list[Event[Any]]], tmp_path: Path
) -> None:
    archived(tmp_path, stories[of("assigned")])
    told = manifest.load(tmp_path)
    part = next(part for part in told.parts if part.topic == EventType.REQUEST_SUBMITTED)
    table = pq.read_table(tmp_path / part.path, partitioning=None).drop_columns(["age_band"])
    older = part.model_copy(update={"path": part.path.replace(".parquet", "-older.parquet"), "shape": "older"})
    pq.write_table(table.set_column(table.schema.get_field_index("id"), "id", [["another"]]), tmp_path / older.path)
    manifest.replace(manifest.write_beside(told.model_copy(update={"parts": (*told.parts, older)}), tmp_path), tmp_path)
    archive = EventArchive(tmp_path)
    assert archive.rows("SELECT id = 'another', age_band IS NULL FROM request_submitted ORDER BY 1") == [
        (False, False),
        (True, True),
    ]
    archive.close()
