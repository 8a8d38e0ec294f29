"""The demo from start to last line: a fresh platform, hundreds of requests, scripted people, and a judgement."""

import asyncio
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from deploy.demo import ending, lines, report
from deploy.demo.acting import Case, World
from deploy.demo.killing import kill_each_once
from deploy.demo.lines import Line
from deploy.demo.people import PostOffice, Staff
from deploy.demo.progress import Progress
from deploy.demo.seen import TOPICS, Seen
from deploy.demo.sending import Sending
from deploy.local import platform
from deploy.local.environment import case_ids
from deploy.local.failures import CannotStart
from deploy.local.mailbox import Mailbox
from deploy.local.places import PROJECT
from deploy.local.platform import Plan
from deploy.local.state import State
from shared.calling.instances import Instances
from shared.calling.sent import Ledger
from shared.contracts.vocabulary import Service
from shared.messaging.submitting import SubmissionSender
from shared.messaging.tap import Tap
from shared.web.tokens import DevelopmentIssuer

REQUESTS = PROJECT / "deploy" / "demo" / "requests.jsonl"
FIRST_DAY = "2021-03-08T09:00-05:00"
SECONDS_A_DAY = 86_400
LONGEST_WINDOW_DAYS = 45
LEASE_SECONDS = 150
EVERYBODY_LIVES_HERE = {"PUBLIC_PER_SECOND": "1000", "PUBLIC_BURST": "2000"}
"""All requestors of the demo share one address, so what is plenty for one caller would be little for them."""


@dataclass(frozen=True, slots=True)
class Options:
    """How the demo goes. `days_a_second`: of the policy clock. `within`: real seconds from the first request on."""

    requests: Path = REQUESTS
    keep: bool = False
    instances: int = 1
    kill: bool = False
    days_a_second: float = 1.0
    within: float = 240.0

    @property
    def patience(self) -> float:
        """Seconds without any event after which nothing more is expected: longer than any window or lease."""
        return LONGEST_WINDOW_DAYS / self.days_a_second + (LEASE_SECONDS if self.kill else 0)


def plan_of(options: Options, data: Path) -> Plan:
    """The platform that the demo runs on."""
    return Plan(
        data=data,
        instances={service.value: options.instances for service in Service},
        free_ports=True,
        clock=f"{FIRST_DAY}*{options.days_a_second * SECONDS_A_DAY:.0f}",
        settings=EVERYBODY_LIVES_HERE,
    )


def play(options: Options, console: Console) -> bool:
    """Run it; whether everything came out as planned. Raises `CannotStart`."""
    if not options.requests.exists():
        raise CannotStart(f"There is no file {options.requests}: name another with --requests.")
    folder = PROJECT / ".secondlook"
    folder.mkdir(exist_ok=True)
    data = Path(tempfile.mkdtemp(prefix="demo-", dir=folder))
    to_send = lines.read(options.requests, case_ids(data))
    plan = plan_of(options, data)
    good = False
    with _stopped_at_the_end(plan, console, keep=options.keep) as say:
        running = platform.up(plan, say)
        with platform.sigterm_interrupts():
            good = asyncio.run(Play(options, plan, running, console).run(to_send))
    if good and not options.keep:
        shutil.rmtree(data)
    elif not good:
        console.print(f"[dim]What happened is in {data} (logs, stores, mail).[/]", soft_wrap=True)
    return good


@contextmanager
def _stopped_at_the_end(plan: Plan, console: Console, *, keep: bool) -> Iterator[platform.Say]:
    began = time.monotonic()

    def say(step: str) -> None:
        console.print(f"[dim]{time.monotonic() - began:5.1f} s[/]  {escape(step)}")

    kept = False
    try:
        yield say
        kept = keep
    finally:
        if not kept:
            platform.down(plan.data)
    if keep:
        console.print(f"It still runs: `secondlook status --data {plan.data}` shows it, `down --data` stops it.")


class Play:
    """One run on a platform that is ready."""

    def __init__(self, options: Options, plan: Plan, running: State, console: Console) -> None:
        self._options = options
        self._plan = plan
        self._running = running
        self._console = console
        self._seen = Seen()
        self._post = PostOffice(Mailbox(plan.data / "mail"))

    async def run(self, to_send: list[Line]) -> bool:
        """Send, act, wait until all is settled, compare, and show."""
        kafka = self._running.members["kafka"].url
        async with AsyncExitStack() as stack:
            services = {service: self._instances(service) for service in Service}
            for each in services.values():
                stack.push_async_callback(each.close)
            tap = await stack.enter_async_context(Tap(kafka, TOPICS))
            sender = await stack.enter_async_context(SubmissionSender(kafka))
            ledger = stack.enter_context(Ledger(self._plan.data / "sent.jsonl"))
            sending = Sending(ledger, services[Service.INTAKE], sender, self._seen)
            staff = Staff(DevelopmentIssuer(self._plan.data / "keys"), services)
            world = World(services[Service.INTAKE], staff, self._seen, self._post)
            cases = [Case(line, world) for line in to_send if line.counts_as == "submitted"]
            await self._go(to_send, cases, sending, tap)
            at_the_end = ending.Ending(self._plan, self._running, self._seen, staff, services[Service.TRIAGE])
            return await self._judge(at_the_end, to_send, ledger, cases)

    def _instances(self, service: Service) -> Instances:
        members = self._running.members
        urls = [member.url for name, member in members.items() if name.partition("-")[0] == service]
        return Instances(service, urls)

    async def _go(self, to_send: list[Line], cases: list[Case], sending: Sending, tap: Tap) -> None:
        """Everything at once, until it is settled or the time is over."""
        progress = Progress(self._console, to_send, cases, sending, seen=self._seen, post=self._post)
        follow = [self._seen.follow(tap), self._post.follow(), progress.show()]
        if self._options.kill:
            follow.append(self._kill(sending, progress))
        background = [asyncio.create_task(each) for each in follow]
        acts = [asyncio.create_task(self._act(case, sending)) for case in cases]
        whole = asyncio.create_task(self._whole(to_send, sending, acts, background[-1]))
        try:
            await self._watched(whole, background)
        finally:
            for task in [whole, *background, *acts]:
                task.cancel()
            await asyncio.gather(whole, *background, *acts, return_exceptions=True)
            progress.close()

    async def _whole(
        self, to_send: list[Line], sending: Sending, acts: list[asyncio.Task[None]], last: asyncio.Task[None]
    ) -> None:
        await sending.all(to_send)
        await asyncio.gather(*acts)
        if self._options.kill:
            await last
        await self._seen.settled()

    async def _watched(self, whole: asyncio.Task[None], background: list[asyncio.Task[None]]) -> None:
        """Wait for the whole run; not for one in which nothing happens any more. What fails behind it is raised."""
        began = time.monotonic()
        while not whole.done():
            done, _ = await asyncio.wait({whole, *background}, timeout=1, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
            background = [task for task in background if task not in done]
            if self._seen.quiet_seconds > self._options.patience:
                self._console.print(f"[red]Nothing has happened for {self._options.patience:.0f} s.[/]")
                return
            if time.monotonic() - began > self._options.within:
                self._console.print(f"[red]Not settled within {self._options.within:.0f} s.[/]")
                return

    async def _act(self, case: Case, sending: Sending) -> None:
        """One case; what goes wrong is written at the case, so that all others go on."""
        try:
            sent = await sending.answered(case.line)
            case.link = sent.link
            await case.carry_out()
        except Exception as error:  # noqa: BLE001 - shown at the end, with the step
            case.failed = f"{type(error).__name__}: {error}"

    async def _kill(self, sending: Sending, progress: Progress) -> None:
        await sending.some(0.3)
        await kill_each_once(self._plan, progress.say)

    async def _judge(self, at_the_end: ending.Ending, to_send: list[Line], ledger: Ledger, cases: list[Case]) -> bool:
        evidence = await at_the_end.evidence(to_send, ledger.of(line.number for line in to_send))
        found = await at_the_end.judge(evidence, cases, faults=self._options.kill)
        shown = at_the_end.scenes(evidence, cases, found)
        await at_the_end.show(self._console, evidence, shown, kept=self._options.keep)
        report.findings(self._console, found)
        self._console.print(report.last_line(evidence, found))
        return found.none and bool(evidence.events)
