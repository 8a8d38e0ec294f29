"""Who is to be told by phone or post, because a letter did not reach them. Pure; asked anew whenever a case changes.

A refused requestor never is: of a step of the case the noncitizen is told instead. Nobody is told of what the
resolution has overtaken, and a noncitizen without an address not of what their verified representative was written.
"""

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from services.notification.domain.following import Followed, State, reason_not_to_send
from services.notification.domain.ledger import Entry, Phase, read
from services.notification.domain.letters import OF_THE_CASE, TO_BE_TOLD, Because
from shared.contracts.vocabulary import ConsentStatus, Recipient, RequestorType

LISTED = TO_BE_TOLD - {Because.TOO_MANY_TODAY}
"""Whoever sends many unacceptable requests a day sees them with the next one; nobody would call them."""

REPRESENTATIVES = frozenset({RequestorType.ATTORNEY, RequestorType.ACCREDITED_REP})


def to_be_told(state: State, work: Mapping[str, Any]) -> dict[UUID, Recipient]:
    """Which letters did not reach their readers, and who is to be told of each instead."""
    return {UUID(hex=key): role for key, role in _untold(state, work.get("mail", {}))}


def anybody_to_tell(state: State, work: Mapping[str, Any]) -> bool:
    """Whether the case stands in the list."""
    return any(True for _ in _untold(state, work.get("mail", {})))


def _untold(state: State, mail: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, Recipient]]:
    for key, stored in mail.items():
        failed = stored["phase"] == Phase.FAILED
        if failed or (stored["phase"] == Phase.SUPPRESSED and stored.get("reason") in LISTED):
            role = _whom(state, read(stored), mail)
            if role is not None:
                yield key, role


def _whom(state: State, entry: Entry, mail: Mapping[str, Mapping[str, Any]]) -> Recipient | None:
    """Who is to be told of a letter that was not delivered; None for nobody."""
    because = reason_not_to_send(state, entry.letter, entry.role)
    if because is Because.NO_CONSENT:
        own = _copy(mail, entry, Recipient.NONCITIZEN)
        return Recipient.NONCITIZEN if own is None and entry.letter in OF_THE_CASE else None
    if because is not None:
        return None
    if entry.role is Recipient.NONCITIZEN and entry.reason == Because.NO_ADDRESS and _has_counsel(state):
        theirs = _copy(mail, entry, Recipient.REQUESTOR)
        return None if theirs is None or _reached(theirs) else entry.role
    return entry.role


def _has_counsel(state: State) -> bool:
    """Whether a representative whose paper staff have checked speaks for the noncitizen."""
    return (
        isinstance(state, Followed)
        and state.requestor_type in REPRESENTATIVES
        and state.consent is ConsentStatus.VERIFIED
    )


def _copy(mail: Mapping[str, Mapping[str, Any]], of: Entry, role: Recipient) -> Mapping[str, Any] | None:
    """The same letter to somebody else."""
    same = (of.letter.value, of.cause, role.value)
    return next((each for each in mail.values() if (each["letter"], str(each["cause"]), each["role"]) == same), None)


def _reached(copy: Mapping[str, Any]) -> bool:
    """Whether it went out, still will, or was told; an uncertain one is in a list of its own."""
    return copy["phase"] not in {Phase.FAILED, Phase.SUPPRESSED} or copy.get("told") is not None
