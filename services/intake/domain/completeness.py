"""What a request must contain, and what becomes of one that does not. Reject is not deny: a code names what to mend."""

from dataclasses import dataclass

from services.intake.domain.consent import Papers, verifies
from shared.contracts.vocabulary import NEVER_REQUIRED, ConsentKind, RejectCode, RequestorType


@dataclass(frozen=True, slots=True)
class Content:
    """Which parts of a request are there; never what they say.

    `county`, `facility`: whether an office can be found by where the person lives, or is held. True where the other
    of the two counts, where nothing was written of a residence (`place` says so), and where no office has the place.
    """

    name: bool
    a_number: bool
    a_number_readable: bool
    date_of_birth: bool
    requestor_name: bool
    decision: bool
    relief: bool
    narrative: bool
    place: bool
    requestor: RequestorType
    paper: ConsentKind
    signed: bool
    email: bool
    custody: bool
    county: bool
    facility: bool


def gaps(content: Content, papers: Papers) -> tuple[RejectCode, ...]:
    """Everything that is missing, all at once. `papers`: which let each kind of requestor hear more than the stage."""
    counts = verifies(content.paper, content.requestor, papers)
    unsigned = counts and content.paper is ConsentKind.G28 and not content.signed
    found = (
        (not content.name, RejectCode.NO_NAME),
        (not content.a_number, RejectCode.NO_A_NUMBER),
        (content.a_number and not content.a_number_readable, RejectCode.BAD_A_NUMBER),
        (not content.date_of_birth, RejectCode.NO_DATE_OF_BIRTH),
        (not content.requestor_name, RejectCode.NO_REQUESTOR_NAME),
        (not content.decision, RejectCode.NO_DECISION_STATED),
        (not content.relief, RejectCode.NO_RELIEF_STATED),
        (not content.narrative, RejectCode.NO_NARRATIVE),
        (not content.place, RejectCode.NO_PLACE),
        (not (counts and content.signed) and not unsigned, RejectCode.NO_CONSENT),
        (unsigned, RejectCode.UNSIGNED_G28),
        (not content.email, RejectCode.NO_EMAIL),
        (not content.custody, RejectCode.NO_CUSTODY),
        (not content.county, RejectCode.NO_COUNTY),
        (not content.facility, RejectCode.NO_FACILITY),
    )
    return tuple(code for missing, code in found if missing)


@dataclass(frozen=True, slots=True)
class Accepted:
    """A case; `incomplete` names what the office still has to ask for."""

    incomplete: tuple[RejectCode, ...] = ()


@dataclass(frozen=True, slots=True)
class NotAccepted:
    """No case: what to mend before it is sent again."""

    codes: tuple[RejectCode, ...]


def assess(
    missing: tuple[RejectCode, ...], *, required: tuple[RejectCode, ...], urgent: bool
) -> Accepted | NotAccepted:
    """Accept a complete request, and an urgent one as it is; of the missing parts only required ones count."""
    counted = tuple(code for code in missing if code in required)
    if counted and not urgent:
        return NotAccepted(counted)
    return Accepted(tuple(code for code in missing if code in required or code in NEVER_REQUIRED))
