"""What the services' OpenAPI documents say is whole, is shown to whoever is signed in, and to nobody else."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from services.intake.page_routes import ROUTES
from shared.contracts.vocabulary import Service
from shared.web.sign_in import Role
from shared.web.tokens import DevelopmentIssuer
from tests.wiring.apps import applications

OF_REQUESTORS = ("/requests", "/status/", "/lost-link")
"""What is sent there may hold names that are not known: they are told, or passed over as a form's are."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("reference")


@pytest.fixture(scope="module")
def apps(folder: Path) -> dict[Service, FastAPI]:
    return applications(folder)


def below(node: Any) -> Iterator[dict[str, Any]]:
    pending = [node]
    while pending:
        part = pending.pop()
        if isinstance(part, dict):
            yield part
            pending.extend(part.values())
        elif isinstance(part, list):
            pending.extend(part)


def web(app: FastAPI) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://review.example")


@pytest.mark.parametrize("service", list(Service))
def test_every_reference_leads_to_a_schema(apps: dict[Service, FastAPI], service: Service) -> None:
    document = apps[service].openapi()
    known = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    referred = {part["$ref"] for part in below(document) if isinstance(part.get("$ref"), str)}
    assert referred <= known
    assert "$defs" not in str(document)


def test_a_submission_and_the_page_are_described_whole(apps: dict[Service, FastAPI]) -> None:
    paths = apps[Service.INTAKE].openapi()["paths"]
    submit = paths["/requests"]["post"]
    assert submit["requestBody"]["content"]["application/json"]["schema"]["$ref"].endswith("/RequestBody")
    assert submit["requestBody"]["content"]["application/json"]["example"]["custody"]["status"] == "DETAINED"
    assert submit["responses"]["202"]["content"]["application/json"]["schema"]["$ref"].endswith("/Receipt")
    shown = paths["/status/{link}"]["get"]["responses"]["200"]["content"]
    assert shown["application/json"]["schema"]["$ref"].endswith("/StatusShown")
    asked = paths["/status/{link}/review"]["post"]["requestBody"]["content"]["application/x-www-form-urlencoded"]
    assert {"ground", "reason", "confirm", "idempotency_key"} <= set(asked["schema"]["properties"])
    assert "NO_TIMELY_ANSWER" in asked["schema"]["properties"]["ground"]["enum"]


def test_each_form_of_the_page_is_described_as_a_form_and_as_json(apps: dict[Service, FastAPI]) -> None:
    paths = apps[Service.INTAKE].openapi()["paths"]
    forms = {path.rpartition("/")[2]: at["post"] for path, at in paths.items() if "{link}" in path and "post" in at}
    assert set(forms) == set(ROUTES)
    for name, form in forms.items():
        content = form["requestBody"]["content"]
        assert set(content) == {"application/x-www-form-urlencoded", "application/json"}, name
        fields = [each["schema"]["properties"] for each in content.values()]
        assert fields[0] == fields[1]
        assert set(fields[0]) >= {"idempotency_key", "confirm"}, name


@pytest.mark.parametrize("service", list(Service))
def test_what_staff_send_has_no_field_that_is_not_known(apps: dict[Service, FastAPI], service: Service) -> None:
    document = apps[service].openapi()
    bodies = {
        body["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
        for path, operations in document["paths"].items()
        for operation in operations.values()
        if (body := operation.get("requestBody")) and not path.startswith(OF_REQUESTORS)
    }
    assert bodies
    open_ = {
        name for name in bodies if document["components"]["schemas"][name].get("additionalProperties") is not False
    }
    assert open_ == set()


@pytest.mark.parametrize("service", list(Service))
async def test_the_document_is_for_whoever_is_signed_in(
    apps: dict[Service, FastAPI], service: Service, folder: Path
) -> None:
    issuer = DevelopmentIssuer(folder)
    async with web(apps[service]) as http:
        assert (await http.get("/openapi.json")).status_code == 401
        for token in (issuer.client("an-office"), issuer.staff("person-1", [Role.ANALYST])):
            answer = await http.get("/openapi.json", headers={"Authorization": f"Bearer {token}"})
            assert (answer.status_code, answer.json()["info"]["title"]) == (200, f"Second Look: {service}")


async def test_the_page_that_shows_it_runs_its_own_scripts_and_nothing_inline(apps: dict[Service, FastAPI]) -> None:
    async with web(apps[Service.INTAKE]) as http:
        page = await http.get("/docs")
        assert page.status_code == 200
        assert "script-src 'self';" in page.headers["Content-Security-Policy"]
        assert page.text.count("<script") == page.text.count('<script src="docs/')
        for asset in ("docs/show.js", "docs/swagger-ui-bundle.js", "docs/swagger-ui.css"):
            assert asset in page.text
            assert (await http.get(f"/{asset}")).status_code == 200
        assert "script-src" not in (await http.get("/your-data")).headers["Content-Security-Policy"]
