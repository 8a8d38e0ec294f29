"""How often one may come, at the composed intake: by address and by client token; what is said when it is too often."""

from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from services.intake.app import build_app
from services.intake.settings import IntakeSettings
from shared.contracts.vocabulary import Language
from shared.web.sign_in import Role
from shared.web.tokens import DevelopmentIssuer
from tests.unit.markup import Page, faults
from tests.unit.readability import english_grade, spanish_ease
from tests.wiring.apps import settings

PATH = "/requests/columns"
"""Answered without a store."""
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.fixture
def app(tmp_path: Path) -> FastAPI:
    few: dict[str, Any] = {"public_per_second": 0.01, "public_burst": 2, "client_per_second": 0.01, "client_burst": 3}
    return build_app(IntakeSettings(**settings(tmp_path), **few))


async def ask(app: FastAPI, path: str = PATH, *, host: str = "192.0.2.1", **headers: str) -> httpx.Response:
    transport = httpx.ASGITransport(app=app, client=(host, 5000))
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as http:
        return await http.get(path, headers=named)


async def statuses(app: FastAPI, count: int, *, host: str = "192.0.2.1", token: str | None = None) -> list[int]:
    headers = {"authorization": f"Bearer {token}"} if token else {}
    return [(await ask(app, host=host, **headers)).status_code for _ in range(count)]


async def test_a_client_has_its_own_bucket_wherever_it_calls_from(app: FastAPI, tmp_path: Path) -> None:
    issuer = DevelopmentIssuer(tmp_path)
    assert await statuses(app, 3) == [200, 200, 429]
    assert await statuses(app, 2, token=issuer.client("an-office")) == [200, 200]
    assert await statuses(app, 2, token=issuer.client("an-office"), host="192.0.2.9") == [200, 429]
    assert await statuses(app, 1, token=issuer.client("another-office")) == [200]
    assert await statuses(app, 1, host="192.0.2.9") == [200], "the client took nothing of its address"


async def test_a_token_that_is_no_clients_is_no_way_around_the_limit(app: FastAPI, tmp_path: Path) -> None:
    issuer, past = DevelopmentIssuer(tmp_path), DevelopmentIssuer(tmp_path, now=lambda: 1_600_000_000)
    assert await statuses(app, 3) == [200, 200, 429]
    others = ["nonsense", "a.b.c", issuer.staff("ana", list(Role)), past.client("an-office")]
    assert [await statuses(app, 1, token=token) for token in others] == [[429]] * len(others)
    assert (await ask(app, authorization=f"Basic {issuer.client('an-office')}")).status_code == 429


async def test_an_ipv4_address_is_itself_however_it_is_written(app: FastAPI) -> None:
    assert await statuses(app, 2, host="::ffff:192.0.2.1") == [200, 200]
    assert await statuses(app, 1, host="::ffff:192.0.2.2") == [200]
    assert await statuses(app, 1, host="192.0.2.1") == [429]


async def test_a_program_is_told_by_a_problem_document(app: FastAPI) -> None:
    await statuses(app, 2)
    answer = await ask(app, accept="application/json, */*", accept_language="es")
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_requests")
    assert answer.headers["content-type"] == "application/problem+json"
    assert int(answer.headers["retry-after"]) > 0


@pytest.mark.parametrize("path", [PATH, "/your-data", "/lost-link", "/status/x"])
@pytest.mark.parametrize("language", list(Language))
async def test_a_reader_is_told_by_a_page_in_their_language(app: FastAPI, path: str, language: Language) -> None:
    await statuses(app, 2)
    answer = await ask(app, path, accept=BROWSER, accept_language=language)
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0
    assert "style-src" in answer.headers["content-security-policy"]
    assert faults(answer.text, language=language) == []
    other = next(each for each in Language if each is not language)
    turned = await ask(app, f"{path}?lang={other}", accept=BROWSER, accept_language=language)
    assert turned.text.startswith(f'<!doctype html>\n<html lang="{other}"')


async def test_the_page_is_easy_to_read(app: FastAPI) -> None:
    await statuses(app, 2)
    said = [Page((await ask(app, accept=BROWSER, accept_language=each)).text).all("p", "li") for each in ("en", "es")]
    english, spanish = ("\n".join(each.text for each in parts) for parts in said)
    assert english_grade(english) <= 6
    assert spanish_ease(spanish) >= 70


async def test_the_form_for_a_lost_link_has_a_limit_of_its_own(tmp_path: Path) -> None:
    app = build_app(IntakeSettings(**settings(tmp_path), public_burst=1000))
    answers = [(await ask(app, "/lost-link", accept=BROWSER)).status_code for _ in range(11)]
    assert answers == [200] * 10 + [429]
    assert (await ask(app, "/your-data", accept=BROWSER)).status_code == 200
