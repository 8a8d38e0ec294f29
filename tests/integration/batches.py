"""Batches of records that no producer of ours would build, and sending them."""

from collections.abc import Sequence
from typing import Any

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.errors import NotLeaderForPartitionError
from aiokafka.protocol.produce import ProduceRequest
from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy

from tests.eventually import eventually

NONE, GZIP, SNAPPY, LZ4, ZSTD = range(5)


class NotUtf8(str):
    """A header name whose bytes are not UTF-8, as a client in another language may send it."""

    def encode(self, *_: Any, **__: Any) -> bytes:
        return b"\xff\xfe"


STRANGE = [(NotUtf8("x"), b"\xff"), ("null", None)]


def batch(*records: tuple[bytes | None, bytes | None], compression: int = NONE, headers: Any = STRANGE) -> bytes:
    """One batch of (key, value), each with these headers."""
    builder = _DefaultRecordBatchBuilderPy(2, compression, 0, -1, -1, -1, 1 << 20)
    for offset, (key, value) in enumerate(records):
        builder.append(offset, None, key, value, list(headers))
    return bytes(builder.build())


async def send(producer: AIOKafkaProducer, topic: str, partition: int, *batches: bytes) -> None:
    """Send batches as they are, one after the other; a topic that was just made may have no leader yet."""
    for each in batches:
        request = ProduceRequest(
            transactional_id=None, required_acks=-1, timeout=5000, topics=[(topic, [(partition, each)])]
        )

        async def taken(request: ProduceRequest = request) -> bool:
            await producer.partitions_for(topic)
            leader = producer.client.cluster.leader_for_partition(TopicPartition(topic, partition))
            code = (await producer.client.send(leader, request)).topics[0][1][0][1]
            if code == NotLeaderForPartitionError.errno:
                await producer.client.force_metadata_update()
            assert code in {0, NotLeaderForPartitionError.errno}
            return bool(code == 0)

        await eventually(taken)


def strange(values: Sequence[bytes], **options: Any) -> list[bytes]:
    """A batch of its own for each value."""
    return [batch((None, value), **options) for value in values]
