"""What is wrong with which field of a request, told without quoting what came in."""

import re
from collections.abc import Container, Mapping, Sequence
from typing import Any, Final

_SAFE_MESSAGES: Final = frozenset(
    {
        "missing",
        "json_invalid",
        "model_attributes_type",
        "dict_type",
        "list_type",
        "tuple_type",
        "set_type",
        "string_type",
        "int_type",
        "float_type",
        "bool_type",
        "bool_parsing",
        "int_parsing",
        "float_parsing",
        "date_type",
        "date_parsing",
        "date_from_datetime_parsing",
        "datetime_type",
        "datetime_parsing",
        "timezone_aware",
        "uuid_type",
        "uuid_parsing",
        "enum",
        "literal_error",
        "string_too_long",
        "string_too_short",
        "string_pattern_mismatch",
        "too_long",
        "too_short",
        "greater_than",
        "greater_than_equal",
        "less_than",
        "less_than_equal",
        "extra_forbidden",
    }
)
"""Kinds of validation error whose sentence is made of the rule alone; the others' may quote the input."""

_MEMBER: Final = re.compile(r"<\w+\.\w+: ('[^']*')>")
"""How pydantic names a member where only some of an enumeration are allowed."""


def field_names(openapi: Mapping[str, Any]) -> frozenset[str]:
    """The names of fields and parameters that an OpenAPI document declares: the only ones repeated to a caller."""
    names: set[str] = set()
    pending: list[Any] = [openapi]
    while pending:
        part = pending.pop()
        if isinstance(part, Mapping):
            names.update(part.get("properties", ()))
            if "in" in part and isinstance(part.get("name"), str):
                names.add(part["name"])
            pending.extend(part.values())
        elif isinstance(part, list):
            pending.extend(part)
    return frozenset(names)


def field_errors(errors: Sequence[Any], declared: Container[str]) -> list[dict[str, str]]:
    """What is wrong with which field: path, code, and a sentence made of the rule, never the value that came in.

    In a path, an asterisk stands for every name that is not `declared`: the caller made it up, so it is input too.
    """
    return [
        {
            "field": ".".join([*map(str, error["loc"][:1]), *(_part(part, declared) for part in error["loc"][1:])]),
            "code": error["type"],
            "message": _MEMBER.sub(r"\1", error["msg"])
            if error["type"] in _SAFE_MESSAGES
            else "This value is not valid here.",
        }
        for error in errors
    ]


def _part(part: int | str, declared: Container[str]) -> str:
    return str(part) if isinstance(part, int) or part in declared else "*"
