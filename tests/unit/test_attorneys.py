"""What `docs/attorneys.md` shows is what intake takes, and the license is what the project says that it is."""

import json
import re
import tomllib
from pathlib import Path

import pytest

from deploy.local.places import PROJECT
from tests.unit.intake_house import House

TEXT = (PROJECT / "docs" / "attorneys.md").read_text(encoding="utf-8")
BODY = json.loads(TEXT.split("```json\n")[1].split("```")[0])
(KEY,) = re.findall(r'"Idempotency-Key: ([^"]+)"', TEXT)


@pytest.fixture(name="house")
def _house(tmp_path: Path) -> House:
    return House(tmp_path)


async def test_the_request_that_is_shown_is_accepted_and_its_key_makes_one_case_of_it(house: House) -> None:
    client = {"Authorization": f"Bearer {house.issuer.client('wrenfield-law')}"}
    first = await house.submit(BODY, KEY, headers=client)
    assert first.status_code == 202, first.text
    assert {"case_number", "status_url", "received_at"} <= first.json().keys()
    again = await house.submit(BODY, KEY, headers=client)
    assert again.json()["case_number"] == first.json()["case_number"]
    assert again.headers["Idempotency-Replayed"] == "true"
    other = await house.submit(BODY | {"narrative": "Another."}, KEY, headers=client)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert (await house.submit(BODY, KEY)).json()["code"] == "idempotency_key_not_random"


async def test_a_wrong_request_keeps_nothing_and_leaves_its_key_free(house: House) -> None:
    client = {"Authorization": f"Bearer {house.issuer.client('wrenfield-law')}"}
    wrong = await house.submit(BODY | {"relief_sought": ["EVERYTHING"]}, KEY, headers=client)
    assert (wrong.status_code, wrong.json()["code"]) == (400, "invalid_request")
    assert "relief_sought" in wrong.json()["errors"][0]["field"]
    assert (await house.submit(BODY, KEY, headers=client)).status_code == 202
    large = await house.submit(BODY | {"narrative": "a" * 262_144}, "matter-2", headers=client)
    assert large.status_code == 413


def test_the_limits_that_are_told_are_the_settings() -> None:
    settings = (PROJECT / ".env.example").read_text(encoding="utf-8")
    told = " ".join(TEXT.split())
    assert "200 requests at once, and then 20 a second" in told
    assert re.search(r"^#CLIENT_BURST=200$", settings, re.MULTILINE)
    assert re.search(r"^#CLIENT_PER_SECOND=20$", settings, re.MULTILINE)
    assert "60 at once, and then 5 a second" in told
    assert re.search(r"^# ?PUBLIC_BURST=60$", settings, re.MULTILINE)
    assert re.search(r"^# ?PUBLIC_PER_SECOND=5$", settings, re.MULTILINE)


def test_the_license_is_what_the_project_says() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert (project["license"], project["license-files"]) == ("Apache-2.0", ["LICENSE"])
    whole = (PROJECT / "tests" / "data" / "LICENSE-Apache-2.0.txt").read_text(encoding="utf-8")
    assert (PROJECT / "LICENSE").read_text(encoding="utf-8") == whole
