"""What the sealed blobs hold, once opened with the case's key. Never logged, never in clear in a store or an event.

Blob names (one per document and purpose; no dots): `submitted`, `contact` (of a rejected request), `amended_<n>`,
`withdrawal`, `review`, `assigned_<revision>`, `completed_<round>`, `question_<id>`, `answer_<id>` (the field office's),
`remanded_<round>`, `resolved`, `carried_out`.
"""

from datetime import date

from shared.contracts.envelope import Contract
from shared.contracts.events import Fact


class Noncitizen(Contract):
    """The person whom the decision is about. The A-number is canonical: nine digits."""

    given_name: str | None = None
    family_name: str | None = None
    a_number: str | None = None
    date_of_birth: date | None = None
    country_of_birth: str | None = None
    email: str | None = None
    language: str | None = None


class Requestor(Contract):
    """Who asks, and how to reach them."""

    name: str | None = None
    email: str | None = None
    phone: str | None = None
    organisation: str | None = None
    relationship: str | None = None
    client_reference: str | None = None


class SealedSubmission(Contract):
    """Blob `submitted` (and `contact`, without narrative): all personal data of a request.

    `ignored`: the names of what came with it and is no field of a request, as they were written.
    """

    noncitizen: Noncitizen = Noncitizen()
    requestor: Requestor = Requestor()
    facility: str | None = None
    place_as_written: str | None = None
    narrative: str | None = None
    ignored: tuple[str, ...] = ()
    mitigating: tuple[Fact[str], ...] = ()
    aggravating: tuple[Fact[str], ...] = ()


class SealedAmendment(Contract):
    """Blob `amended_<n>`: what an amendment adds; each part is given when it changed.

    `proposed`: who would be the requestor once a second member of staff has confirmed it; nobody yet.
    """

    requestor: Requestor | None = None
    noncitizen: Noncitizen | None = None
    proposed: Requestor | None = None
    facility: str | None = None
    place_as_written: str | None = None
    text: str | None = None
    mitigating: tuple[Fact[str], ...] = ()
    aggravating: tuple[Fact[str], ...] = ()


class SealedText(Contract):
    """Any other blob: a text that a person typed."""

    text: str
