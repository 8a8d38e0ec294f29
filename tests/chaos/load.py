"""Requestors, channels and staff while faults happen: an open loop that never waits for the system to be well.

What was submitted, and what was answered, is in the sender's own ledger before anything else is done with it.
"""

import asyncio
import json
import random
from collections import Counter, deque
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from typing import Any, Final
from uuid import UUID, uuid4

from deploy.demo import lines
from deploy.demo.acting import Case, World
from deploy.demo.lines import Line
from deploy.demo.people import PostOffice, Staff
from deploy.local.mailbox import Mailbox
from deploy.local.places import PROJECT
from shared.calling import requests
from shared.calling.instances import Instances, Refusal, Unreachable
from shared.calling.requests import Page
from shared.calling.sent import Answer
from shared.calling.staff import Desk
from shared.contracts.vocabulary import Service
from shared.messaging.submitting import NotTaken, SubmissionSender
from shared.web.sign_in import Role
from shared.web.tokens import DevelopmentIssuer
from tests.chaos import questions
from tests.chaos.ledger import Ledger
from tests.chaos.stack import KAFKA, Stack
from tests.chaos.watch import Watch
from tests.known_ids import CASE_IDS

PATIENCE_SECONDS: Final = 120.0
RESUBMITTED, POISON, LARGE, HOT = 0.05, 0.02, 0.01, 0.05
INCOMPLETE, ASKED = 0.05, 0.05
"""Of the requests: those that are rejected, and those of which an officer asks something instead of deciding."""
ASKED_BY_HEADQUARTERS: Final = 0.2
"""Of those that come before an SRO."""
CANARIES: Final = ("Vogelbeerbaum", "kanarienpost", "Kanarienvogel")
"""What the names, addresses and narratives of the campaign begin with, and what stands nowhere else."""
ERASED, LINK_LOST = 0.08, 0.08
"""Of the resolved cases."""
HOT_KEYS: Final = 4
LARGE_BYTES: Final = 90_000


@cache
def _requests() -> tuple[dict[str, Any], ...]:
    with (PROJECT / "deploy" / "demo" / "requests.jsonl").open(encoding="utf-8") as file:
        return tuple(json.loads(line) for line in file)


@cache
def templates() -> tuple[dict[str, Any], ...]:
    """The demo's requests that become a case by themselves, with what people do with each."""
    return tuple(
        said
        for said in _requests()
        if said["expect"]["counts_as"] == "submitted"
        and said["expect"]["office"]
        and "resubmits" not in said["body"]
        and not (said["body"].get("removal") or {}).get("scheduled_for")
        and not said.get("fill")
    )


@cache
def rubbish() -> tuple[Line, ...]:
    """What the demo's channels send that is no request at all."""
    found = lines.read(PROJECT / "deploy" / "demo" / "requests.jsonl")
    return tuple(line for line in found if line.counts_as == "refused" and line.expect["reason"] != "key_reused")


def made(number: int, dice: random.Random) -> Line:
    """A request about somebody who never came before; names, address and narrative begin with words to be sought."""
    said = json.loads(json.dumps(dice.choice(templates())))
    tag = f"{dice.getrandbits(48):012x}"
    body = said["body"]
    body["noncitizen"] |= {"family_name": f"{CANARIES[0]}{tag}", "a_number": f"A2{dice.randrange(10**8):08d}"}
    for person in ("noncitizen", "requestor"):
        if body[person].get("email"):
            body[person]["email"] = f"{CANARIES[1]}.{person}.{tag}@example.net"
    body["narrative"] = f"{CANARIES[2]}{tag}. {body['narrative']}"
    if dice.random() < LARGE:
        body["narrative"] = body["narrative"].ljust(LARGE_BYTES, "x")
    return lines.line_of(said | {"line": number, "key": _key(dice), "body": body}, CASE_IDS)


def incomplete(number: int, dice: random.Random) -> Line:
    """One of the demo's requests that lack something, and are told so."""
    rejected = [said for said in _requests() if said["expect"]["counts_as"] == "rejected"]
    return lines.line_of(dice.choice(rejected) | {"line": number, "key": _key(dice)}, CASE_IDS)


def _key(dice: random.Random) -> str:
    return str(UUID(int=dice.getrandbits(128), version=4))


@dataclass(slots=True)
class Counts:
    """What the load was, for the report."""

    sent: int = 0
    resubmitted: int = 0
    poison: int = 0
    hot: int = 0
    acknowledged: int = 0
    scripts: Counter[str] = field(default_factory=Counter)


class Load:
    """Everybody outside. `run` goes on until `seconds` are over; people go on with what they have begun."""

    def __init__(self, stack: Stack, watch: Watch, ledger: Ledger, dice: random.Random) -> None:
        self._stack, self._watch, self._ledger, self._dice = stack, watch, ledger, dice
        self._services = {service: self._instances(service, turned=False) for service in Service}
        self._turned = self._instances(Service.INTAKE, turned=True)
        self._post = PostOffice(Mailbox(stack.folder / "mail"))
        issuer = DevelopmentIssuer(stack.folder / "keys")
        self._staff = Staff(issuer, self._services)
        roles = [Role.PRIVACY, Role.OPERATOR]
        self._back_office = Desk(self._services[Service.INTAKE], issuer.staff("back-office", roles))
        self._kafka: SubmissionSender | None = None
        self._one_at_a_time = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self._hot: deque[Case] = deque(maxlen=HOT_KEYS)
        self.counts = Counts()
        self.a_numbers: list[str] = []

    def _instances(self, service: Service, *, turned: bool) -> Instances:
        urls = self._stack.urls[service]
        return Instances(service, urls[::-1] if turned else urls, patience_seconds=PATIENCE_SECONDS)

    async def run(self, seconds: float, a_second: float, until: asyncio.Event) -> None:
        """Send at this rate, whatever is answered, for at least so long, and until the last fault is over."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        self._begin(self._post.follow(), "post")
        number = 0
        while (now := loop.time() - began) < seconds or not until.is_set():
            number += 1
            self._begin(self._poison() if self._dice.random() < POISON else self._request(number), "request")
            if self._hot and self._dice.random() < HOT:
                self._begin(self._press(self._dice.choice(self._hot)), "hot")
            await asyncio.sleep(max(0.0, number / a_second - now))
        await self._sent()

    async def _sent(self) -> None:
        """All that was sent by now is answered, or given up."""
        waiting = [task for task in self._tasks if task.get_name() == "request"]
        if waiting:
            await asyncio.wait(waiting, timeout=PATIENCE_SECONDS + 30)

    async def finished(self, within: float) -> None:
        """People come to the end of what they have begun, or are sent home."""
        waiting = [task for task in self._tasks if task.get_name() == "script"]
        if waiting:
            _, left = await asyncio.wait(waiting, timeout=within)
            self.counts.scripts["not finished"] += len(left)

    async def close(self) -> None:
        """Send everybody home."""
        left = list(self._tasks)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        await self._stop_sender()
        for service in (*self._services.values(), self._turned):
            await service.close()

    def _begin(self, doing: Coroutine[Any, Any, None], name: str) -> None:
        task = asyncio.create_task(doing, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _request(self, number: int) -> None:
        self.counts.sent += 1
        if self._dice.random() < INCOMPLETE:
            await self._submit(incomplete(number, self._dice))
            return
        line = made(number, self._dice)
        self.a_numbers.append(line.body["noncitizen"]["a_number"].removeprefix("A"))
        again = self._dice.random()
        link = await self._submit(line)
        if again < RESUBMITTED:
            self.counts.resubmitted += 1
            await self._submit(line)
        case = Case(line, World(self._services[Service.INTAKE], self._staff, self._watch, self._post), link)
        self._hot.append(case)
        if self._dice.random() < ASKED:
            asking = questions.to_the_requestor(self._staff, line.case_id, line.expect["office"])
            self._begin(self._question(asking, "requestor asked"), "script")
            return
        self._begin(self._script(case), "script")
        if "sro_claim" in line.steps and self._dice.random() < ASKED_BY_HEADQUARTERS:
            asking = questions.to_the_office(self._staff, self._watch, line.case_id)
            self._begin(self._question(asking, "office asked"), "script")

    async def _submit(self, line: Line) -> str | None:
        """Submit, over either instance; the private link, where it was told."""
        said = {"key": line.key, "case_id": line.case_id, "channel": line.channel}
        self._ledger.note(op="invoke", **said)
        try:
            if line.channel == "kafka":
                place = await self._insist(line.value, line.headers)
                self._ledger.note(op="ok", place=place, **said)
                self.counts.acknowledged += 1
                return None
            intake = self._dice.choice((self._services[Service.INTAKE], self._turned))
            sent = await requests.submit(intake, line.value, line=line.number, key=line.key or "")
        except (Unreachable, NotTaken) as error:
            self._ledger.note(op="info", why=type(error).__name__, **said)
            return None
        accepted = sent.answer in {Answer.ACCEPTED, Answer.REJECTED}  # as a case, or with a number to mend it under
        self._ledger.note(op="ok" if accepted else "fail", status=sent.status, number=sent.number, **said)
        self.counts.acknowledged += accepted
        return sent.link

    async def _insist(self, value: bytes, headers: Any) -> list[Any]:
        """A record, until the broker acknowledges it. It may then be there several times."""
        until = asyncio.get_running_loop().time() + PATIENCE_SECONDS
        broken = None
        while True:
            try:
                sender = await self._sender(instead_of=broken)
                broken = sender
                place = await sender.send(value, headers)
                return [place.topic, place.partition, place.offset]
            except NotTaken:
                if asyncio.get_running_loop().time() > until:
                    raise
                await asyncio.sleep(0.5)

    async def _sender(self, instead_of: SubmissionSender | None = None) -> SubmissionSender:
        """The one that all share; a new one when it has failed, for a client may be of no use after an outage."""
        async with self._one_at_a_time:
            if self._kafka is None or self._kafka is instead_of:
                await self._stop_sender()
                sender = SubmissionSender(self._stack.members[KAFKA].server.url)
                self._kafka = await sender.__aenter__()
            return self._kafka

    async def _stop_sender(self) -> None:
        sender, self._kafka = self._kafka, None
        if sender is not None:
            with suppress(Exception):
                await asyncio.wait_for(sender.__aexit__(None, None, None), 5.0)

    async def _poison(self) -> None:
        line = self._dice.choice(rubbish())
        self.counts.poison += 1
        if line.channel == "kafka":
            said = {"channel": "kafka", "digest": _digest(line.value)}
            self._ledger.note(op="rubbish", **said)
            with suppress(NotTaken):
                self._ledger.note(op="rubbish", place=await self._insist(line.value, line.headers), **said)
            return
        sent = await requests.submit(self._turned, line.value, line=line.number, key=str(uuid4()))
        self._ledger.note(op="rubbish", channel="http", status=sent.status, answer=sent.answer)

    async def _press(self, case: Case) -> None:
        """Somebody who keeps changing the same case, while staff work at it."""
        self.counts.hot += 1
        if case.link is not None:
            name = f"Facility {self._dice.randrange(100)}"
            await self._allowed(lambda: Page(self._turned, case.link or "").amend({"facility_name": name}))

    async def _script(self, case: Case) -> None:
        try:
            await case.carry_out()
            await self._afterwards(case)
        except Exception as error:  # noqa: BLE001 - one script; its case is judged by the checker as all others are
            case.failed = f"{type(error).__name__} at {case.step}"
        self.counts.scripts[case.failed or case.step] += 1

    async def _afterwards(self, case: Case) -> None:
        """What may happen to a case that has its resolution."""
        if self._dice.random() < ERASED:
            case.step = "erased"
            await self._back_office.do(case.id, "erase", {"reference": "ORDER-1"})
            self._ledger.note(op="erased", case_id=case.id)
        elif self._dice.random() < LINK_LOST:
            case.step = "link sent again"
            await self._allowed(lambda: self._back_office.do(case.id, "link", {}))

    async def _question(self, asking: Coroutine[Any, Any, None], of_whom: str) -> None:
        try:
            await asking
        except (Refusal, Unreachable) as error:
            of_whom = f"{type(error).__name__} at asking {of_whom}"
        self.counts.scripts[of_whom] += 1

    @staticmethod
    async def _allowed(act: Callable[[], Coroutine[Any, Any, Any]]) -> None:
        try:
            await act()
        except (Refusal, Unreachable):
            return


def _digest(value: bytes) -> str:
    return sha256(value).hexdigest()
