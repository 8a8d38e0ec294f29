"""Six scenes, each told of one case from what was read back of it; None where the case does not show it. Pure.

What was read back: the queue's entries and the staff's screens as they were at that moment (`looked.py`), the events
of the topics, the letters of the mail sink. Nothing is told that the demo only knows because it did it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from deploy.demo.letters import Copy
from deploy.demo.lines import Line
from deploy.demo.looked import Looked
from deploy.local.mailbox import Letter as Read
from shared.contracts.envelope import Event
from shared.contracts.vocabulary import NEVER_REQUIRED, CustodyStatus, EventType, Letter, Stage, TriageOutcome, Urgency

EASTERN: Final = "America/New_York"
SPANISH: Final = "es"
UNDETERMINED: Final = "UNDETERMINED"
_URGENT: Final = {
    Urgency.REMOVAL_IMMINENT: "about to be removed",
    Urgency.DETAINED: "detained, as far as anybody knows",
}


@dataclass(frozen=True, slots=True)
class Arrived:
    """A letter as somebody reads it, its number in the mail sink, and which letter it is a copy of."""

    number: int
    copy: Copy
    read: Read


@dataclass(frozen=True, slots=True)
class Went:
    """A case that went its way: what was read of it meanwhile, its events in order, and its letters when asked for."""

    line: Line
    looked: Looked
    events: Sequence[Event[Any]]
    letters: Callable[[], Sequence[Arrived]]

    def of(self, kind: EventType) -> list[Event[Any]]:
        """Its events of one type."""
        return [event for event in self.events if event.type is kind]

    @property
    def id(self) -> UUID:
        return self.line.case_id

    @property
    def number(self) -> str:
        """Its case number; empty when it became no case."""
        return next((str(event.data.number) for event in self.of(EventType.REQUEST_SUBMITTED)), "")

    def step(self, name: str, *, after: int = -1) -> int:
        """The place of the first such step of its plan, beyond another one."""
        steps = [step.partition(":")[0] for step in self.line.steps]
        return steps.index(name, after + 1)


@dataclass(frozen=True, slots=True)
class Told:
    """A scene in sentences. `shows`: how much of it one sees on this case; the case with the most is told."""

    said: tuple[str, ...]
    look: str
    quoted: tuple[str, ...] = ()
    shows: int = 0


def moved_up(went: Went) -> Told | None:
    """Custody changed: the queue has the case among the detained, before every routine one, and says why."""
    before, after = went.looked.moved
    detained = [e for e in went.of(EventType.REQUEST_AMENDED) if _custody(e) is CustodyStatus.DETAINED]
    if before is None or after is None or not detained:
        return None
    if (before.entry["urgency"], after.entry["urgency"]) != (Urgency.ROUTINE, Urgency.DETAINED):
        return None
    office, why = after.entry["office"], after.entry["why"]
    if Urgency.ROUTINE in after.ahead or not any("custody" in sentence for sentence in why):
        return None
    return Told(
        (
            f"Before: routine, place {before.place} of {before.total} at {office}, due {_due(before.entry)}.",
            "The requestor says on the private page that the person is detained now.",
            f"After:  detained, place {after.place} of {after.total}, due {_due(after.entry)}.",
            f"The queue says why: {' '.join(why)}",
        ),
        f"queue --office {office}",
        shows=before.place - after.place,
    )


def passed_on(went: Went) -> Told | None:
    """One office forwarded the case to another, whose officer has it in the queue and reads the reason."""
    step = went.step("pass_on")
    gave, entry, got = (
        went.looked.screens.get(step),
        went.looked.entries.get(step + 1),
        went.looked.screens.get(step + 2),
    )
    if gave is None or entry is None or got is None:
        return None
    to = entry["office"]
    moved = next((e for e in went.of(EventType.TRIAGE_ASSIGNED) if e.data.office == to), None)
    reason = (got["personal"] or {}).get(f"assigned_{moved.data.revision}", {}).get("text") if moved else None
    if not reason or gave["office"] in (None, to) or got["office"] != to:
        return None
    kept = gave["answer_due"] == got["answer_due"]
    return Told(
        (
            f"The case lay with {gave['office']}. Its officer forwards it to {to}, whose queue has it from then on.",
            f'The reason, as the officer at {to} reads it: "{reason}"',
            *((f"The clock goes on: it is due {_due(entry)}, as before.",) if kept else ()),
        ),
        f"case show {went.number}",
        shows=kept,
    )


def sent_back(went: Went) -> Told | None:
    """Headquarters sent the case back, the office considered it a second time, and headquarters looked again."""
    at_office, at_headquarters = went.of(EventType.TRIAGE_COMPLETED), went.of(EventType.REVIEW_ESCALATED)
    remands, ends = went.of(EventType.REVIEW_REMANDED), went.of(EventType.RESOLUTION_ISSUED)
    second = next((e for e in at_office if e.data.round == 2 and e.data.outcome is not TriageOutcome.NO_ANSWER), None)
    again = next((e for e in at_headquarters if e.data.round == 2), None)
    step = went.step("decide", after=went.step("sro_remand"))
    screen = went.looked.screens.get(step)
    if not remands or second is None or again is None or screen is None or not screen["sent_back_for"]:
        return None
    if not ends or ends[0].data.stage is not Stage.SRO:
        return None
    why = " ".join(reason["sentence"]["en"] for reason in screen["sent_back_for"])
    return Told(
        (
            f"{_day(at_office[0].time)}: {second.data.office} considers it: {_word(at_office[0].data.outcome)}.",
            f"{_day(remands[0].time)}: headquarters sends it back. The officer reads why: {why}",
            f"{_day(second.time)}: {second.data.office} considers it a second time: {_word(second.data.outcome)}.",
            f"{_day(again.time)}: so it goes before headquarters again by itself.",
            f"{_day(ends[0].time)}: the resolution: {_word(ends[0].data.outcome)}, by headquarters.",
        ),
        f"case show {went.number}",
        shows=went.line.email is not None,
    )


def in_spanish(went: Went) -> Told | None:
    """The letter that says that the request was received, as its reader has it."""
    received = (a for a in went.letters() if a.copy.letter is Letter.RECEIVED and a.read.language == SPANISH)
    letter = next((each for each in received if went.number in each.read.text), None)
    if letter is None:
        return None
    text = tuple(line for line in letter.read.text.strip().splitlines())
    return Told((f"Subject: {letter.read.subject}",), f"mail show {letter.number}", quoted=text)


def left_open(went: Went) -> Told | None:
    """The officer's screen leaves a category undetermined, and names the questions that would settle it."""
    screen = went.looked.screens.get(went.step("decide")) or {}
    findings = (screen.get("presumption") or {}).get("findings") or ()
    questions = [
        (f["category"], q["sentence"]) for f in findings if f["standing"] == UNDETERMINED for q in f["questions"]
    ]
    if not questions:
        return None
    said = [f"The officer at {screen['office']} sees, under the {_lower(screen['presumption']['guidance']['name'])}:"]
    for finding in findings:
        said.append(f"  {_word(finding['category'])}: {_word(finding['standing'])}")
        said += [f"    ? {question}" for category, question in questions if category == finding["category"]]
    said.append("What nobody knows is never a no. It is a presumption for the officer, and told to nobody outside.")
    categories = {category for category, _ in questions}
    return Told(
        tuple(said),
        f"presumption {went.number}   (as long as its office has it)",
        shows=(10 if len(categories) == 2 else 0) - len(questions),
    )


def not_sent_away(went: Went) -> Told | None:
    """An urgent request that lacks something went to the office's queue, which says what is missing."""
    entry = went.looked.entries.get(went.step("claim")) or {}
    lacks = [str(code) for e in went.of(EventType.REQUEST_SUBMITTED) for code in e.data.incomplete]
    if not set(lacks) - NEVER_REQUIRED or entry.get("missing") != lacks or entry["urgency"] == Urgency.ROUTINE:
        return None
    if went.of(EventType.REQUEST_REJECTED):
        return None
    what = ", ".join(map(_lacks, lacks))
    return Told(
        (
            f"It came with {what}. A routine request would be sent back, to be mended.",
            f"This person is {_URGENT[entry['urgency']]}, so it is accepted. The queue of {entry['office']} says:",
            f"  {_word(entry['urgency'])}, due {_due(entry)}, missing: {what}",
        ),
        f"case show {went.number}",
        shows=10 * (entry["urgency"] == Urgency.REMOVAL_IMMINENT) - len(lacks),
    )


def _custody(event: Event[Any]) -> CustodyStatus | None:
    return event.data.custody.status if event.data.custody else None


def _due(entry: Any) -> str:
    """When an answer is due, as people at that place read it."""
    local = datetime.fromisoformat(entry["answer_due"]).astimezone(ZoneInfo(entry.get("zone") or EASTERN))
    return f"{local:%a} {local.day} {local:%b %H:%M %Z}"


def _day(moment: datetime) -> str:
    local = moment.astimezone(ZoneInfo(EASTERN))
    return f"{local.day:2} {local:%B}"


def _word(code: Any) -> str:
    return str(code).replace("_", " ").lower()


def _lacks(code: str) -> str:
    return _word(code).replace("a number", "A-number")


def _lower(name: str) -> str:
    return name[:1].lower() + name[1:]
