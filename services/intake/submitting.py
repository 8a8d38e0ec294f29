"""From raw submissions to `submit` commands: everything that needs a key, a number or a look-up, once for a batch.

The same way for one request over HTTP and for hundreds from Kafka. A submission that cannot be read is refused by
itself, with reasons that quote nothing of it.
"""

from asyncio import gather
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from pydantic import BaseModel

from services.intake import from_body, names
from services.intake.commands import REFERENCE, Ask, Submit
from services.intake.domain import a_number
from services.intake.domain.completeness import Accepted, assess, gaps
from services.intake.domain.facts import age_band, is_urgent
from services.intake.domain.filing import Filing
from services.intake.raw import ANONYMOUS, ERASED, KEY_BROKEN, KEY_GONE, WRONG_BODY, RawSubmission, Refusal, is_client
from services.intake.registry import Numbers, Sighting
from services.intake.resubmitting import Claim, Mended, Resubmissions
from services.intake.same_person import SamePerson
from shared.casework.commands import Answered, command_id, whole_milliseconds
from shared.casework.reaction import Command
from shared.contracts.ignored import Ignored
from shared.contracts.reading import Read, WrongBody, read_body, read_mapping
from shared.contracts.received import RequestBody
from shared.contracts.sealed import SealedSubmission, SealedText
from shared.contracts.vocabulary import RejectCode, Service
from shared.errors import CommandFailed
from shared.policy.model import Policies
from shared.privacy.blind_index import BlindIndex, Kind
from shared.privacy.case_ids import CaseIds, id_without_key
from shared.privacy.keyring import Erased, Keyring
from shared.privacy.sealing import CaseKey, seal


@dataclass(frozen=True, slots=True)
class Prepared:
    """A submission that the engine can carry out."""

    command: Command[Submit]


@dataclass(frozen=True, slots=True)
class Taken:
    """A submission that was carried out, now or earlier, and the case that it is."""

    case_id: UUID
    answered: Answered


@dataclass(frozen=True, slots=True)
class _Readable:
    """A submission whose body could be read. `key`: its idempotency key, as the ids of commands are made of it."""

    raw: RawSubmission
    case_id: UUID
    key: str
    body: RequestBody
    ignored: tuple[Ignored, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class _Draft:
    """A readable submission with its key and its number."""

    read: _Readable
    key: CaseKey
    filing: Filing
    missing: tuple[RejectCode, ...]
    accepted: bool


class Submissions:
    """Prepares submissions."""

    def __init__(
        self,
        *,
        case_ids: CaseIds,
        keyring: Keyring,
        index: BlindIndex,
        numbers: Numbers,
        doubles: SamePerson,
        resubmissions: Resubmissions,
        policies: Policies,
        known: Callable[[Sequence[UUID]], Awaitable[Collection[UUID]]],
    ) -> None:
        """`known` tells which of some cases the store has, whatever it has of them."""
        self._case_ids = case_ids
        self._keyring = keyring
        self._index = index
        self._numbers = numbers
        self._doubles = doubles
        self._resubmissions = resubmissions
        self._policies = policies
        self._known = known

    async def prepare(self, submissions: Sequence[RawSubmission]) -> list[Prepared | Refusal]:
        """One answer for each submission, in their order. A few round trips for a batch, whatever its size."""
        known = await self._known([case_id for raw in submissions for case_id in self._both_ids(raw)])
        read = [self._read(raw, known) for raw in submissions]
        readable = [each for each in read if isinstance(each, _Readable)]
        keys, numbers = await self._keys_and_numbers([each.case_id for each in readable], known)
        # A case that has been erased keeps its number, so nothing is lost by asking for both at once.
        alive = [(each, key) for each in readable if isinstance(key := keys[each.case_id], CaseKey)]
        drafts = [self._draft(each, key, numbers[each.case_id]) for each, key in alive]
        doubles, mended = await gather(self._doubles.note(*self._sightings(drafts)), self._mended(drafts))
        prepared: dict[int, Prepared | Refusal] = {}
        for draft in drafts:
            case_id = draft.read.case_id
            filing = replace(draft.filing, possible_double_of=doubles.get(case_id))
            filing = self._in_its_place(filing, mended.get(case_id))
            prepared[id(draft.read)] = _prepared(replace(draft, filing=filing))
        return [
            each
            if isinstance(each, Refusal)
            else prepared.get(id(each), Refusal(KEY_GONE if keys[each.case_id] is None else ERASED))
            for each in read
        ]

    def _both_ids(self, raw: RawSubmission) -> tuple[UUID, UUID]:
        """The id of the case, and the one that it has if it was made before ids were keyed."""
        return self._case_ids.case_id(raw.namespace, raw.key), id_without_key(raw.namespace, raw.key)

    def _read(self, raw: RawSubmission, known: Collection[UUID]) -> _Readable | Refusal:
        at = whole_milliseconds(raw.received_at)
        reader: Callable[..., Read] = read_body if isinstance(raw.content, bytes) else read_mapping
        try:
            read = reader(raw.content, today=at.date())
        except WrongBody as error:
            return Refusal(WRONG_BODY, error.wrong)
        case_id, before = self._both_ids(raw)
        if before in known:
            return _Readable(raw, before, raw.key, read.body, read.ignored, at)
        key = self._case_ids.told(raw.namespace, raw.key)
        return _Readable(raw, case_id, key, read.body, read.ignored, at)

    async def _keys_and_numbers(
        self, ids: Sequence[UUID], known: Collection[UUID]
    ) -> tuple[Mapping[UUID, CaseKey | Erased | None], Mapping[UUID, str]]:
        """The keys that were read back, made where a case is new; None for a known case whose key is gone."""
        if not ids:
            return {}, {}
        keys, numbers = await gather(self._keyring.get(ids), self._numbers.reserve(ids))
        new = [case_id for case_id, key in keys.items() if key is None and case_id not in known]
        return keys | (await self._keyring.get_or_create(new) if new else {}), numbers

    def _draft(self, read: _Readable, key: CaseKey, number: str) -> _Draft:
        filing = self._filing(read, number)
        # What the reaction will decide: it has the same policy, at the same moment.
        policy = self._policies.at(read.at)
        missing = gaps(from_body.content_of(read.body, policy), policy.papers)
        urgent = is_urgent(filing.custody, filing.removal, read.at, policy.imminent_within)
        verdict = assess(missing, required=policy.required, urgent=urgent)
        return _Draft(read, key, filing, missing, isinstance(verdict, Accepted))

    def _filing(self, read: _Readable, number: str) -> Filing:
        body, raw, on = read.body, read.raw, read.at.date()
        places = self._policies.at(read.at).places
        canonical = body.model_dump_json(exclude_defaults=True).encode()
        return Filing(
            number=number,
            received_at=read.at,
            channel=raw.channel,
            received_id=self._case_ids.told(raw.namespace, raw.key),
            fingerprint=self._index.fingerprint(canonical),
            requestor_type=from_body.requestor_type_of(body),
            language=from_body.language_of(body),
            custody=from_body.custody_of(body.custody, places),
            removal=from_body.removal_of(body.removal),
            place=from_body.place_of(body.place, places),
            decision_under_review=body.decision_under_review,
            relief_sought=body.relief_sought,
            facts=from_body.facts_of(body.facts, "requestor", on),
            consent=from_body.consent_of(body.consent),
            not_understood=tuple(each.clear for each in read.ignored),
            age_band=age_band(body.noncitizen.date_of_birth, on),
            represented=from_body.is_represented(body),
            noncitizen_reachable=body.noncitizen.email is not None,
            requestor_reachable=from_body.is_requestor_reachable(body),
            sealed_bytes=0,
            client=client_index(self._index, raw.namespace) if is_client(raw.namespace) else None,
            client_reference=reference_index(self._index, raw.namespace, body.requestor.client_reference),
        )

    def _sightings(self, drafts: Sequence[_Draft]) -> tuple[list[Sighting], list[Sighting]]:
        """Who accepted requests are about: by their A-numbers, and by the forms of their names."""
        by_number, by_name = [], []
        for draft in drafts:
            if not draft.accepted:
                continue
            person = draft.read.body.noncitizen
            if digits := a_number.canonical(person.a_number or ""):
                by_number.append(self._sighting(draft, Kind.A_NUMBER, digits))
            by_name += [
                self._sighting(draft, Kind.NAME, form) for form in names.forms(person.given_name, person.family_name)
            ]
        return by_number, by_name

    def _sighting(self, draft: _Draft, kind: Kind, value: str) -> Sighting:
        return Sighting(self._index.of(kind, value), draft.read.case_id, draft.filing.number, draft.read.at)

    async def _mended(self, drafts: Sequence[_Draft]) -> dict[UUID, Mended]:
        reads = [draft.read for draft in drafts]
        return await self._resubmissions.proven(
            [Claim(read.case_id, token, read.body.resubmits) for read in reads if (token := read.raw.resubmits_link)]
        )

    def _in_its_place(self, filing: Filing, mended: Mended | None) -> Filing:
        """A filing that mends a rejected one counts from that one's day, if it comes while that still helps."""
        if mended is None:
            return filing
        policy = self._policies.at(filing.received_at)
        if mended.since is None or filing.received_at > policy.kept_until(mended.since):
            return replace(filing, resubmits=mended.number)
        return replace(filing, resubmits=mended.number, received_at=mended.since, sent_again_at=filing.received_at)


class Engine(Protocol):
    """What carrying out asks of the engine."""

    async def commands(
        self, commands: Sequence[Command[Any]], *, wait: bool = True
    ) -> list[Answered | CommandFailed]: ...


async def carried_out(
    raw: Sequence[RawSubmission], submissions: Submissions, engine: Engine, *, wait: bool
) -> list[Taken | CommandFailed | Refusal]:
    """What became of each submission, in their order: prepared and written together, however many they are.

    `wait` for Kafka's acknowledgement of what they emit. Raises an outage, and then all may be done again.
    """
    prepared = await submissions.prepare(raw)
    commands = [each.command for each in prepared if isinstance(each, Prepared)]
    done = iter(await engine.commands(commands, wait=wait))
    return [_taken(each, next(done)) if isinstance(each, Prepared) else each for each in prepared]


def client_index(index: BlindIndex, namespace: str) -> str:
    """By what the cases of a signed-in client are listed."""
    return index.fingerprint(f"client\x1f{namespace}".encode())


def reference_index(index: BlindIndex, namespace: str, reference: str | None) -> str | None:
    """A client's own reference as it is looked up; it may hold a name, so it is never kept in clear."""
    if not reference or namespace == ANONYMOUS:
        return None
    return index.fingerprint(f"client-reference\x1f{namespace}\x1f{reference}".encode())


def _taken(prepared: Prepared, done: Answered | CommandFailed) -> Taken | CommandFailed:
    return Taken(prepared.command.case_id, done) if isinstance(done, Answered) else done


def _prepared(draft: _Draft) -> Prepared | Refusal:
    if draft.key.broken:
        return Refusal(KEY_BROKEN)
    raw, case_id, filing = draft.read.raw, draft.read.case_id, draft.filing
    # With the fingerprint in it, another body under the same key is another command, which the reaction refuses.
    read = draft.read
    cause = command_id(Service.INTAKE, raw.namespace, Ask.SUBMIT, case_id, f"{read.key}\x1f{filing.fingerprint}")
    everything = from_body.sealed_submission(read.body, read.at.date(), ignored=read.ignored)
    name, kept = ("submitted", everything) if draft.accepted else ("contact", _contact(everything))
    sealed: dict[str, BaseModel] = {name: kept}
    if filing.client and kept.requestor.client_reference:
        sealed[REFERENCE] = SealedText(text=kept.requestor.client_reference)
    boxes = {
        each: seal(
            draft.key,
            case_id=case_id,
            cause=cause,
            name=each,
            plaintext=content.model_dump_json(exclude_defaults=True).encode(),
        )
        for each, content in sealed.items()
    }
    return Prepared(Command(Ask.SUBMIT, cause, case_id, draft.read.at, Submit(filing, draft.missing, boxes)))


def _contact(everything: SealedSubmission) -> SealedSubmission:
    """What a rejection needs: who it is about, and how to reach people. Not the story."""
    return SealedSubmission(noncitizen=everything.noncitizen, requestor=everything.requestor)
