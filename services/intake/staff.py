"""What staff do at intake: find a case by its number, see who it is about, correct facts, rule on consent, erase."""

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum, unique
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import AfterValidator, BaseModel, Field, TypeAdapter
from starlette.responses import Response

from services.intake import from_body
from services.intake.admission import standing_of
from services.intake.asking import CaseView, Engine
from services.intake.commands import Ask, CorrectFacts, RuleOnConsent
from services.intake.domain.asserted import NAMES
from services.intake.domain.case import Accepted, ReviewWish, State, number_shown, waiting
from services.intake.domain.case_number import read_number
from services.intake.domain.filing import Filing
from services.intake.erasing import Erasing
from services.intake.opening import opened, texts_of
from services.intake.registry import Numbers
from shared.casework.admission import Person, turned_away
from shared.casework.commands import Answered, command_id, whole_milliseconds
from shared.casework.reaction import Command
from shared.contracts.received import MAX_CODES, FactsPart
from shared.contracts.sealed import SealedAmendment
from shared.contracts.vocabulary import ConsentKind, ConsentStatus, Recipient, Service
from shared.errors import CaseUnknown
from shared.policy.model import Policies
from shared.privacy.access import AccessLog
from shared.privacy.keyring import Keyring
from shared.privacy.sealing import CaseKey, seal
from shared.web.bodies import Body
from shared.web.casework import personal_refusals
from shared.web.idempotency import IdempotencyKey, said
from shared.web.persons import person_of
from shared.web.problems import Problem
from shared.web.sign_in import Role, SignIn, Staff

_NOT_SHOWN: Final = {"fingerprint", "client", "client_reference", "sealed_bytes", "sealed_amendments"}
_FILING: Final = TypeAdapter(Filing)


@unique
class Purpose(StrEnum):
    """Why personal data is opened; kept in the access record."""

    CONSIDERATION = "consideration"
    CONSENT = "consent"
    CORRECTION = "correction"
    CALL = "call"
    ERASURE = "erasure"


def _fact(name: str) -> str:
    if name not in NAMES:
        raise ValueError(f"a fact is one of {', '.join(sorted(NAMES))}")
    return name


class FactsCorrected(Body):
    """Facts that staff assert: their word outranks the requestor's, and both stay visible.

    `facts_seen` is the amendment that the person saw. `takes_back` names facts of which what staff said earlier no
    longer holds; then the requestor's word counts again, or nothing is known. Of somebody who took no part in a gang,
    `gang_participation` says `intentional: false`.
    """

    facts_seen: int = Field(ge=0, lt=2**31)
    facts: FactsPart = FactsPart()
    takes_back: Annotated[tuple[Annotated[str, AfterValidator(_fact)], ...], Field(max_length=MAX_CODES)] = ()


class ConsentRuled(Body):
    """What staff made of the paper; `kind` where it is another one than was claimed.

    `of` noncitizen: what they made of who reads at the noncitizen's own address, where somebody else is the requestor.
    """

    facts_seen: int = Field(ge=0, lt=2**31)
    status: ConsentStatus
    kind: ConsentKind | None = None
    of: Literal[Recipient.REQUESTOR, Recipient.NONCITIZEN] = Recipient.REQUESTOR


class ErasureOrdered(Body):
    """The order by which a case is erased: a file reference, never a name."""

    reference: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/\-]{0,63}$")


def router(*, engine: Engine, desk: "StaffDesk", numbers: Numbers, erasing: Erasing, sign_in: SignIn) -> APIRouter:
    """Staff endpoints."""
    routes = APIRouter(tags=["staff"])
    anybody = Annotated[Staff, Depends(sign_in.staff())]
    decides = Annotated[Staff, Depends(sign_in.staff(Role.OFFICER, Role.SRO))]
    privacy = Annotated[Staff, Depends(sign_in.staff(Role.PRIVACY))]

    @routes.get("/cases")
    async def find(_: anybody, number: Annotated[str, Query(min_length=1, max_length=40)]) -> dict[str, Any]:
        """The case with this number, as somebody may have read it out; clear fields only."""
        meant = read_number(number)
        case_id = (await numbers.cases_of([meant])).get(meant) if meant else None
        view = await engine.case(case_id) if case_id else None
        if case_id is None or view is None:
            raise CaseUnknown
        return clear(case_id, view.state)

    @routes.get("/cases/{case_id}")
    async def show(case_id: UUID, person: anybody, why: Annotated[Purpose | None, Query()] = None) -> dict[str, Any]:
        """A case. With `why`, its personal data too, which leaves an access record."""
        view = await desk.case(case_id)
        shown = clear(case_id, view.state)
        return shown if why is None else shown | {"personal": await desk.personal(case_id, view.state, person, why)}

    @routes.post("/cases/{case_id}/facts")
    async def facts(
        case_id: UUID,
        wish: FactsCorrected,
        key: IdempotencyKey,
        person: decides,
        response: Response,
    ) -> dict[str, Any]:
        """Correct or add facts: an amendment like the requestor's own."""
        return said(await desk.correct(case_id, wish, key, person), response)

    @routes.post("/cases/{case_id}/consent")
    async def consent(
        case_id: UUID,
        wish: ConsentRuled,
        key: IdempotencyKey,
        person: decides,
        response: Response,
    ) -> dict[str, Any]:
        """Verify or refuse the consent that was claimed, or who the noncitizen is."""
        return said(await desk.rule(case_id, wish, key, person), response)

    @routes.post("/cases/{case_id}/erase")
    async def erase(
        case_id: UUID,
        wish: ErasureOrdered,
        _: IdempotencyKey,
        person: privacy,
        response: Response,
    ) -> dict[str, Any]:
        """Destroy the case's key. There is no way back."""
        await desk.case(case_id)
        return said(await erasing.erase(case_id, ordered_by=person.subject, reference=wish.reference), response)

    return routes


class StaffDesk:
    """Opens, corrects and rules."""

    def __init__(
        self,
        *,
        engine: Engine,
        keyring: Keyring,
        access: AccessLog,
        policies: Policies,
        now: Callable[[], datetime],
    ) -> None:
        self._engine = engine
        self._keyring = keyring
        self._access = access
        self._policies = policies
        self.now = now

    async def case(self, case_id: UUID) -> CaseView:
        """The case. Raises `CaseUnknown`."""
        view = await self._engine.case(case_id)
        if view is None:
            raise CaseUnknown
        return view

    async def personal(self, case_id: UUID, state: State, person: Staff, why: Purpose) -> dict[str, Any]:
        """Opened personal data of an accepted case, for those whose work it is."""
        if not isinstance(state, Accepted):
            raise Problem(409, "not_open", "There is no open case under this number.")
        self._theirs(state, person, also=Role.PRIVACY)
        key = (await self._keyring.get([case_id]))[case_id]
        if not isinstance(key, CaseKey):
            raise Problem(409, "erased", "The personal data of this case was erased.")
        boxes = await self._engine.sealed(case_id)
        known = opened(key, case_id, state.filing, boxes).model_dump(mode="json", exclude_none=True)
        known["added"] = texts_of(key, case_id, state.filing, boxes)
        await self._access.record(who=person.subject, case_id=case_id, fields=_fields(known), why=why)
        return known

    async def correct(self, case_id: UUID, wish: FactsCorrected, key: str, person: Staff) -> Answered:
        """Staff's facts; health and victims are sealed like the requestor's."""
        by = await self.theirs(case_id, person)
        on, cause = self.now().date(), cause_of(Ask.FACTS, person, case_id, key, wish)
        mitigating, aggravating = from_body.sealed_factors_of(wish.facts, "officer", on)
        boxes: dict[str, bytes] = {}
        if mitigating or aggravating:
            name = f"amended_{wish.facts_seen + 1}"
            sealed = SealedAmendment(mitigating=mitigating, aggravating=aggravating)
            boxes[name] = await self._sealed(case_id, cause, name, sealed)
        facts = from_body.facts_of(wish.facts, "officer", on)
        data = CorrectFacts(wish.facts_seen, facts, boxes, by, wish.takes_back)
        return await self.do(Ask.FACTS, cause, case_id, data)

    async def rule(self, case_id: UUID, wish: ConsentRuled, key: str, person: Staff) -> Answered:
        """Staff's word on consent."""
        by = await self.theirs(case_id, person)
        if wish.status is ConsentStatus.CLAIMED:
            raise Problem(422, "no_ruling", "Staff verify or refuse; only the requestor claims.")
        verified = wish.status is ConsentStatus.VERIFIED
        data = RuleOnConsent(wish.facts_seen, verified, by, wish.kind, wish.of)
        return await self.do(Ask.CONSENT, cause_of(Ask.CONSENT, person, case_id, key, wish), case_id, data)

    async def theirs(self, case_id: UUID, person: Staff) -> Person:
        """The person, if the case may be in their hand now: 404 for a case that is not here, 403 for one that may not.

        Each command asks again, under the version that it writes.
        """
        view = await self.case(case_id)
        if isinstance(view.state, Accepted):
            self._theirs(view.state, person)
        return person_of(person)

    @staticmethod
    def _theirs(state: Accepted, person: Staff, also: Role | None = None) -> None:
        standing = standing_of(state)
        refused = turned_away(person_of(person), standing)
        if refused is not None and (person.subject in standing.recused or also not in person.roles):
            raise Problem(403, refused.code, "This is not allowed.", refused.reason)

    async def _sealed(self, case_id: UUID, cause: UUID, name: str, content: SealedAmendment) -> bytes:
        key = (await self._keyring.get([case_id]))[case_id]
        if not isinstance(key, CaseKey):
            raise Problem(409, "erased", "The personal data of this case was erased.")
        plaintext = content.model_dump_json(exclude_defaults=True).encode()
        return seal(key, case_id=case_id, cause=cause, name=name, plaintext=plaintext)

    async def do(self, ask: Ask, cause: UUID, case_id: UUID, data: object) -> Answered:
        """Carry out a command. Raises what `engine.command` raises."""
        with personal_refusals():
            return await self._engine.command(Command(ask, cause, case_id, whole_milliseconds(self.now()), data))


def clear(case_id: UUID, state: State) -> dict[str, Any]:
    """What any staff may see of a case: codes, dates and places, nobody's name."""
    shown: dict[str, Any] = {
        "case_id": str(case_id),
        "case_number": number_shown(state),
        "standing": type(state).__name__,
    }
    if isinstance(state, Accepted):
        shown["filing"] = _FILING.dump_python(state.filing, mode="json", exclude=_NOT_SHOWN, exclude_none=True)
        shown["filing"]["consent"]["status"] = state.filing.consent.status
        shown["amendment"] = state.filing.amendment
    if (wish := waiting(state)) is not None:
        shown["review_waits_since" if isinstance(wish, ReviewWish) else "withdrawal_waits_since"] = wish.at
    return shown


def cause_of(ask: Ask, person: Staff, case_id: UUID, key: str, wish: BaseModel) -> UUID:
    """The id of a command that this member of staff gives."""
    # With the content in it, the same key with another content is another command, not a silent repeat.
    return command_id(Service.INTAKE, person.subject, ask, case_id, f"{key}\x1f{wish.model_dump_json()}")


def _fields(known: dict[str, Any]) -> list[str]:
    nested = [f"{part}.{name}" for part in ("noncitizen", "requestor") for name in known.get(part, {})]
    return nested + [part for part in known if part not in ("noncitizen", "requestor")]
