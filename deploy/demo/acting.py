"""One case's plan, carried out step by step: by officers at their queues, by the SRO, by the requestor at the page."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from deploy.demo.lines import Line
from deploy.demo.looked import Looked
from deploy.demo.people import Board, PostOffice, Staff
from deploy.demo.seen import Seen
from shared.calling.instances import Instances, Refusal
from shared.calling.requests import Page
from shared.calling.staff import without_nothing
from shared.contracts.vocabulary import EventType

NOW_AND_THEN_SECONDS: Final = 1.5
"""How often somebody looks at the page of whom no letter has come."""

HEADQUARTERS_ZONE: Final = ZoneInfo("America/New_York")
TRIES: Final = 20
AGAIN: Final = frozenset(
    {
        "facts_changed",
        "not_claimed_by_you",
        "claimed_by_another",
        "field_office_record_missing",
        "no_review_now",
        "busy",
        "not_yet",
        "pre_approval_missing",
        "no_pre_approval_needed",
        "reason_not_allowed",
    }
)
"""Refusals after which one looks again and goes on."""

_FORM: Final = {
    ("custody", "status"): "custody_status",
    ("custody", "facility", "name"): "facility_name",
    ("custody", "facility", "state"): "facility_state",
    ("custody", "facility", "county"): "facility_county",
}


class Stuck(Exception):
    """A step could not be done. Names the step and a code, never a person."""


@dataclass(slots=True)
class World:
    """Where the plan is carried out."""

    intake: Instances
    staff: Staff
    seen: Seen
    post: PostOffice


@dataclass(slots=True)
class Case:
    """One case on its way. `step` says where it stands; `looked`: what was read of it meanwhile."""

    line: Line
    world: World
    link: str | None = None
    step: str = "submitted"
    failed: str = ""
    looked: Looked = field(default_factory=Looked, init=False)
    letters_read: int = field(default=0, init=False)
    _number: int = field(default=0, init=False)

    @property
    def id(self) -> UUID:
        return self.line.case_id

    async def carry_out(self) -> None:
        """All steps; then wait for the resolution. Raises `Stuck`, `Refusal`, `Unreachable`."""
        submitted = await self.world.seen.first(self.id, EventType.REQUEST_SUBMITTED, EventType.REQUEST_REJECTED)
        if submitted.type is EventType.REQUEST_REJECTED:
            raise Stuck("was rejected")
        for number, step in enumerate(self.line.steps):
            self.step, self._number = step, number
            await self._do(step, number)
        self.step = "waiting for the resolution"
        await self.world.seen.first(self.id, EventType.RESOLUTION_ISSUED)
        self.step = "carrying out the resolution"
        await self._carried_out(EventType.RESOLUTION_ISSUED)
        self.step = "resolved"

    async def _do(self, step: str, number: int) -> None:
        name, _, choice = step.partition(":")
        key = f"{self.line.key}.{number}"
        match name:
            case "claim" | "decide":
                office = await self._office()
                await (self._claim(office, key) if name == "claim" else self._decide(office, step, choice, key))
            case "sro_claim":
                await self._claim(self.world.staff.headquarters, key)
            case "sro_decide":
                await self._decide(self.world.staff.headquarters, step, choice, key)
            case "sro_remand":
                said = {"reasons": self.line.plan["reasons"][step], "text": "Please look at this once more."}
                await self._at(self.world.staff.headquarters, "remand", said, key)
            case "forward":
                await self._forward(self.world.staff.to_be_assigned, self.line.plan["forward_to"], key)
            case "pass_on":
                await self._forward(
                    self.world.staff.office(self.line.plan["forward_to"]), self.line.plan["pass_to"], key
                )
            case "review":
                await self._review(choice, key)
            case "withdraw":
                await self._where_the_plan_says(number)
                await self._insist(lambda: self._withdraw(key))
                await self._insist(lambda: self._confirm_withdrawal(key))
            case "amend":
                await self._change_facts(key)
            case "lapse" | "silence":
                pass  # Nobody does anything; what follows waits for what comes of it.
            case _:
                raise Stuck(f"{step} is no step that anybody knows")

    async def _change_facts(self, key: str) -> None:
        """Tell on the page what has changed; look where the case stands in its queue before and afterwards."""
        form = amend_form(self.line.plan["amend"])
        await self.world.seen.first(self.id, EventType.TRIAGE_ASSIGNED)
        before = await self.world.staff.office(self.line.expect["office"]).stand(self.id)
        await self._insist(lambda: self._amend(form, key))
        await self._assessed_anew()
        self.looked.moved = (before, await (await self._office()).stand(self.id))

    async def _assessed_anew(self) -> None:
        """Wait until triage has told what the amendment makes of the case: an officer might decide sooner."""
        wanted = self.line.expect.get("after_amendment")
        if wanted is not None:
            await self.world.seen.until(
                lambda: [
                    event
                    for event in self.world.seen.of(self.id, EventType.TRIAGE_ASSIGNED)
                    if (event.data.office, str(event.data.urgency)) == (wanted["office"], wanted["urgency"])
                ]
            )

    async def _office(self) -> Board:
        return self.world.staff.office(self._office_code())

    def _office_code(self) -> str:
        plan, expect = self.line.plan, self.line.expect
        code = plan.get("pass_to") or plan.get("forward_to") or expect.get("after_amendment", expect)["office"]
        if code is None:
            raise Stuck("has no office to be considered by")
        return str(code)

    async def _carried_out(self, by: EventType) -> None:
        """The office does what was granted, on that day, and says so; nothing where all was done before."""
        seen = self.world.seen
        done = {relief for event in seen.of(self.id, EventType.RESOLUTION_COMPLETED) for relief in event.data.granted}
        granting = seen.of(self.id, by)[-1]
        if done.issuperset(granting.data.granted):
            return
        board = self.world.staff.carrying_out(self._office_code())
        await board.listed(self.id)
        day = granting.time.astimezone(HEADQUARTERS_ZONE).date().isoformat()
        key = f"{self.line.key}.carried-out-{by}"
        await self._insist(lambda: board.desk.do(self.id, "carried-out", {"on": day}, key=key))
        await seen.until(
            lambda: [
                event
                for event in seen.of(self.id, EventType.RESOLUTION_COMPLETED)
                if not done.issuperset(event.data.granted)
            ]
        )

    async def _claim(self, board: Board, key: str) -> None:
        self.looked.entries[self._number] = await board.listed(self.id)
        await self._insist(lambda: board.desk.do(self.id, "claim", {}, key=key))

    async def _decide(self, board: Board, step: str, outcome: str, key: str) -> None:
        plan = self.line.plan
        said: dict[str, Any] = {
            "outcome": "DECLINED" if outcome == "PARTLY" else outcome,
            "reasons": plan["reasons"].get(step, []),
            "text": "Decided as the file of this demonstration says.",
        }
        if outcome == "REFERRED":
            said["referred_to"] = plan["referred_to"]
        if outcome == "MOOT":
            said["moot_because"] = plan["moot_because"]

        async def answered(case: Mapping[str, Any]) -> Mapping[str, Any]:
            answers = answers_to(outcome, case["to_answer"], plan.get("granted", []))
            approval = case.get("pre_approval")
            if answers.get("declined") and approval and approval["needed"] and not approval["given"]:
                await self._approved_in_advance(case["facts_version"])
            kind = said["outcome"]
            return {**answers, "reasons": reasons_that_fit(said["reasons"], case["reasons"], kind)}

        before = len(self.world.seen.of(self.id, EventType.TRIAGE_COMPLETED))
        await self._at(board, "decide", said, key, more=answered)
        if board is not self.world.staff.headquarters:
            self.step = "carrying out what the office granted"
            await self.world.seen.until(lambda: self.world.seen.of(self.id, EventType.TRIAGE_COMPLETED)[before:])
            await self._carried_out(EventType.TRIAGE_COMPLETED)

    async def _approved_in_advance(self, facts_version: int) -> None:
        """The office's director justifies the decline in writing, before the officer decides."""
        said = {"facts_seen": facts_version, "text": "The action is justified, as the file of this demonstration says."}
        await self.world.staff.director(self._office_code()).do(self.id, "pre-approval", said)

    async def _forward(self, board: Board, to: str, key: str) -> None:
        await board.listed(self.id)
        said = {"office": to, "text": "The person is now in this office's area."}
        await self._at(board, "forward", said, key)

    async def _at(
        self,
        board: Board,
        what: str,
        said: Mapping[str, Any],
        key: str,
        *,
        more: Callable[[Mapping[str, Any]], Awaitable[Mapping[str, Any]]] | None = None,
    ) -> None:
        """Do it with the facts as they are now; when they change meanwhile, or the claim is lost, look again.

        `more`: what is said besides, of the case as it is on the screen.
        """

        async def once() -> None:
            case = self.looked.screens[self._number] = await board.desk.case(self.id)
            besides = await more(case) if more else {}
            body = without_nothing({**said, **besides}) | {"facts_seen": case["facts_version"]}
            await board.desk.do(self.id, what, body, key=key)

        async def lost_claim() -> None:
            await board.desk.do(self.id, "claim", {})

        await self._insist(once, lost_claim=lost_claim if what != "forward" else None)

    async def _review(self, ground: str, key: str) -> None:
        """Ask for review as soon as the page offers this ground."""
        page = await self._offered(ground)
        await self._insist(lambda: page.review(ground, words="Please look at what was not considered.", key=key))

    async def _offered(self, ground: str) -> Page:
        """The page, once it offers a review on this ground, or on any."""
        page = await self._page()
        while not (grounds := (said := await page.look()).get("grounds")) or (ground and ground not in grounds):
            if said["stage"] == "resolved":
                raise Stuck("was resolved before review could be asked for")
            await self._letter_or_a_while()
        return page

    async def _where_the_plan_says(self, number: int) -> None:
        """Who withdraws at headquarters does so once the case is in that queue, not while it is on its way there; who
        withdraws after a decline, once the page offers a review."""
        before = [step.partition(":")[0] for step in self.line.steps[:number]]
        if "review" in before:
            await self.world.seen.first(self.id, EventType.REVIEW_ESCALATED)
        elif "decide" in before:
            await self._offered("")

    async def _withdraw(self, key: str) -> None:
        await (await self._page()).withdraw(key=key)

    async def _confirm_withdrawal(self, key: str) -> None:
        """Where the requestor's word alone is not enough, staff have asked the noncitizen, and confirm."""
        desk = self.world.staff.confirming
        case = await desk.case(self.id)
        if "withdrawal_waits_since" in case:
            await desk.do(self.id, "withdrawal", {"facts_seen": case["amendment"], "confirmed": True}, key=key)

    async def _amend(self, form: Mapping[str, str], key: str) -> None:
        await (await self._page()).amend(form, key=key)

    async def _page(self) -> Page:
        """The page behind the private link: from the answer, or from the first letter."""
        if self.link is None:
            address = self.line.email
            if address is None:
                raise Stuck("has no address to which the link could be sent")
            self.link = (await self.world.post.beyond(address, self.id, 0))[0].link
        return Page(self.world.intake, self.link)

    async def _letter_or_a_while(self) -> None:
        """Wait for the next letter, but not for ever: the page may say more."""
        if self.line.email is None:
            await asyncio.sleep(NOW_AND_THEN_SECONDS)
            return
        try:
            async with asyncio.timeout(NOW_AND_THEN_SECONDS):
                self.letters_read = len(await self.world.post.beyond(self.line.email, self.id, self.letters_read))
        except TimeoutError:
            return

    async def _insist(
        self,
        act: Callable[[], Awaitable[Any]],
        *,
        lost_claim: Callable[[], Awaitable[Any]] | None = None,
    ) -> None:
        for attempt in range(TRIES):
            try:
                await act()
                return
            except Refusal as refusal:
                if refusal.code not in AGAIN or attempt == TRIES - 1:
                    raise
                if refusal.code == "not_claimed_by_you" and lost_claim is not None:
                    await lost_claim()
                await asyncio.sleep(0.2)


def answers_to(outcome: str, to_answer: Sequence[str], granted: Sequence[str]) -> dict[str, list[str]]:
    """What a decision says of each relief that it has to answer. `granted`: what the plan grants of it, or besides."""
    asked = list(to_answer)
    match outcome:
        case "FAVOURABLE":
            return {"granted": list(dict.fromkeys([*asked, *granted]))}
        case "PARTLY" | "OVERRIDDEN":
            given = [relief for relief in granted if relief in asked] or asked[:1]
            return {"granted": given, "declined": [relief for relief in asked if relief not in given]}
        case "DECLINED" | "UPHELD":
            return {"declined": asked}
        case "MOOT" | "NO_ACTION":
            return {"moot": asked}
        case _:
            return {}


def reasons_that_fit(planned: Sequence[str], offered: Sequence[Mapping[str, Any]], outcome: str) -> list[str]:
    """The plan's reasons, as far as the guidance in force has them; on a slow machine another one is, in the end.

    `offered`: what the screen says may be given, and for which outcomes.
    """
    fitting = [each["code"] for each in offered if outcome in each["outcomes"]]
    return [code for code in planned if code in fitting] or (fitting[:1] if planned else [])


def amend_form(change: Mapping[str, Any]) -> dict[str, str]:
    """A change as the page's form has it."""
    form: dict[str, str] = {}
    for place, name in _FORM.items():
        node: Any = change
        for step in place:
            node = node.get(step) if isinstance(node, Mapping) else None
        if node:
            form[name] = str(node)
    return form
