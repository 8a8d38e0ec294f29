"""Logs for process mining: every event once, in order, and nothing in them that is not declared."""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from uuid import uuid5
from xml.etree import ElementTree as ET

import pytest

from services.replay.asking import EventArchive
from tests.contracts.story import CASE
from tests.contracts.test_history import whole_story
from tests.unit.archived import archived
from tests.unit.test_replay_asking import as_case
from tests.unit.test_replay_exporting import export

XES = "{http://www.xes-standard.org/}"


@pytest.fixture(name="folder", scope="module")
def _folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    told = [as_case(whole_story(), uuid5(CASE, name)) for name in ("one", "another")]
    return archived(tmp_path_factory.mktemp("archive"), [event for events in told for event in events * 2])


@pytest.fixture(name="archive")
def _archive(folder: Path) -> Iterator[EventArchive]:
    archive = EventArchive(folder)
    yield archive
    archive.close()


def test_xes_has_a_trace_for_each_case_in_the_order_of_time(
    folder: Path, archive: EventArchive, tmp_path: Path
) -> None:
    assert export(folder, "log", str(tmp_path / "log.xes"))[0] == 0
    log = ET.parse(tmp_path / "log.xes").getroot()
    assert (log.tag, log.get("xes.version")) == (f"{XES}log", "1849.2016")
    declared = {each.get("prefix") for each in log.iter(f"{XES}extension")}
    assert {(each.get("key") or "").partition(":")[0] for each in log.iter() if each.get("key")} <= declared
    found = {}
    for trace in log.iter(f"{XES}trace"):
        events = [{each.get("key"): each.get("value") or "" for each in event} for event in trace.iter(f"{XES}event")]
        times = [datetime.fromisoformat(event["time:timestamp"]) for event in events]
        assert times == sorted(times)
        found[trace[0].get("value")] = sorted((event["identity:id"], event["concept:name"]) for event in events)
    assert found == {
        case: sorted(archive.rows("SELECT id, topic FROM events WHERE case_id = $case", case=case))
        for (case,) in archive.rows("SELECT case_id FROM cases")
    }


def test_ocel_names_only_what_it_declares(folder: Path, archive: EventArchive, tmp_path: Path) -> None:
    assert export(folder, "log", str(tmp_path / "log.jsonocel"))[0] == 0
    log = json.loads((tmp_path / "log.jsonocel").read_text())
    assert log.keys() == {"objectTypes", "eventTypes", "objects", "events"}
    for items, types in (("objects", "objectTypes"), ("events", "eventTypes")):
        declared = {each["name"]: {attribute["name"] for attribute in each["attributes"]} for each in log[types]}
        for item in log[items]:
            assert {attribute["name"] for attribute in item["attributes"]} <= declared[item["type"]]
        assert len({item["id"] for item in log[items]}) == len(log[items])
    objects = {item["id"]: item["type"] for item in log["objects"]}
    related = [(each["objectId"], each["qualifier"]) for event in log["events"] for each in event["relationships"]]
    assert {objects[id_] for id_, _ in related} == {"case", "letter"}
    assert all(objects[id_] == qualifier for id_, qualifier in related)
    assert sorted((event["id"], event["type"], event["relationships"][0]["objectId"]) for event in log["events"]) == (
        sorted(archive.rows("SELECT id, topic, case_id FROM events"))
    )


def test_an_empty_archive_gives_empty_logs(tmp_path: Path) -> None:
    empty = archived(tmp_path / "empty", [])
    assert export(empty, "log", str(tmp_path / "log.jsonocel"))[0] == 0
    assert export(empty, "log", str(tmp_path / "log.xes"))[0] == 0
    log = json.loads((tmp_path / "log.jsonocel").read_text())
    assert (log["objects"], log["events"]) == ([], [])
    assert ET.parse(tmp_path / "log.xes").getroot().find(f"{XES}trace") is None


def test_a_log_of_another_kind_is_refused(folder: Path, tmp_path: Path) -> None:
    assert "says no format" in export(folder, "log", str(tmp_path / "log.csv"))[1]
