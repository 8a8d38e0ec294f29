"""The JSON API: requestors' systems submit here; staff correct facts, rule on consent, and erase."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Any, Final, Protocol
from uuid import UUID

from fastapi import APIRouter, Depends, Header
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from services.intake import client_cases, staff, staff_doubles, staff_representatives, staff_withdrawals, wording
from services.intake.answers import BODY, SUBMITTED
from services.intake.asking import Engine as AskingEngine
from services.intake.client_cases import ClientCases
from services.intake.client_cases import Engine as ListingEngine
from services.intake.erasing import Erasing
from services.intake.raw import (
    ANONYMOUS,
    ERASED,
    HTTP,
    KEY_BROKEN,
    KEY_GONE,
    RawSubmission,
    Refusal,
    client_namespace,
)
from services.intake.registry import Numbers
from services.intake.representing import Representing
from services.intake.same_person import SamePerson
from services.intake.speaking import shipped
from services.intake.submitting import Engine as SubmittingEngine
from services.intake.submitting import Submissions, Taken, carried_out
from shared.casework.commands import Answered
from shared.contracts.ignored import Ignored
from shared.contracts.reading import TOO_LARGE, ignored_of
from shared.contracts.received import MAX_BODY_BYTES
from shared.contracts.vocabulary import RejectCode
from shared.errors import CommandFailed, CommandRefused, ContractViolation, Outage
from shared.language.catalogues import Tongue
from shared.mongo.driver import PyMongoError
from shared.policy.model import Policies
from shared.privacy.access import AccessLog
from shared.privacy.blind_index import BlindIndex
from shared.privacy.keyring import Keyring
from shared.privacy.links import Links
from shared.web.idempotency import IdempotencyKey, mark_replayed
from shared.web.problems import Problem
from shared.web.sign_in import Client, SignIn
from shared.web.together import Together

_REUSED: Final = "idempotency_key_reused"
_RANDOM_UUID = 4
_SUBMISSIONS_AT_ONCE = 64
_GROUPS = 2
"""Groups of submissions under way at a time: while one waits for the store, another is prepared."""


class Engine(AskingEngine, SubmittingEngine, ListingEngine, Protocol):
    """What this API needs of the engine."""


def router(
    *,
    engine: Engine,
    submissions: Submissions,
    numbers: Numbers,
    same_person: SamePerson,
    erasing: Erasing,
    sign_in: SignIn,
    keyring: Keyring,
    links: Links,
    index: BlindIndex,
    access: AccessLog,
    policies: Policies,
    public_url: str,
    now: Callable[[], datetime],
) -> APIRouter:
    """Everything of intake's that speaks JSON."""
    routes = APIRouter()
    desk = Desk(engine=engine, submissions=submissions, links=links, public_url=public_url, now=now)
    routes.include_router(_requests(desk, sign_in))
    own = ClientCases(
        engine=engine,
        keyring=keyring,
        links=links,
        index=index,
        policies=policies,
        public_url=public_url,
        now=now,
    )
    routes.include_router(client_cases.router(cases=own, sign_in=sign_in))
    at_work = staff.StaffDesk(engine=engine, keyring=keyring, access=access, policies=policies, now=now)
    routes.include_router(staff.router(engine=engine, desk=at_work, numbers=numbers, erasing=erasing, sign_in=sign_in))
    routes.include_router(staff_withdrawals.router(engine=engine, desk=at_work, sign_in=sign_in))
    representing = Representing(engine=engine, keyring=keyring, now=now)
    routes.include_router(
        staff_representatives.router(engine=engine, representing=representing, desk=at_work, sign_in=sign_in)
    )
    routes.include_router(staff_doubles.router(same_person=same_person, desk=at_work, sign_in=sign_in))
    return routes


def _requests(desk: "Desk", sign_in: SignIn) -> APIRouter:
    routes = APIRouter(tags=["requests"])
    caller = Annotated[Client | None, Depends(sign_in.client())]

    @routes.post("/requests", status_code=202, responses=SUBMITTED, openapi_extra=BODY)
    async def submit(
        request: Request,
        key: IdempotencyKey,
        client: caller,
        resubmits_link: Annotated[str | None, Header(alias="Resubmits-Link", max_length=500)] = None,
    ) -> Response:
        """Submit a request. 202 is an acknowledgement: the case has a number, and is never lost.

        `Resubmits-Link` is the private link of a rejected request that this one mends.
        """
        return await desk.submit(await request.body(), key, client, resubmits_link)

    return routes


class Desk:
    """Takes requests in over HTTP."""

    def __init__(
        self,
        *,
        engine: Engine,
        submissions: Submissions,
        links: Links,
        public_url: str,
        now: Callable[[], datetime],
    ) -> None:
        self._together: Together[RawSubmission, Taken | CommandFailed | Refusal] = Together(
            lambda raw: carried_out(raw, submissions, engine, wait=False),
            at_once=_SUBMISSIONS_AT_ONCE,
            groups=_GROUPS,
            for_all=(Outage, PyMongoError),
        )
        self._links = links
        self._public_url = public_url.rstrip("/")
        self._now = now
        self._tongues = shipped()

    async def submit(self, body: bytes, key: str, client: Client | None, resubmits_link: str | None) -> Response:
        """One request: prepared like a batch of one, and answered."""
        if client is None and not _is_random_uuid(key):
            raise Problem(
                400, "idempotency_key_not_random", "Without a client token, the idempotency key must be a random UUID."
            )
        raw = RawSubmission(
            content=body,
            channel=HTTP,
            namespace=client_namespace(client.subject) if client else ANONYMOUS,
            key=key if client else key.lower(),
            received_at=self._now(),
            resubmits_link=resubmits_link.rstrip("/").rpartition("/")[2] if resubmits_link else None,
        )
        match await self._together.do(raw):
            case Taken(case_id=case_id, answered=answered):
                return self._receipt(case_id, answered, ignored_of(body))
            case Refusal() as refusal:
                raise _refused(refusal)
            case CommandRefused(code=code) if code == _REUSED:
                raise _reused()
            case CommandFailed() as failed:
                raise failed

    def _receipt(self, case_id: UUID, answered: Answered, ignored: Sequence[Ignored]) -> Response:
        """The names of what was passed over are those of this very body: they are kept nowhere in clear."""
        answer = answered.answer
        tongue = self._tongues[answer["language"]]
        receipt = {
            "case_number": answer["number"],
            "status_url": self._url(case_id, 1),
            "received_at": answer["received_at"],
            "missing": _sentences(tongue, answer.get("missing", ())),
            "ignored": [{"field": each.field, "like": each.like} for each in ignored],
            "notice": [tongue.say(sentence) for sentence in (*wording.NOTICE, wording.ONE_IS_ENOUGH)],
        }
        if answer["codes"]:
            response = _not_accepted(tongue, answer["codes"], receipt).response()
        else:
            response = JSONResponse(receipt, 202)
        mark_replayed(response, replayed=answered.replayed)
        return response

    def _url(self, case_id: UUID, generation: int) -> str:
        return f"{self._public_url}/status/{self._links.token(case_id, generation)}"


def _not_accepted(tongue: Tongue, codes: Sequence[str], receipt: dict[str, Any]) -> Problem:
    mend = _sentences(tongue, codes)
    return Problem(422, "not_accepted", tongue.say(wording.NOT_ACCEPTED), codes=mend, **receipt)


def _sentences(tongue: Tongue, codes: Sequence[str]) -> list[dict[str, str]]:
    return [{"code": code, "message": tongue.say(wording.REJECTIONS[RejectCode(code)])} for code in codes]


def _refused(refusal: Refusal) -> Problem:
    if refusal.code == ERASED:
        return _reused()
    if refusal.code == KEY_BROKEN:
        raise ContractViolation("The key of a case does not unwrap.")
    if refusal.code == KEY_GONE:
        return Problem(503, KEY_GONE, "The key of this case is missing.", "Nothing was changed. Operators have to act.")
    if TOO_LARGE in refusal.wrong:
        return Problem(413, "too_large", f"A request may have at most {MAX_BODY_BYTES} bytes.")
    wrong = [{"field": each.field, "code": each.code, "message": each.message} for each in refusal.wrong]
    return Problem(400, "invalid_request", "The request is not in the right form.", errors=wrong)


def _reused() -> Problem:
    return Problem(422, _REUSED, "This idempotency key was used before, with another content.")


def _is_random_uuid(key: str) -> bool:
    try:
        return UUID(key).version == _RANDOM_UUID and str(UUID(key)) == key.lower()
    except ValueError:
        return False
