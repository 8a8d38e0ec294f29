"""Reading Kafka's files from the disk: no broker, no client, no group; whatever lies there is returned."""

import gzip
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aiokafka.codec import lz4_decode, snappy_decode, zstd_decode

HEAD: Final = struct.Struct(">qiibIhiqqqhii")
BEFORE_LENGTH_ENDS: Final = 12
CONTROL: Final = 0x20
CODECS: Final = {0: bytes, 1: gzip.decompress, 2: snappy_decode, 3: lz4_decode, 4: zstd_decode}


@dataclass(frozen=True, slots=True)
class Stored:
    """A record as it lies in a partition."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[bytes, bytes | None], ...]
    at_ms: int


class Segments:
    """What the topics hold. `new` returns each record once, in the order of its partition."""

    def __init__(self, folder: Path, topics: tuple[str, ...]) -> None:
        self._folder = folder
        self._topics = topics
        self._read: dict[Path, int] = {}

    def new(self) -> list[Stored]:
        """All whole batches that were not returned yet."""
        found: list[Stored] = []
        for topic in self._topics:
            for place in sorted(self._folder.glob(f"{topic}-[0-9]*")):
                partition = int(place.name.rpartition("-")[2])
                for file in sorted(place.glob("*.log")):
                    found += self._of_file(file, topic, partition)
        return found

    def _of_file(self, file: Path, topic: str, partition: int) -> list[Stored]:
        begin = self._read.get(file, 0)
        try:
            with file.open("rb") as opened:
                opened.seek(begin)
                content = opened.read()
        except FileNotFoundError:  # its records were deleted
            return []
        found: list[Stored] = []
        at = 0
        while at + HEAD.size <= len(content):
            length = struct.unpack_from(">i", content, at + 8)[0]
            if length <= 0 or at + BEFORE_LENGTH_ENDS + length > len(content):
                break  # still being written
            found += _records(content[at : at + BEFORE_LENGTH_ENDS + length], topic, partition)
            at += BEFORE_LENGTH_ENDS + length
        self._read[file] = begin + at
        return found


def _records(content: bytes, topic: str, partition: int) -> Iterator[Stored]:
    base, _, _, _, _, attributes, _, first_ms, max_ms, _, _, _, count = HEAD.unpack_from(content)
    if attributes & CONTROL:
        return
    body = CODECS[attributes & 7](content[HEAD.size :])
    appended = bool(attributes & 0x08)
    at = 0
    for _ in range(count):
        size, at = _varint(body, at)
        end = at + size
        delta_ms, at = _varint(body, at + 1)
        delta, at = _varint(body, at)
        key, at = _bytes(body, at)
        value, at = _bytes(body, at)
        headers, at = _headers(body, at)
        yield Stored(topic, partition, base + delta, key, value, headers, max_ms if appended else first_ms + delta_ms)
        at = end


def _headers(body: bytes, at: int) -> tuple[tuple[tuple[bytes, bytes | None], ...], int]:
    count, at = _varint(body, at)
    found = []
    for _ in range(count):
        name, at = _bytes(body, at)
        value, at = _bytes(body, at)
        found.append((name or b"", value))
    return tuple(found), at


def _bytes(body: bytes, at: int) -> tuple[bytes | None, int]:
    size, at = _varint(body, at)
    return (None, at) if size < 0 else (body[at : at + size], at + size)


def _varint(body: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = body[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return (value >> 1) ^ -(value & 1), at
