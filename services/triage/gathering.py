"""What other services know of a case, asked with the caller's own token: its history, and others about the same person.

Each returns its own stored events, and one pure function folds them. Who does not answer is named, never hidden.
"""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import httpx
from pydantic_core import from_json, to_json

from shared.contracts.history import history_of
from shared.contracts.vocabulary import Service
from shared.errors import CaseUnknown
from shared.web.problems import Problem

_NOT_THERE: Final = 404
_SECONDS: Final = 3.0


async def gathered(
    case_id: UUID, *, http: httpx.AsyncClient, services: Mapping[str, str], token: str
) -> dict[str, Any]:
    """`{history, missing}`: the folded history, and the services that did not answer, never hidden.

    A service that does not know the case has nothing to add, and is not missing. Raises 404 when nobody knows it, 503
    when nobody who answered does.
    """
    answers = await asyncio.gather(*(_events(http, url, case_id, token) for url in services.values()))
    missing = [name for name, answer in zip(services, answers, strict=True) if answer is None]
    records = [to_json(event) for answer in answers for event in answer or ()]
    if not records and missing:
        raise Problem(503, "outage", "Please try again later.", f"No answer from: {', '.join(missing)}.")
    if not records:
        raise CaseUnknown
    return {"history": history_of(records).model_dump(mode="json"), "missing": missing}


async def same_person(
    case_id: UUID, *, received_at: datetime | None, http: httpx.AsyncClient, intake: str | None, token: str
) -> dict[str, Any]:
    """`{cases, missing}`: earlier and later cases about the same person, as intake knows them, the oldest first.

    They warn, and keep nobody out: a case is shown also where intake does not answer.
    """
    found = await _listed(http, f"{intake.rstrip('/')}/cases/{case_id}/doubles", token) if intake else None
    cases = [{**case, "earlier": _is_earlier(case, received_at)} for case in found or ()]
    return {"cases": cases, "missing": [Service.INTAKE.value] if found is None else []}


def _is_earlier(case: Mapping[str, Any], received_at: datetime | None) -> bool:
    return received_at is not None and datetime.fromisoformat(case["received_at"]) <= received_at


async def _events(http: httpx.AsyncClient, url: str, case_id: UUID, token: str) -> list[Any] | None:
    """A service's events of the case."""
    return await _listed(http, f"{url.rstrip('/')}/cases/{case_id}/events", token)


async def _listed(http: httpx.AsyncClient, address: str, token: str) -> list[Any] | None:
    """A list that a service gives; None when it does not answer as it should."""
    try:
        answer = await http.get(address, headers={"Authorization": token}, timeout=_SECONDS)
        if answer.status_code == _NOT_THERE:
            return []
        answer.raise_for_status()
        listed: list[Any] = from_json(answer.content)
    except (httpx.HTTPError, ValueError):
        return None
    return listed
