"""Carries out what the holder of a private link asks: seals the words, makes the command, again when overtaken."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Protocol
from uuid import UUID

from pydantic import BaseModel

from services.intake import from_body
from services.intake.commands import Amend, Ask, AskReview, Boxes, Waive, Withdraw
from services.intake.domain.case import Accepted, State
from services.intake.domain.consent import Consent, May, Thing, may
from services.intake.domain.filing import Change, Filing
from services.intake.opening import opened
from shared.casework.commands import Answered, command_id, whole_milliseconds
from shared.casework.reaction import Command
from shared.contracts.received import RequestBody
from shared.contracts.sealed import Requestor, SealedAmendment, SealedText
from shared.contracts.vocabulary import ConsentKind, Recipient, ReviewGround, Service
from shared.errors import CommandRefused, Outage
from shared.policy.geography import Geography
from shared.policy.model import Policies
from shared.privacy.keyring import Erased, Keyring
from shared.privacy.sealing import CaseKey, seal

_ATTEMPTS = 5
_OVERTAKEN: Final = "facts_changed"
LINK: Final = "link"
"""The actor of every command that a private link's holder gives."""


class CaseView(Protocol):
    """A case as the engine shows it."""

    @property
    def state(self) -> State: ...


class Engine(Protocol):
    """What this needs of the engine."""

    async def command(self, command: Command[Any]) -> Answered: ...
    async def case(self, case_id: UUID) -> CaseView | None: ...
    async def sealed(self, case_id: UUID) -> dict[str, bytes]: ...


@dataclass(frozen=True, slots=True)
class Amendment:
    """What a form asks to change. `body` holds the changed parts only, as a request would.

    `claims_anew`: a paper on which staff have ruled, and now have to look at again.
    """

    body: RequestBody
    answers: UUID | None = None
    new_link: bool = False
    claims_anew: ConsentKind | None = None


class Asking:
    """Commands by private link; `by`: the role of the link. All raise what `engine.command` raises."""

    def __init__(self, *, engine: Engine, keyring: Keyring, policies: Policies, now: Callable[[], datetime]) -> None:
        self._engine = engine
        self._keyring = keyring
        self._policies = policies
        self._now = now

    async def review(
        self, case_id: UUID, key: str, ground: ReviewGround, words: str | None, *, by: Recipient
    ) -> Answered:
        """Ask for SRO review, or wish for it, for headquarters to rule on."""
        cause = command_of(Ask.REVIEW, case_id, key)
        return await self._insist(Ask.REVIEW, cause, case_id, lambda: self._review(case_id, cause, ground, words, by))

    async def waive(self, case_id: UUID, key: str, *, by: Recipient) -> Answered:
        """Do without SRO review."""
        return await self._do(Ask.WAIVE, command_of(Ask.WAIVE, case_id, key), case_id, Waive(by))

    async def withdraw(self, case_id: UUID, key: str, words: str | None, *, by: Recipient) -> Answered:
        """Take the request back, or ask that staff confirm it. When something came first, it is sealed again."""
        cause = command_of(Ask.WITHDRAW, case_id, key)
        return await self._insist(Ask.WITHDRAW, cause, case_id, lambda: self._withdrawal(case_id, cause, words, by))

    async def amend(self, case_id: UUID, key: str, wish: Amendment, *, by: Recipient) -> Answered:
        """Add or change something. When another amendment came first, it is sealed again under the next number."""
        cause = command_of(Ask.AMEND, case_id, key)
        return await self._insist(Ask.AMEND, cause, case_id, lambda: self._amendment(case_id, cause, wish, by))

    async def _insist(self, ask: Ask, cause: UUID, case_id: UUID, made: Callable[[], Awaitable[object]]) -> Answered:
        for attempt in range(_ATTEMPTS):
            try:
                return await self._do(ask, cause, case_id, await made())
            except CommandRefused as error:
                if error.code != _OVERTAKEN or attempt == _ATTEMPTS - 1:
                    raise
        raise AssertionError("the last attempt either answers or raises")

    async def _review(
        self, case_id: UUID, cause: UUID, ground: ReviewGround, words: str | None, by: Recipient
    ) -> AskReview:
        filing = await self._filing(case_id)
        if filing is None or not filing.review_waits(by, whole_milliseconds(self._now())):
            return AskReview(ground, await self._text(case_id, cause, "review", words), by)
        number = filing.amendment + 1
        return AskReview(ground, await self._wished(case_id, cause, number, words), by, wish=number)

    async def _withdrawal(self, case_id: UUID, cause: UUID, words: str | None, by: Recipient) -> Withdraw:
        filing = await self._filing(case_id)
        if filing is None or may(filing.reader(by), Thing.WITHDRAW) is May.YES:
            return Withdraw(by, await self._text(case_id, cause, "withdrawal", words))
        number = filing.amendment + 1
        return Withdraw(by, await self._wished(case_id, cause, number, words), wish=number)

    async def _filing(self, case_id: UUID) -> Filing | None:
        view = await self._engine.case(case_id)
        return view.state.filing if view and isinstance(view.state, Accepted) else None

    async def _wished(self, case_id: UUID, cause: UUID, number: int, words: str | None) -> Boxes:
        """The words of a wish, as the amendment that tells of it."""
        if not words:
            return {}
        return _box(await self._key(case_id), case_id, cause, f"amended_{number}", SealedAmendment(text=words))

    async def _amendment(self, case_id: UUID, cause: UUID, wish: Amendment, by: Recipient) -> Amend:
        view = await self._engine.case(case_id)
        if view is None or not isinstance(view.state, Accepted):
            return Amend(1, Change(()), {}, by)
        filing = view.state.filing
        key = await self._key(case_id)
        contact = wish.body.requestor.model_dump(exclude_none=True, include={"name", "email", "phone", "organisation"})
        requestor: Requestor | None = None
        if contact and key is not None:
            # The whole new way to reach them, so that a reader need not know the old one.
            known = opened(key, case_id, filing, await self._engine.sealed(case_id)).requestor
            requestor = known.model_copy(update=contact)
            if requestor.name != known.name and filing.consent.ruling is not None and wish.body.consent.kind is None:
                # Somebody with another name is somebody of whom staff have seen no paper.
                wish = replace(wish, claims_anew=filing.consent.kind)
        change, sealed = change_of(wish, requestor, self._policies.at(self._now()).places)
        number = filing.amendment + 1
        name = f"amended_{number}"
        boxes = _box(key, case_id, cause, name, sealed) if sealed != SealedAmendment() else {}
        return Amend(number, change, boxes, by)

    async def _text(self, case_id: UUID, cause: UUID, name: str, words: str | None) -> Boxes:
        if not words:
            return {}
        return _box(await self._key(case_id), case_id, cause, name, SealedText(text=words))

    async def _key(self, case_id: UUID) -> CaseKey | None:
        key = (await self._keyring.get([case_id]))[case_id]
        if key is None:
            raise Outage("The key store does not give the key of a case that has one.")
        return None if isinstance(key, Erased) else key

    async def _do(self, ask: Ask, cause: UUID, case_id: UUID, data: object) -> Answered:
        return await self._engine.command(Command(ask, cause, case_id, whole_milliseconds(self._now()), data))


def command_of(ask: Ask, case_id: UUID, key: str) -> UUID:
    """The id of a command that the holder of a private link gives."""
    return command_id(Service.INTAKE, LINK, ask, case_id, key)


def change_of(wish: Amendment, requestor: Requestor | None, places: Geography) -> tuple[Change, SealedAmendment]:
    """What changes in clear, and what is sealed. `requestor` is the whole new contact, where it changes."""
    body, given = wish.body, wish.body.model_fields_set
    facility = body.custody.facility.name if body.custody.facility else None
    claimed = "consent" in given and body.consent.kind is not None
    anew = Consent(wish.claims_anew) if wish.claims_anew else None
    names = (
        ("custody", "custody" in given),
        ("facility", facility is not None),
        ("removal", "removal" in given),
        ("place", "place" in given),
        ("consent", claimed or wish.claims_anew is not None),
        ("language", body.requestor.language is not None),
        ("contact", requestor is not None),
        ("information", body.narrative is not None and wish.answers is None),
        ("answer", wish.answers is not None),
        ("link", wish.new_link),
    )
    change = Change(
        names=tuple(name for name, changed in names if changed),
        custody=from_body.custody_of(body.custody, places) if "custody" in given else None,
        removal=from_body.removal_of(body.removal) if "removal" in given else None,
        place=from_body.place_of(body.place, places) if "place" in given else None,
        consent=Consent(from_body.consent_of(body.consent).kind) if claimed else anew,
        language=body.requestor.language,
        answers=wish.answers,
        new_link=wish.new_link,
        requestor_reachable=bool(requestor.email) if requestor else None,
    )
    odd = from_body.place_as_written(body.place)
    return change, SealedAmendment(requestor=requestor, facility=facility, place_as_written=odd, text=body.narrative)


def _box(key: CaseKey | None, case_id: UUID, cause: UUID, name: str, content: BaseModel) -> Boxes:
    if key is None:  # Erased: the reaction refuses, whatever is sealed.
        return {}
    plaintext = content.model_dump_json(exclude_defaults=True).encode()
    return {name: seal(key, case_id=case_id, cause=cause, name=name, plaintext=plaintext)}
