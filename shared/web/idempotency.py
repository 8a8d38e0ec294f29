"""The idempotency key of every POST: the same key from the same caller is the same request, and is answered alike."""

from typing import Annotated, Any, Final

from fastapi import Form, Header
from starlette.responses import Response

from shared.casework.commands import Answered

REPLAYED: Final = "Idempotency-Replayed"
"""Response header, `true` on an answer that repeats an earlier one."""

_VISIBLE_ASCII = r"^[\x21-\x7e]+$"

IdempotencyKey = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        pattern=_VISIBLE_ASCII,
        description="Chosen by the caller; the same key again is the same request, and is answered alike.",
    ),
]
"""The header of JSON endpoints."""

IdempotencyField = Annotated[str, Form(alias="idempotency_key", min_length=1, max_length=200, pattern=_VISIBLE_ASCII)]
"""The hidden field of pages' forms."""


def mark_replayed(response: Response, *, replayed: bool) -> None:
    """Tell the caller that this answer repeats an earlier one."""
    if replayed:
        response.headers[REPLAYED] = "true"


def said(answered: Answered, response: Response) -> dict[str, Any]:
    """A command's answer, marked when it is a repeat."""
    mark_replayed(response, replayed=answered.replayed)
    return dict(answered.answer)
