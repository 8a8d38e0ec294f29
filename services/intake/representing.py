"""Hands a case over to a representative, or back to the noncitizen: seals who it is, and ends the link of before."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from services.intake.asking import Engine
from services.intake.commands import Ask, HandOver
from services.intake.domain.case import Accepted
from services.intake.domain.consent import May, Thing, may
from services.intake.domain.filing import Filing
from services.intake.opening import opened
from shared.casework.admission import Person
from shared.casework.commands import Answered, whole_milliseconds
from shared.casework.errors import CommandRefused, Outage
from shared.casework.reaction import Command
from shared.contracts.sealed import Noncitizen, Requestor, SealedAmendment, SealedSubmission
from shared.contracts.vocabulary import Language, Recipient, RequestorType
from shared.privacy.keyring import Erased, Keyring
from shared.privacy.sealing import CaseKey, seal

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
    """Hands cases over. Raises what `engine.command` raises."""

    def __init__(self, *, engine: Engine, keyring: Keyring, now: Callable[[], datetime]) -> None:
        self._engine = engine
        self._keyring = keyring
        self._now = now

    async def hand_over(
        self,
        case_id: UUID,
        cause: UUID,
        to: Representative | None,
        *,
        by: Person | None = None,
        seen: int | None = None,
    ) -> Answered:
        """To a representative; None: back to the noncitizen. `by`, `seen`: the member of staff, and what they saw.

        Who gave no amendment that they saw is not held up by one that came first: it is sealed again.
        """
        for attempt in range(_ATTEMPTS):
            data = await self._sealed(case_id, cause, to, by=by, seen=seen)
            try:
                return await self._engine.command(
                    Command(Ask.HAND_OVER, cause, case_id, whole_milliseconds(self._now()), data)
                )
            except CommandRefused as error:
                if error.code != _OVERTAKEN or seen is not None or attempt == _ATTEMPTS - 1:
                    raise
        raise AssertionError("the last attempt either answers or raises")

    async def _sealed(
        self, case_id: UUID, cause: UUID, to: Representative | None, *, by: Person | None, seen: int | None
    ) -> HandOver:
        view = await self._engine.case(case_id)
        state = view.state if view else None
        kind = to.type if to else RequestorType.NONCITIZEN
        key = await self._key(case_id)
        if not isinstance(state, Accepted) or key is None:
            return HandOver(1, kind, None, {}, by)  # The reaction refuses it.
        filing = state.filing
        known = opened(key, case_id, filing, await self._engine.sealed(case_id))
        number = (filing.amendment if seen is None else seen) + 1
        name = f"amended_{number}"
        thing = Thing.HAND_OVER if to else Thing.STAND_DOWN
        wish = by is None and may(filing.reader(Recipient.REQUESTOR), thing) is May.WAITS
        if wish:
            content = SealedAmendment(text=_as_text(to))
        else:
            content = _to_representative(known, filing, to) if to else _to_noncitizen(known)
        language = to.language if to else _LANGUAGES.get(known.noncitizen.language or "")
        plaintext = content.model_dump_json(exclude_defaults=True).encode()
        box = seal(key, case_id=case_id, cause=cause, name=name, plaintext=plaintext)
        reachable = bool((content.noncitizen or known.noncitizen).email)
        return HandOver(number, kind, language, {name: box}, by, wish, reachable)

    async def _key(self, case_id: UUID) -> CaseKey | None:
        key = (await self._keyring.get([case_id]))[case_id]
        if key is None:
            raise Outage("The key store does not give the key of a case that has one.")
        return None if isinstance(key, Erased) else key


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


def _as_text(to: Representative | None) -> str:
    """What staff read of a hand-over that waits for them."""
    if to is None:
        return "The requestor asks to stand down."
    person = to.person
    said = (to.type, person.name, person.organisation, person.email, person.phone, to.language)
    return "The requestor asks to hand the case over to: " + ", ".join(str(each) for each in said if each)
