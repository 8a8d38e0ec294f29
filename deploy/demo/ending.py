"""After the last step: gather what the stores, the topics and the mail sink hold, judge it, and show it."""

from collections.abc import Mapping, Sequence, Set
from pathlib import Path

from rich.console import Console

from deploy.demo import report
from deploy.demo.acting import Case
from deploy.demo.letters import letters_of
from deploy.demo.lines import Line
from deploy.demo.oracle import Evidence, Findings, judge
from deploy.demo.people import Staff
from deploy.demo.seen import TOPICS, Seen
from deploy.local.mailbox import Letter, Mailbox
from deploy.local.platform import Plan
from deploy.local.state import State
from shared.calling.instances import Instances
from shared.calling.sent import Sent
from shared.calling.staff import Desk
from shared.contracts.vocabulary import EventType
from shared.messaging.tap import Tap
from shared.mongo.driver import MongoClient
from shared.web.sign_in import Role
from shared.web.tokens import DevelopmentIssuer

MOST_TOLD = ("remanded_upheld", "remanded_favourable", "overridden", "upheld")
"""The endings of which one case is shown whole, the longest first."""


class Ending:
    """Gathers, judges and shows."""

    def __init__(self, plan: Plan, running: State, seen: Seen, staff: Staff, triage: Instances) -> None:
        self._running = running
        self._seen = seen
        self._staff = staff
        self._mailbox = Mailbox(plan.data / "mail")
        self._desk = Desk(triage, _analyst(plan.data / "keys"))

    async def evidence(self, lines: Sequence[Line], sent: Mapping[int, Sent]) -> Evidence:
        """Everything once more from the beginning: topics from their first record, the sink's whole ledger."""
        whole = Seen()
        async with Tap(self._running.members["kafka"].url, TOPICS) as tap:
            await whole.take(await tap.to_the_end())
        mails = [mail.id for mail in self._mailbox.all()]
        return Evidence(lines, sent, whole.events, await self._dead_letters(), mails)

    async def _dead_letters(self) -> dict[tuple[str, int, int], str]:
        """Where each dead letter of intake was, and why it is one."""
        client = MongoClient(self._running.members["documents"].url)
        try:
            kept = client.database("secondlook_intake")["dead_letters"]
            found = await kept.find({}, {"sealed": 0}).to_list(None)
        finally:
            await client.close()
        return {(each["topic"], each["partition"], each["offset"]): each["reason"] for each in found}

    async def judge(self, evidence: Evidence, cases: Sequence[Case], *, faults: bool) -> Findings:
        """What was lost, doubled or otherwise; also scripts that stopped, and what is left in any queue."""
        found = judge(evidence, faults=faults)
        found.different += [
            f"Line {case.line.number} ({case.line.plan['ending']}) stopped at {case.step}: {case.failed or 'no end'}."
            for case in cases
            if case.failed or case.step != "resolved"
        ]
        for board in self._staff.boards():
            found.different += [f"Case {entry['number']} is still in a queue." for entry in await board.entries()]
        return found

    async def show(self, console: Console, evidence: Evidence, cases: Sequence[Case]) -> None:
        """The tables, one case as a timeline, its letters."""
        console.print(report.tables(evidence))
        case = next((each for name in MOST_TOLD for each in cases if _is_whole(each, name, evidence)), None)
        if case is None:
            return
        history = (await self._desk.history(case.id))["history"]
        console.print(f"\n[bold]One case: {history['number']}[/], line {case.line.number} of the file")
        console.print(report.timeline(history))
        console.print("\n[bold]Its letters[/]")
        ids = letters_of(case.id, evidence.events[case.id])
        for panel in report.letters(self._letters({str(each) for each in ids})):
            console.print(panel)

    def _letters(self, ids: Set[str]) -> list[tuple[str, Letter]]:
        found = ((mail, self._mailbox.letter(mail.number)) for mail in self._mailbox.all() if mail.id in ids)
        return [(", ".join(mail.to), letter) for mail, letter in found if letter]


def _is_whole(case: Case, ending: str, evidence: Evidence) -> bool:
    return (
        case.line.plan["ending"] == ending
        and case.line.email is not None
        and bool(evidence.of(case.id, EventType.RESOLUTION_ISSUED))
    )


def _analyst(keys: Path) -> str:
    return DevelopmentIssuer(keys).staff("whoever-watches", [Role.ANALYST, Role.OPERATOR])
