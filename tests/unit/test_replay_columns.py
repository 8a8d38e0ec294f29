"""The typed columns of the archive say what the contracts' models read in the same bytes."""

from datetime import UTC, datetime
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.replay import parts
from services.replay.columns import ARCHIVED, COMMON, shapes, types_of
from shared.contracts.envelope import Event, encode, splice
from shared.contracts.samples import record
from shared.contracts.vocabulary import EventType
from tests.contracts.made import events

NOTED = 1_615_212_000_000
DATABASE = parts.connection()


class Laid(NamedTuple):
    """A record as it lies in Kafka."""

    offset: int
    value: bytes | None
    key: bytes | None = None
    timestamp: int = NOTED


def rows(kind: EventType, *values: bytes | None) -> list[dict[str, Any]]:
    """What the archive keeps of records of one partition."""
    laid = [Laid(offset, value) for offset, value in enumerate(values)]
    tables = parts.tabled(kind, {2: laid}, DATABASE)
    found = [row for table in tables.values() for row in table.to_pylist()]
    return sorted(found, key=lambda row: row["offset"])


@pytest.mark.parametrize("kind", ARCHIVED)
@settings(max_examples=5)
@given(data=st.data())
def test_every_column_says_what_the_model_reads(kind: EventType, data: st.DataObject) -> None:
    made: Event[Any] = data.draw(events(kind))
    value = splice(encode(made), {"note": b"sealed"})
    (row,) = rows(kind, value)
    said = made.data.model_dump(mode="python", exclude={"sealed"})
    assert {name: _plain(row[name]) for name in shapes(kind)} == {name: _plain(each) for name, each in said.items()}
    assert (row["value"], row["problem"], row["sealed"]) == (value, None, ["note"])
    assert (row["id"], row["case_id"], row["time"], row["seq"]) == (
        str(made.id), str(made.subject), made.time, made.seq,
    )  # fmt: skip
    assert (row["topic"], row["partition"], row["offset"]) == (kind, 2, 0)
    assert row["timestamp"] == datetime.fromtimestamp(NOTED / 1000, UTC)


def _plain(value: Any) -> Any:
    """As both sides can say it: a tuple is a list, an id and a code are texts, and what is absent is not there."""
    match value:
        case dict():
            return {name: plain for name, each in value.items() if (plain := _plain(each)) not in (None, [])}
        case list() | tuple():
            return [_plain(each) for each in value]
        case None | bool() | int() | datetime():
            return value
        case _:
            return str(value)


def test_a_column_has_one_type_in_all_topics_so_that_they_can_be_read_together() -> None:
    seen: dict[str, str] = {}
    for kind in ARCHIVED:
        for name, type_ in types_of(kind).items():
            assert seen.setdefault(name, type_) == type_, (kind, name)
        assert not shapes(kind).keys() & COMMON.keys()


def test_what_outsiders_submit_is_never_archived() -> None:
    assert set(EventType) - set(ARCHIVED) == {EventType.REQUEST_RECEIVED}


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (None, "no text"),
        (b"\xff\xfe{}", "no text"),
        (b"", "no JSON"),
        (b"{}\n{}", "no JSON"),
        (b"[" * 10_000, "no JSON"),
        (b"[1]", "type: not the type of this topic"),
        (b'{"type": "case.erased"}', "type: not the type of this topic"),
        (b'{"type": "review.recused", "data": {}}', "envelope: something is missing, or has another type"),
        (
            b'{"type":"review.recused","id":"1","source":"s","subject":"c","seq":1,"time":"-9-01-01","data":{}}',
            "envelope: something is missing, or has another type",
        ),
    ],
)
def test_what_is_no_event_is_kept_as_it_is_with_the_reason(value: bytes | None, problem: str) -> None:
    _, good = record(EventType.REVIEW_RECUSED)
    before, row, after = rows(EventType.REVIEW_RECUSED, good, value, good)
    assert (row["value"], row["problem"]) == (value, problem)
    assert [each["who"] for each in (before, after)] == ["1", "1"]


def test_a_record_from_before_1970_or_after_9999_has_no_time_of_kafkas() -> None:
    laid = [Laid(0, b"", timestamp=-1), Laid(1, b"", timestamp=2**62)]
    (table,) = parts.tabled(EventType.CASE_ERASED, {0: laid}, DATABASE).values()
    assert table["timestamp"].to_pylist() == [None, None]
