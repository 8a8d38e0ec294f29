"""Whether anything was lost, done twice, or came out otherwise than planned. Pure: it compares what others have read.

It uses nothing of the services: what a line must lead to is in the committed file, and which letters a case makes is
written down once more in `letters.py`.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from deploy.demo.letters import Copy, Events, letters_of, recorded_of
from deploy.demo.lines import Line
from shared.calling.sent import Answer, Sent
from shared.contracts.envelope import Event
from shared.contracts.vocabulary import EventType, Letter, MailResult, Recipient
from shared.messaging.submitting import Place


@dataclass(slots=True)
class Findings:
    """What is wrong, in sentences that name lines and codes, never persons."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    different: list[str] = field(default_factory=list)
    unseen: list[str] = field(default_factory=list)

    @property
    def none(self) -> bool:
        return not (self.lost or self.doubled or self.different or self.unseen)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is to be compared: the file, the sender's ledger, the topics, the dead letters' places and the mail sink."""

    lines: Sequence[Line]
    sent: Mapping[int, Sent]
    events: Events
    dead: Mapping[tuple[str, int, int], str]
    mails: Sequence[str]
    """The Message-ID of every message in the sink, each as often as it came."""

    def of(self, case_id: UUID, kind: EventType) -> list[Event[Any]]:
        return sorted((e for e in self.events.get(case_id, ()) if e.type is kind), key=lambda e: e.seq)


def judge(evidence: Evidence, *, faults: bool = False) -> Findings:
    """Compare everything. With `faults` (a kill), letters may be uncertain, which staff are shown: that is no loss."""
    findings = Findings()
    by_number = {line.number: line for line in evidence.lines}
    for line in evidence.lines:
        sent = evidence.sent.get(line.number)
        if sent is None:
            findings.lost.append(f"Line {line.number} was not answered.")
            continue
        match line.counts_as:
            case "submitted":
                _submitted(line, sent, evidence, findings)
                _warned(line, evidence, by_number, findings)
            case "rejected":
                _rejected(line, sent, evidence, findings)
            case "duplicate":
                _duplicate(line, sent, evidence, by_number, findings)
            case _:
                _refused(line, sent, evidence, findings)
    _strangers(evidence, findings)
    _letters(evidence, findings, faults=faults)
    return findings


def _submitted(line: Line, sent: Sent, evidence: Evidence, findings: Findings) -> None:
    told = f"Line {line.number}"
    accepted = evidence.of(line.case_id, EventType.REQUEST_SUBMITTED)
    if line.channel == "http" and sent.answer is not Answer.ACCEPTED:
        findings.different.append(f"{told} was answered {sent.status}, and should have been accepted.")
    if not accepted:
        findings.lost.append(f"{told} became no case.")
        return
    if len(accepted) > 1:
        findings.doubled.append(f"{told} was submitted {len(accepted)} times.")
    said = accepted[0].data
    if sent.number and sent.number != said.number:
        findings.different.append(f"{told} was answered another number than its case has.")
    if (incomplete := [str(code) for code in said.incomplete]) != line.expect["incomplete"]:
        findings.different.append(f"{told} lacks {incomplete}, expected {line.expect['incomplete']}.")
    _assigned(line, evidence, findings)
    _resolved(line, evidence, findings)


READ_WITHIN = timedelta(days=10)
"""Policy time: ten seconds of the demo's clock, on a machine that is busy."""


def _warned(line: Line, evidence: Evidence, by_number: Mapping[int, Line], findings: Findings) -> None:
    """Officers are told of an earlier case about the same person while that one is open.

    A request has the time at which it came, and is looked at when it is read: the other may have ended in between.
    """
    double = line.expect.get("double_of_line")
    accepted = evidence.of(line.case_id, EventType.REQUEST_SUBMITTED)
    if double is None or not accepted or accepted[0].data.possible_double_of is not None:
        return
    ended = evidence.of(by_number[double].case_id, EventType.RESOLUTION_ISSUED)
    if not ended or ended[0].time > accepted[0].time + READ_WITHIN:
        findings.different.append(f"Line {line.number} is about the person of line {double}, and nobody is told.")


def _assigned(line: Line, evidence: Evidence, findings: Findings) -> None:
    told = evidence.of(line.case_id, EventType.TRIAGE_ASSIGNED)
    if not told:
        findings.lost.append(f"Line {line.number} was never assigned.")
        return
    wanted = [(told[0], line.expect)]
    if after := line.expect.get("after_amendment"):
        amended = next(
            (e for e in told if (e.data.office, str(e.data.urgency)) == (after["office"], after["urgency"])), None
        )
        wanted.append((amended or told[-1], after))
    for event, expected in wanted:
        found = (event.data.office, str(event.data.urgency))
        if found != (expected["office"], expected["urgency"]):
            findings.different.append(
                f"Line {line.number} was assigned {found}, expected {(expected['office'], expected['urgency'])}."
            )


def _resolved(line: Line, evidence: Evidence, findings: Findings) -> None:
    issued = evidence.of(line.case_id, EventType.RESOLUTION_ISSUED)
    if not issued:
        findings.lost.append(f"Line {line.number} has no resolution ({line.plan['ending']}).")
        return
    if len(issued) > 1:
        findings.doubled.append(f"Line {line.number} was resolved {len(issued)} times.")
    _answered(line, evidence, findings)
    wanted = line.plan["resolution"]
    found = {"stage": str(issued[0].data.stage), "outcome": str(issued[0].data.outcome)}
    if found != wanted:
        findings.different.append(f"Line {line.number} was resolved {found}, expected {wanted}.")


def _answered(line: Line, evidence: Evidence, findings: Findings) -> None:
    """Each relief that was asked for is granted, declined or moot; what was granted is carried out once, and stands."""
    told, granted = f"Line {line.number}", Counter[str]()
    asked = [str(relief) for relief in evidence.of(line.case_id, EventType.REQUEST_SUBMITTED)[0].data.relief_sought]
    for event in evidence.of(line.case_id, EventType.TRIAGE_COMPLETED):
        said = event.data
        if str(said.outcome) in {"NO_ANSWER", "REFERRED"}:
            continue
        parts = [str(relief) for relief in (*said.granted, *said.declined, *said.moot)]
        if not {*(asked or ["OTHER"])} <= {*parts, *granted} or len(parts) != len({*parts}):
            findings.different.append(f"{told} asked for {asked}, and round {said.round} answered {parts}.")
        granted.update({str(relief) for relief in said.granted} - granted.keys())
        _approved(told, said, findings)
    resolution = evidence.of(line.case_id, EventType.RESOLUTION_ISSUED)[0].data
    if str(resolution.outcome) != "WITHDRAWN" and not granted.keys() <= {str(each) for each in resolution.granted}:
        findings.lost.append(f"{told} was granted {sorted(granted)}, and the resolution does not say so.")
    granted.update({str(relief) for relief in resolution.granted} - granted.keys())
    done = Counter(str(e) for c in evidence.of(line.case_id, EventType.RESOLUTION_COMPLETED) for e in c.data.granted)
    findings.lost += [f"{told}: {relief} was granted, and not carried out." for relief in granted.keys() - done.keys()]
    findings.doubled += [f"{told}: {relief} was carried out {n} times." for relief, n in done.items() if n > 1]


def _approved(told: str, said: Any, findings: Findings) -> None:
    """Policy 11090.1: whom it presumes no priority nobody declines without a second person's approval."""
    rule = str(said.guidance).startswith("JOHNSON") and said.declined and not said.presumption.categories
    approval = said.pre_approval
    if bool(rule) != bool(approval):
        findings.different.append(f"{told} was declined under {said.guidance}, approved in advance: {bool(approval)}.")
    elif approval and approval.by == said.decided_by:
        findings.different.append(f"{told} was approved in advance by whoever decided it.")


def _rejected(line: Line, sent: Sent, evidence: Evidence, findings: Findings) -> None:
    told = f"Line {line.number}"
    rejected = evidence.of(line.case_id, EventType.REQUEST_REJECTED)
    if not rejected:
        findings.lost.append(f"{told} should have been rejected, and nothing was said.")
        return
    if len(rejected) > 1:
        findings.doubled.append(f"{told} was rejected {len(rejected)} times.")
    codes = [str(code) for code in rejected[0].data.codes]
    if codes != line.expect["codes"]:
        findings.different.append(f"{told} was rejected for {codes}, expected {line.expect['codes']}.")
    if line.channel == "http" and (sent.answer is not Answer.REJECTED or list(sent.codes) != codes):
        findings.different.append(
            f"{told} was answered {sent.status} {list(sent.codes)}, and was rejected for {codes}."
        )


REFUSED_AS = {
    "not_json": "unreadable",
    "not_an_event": "unreadable",
    "wrong_type": "wrong_body",
    "wrong_value": "wrong_body",
}
"""What a dead letter's reason begins with, where it can be told."""


def _refused(line: Line, sent: Sent, evidence: Evidence, findings: Findings) -> None:
    told, reason = f"Line {line.number}", line.expect["reason"]
    if line.channel == "http":
        if sent.answer is not Answer.REFUSED or sent.status != line.expect["status"]:
            findings.different.append(
                f"{told} was answered {sent.status}, expected {line.expect['status']} ({reason})."
            )
    elif sent.place is None or sent.place not in evidence.dead:
        findings.lost.append(f"{told} should be a dead letter ({reason}), and is none.")
    elif not evidence.dead[sent.place].startswith(REFUSED_AS.get(reason, "")):
        findings.different.append(f"{told} is a dead letter as {evidence.dead[sent.place]!r}, expected {reason}.")
    if line.key and reason != "key_reused" and evidence.events.get(line.case_id):
        findings.different.append(f"{told} should have been refused ({reason}), and is known as a case.")


def _duplicate(line: Line, sent: Sent, evidence: Evidence, by_number: Mapping[int, Line], findings: Findings) -> None:
    told, of_line = f"Line {line.number}", by_number[line.expect["of_line"]]
    first = evidence.sent.get(of_line.number)
    if line.case_id != of_line.case_id:
        findings.different.append(f"{told} repeats line {of_line.number} under another key.")
    if sent.place is not None and sent.place in evidence.dead:
        findings.different.append(f"{told} repeats line {of_line.number}, and became a dead letter.")
    if first and (sent.answer, sent.number, sent.link) != (first.answer, first.number, first.link):
        findings.different.append(f"{told} repeats line {of_line.number}, and was answered otherwise.")


def _strangers(evidence: Evidence, findings: Findings) -> None:
    """Cases and dead letters that no line explains."""
    known = {line.case_id for line in evidence.lines if line.key}
    findings.different += [f"Case {case_id} comes of no line." for case_id in evidence.events if case_id not in known]
    refused = {
        sent.place
        for line in evidence.lines
        if line.counts_as == "refused" and (sent := evidence.sent.get(line.number)) and sent.place
    }
    for place, reason in evidence.dead.items():
        if place not in refused:
            findings.different.append(f"The record {place} is a dead letter ({reason}), and should not be.")


UNDECIDED = frozenset({MailResult.UNCERTAIN, MailResult.FAILED})
MUST_ARRIVE = frozenset({Letter.RECEIVED, Letter.RESOLVED})
"""The letters that every requestor with an address must get, whatever else happens."""


def _letters(evidence: Evidence, findings: Findings, *, faults: bool) -> None:
    copies = Counter(evidence.mails)
    known: dict[str, Copy] = {}
    for case_id, events in evidence.events.items():
        recorded, due = recorded_of(events), letters_of(case_id, events)
        known |= {str(notification): copy for notification, copy in due.items()}
        for notification, copy in due.items():
            _one_letter(copy, recorded.get(notification), copies[str(notification)], findings, faults=faults)
        findings.different += [
            f"Case {case_id} has a letter {notification} that nothing explains."
            for notification in recorded.keys() - due.keys()
        ]
    findings.different += [f"The message {sent} is none of our letters." for sent in copies.keys() - known.keys()]
    _twice(copies, known, findings)
    _must_arrive(evidence, findings)


def _one_letter(copy: Copy, result: MailResult | None, in_sink: int, findings: Findings, *, faults: bool) -> None:
    told = f"The letter {copy.letter} ({copy.role}) of case {copy.case_id}"
    if result is None:
        findings.lost.append(f"{told} was neither sent nor recorded.")
    elif result is MailResult.SENT and in_sink == 0:
        findings.lost.append(f"{told} is recorded as sent, and the sink has not got it.")
    elif result is MailResult.SUPPRESSED and in_sink:
        findings.different.append(f"{told} is recorded as suppressed, and was sent.")
    elif result in UNDECIDED and not faults:
        findings.different.append(f"{told} is {result}, and nothing had been broken.")


def _twice(copies: Mapping[str, int], known: Mapping[str, Copy], findings: Findings) -> None:
    """Copies per (case, letter, role, round): every count by causing event is in it, and two causes of one letter."""
    sent: dict[tuple[UUID, Letter, Recipient, int], int] = defaultdict(int)
    for message, count in copies.items():
        if (copy := known.get(message)) is not None:
            sent[copy[:4]] += count
    findings.doubled += [
        f"The letter {letter} ({role}, round {round_}) of case {case_id} was sent {count} times."
        for (case_id, letter, role, round_), count in sent.items()
        if count > 1
    ]


def _must_arrive(evidence: Evidence, findings: Findings) -> None:
    copies = set(evidence.mails)
    for line in evidence.lines:
        if (
            line.counts_as != "submitted"
            or not line.email
            or not evidence.of(line.case_id, EventType.REQUEST_SUBMITTED)
        ):
            continue
        events = evidence.events[line.case_id]
        recorded = recorded_of(events)
        for notification, copy in letters_of(line.case_id, events).items():
            must = copy.letter in MUST_ARRIVE and copy.role is Recipient.REQUESTOR
            if must and str(notification) not in copies and recorded.get(notification) not in UNDECIDED:
                findings.lost.append(f"Line {line.number}: the requestor never got the letter {copy.letter}.")


def place_of(place: Place) -> tuple[str, int, int]:
    """A place as ledger and dead letters have it."""
    return (place.topic, place.partition, place.offset)
