"""`docs/data-dictionary.md`, from the models: each field with meaning and unit, since when, clear or sealed."""

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from shared.contracts.clear_fields import BLOBS, WHY
from shared.contracts.describing import field_type, opened_models, table
from shared.contracts.envelope import EventData
from shared.contracts.meanings import MEANS, UNITS

BASELINE = Path(__file__).parent / "baseline.json"
HEAD = ("field", "type", "meaning", "unit", "since")
MOMENT = "moment, UTC, ms"

_INTRODUCTION = """\
# Data dictionary

Made by `python -m shared.contracts.generate` from the models in `shared/contracts`; do not edit. For analysts: what
each field means, in what unit, since when it is there, and whether it is clear. A clear field of an event is a column
of the event's view (`triage_assigned`), a field of a part is a member of a STRUCT (`custody.state`). What is sealed is
in no view and no export, and opens only with the case's key. [events.md](events.md) says why each clear field is so.

Since: `baseline` are the fields with which the schemas were first compared, by
[0008](decisions/0008-event-schema-baseline.md); `later` are those that came after it. Events from before do not have
them: NULL then means "not said".
"""


def dictionary() -> str:
    """The whole of the file."""
    known = _known()
    parts = [_INTRODUCTION, "## Clear: events\n"]
    parts += [_clear(str(model.type), model, known) for model in WHY if issubclass(model, EventData)]
    parts += ["## Clear: parts of events\n"]
    parts += [_clear(model.__name__, model, known) for model in WHY if not issubclass(model, EventData)]
    parts += ["## Sealed\n", *(_sealed(model) for model in opened_models())]
    return "\n".join(parts)


def meaning(model: type[BaseModel], name: str) -> str:
    """What a field means. Raises `LookupError` where nobody has said it."""
    said = MEANS.get(f"{model.__name__}.{name}", MEANS.get(name))
    if said is None:
        raise LookupError(f"{model.__name__}.{name} has no meaning for analysts: give one in meanings.py")
    return said


def unit(model: type[BaseModel], name: str, type_: str) -> str:
    """What a field's value is measured in; empty: its type says it."""
    said = UNITS.get(f"{model.__name__}.{name}", UNITS.get(name))
    if said is not None:
        return said
    return {"moment": MOMENT, "day": "calendar day", "whole number": "count"}.get(type_.partition(",")[0], "")


def _known() -> set[tuple[str, str]]:
    """The models and fields of the baseline. A generic model has a name for each thing that it is made of."""
    schemas = json.loads(BASELINE.read_text(encoding="utf-8"))["schemas"]
    definitions = [each for schema in schemas.values() for each in schema["$defs"].items()]
    return {(name.partition("_")[0], field) for name, each in definitions for field in each.get("properties", ())}


def _clear(heading: str, model: type[BaseModel], known: set[tuple[str, str]]) -> str:
    fields = ((name, field) for name, field in model.model_fields.items() if name != "sealed")
    rows = [
        (*_row(model, name, field), "baseline" if (model.__name__, name) in known else "later")
        for name, field in fields
    ]
    return f"### {heading}\n\n{table(HEAD, rows)}"


def _sealed(model: type[BaseModel]) -> str:
    holding = [
        f"`{blob}` of {event.type}" for event, blobs in BLOBS.items() for blob, held, _ in blobs if held is model
    ]
    where = f"In {', '.join(holding)}.\n\n" if holding else ""
    rows = [_row(model, name, field) for name, field in model.model_fields.items()]
    return f"### {model.__name__}\n\n{where}{table(HEAD[:-1], rows)}"


def _row(model: type[BaseModel], name: str, field: FieldInfo) -> tuple[Any, ...]:
    type_ = field_type(field)
    return f"`{name}`", type_.replace("](#", "](events.md#"), meaning(model, name), unit(model, name, type_)
