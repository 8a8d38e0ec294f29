"""Sending a file's requests over HTTP or through Kafka, several at once, each written down when it is answered."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable

from cli.submitting.reading import Request
from shared.calling import requests
from shared.calling.instances import Instances, Unreachable
from shared.calling.sent import Answer, Ledger, Sent
from shared.messaging.submitting import NotTaken, SubmissionSender, cloud_event

AT_ONCE = 8
SOURCE = "urn:secondlook:submit"

Send = Callable[[Request], Awaitable[Sent]]


def over_http(intake: Instances, token: str | None) -> Send:
    """By `POST /requests`."""

    async def send(request: Request) -> Sent:
        return await requests.submit(intake, request.content, line=request.line, key=request.key, token=token)

    return send


def through_kafka(sender: SubmissionSender) -> Send:
    """As CloudEvents on `request.received`."""

    async def send(request: Request) -> Sent:
        place = await sender.send(cloud_event(request.key, request.body, source=SOURCE))
        kept = (place.topic, place.partition, place.offset)
        return Sent(line=request.line, key=request.key, answer=Answer.SENT, place=kept)

    return send


async def send_all(to_send: Iterable[Request], send: Send, ledger: Ledger, advance: Callable[[], None]) -> None:
    """Send what the ledger does not have. Stops at the first that nobody answers, and raises why; what was answered
    stays written down, so that the same command goes on from there."""
    waiting = (request for request in to_send if not ledger.has(request.line, request.key))
    failures: list[Exception] = []

    async def work() -> None:
        for request in waiting:
            if failures:
                return
            try:
                sent = await send(request)
            except (Unreachable, NotTaken) as error:
                failures.append(error)
                return
            await asyncio.to_thread(ledger.note, sent)
            advance()

    await asyncio.gather(*(work() for _ in range(AT_ONCE)))
    if failures:
        raise failures[0]
