"""A guidance file that is added while cases are open, on a real store: by an index, told once, then a deadline."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.triage.catching_up import AT_A_TIME, CatchingUp
from services.triage.domain.states import UnderConsideration
from services.triage.reactions import BEHAVIOUR
from shared.casework.document import arrive
from shared.casework.engine import Engine
from shared.contracts.vocabulary import EventType
from shared.policy.loading import load
from shared.policy.model import Policies
from tests.conftest import Servers
from tests.integration.toy import engine, make_topics, record
from tests.unit.one_case import T0
from tests.unit.test_policy_guidance import another, folder  # noqa: F401 - a fixture
from tests.unit.triage_story import WITHDRAWN, submitted

pytestmark = pytest.mark.real

LATER = datetime(2021, 3, 20, tzinfo=UTC)


@dataclass
class Started:
    """Triage's engine, started with the policy files of one day."""

    engine: Engine[Any]

    def with_policies(self, policies: Policies) -> CatchingUp:
        """The service starts again, with these files."""
        self.engine.rules = replace(self.engine.rules, policies=policies)
        return CatchingUp(self.engine, policies, lambda: T0)

    async def open_cases(self, count: int) -> list[UUID]:
        ids = [uuid4() for _ in range(count)]
        await self.engine.handle([arrive(each, "request.submitted", record(each, 1, submitted())) for each in ids])
        return ids

    async def told(self, case_id: UUID) -> list[str]:
        return [event.type for event in await self.engine.events(case_id)]

    async def guidance(self, case_id: UUID) -> tuple[str, datetime | None]:
        view = await self.engine.case(case_id)
        assert view is not None
        assert isinstance(view.state, UnderConsideration)
        return view.state.presumption.guidance, view.state.presumption.until


@pytest.fixture(name="started")
async def _started(servers: Servers) -> AsyncIterator[Started]:
    prefix = f"g{uuid4().hex[:8]}_"
    await make_topics(servers.kafka, prefix)
    made: Any
    made, client, sender = engine(servers.mongodb, servers.kafka, prefix, behaviour=BEHAVIOUR)
    await made.store.prepare()
    yield Started(made)
    await made.drain(5)
    await sender.discard()
    await client.close()


async def test_open_cases_learn_of_a_guidance_that_is_added_and_wait_for_its_first_moment(
    started: Started,
    folder: Path,  # noqa: F811 - the fixture
) -> None:
    before = load(folder)
    assert await started.with_policies(before).look() == 0
    ids = await started.open_cases(AT_A_TIME + 5)
    closed, *still_open = ids
    await started.engine.handle([arrive(closed, "request.withdrawn", record(closed, 1, WITHDRAWN))])
    assert await started.guidance(still_open[0]) == ("INVENTED_1", None)
    another(folder, "LATER", "from: 2021-03-20T00:00:00Z")
    catching_up = started.with_policies(load(folder))
    assert await catching_up.look() == len(still_open)
    assert await catching_up.look() == 0
    assert {await started.guidance(each) for each in still_open} == {("INVENTED_1", LATER)}
    assert await started.told(closed) == [EventType.TRIAGE_ASSIGNED]
    for case_id in still_open[:3]:
        assert await started.told(case_id) == [EventType.TRIAGE_ASSIGNED] * 2
    while await started.engine.deadlines(until=LATER):
        pass
    assert {await started.guidance(each) for each in still_open} == {("LATER", None)}
    assert await started.told(closed) == [EventType.TRIAGE_ASSIGNED]
