"""Submitting requests over HTTP, and what the holder of a private link does."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from shared.calling.instances import Instances, Refusal
from shared.calling.sent import Answer, Sent

JSON = {"Accept": "application/json", "Content-Type": "application/json"}
REUSED = "idempotency_key_reused"


async def submit(
    intake: Instances, body: bytes, *, line: int, key: str, token: str | None = None, mends: str | None = None
) -> Sent:
    """Send one request; whatever is answered is an answer. Raises `Unreachable` only.

    `mends` is the private link of a rejected request, which proves `resubmits` in the body.
    """
    headers = JSON | ({"Authorization": f"Bearer {token}"} if token else {})
    headers |= {"Resubmits-Link": mends} if mends else {}
    try:
        answer = await intake.post("/requests", key=key, headers=headers, content=body)
    except Refusal as refusal:
        return _not_accepted(refusal, line, key)
    said = answer.json()
    return Sent(
        line=line,
        key=key,
        answer=Answer.ACCEPTED,
        status=answer.status_code,
        number=said["case_number"],
        link=said["status_url"],
        missing=tuple(str(each["code"]) for each in said.get("missing", ())),
        ignored=len(said.get("ignored", ())),
        replayed=answer.headers.get("Idempotency-Replayed") == "true",
    )


def _not_accepted(refusal: Refusal, line: int, key: str) -> Sent:
    said = refusal.problem
    if refusal.status == 422 and said.get("case_number"):
        return Sent(
            line=line,
            key=key,
            answer=Answer.REJECTED,
            status=422,
            number=said["case_number"],
            link=said.get("status_url"),
            codes=tuple(str(each["code"]) for each in said.get("codes", ())),
        )
    wrong = (f"{each.get('field', '?')}: {each.get('code', '?')}" for each in said.get("errors", ()))
    codes = (refusal.code, *wrong) if refusal.code else tuple(wrong)
    return Sent(line=line, key=key, answer=Answer.REFUSED, status=refusal.status, codes=codes)


class Page:
    """The page behind a private link, as its holder uses it (JSON by `Accept`)."""

    def __init__(self, intake: Instances, link: str) -> None:
        """`link` is the whole address, as in a letter or in the answer to a submission."""
        self._intake = intake
        self._path = urlsplit(link).path

    async def look(self) -> dict[str, Any]:
        """What the page says now."""
        said: dict[str, Any] = (await self._intake.get(self._path, headers=JSON)).json()
        return said

    async def review(self, ground: str, *, words: str = "", key: str | None = None) -> None:
        """Ask for a Senior Reviewing Official."""
        await self._do("review", {"ground": ground, "reason": words}, key)

    async def withdraw(self, *, words: str = "", key: str | None = None) -> None:
        """Take the request back."""
        await self._do("withdraw", {"reason": words}, key)

    async def amend(self, form: Mapping[str, str], *, key: str | None = None) -> None:
        """Add or change something; `form` has the fields of the page's form."""
        await self._do("amend", form, key)

    async def _do(self, what: str, form: Mapping[str, str], key: str | None) -> None:
        said = {name: value for name, value in form.items() if value} | {"confirm": "yes"}
        await self._intake.post(f"{self._path}/{what}", key=key or str(uuid4()), headers=JSON, json=said)
