"""Lines that become no case: requests that are rejected or refused, and records that are no requests."""

from collections.abc import Iterator
from itertools import count

from deploy.demo.making import bodies, dirty
from deploy.demo.making.lines import Line, Maker, some_codes


def rejected(maker: Maker) -> Iterator[Line]:
    """Incomplete requests of people at liberty: each code alone, then several at once."""
    alone = [(code,) for code in dirty.CODES]
    several = [some_codes(maker.rng, most=4) for _ in range(15)]
    for at, codes in enumerate([*alone, *several]):
        line = maker.request(bodies.LIBERTY, channel="kafka" if at % 5 in {1, 3} else "http")
        line["expect"] = {"counts_as": "rejected", "codes": list(codes)}
        line["body"] = dirty.without(line["body"], codes, maker.rng)
        yield line


def refused(maker: Maker) -> Iterator[Line]:
    """Wrong types, impossible values, and too much."""
    for at, change in enumerate(dirty.WRONG_TYPES):
        yield wrong(maker, "wrong_type", at, change=change)
    for at in range(3):
        yield wrong(maker, "wrong_value", at, change=dirty.BORN_LATER)
    for at in range(2):
        yield wrong(maker, "wrong_value", at, fill=100_001)
    yield wrong(maker, "too_large", 0, status=413, fill=300_000)


def wrong(
    maker: Maker,
    reason: str,
    at: int,
    *,
    change: dirty.Change | None = None,
    status: int = 400,
    fill: int | None = None,
) -> Line:
    """A request that is refused: over HTTP with a status, through Kafka as a dead letter."""
    line = maker.request(bodies.LIBERTY, channel=("http", "kafka")[at % 2])
    line["expect"] = {"counts_as": "refused", "reason": reason}
    if line["channel"] == "http":
        line["expect"]["status"] = status
    if change:
        line["body"] = dirty.changed(line["body"], change)
    if fill:
        line["fill"] = fill
    return line


def broken(maker: Maker) -> Iterator[Line]:
    """Kafka records that are no requests at all."""
    for at in count():
        marker = next(maker.crowd).marker
        records = dirty.broken_records(maker.key(), marker)
        if at == len(records):
            return
        record = records[at]
        line: Line = {"channel": "kafka", "key": None, "raw": dirty.base64(record.value)}
        if record.fill:
            line["fill"] = record.fill
        if record.headers:
            line["headers"] = {name: dirty.base64(value) for name, value in record.headers.items()}
        words = [marker] if marker.encode() in record.value else []
        yield {
            **line,
            "expect": {"counts_as": "refused", "reason": record.why},
            "plan": {},
            "canaries": {"word": words},
        }
