"""What an operator sees of batches that cannot be read, and how one is passed. No personal data."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Protocol

import structlog
from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, Field

from shared.web.bodies import Body
from shared.web.problems import Problem
from shared.web.sign_in import Role, SignIn, Staff

log = structlog.get_logger()


class CorruptBatches(Protocol):
    """Where a service keeps what it could not read."""

    async def standing(self) -> Sequence[Mapping[str, Any]]: ...
    async def skip(
        self, topic: str, partition: int, offset: int, *, to: int | None, by: str, why: str
    ) -> int | None: ...


class CorruptBatchShown(BaseModel):
    """Where a partition stands. `following`: where the next batch seems to begin; `skip_to`: where it is to go on."""

    topic: str
    partition: int
    offset: int
    following: int
    why: str
    since: datetime
    skip_to: int | None = None


class CorruptBatchesShown(BaseModel):
    """Those at which partitions stand, oldest first."""

    corrupt_batches: list[CorruptBatchShown]


class SkipAsked(Body):
    """Why a batch is passed unread, and where to go on if not where the next one seems to begin."""

    why: str = Field(min_length=10, max_length=500, description="For the record; name nobody here.")
    to: int | None = Field(None, ge=1, description="The offset to go on at; behind the batch when left out.")


class Skipping(BaseModel):
    """The partition goes on at `to` within seconds, once all before the batch is settled."""

    to: int


def router(*, corrupt: CorruptBatches, sign_in: SignIn) -> APIRouter:
    """The operator's endpoints of any service for batches that it cannot read."""
    routes = APIRouter(tags=["operator"])
    operator = sign_in.staff(Role.OPERATOR)

    @routes.get("/corrupt-batches", dependencies=[Depends(operator)])
    async def corrupt_batches(response: Response) -> CorruptBatchesShown:
        """Batches at which partitions of this service's topics stand."""
        response.headers["Cache-Control"] = "no-store"
        found = [CorruptBatchShown(**each, skip_to=each.get("skip", {}).get("to")) for each in await corrupt.standing()]
        return CorruptBatchesShown(corrupt_batches=found)

    @routes.post("/corrupt-batches/{topic}/{partition}/{offset}/skip")
    async def skip(
        topic: str, partition: int, offset: int, body: SkipAsked, staff: Annotated[Staff, Depends(operator)]
    ) -> Skipping:
        """Pass a batch unread. Safe to repeat. What was in it is lost to this service unless it is published again."""
        if body.to is not None and body.to <= offset:
            raise Problem(400, "not_forward", f"Give an offset behind {offset}: nothing is read twice by this.")
        to = await corrupt.skip(topic, partition, offset, to=body.to, by=staff.subject, why=body.why)
        if to is None:
            raise Problem(404, "no_corrupt_batch", "No batch is known there: say where to go on, with `to`.")
        log.warning("corrupt_batch_skip_asked", by=staff.subject, topic=topic, partition=partition, offset=offset)
        return Skipping(to=to)

    return routes
