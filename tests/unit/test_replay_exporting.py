"""What leaves an archive as files: every value as it was, no formula, no small count for outsiders, no half file."""

import csv
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid5

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from cli.main import app
from services.replay.asking import EventArchive
from services.replay.counting import ALL, BY, counted
from services.replay.suppressing import LEAST
from tests.contracts.story import CASE
from tests.contracts.test_history import STAGES
from tests.unit.archived import archived
from tests.unit.test_replay_asking import as_case

MANY = 12
"""How often each story is told: once for each of so many cases, so that some counts are large enough."""


@pytest.fixture(name="folder", scope="module")
def _folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    told = [
        as_case(story, uuid5(CASE, f"{name} {place}"))
        for name, (story, _, _) in STAGES.items()
        for place in range(1 if name == "rejected" else MANY)
    ]
    return archived(tmp_path_factory.mktemp("archive"), [event for events in told for event in events])


@pytest.fixture(name="archive")
def _archive(folder: Path) -> Iterator[EventArchive]:
    archive = EventArchive(folder)
    yield archive
    archive.close()


def export(folder: Path, *words: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["export", *words, "--archive", str(folder)])
    return done.exit_code, " ".join((done.stdout + done.stderr).split())


def test_an_answer_is_the_same_in_every_form(folder: Path, archive: EventArchive, tmp_path: Path) -> None:
    question = "SELECT case_id, stage, office, events, granted, resolved_at FROM cases ORDER BY case_id"
    rows = archive.rows(question)
    for form in ("csv", "jsonl", "parquet"):
        code, told = export(folder, "table", question, str(tmp_path / f"cases.{form}"))
        assert (code, told[:1]) == (0, "✓")
    found = pq.read_table(tmp_path / "cases.parquet").to_pylist()
    assert [tuple(row.values()) for row in found] == rows
    lines = [json.loads(line) for line in (tmp_path / "cases.jsonl").read_text().splitlines()]
    assert [(line["case_id"], line["events"], line["granted"]) for line in lines] == [
        (row[0], row[3], row[4]) for row in rows
    ]
    with (tmp_path / "cases.csv").open(newline="") as file:
        assert [(line["case_id"], int(line["events"])) for line in csv.DictReader(file)] == [
            (row[0], row[3]) for row in rows
        ]


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_cell_is_a_formula(folder: Path, tmp_path: Path, cell: str) -> None:
    export(folder, "table", f"SELECT '{cell}' AS x, ['{cell}'] AS y", str(tmp_path / "x.csv"))
    with (tmp_path / "x.csv").open(newline="") as file:
        assert list(csv.reader(file)) == [["x", "y"], [f"'{cell}", f"'{cell}"]]


@pytest.mark.parametrize("name", BY)
def test_outsiders_see_no_small_count(archive: EventArchive, name: str) -> None:
    rows = counted(archive, [name]).fetchall()
    assert rows
    assert all((cases is None) == withheld for _, cases, withheld in rows)
    assert all(cases == 0 or cases >= LEAST for _, cases, _ in rows if cases is not None)


def test_a_table_of_counts_has_its_totals_and_withholds_what_would_tell(folder: Path, tmp_path: Path) -> None:
    assert export(folder, "counts", "stage,office", str(tmp_path / "counts.jsonl"))[0] == 0
    rows = [json.loads(line) for line in (tmp_path / "counts.jsonl").read_text().splitlines()]
    whole = {(row["stage"], row["office"]): row["cases"] for row in rows}
    assert whole[ALL, ALL] == MANY * (len(STAGES) - 1) + 1
    assert whole["not_accepted", ALL] is None
    of_offices = [cases for (stage, office), cases in whole.items() if stage == ALL and office != ALL]
    hidden = Counter(office for (_, office), cases in whole.items() if cases is None)
    assert hidden
    assert min(hidden.values()) > 1 or None in of_offices


def test_what_cannot_be_written_is_said_and_leaves_nothing(folder: Path, tmp_path: Path) -> None:
    there = tmp_path / "there.csv"
    there.write_text("mine")
    assert "is there already" in export(folder, "table", "FROM cases", str(there))[1]
    assert "says no format" in export(folder, "table", "FROM cases", str(tmp_path / "x.xls"))[1]
    assert "no folder" in export(folder, "table", "FROM cases", str(tmp_path / "no" / "x.csv"))[1]
    assert "Referenced column" in export(folder, "table", "SELECT nothing", str(tmp_path / "x.csv"))[1]
    assert "are counted by" in export(folder, "counts", "number", str(tmp_path / "x.csv"))[1]
    assert "not for outsiders" in export(folder, "counts", "office", str(tmp_path / "x.csv"), "--at-least", "2")[1]
    broken = "SELECT CAST(stage AS INTEGER) FROM cases"
    assert export(folder, "table", broken, str(tmp_path / "x.csv"))[0] == 1
    assert [path.name for path in tmp_path.iterdir()] == ["there.csv"]
    assert there.read_text() == "mine"
