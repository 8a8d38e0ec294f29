"""Whatever is sent to intake, as its document describes it and a little beside: no 5xx, no undocumented answer."""

import asyncio
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from shared.web.sign_in import Role
from tests.unit.intake_house import House, complete
from tests.unit.intake_world import assigned, completed, question

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
BOUNDED = settings(
    max_examples=6, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    return House(tmp_path_factory.mktemp("house"))


@pytest.fixture(scope="module")
def known(house: House) -> dict[str, str]:
    """A case in which much can be asked for, and its link."""

    async def open_one() -> tuple[Any, str]:
        case_id, path = await house.opened(complete())
        house.hear(case_id, assigned(), question(), completed("DECLINED"))
        return case_id, path.rpartition("/")[2]

    case_id, link = asyncio.run(open_one())
    return {"case_id": str(case_id), "link": link}


def test_intake_answers_as_documented(house: House, known: dict[str, str]) -> None:
    document = schemathesis.openapi.from_asgi("/openapi.json", house.app)
    operations = [found.ok() for found in document.get_all_operations() if isinstance(found, Ok)]
    assert len(operations) > 20

    def answered(case: Any) -> None:
        for name, value in known.items():
            if name in (case.path_parameters or {}):
                case.path_parameters[name] = value
        case.call_and_validate(headers=_identity(house, case.path), checks=CHECKS)

    for operation in operations:
        for mode in GenerationMode:
            try:
                BOUNDED(given(case=operation.as_strategy(generation_mode=mode))(answered))()
            except Unsatisfiable:
                assert mode is GenerationMode.NEGATIVE  # There is nothing to be wrong in.


def _identity(house: House, path: str) -> dict[str, str]:
    """Of a client, of staff with every role, or of nobody, as the path asks for it."""
    if path.startswith("/status"):
        return {}
    staff = house.issuer.staff("person-7", list(Role), offices=["ELP"])
    token = house.issuer.client("an-office") if path.startswith("/requests") else staff
    return {"Authorization": f"Bearer {token}"}
