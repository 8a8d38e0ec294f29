"""Calling a service that has several instances, one of which may be gone."""

import json
from typing import Any

import httpx
import pytest

from shared.calling import requests
from shared.calling.instances import Instances, Refusal, Unreachable
from shared.calling.requests import Page
from shared.calling.sent import Answer
from shared.calling.staff import Desk

ONE, TWO = "http://one.example", "http://two.example"


class Service:
    """Two instances: what each is asked, and what it answers."""

    def __init__(self) -> None:
        self.asked: list[httpx.Request] = []
        self.gone: set[str] = set()
        self.answers: list[httpx.Response] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        if request.url.host in self.gone:
            raise httpx.ConnectError("gone")
        return self.answers.pop(0) if self.answers else httpx.Response(200, json={"done": "yes"})

    def instances(self, patience: float = 5.0) -> Instances:
        return Instances("intake", [ONE, TWO], transport=httpx.MockTransport(self), patience_seconds=patience)


def problem(status: int, **said: Any) -> httpx.Response:
    return httpx.Response(status, json={"title": "No.", **said})


async def test_what_one_instance_cannot_answer_the_next_is_asked_under_the_same_key() -> None:
    service = Service()
    service.gone = {"one.example"}
    answer = await service.instances().post("/requests", key="k-1", content=b"{}")
    assert answer.status_code == 200
    assert [request.url.host for request in service.asked] == ["one.example", "two.example"]
    assert {request.headers["Idempotency-Key"] for request in service.asked} == {"k-1"}


async def test_a_busy_instance_is_asked_again() -> None:
    service = Service()
    service.answers = [problem(429), problem(503, code="outage")]
    assert (await service.instances().get("/queue")).status_code == 200
    assert len(service.asked) == 3


async def test_a_service_that_is_gone_is_told_in_one_sentence() -> None:
    service = Service()
    service.gone = {"one.example", "two.example"}
    with pytest.raises(Unreachable, match="The service intake cannot be used: it does not answer"):
        await service.instances(patience=0.3).get("/queue")


async def test_a_refusal_is_not_tried_again() -> None:
    service = Service()
    service.answers = [problem(409, code="facts_changed", detail="Look again.")]
    with pytest.raises(Refusal, match="Look again") as refused:
        await service.instances().post("/cases/1/decide", key="k")
    assert (refused.value.status, refused.value.code) == (409, "facts_changed")
    assert len(service.asked) == 1


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (httpx.Response(202, json={"case_number": "N", "status_url": "u"}), (Answer.ACCEPTED, 202, "N", ())),
        (
            problem(422, code="not_accepted", case_number="N", codes=[{"code": "NO_PLACE", "message": "m"}]),
            (Answer.REJECTED, 422, "N", ("NO_PLACE",)),
        ),
        (
            problem(400, code="invalid_request", errors=[{"field": "narrative", "code": "string_type"}]),
            (Answer.REFUSED, 400, None, ("invalid_request", "narrative: string_type")),
        ),
        (problem(422, code="idempotency_key_reused"), (Answer.REFUSED, 422, None, ("idempotency_key_reused",))),
        (httpx.Response(413, content=b"no json"), (Answer.REFUSED, 413, None, ())),
    ],
)
async def test_every_answer_to_a_submission_is_an_answer(answer: httpx.Response, expected: tuple[Any, ...]) -> None:
    service = Service()
    service.answers = [answer]
    sent = await requests.submit(service.instances(), b"{}", line=7, key="k")
    assert (sent.answer, sent.status, sent.number, sent.codes) == expected
    assert (sent.line, sent.key) == (7, "k")


async def test_the_page_is_asked_with_a_confirmation() -> None:
    service = Service()
    await Page(service.instances(), "http://elsewhere.example/status/TOKEN").review("NEW_CIRCUMSTANCES", key="k")
    assert service.asked[0].url.path == "/status/TOKEN/review"
    assert json.loads(service.asked[0].content) == {"ground": "NEW_CIRCUMSTANCES", "confirm": "yes"}


async def test_a_queue_is_read_to_its_end() -> None:
    service = Service()
    service.answers = [
        httpx.Response(200, json={"cases": [{"number": "1"}, {"number": "2"}], "more": True}),
        httpx.Response(200, json={"cases": [{"number": "3"}], "more": False}),
    ]
    found = await Desk(service.instances(), "token").queue(office="SNA", mine=None)
    assert [case["number"] for case in found] == ["1", "2", "3"]
    assert dict(service.asked[1].url.params) == {"office": "SNA", "skip": "2", "limit": "100"}


async def test_many_decisions_go_in_few_requests_and_each_is_answered() -> None:
    service = Service()
    service.answers = [
        httpx.Response(200, json={"results": [{"status": "decided"}] * 100}),
        httpx.Response(200, json={"results": [{"status": "refused"}]}),
    ]
    said = [{"case_id": str(number)} for number in range(101)]
    found = await Desk(service.instances(), "token").decide(said, claim=True)
    assert [result["status"] for result in found] == ["decided"] * 100 + ["refused"]
    first, second = (json.loads(request.content) for request in service.asked)
    assert (first["claim"], first["dry_run"], first["decisions"] + second["decisions"]) == (True, False, said)
    assert len({request.headers["Idempotency-Key"] for request in service.asked}) == 2
