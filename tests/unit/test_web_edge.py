"""What stands between strangers and a service: headers, limits, masked logs, health, and the staff's view of events."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message

from shared.errors import Outage
from shared.privacy.keys import SecretKey
from shared.privacy.links import Links
from shared.runtime.metrics import Metrics
from shared.web import health, staff_events
from shared.web.access_lines import MaskPrivateLinks, mask_access_log, mask_path
from shared.web.headers import SecurityHeaders, content_security_policy
from shared.web.limits import BODY_BYTES, BodyLimit, Rate, RateLimit
from shared.web.problems import install
from shared.web.sign_in import Role, SignIn
from shared.web.signing_keys import DevelopmentKeys
from shared.web.tokens import AUDIENCE, DEVELOPMENT_ISSUER, DevelopmentIssuer

CASE = UUID("00000000-0000-5000-8000-00000000c0de")
TOKEN = Links(SecretKey(bytes(32))).token(CASE, 1)


def talk_to(app: ASGIApp, client: str = "192.0.2.1") -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app, client=(client, 1)), base_url="http://here")


def echo() -> FastAPI:
    app = FastAPI()
    install(app)

    @app.post("/requests")
    async def length(request: Request) -> int:
        return len(await request.body())

    @app.get("/status/{link}")
    async def page(link: str) -> Response:
        return Response("<h1>", media_type="text/html", headers={"Cache-Control": "private, max-age=5"})

    return app


async def test_every_answer_carries_the_security_headers_and_keeps_its_own() -> None:
    web = talk_to(SecurityHeaders(echo()))
    missing, page = await web.get("/nowhere"), await web.get("/status/x")
    for answer in (missing, page):
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "script-src" not in policy
        assert "unsafe" not in policy
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert missing.headers["cache-control"] == "no-store"
    assert page.headers.get_list("cache-control") == ["private, max-age=5"]


def test_a_known_inline_style_is_allowed_by_its_hash() -> None:
    policy = content_security_policy(["body{color:#111}"])
    assert "style-src 'self' 'sha256-zFZMo79PSr4SwN3ueoZ7/hmNQQ+kvT+BwDZTEZCR7Lg='" in policy


async def parts(size: int, count: int) -> AsyncIterator[bytes]:
    for _ in range(count):
        yield b"x" * size


async def test_a_body_up_to_the_limit_passes_whole() -> None:
    web = talk_to(BodyLimit(echo(), limit=BODY_BYTES))
    assert (await web.post("/requests", content=b"x" * BODY_BYTES)).json() == BODY_BYTES
    assert (await web.post("/requests", content=parts(1024, 256))).json() == BODY_BYTES
    assert (await web.post("/requests")).json() == 0


@pytest.mark.parametrize("content", [b"x" * (BODY_BYTES + 1), "parts"], ids=["announced", "not announced"])
async def test_a_larger_body_is_refused_whether_it_was_announced_or_not(content: Any) -> None:
    body = parts(1025, 256) if content == "parts" else content
    answer = await talk_to(BodyLimit(echo(), limit=BODY_BYTES)).post("/requests", content=body)
    assert answer.status_code == 413
    assert answer.json()["code"] == "too_large"
    assert answer.headers["connection"] == "close"


async def test_an_announced_length_is_refused_before_anything_is_read() -> None:
    async def receive() -> Message:
        pytest.fail("the body was read")

    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/requests", "headers": [(b"content-length", b"9" * 30)]}
    await BodyLimit(echo())(scope, receive, send)
    assert sent[0]["status"] == 413


async def test_an_endless_body_is_not_collected() -> None:
    taken = 0

    async def endless() -> Message:
        nonlocal taken
        taken += 1
        return {"type": "http.request", "body": b"x" * 1000, "more_body": True}

    async def send(_: Message) -> None: ...

    await BodyLimit(echo(), limit=10_000)({"type": "http", "headers": [], "path": "/"}, endless, send)
    assert taken == 11


@dataclass
class Clock:
    """A monotonic clock that the test moves."""

    seconds: float = 50.0

    def __call__(self) -> float:
        return self.seconds


def limited(clock: Clock, **options: Any) -> RateLimit:
    return RateLimit(echo(), rate=Rate(0.5, 3), public=("/status/", "/requests"), monotonic=clock, **options)


async def statuses(app: ASGIApp, client: str, count: int, path: str = "/status/x") -> list[int]:
    return [(await talk_to(app, client).get(path)).status_code for _ in range(count)]


async def test_an_address_has_a_burst_and_then_its_rate() -> None:
    clock = Clock()
    app = limited(clock)
    assert await statuses(app, "192.0.2.1", 4) == [200, 200, 200, 429]
    clock.seconds += 2
    assert await statuses(app, "192.0.2.1", 2) == [200, 429]
    clock.seconds += 1000
    assert await statuses(app, "192.0.2.1", 4) == [200, 200, 200, 429]


async def test_who_is_limited_is_told_how_long_to_wait_and_waiting_so_long_helps() -> None:
    clock = Clock()
    app = limited(clock)
    await statuses(app, "192.0.2.1", 3)
    answer = await talk_to(app).get("/status/x")
    assert answer.headers["retry-after"] == "2"
    assert answer.headers["content-type"] == "application/problem+json"
    clock.seconds += int(answer.headers["retry-after"])
    assert await statuses(app, "192.0.2.1", 1) == [200]


async def test_one_address_does_not_limit_another_nor_other_paths() -> None:
    app = limited(Clock())
    assert await statuses(app, "192.0.2.1", 4) == [200, 200, 200, 429]
    assert await statuses(app, "192.0.2.2", 3) == [200, 200, 200]
    assert await statuses(app, "192.0.2.1", 3, "/openapi.json") == [200, 200, 200]


async def test_an_ipv6_caller_is_its_site() -> None:
    app = limited(Clock())
    assert await statuses(app, "2001:db8:0:1::1", 3) == [200, 200, 200]
    assert await statuses(app, "2001:db8:0:1:ffff::2", 1) == [429]
    assert await statuses(app, "2001:db8:0:2::1", 1) == [200]


async def test_the_limit_remembers_a_bounded_number_of_addresses() -> None:
    app = limited(Clock(), remembered=2)
    assert await statuses(app, "192.0.2.1", 4) == [200, 200, 200, 429]
    await statuses(app, "192.0.2.2", 1)
    assert await statuses(app, "192.0.2.1", 1) == [429], "still remembered, and now the newest"
    await statuses(app, "192.0.2.3", 1)
    assert await statuses(app, "192.0.2.2", 3) == [200, 200, 200], "forgotten"


@pytest.mark.parametrize(
    ("path", "logged"),
    [
        (f"/status/{TOKEN}", "/status/<masked>"),
        (f"/status/{TOKEN}/review", "/status/<masked>/review"),
        ("/status/x", "/status/<masked>"),
        (f"/Status/{TOKEN}?lang=es", "/Status/<masked>?<masked>"),
        (f"//status//{TOKEN}", "//status//<masked>"),
        (f"/stauts/{TOKEN}", "/stauts/<masked>"),
        ("/status/%61%62", "/status/<masked>"),
        ("/cases?number=K7-22", "/cases?<masked>"),
        (f"/cases/{CASE}/events", f"/cases/{CASE}/events"),
        ("/queue", "/queue"),
        ("/status/", "/status/"),
    ],
)
def test_paths_are_logged_without_links_and_queries(path: str, logged: str) -> None:
    assert mask_path(path) == logged


def test_the_servers_access_log_is_masked() -> None:
    mask_access_log()
    mask_access_log()
    logger = logging.getLogger("uvicorn.access")
    assert sum(isinstance(one, MaskPrivateLinks) for one in logger.filters) == 1
    args = ("127.0.0.1:9", "GET", f"/status/{TOKEN}", "1.1", 200)
    record = logger.makeRecord(logger.name, 20, __file__, 1, '%s - "%s %s HTTP/%s" %d', args, None)
    assert TOKEN in record.getMessage(), "the canary would be found"
    assert logger.filter(record)
    assert record.getMessage() == '127.0.0.1:9 - "GET /status/<masked> HTTP/1.1" 200'


@dataclass
class Checks:
    """What a service finds when it looks at what it needs."""

    found: Mapping[str, str | None] = field(default_factory=lambda: {"store": None, "broker": None})
    answers: bool = True

    async def __call__(self) -> Mapping[str, str | None]:
        if not self.answers:
            await asyncio.Event().wait()
        return self.found


def health_of(checks: Checks, keys_at: Path, *, within_seconds: float) -> httpx.AsyncClient:
    keys = DevelopmentKeys(DevelopmentIssuer(keys_at).public_keys, host="localhost")
    sign_in = SignIn(issuer=DEVELOPMENT_ISSUER, audience=AUDIENCE, keys=keys)
    app = FastAPI()
    app.include_router(health.router(ready=checks, metrics=Metrics(), sign_in=sign_in, within_seconds=within_seconds))
    return talk_to(app)


async def test_a_service_is_ready_when_all_it_needs_is_well_and_says_what_is_not(tmp_path: Path) -> None:
    checks = Checks()
    web = health_of(checks, tmp_path, within_seconds=60)
    answer = await web.get("/health/ready")
    assert (answer.status_code, answer.json()["status"]) == (200, "ready")
    checks.found = {"store": "no answer", "broker": None}
    answer = await web.get("/health/ready")
    assert answer.status_code == 503
    assert answer.json() == {"status": "not ready", "checks": {"store": "no answer", "broker": "well"}}


async def test_a_service_whose_checks_do_not_end_is_not_ready_but_alive(tmp_path: Path) -> None:
    web = health_of(Checks(answers=False), tmp_path, within_seconds=0.05)
    answer = await web.get("/health/ready")
    assert answer.status_code == 503
    assert answer.json()["checks"] == {"checks": "no answer within 0.05 s"}
    assert (await web.get("/health/live")).status_code == 200, "alive, although nothing that it needs answers"


async def test_what_cannot_be_asked_keeps_its_last_value_and_the_others_are_told() -> None:
    metrics = Metrics()

    async def away() -> None:
        raise Outage("the store is away")

    async def well() -> None:
        metrics.parked.set(2)

    metrics.parked.set(1)
    metrics.sources += [away, well]
    await metrics.look()
    assert metrics.registry.get_sample_value("secondlook_parked_cases") == 2
    assert metrics.registry.get_sample_value("secondlook_look_failures_total") == 1


@dataclass(frozen=True)
class Stored:
    """A stored event."""

    body: bytes


class Events:
    """An engine that knows one case with two events, and one without any."""

    quiet = uuid4()

    async def events(self, case_id: UUID) -> Sequence[Stored]:
        return [Stored(b'{"type":"a","seq":1}'), Stored(b'{"type":"b", "seq":1}')] if case_id == CASE else []

    async def case(self, case_id: UUID) -> object | None:
        return object() if case_id in {CASE, self.quiet} else None


async def test_staff_of_any_role_read_the_stored_events_byte_for_byte(tmp_path: Any) -> None:
    issuer = DevelopmentIssuer(tmp_path)
    keys = DevelopmentKeys(issuer.public_keys, host="localhost")
    app = FastAPI()
    install(app)
    engine = Events()
    sign_in = SignIn(issuer=DEVELOPMENT_ISSUER, audience=AUDIENCE, keys=keys)
    app.include_router(staff_events.router(engine=engine, sign_in=sign_in))
    web = talk_to(app)
    for role in Role:
        web.headers["Authorization"] = f"Bearer {issuer.staff('x', [role])}"
        answer = await web.get(f"/cases/{CASE}/events")
        assert answer.content == b'[{"type":"a","seq":1},{"type":"b", "seq":1}]'
        assert [one["type"] for one in json.loads(answer.content)] == ["a", "b"]
    assert (await web.get(f"/cases/{engine.quiet}/events")).json() == []
    unknown = await web.get(f"/cases/{uuid4()}/events")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "case_unknown")
    del web.headers["Authorization"]
    assert (await web.get(f"/cases/{CASE}/events")).status_code == 401
    security = (await web.get("/openapi.json")).json()["paths"]["/cases/{case_id}/events"]["get"]["security"]
    assert security == [{"staff": []}]
