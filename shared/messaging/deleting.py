"""Deleting records that a group has settled: for topics whose records nobody needs, or should keep, afterwards."""

from collections.abc import Mapping

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from aiokafka.errors import KafkaError

from shared.errors import Outage


async def delete_before(bootstrap: str, offsets: Mapping[tuple[str, int], int]) -> None:
    """Delete the records below each offset, (topic, partition) -> offset. Safe to repeat. Raises `Outage`."""
    if not offsets:
        return
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    try:
        await admin.start()
        await admin.delete_records(
            {TopicPartition(*place): RecordsToDelete(before_offset=offset) for place, offset in offsets.items()}
        )
    except (KafkaError, OSError) as error:
        raise Outage(f"Kafka does not answer ({type(error).__name__}).") from error
    finally:
        await admin.close()
