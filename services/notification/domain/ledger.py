"""The mail ledger's entry and its phases.

`due -> claimed(token) -> data(token) -> sent | failed | uncertain | suppressed`, and back to `due` after a deferral.
`next_at` and `claimed_until` are real time: they belong to machines, not to the process.
"""

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from enum import StrEnum, unique
from typing import Any
from uuid import UUID

from services.notification.domain.letters import Because, Notification
from shared.contracts.vocabulary import Letter, MailResult, Recipient

AT_ONCE = datetime(1970, 1, 1, tzinfo=UTC)
"""From here on lie the moments that stand for `next_at` None in the index by which due mails are found."""


def in_turn(made_at: datetime) -> datetime:
    """A moment long past, the earlier the longer a letter has been due: under a backlog, first come first served.

    Not `made_at` itself, for the policy clock may be ahead of real time: a millisecond stands for each second.
    """
    return AT_ONCE + timedelta(milliseconds=(made_at - AT_ONCE) // timedelta(seconds=1))


@unique
class Phase(StrEnum):
    """Where a letter is. `data`: the relay may have it; from there on only its reply, or a person, settles it."""

    DUE = "due"
    CLAIMED = "claimed"
    DATA = "data"
    SENT = "sent"
    FAILED = "failed"
    UNCERTAIN = "uncertain"
    SUPPRESSED = "suppressed"

    @property
    def open(self) -> bool:
        """The mail loop still has to look at it."""
        return self in OPEN


OPEN = frozenset({Phase.DUE, Phase.CLAIMED, Phase.DATA})
IN_HAND = frozenset({Phase.CLAIMED, Phase.DATA})


@dataclass(frozen=True, slots=True)
class Entry:
    """One letter in `work.mail.<id hex>`. `attempt` counts a person's resends, `tries` the relay's deferrals.

    `doubted` is the token of an attempt of unknown outcome, kept when a person resends: its late reply still counts.
    `outcome` is a reply that could not be recorded yet because the case is parked. `before`: the address is the one
    from before this amendment, and `language` what its reader had then. `office`: whose duty mailbox it is for, if that
    is not the office that has the case when it is sent. `log`: what a relay's log says of it, read by `by` from
    `source`. `why`: why a person had it sent again.
    """

    letter: Letter
    role: Recipient
    cause: str
    phase: Phase
    made_at: datetime
    attempt: int = 0
    tries: int = 0
    next_at: datetime | None = None
    token: str | None = None
    claimed_until: datetime | None = None
    reason: str | None = None
    doubted: str | None = None
    outcome: str | None = None
    told: str | None = None
    by: str | None = None
    at: datetime | None = None
    address_day: str | None = None
    before: int | None = None
    language: str | None = None
    office: str | None = None
    log: str | None = None
    source: str | None = None
    why: str | None = None


_FIELDS = tuple(field.name for field in fields(Entry))


def new(
    notification: Notification,
    *,
    made_at: datetime,
    suppressed: Because | None,
    before: int | None = None,
    language: str | None = None,
    office: str | None = None,
) -> dict[str, Any]:
    """A letter as it enters the ledger: due at once, or suppressed."""
    entry = Entry(
        letter=notification.letter,
        role=notification.role,
        cause=str(notification.cause),
        phase=Phase.SUPPRESSED if suppressed else Phase.DUE,
        made_at=made_at,
        reason=suppressed,
        before=before,
        language=language,
        office=office,
    )
    return {name: value for name in _FIELDS if (value := getattr(entry, name)) is not None}


def read(stored: Mapping[str, Any]) -> Entry:
    """An entry as stored; unknown fields are ignored."""
    known = {name: value for name, value in stored.items() if name in _FIELDS}
    known |= {
        "cause": str(stored["cause"]),  # Earlier builds kept it as a UUID, which a driver takes long to read.
        "letter": Letter(stored["letter"]),
        "role": Recipient(stored["role"]),
        "phase": Phase(stored["phase"]),
    }
    return Entry(**known)


def entries(work: Mapping[str, Any]) -> dict[UUID, Entry]:
    """All letters of a case, by notification id."""
    return {UUID(hex=key): read(stored) for key, stored in work.get("mail", {}).items()}


def entries_in(work: Mapping[str, Any], phases: Set[Phase]) -> Iterator[tuple[UUID, Entry]]:
    """The letters of a case that are in one of these phases; the others, mostly settled, are not even read."""
    for key, stored in work.get("mail", {}).items():
        if stored["phase"] in phases:
            yield UUID(hex=key), read(stored)


def path(notification: UUID, field: str | None = None) -> str:
    """The dotted path below `work` of an entry, or of one of its fields."""
    whole = f"mail.{notification.hex}"
    return f"{whole}.{field}" if field else whole


def phase_after(result: MailResult) -> Phase:
    """Where a recorded result leaves the letter."""
    return Phase(result.value)


def look_again_at(work: Mapping[str, Any]) -> datetime | None:
    """When the mail loop must next look at the case: the earliest open letter; None when all are settled."""
    moments = [
        stored.get("next_at" if stored["phase"] == Phase.DUE else "claimed_until") or in_turn(stored["made_at"])
        for stored in work.get("mail", {}).values()
        if stored["phase"] in OPEN
    ]
    return min(moments, default=None)
