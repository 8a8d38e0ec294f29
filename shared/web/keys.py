"""Where an operator asks a service which of its cases have no key any more."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Protocol
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel, Field

from shared.web.sign_in import Role, SignIn

AT_ONCE = 1_000


class Store(Protocol):
    """A service's cases."""

    async def keyed(self, *, after: UUID | None, limit: int) -> list[UUID]: ...


class KeylessCases(BaseModel):
    """Some of those cases. Nothing that is sealed of them can be opened by anybody."""

    cases: list[UUID]
    after: UUID | None = Field(description="Ask on behind this case; null at the end.")


def router(*, store: Store, gone: Callable[[Sequence[UUID]], Awaitable[list[UUID]]], sign_in: SignIn) -> APIRouter:
    """`GET /keys/gone`."""
    routes = APIRouter(tags=["operator"])

    @routes.get("/keys/gone", dependencies=[Depends(sign_in.staff(Role.OPERATOR))])
    async def keyless(response: Response, after: Annotated[UUID | None, Query()] = None) -> KeylessCases:
        """Cases of this service whose keys are gone and that were not erased: the keyring is older than they are."""
        response.headers["Cache-Control"] = "no-store"
        looked_at = await store.keyed(after=after, limit=AT_ONCE)
        return KeylessCases(cases=await gone(looked_at), after=looked_at[-1] if len(looked_at) == AT_ONCE else None)

    return routes
