"""An officer's work as it is typed: the queue with its reasons, and the next case."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from cli import where
from services.triage.api import router
from services.triage.domain.case import State
from shared.web.sign_in import Role
from tests.integration.serving import secondlook, serving
from tests.unit.desks import Desks
from tests.unit.memory_collection import MemoryCollection
from tests.unit.one_case import CASE_ID
from tests.unit.triage_story import Triage, submitted

NUMBER = "55MY1-Z1HT0-H"


@dataclass
class Baltimore:
    """The field office, and a command line that signs in as anybody there."""

    desks: Desks[State]

    async def types(self, *words: str, who: str = "officer-ana", wanted: int = 0) -> str:
        """What `secondlook` prints."""
        told = await secondlook(*words, "--token", self.desks.token(who, Role.OFFICER, offices=["BAL"]))
        assert told.exit_code == wanted, told.output
        return str(told.output)


@pytest.fixture(name="office")
async def _office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Baltimore]:
    desks: Desks[State] = Desks(tmp_path, router, http=None, services={}, turns=MemoryCollection())
    box = await desks.sealed(CASE_ID, "submitted", json.dumps({"narrative": "She cares for her son."}).encode())
    case = Triage()
    case.hear("intake", submitted(number=NUMBER).model_copy(update={"sealed": box}))
    desks.engine.cases[CASE_ID] = case
    async with serving(desks.app) as address:
        monkeypatch.setenv("TRIAGE_URL", address)
        monkeypatch.setattr(where, "PATIENCE_SECONDS", 0.3)
        yield Baltimore(desks)


async def test_the_queue_says_why_where_it_is_asked(office: Baltimore) -> None:
    assert "Routine: after imminent removals" not in await office.types("queue", "--office", "bal")
    assert "Routine: after imminent removals" in await office.types("queue", "--office", "bal", "--why")


async def test_the_next_case_is_taken_and_says_why_it_is_the_next(office: Baltimore) -> None:
    told = await office.types("next", "--office", "bal")
    assert f"{NUMBER} is yours. It stands first in the queue." in " ".join(told.split())
    assert "Routine: after imminent removals" in told
    assert "No case waits" in await office.types("next", "--office", "bal", who="officer-ben", wanted=1)
