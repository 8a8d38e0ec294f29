"""Errors are problem documents that say what to do, and never quote what came in: not to the caller, not to the log."""

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

import httpx
import pytest
import structlog
from fastapi import Depends, FastAPI
from pydantic import AfterValidator, BaseModel, ConfigDict, EmailStr, Field
from starlette.exceptions import HTTPException
from starlette.responses import Response, StreamingResponse

from shared.errors import CaseParked, CaseUnknown, CommandRefused, Outage, TooBusy
from shared.logs import DECLARED
from shared.mongo.driver import PyMongoError
from shared.web.idempotency import IdempotencyField, IdempotencyKey, mark_replayed
from shared.web.problems import Problem, install

CANARY = "CANARY-Ana-A012345678"
CASE = UUID("00000000-0000-5000-8000-00000000c0de")


def quoting(value: str) -> str:
    raise ValueError(f"I do not like {value}")


class Cat(BaseModel):
    kind: Literal["cat"]


class Dog(BaseModel):
    kind: Literal["dog"]


class Body(BaseModel):
    """Each field is a kind of validation error whose own sentence may quote what came in."""

    model_config = ConfigDict(extra="forbid")

    born: date | None = None
    email: EmailStr | None = None
    case: UUID | None = None
    number: int | None = None
    short: Annotated[str, Field(max_length=3)] | None = None
    liked: Annotated[str, AfterValidator(quoting)] | None = None
    named: dict[str, int] | None = None
    pet: Annotated[Cat | Dog, Field(discriminator="kind")] | None = None


def failing(error: Exception) -> Any:
    async def fail() -> None:
        raise error

    return fail


def unwell() -> None:
    raise Problem(403, "not_yours", "This is another office's case.")


FAILURES: dict[str, Exception] = {
    "problem": Problem(
        422, "idempotency_key_reused", "Used before.", "Take another key.", headers={"X-A": "b"}, more=7
    ),
    "refused": CommandRefused("facts_changed", "The facts have changed. Please look again."),
    "parked": CaseParked(CASE),
    "unknown": CaseUnknown(),
    "busy": TooBusy(),
    "outage": Outage(CANARY),
    "store": PyMongoError(CANARY),
    "bug": RuntimeError(CANARY),
    "http": HTTPException(418, CANARY),
}


@pytest.fixture(scope="module")
def web() -> httpx.AsyncClient:
    app = FastAPI()
    install(app)
    for name, error in FAILURES.items():
        app.get(f"/{name}")(failing(error))

    @app.post("/body")
    async def post(body: Body, key: IdempotencyKey) -> None: ...

    @app.post("/form")
    async def form(key: IdempotencyField) -> str:
        return key

    @app.post("/keyed")
    async def keyed(key: IdempotencyKey, response: Response) -> str:
        mark_replayed(response, replayed=key == "again")
        return key

    @app.get("/guarded", dependencies=[Depends(unwell)])
    async def guarded() -> None: ...

    @app.get("/breaking")
    async def breaking() -> StreamingResponse:
        async def parts() -> Any:
            yield b"part"
            raise RuntimeError(CANARY)

        return StreamingResponse(parts())

    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here")


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("problem", 422, "idempotency_key_reused"),
        ("refused", 409, "facts_changed"),
        ("parked", 409, "case_parked"),
        ("unknown", 404, "case_unknown"),
        ("busy", 503, "too_busy"),
        ("outage", 503, "outage"),
        ("store", 503, "outage"),
        ("bug", 500, "unexpected"),
        ("http", 418, "im_a_teapot"),
        ("guarded", 403, "not_yours"),
        ("nowhere", 404, "not_found"),
        ("body", 405, "method_not_allowed"),
    ],
)
async def test_every_error_is_a_problem_document_without_personal_data(
    web: httpx.AsyncClient, path: str, status: int, code: str
) -> None:
    with structlog.testing.capture_logs() as logs:
        answer = await web.get(f"/{path}")
    document = answer.json()
    assert (answer.status_code, document["status"], document["code"]) == (status, status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert document["type"] == f"urn:secondlook:problem:{code}"
    assert document["title"]
    assert "CANARY" not in answer.text
    assert "CANARY" not in str(logs)


async def test_a_problem_carries_its_headers_and_members(web: httpx.AsyncClient) -> None:
    answer = await web.get("/problem")
    assert answer.headers["x-a"] == "b"
    assert answer.json()["more"] == 7
    assert answer.json()["detail"] == "Take another key."
    assert (await web.get("/busy")).headers["retry-after"] == "1"
    assert (await web.get("/body")).headers["allow"] == "POST"


async def test_an_unexpected_error_is_found_in_the_log_by_its_reference(web: httpx.AsyncClient) -> None:
    with structlog.testing.capture_logs() as logs:
        answer = await web.get("/bug")
    (line,) = logs
    assert line["reference"] == answer.json()["reference"]
    assert line["kind"] == "RuntimeError"
    place = line["place"].rpartition(" > ")[2]
    assert place.startswith("test_web_problems.py:")
    assert place.endswith(" fail")
    assert set(line) - {"log_level"} <= DECLARED  # what is not declared, a running service leaves out


async def test_an_answer_that_breaks_off_is_cut_without_quoting(web: httpx.AsyncClient) -> None:
    with structlog.testing.capture_logs() as logs, pytest.raises(ConnectionAbortedError) as told:
        await web.get("/breaking")
    assert logs[0]["reference"] in str(told.value)
    assert told.value.__cause__ is None
    assert "CANARY" not in f"{told.value} {logs}"


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({"born": CANARY}, "body.born", "date_from_datetime_parsing"),
        ({"email": f"{CANARY}@-@x"}, "body.email", "value_error"),
        ({"email": f"ana@{CANARY}_!.org"}, "body.email", "value_error"),
        ({"case": CANARY}, "body.case", "uuid_parsing"),
        ({"number": CANARY}, "body.number", "int_parsing"),
        ({"short": CANARY}, "body.short", "string_too_long"),
        ({"liked": CANARY}, "body.liked", "value_error"),
        ({"named": {CANARY: "x"}}, "body.named.*", "int_parsing"),
        ({"named": {"canary": "x"}}, "body.named.*", "int_parsing"),
        ({"named": {"012345678": "x"}}, "body.named.*", "int_parsing"),
        ({"pet": {"kind": CANARY}}, "body.pet", "union_tag_invalid"),
        ({CANARY: 1}, "body.*", "extra_forbidden"),
        ({"CANARYkey": 1}, "body.*", "extra_forbidden"),
        ([CANARY], "body", "model_attributes_type"),
        (CANARY, "body", "model_attributes_type"),
    ],
    ids=str,
)
async def test_a_wrong_field_is_named_and_its_value_never_quoted(
    web: httpx.AsyncClient, body: Any, field: str, code: str
) -> None:
    answer = await web.post("/body", json=body, headers={"Idempotency-Key": "k"})
    assert answer.status_code == 400
    assert answer.json()["code"] == "invalid_request"
    (error,) = answer.json()["errors"]
    assert (error["field"], error["code"]) == (field, code)
    assert error["message"]
    assert "canary" not in answer.text.lower()
    assert "012345678" not in answer.text


@pytest.mark.parametrize("content", [f'{{"born": {CANARY}', CANARY, "", "\x00", '{"a":1}x'])
async def test_what_is_no_json_is_told_without_quoting_it(web: httpx.AsyncClient, content: str) -> None:
    headers = {"Idempotency-Key": "k", "Content-Type": "application/json"}
    answer = await web.post("/body", content=content, headers=headers)
    assert answer.status_code == 400
    assert answer.json()["code"] == "invalid_request"
    assert "CANARY" not in answer.text


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 201, "é", "tab\there"])
async def test_an_idempotency_key_is_visible_ascii_of_up_to_200_characters(web: httpx.AsyncClient, key: str) -> None:
    answer = await web.post("/keyed", headers={b"Idempotency-Key": key.encode()})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "header.Idempotency-Key"
    assert (await web.post("/form", data={"idempotency_key": key})).status_code == 400


async def test_an_idempotency_key_is_required_and_a_repeat_is_marked(web: httpx.AsyncClient) -> None:
    assert (await web.post("/keyed")).status_code == 400
    assert (await web.post("/form")).status_code == 400
    first = await web.post("/keyed", headers={"Idempotency-Key": "x" * 200})
    assert first.status_code == 200
    assert "idempotency-replayed" not in first.headers
    again = await web.post("/keyed", headers={"Idempotency-Key": "again"})
    assert again.headers["idempotency-replayed"] == "true"
    assert (await web.post("/form", data={"idempotency_key": "k"})).json() == "k"


async def test_the_openapi_document_says_that_errors_are_problem_documents(web: httpx.AsyncClient) -> None:
    responses = (await web.get("/openapi.json")).json()["paths"]["/body"]["post"]["responses"]
    assert "application/problem+json" in responses["4XX"]["content"]
    assert "422" not in responses, "which is the framework's own error body"
