"""Reactions to commands: each moves one letter's phase, guarded by the phase and token that it saw.

The case's state never changes here; a settled letter is published as `notification.recorded`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from services.notification.commands import Bounced, Bulk, DeferMail, Delivered, Heard, LogRead, RecordResult, Resend
from services.notification.domain.following import State
from services.notification.domain.ledger import Entry, Phase, path, phase_after, read
from services.notification.domain.letters import TO_BE_TOLD, Because
from services.notification.domain.relay_log import LogSays
from services.notification.domain.telling import to_be_told
from shared.casework.reaction import Command, Context, Emit, Refused, Step
from shared.contracts.events import NotificationRecorded
from shared.contracts.vocabulary import MailResult, Recipient

MAY_BECOME: dict[MailResult, frozenset[Phase]] = {
    MailResult.SENT: frozenset({Phase.DATA, Phase.UNCERTAIN}),
    MailResult.FAILED: frozenset({Phase.CLAIMED, Phase.DATA, Phase.UNCERTAIN}),
    MailResult.UNCERTAIN: frozenset({Phase.CLAIMED, Phase.DATA}),
    MailResult.SUPPRESSED: frozenset({Phase.CLAIMED}),
}
"""From which phases an attempt's result may settle a letter. A reply that comes after all settles an uncertain one."""

UNKNOWN = Refused("unknown_notification", "This case has no such notification.")
MOVED_ON = Refused("moved_on", "This attempt no longer owns the notification.")
NOT_OPEN_TO_PERSONS = (
    "Only a letter that failed, or whose outcome is uncertain, can be settled or sent again by a person."
)


def on_record(state: State | None, command: Command[RecordResult], context: Context) -> Step[State] | Refused:
    """Record what became of an attempt, once: only the attempt that holds the token may."""
    said = command.data
    found = _found(state, context, said.notification)
    if found is None:
        return UNKNOWN
    entry = found.entry
    late = said.result is MailResult.SENT and entry.phase is Phase.DUE and entry.doubted == said.token
    if not late and (entry.token != said.token or entry.phase not in MAY_BECOME[said.result]):
        return MOVED_ON
    changes = {
        "phase": phase_after(said.result),
        "reason": said.reply_class,
        "address_day": said.address_day,
        "next_at": None,
        "claimed_until": entry.claimed_until if said.result is MailResult.UNCERTAIN else None,
        "outcome": None,
        "at": context.now,
    }
    return _settled(found, changes, reply_class=said.reply_class)


def on_defer(state: State | None, command: Command[DeferMail], context: Context) -> Step[State] | Refused:
    """The relay refused for now, definitely: due again later."""
    said = command.data
    found = _found(state, context, said.notification)
    if found is None:
        return UNKNOWN
    entry = found.entry
    if entry.token != said.token or entry.phase not in {Phase.CLAIMED, Phase.DATA}:
        return MOVED_ON
    changes = {
        "phase": Phase.DUE,
        "next_at": said.next_at,
        "tries": entry.tries + said.counted,
        "reason": said.reply_class,
        "token": None,
        "claimed_until": None,
        "outcome": None,
    }
    return _moved(found, changes)


def on_resend(state: State | None, command: Command[Resend], context: Context) -> Step[State] | Refused:
    """A person takes the risk of a second copy, once the first attempt can no longer be under way."""
    said = command.data
    found = _found(state, context, said.notification)
    if found is None:
        return UNKNOWN
    entry = found.entry
    if entry.phase not in {Phase.UNCERTAIN, Phase.FAILED}:
        return Refused("not_open", NOT_OPEN_TO_PERSONS)
    if said.bulk is not None and (refused := _not_in_bulk(entry, said.bulk)):
        return refused
    if entry.phase is Phase.UNCERTAIN and _may_be_under_way(entry, said.over_since):
        return Refused(
            "too_early", "The first attempt may still be under way. Please wait a few minutes and try again."
        )
    changes = {
        "phase": Phase.DUE,
        "attempt": entry.attempt + 1,
        "tries": 0,
        "next_at": None,
        "doubted": entry.token if entry.phase is Phase.UNCERTAIN else None,
        "token": None,
        "claimed_until": None,
        "reason": None,
        "log": None,
        "source": None,
        "why": said.why,
        "by": said.by,
        "at": context.now,
    }
    return _moved(found, changes, answer={"attempt": entry.attempt + 1})


def on_delivered(state: State | None, command: Command[Delivered], context: Context) -> Step[State] | Refused:
    """A person settles a letter that the system could not: it arrived, or its reader was told another way."""
    said = command.data
    found = _found(state, context, said.notification)
    if found is None:
        return UNKNOWN
    entry = found.entry
    arrived = said.heard is Heard.ARRIVED
    untold = entry.phase is Phase.SUPPRESSED and entry.reason in TO_BE_TOLD
    instead = to_be_told(found.state, context.work).get(said.notification)
    if entry.phase not in {Phase.UNCERTAIN, Phase.FAILED} and (arrived or not untold):
        return Refused("not_open", NOT_OPEN_TO_PERSONS)
    result = MailResult.SENT if arrived else MailResult.SUPPRESSED
    reason = {
        Heard.ARRIVED: "ARRIVED_SAYS_A_PERSON",
        Heard.BY_PHONE: Because.TOLD_BY_PHONE.value,
        Heard.BY_POST: Because.TOLD_BY_POST.value,
    }[said.heard]
    changes = {"phase": phase_after(result), "reason": reason, "told": said.heard, "by": said.by, "at": context.now}
    return _settled(found, changes, reply_class=reason, role=None if arrived else instead)


def on_log_read(state: State | None, command: Command[LogRead], context: Context) -> Step[State] | Refused:
    """The relay's own word settles an uncertain letter; what settles nothing is noted for whoever decides about it."""
    said = command.data
    found = _found(state, context, said.notification)
    if found is None:
        return UNKNOWN
    if found.entry.phase is not Phase.UNCERTAIN:
        return Refused("not_uncertain", "What became of this letter is known: no log settles it any more.")
    if found.entry.attempt != said.attempt:
        return MOVED_ON
    noted = {"log": said.says, "source": said.source, "by": said.by}
    if said.says not in SETTLED_BY_A_LOG:
        return _moved(found, noted, answer={"result": said.says})
    result, reason = SETTLED_BY_A_LOG[said.says]
    changes = noted | {"phase": phase_after(result), "reason": reason, "at": context.now}
    return _settled(found, changes, reply_class=reason)


def on_bounced(state: State | None, command: Command[Bounced], context: Context) -> Step[State] | Refused:
    """A letter that the relay had taken came back: it has failed, and its reader is told by phone or post."""
    said = command.data
    begun = [key for key in context.work.get("mail", {}) if key.startswith(said.begins)]
    found = _found(state, context, UUID(hex=begun[0])) if len(begun) == 1 else None
    if found is None:
        return UNKNOWN
    entry = found.entry
    if entry.attempt != said.attempt:
        return MOVED_ON
    if entry.phase.open:
        return Refused("too_early", "The relay's reply to this letter is not known yet.")
    if entry.phase not in {Phase.SENT, Phase.UNCERTAIN} or entry.told is not None:
        return Refused("not_open", "What became of this letter is known otherwise.")
    reason = f"BOUNCED_{said.status}"
    changes = {"phase": Phase.FAILED, "reason": reason, "claimed_until": None, "at": context.now}
    return _settled(found, changes, reply_class=reason)


SETTLED_BY_A_LOG: Mapping[LogSays, tuple[MailResult, str]] = {
    LogSays.SENT: (MailResult.SENT, "SENT_SAYS_THE_RELAY"),
    LogSays.BOUNCED: (MailResult.FAILED, "BOUNCED_SAYS_THE_RELAY"),
}


def _not_in_bulk(entry: Entry, bulk: Bulk) -> Refused | None:
    """Why this letter is not sent again together with others."""
    if entry.phase is not Phase.UNCERTAIN or entry.letter is not bulk.letter or entry.attempt != bulk.attempt:
        return MOVED_ON
    if entry.log == LogSays.QUEUED:
        return Refused("still_queued", "The relay has this letter in its queue, and still tries to deliver it.")
    if bulk.never_taken and entry.log != LogSays.ABSENT:
        return Refused("not_proven", "No log has shown yet that the relay never took this letter.")
    return None


def _may_be_under_way(entry: Entry, over_since: datetime) -> bool:
    return entry.claimed_until is not None and entry.claimed_until > over_since


@dataclass(frozen=True, slots=True)
class Found:
    """One letter as a command finds it. `stored`: its whole entry, with what a newer build may have added."""

    state: State
    notification: UUID
    entry: Entry
    stored: Mapping[str, Any]


def _found(state: State | None, context: Context, notification: UUID) -> Found | None:
    stored = context.work.get("mail", {}).get(notification.hex)
    return Found(state, notification, read(stored), stored) if state is not None and stored else None


def _settled(
    found: Found, changes: Mapping[str, Any], *, reply_class: str, role: Recipient | None = None
) -> Step[State]:
    """`role`: who was told, where that is somebody else than whom the letter was for."""
    result = MailResult(changes["phase"].value)
    recorded = NotificationRecorded(
        notification=found.notification,
        letter=found.entry.letter,
        role=role or found.entry.role,
        result=result,
        attempt=found.entry.attempt,
        reply_class=reply_class,
    )
    return _moved(found, changes, emits=(Emit(recorded),), answer={"result": result.value})


def _moved(
    found: Found,
    changes: Mapping[str, Any],
    *,
    emits: tuple[Emit, ...] = (),
    answer: Mapping[str, Any] | None = None,
) -> Step[State]:
    """The entry is written whole: nothing of it changes meanwhile unless phase or token does, which are guarded."""
    changed = {**found.stored, **changes}
    return Step(
        state=found.state,
        emits=emits,
        work={path(found.notification): {field: value for field, value in changed.items() if value is not None}},
        guard={
            f"work.{path(found.notification, 'phase')}": found.entry.phase.value,
            f"work.{path(found.notification, 'token')}": found.entry.token,
        },
        answer=answer or {},
    )
