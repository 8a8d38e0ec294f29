"""A client that a generator makes of intake's document submits a request and follows it."""

import importlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from pydantic_core import to_json

from services.intake.answers import REQUEST_EXAMPLE
from tests.unit.intake_house import House


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    return House(tmp_path_factory.mktemp("house"))


@pytest.fixture(scope="module")
def generated(house: House, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The name of the package, which can be imported."""
    folder = tmp_path_factory.mktemp("generated")
    (folder / "document.json").write_bytes(to_json(house.app.openapi()))
    (folder / "config.yaml").write_text("post_hooks: []\n", encoding="utf-8")
    tool = Path(sys.executable).with_name("openapi-python-client")
    options = ["--path", "document.json", "--config", "config.yaml", "--meta", "none", "--output-path", "made_client"]
    done = subprocess.run(
        [tool, "generate", *options, "--fail-on-warning"], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    sys.path.insert(0, str(folder))
    yield "made_client"
    sys.path.remove(str(folder))


async def test_a_generated_client_submits_and_follows(house: House, generated: str) -> None:
    def part(name: str) -> Any:
        return importlib.import_module(f"{generated}.{name}")

    client = part("client").Client(base_url="https://review.example", headers={"Accept": "application/json"})
    client.set_async_httpx_client(
        httpx.AsyncClient(
            transport=httpx.ASGITransport(house.app), base_url="https://review.example", headers=client._headers
        )
    )
    models = part("models")
    body = models.RequestBody.from_dict(REQUEST_EXAMPLE | {"noncitizen": {"given_name": "Ximena"}})
    submit = part("api.requests.submit_requests_post").asyncio
    receipt = await submit(client=client, body=body, idempotency_key=str(uuid4()))
    assert isinstance(receipt, models.Receipt)
    assert [each.code.value for each in receipt.missing] == ["NO_NAME", "NO_A_NUMBER", "NO_DATE_OF_BIRTH"]
    link = receipt.status_url.rpartition("/")[2]
    shown = await part("api.status_page.show_status_link_get").asyncio(link, client=client)
    assert isinstance(shown, models.StatusShown)
    assert (shown.case_number, shown.stage.value) == (receipt.case_number, "received")
    nothing = models.RequestBody.from_dict(
        {"custody": {"status": "NOT_DETAINED"}, "removal": {"believed_imminent": "no"}}
    )
    refused = await submit(client=client, body=nothing, idempotency_key=str(uuid4()))
    assert isinstance(refused, models.NotAccepted)
    assert "NO_NARRATIVE" in [each.code.value for each in refused.codes]
