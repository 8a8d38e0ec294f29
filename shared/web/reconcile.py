"""Where an operator has a service compare its stored events with its topics."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal, Protocol
from uuid import UUID, uuid5

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, Field

from shared.casework.reconciliations import AlreadyReconciling
from shared.contracts.envelope import NAMESPACE
from shared.web.bodies import Body
from shared.web.idempotency import IdempotencyKey, mark_replayed
from shared.web.problems import Problem
from shared.web.sign_in import Role, SignIn, Staff


class Reconciliations(Protocol):
    """What runs comparisons."""

    async def start(self, run: UUID, *, by: str, dry_run: bool, per_second: float, restored: bool) -> bool: ...
    async def told(self, run: UUID) -> Mapping[str, Any] | None: ...


class ReconcileAsked(Body):
    """Whether to publish what the topics lost, or only to say what that is; and how fast."""

    dry_run: bool = False
    per_second: float = Field(200.0, gt=0, le=10_000, description="At most so many events a second.")
    restored: bool = Field(False, description="The store was put back from a backup: stand still until compared.")


class TopicCompared(BaseModel):
    """One topic, in events of this service. `waiting`: stored, and not published for the first time yet.

    `strangers`: in the topic, and not in the store. `doubtful`: not believed, though they name the service.
    `corrupt`: batches that cannot be read; a store that was put back may be behind what they held.
    """

    topic: str
    stored: int
    in_topic: int
    missing: int
    published: int
    waiting: int
    strangers: int
    doubtful: int = 0
    corrupt: int = 0


class DoubtfulRecord(BaseModel):
    """A record that names the service as its source and is not its own history. It is left alone."""

    topic: str
    partition: int
    offset: int
    case_id: UUID | None
    reason: str


class ReconciliationShown(BaseModel):
    """How far a comparison is, and what it has found so far."""

    run: UUID
    state: Literal["running", "finished", "failed", "stalled"]
    why: str | None
    dry_run: bool
    started_at: datetime
    seen_at: datetime
    cases: int
    topics: list[TopicCompared]
    stranger_cases: list[UUID]
    doubtful: list[DoubtfulRecord] = Field([], description="Some of the records that a person has to look at.")
    keyless: list[UUID] = Field([], description="Some cases whose keys are gone: the keyring is older than they are.")
    keyless_cases: int = 0
    behind: int = Field(0, description="Cases that are parked because their topics know more of them than the store.")


class Started(BaseModel):
    """The comparison that was begun: ask for it until it is finished."""

    run: UUID


def router(*, reconciliations: Reconciliations, sign_in: SignIn) -> APIRouter:
    """`POST /reconcile` and `GET /reconcile/{run}`."""
    routes = APIRouter(tags=["operator"])
    operator = sign_in.staff(Role.OPERATOR)

    @routes.post("/reconcile", status_code=202)
    async def reconcile(
        body: ReconcileAsked,
        key: IdempotencyKey,
        staff: Annotated[Staff, Depends(operator)],
        response: Response,
    ) -> Started:
        """Begin to compare all stored events with the topics. It runs beside the service's own work."""
        run = uuid5(NAMESPACE, f"reconcile\x1f{staff.subject}\x1f{key}")
        try:
            new = await reconciliations.start(run, by=staff.subject, **body.model_dump())
        except AlreadyReconciling as error:
            raise Problem(409, "already_reconciling", "This is under way already.", str(error)) from error
        mark_replayed(response, replayed=not new)
        return Started(run=run)

    @routes.get("/reconcile/{run}", dependencies=[Depends(operator)])
    async def told(run: UUID, response: Response) -> ReconciliationShown:
        """How far it is, and what it has found so far."""
        found = await reconciliations.told(run)
        if found is None:
            raise Problem(404, "run_unknown", "No such comparison.")
        response.headers["Cache-Control"] = "no-store"
        return ReconciliationShown(run=run, **found)

    return routes
