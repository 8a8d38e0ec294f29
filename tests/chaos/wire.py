"""Writing records that no client library would write: batches made byte by byte, and one request that carries them."""

import asyncio
import gzip
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from aiokafka.codec import zstd_encode
from aiokafka.record.util import calc_crc32c

PLAIN, GZIP, ZSTD = 0, 1, 4
PRODUCE: Final = 0
CLIENT: Final = b"chaos"
ANSWER_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class Raw:
    """A record, any of whose bytes may be anything."""

    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[bytes, bytes | None], ...] = ()


class NotWritten(Exception):
    """The broker did not take it, or did not answer: it may be there nonetheless."""


def batch(records: Sequence[Raw], codec: int, at_ms: int) -> bytes:
    """A record batch of version 2 (https://kafka.apache.org/documentation/#recordbatch)."""
    body = b"".join(_record(each, n) for n, each in enumerate(records))
    body = bytes({PLAIN: bytes, GZIP: gzip.compress, ZSTD: zstd_encode}[codec](body))
    last = len(records) - 1
    counted = struct.pack(">hiqqqhii", codec, last, at_ms, at_ms, -1, -1, -1, len(records)) + body
    covered = struct.pack(">ibI", -1, 2, calc_crc32c(counted)) + counted
    return struct.pack(">qi", 0, len(covered)) + covered


def _record(raw: Raw, offset_delta: int) -> bytes:
    headers = b"".join(_bytes(name) + _bytes(value) for name, value in raw.headers)
    inner = b"\x00" + _varint(0) + _varint(offset_delta) + _bytes(raw.key) + _bytes(raw.value)
    inner += _varint(len(raw.headers)) + headers
    return _varint(len(inner)) + inner


def _bytes(value: bytes | None) -> bytes:
    return _varint(-1) if value is None else _varint(len(value)) + value


def _varint(number: int) -> bytes:
    left, out = (number << 1) ^ (number >> 63), bytearray()
    while left > 0x7F:
        out.append((left & 0x7F) | 0x80)
        left >>= 7
    return bytes([*out, left])


async def produce(port: int, topic: str, partition: int, content: bytes, host: str = "127.0.0.1") -> int:
    """Write a batch, acknowledged by all; the offset of its first record. Raises `NotWritten`."""
    named = topic.encode()
    request = struct.pack(">hhih", PRODUCE, 3, 1, len(CLIENT)) + CLIENT
    request += struct.pack(">hhii", -1, -1, 5000, 1) + struct.pack(">h", len(named)) + named
    request += struct.pack(">iii", 1, partition, len(content)) + content
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            reader, writer = await asyncio.open_connection(host, port)
            try:
                writer.write(struct.pack(">i", len(request)) + request)
                size = struct.unpack(">i", await reader.readexactly(4))[0]
                reply = await reader.readexactly(size)
            finally:
                writer.close()
    except (OSError, TimeoutError, asyncio.IncompleteReadError) as error:
        raise NotWritten(type(error).__name__) from error
    _, code, offset = struct.unpack_from(">ihq", reply, 4 + 4 + 2 + len(named) + 4)
    if code:
        raise NotWritten(f"error {code}")
    return int(offset)
