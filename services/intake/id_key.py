"""The key that case ids are made with is noted at the first start, so that another one is noticed at the next."""

from services.intake.registry import asked, insert_new
from shared.mongo.driver import Collection
from shared.privacy.case_ids import CaseIds, WrongIdKey

_NOTED = "case_ids"


class IdKey:
    """The `id_key` collection: `{_id: "case_ids", proof}`, by which the key is known and not told."""

    def __init__(self, collection: Collection, case_ids: CaseIds) -> None:
        self._collection = collection
        self._case_ids = case_ids

    async def prove(self) -> None:
        """Raise `WrongIdKey` at start, before a wrong key file makes new cases of requests that are sent again."""
        proof = self._case_ids.proof
        await insert_new(self._collection, [{"_id": _NOTED, "proof": proof}])
        noted = await asked(self._collection.find({"_id": _NOTED}).to_list(None))
        if any(each["proof"] != proof for each in noted):
            raise WrongIdKey(str(WrongIdKey.__doc__))
