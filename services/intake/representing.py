"""Hands a case over to a representative, or back to the noncitizen, or has staff ask for it: seals who it is."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from services.intake.asking import Engine
from services.intake.commands import Ask, Boxes, HandOver, RuleOnHandOver
from services.intake.domain.case import Accepted
from services.intake.domain.consent import May, Thing, may
from services.intake.domain.filing import Filing, Proposed
from services.intake.opening import opened
from shared.casework.admission import Person
from shared.casework.commands import Answered, whole_milliseconds
from shared.casework.reaction import Command
from shared.contracts.sealed import Noncitizen, Requestor, SealedAmendment, SealedSubmission
from shared.contracts.vocabulary import Language, Recipient, RequestorType
from shared.errors import CommandRefused, Outage
from shared.privacy.keyring import Erased, Keyring
from shared.privacy.sealing import CaseKey, open_box, seal

_ATTEMPTS = 5
_OVERTAKEN: Final = "facts_changed"
_LANGUAGES: Final = {language.value: language for language in Language}


@dataclass(frozen=True, slots=True)
class Representative:
    """Who speaks for the noncitizen from now on, as they say themselves; staff verify the G-28."""

    type: RequestorType
    person: Requestor
    language: Language | None = None


class Representing:
    """Hands cases over, or has it asked for. Raises what `engine.command` raises."""

    def __init__(self, *, engine: Engine, keyring: Keyring, now: Callable[[], datetime]) -> None:
        self._engine = engine
        self._keyring = keyring
        self._now = now

    async def hand_over(self, case_id: UUID, cause: UUID, to: Representative | None) -> Answered:
        """By the requestor's link, to a representative; None: back to the noncitizen.

        Who saw no facts is not held up by an amendment that came first: it is sealed again.
        """
        for attempt in range(_ATTEMPTS):
            data = await self._by_link(case_id, cause, to)
            try:
                return await self._do(Ask.HAND_OVER, cause, case_id, data)
            except CommandRefused as error:
                if error.code != _OVERTAKEN or attempt == _ATTEMPTS - 1:
                    raise
        raise AssertionError("the last attempt either answers or raises")

    async def propose(
        self, case_id: UUID, cause: UUID, to: Representative | None, *, by: Person, seen: int
    ) -> Answered:
        """A member of staff, who saw amendment `seen`, asks for the hand-over that another one has to confirm."""
        known, kind = await self._known(case_id), _kind(to)
        if known is None:
            data = HandOver(seen + 1, kind, None, {}, by)  # The reaction refuses it.
        else:
            content = SealedAmendment(text=_as_text(to, "Staff ask"), proposed=to.person if to else None)
            boxes = self._boxes(known, case_id, cause, seen + 1, content)
            data = HandOver(seen + 1, kind, _language(known, to), boxes, by)
        return await self._do(Ask.HAND_OVER, cause, case_id, data)

    async def rule(self, case_id: UUID, cause: UUID, *, by: Person, seen: int, confirmed: bool) -> Answered:
        """A member of staff confirms what another one asked for, or turns it down."""
        data = RuleOnHandOver(seen, confirmed, by, {})
        known = await self._known(case_id) if confirmed else None
        if known is not None and known.filing.handing_over is not None and known.filing.amendment == seen:
            content = _content(known, self._proposed(known, case_id, known.filing.handing_over))
            boxes = self._boxes(known, case_id, cause, seen + 1, content)
            data = replace(data, boxes=boxes, reachable=_reachable(known, content), requestor_reachable=_hears(content))
        return await self._do(Ask.RULE_ON_HAND_OVER, cause, case_id, data)

    async def _by_link(self, case_id: UUID, cause: UUID, to: Representative | None) -> HandOver:
        known, kind = await self._known(case_id), _kind(to)
        if known is None:
            return HandOver(1, kind, None, {})  # The reaction refuses it.
        number = known.filing.amendment + 1
        thing = Thing.HAND_OVER if to else Thing.STAND_DOWN
        wish = may(known.filing.reader(Recipient.REQUESTOR), thing) is May.WAITS
        content = SealedAmendment(text=_as_text(to, "The requestor asks")) if wish else _content(known, to)
        boxes = self._boxes(known, case_id, cause, number, content)
        reachable = _reachable(known, content)
        return HandOver(number, kind, _language(known, to), boxes, None, wish, reachable, _hears(content))

    async def _known(self, case_id: UUID) -> "_Known | None":
        """The case as it is; None: there is none to hand over."""
        view = await self._engine.case(case_id)
        key = await self._key(case_id)
        if view is None or not isinstance(view.state, Accepted) or key is None:
            return None
        boxes = await self._engine.sealed(case_id)
        return _Known(key, view.state.filing, boxes, opened(key, case_id, view.state.filing, boxes))

    @staticmethod
    def _proposed(known: "_Known", case_id: UUID, proposed: Proposed) -> Representative | None:
        name = f"amended_{known.filing.amendment}"
        box = open_box(known.key, case_id=case_id, name=name, box=known.boxes[name])
        person = SealedAmendment.model_validate_json(box).proposed
        return Representative(proposed.to, person, proposed.language) if person else None

    @staticmethod
    def _boxes(known: "_Known", case_id: UUID, cause: UUID, number: int, content: SealedAmendment) -> Boxes:
        name = f"amended_{number}"
        plaintext = content.model_dump_json(exclude_defaults=True).encode()
        return {name: seal(known.key, case_id=case_id, cause=cause, name=name, plaintext=plaintext)}

    async def _do(self, ask: Ask, cause: UUID, case_id: UUID, data: object) -> Answered:
        return await self._engine.command(Command(ask, cause, case_id, whole_milliseconds(self._now()), data))

    async def _key(self, case_id: UUID) -> CaseKey | None:
        key = (await self._keyring.get([case_id]))[case_id]
        if key is None:
            raise Outage("The key store does not give the key of a case that has one.")
        return None if isinstance(key, Erased) else key


@dataclass(frozen=True, slots=True)
class _Known:
    key: CaseKey
    filing: Filing
    boxes: Boxes
    people: SealedSubmission


def _kind(to: Representative | None) -> RequestorType:
    return to.type if to else RequestorType.NONCITIZEN


def _language(known: _Known, to: Representative | None) -> Language | None:
    return to.language if to else _LANGUAGES.get(known.people.noncitizen.language or "")


def _reachable(known: _Known, content: SealedAmendment) -> bool:
    return bool((content.noncitizen or known.people.noncitizen).email)


def _hears(content: SealedAmendment) -> bool | None:
    """Whether the new requestor has an address; None where the case is handed to nobody yet."""
    return bool(content.requestor.email) if content.requestor else None


def _content(known: _Known, to: Representative | None) -> SealedAmendment:
    return _to_representative(known.people, known.filing, to) if to else _to_noncitizen(known.people)


def _to_representative(known: SealedSubmission, filing: Filing, to: Representative) -> SealedAmendment:
    """A noncitizen who asked alone stays reachable: as the noncitizen, where they were reached so far."""
    own: Noncitizen | None = None
    if filing.requestor_type is RequestorType.NONCITIZEN:
        address = known.requestor.email or known.noncitizen.email
        own = known.noncitizen.model_copy(update={"email": address, "language": filing.language.value})
    return SealedAmendment(requestor=to.person, noncitizen=own)


def _to_noncitizen(known: SealedSubmission) -> SealedAmendment:
    person = known.noncitizen
    name = " ".join(part for part in (person.given_name, person.family_name) if part) or None
    return SealedAmendment(requestor=Requestor(name=name, email=person.email))


def _as_text(to: Representative | None, who_asks: str) -> str:
    """What staff read of a hand-over that waits for them."""
    if to is None:
        return f"{who_asks} that nobody represents the noncitizen any more."
    person = to.person
    said = (to.type, person.name, person.organisation, person.email, person.phone, to.language)
    return f"{who_asks} to hand the case over to: " + ", ".join(str(each) for each in said if each)
