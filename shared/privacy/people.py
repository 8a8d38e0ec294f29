"""Whom a case is about and who asks, from its opened blobs: the newest word on each."""

from collections.abc import Mapping
from typing import Any

ROLES = ("noncitizen", "requestor")
_AMENDED = "amended_"


def people(opened: Mapping[str, Mapping[str, Any]] | None) -> dict[str, dict[str, Any]] | None:
    """`{noncitizen, requestor}`, each with what is known of them; None where nothing was, or can be, opened.

    An amendment that speaks of one of them tells the whole of what is known then (`SealedAmendment`).
    """
    if opened is None:
        return None
    told = [opened.get("submitted") or {}, *_amendments(opened)]
    return {role: next((dict(each[role]) for each in reversed(told) if each.get(role)), {}) for role in ROLES}


def _amendments(opened: Mapping[str, Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    numbers = sorted(int(name.removeprefix(_AMENDED)) for name in opened if name.startswith(_AMENDED))
    return [opened[f"{_AMENDED}{number}"] for number in numbers]
