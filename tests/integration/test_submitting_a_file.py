"""`secondlook submit FILE`, killed in the middle and run again: each line is one case, seen by its own client."""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from cli.submitting import example
from shared.contracts.vocabulary import Service
from shared.web.tokens import DevelopmentIssuer
from tests.conftest import Servers
from tests.eventually import eventually
from tests.faults.lane import Lane

pytestmark = pytest.mark.real

LINES = 200


def written(folder: Path) -> Path:
    file = folder / "requests.jsonl"
    request: dict[str, Any] = example.REQUESTS[0]
    lines = [json.dumps({**request, "narrative": f"Matter {number}."}) for number in range(LINES)]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


async def start(file: Path, lane: Lane, token: str) -> asyncio.subprocess.Process:
    """The command in a process of its own."""
    command = [sys.executable, "-m", "cli.main", "submit", str(file), "--json"]
    told = {"INTAKE_URL": f"{lane.url}/intake", "SECONDLOOK_CLIENT_TOKEN": token}
    pipe = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(*command, env=os.environ | told, stdout=pipe, stderr=pipe)


def answers(file: Path) -> list[dict[str, Any]]:
    """What has been written down whole."""
    ledger = file.with_name(f"{file.name}.sent.jsonl")
    written_down = ledger.read_text(encoding="utf-8") if ledger.exists() else ""
    return [json.loads(line) for line in written_down.split("\n")[:-1]]


async def test_two_runs_with_a_kill_between_lose_and_double_nothing(servers: Servers, tmp_path: Path) -> None:
    lane = Lane(servers, tmp_path, (Service.INTAKE,))
    await lane.open()
    try:
        await lane.ready()
        issuer = DevelopmentIssuer(tmp_path / "keys")
        token, file = issuer.client("law-office"), written(tmp_path)

        async def begun() -> bool:
            return len(answers(file)) >= LINES // 5

        first = await start(file, lane, token)
        await eventually(begun, within=60.0)
        os.kill(first.pid, signal.SIGKILL)
        await first.wait()
        assert len(answers(file)) < LINES

        second = await start(file, lane, token)
        told, errors = await second.communicate()
        assert second.returncode == 0, errors.decode()
        said = json.loads(told)
        assert (said["lines"], said["sent"], said["wrong"]) == (LINES, {"accepted": LINES}, [])
        assert LINES // 5 <= said["answered_before"] < LINES

        sent = answers(file)
        numbers = {each["number"] for each in sent}
        assert {each["line"] for each in sent} == set(range(1, LINES + 1))
        assert len(sent) == len(numbers) == LINES
        assert not [each for each in numbers if each in told.decode() + errors.decode()]
        assert "/status/" not in told.decode() + errors.decode()
        assert await lane.count(Service.INTAKE, "cases") == LINES

        async with httpx.AsyncClient(base_url=f"{lane.url}/intake", timeout=30.0) as http:
            mine = await _exported(http, token)
            assert {row["case_number"] for row in mine} == numbers
            assert len(mine) == LINES
            assert {row["client_reference"] for row in mine} == {"2021-0117"}
            assert await _exported(http, issuer.client("another-office")) == []
            by_reference: dict[str, str | int] = {"client_reference": "2021-0117", "limit": 1}
            headers = {"Authorization": f"Bearer {token}"}
            page = (await http.get("/requests", params=by_reference, headers=headers)).json()
            assert [row["case_number"] for row in page["cases"]] == [mine[0]["case_number"]]
            later = await http.get("/requests", params={"changed_since": page["as_of"]}, headers=headers)
            assert later.status_code == 200
    finally:
        await lane.close()


async def _exported(http: httpx.AsyncClient, token: str) -> list[dict[str, Any]]:
    answer = await http.get("/requests/export", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines()]
