"""Arbitrary valid events, made from the models themselves: a new event or field is covered without being listed."""

import types
from collections.abc import Iterable
from datetime import UTC, date, datetime
from enum import StrEnum
from functools import cache
from typing import Any, Union, get_args, get_origin
from uuid import UUID

from hypothesis import strategies as st
from pydantic import AwareDatetime, BaseModel
from pydantic.fields import FieldInfo

from shared.contracts.envelope import Event, dataschema
from shared.contracts.events import EVENTS
from shared.contracts.vocabulary import EventType, Service

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
TIMES = st.datetimes(datetime(1999, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)).map(  # noqa: DTZ001
    lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000)
)
PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    str: TEXTS,
    bool: st.booleans(),
    date: st.dates(date(1900, 1, 1), date(2100, 1, 1)),
    AwareDatetime: TIMES,
    UUID: st.uuids(),
    Any: st.integers(-(2**63), 2**63 - 1) | TEXTS | st.booleans(),
}


@cache
def events(event_type: EventType) -> st.SearchStrategy[Event[Any]]:
    """Valid events of one type, without sealed blobs."""
    data = EVENTS[event_type]
    return st.builds(
        Event[data],  # type: ignore[valid-type]
        id=st.uuids(),
        type=st.just(event_type),
        source=st.sampled_from(Service),
        subject=st.uuids(),
        time=TIMES,
        dataschema=st.just(dataschema(event_type)),
        causationid=st.uuids(),
        seq=st.integers(1, 2**31 - 1),
        data=built(data, without=("sealed",)),
    )


@cache
def built(model: type[BaseModel], without: tuple[str, ...] = ()) -> st.SearchStrategy[Any]:
    """Valid values of a model, each field from its annotation and bounds."""
    fields = {name: field for name, field in model.model_fields.items() if name not in without}
    return st.builds(model, **{name: _field(field) for name, field in fields.items()})


def _field(field: FieldInfo) -> st.SearchStrategy[Any]:
    return _whole(field.metadata) if field.annotation is int else _of(field.annotation)


def _whole(rules: Iterable[Any]) -> st.SearchStrategy[int]:
    bounds = {name: getattr(rule, name) for rule in rules for name in ("ge", "le", "lt") if hasattr(rule, name)}
    return st.integers(bounds["ge"], bounds.get("le", bounds.get("lt", 2**31) - 1))


def _of(annotation: Any) -> st.SearchStrategy[Any]:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if hasattr(annotation, "__metadata__") and annotation.__origin__ is int:
        return _whole(rule for given in annotation.__metadata__ for rule in given.metadata)
    if hasattr(annotation, "__metadata__"):
        return _of(annotation.__origin__)
    if origin in (Union, types.UnionType):
        return st.one_of(*(st.none() if argument is type(None) else _of(argument) for argument in arguments))
    if origin is tuple:
        return st.lists(_of(arguments[0]), max_size=3).map(tuple)
    if origin is dict:
        return st.dictionaries(_of(arguments[0]), _of(arguments[1]), max_size=3)
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return st.sampled_from(annotation)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return built(annotation)
    return PLAIN[annotation]
