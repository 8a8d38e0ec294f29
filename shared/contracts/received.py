"""A request as channels send it: what `POST /requests` takes, and the `data` of a `request.received` record.

Types are checked here, content is not: whatever is absent may be absent, and whether a request can be accepted is
intake's to say, with codes. Unknown fields are ignored, and that is told. Read with `shared.contracts.reading`.
"""

from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import AfterValidator, Field, StrictBool, StrictInt, StringConstraints, field_validator
from pydantic_core import PydanticKnownError

from shared.contracts.envelope import Contract
from shared.contracts.texts import Code, Email, Line, Name, Narrative, PastDate, PlannedDate, Short
from shared.contracts.vocabulary import (
    Belief,
    ConsentKind,
    CustodyStatus,
    DecisionUnderReview,
    Language,
    ReliefSought,
    RequestorType,
)

MAX_BODY_BYTES = 256 * 1024
"""The largest body, over HTTP and through Kafka: sealed, it stays well below what a Kafka record may hold."""

MAX_CODES = 50

MAX_IGNORED = 20
"""So many unknown fields are told; who has more of them sends something else than a request."""

OTHER = "?"
"""What is said in clear of an unknown field that is like none of ours."""

T = TypeVar("T")


def _once(items: tuple[T, ...]) -> tuple[T, ...]:
    return tuple(dict.fromkeys(items))


Each = Annotated[tuple[T, ...], Field(max_length=MAX_CODES), AfterValidator(_once)]
"""A list of choices: each counts once, in the order given."""


class NoncitizenPart(Contract):
    """The person whom the decision is about. The A-number as written; intake makes it canonical."""

    given_name: Name | None = None
    family_name: Name | None = None
    a_number: Short | None = None
    date_of_birth: PastDate | None = None
    country_of_birth: Name | None = None
    email: Email | None = None
    language: Short | None = None


class RequestorPart(Contract):
    """Who asks, and how to reach them."""

    type: RequestorType | None = None
    name: Name | None = None
    email: Email | None = None
    phone: Short | None = None
    language: Language | None = None
    relationship: Name | None = None
    organisation: Line | None = None
    client_reference: Name | None = None


class FacilityPart(Contract):
    """Where somebody is held; its place routes the case. A ZIP code does where the county is not known."""

    name: Line | None = None
    state: Short | None = None
    county: Name | None = None
    zip_code: Short | None = None


class CustodyPart(Contract):
    """Whether the person is held, and where."""

    status: CustodyStatus | None = None
    facility: FacilityPart | None = None


class RemovalPart(Contract):
    """What is known of a removal."""

    scheduled_for: PlannedDate | None = None
    believed_imminent: Belief | None = None


class PlacePart(Contract):
    """Where the person lives, or was living. A ZIP code does where the county is not known."""

    state: Short | None = None
    county: Name | None = None
    zip_code: Short | None = None


class ConsentPart(Contract):
    """The paper that the requestor claims to have; staff verify it."""

    kind: ConsentKind | None = None
    signed: bool | None = None


class FactPart(Contract, Generic[T]):
    """A fact. `asserted_by` is what the sender claims: intake decides whom it believes to be an officer."""

    value: T
    asserted_by: Literal["requestor", "officer"] | None = None
    on: PastDate | None = None

    @field_validator("value", mode="before")
    @classmethod
    def _no_number(cls, value: Any) -> Any:
        """0 is no `false`, where a reader is lenient as well."""
        if cls.model_fields["value"].annotation is bool and not isinstance(value, bool):
            raise PydanticKnownError("bool_type")
        return value


class GangPart(Contract):
    """Active participation in an organized criminal gang. Without an age, nobody knows it."""

    intentional: StrictBool
    age_at_conduct: StrictInt | None = Field(default=None, ge=0, le=150)


class FactsPart(Contract):
    """The facts that the priorities ask about; absent is unknown, never no."""

    national_security_concern: FactPart[bool] | None = None
    apprehended_on: FactPart[PastDate] | None = None
    apprehended_entering_unlawfully: FactPart[bool] | None = None
    first_present_on: FactPart[PastDate] | None = None
    last_entry_on: FactPart[PastDate] | None = None
    last_entry_unlawful: FactPart[bool] | None = None
    aggravated_felony: FactPart[bool] | None = None
    gang_conviction: FactPart[bool] | None = None
    gang_participation: FactPart[GangPart] | None = None
    threat_to_public_safety: FactPart[bool] | None = None
    released_from_incarceration_on: FactPart[PastDate] | None = None
    final_order: FactPart[bool] | None = None
    pending_in_court: FactPart[bool] | None = None
    mitigating: Annotated[tuple[FactPart[Code], ...], Field(max_length=MAX_CODES)] = ()
    aggravating: Annotated[tuple[FactPart[Code], ...], Field(max_length=MAX_CODES)] = ()


class RequestBody(Contract):
    """A request. Every part may be absent."""

    noncitizen: NoncitizenPart = NoncitizenPart()
    requestor: RequestorPart = RequestorPart()
    custody: CustodyPart = CustodyPart()
    removal: RemovalPart = RemovalPart()
    place: PlacePart = PlacePart()
    decision_under_review: Each[DecisionUnderReview] = ()
    relief_sought: Each[ReliefSought] = ()
    narrative: Narrative | None = None
    facts: FactsPart = FactsPart()
    consent: ConsentPart = ConsentPart()
    resubmits: Short | None = None


B = TypeVar("B")


class Submission(Contract, Generic[B]):
    """A record of `request.received`: a CloudEvent by an outside system. Its `id` is the idempotency key within its
    channel and must say nothing of the person; its `source` is a claim. Other attributes are ignored."""

    specversion: Literal["1.0"]
    id: Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
    type: Literal["request.received"]
    source: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    data: B
