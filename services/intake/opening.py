"""The personal data of a case as it is now: what was submitted, with each amendment laid over it."""

from collections.abc import Mapping
from uuid import UUID

from services.intake.domain.filing import Filing
from shared.contracts.sealed import SealedAmendment, SealedSubmission
from shared.privacy.sealing import CaseKey, open_box


def opened(key: CaseKey, case_id: UUID, filing: Filing, boxes: Mapping[str, bytes]) -> SealedSubmission:
    """Open and fold. Texts of amendments are not part of it: see `texts_of`."""
    known = SealedSubmission.model_validate_json(
        open_box(key, case_id=case_id, name="submitted", box=boxes["submitted"])
    )
    for amendment in _amendments(key, case_id, filing, boxes).values():
        known = _over(known, amendment)
    return known


def texts_of(key: CaseKey, case_id: UUID, filing: Filing, boxes: Mapping[str, bytes]) -> dict[str, str]:
    """The texts that amendments added, by the blob's name."""
    amendments = _amendments(key, case_id, filing, boxes)
    return {name: amendment.text for name, amendment in amendments.items() if amendment.text}


def _amendments(key: CaseKey, case_id: UUID, filing: Filing, boxes: Mapping[str, bytes]) -> dict[str, SealedAmendment]:
    return {
        name: SealedAmendment.model_validate_json(open_box(key, case_id=case_id, name=name, box=boxes[name]))
        for name in filing.sealed_amendments
    }


def _over(known: SealedSubmission, new: SealedAmendment) -> SealedSubmission:
    return known.model_copy(
        update={
            "requestor": new.requestor or known.requestor,
            "noncitizen": new.noncitizen or known.noncitizen,
            "facility": new.facility or known.facility,
            "place_as_written": new.place_as_written or known.place_as_written,
            "mitigating": known.mitigating + new.mitigating,
            "aggravating": known.aggravating + new.aggravating,
        }
    )
