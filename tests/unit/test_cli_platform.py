"""What `secondlook logs` shows, typed as people type it."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app


@pytest.fixture(name="data")
def _data(tmp_path: Path) -> Path:
    (tmp_path / "logs").mkdir()
    for member in ("intake", "intake-2", "triage", "kafka", "documents", "mail"):
        (tmp_path / "logs" / f"{member}.log").write_text(f"{member} says so\n", encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ([], ["intake", "intake-2", "triage"]),
        (["--servers"], ["documents", "intake", "intake-2", "kafka", "mail", "triage"]),
        (["kafka"], ["kafka"]),
    ],
    ids=" ".join,
)
def test_the_log_is_the_services_unless_a_server_is_asked_for(data: Path, asked: list[str], shown: list[str]) -> None:
    told = CliRunner().invoke(app, ["logs", *asked, "--data", str(data)])
    assert told.exit_code == 0
    assert [line.split()[-3] for line in told.output.splitlines()] == shown


def test_an_unknown_member_is_told_which_logs_there_are(data: Path) -> None:
    told = CliRunner().invoke(app, ["logs", "triag", "--data", str(data)])
    assert told.exit_code == 1
    assert "no log of triag" in told.output
    assert "documents, intake, intake-2, kafka, mail, triage" in " ".join(told.output.split())


def test_fewer_than_no_lines_are_refused(data: Path) -> None:
    told = CliRunner().invoke(app, ["logs", "-n", "-3", "--data", str(data)])
    assert (told.exit_code, "Invalid value" in told.output) == (2, True)
