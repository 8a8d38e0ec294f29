"""A case's history over all services: each returns its own stored events, and one pure function folds them."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

import httpx
from pydantic_core import from_json, to_json

from shared.contracts.history import history_of
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
        raise Problem(404, "case_unknown", "No such case.")
    return {"history": history_of(records).model_dump(mode="json"), "missing": missing}


async def _events(http: httpx.AsyncClient, url: str, case_id: UUID, token: str) -> list[Any] | None:
    """A service's events of the case; None when it does not answer as it should."""
    try:
        answer = await http.get(
            f"{url.rstrip('/')}/cases/{case_id}/events", headers={"Authorization": token}, timeout=_SECONDS
        )
        if answer.status_code == _NOT_THERE:
            return []
        answer.raise_for_status()
        events: list[Any] = from_json(answer.content)
    except (httpx.HTTPError, ValueError):
        return None
    return events
