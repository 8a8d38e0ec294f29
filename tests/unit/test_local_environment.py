"""What the local platform hands to the services."""

import stat
from pathlib import Path

import pytest

from deploy.local import environment, topics
from deploy.local.failures import CannotStart
from deploy.local.platform import Plan
from shared.contracts.vocabulary import EventType, Service

FAST = "2021-03-08T09:00-05:00*86400"


def test_the_clock_keeps_its_anchor_across_starts(tmp_path: Path) -> None:
    first = environment.clock_settings(tmp_path, FAST)["SECONDLOOK_CLOCK"]
    assert first.startswith(f"{FAST}@20")
    assert environment.clock_settings(tmp_path, FAST)["SECONDLOOK_CLOCK"] == first
    assert environment.clock_settings(tmp_path, None)["SECONDLOOK_CLOCK"] == first


def test_another_clock_on_the_same_data_is_refused(tmp_path: Path) -> None:
    assert environment.clock_settings(tmp_path, None) == {}
    with pytest.raises(CannotStart, match="choose another data folder"):
        environment.clock_settings(tmp_path, FAST)


@pytest.mark.parametrize(
    "written",
    ["2021-03-08T09:00*10", "2021-03-08T09:00-05:00", "soon*10", "2021-03-08T09:00Z*-1", "2021-03-08T09:00Z*0"],
)
def test_a_clock_without_zone_or_speed_is_refused(tmp_path: Path, written: str) -> None:
    with pytest.raises(CannotStart, match="write SECONDLOOK_CLOCK as start"):
        environment.clock_settings(tmp_path, written)
    assert not (tmp_path / "clock.json").exists()


def test_keys_are_made_once_and_closed_to_others(tmp_path: Path) -> None:
    first = environment.key_settings(tmp_path)
    kept = {name: Path(path).read_bytes() for name, path in first.items() if name.endswith("_FILE")}
    assert len(set(kept.values())) == 4
    assert {len(key) for key in kept.values()} == {32}
    assert {stat.S_IMODE(Path(first[name]).stat().st_mode) for name in kept} == {0o600}
    assert environment.key_settings(tmp_path) == first
    assert {name: Path(first[name]).read_bytes() for name in kept} == kept


def test_every_event_type_has_its_topic_with_no_time_limit() -> None:
    declared = {topic.name: topic for topic in topics.declared("deployed")}
    assert set(declared) == set(EventType)
    assert {topic.partitions for topic in declared.values()} == {12}
    assert all(topic.settings["retention.ms"] == "-1" for topic in declared.values())
    assert all(topic.settings["cleanup.policy"] == "delete" for topic in declared.values())
    received = declared[EventType.REQUEST_RECEIVED].settings
    assert received["message.timestamp.type"] == "LogAppendTime"
    assert {topic.partitions for topic in topics.declared("local")} == {3}


def test_a_topic_for_something_that_is_no_event_is_refused(tmp_path: Path) -> None:
    wrong = tmp_path / "topics.yaml"
    wrong.write_text(
        topics.DECLARATION.read_text(encoding="utf-8").replace("case.erased:", "case.deleted:"), encoding="utf-8"
    )
    with pytest.raises(CannotStart, match="must declare exactly the event types"):
        topics.declared("local", path=wrong)


def test_instances_are_members_of_their_own() -> None:
    plan = Plan(services=(Service.INTAKE, Service.TRIAGE), instances={"intake": 3})
    assert plan.members() == ["kafka", "documents", "mail", "intake", "intake-2", "intake-3", "triage"]
