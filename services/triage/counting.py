"""How many cases have been taken next from a queue since an old routine case was. One small document for each queue.

It is a memory and nothing that a case rests on: lost, the share begins anew.
"""

from shared.casework.answering import answering
from shared.mongo.driver import Collection


class Counting:
    """Counts by queue: the offices whose cases are taken from it."""

    def __init__(self, collection: Collection) -> None:
        self._collection = collection

    async def passed(self, queue: str) -> int:
        """How many others have been taken since the last old routine case."""
        with answering():
            found = await self._collection.find({"_id": queue}).to_list(1)
        return int(found[0]["passed"]) if found else 0

    async def begun_anew(self, queue: str, *, at_least: int) -> bool:
        """Count from 0 again, if so many have been taken still: of several at the same moment, one gets the turn."""
        with answering():
            done = await self._collection.update_one(
                {"_id": queue, "passed": {"$gte": at_least}}, {"$set": {"passed": 0}}
            )
        return bool(done.matched_count)

    async def another(self, queue: str) -> None:
        """One more was taken before the old routine cases."""
        with answering():
            await self._collection.update_one({"_id": queue}, {"$inc": {"passed": 1}}, upsert=True)
