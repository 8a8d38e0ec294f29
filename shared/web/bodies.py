"""What all bodies have in common that are sent to a service."""

from typing import Any

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler
from pydantic_core import CoreSchema


def _strict(schema: Any) -> None:
    """Make truths and numbers strict in the fields of one model; the models inside see to their own."""
    pending: list[Any] = [schema.get("schema", schema) if schema.get("type") == "model" else schema]
    while pending:
        part = pending.pop()
        if isinstance(part, dict):
            if part.get("type") in ("bool", "int", "float"):
                part["strict"] = True
            if part.get("type") != "model":
                pending.extend(value for name, value in part.items() if name != "metadata")
        elif isinstance(part, list):
            pending.extend(part)


class Body(BaseModel):
    """A body in which every field has to be known: one that is misspelt is refused, and not passed over.

    0 is no `false`, `true` no 1 and "yes" neither; dates and codes are texts, as JSON has them.
    """

    model_config = ConfigDict(extra="forbid")

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        # `strict` for a whole model would refuse dates, ids and codes, which come as texts here.
        schema = handler(source)
        _strict(schema)
        return schema
