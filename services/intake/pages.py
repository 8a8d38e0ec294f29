"""The status page behind the private link: GET shows and never acts; POST asks for confirmation, then acts.

A link that is wrong, unknown, revoked or too old gets the same answer, after the same work.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from fastapi.encoders import jsonable_encoder
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from services.intake import wording
from services.intake.amending import NOT_BY_THIS_LINK
from services.intake.asking import Asking, Engine, command_of
from services.intake.calendar_file import Entry, calendar
from services.intake.commands import Ask
from services.intake.domain.case import Accepted, State, link_ends, link_generation
from services.intake.forms import (
    NOTHING,
    Filled,
    Form,
    WrongForm,
    amendment_of,
    carried,
    ground_of,
    key_of,
    read_form,
    reason_of,
    representative_of,
    shown,
)
from services.intake.going import office_of
from services.intake.next_steps import dates_of
from services.intake.rendering import Pages, as_json
from services.intake.representing import Representing
from services.intake.speaking import shipped
from services.intake.status import Status, status_of
from services.intake.zone import zone_of
from shared.casework.commands import Answered
from shared.contracts.sealed import SealedText
from shared.contracts.vocabulary import Recipient
from shared.errors import CaseParked, CommandFailed, CommandRefused, Outage
from shared.language.catalogues import Tongue
from shared.language.moments import when
from shared.policy.model import Office, Policies
from shared.privacy.keyring import Keyring
from shared.privacy.links import Links
from shared.privacy.sealing import BrokenSeal, CaseKey, open_box
from shared.web.idempotency import mark_replayed
from shared.web.problems import Problem, log_unexpected

HAND_OVER: Final = frozenset({"representative", "stand_down"})
"""After these the page belongs to somebody else: whoever sent them is told so, and never gets the new link."""

_NOBODY: Final = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody with a good link, its role, and the language and the time zone in which they read."""

    case_id: UUID
    role: Recipient
    state: State
    status: Status
    tongue: Tongue
    zone: ZoneInfo
    base: str
    json: bool
    question_text: str | None
    link_ends: datetime
    office: Office | None


class StatusPages:
    """Shows cases to the holders of their links, and carries out what they ask."""

    def __init__(
        self,
        *,
        engine: Engine,
        keyring: Keyring,
        links: Links,
        policies: Policies,
        public_url: str,
        now: Callable[[], datetime],
    ) -> None:
        self._engine = engine
        self._keyring = keyring
        self._links = links
        self._policies = policies
        self._prefix = urlsplit(public_url).path.rstrip("/")
        self._now = now
        self._pages = Pages(tongues=shipped(), policies=policies, prefix=self._prefix)
        self._asking = Asking(engine=engine, keyring=keyring, policies=policies, now=now)
        self._representing = Representing(engine=engine, keyring=keyring, now=now)

    async def show(self, request: Request, link: str, *, lang: str | None, accepted: str, done: str | None) -> Response:
        """The page, or its JSON."""
        visit = await self._visit(request, link, lang=lang, accepted=accepted)
        if isinstance(visit, Response):
            return visit
        return self._answer(visit, message=wording.DONE.get(done or ""))

    async def dates(self, request: Request, link: str, *, lang: str | None, accepted: str) -> Response:
        """The dates of the page as a calendar file, which says nothing of what the case is about."""
        visit = await self._visit(request, link, lang=lang, accepted=accepted)
        if isinstance(visit, Response):
            return visit
        say = visit.tongue.say
        entries = [
            Entry(
                kind=date.kind.value,
                at=date.at,
                summary=say(wording.CALENDAR_TITLE, number=visit.status.number),
                description=f"{when(date.at, visit.zone, visit.tongue)}. {say(wording.CALENDAR[date.kind])}",
            )
            for date in dates_of(visit.status)
        ]
        file = calendar(visit.case_id, entries, now=self._now(), language=visit.tongue.code)
        return Response(file, media_type=_CALENDAR, headers={"Content-Disposition": _ATTACHED})

    async def act(self, request: Request, link: str, route: str, *, accepted: str, header_key: str | None) -> Response:
        """Confirm, or do what has been confirmed."""
        form = await read_form(request)
        visit = await self._visit(request, link, lang=form.get("lang"), accepted=accepted)
        if isinstance(visit, Response):
            return visit
        key = key_of(form, header_key)
        try:
            do = self._prepared(visit, route, form, key)
            if form.get("confirm") == "no":  # Back to the page, with what was typed.
                return self._answer(visit, filled=Filled(route, form))
            if form.get("confirm") != "yes":
                return self._confirm(visit, route, form)
            answered = await do()
        except WrongForm as error:
            return self._answer(visit, code="wrong_form", status=422, filled=Filled(route, form, error.fields))
        except CommandRefused as error:
            return self._answer(visit, code=error.code, status=409, filled=Filled(route, form))
        except CaseParked:
            return self._answer(visit, code="case_parked", status=409, filled=Filled(route, form))
        except (CommandFailed, Outage):
            return self._answer(visit, code="busy", status=503, filled=Filled(route, form))
        return await self._acted(visit, route, answered)

    def _prepared(self, visit: Visit, route: str, form: Form, key: str) -> Callable[[], Any]:
        """Reads the form now, so that what cannot be read is told before anything is confirmed."""
        case_id, role, today = visit.case_id, visit.role, self._now().date()
        match route:
            case "review":
                ground, words = ground_of(form), reason_of(form, today=today)
                return lambda: self._asking.review(case_id, key, ground, words, by=role)
            case "waive":
                return lambda: self._asking.waive(case_id, key, by=role)
            case "withdraw":
                words = reason_of(form, today=today)
                return lambda: self._asking.withdraw(case_id, key, words, by=role)
            case "representative" | "stand_down" if role is not Recipient.REQUESTOR:
                raise CommandRefused(NOT_BY_THIS_LINK.code, NOT_BY_THIS_LINK.reason)
            case "representative":
                to = representative_of(form, today=today)
                return lambda: self._representing.hand_over(case_id, command_of(Ask.HAND_OVER, case_id, key), to)
            case "stand_down":
                return lambda: self._representing.hand_over(case_id, command_of(Ask.HAND_OVER, case_id, key), None)
            case _:
                wish = amendment_of(form, today=today)
                return lambda: self._asking.amend(case_id, key, wish, by=role)

    async def _visit(self, request: Request, link: str, *, lang: str | None, accepted: str) -> Visit | Response:
        case_id = self._links.case_of(link) or _NOBODY
        view = await self._engine.case(case_id)
        role = self._links.role_of(link, link_generation(view.state) if view else None)
        json = _wants_json(request)
        now = self._now()
        ends = link_ends(view.state, self._policies.at(now).link_lasts) if view else now
        if view is None or role is None or now >= ends:
            tongue = self._pages.tongues.choose(asked=lang, accepted=accepted)
            if json:
                return Problem(404, "not_found", tongue.say("This page was not found")).response()
            return HTMLResponse(self._pages.not_found(tongue), 404)
        status = status_of(view.state, now, role=role, kept_until=self._policies.at(now).kept_until)
        return Visit(
            case_id=case_id,
            role=role,
            state=view.state,
            status=status,
            tongue=self._pages.tongues.choose(asked=lang, accepted=accepted, otherwise=status.language),
            zone=zone_of(view.state, self._policies.at(now)),
            base=f"{self._prefix}/status/{link}",
            json=json,
            question_text=await self._question(case_id, status),
            link_ends=ends,
            office=office_of(status, self._policies.at(now).office_map),
        )

    async def _question(self, case_id: UUID, status: Status) -> str | None:
        question = status.question
        key = (await self._keyring.get([case_id]))[case_id] if question else None
        if question is None or question.blob is None or not isinstance(key, CaseKey):
            return None
        box = (await self._engine.sealed(case_id)).get(question.blob)
        if box is None:
            return None
        try:
            opened = open_box(key, case_id=case_id, name=question.blob, box=box)
        except BrokenSeal as error:
            log_unexpected(error)  # The page then says: please call us.
            return None
        return SealedText.model_validate_json(opened).text

    def _answer(
        self,
        visit: Visit,
        *,
        message: str | None = None,
        code: str | None = None,
        status: int = 200,
        filled: Filled = NOTHING,
    ) -> Response:
        say = visit.tongue.say
        told = say(message or wording.REFUSALS.get(code or "", "")) if message or code else None
        if visit.json and code is not None:
            return Problem(
                status, code, told or code, errors=[say(wording.FIELDS[name]) for name in filled.wrong]
            ).response()
        if visit.json:
            shown_now = as_json(
                self._pages,
                visit.tongue,
                visit.status,
                question_text=visit.question_text,
                zone=visit.zone,
                office=visit.office,
            )
            return _json(shown_now)
        page = self._pages.status(
            visit.tongue,
            visit.status,
            base=visit.base,
            idempotency_key=str(uuid4()),
            question_text=visit.question_text,
            link_ends=visit.link_ends,
            zone=visit.zone,
            office=visit.office,
            message=told,
            filled=filled,
        )
        return HTMLResponse(page, status)

    def _confirm(self, visit: Visit, route: str, form: Form) -> Response:
        if visit.json:
            return Problem(
                409, "confirmation_needed", "Nothing was done. Send the same again with `confirm` set to `yes`."
            ).response()
        page = self._pages.confirm(
            visit.tongue,
            route,
            kind=_effect(visit, route),
            base=visit.base,
            shown=shown(form),
            values=carried({**form, "lang": visit.tongue.code}),
        )
        return HTMLResponse(page)

    async def _acted(self, visit: Visit, route: str, answered: Answered) -> Response:
        view = await self._engine.case(visit.case_id)
        state = view.state if view else visit.state
        response: Response
        handed_over = route in HAND_OVER and link_generation(state) != link_generation(visit.state)
        if handed_over and not visit.json:
            response = HTMLResponse(self._pages.handed_over(visit.tongue))
        elif visit.json:
            body: dict[str, Any] = {"done": _effect(visit, route), "case_number": visit.status.number}
            if isinstance(state, Accepted) and not handed_over:
                body["link"] = self._links.token(visit.case_id, link_generation(state), visit.role)
            response = _json(body)
        else:
            token = self._links.token(visit.case_id, link_generation(state), visit.role)
            where = f"{self._prefix}/status/{token}?done={_effect(visit, route)}&lang={visit.tongue.code}"
            response = RedirectResponse(where, 303)
        mark_replayed(response, replayed=answered.replayed)
        return response


def _effect(visit: Visit, route: str) -> str:
    """What a form comes to: what it says, or the wish for it that staff have to confirm (to stand down always is)."""
    return _WAITS[route] if route in visit.status.only_wishes or route == "stand_down" else route


_WAITS: Final = {
    "review": "review_waits",
    "withdraw": "withdraw_waits",
    "waive": "waive_waits",
    "representative": "hand_over_waits",
    "stand_down": "stand_down_waits",
}
_CALENDAR: Final = "text/calendar; charset=utf-8"
_ATTACHED: Final = 'attachment; filename="second-look-dates.ics"'


def _wants_json(request: Request) -> bool:
    accept = request.headers.get("accept", "")
    return "application/json" in accept and "text/html" not in accept


def _json(body: dict[str, Any]) -> Response:
    return JSONResponse(jsonable_encoder(body))
