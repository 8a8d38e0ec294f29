"""One data key per case, wrapped by the master key, in a database of its own. Shredding it is what erases a case.

A document is `{_id: case id, wrapped: bytes}`, after shredding `{_id, erased: {ordered_by, reference, at}}`, with
`untold: True` until others have been told. The tombstone stays for ever, so that a key is never made again for an
erased case, not even by a late duplicate. A key that is `withheld: True` is given to nobody, and made by nobody, until
a person has said whether its case was erased.
Three kinds of nothing are kept apart: *erased* is a value, *absent* is None, and a store that cannot be reached is an
outage, which passes through as the driver's error.
"""

import os
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.errors import Outage
from shared.mongo.driver import BulkWriteError, Collection, DuplicateKeyError
from shared.privacy.keys import KEY_BYTES, SecretKey, WrongKey
from shared.privacy.sealing import CaseKey

CACHED_SECONDS = 60.0
CACHED_KEYS = 5_000  # a ready cipher takes 2.6 KB (measured)
_DUPLICATE = 11000
_NONCE_BYTES = 12
_PURPOSE = b"secondlook/case-key/1"
_PROOF = UUID(int=0)
_ATTEMPTS = 5
NOT_COMPARED = "The keyring may be an older copy: intake has to carry out again what was erased since."


@dataclass(frozen=True, slots=True)
class Erased:
    """The case's key is gone for good: whatever was sealed with it cannot be read by anybody."""

    case_id: UUID
    ordered_by: str
    reference: str
    at: datetime


class KeyringIncomplete(Outage):
    """The key store has acknowledged, but does not give back what was asked for. An outage: try again later."""


class WrongMasterKey(WrongKey):
    """The master key is not the one that wrapped this keyring's keys. Point MASTER_KEY_FILE at the right file."""


class KeyringNotCompared(Outage):
    """The keyring may be an older copy, with keys of erased cases in it. No key is used until intake has looked."""

    def __init__(self) -> None:
        super().__init__(NOT_COMPARED)


def utc_now() -> datetime:
    """Real time, in whole milliseconds."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


class Keyring:
    """The cases' keys, many at once. Its cache forgets a key 60 s, on the monotonic clock, after it was asked for."""

    def __init__(
        self,
        collection: Collection,
        master_key: SecretKey,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = utc_now,
        cached_keys: int = CACHED_KEYS,
        compared: Callable[[], bool] = lambda: True,
    ) -> None:
        """`collection` must write and read with a majority: a key that a failover takes back loses what it sealed.

        `compared`: whether this is known to be the newest keyring there is. No key is given out before.
        """
        self._collection = collection
        self._master = AESGCM(master_key.material)
        self._monotonic = monotonic
        self._now = now
        self._limit = cached_keys
        self._compared = compared
        self._cache: OrderedDict[UUID, tuple[CaseKey | Erased, float]] = OrderedDict()

    async def prove_master_key(self) -> None:
        """Raise `WrongMasterKey` at start, before a wrong key file makes every case look broken."""
        proof = (await self._get_or_create((_PROOF,)))[_PROOF]
        if isinstance(proof, Erased) or proof.broken:
            raise WrongMasterKey(str(WrongMasterKey.__doc__))

    async def get_or_create(self, case_ids: Iterable[UUID]) -> dict[UUID, CaseKey | Erased]:
        """The key of each case, made where there was none. Two creators at once get the same key.

        Only what was read back after the insert is returned, so nobody seals with a key that was not stored.
        Raises `KeyringNotCompared`.
        """
        self._require()
        return await self._get_or_create(case_ids)

    async def get(self, case_ids: Iterable[UUID]) -> dict[UUID, CaseKey | Erased | None]:
        """The key of each case; None where there never was one, or it is withheld. Raises `KeyringNotCompared`."""
        self._require()
        found, missing = self._split(case_ids)
        answer: dict[UUID, CaseKey | Erased | None] = dict.fromkeys(missing)
        if missing:
            answer |= await self._read(missing)
        return answer | found

    async def gone(self, case_ids: Sequence[UUID]) -> list[UUID]:
        """Which of these cases have neither a key nor a tombstone. No key is looked at."""
        there = await self._collection.find({"_id": {"$in": list(case_ids)}}, {"_id": 1}).to_list(None)
        known = {document["_id"] for document in there}
        return [case_id for case_id in case_ids if case_id not in known]

    async def withhold(self, case_ids: Sequence[UUID]) -> None:
        """Give these keys to nobody, where there are any."""
        for case_id in case_ids:
            there = {"_id": case_id, "wrapped": {"$exists": True}}
            await self._collection.update_one(there, {"$set": {"withheld": True}})
            self._cache.pop(case_id, None)

    async def release(self, case_id: UUID) -> None:
        """Give a withheld key out again."""
        await self._collection.update_one({"_id": case_id}, {"$unset": {"withheld": ""}})

    async def _get_or_create(self, case_ids: Iterable[UUID]) -> dict[UUID, CaseKey | Erased]:
        found, missing = self._split(case_ids)
        if missing:
            await self._insert(missing)
            found |= await self._read(missing)
            if absent := [case_id for case_id in missing if case_id not in found]:
                raise KeyringIncomplete(f"{len(absent)} of {len(missing)} keys were not given back")
        return found

    async def shred(self, case_id: UUID, *, ordered_by: str, reference: str) -> Erased:
        """Destroy the case's key and leave a tombstone, also where there was no key yet. The first order stays.

        When it returns, the tombstone has been read back. Other processes forget the key within 60 s.
        """
        tombstone = {"ordered_by": ordered_by, "reference": reference, "at": self._now()}
        for _ in range(_ATTEMPTS):
            try:
                await self._bury(case_id, tombstone)
            finally:
                self._cache.pop(case_id, None)  # Also when the store does not answer: it may have buried the key.
            left = (await self._read((case_id,))).get(case_id)
            if isinstance(left, Erased):
                return left
        raise KeyringIncomplete(f"the key of case {case_id} is still there after {_ATTEMPTS} attempts")

    async def prepare(self) -> None:
        """Create the index by which `untold` finds; safe to repeat."""
        await self._collection.create_index([("untold", 1)])

    async def untold(self, limit: int) -> list[Erased]:
        """Tombstones of which nobody was told yet: the order broke off after the key was destroyed, or is at it now."""
        documents = await self._collection.find({"untold": True}).limit(limit).to_list(None)
        return [value for document in documents if isinstance(value := self._value(document), Erased)]

    async def told(self, case_id: UUID) -> None:
        """Note that everybody has been told of this tombstone, or will be: the event is stored."""
        await self._collection.update_one({"_id": case_id}, {"$unset": {"untold": ""}})

    async def _bury(self, case_id: UUID, tombstone: Mapping[str, Any]) -> None:
        change = {"$set": {"erased": tombstone, "untold": True}, "$unset": {"wrapped": "", "withheld": ""}}
        changed = await self._collection.update_one({"_id": case_id, "erased": {"$exists": False}}, change)
        if changed.matched_count == 0:
            # A duplicate: erased before, or its key was made this very moment. Reading back tells which.
            with suppress(DuplicateKeyError):
                await self._collection.insert_one({"_id": case_id, "erased": dict(tombstone), "untold": True})

    async def _insert(self, case_ids: Iterable[UUID]) -> None:
        documents = [{"_id": case_id, "wrapped": self._wrap(case_id, os.urandom(KEY_BYTES))} for case_id in case_ids]
        try:
            await self._collection.insert_many(documents, ordered=False)
        except BulkWriteError as error:
            details: Mapping[str, Any] = error.details or {}
            codes = sorted({one.get("code", 0) for one in details.get("writeErrors", ())})
            if codes != [_DUPLICATE] or details.get("writeConcernErrors"):
                # Not from the driver's error: its text quotes the documents.
                raise KeyringIncomplete(f"the key store refused new keys (codes {codes})") from None

    async def _read(self, case_ids: Iterable[UUID]) -> dict[UUID, CaseKey | Erased]:
        asked_at = self._monotonic()
        documents = await self._collection.find({"_id": {"$in": list(case_ids)}}).to_list(None)
        found = {each["_id"]: self._value(each) for each in documents if not each.get("withheld")}
        for case_id, value in found.items():
            self._remember(case_id, value, asked_at)
        return found

    def _require(self) -> None:
        if not self._compared():
            raise KeyringNotCompared

    def _value(self, document: Mapping[str, Any]) -> CaseKey | Erased:
        case_id: UUID = document["_id"]
        if erased := document.get("erased"):
            return Erased(case_id, erased["ordered_by"], erased["reference"], erased["at"])
        return CaseKey(case_id, self._unwrap(case_id, document.get("wrapped", b"")))

    def _wrap(self, case_id: UUID, material: bytes) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._master.encrypt(nonce, material, _PURPOSE + case_id.bytes)

    def _unwrap(self, case_id: UUID, wrapped: bytes) -> bytes | None:
        try:
            return self._master.decrypt(wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:], _PURPOSE + case_id.bytes)
        except (InvalidTag, ValueError):
            return None

    def _split(self, case_ids: Iterable[UUID]) -> tuple[dict[UUID, CaseKey | Erased], list[UUID]]:
        """What the cache still holds, and what must be read."""
        oldest = self._monotonic() - CACHED_SECONDS
        found: dict[UUID, CaseKey | Erased] = {}
        missing: list[UUID] = []
        for case_id in dict.fromkeys(case_ids):
            value, asked_at = self._cache.get(case_id, (None, 0.0))
            if value is not None and asked_at > oldest:
                found[case_id] = value
            else:
                missing.append(case_id)
        return found, missing

    def _remember(self, case_id: UUID, value: CaseKey | Erased, asked_at: float) -> None:
        # Counted from before the read: the answer may have been on its way while another process shredded the key.
        known, _ = self._cache.pop(case_id, (None, 0.0))
        if isinstance(known, Erased):
            value = known  # A read that began before the shredding must not bring the key back.
        self._cache[case_id] = (value, asked_at)
        self._forget(asked_at - CACHED_SECONDS)

    def _forget(self, oldest: float) -> None:
        while self._cache:
            _, asked_at = next(iter(self._cache.values()))
            if asked_at > oldest and len(self._cache) <= self._limit:
                return
            self._cache.popitem(last=False)
