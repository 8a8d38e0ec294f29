"""The worked notebook runs from its first cell to its last, on any archive, and says what the events say."""

import json
from collections import Counter
from pathlib import Path
from typing import Any
from uuid import uuid5

import pytest

from deploy.local.places import PROJECT
from services.replay.asking import EventArchive
from shared.contracts.history import fold
from tests.contracts.story import CASE
from tests.contracts.test_history import STAGES, whole_story
from tests.unit.archived import archived
from tests.unit.test_replay_asking import as_case


def run(folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The names that the notebook's cells leave behind."""
    monkeypatch.setenv("ARCHIVE", str(folder))
    cells = json.loads((PROJECT / "docs" / "analysis.ipynb").read_text(encoding="utf-8"))["cells"]
    names: dict[str, Any] = {}
    for cell in cells:
        if cell["cell_type"] == "code":
            exec("".join(cell["source"]), names)
    return names


def closed(names: dict[str, Any]) -> None:
    for name in ("archive", "earlier"):
        archive = names[name]
        assert isinstance(archive, EventArchive)
        archive.close()


def test_every_cell_says_what_the_events_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = {name: story for name, (story, _, _) in STAGES.items()} | {"the whole way": whole_story()}
    cases = [as_case(story, uuid5(CASE, name)) for name, story in told.items()]
    names = run(archived(tmp_path / "archive", [event for events in cases for event in events]), monkeypatch)
    histories = [fold(events) for events in cases]
    assert dict(names["stages"].fetchall()) == Counter(str(history.stage) for history in histories)
    last = max(event.time for events in cases for event in events)
    before = [[event for event in events if event.time <= last - names["timedelta"](days=7)] for events in cases]
    assert dict(names["stages_earlier"].fetchall()) == Counter(str(fold(events).stage) for events in before if events)
    steps = {step: (ended, still) for step, ended, still, *_ in names["steps"].fetchall()}
    resolved = sum(history.stage == "resolved" for history in histories)
    assert steps["whole"] == (resolved, sum(history.stage != "not_accepted" for history in histories) - resolved)
    by_sro = [history for history in histories if history.ended_by == "SRO"]
    assert names["rate"] == sum(history.outcome == "OVERRIDDEN" for history in by_sro) / len(by_sro)
    closed(names)


def test_it_runs_on_an_empty_archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = run(archived(tmp_path / "archive", []), monkeypatch)
    assert (names["stages"].fetchall(), names["rate"]) == ([], 0)
    names["archive"].close()
