"""The typed columns of each topic's records, read off the contracts' models: DuckDB reads them out of the raw bytes.

A column of `data` has the field's name. A model is a STRUCT, a tuple a LIST; what has no shape of its own stays JSON.
A column that cannot be read is NULL, and the raw bytes stay as they are.
"""

import types
from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from functools import cache
from typing import Any, Union, get_args, get_origin
from uuid import UUID

from pydantic import AwareDatetime
from pydantic_core import to_json

from shared.contracts.clear_fields import clear_fields
from shared.contracts.envelope import Contract
from shared.contracts.events import EVENTS
from shared.contracts.vocabulary import EventType

ARCHIVED = tuple(kind for kind in EventType if kind is not EventType.REQUEST_RECEIVED)
"""What outsiders write to `request.received` and `request.received.<channel>` is unsealed, and never archived."""

MOMENT = "TIMESTAMP WITH TIME ZONE"
ENVELOPE = {
    "id": "VARCHAR",
    "type": "VARCHAR",
    "source": "VARCHAR",
    "subject": "VARCHAR",
    "time": MOMENT,
    "dataschema": "VARCHAR",
    "causationid": "VARCHAR",
    "seq": "BIGINT",
}
COMMON = {
    "topic": "VARCHAR",
    "partition": "INTEGER",
    "offset": "BIGINT",
    "timestamp": MOMENT,
    "key": "BLOB",
    "value": "BLOB",
    "problem": "VARCHAR",
    "id": "VARCHAR",
    "source": "VARCHAR",
    "case_id": "VARCHAR",
    "time": MOMENT,
    "seq": "BIGINT",
    "causationid": "VARCHAR",
    "dataschema": "VARCHAR",
    "sealed": "VARCHAR[]",
}
"""What every topic's files have, in this order; then the columns of its `data`."""

_PLAIN = {str: "VARCHAR", bool: "BOOLEAN", int: "BIGINT", date: "DATE", AwareDatetime: MOMENT, UUID: "VARCHAR"}

Shape = str | list[Any] | dict[str, Any]


@cache
def shapes(kind: EventType) -> Mapping[str, Shape]:
    """The columns of an event type's `data`, as DuckDB's `json_transform` wants to be told them."""
    return {name: shape_of(annotation) for name, annotation in clear_fields(EVENTS[kind]).items()}


def shape_of(annotation: Any) -> Shape:
    """The shape of one field."""
    if hasattr(annotation, "__metadata__"):
        return shape_of(annotation.__origin__)
    told = [each for each in get_args(annotation) if each not in {type(None), Ellipsis}]
    if get_origin(annotation) in {Union, types.UnionType}:
        return shape_of(told[0]) if len(told) == 1 else "JSON"
    if get_origin(annotation) is tuple:
        return [shape_of(told[0])]
    if isinstance(annotation, type) and issubclass(annotation, Contract):
        return {name: shape_of(inner) for name, inner in clear_fields(annotation).items()}
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return "VARCHAR"
    return _PLAIN.get(annotation, "JSON")


def type_of(shape: Shape) -> str:
    """The shape as a type in SQL."""
    match shape:
        case str():
            return shape
        case list():
            return f"{type_of(shape[0])}[]"
        case _:
            members = (f'"{name}" {type_of(inner)}' for name, inner in shape.items())
            return f"STRUCT({', '.join(members)})"


def types_of(kind: EventType) -> dict[str, str]:
    """All columns of a topic's files, with their types in SQL."""
    return COMMON | {name: type_of(shape) for name, shape in shapes(kind).items()}


@cache
def reading(kind: EventType) -> str:
    """SQL that reads the typed columns out of a relation `raw(n, text, timestamp)`, a row for a row, ordered by `n`.

    `text` is the record's value, NULL where there is none or it is not UTF-8.
    """
    structure = to_json({**ENVELOPE, "data": {**shapes(kind), "sealed": "MAP(VARCHAR, VARCHAR)"}}).decode()
    data = "".join(f', t.data."{name}" AS "{name}"' for name in shapes(kind))
    return f"""
        SELECT CASE WHEN text IS NULL THEN 'no text' WHEN j IS NULL THEN 'no JSON'
                 WHEN t."type" IS DISTINCT FROM '{kind}' THEN 'type: not the type of this topic'
                 WHEN t.id IS NULL OR t.source IS NULL OR t.subject IS NULL OR moment IS NULL OR t.seq IS NULL
                   OR t.data IS NULL THEN 'envelope: something is missing, or has another type' END AS problem,
               t.id AS id, t.source AS source, t.subject AS case_id, moment AS "time", t.seq AS seq,
               t.causationid AS causationid, t.dataschema AS dataschema,
               coalesce(map_keys(t.data.sealed), []) AS sealed,
               CAST(coalesce(moment, timestamp, TIMESTAMPTZ '1970-01-01 00:00:00+00') AS DATE) AS "day"{data}
        FROM (SELECT *, CASE WHEN t."time" BETWEEN TIMESTAMPTZ '0001-01-02' AND TIMESTAMPTZ '9999-12-31'
                          THEN t."time" END AS moment
              FROM (SELECT *, json_transform(j, '{structure}') AS t
                    FROM (SELECT n, text, timestamp, TRY_CAST(text AS JSON) AS j FROM raw)))
        ORDER BY n"""  # noqa: S608 - made of the contracts' names alone
