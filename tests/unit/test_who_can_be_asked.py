"""A question stops the clock only where somebody can hear of it: from the page, through the events, to both desks."""

from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from services.escalation.asking import Ask as AskAtHeadquarters
from services.escalation.orders import Order as AtHeadquarters
from services.triage.orders import Ask as AskAtOffice
from services.triage.orders import Order as AtOffice
from shared.casework.commands import Answered
from shared.contracts import events
from shared.contracts.envelope import EventData
from shared.contracts.parsing import parse
from shared.contracts.vocabulary import EventType, TriageOutcome
from tests.unit.escalation_story import SAM, Escalation
from tests.unit.escalation_story import completed as record
from tests.unit.intake_house import House, complete, own
from tests.unit.intake_world import assigned, completed
from tests.unit.one_case import after
from tests.unit.test_intake_representatives import ATTORNEY
from tests.unit.triage_story import ANA, Triage

HELD = {"status": "DETAINED", "facility": {"name": "Blumenau Center", "state": "MD"}}


def without_address(body: dict[str, Any]) -> dict[str, Any]:
    """Somebody detained, whose request nobody turns away for want of an address."""
    asker = {name: value for name, value in body["requestor"].items() if name != "email"}
    return body | {"requestor": asker, "custody": HELD}


async def told(house: House, case_id: UUID) -> list[EventData]:
    emitted = await house.engine.events(case_id)
    return [parse(each.body, EventType(each.type)).data for each in emitted]


def at_the_office(said: list[EventData]) -> bool:
    case = Triage()
    for each in said:
        case.hear("intake", each.model_copy(update={"sealed": {}}))
    assert case.claim(ANA) is None
    answer = case.ask(AtOffice.ASK, AskAtOffice(ANA, ("custody",), {}), after(hours=1))
    assert isinstance(answer, Answered), answer
    return bool(answer.answer["clock_stands_still"])


def at_headquarters(said: list[EventData]) -> bool:
    case = Escalation()
    asked = [each for each in said if isinstance(each, events.RequestAmended | events.ReviewRequested)]
    case.hear("triage", record(TriageOutcome.DECLINED, number="-"), after(days=1))
    for each in asked:
        case.hear("intake", each.model_copy(update={"sealed": {}}), after(days=6))
    assert case.claim(SAM, after(days=6)) is None
    answer = case.ask(AtHeadquarters.ASK, AskAtHeadquarters(SAM, ("custody",), {}), after(days=7))
    assert isinstance(answer, Answered), answer
    return bool(answer.answer["clock_stands_still"])


@pytest.mark.parametrize(
    ("body", "then", "heard"),
    [
        (complete(custody=HELD), None, True),
        (without_address(complete()), None, False),
        (without_address(own()), None, False),
        (without_address(complete()), {"requestor_email": "new.address@example.org"}, True),
        (without_address(complete()), {"information": "He may be reached at the facility."}, False),
    ],
)
async def test_it_goes_on_where_nobody_gave_an_address(
    tmp_path: Path, body: dict[str, Any], then: dict[str, str] | None, heard: bool
) -> None:
    house = House(tmp_path)
    case_id, path = await house.opened(body)
    if then is not None:
        form = {"idempotency_key": "a", "confirm": "yes", **then}
        assert (await house.http.post(f"{path}/amend", data=form)).status_code == 303
    assert at_the_office(await told(house, case_id)) is heard
    house.hear(case_id, assigned(), completed("DECLINED"))
    form = {"idempotency_key": "r", "confirm": "yes", "ground": "NEW_CIRCUMSTANCES", "reason": "He is ill."}
    assert (await house.http.post(f"{path}/review", data=form)).status_code == 303
    assert at_headquarters(await told(house, case_id)) is heard


async def test_who_represents_the_noncitizen_from_now_on_is_asked(tmp_path: Path) -> None:
    house = House(tmp_path)
    case_id, path = await house.opened(without_address(own()))
    await house.rule(case_id, "verified")
    form = {"idempotency_key": "h", "confirm": "yes", **ATTORNEY}
    answer = await house.http.post(f"{path}/representative", data=form)
    assert answer.status_code == 200, answer.text
    newest = (await told(house, case_id))[-1]
    assert isinstance(newest, events.RequestAmended)
    assert newest.requestor_reachable is True
    assert at_the_office(await told(house, case_id)) is True
