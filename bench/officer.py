"""An officer of all offices, who finds for everybody: claims and decides by the bulk endpoint of triage."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

from bench import cases
from bench.connections import Connections
from shared.contracts.vocabulary import ReliefSought, TriageOutcome
from shared.desk.bulk import MOST_DECISIONS
from shared.web.sign_in import Role
from shared.web.tokens import DevelopmentIssuer

GRANTED = [relief.value for relief in ReliefSought]
"""Whatever was asked for; what was not, for a reason."""
REASONS = ["FAMILY_CIRCUMSTANCES"]


class NotDecided(Exception):
    """Triage has refused a decision of the benchmark: its numbers would be about something else."""


class Officer:
    """Decides cases by the hundred, as they are assigned."""

    def __init__(self, triage: Connections, issuer: DevelopmentIssuer) -> None:
        self._triage = triage
        self._token = issuer.staff("bench-officer", [Role.OFFICER], offices=cases.offices(), minutes=600)
        self._waiting: asyncio.Queue[UUID] = asyncio.Queue()

    def assigned(self, case_id: UUID) -> None:
        """A case has come to an office's queue."""
        self._waiting.put_nowait(case_id)

    async def work(self) -> None:
        """Decide whatever waits, again and again, until cancelled. Several may work side by side."""
        while True:
            chosen = [await self._waiting.get()]
            while len(chosen) < MOST_DECISIONS and not self._waiting.empty():
                chosen.append(self._waiting.get_nowait())
            await self.decide(chosen)

    async def decide(self, chosen: Sequence[UUID]) -> None:
        """Claim and decide these cases, in one request."""
        decisions = [
            {
                "case_id": str(case_id),
                "facts_seen": 0,
                "outcome": TriageOutcome.FAVOURABLE,
                "granted": GRANTED,
                "reasons": REASONS,
            }
            for case_id in chosen
        ]
        said = await self._post("/decisions", {"decisions": decisions, "claim": True})
        if said["decided"] != len(chosen):
            codes = {result["code"] for result in said["results"] if result["status"] != "decided"}
            raise NotDecided(f"{len(chosen) - said['decided']} of {len(chosen)} were not decided: {sorted(codes)}")

    async def _post(self, path: str, body: object) -> dict[str, Any]:
        answer = await self._triage.post(path, json.dumps(body).encode(), key=str(uuid4()), token=self._token)
        if answer.status != 200:
            raise NotDecided(f"POST {path} answered {answer.status}: {answer.body[:200]!r}")
        said: dict[str, Any] = json.loads(answer.body)
        return said
