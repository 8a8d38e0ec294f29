"""What intake answers in JSON where the answers are written by hand, as the OpenAPI document and clients know it."""

from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict, Field

from services.intake.status import Where
from shared.contracts.received import RequestBody
from shared.contracts.vocabulary import ReferredTo, RejectCode, ReliefSought, ReviewGround
from shared.web.problems import MEDIA_TYPE
from shared.web.reference import described, named


class Lacking(BaseModel):
    """Something that is not there, and what to do about it in the requestor's language."""

    code: RejectCode
    message: str


class PassedOver(BaseModel):
    """A name that is no field of a request (dotted; `*` where it does not look like one), and the field that it is
    probably meant for."""

    field: str
    like: str | None


class _Received(BaseModel):
    case_number: str
    status_url: str = Field(description="The private link. Whoever has it sees the case's page.")
    received_at: datetime
    missing: list[Lacking]
    ignored: list[PassedOver]
    notice: list[str]


class Receipt(_Received):
    """The request is a case. `missing`: what it lacks all the same; `ignored`: what in it was passed over."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "case_number": "K7Q2M-4XNPD-5",
                    "status_url": "https://review.example/status/a-private-link",
                    "received_at": "2021-03-08T14:00:00.000+00:00",
                    "missing": [{"code": "NO_EMAIL", "message": "Give an e-mail address."}],
                    "ignored": [{"field": "noncitizen.a_numbr", "like": "noncitizen.a_number"}],
                    "notice": ["This request does not stop a removal (deportation)."],
                }
            ]
        }
    )


class ProblemShown(BaseModel):
    """A problem document (RFC 9457); it may have further members."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    code: str
    detail: str | None = None


class NotAccepted(_Received):
    """The request was not accepted, `codes` say why; or, with another `code`, its idempotency key was used before."""

    type: str
    title: str
    status: int
    code: str
    codes: list[Lacking]


class Coded(BaseModel):
    """A code and its sentence."""

    code: str
    text: str


class QuestionShown(BaseModel):
    """An officer's question. `text` only for readers whom staff have verified."""

    id: str
    answer_by: datetime
    text: str | None = None


class OutcomeShown(BaseModel):
    """How it ended, or what the field office answered."""

    result: str
    text: str
    granted: list[ReliefSought]
    referred_to: ReferredTo | None
    reasons: list[Coded]


class StatusShown(BaseModel):
    """A case as its page shows it. What does not apply is left out."""

    case_number: str
    stage: Where
    stage_text: str
    next: list[str] | None = None
    received_at: datetime | None = None
    mend: list[Coded] | None = None
    missing: list[Coded] | None = None
    not_understood: list[str] | None = None
    send_again_by: datetime | None = None
    answer_due: datetime | None = None
    may_ask_review_from: datetime | None = None
    window_closes: datetime | None = None
    review_due: datetime | None = None
    zone: str
    withdrawal_waits: bool | None = None
    hand_over_waits: bool | None = None
    waiver_waits: bool | None = None
    review_waits: bool | None = None
    window_kept_open: bool | None = None
    not_agreed: bool | None = None
    grounds: list[ReviewGround] | None = None
    may: list[str] | None = None
    only_the_stage: bool
    notice: list[str]
    help_line: str
    question: QuestionShown | None = None
    outcome: OutcomeShown | None = None


class Acted(BaseModel):
    """A form was carried out. `link`: the token of the private link as it is now; none after a hand-over."""

    done: str
    case_number: str
    link: str | None = None


REQUEST_EXAMPLE: Final[dict[str, Any]] = {
    "noncitizen": {
        "given_name": "Ximena",
        "family_name": "Velarde Rosal",
        "a_number": "A098-765-432",
        "date_of_birth": "1988-02-29",
    },
    "requestor": {"type": "ATTORNEY", "name": "Teodor Wrenfield", "email": "intake@wrenfield-law.example"},
    "custody": {"status": "DETAINED", "facility": {"name": "Karnes County", "state": "TX", "county": "Karnes"}},
    "place": {"state": "TX", "county": "Bexar"},
    "decision_under_review": ["CUSTODY"],
    "relief_sought": ["RELEASE"],
    "narrative": "She has lived in San Antonio since 2009 and cares for her two daughters.",
    "consent": {"kind": "G28", "signed": True},
}

Answers = dict[int | str, dict[str, Any]]

HTML: Final = {"text/html": {"schema": {"type": "string"}}}
PROBLEM: Final = {MEDIA_TYPE: {"schema": named(ProblemShown)}}
PAGE_ERRORS: Final[Answers] = {
    "4XX": {"description": "Refused: a page, or a problem document.", "content": HTML | PROBLEM},
    "5XX": {"description": "Try again: a page, or a problem document.", "content": HTML | PROBLEM},
}

SUBMITTED: Final[Answers] = {
    202: {"description": "Taken in.", "content": {"application/json": {"schema": named(Receipt)}}},
    422: {
        "description": "Not accepted, with what to mend; or the idempotency key was used before.",
        "content": {MEDIA_TYPE: {"schema": {"anyOf": [named(NotAccepted), named(ProblemShown)]}}},
    },
}
STATUS: Final[Answers] = {
    200: {
        "description": "The page; JSON where `Accept` asks for it.",
        "content": {"application/json": {"schema": named(StatusShown)}} | HTML,
    },
    **PAGE_ERRORS,
}
ACTED: Final[Answers] = {
    200: {
        "description": "A page that asks to confirm, or JSON of what was done.",
        "content": {"application/json": {"schema": named(Acted)}} | HTML,
    },
    303: {"description": "Done: go on to the page."},
    **PAGE_ERRORS,
}
PAGE: Final[Answers] = {200: {"description": "A page.", "content": HTML}, **PAGE_ERRORS}

BODY: Final = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": named(RequestBody), "example": REQUEST_EXAMPLE}},
    }
}

Words = Annotated[str, Field(max_length=20_000)]


def describe(app: FastAPI) -> None:
    """The schemas of all this, in the app's document."""
    models = (RequestBody, Receipt, NotAccepted, ProblemShown, StatusShown, Acted)
    described(app, {model.__name__: model for model in models})
