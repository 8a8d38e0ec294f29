"""Whatever staff send to triage, escalation and notification: no 5xx, and no answer that the document does not name.

Every other input of the right form fits a case that is there, so that what lies behind the first refusal is reached.
Each input meets the same cases.
"""

import asyncio
from collections.abc import Callable, Mapping
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
from fastapi import APIRouter
from schemathesis import GenerationMode

from services.escalation.api import router as escalation
from services.notification import api, many
from services.notification.domain.ledger import Phase
from services.triage.api import router as triage
from services.triage.orders import Officer
from shared.contracts.vocabulary import Letter, TriageOutcome
from shared.web.sign_in import Role, SignIn
from tests.unit.desks import Desks, MemoryEngine
from tests.unit.escalation_story import Escalation, completed, requested
from tests.unit.one_case import T0, OneCase
from tests.unit.test_notification_settling import a_letter
from tests.unit.test_triage_http import services
from tests.unit.test_triage_pre_approval import NONE
from tests.unit.test_triage_undo import UNDO
from tests.unit.triage_story import DECLINED, FAVOURED, PRESUMED, QUESTION, Triage, asked, escalated, submitted
from tests.wiring.documented import answers_as_documented

PERSON = Officer("person-7", frozenset({"BAL", "PHI"}))
IN_HAND, FREE, WITH_HEADQUARTERS, GRANTED, DECIDED = (UUID(int=number) for number in range(1, 6))
REAL = datetime(2026, 5, 4, 12, tzinfo=UTC)

TRIAGE = {
    "about": ["facts"],
    "case_id": str(IN_HAND),
    "facts_seen": 0,
    "guidance_seen": None,
    "holder": PERSON.subject,
    "office": "PHI",
    "on": T0.date().isoformat(),
    "outcome": "DECLINED",
    "declined": ["RELEASE"],
    "granted": [],
    "moot": [],
    "moot_because": None,
    "referred_to": None,
    "question": str(QUESTION),
    "reasons": ["MITIGATING_FACTORS_OUTWEIGHED"],
    "role": "FIELD_OFFICE_DIRECTOR",
    "skip": 0,
    "text": "Weighed.",
    "to": "person-8",
}
ESCALATION = {
    "about": ["facts"],
    "case_id": str(IN_HAND),
    "facts_seen": 0,
    "holder": PERSON.subject,
    "office": "BAL",
    "outcome": "UPHELD",
    "declined": ["RELEASE"],
    "granted": [],
    "moot": [],
    "reasons": ["CONSISTENT_WITH_GUIDANCE"],
    "skip": 0,
    "text": "Weighed.",
    "to": "person-8",
    "told_seen": None,
}


class Sending:
    """Prepares what is sent: the cases as they were, and who sends it, a person who may do everything.

    `fitting`: what fits, by the name of a field or parameter; `besides`: what fits elsewise, by a path's last part.
    """

    def __init__(
        self, desks: Desks[Any], fitting: Mapping[str, Any], besides: Mapping[str, Mapping[str, Any]] | None = None
    ) -> None:
        self._cases = {one: deepcopy(one.case) for one in desks.engine.cases.values()}
        self._document = desks.app.openapi()
        self._fitting, self._besides = fitting, besides or {}
        self._sent = 0
        token = desks.token(PERSON.subject, *Role, offices=sorted(PERSON.offices))
        self._headers = {"Authorization": f"Bearer {token}"}

    def __call__(self, case: Any) -> Mapping[str, str]:
        for one, kept in self._cases.items():
            one.case = deepcopy(kept)
        fitting = {**self._fitting, **self._besides.get(case.path.rpartition("/")[2], {})}
        case.path_parameters = _named(case.path_parameters, fitting)
        self._sent += 1
        if case.meta.generation.mode is GenerationMode.POSITIVE and self._sent % 2:
            case.query = _named(case.query, fitting)
            described = self._document["paths"][case.path][case.method.lower()].get("requestBody")
            if described is not None:
                case.body = self._fitted(case.body, described["content"]["application/json"]["schema"], fitting)
        return self._headers

    def _fitted(self, value: Any, schema: Mapping[str, Any], fitting: Mapping[str, Any]) -> Any:
        """The same body with all of its fields for which something fits."""
        named = schema.get("$ref", "").rpartition("/")[2]
        schema = self._document["components"]["schemas"].get(named, schema)
        if isinstance(value, list):
            return [self._fitted(inner, schema["items"], fitting) for inner in value]
        if not isinstance(value, dict):
            return value
        fields = schema["properties"]
        return {name: self._fitted(inner, fields.get(name, {}), fitting) for name, inner in value.items()} | {
            name: fitting[name] for name in fields if name in fitting
        }


def _named(values: Mapping[str, Any], fitting: Mapping[str, Any]) -> dict[str, Any]:
    return {name: fitting.get(name, value) for name, value in values.items()}


def at_desks(folder: Path, router: Callable[..., APIRouter], *cases: OneCase[Any], **more: Any) -> Desks[Any]:
    """A service's endpoints over these cases, with something in every sealed part that can be opened."""
    desks: Desks[Any] = Desks(folder, router, **more)

    async def seal() -> None:
        for one in cases:
            desks.engine.cases[one.case.id] = one
            for name in one.case.changes.blobs:
                one.case.changes.blobs |= await desks.sealed(one.case.id, name, b'{"text":"Weighed."}')

    asyncio.run(seal())
    return desks


def test_triage_answers_as_documented(tmp_path: Path) -> None:
    besides = {
        "answer": {"case_id": str(WITH_HEADQUARTERS)},
        "carried-out": {"case_id": str(GRANTED)},
        "next": {"office": "BAL"},
        "pre-approval": {"case_id": str(FREE)},
        "take": {"case_id": str(GRANTED)},
        "take-back": {"case_id": str(DECIDED)},
    }
    desks = at_desks(tmp_path, triage, *_at_the_field_office(), **services() | {"http": _others()})
    answers_as_documented(desks.app, Sending(desks, TRIAGE, besides), operations=18)


def test_escalation_answers_as_documented(tmp_path: Path) -> None:
    cases = Escalation(IN_HAND), Escalation(FREE)
    for case in cases:
        case.hear("triage", completed(TriageOutcome.DECLINED))
        case.hear("intake", requested())
    assert cases[0].claim(PERSON.subject) is None
    desks = at_desks(tmp_path, escalation, *cases)
    answers_as_documented(
        desks.app, Sending(desks, ESCALATION, {"remand": {"reasons": ["FACTORS_NOT_CONSIDERED"]}}), operations=11
    )


def test_notification_answers_as_documented(tmp_path: Path) -> None:
    case, letter = a_letter(Phase.UNCERTAIN, "lost", claimed_until=REAL - timedelta(hours=1))
    fitting = {
        "attempt": 0,
        "case_id": str(case.case.id),
        "letter": case.letters[letter].letter.value,
        "log": "mail.log",
        "notification": str(letter),
        "says": "absent",
        "since": (REAL - timedelta(days=90)).isoformat(),
        "skip": 0,
        "until": REAL.isoformat(),
    }
    desks = at_desks(tmp_path, _letters, case)
    answers_as_documented(desks.app, Sending(desks, fitting), operations=7)


def _at_the_field_office() -> list[Triage]:
    """In somebody's hands; in nobody's; asked about by headquarters; granted; decided, and not in effect yet."""
    cases = {case_id: Triage(case_id) for case_id in (IN_HAND, FREE, WITH_HEADQUARTERS, GRANTED, DECIDED)}
    for case_id, case in cases.items():
        case.submit(submitted(facts=NONE if case_id == FREE else PRESUMED))
    cases[DECIDED].under(undo_within=UNDO)
    for case_id in (IN_HAND, WITH_HEADQUARTERS, DECIDED):
        assert cases[case_id].claim(PERSON) is None
    for case_id in (WITH_HEADQUARTERS, DECIDED):
        assert cases[case_id].decide(DECLINED, PERSON) is None
    cases[WITH_HEADQUARTERS].hear("escalation", escalated())
    cases[WITH_HEADQUARTERS].hear("escalation", asked())
    cases[GRANTED].hear("escalation", FAVOURED)
    return list(cases.values())


def _others() -> httpx.AsyncClient:
    """The other services, which know nothing of any case."""
    return httpx.AsyncClient(transport=httpx.MockTransport(lambda _: httpx.Response(200, json=[])))


def _letters(*, engine: MemoryEngine[Any], sign_in: SignIn, **_: Any) -> APIRouter:
    """Notification's endpoints: the letters one by one, and many at once."""
    times = many.Times(lambda: T0, lambda: REAL, lambda moment: T0 - moment, timedelta(minutes=5))
    routes = APIRouter()
    routes.include_router(api.router(engine=engine, sign_in=sign_in, times=times))
    routes.include_router(many.router(many=many.Many(engine, times), sign_in=sign_in, in_bulk=frozenset(Letter)))
    return routes
