"""A case's sealed blobs at a staff member's desk: opened with an access record, and new texts sealed."""

import json
from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from shared.contracts.sealed import SealedText
from shared.errors import CommandRefused
from shared.privacy.access import AccessLog
from shared.privacy.keyring import Erased, Keyring, KeyringIncomplete
from shared.privacy.masking import display_a_number
from shared.privacy.sealing import CaseKey, open_box, seal


class Desk:
    """Opens and seals for the people who work on cases."""

    def __init__(self, keyring: Keyring, access: AccessLog) -> None:
        self._keyring = keyring
        self._access = access

    async def opened(
        self, case_id: UUID, boxes: Mapping[str, bytes], *, who: str, why: str
    ) -> dict[str, dict[str, Any]] | None:
        """What each blob holds, by its name; None when the case is erased. The access record is written first.

        Raises `BrokenSeal` for a blob that does not open (a defect), `Outage` when the key cannot be had.
        """
        key = await self._key(case_id)
        if key is None:
            return None
        contents = {
            name: json.loads(open_box(key, case_id=case_id, name=name, box=box)) for name, box in sorted(boxes.items())
        }
        fields = [f"{name}.{member}" for name, content in contents.items() for member in content]
        await self._access.record(who=who, case_id=case_id, fields=fields, why=why)
        for content in contents.values():
            person = content.get("noncitizen") or {}
            if person.get("a_number"):
                person["a_number"] = display_a_number(person["a_number"])
        return contents

    async def noted(self, case_id: UUID, *, who: str, why: str) -> None:
        """Note, among the accesses of a case, something about `who` and the case by which nothing was opened."""
        await self._access.record(who=who, case_id=case_id, fields=(), why=why)

    async def read_ahead(self, case_ids: Collection[UUID]) -> None:
        """Get the keys of these cases at once, so that sealing for one after the other asks for none."""
        if case_ids:
            await self._keyring.get(case_ids)

    async def sealed(self, case_id: UUID, *, cause: UUID, name: str, text: str | None) -> dict[str, bytes]:
        """A typed text, sealed under its blob's name; nothing for no text. Refused for an erased case."""
        if not text:
            return {}
        key = await self._key(case_id)
        if key is None:
            raise CommandRefused("case_erased", "The case's personal data is erased: no text can be kept for it.")
        plaintext = SealedText(text=text).model_dump_json().encode()
        return {name: seal(key, case_id=case_id, cause=cause, name=name, plaintext=plaintext)}

    async def _key(self, case_id: UUID) -> CaseKey | None:
        key = (await self._keyring.get([case_id]))[case_id]
        if isinstance(key, Erased):
            return None
        if key is None:
            raise KeyringIncomplete("a case that was accepted has no key")
        return key
