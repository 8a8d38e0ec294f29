"""What staff see of letters, and what only a person may do about one: send it again, or say that it arrived.

No address and no content is shown: whom to tell by phone or post is read where the case is worked on, with its record.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel

from services.notification.commands import Delivered, Heard, Mail, Resend, ResendBecause
from services.notification.domain.following import State
from services.notification.domain.ledger import Entry, Phase, entries
from services.notification.domain.relay_log import Span
from services.notification.domain.telling import to_be_told
from services.notification.many import Times
from shared.casework.commands import Answered, command_id, whole_milliseconds
from shared.casework.engine import CaseView
from shared.casework.reaction import Command
from shared.contracts.vocabulary import Letter, Recipient, Service
from shared.web.bodies import Body
from shared.web.casework import Engine, Limit, Skip, case_of
from shared.web.idempotency import IdempotencyKey, mark_replayed
from shared.web.sign_in import Role, SignIn, Staff


class NotificationShown(BaseModel):
    """One letter. `made_at` and `at` are on the policy clock; `next_at` is real time.

    Of an uncertain one, `tried_since` to `tried_until` is the real time in which it may have been handed over, `log`
    what a relay's log says of it, and `source` which log, read by `by`.
    """

    notification: UUID
    case_id: UUID
    case_number: str
    letter: Letter
    role: Recipient
    phase: Phase
    reason: str | None
    attempt: int
    made_at: datetime
    at: datetime | None
    next_at: datetime | None
    tried_since: datetime | None
    tried_until: datetime | None
    log: str | None
    source: str | None
    by: str | None


class NotificationsShown(BaseModel):
    """A page of letters."""

    notifications: list[NotificationShown]


class ResendAsked(Body):
    """Whose letter is to be sent again, and why."""

    case_id: UUID
    why: ResendBecause | None = None


class DeliveredSaid(Body):
    """Whose letter arrived, or was told by phone or post."""

    case_id: UUID
    heard: Heard


class Done(BaseModel):
    """What was done; `attempt` after a resend, `result` after somebody said that it arrived."""

    attempt: int | None = None
    result: str | None = None


def router(
    *,
    engine: Engine[State],
    sign_in: SignIn,
    times: Times,
) -> APIRouter:
    """The staff endpoints."""
    routes = APIRouter(tags=["staff"])
    _add_reading(routes, engine, sign_in, times)
    _add_acting(routes, Counter(engine, times.now), sign_in, over_since=times.over_since)
    return routes


def _add_reading(routes: APIRouter, engine: Engine[State], sign_in: SignIn, times: Times) -> None:
    working = [Depends(sign_in.staff(Role.OFFICER, Role.SRO, Role.OPERATOR))]

    @routes.get("/cases/{case_id}/notifications", dependencies=[Depends(sign_in.staff())])
    async def notifications(case_id: UUID, response: Response) -> NotificationsShown:
        """All letters of a case: which, to whom by role, and where they are."""
        view = await case_of(engine, case_id)
        return _page(response, [view], times, lambda _: True)

    @routes.get("/uncertain", dependencies=working)
    async def uncertain(response: Response, skip: Skip = 0, limit: Limit = 50) -> NotificationsShown:
        """Letters that failed, or of which nobody can know whether they arrived: a person has to look at them."""
        views = await engine.listing({"queue.uncertain": True}, sort=[("_id", 1)], skip=skip, limit=limit)
        return _page(response, views, times, lambda entry: entry.phase in {Phase.UNCERTAIN, Phase.FAILED})

    @routes.get("/unaddressed", dependencies=working)
    async def unaddressed(response: Response, skip: Skip = 0, limit: Limit = 50) -> NotificationsShown:
        """People whom a letter did not reach: tell them by phone or post. `role` is who is to be told.

        That is the noncitizen where staff refused the requestor's consent: a refused requestor is told nothing.
        """
        views = await engine.listing({"queue.no_address": True}, sort=[("_id", 1)], skip=skip, limit=limit)
        response.headers["Cache-Control"] = "no-store"
        return NotificationsShown(
            notifications=[
                shown.model_copy(update={"role": whom[shown.notification]})
                for view in views
                for whom in (to_be_told(view.state, view.work),)
                for shown in _letters(view, times)
                if shown.notification in whom
            ]
        )


@dataclass(frozen=True, slots=True)
class Counter:
    """Where staff hand in what they want done with a letter."""

    engine: Engine[State]
    now: Callable[[], datetime]

    async def hand_in(self, name: Mail, asked: Resend | Delivered, *, case_id: UUID, key: str) -> Answered:
        """Carry it out, once per person, letter and key."""
        route = f"{name}/{asked.notification}"
        identity = command_id(Service.NOTIFICATION, asked.by, route, case_id, key)
        return await self.engine.command(Command(name, identity, case_id, whole_milliseconds(self.now()), asked))


def _add_acting(routes: APIRouter, counter: Counter, sign_in: SignIn, *, over_since: Callable[[], datetime]) -> None:
    acting = sign_in.staff(Role.OFFICER, Role.SRO, Role.OPERATOR)

    @routes.post("/notifications/{notification}/resend")
    async def resend(
        notification: UUID,
        body: ResendAsked,
        key: IdempotencyKey,
        staff: Annotated[Staff, Depends(acting)],
        response: Response,
    ) -> Done:
        """Send a failed or uncertain letter once more. Refused while the first attempt may still be under way."""
        asked = Resend(notification, staff.subject, over_since(), body.why)
        return _done(await counter.hand_in(Mail.RESEND, asked, case_id=body.case_id, key=key), response)

    @routes.post("/notifications/{notification}/delivered")
    async def delivered(
        notification: UUID,
        body: DeliveredSaid,
        key: IdempotencyKey,
        staff: Annotated[Staff, Depends(acting)],
        response: Response,
    ) -> Done:
        """Settle a letter that the system could not: it arrived, or its reader was told by phone or post."""
        said = Delivered(notification, staff.subject, body.heard)
        return _done(await counter.hand_in(Mail.DELIVERED, said, case_id=body.case_id, key=key), response)


def _done(answered: Answered, response: Response) -> Done:
    mark_replayed(response, replayed=answered.replayed)
    return Done.model_validate(answered.answer)


def _page(
    response: Response, views: Iterable[CaseView[State]], times: Times, wanted: Callable[[Entry], bool]
) -> NotificationsShown:
    response.headers["Cache-Control"] = "no-store"
    shown = [each for view in views for each in _letters(view, times, wanted)]
    return NotificationsShown(notifications=shown)


def _letters(
    view: CaseView[State], times: Times, wanted: Callable[[Entry], bool] = lambda _: True
) -> list[NotificationShown]:
    """Letters of a case, the earliest first."""
    return [
        _shown(view, notification, entry, times.tried(entry))
        for notification, entry in sorted(entries(view.work).items(), key=lambda item: item[1].made_at)
        if wanted(entry)
    ]


def _shown(view: CaseView[State], notification: UUID, entry: Entry, tried: Span | None) -> NotificationShown:
    return NotificationShown(
        notification=notification,
        case_id=view.case_id,
        case_number=view.state.number,
        letter=entry.letter,
        role=entry.role,
        phase=entry.phase,
        reason=entry.reason,
        attempt=entry.attempt,
        made_at=entry.made_at,
        at=entry.at,
        next_at=entry.next_at,
        tried_since=tried.since if tried else None,
        tried_until=tried.until if tried else None,
        log=entry.log,
        source=entry.source,
        by=entry.by,
    )
