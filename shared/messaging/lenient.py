"""One lenient record reader under every consumer made here: what a stranger wrote stops nobody.

aiokafka 0.14 decodes the names of headers as UTF-8 while it reads a batch, and raises `UnicodeDecodeError` out of
`getmany` on other bytes, which Kafka's protocol allows (KIP-82 calls a name a string; no broker checks it). The same
call may have drained other partitions, whose records are then gone until somebody goes back. Kafka's own client
replaces what it cannot decode. FastStream has the same defect one step later, for values
(https://github.com/ag2ai/faststream/issues/2458). No report about names was found in aiokafka's tracker.

Nothing here needs headers, so a batch that cannot be read with them is read without. A batch whose checksum is wrong,
or that is no batch, ends its partition with a `CorruptBatch`; aiokafka would raise, or pass a record unasked.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from aiokafka.consumer import fetcher
from aiokafka.errors import CorruptRecordException
from aiokafka.record.default_records import _DefaultRecordBatchPy, _DefaultRecordPy
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.record.util import decode_varint

_FRAME = struct.Struct(">qi")
"""What begins a batch: its first offset, and how many bytes follow."""
_LAST_DELTA = struct.Struct(">i")
_LAST_DELTA_AT = 23
_LEAST_LENGTH = 14
"""Of the oldest format; what claims to be shorter is no batch."""
_MAGIC_AT = 16


@dataclass(frozen=True, slots=True)
class CorruptBatch:
    """A place that cannot be read. `following`: where the next batch seems to begin; `raw`: its bytes as they came."""

    topic: str
    partition: int
    offset: int
    following: int
    why: str
    raw: bytes


class LenientRecords:
    """The batches of one answer, in the place of aiokafka's `MemoryRecords`."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0
        self.last = b""
        """The batch that was handed over last, as it came."""

    def size_in_bytes(self) -> int:
        """Of the whole answer."""
        return len(self._data)

    def has_next(self) -> bool:
        """Whether there is another batch. A broker cuts off the last one, and never the first."""
        left = len(self._data) - self._at
        return left > 0 and (self._at == 0 or (left >= _FRAME.size and self._length() <= left))

    def next_batch(self) -> "_LenientBatch":
        """The next batch. Raises an error of any kind when it is none."""
        self.last = self._data[self._at : self._at + max(self._length(), _FRAME.size)]
        if self._length() > len(self._data) - self._at or self._length() < _FRAME.size + _LEAST_LENGTH:
            raise CorruptRecordException("The length of a batch is wrong")
        self._at += len(self.last)
        return _LenientBatch(self.last)

    def following(self, offset: int) -> int:
        """Where the batch behind the last one begins: as that one says, as the last one says, or one further."""
        said = [_FRAME.unpack_from(self._data, self._at)[0]] if self.has_next() and self._at else []
        if len(self.last) >= _LAST_DELTA_AT + _LAST_DELTA.size:
            first, delta = _FRAME.unpack_from(self.last)[0], _LAST_DELTA.unpack_from(self.last, _LAST_DELTA_AT)[0]
            said.append(first + delta + 1)
        return next((each for each in said if each > offset), offset + 1)

    def _length(self) -> int:
        """How long the next batch says it is, as a whole; 0 where it does not even say that."""
        if len(self._data) - self._at < _FRAME.size:
            return 0
        return _FRAME.size + int(_FRAME.unpack_from(self._data, self._at)[1])


class _LenientBatch:
    """A batch of aiokafka's; its records without their headers where these cannot be decoded."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self._batch: Any = MemoryRecords(raw).next_batch()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._batch, name)

    def __iter__(self) -> Iterator[Any]:
        try:
            return iter(list(self._batch))
        except (UnicodeDecodeError, CorruptRecordException):  # the latter where aiokafka has no C extension
            if self._raw[_MAGIC_AT] < 2:
                raise
            return iter(list(_WithoutHeaders(self._raw)))


class _WithoutHeaders(_DefaultRecordBatchPy):  # type: ignore[misc]
    """Reads key and value of each record, and goes to the next one by the record's own length."""

    _pos: int

    def _read_msg(self, decode_varint: Any = decode_varint) -> _DefaultRecordPy:
        length, start = decode_varint(self._buffer, self._pos)
        _, at = decode_varint(self._buffer, start)  # attributes: none are defined
        later, at = decode_varint(self._buffer, at)
        behind, at = decode_varint(self._buffer, at)
        key, at = self._bytes(at)
        value, at = self._bytes(at)
        if not at < start + length <= len(self._buffer):  # at least the number of headers follows
            raise CorruptRecordException("The length of a record is wrong")
        self._pos = start + length
        appended = self.timestamp_type == self.LOG_APPEND_TIME
        timestamp = self.max_timestamp if appended else self.first_timestamp + later
        return _DefaultRecordPy(self.base_offset + behind, timestamp, self.timestamp_type, key, value, [])

    def _bytes(self, at: int) -> tuple[bytes | None, int]:
        length, at = decode_varint(self._buffer, at)
        return (None, at) if length < 0 else (bytes(self._buffer[at : at + length]), at + length)


class LenientPartition(fetcher.PartitionRecords):  # type: ignore[misc]
    """The records of one partition in one answer; a batch that cannot be read is the last thing it gives."""

    def _unpack_records(self) -> Iterator[Any]:
        try:
            yield from super()._unpack_records()
        except Exception as error:  # noqa: BLE001 - a checksum, a length, a codec, a decompressor: it cannot be read
            at, records = self.next_fetch_offset, self._records
            why = type(error).__name__
            yield CorruptBatch(self._tp.topic, self._tp.partition, at, records.following(at), why, records.last)


def read_leniently() -> None:
    """Have aiokafka's fetcher read by these classes: it takes them from its own module, and offers no other way."""
    fetcher.MemoryRecords = LenientRecords
    fetcher.PartitionRecords = LenientPartition
