"""After the last step: gather what the stores, the topics and the mail sink hold, judge it, and show it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from uuid import UUID

from rich.console import Console

from deploy.demo import report
from deploy.demo.acting import Case
from deploy.demo.depth import Shown, seen
from deploy.demo.letters import letters_of
from deploy.demo.lines import Line
from deploy.demo.oracle import Evidence, Findings, judge
from deploy.demo.people import Staff
from deploy.demo.scenes import Arrived, Went, sent_back
from deploy.demo.seen import TOPICS, Seen
from deploy.local.mailbox import Mail, Mailbox
from deploy.local.platform import Plan
from deploy.local.state import State
from shared.calling.instances import Instances
from shared.calling.sent import Sent
from shared.calling.staff import Desk
from shared.messaging.tap import Tap
from shared.mongo.driver import MongoClient
from shared.web.sign_in import Role
from shared.web.tokens import DevelopmentIssuer


class Ending:
    """Gathers, judges and shows."""

    def __init__(self, plan: Plan, running: State, seen: Seen, staff: Staff, triage: Instances) -> None:
        self._plan = plan
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

    def scenes(self, evidence: Evidence, cases: Sequence[Case], found: Findings) -> list[Shown]:
        """What there is to see; what is not, though the file has requests for it, becomes a finding."""
        mails = defaultdict(list)
        for mail in self._mailbox.all():
            mails[mail.id].append(mail)
        went = [
            Went(
                case.line,
                case.looked,
                sorted(evidence.events.get(case.id, ()), key=lambda event: event.seq),
                partial(self._letters, case.id, evidence, mails),
            )
            for case in cases
        ]
        shown, missing = seen(went)
        found.unseen += missing
        return shown

    async def show(self, console: Console, evidence: Evidence, shown: Sequence[Shown], *, kept: bool) -> None:
        """How the cases ended, what there is to see, and one case from its beginning to its end."""
        console.print("\n[bold]How the cases ended[/]")
        console.print(report.endings(evidence))
        console.print(f" {report.offices(evidence)}")
        console.print(f"\n[bold]{len(shown)} things to see[/], each read back from the running system")
        if not kept:
            console.print("   KEEP=1 make demo leaves it running; then add --data with its folder to a command below.")
        for line in report.scenes(shown, data=str(self._plan.data) if kept else None):
            console.print(line)
        longest = next((each.went for each in shown if each.scene.tell is sent_back), None)
        if longest is not None:
            history = (await self._desk.history(longest.id))["history"]
            console.print(
                f"\n[bold]The whole way of one of them, case {history['number']}[/], by the policy clock (UTC)"
            )
            for line in report.story(history):
                console.print(line)
        console.print()

    def _letters(self, case_id: UUID, evidence: Evidence, mails: Mapping[str, Sequence[Mail]]) -> list[Arrived]:
        """The letters about a case that are in the sink, as their readers have them."""
        return [
            Arrived(mail.number, copy, letter)
            for notification, copy in letters_of(case_id, evidence.events.get(case_id, ())).items()
            for mail in mails[str(notification)]
            if (letter := self._mailbox.letter(mail.number))
        ]


def _analyst(keys: Path) -> str:
    return DevelopmentIssuer(keys).staff("whoever-watches", [Role.ANALYST, Role.OPERATOR])
