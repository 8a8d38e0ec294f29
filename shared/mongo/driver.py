"""The only importer of a MongoDB driver: motor by default, PyMongo's async API by a setting.

Motor is past its end of life (docs/decisions/0002); the store tests run on both, so that the switch is a setting.
Write and read concern are set here, not left to the URI: a write is acknowledged by a majority and journalled.
"""

import inspect
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Protocol, cast

from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from motor.motor_asyncio import AsyncIOMotorClient
from pymongo import AsyncMongoClient, InsertOne, ReadPreference, UpdateOne, WriteConcern
from pymongo.errors import BulkWriteError, DuplicateKeyError, PyMongoError
from pymongo.monitoring import CommandListener, TopologyListener
from pymongo.read_concern import ReadConcern

__all__ = [
    "BulkWriteError",
    "Collection",
    "Cursor",
    "Database",
    "Driver",
    "DuplicateKeyError",
    "InsertOne",
    "MongoClient",
    "PyMongoError",
    "RawBSONDocument",
    "UpdateOne",
]

DUPLICATE_KEY = 11000

LOOK_SECONDS = 2
"""How often a server is looked at: so soon it is known to be away, and to be back."""

REFUSED_FOR_GOOD = frozenset({2, 9, 14, 28, 40, 52, 56, 57, 121, 10334, 17280, 17419})
"""Codes of write errors that lie in the document (its size, a name, a path, a rule), not in the hour."""

Document = dict[str, Any]
Took = Callable[[str, float], None]
"""Hears of a command by its name, and of the seconds it took; called from any thread."""


class Driver(StrEnum):
    """Which library talks to the server."""

    MOTOR = "motor"
    PYMONGO = "pymongo"


class Cursor(Protocol):
    """What both drivers' cursors can do."""

    def __aiter__(self) -> AsyncIterator[Document]: ...
    def sort(self, keys: Sequence[tuple[str, int]]) -> "Cursor": ...
    def skip(self, count: int) -> "Cursor": ...
    def limit(self, count: int) -> "Cursor": ...
    async def to_list(self, length: int | None) -> list[Document]: ...


class Collection(Protocol):
    """The few operations that we use; every MongoDB-compatible server has them."""

    def find(self, query: Mapping[str, Any], projection: Mapping[str, Any] | None = None) -> Cursor: ...
    async def find_one(
        self, query: Mapping[str, Any], projection: Mapping[str, Any] | None = None
    ) -> Document | None: ...
    async def insert_one(self, document: Document) -> Any: ...
    async def insert_many(self, documents: Sequence[Document], *, ordered: bool = True) -> Any: ...
    async def update_one(self, query: Mapping[str, Any], update: Mapping[str, Any], *, upsert: bool = False) -> Any: ...
    async def find_one_and_update(
        self, query: Mapping[str, Any], update: Mapping[str, Any], *, upsert: bool = False
    ) -> Document | None: ...
    async def delete_one(self, query: Mapping[str, Any]) -> Any: ...
    async def bulk_write(self, requests: Sequence[Any], *, ordered: bool = True) -> Any: ...
    async def create_index(self, keys: Sequence[tuple[str, int]], *, unique: bool = False) -> str: ...
    async def count_documents(self, query: Mapping[str, Any]) -> int: ...


class Database(Protocol):
    """A database: a set of collections, and commands."""

    def __getitem__(self, name: str) -> Collection: ...
    async def command(self, command: str) -> Document: ...


class UnusableUri(ValueError):
    """MONGODB_URI cannot be used. Write mongodb://host:port, user name and password percent-encoded if any."""


class _Away(TopologyListener):
    """Since when no server has been taking writes, by the monotonic clock; None while one does, or none was known."""

    def __init__(self) -> None:
        self.since: float | None = None

    def opened(self, event: Any) -> None:
        """Nothing is known yet."""

    def closed(self, event: Any) -> None:
        """Nothing is known any more."""

    def description_changed(self, event: Any) -> None:
        """A server was found, or lost."""
        if event.new_description.has_writable_server():
            self.since = None
        elif self.since is None and event.previous_description.has_writable_server():
            self.since = time.monotonic()


class _AtFirstUse:
    """What a client gives, taken at its first use: then an event loop runs."""

    def __init__(self, take: Callable[[], Any]) -> None:
        self._take = take

    def __getitem__(self, name: str) -> "_AtFirstUse":
        return _AtFirstUse(lambda: self._take()[name])

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._take(), name)
        setattr(self, name, found)  # looked for once only: __getattr__ is asked for what is not there
        return found


class _Timed(CommandListener):
    """Tells how long the server took for each command."""

    def __init__(self, took: Took) -> None:
        self._took = took

    def started(self, event: Any) -> None:
        """Nothing to tell yet."""

    def succeeded(self, event: Any) -> None:
        """It has answered."""
        self._took(event.command_name, event.duration_micros / 1e6)

    def failed(self, event: Any) -> None:
        """It has answered with an error, or not at all."""
        self._took(event.command_name, event.duration_micros / 1e6)


class MongoClient:
    """A client of either driver. `uri` may hold a password: never log it.

    It is made before an event loop runs. The driver's client is made at its first use, because PyMongo's starts a task
    of its own as soon as it exists.
    """

    def __init__(
        self,
        uri: str,
        driver: Driver = Driver.MOTOR,
        *,
        find_seconds: float = 3.0,
        answer_seconds: float = 10.0,
        took: Took = lambda *_: None,
    ) -> None:
        """Connects lazily; an operation gives up with a PyMongoError when no server is found, or none answers.

        Not to find one costs motor a thread of a few for so long, while what could have worked waits. `took` hears of
        each command. Raises `UnusableUri`.
        """
        options: dict[str, Any] = {
            "appname": "second-look",
            "tz_aware": True,
            "uuidRepresentation": "standard",
            "serverSelectionTimeoutMS": int(find_seconds * 1000),
            "connectTimeoutMS": int(find_seconds * 1000),
            "socketTimeoutMS": int(answer_seconds * 1000),
            "heartbeatFrequencyMS": LOOK_SECONDS * 1000,
            "retryWrites": False,  # every write is idempotent by its version; a retry is ours to decide
        }
        try:
            AsyncMongoClient(uri, **options)  # without listeners it starts nothing, and asks nobody
        except PyMongoError:  # its text may quote a part of the password
            raise UnusableUri(str(UnusableUri.__doc__)) from None
        make: Any = AsyncIOMotorClient if driver is Driver.MOTOR else AsyncMongoClient
        self._away = _Away()
        self._make: Callable[[], Any] = lambda: make(uri, event_listeners=[self._away, _Timed(took)], **options)
        self._made: Any = None

    def database(self, name: str) -> Database:
        """A database whose writes are majority-acknowledged and journalled, and whose reads are majority reads."""
        options: CodecOptions[Document] = CodecOptions(tz_aware=True, tzinfo=UTC, uuid_representation=4)
        found = _AtFirstUse(
            lambda: self._client.get_database(
                name,
                codec_options=options,
                write_concern=WriteConcern(w="majority", j=True),
                read_concern=ReadConcern("majority"),
                read_preference=ReadPreference.PRIMARY,
            )
        )
        return cast("Database", found)

    @property
    def away_seconds(self) -> float:
        """For how long the server has been known to be away; 0 while it answers, or was never asked."""
        return 0.0 if self._away.since is None else time.monotonic() - self._away.since

    async def time(self) -> datetime:
        """The server's own clock, to the millisecond."""
        answer = await self._client.get_database("admin").command("hello")
        moment: datetime = answer["localTime"]
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

    async def close(self) -> None:
        """Close all connections."""
        if self._made is not None:
            closing = self._made.close()
            if inspect.isawaitable(closing):
                await closing

    @property
    def _client(self) -> Any:
        if self._made is None:
            self._made = self._make()
        return self._made
