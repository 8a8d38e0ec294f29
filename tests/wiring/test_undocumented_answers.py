"""Whatever is sent to intake, as its document describes it and a little beside: no 5xx, no undocumented answer."""

import asyncio
from pathlib import Path
from typing import Any

from shared.web.sign_in import Role
from tests.unit.intake_house import House, complete
from tests.unit.intake_world import assigned, completed, question
from tests.wiring.documented import answers_as_documented


def test_intake_answers_as_documented(tmp_path: Path) -> None:
    house = House(tmp_path)
    known = asyncio.run(_known(house))

    def prepared(case: Any) -> dict[str, str]:
        case.path_parameters |= {name: value for name, value in known.items() if name in case.path_parameters}
        return _identity(house, case.path)

    answers_as_documented(house.app, prepared, operations=20)


async def _known(house: House) -> dict[str, str]:
    """A case in which much can be asked for, and its link."""
    case_id, path = await house.opened(complete())
    house.hear(case_id, assigned(), question(), completed("DECLINED"))
    return {"case_id": str(case_id), "link": path.rpartition("/")[2]}


def _identity(house: House, path: str) -> dict[str, str]:
    """Of a client, of staff with every role, or of nobody, as the path asks for it."""
    if path.startswith("/status"):
        return {}
    staff = house.issuer.staff("person-7", list(Role), offices=["ELP"])
    token = house.issuer.client("an-office") if path.startswith("/requests") else staff
    return {"Authorization": f"Bearer {token}"}
