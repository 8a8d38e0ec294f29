"""Moves of single `work` entries outside a case's version: the phases of a mail.

Each move filters on what must still hold (phase and token) and touches only its entry, so that no write of an event can
turn a phase back, and a move never loses against one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from shared.casework.answering import answering
from shared.mongo.driver import Collection, UpdateOne


@dataclass(frozen=True, slots=True)
class Move:
    """Change `set` (dotted path below the document -> value) of a case where `guard` (the same) still holds."""

    case_id: UUID
    guard: Mapping[str, Any]
    set: Mapping[str, Any]


async def move(collection: Collection, moves: Sequence[Move]) -> bool:
    """All moves in one bulk write. True when every one matched; otherwise read the entries back to see which did."""
    if not moves:
        return True
    writes = [UpdateOne({"_id": each.case_id} | dict(each.guard), {"$set": dict(each.set)}) for each in moves]
    with answering():
        done = await collection.bulk_write(writes, ordered=False)
    return bool(done.matched_count == len(writes))
