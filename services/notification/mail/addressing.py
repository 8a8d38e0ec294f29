"""Whom a letter goes to, read at the last moment: address and language as the case stands when it is claimed."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from services.notification.domain.following import Followed, State
from services.notification.mail.message import usable
from shared.contracts.sealed import Noncitizen, Requestor, SealedAmendment, SealedSubmission
from shared.contracts.vocabulary import Language, Recipient
from shared.privacy.sealing import CaseKey, open_box


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who can be written to. Never logged."""

    address: str
    language: Language


def reader_of(
    state: State, role: Recipient, *, case_id: UUID, key: CaseKey, blobs: Mapping[str, bytes]
) -> Reader | None:
    """The reader in this role; None when no usable address is known. Raises `BrokenSeal` when a blob does not open."""
    requestor, noncitizen = _people(state, case_id=case_id, key=key, blobs=blobs)
    address = usable(requestor.email if role is Recipient.REQUESTOR else noncitizen.email)
    if address is None:
        return None
    own = noncitizen.language if role is Recipient.NONCITIZEN else None
    return Reader(address, Language(own) if own in set(Language) else state.language)


def _people(state: State, *, case_id: UUID, key: CaseKey, blobs: Mapping[str, bytes]) -> tuple[Requestor, Noncitizen]:
    """Who they are by the submission, or by the newest amendment that says so."""
    first = "submitted" if isinstance(state, Followed) else "contact"
    if first not in blobs:
        return Requestor(), Noncitizen()
    submission = SealedSubmission.model_validate_json(open_box(key, case_id=case_id, name=first, box=blobs[first]))
    requestor, noncitizen = submission.requestor, submission.noncitizen
    for number in state.contacts if isinstance(state, Followed) else ():
        name = f"amended_{number}"
        amendment = SealedAmendment.model_validate_json(open_box(key, case_id=case_id, name=name, box=blobs[name]))
        requestor = amendment.requestor or requestor
        noncitizen = amendment.noncitizen or noncitizen
    return requestor, noncitizen
