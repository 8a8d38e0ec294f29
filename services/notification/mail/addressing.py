"""Whom a letter goes to, read at the last moment: address and language as the case stands when it is claimed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from services.notification.domain.following import Followed, State
from services.notification.domain.ledger import Entry
from services.notification.domain.letters import Because
from services.notification.mail.message import usable
from shared.contracts.sealed import Noncitizen, Requestor, SealedAmendment, SealedSubmission
from shared.contracts.vocabulary import Recipient
from shared.privacy.sealing import CaseKey, open_box


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who can be written to. Never logged."""

    address: str
    language: str


@dataclass(frozen=True, slots=True)
class _People:
    """Who they are, as of some amendment."""

    requestor: Requestor
    noncitizen: Noncitizen


PLACES: Final[Mapping[Recipient, Callable[[_People], tuple[str | None, str | None]]]] = {
    Recipient.REQUESTOR: lambda people: (people.requestor.email, None),
    Recipient.NONCITIZEN: lambda people: (people.noncitizen.email, people.noncitizen.language),
}
"""Where the address of a role stands, and its own language, if it has one; without, the case's language counts."""


def reader_of(
    state: State, entry: Entry, *, case_id: UUID, key: CaseKey, blobs: Mapping[str, bytes]
) -> Reader | Because:
    """The reader of a letter, or why there is none. Raises `BrokenSeal` when a blob does not open.

    A letter to the address from before a change is for nobody when there was none, or when it is still the same.
    """
    people = _people(state, case_id=case_id, key=key, blobs=blobs)
    address, own = PLACES[entry.role](people)
    now = usable(address)
    if entry.before is None:
        return Reader(now, own or state.language) if now else Because.NO_ADDRESS
    former = usable(PLACES[entry.role](_people(state, case_id=case_id, key=key, blobs=blobs, before=entry.before))[0])
    if former is None:
        return Because.NO_FORMER_ADDRESS
    if former.casefold() == (now or "").casefold():
        return Because.SAME_ADDRESS
    return Reader(former, entry.language or state.language)


def _people(
    state: State, *, case_id: UUID, key: CaseKey, blobs: Mapping[str, bytes], before: int | None = None
) -> _People:
    """Who they are by the submission, or by the newest amendment (`before` another) that says so."""
    first = "submitted" if isinstance(state, Followed) else "contact"
    if first not in blobs:
        return _People(Requestor(), Noncitizen())
    submission = SealedSubmission.model_validate_json(open_box(key, case_id=case_id, name=first, box=blobs[first]))
    people = _People(submission.requestor, submission.noncitizen)
    for number in state.contacts if isinstance(state, Followed) else ():
        if before is not None and number >= before:
            break
        name = f"amended_{number}"
        amendment = SealedAmendment.model_validate_json(open_box(key, case_id=case_id, name=name, box=blobs[name]))
        people = replace(
            people,
            requestor=amendment.requestor or people.requestor,
            noncitizen=amendment.noncitizen or people.noncitizen,
        )
    return people
