"""The demo's judge: it finds nothing in a run that went as planned, and each planted fault by its name."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4, uuid5

import pytest

from deploy.demo.letters import unsettled_letters
from deploy.demo.lines import Line, line_of
from deploy.demo.oracle import Evidence, Findings, judge
from deploy.demo.report import last_line
from deploy.demo.seen import Seen
from deploy.demo.sending import longest_first
from shared.calling.sent import Answer, Sent
from shared.contracts import events as e
from shared.contracts.envelope import Event, EventData, dataschema, encode
from shared.contracts.vocabulary import (
    ApproverRole,
    EventType,
    Letter,
    MailResult,
    Recipient,
    RejectCode,
    ReliefSought,
    RequestorType,
    ResolutionOutcome,
    ReviewGround,
    Stage,
    TriageOutcome,
    Urgency,
)
from shared.messaging.records import Record
from tests.known_ids import CASE_IDS

NOON = datetime(2021, 3, 9, 12, tzinfo=UTC)
PLACE = ("request.received", 0, 4)
TOLD_BY_MAIL = (Letter.RECEIVED, Letter.AT_THE_FIELD_OFFICE, Letter.CONSIDERED, Letter.RESOLVED, Letter.NOT_ACCEPTED)


def data(model: Any, **fields: Any) -> Any:
    """An event's data with only the fields that the judge looks at."""
    return model.model_construct(**fields)


def a_line(number: int, counts_as: str, *, channel: str = "http", **members: Any) -> Line:
    said = {"line": number, "channel": channel, "key": f"key-{number}", "plan": {}, "body": {"narrative": "please"}}
    return line_of({**said, **members, "expect": {"counts_as": counts_as, **members.get("expect", {})}}, CASE_IDS)


LAPSED = {
    "ending": "lapsed",
    "steps": ["claim", "decide:DECLINED", "lapse"],
    "resolution": {"stage": "FIELD_OFFICE", "outcome": "DECLINED"},
}
CASE = a_line(
    1,
    "submitted",
    expect={"office": "SNA", "urgency": "DETAINED", "incomplete": []},
    plan=LAPSED,
    body={"requestor": {"email": "somebody@example.org"}},
)
MENDABLE = a_line(2, "rejected", expect={"codes": ["NO_PLACE"]})
AGAIN = replace(a_line(3, "duplicate", expect={"of_line": 1}), key=CASE.key)
GARBAGE = a_line(4, "refused", channel="kafka", key=None, raw="e30=", expect={"reason": "not_an_event"})


@dataclass(slots=True)
class Run:
    """What a run leaves behind; made whole, for tests to break."""

    lines: list[Line] = field(default_factory=lambda: [CASE, MENDABLE, AGAIN, GARBAGE])
    sent: dict[int, Sent] = field(default_factory=dict)
    events: dict[UUID, list[Event[Any]]] = field(default_factory=dict)
    dead: dict[tuple[str, int, int], str] = field(default_factory=lambda: {PLACE: "unreadable; record: missing"})
    mails: list[str] = field(default_factory=list)

    def says(self, line: Line, said: EventData, *, seq: int | None = None) -> Event[Any]:
        of_case = self.events.setdefault(line.case_id, [])
        event = Event[Any].model_construct(
            id=uuid4(),
            type=said.type,
            source="?",
            subject=line.case_id,
            time=NOON,
            dataschema=dataschema(said.type),
            causationid=uuid4(),
            seq=seq or 1 + sum(each.type is said.type for each in of_case),
            data=said,
        )
        of_case.append(event)
        return event

    def mails_of(self, line: Line, letter: Letter, cause: Event[Any], result: MailResult = MailResult.SENT) -> UUID:
        notification = uuid5(line.case_id, f"{letter}:{cause.id}:{Recipient.REQUESTOR}")
        self.records(line, notification, letter, result)
        if result is MailResult.SENT:
            self.mails.append(str(notification))
        return notification

    def records(self, line: Line, notification: UUID, letter: Letter, result: MailResult) -> None:
        recorded = data(
            e.NotificationRecorded,
            notification=notification,
            letter=letter,
            role=Recipient.REQUESTOR,
            result=result,
            attempt=1,
            reply_class="",
        )
        self.says(line, recorded)

    def judged(self, *, faults: bool = False) -> Findings:
        return judge(self.evidence(), faults=faults)

    def evidence(self) -> Evidence:
        return Evidence(self.lines, self.sent, self.events, self.dead, self.mails)

    def of(self, line: Line, kind: EventType) -> Event[Any]:
        return next(event for event in self.events[line.case_id] if event.type is kind)

    def change(self, line: Line, kind: EventType, **fields: Any) -> None:
        event = self.of(line, kind)
        changed = event.model_copy(update={"data": event.data.model_copy(update=fields)})
        self.events[line.case_id] = [changed if each is event else each for each in self.events[line.case_id]]

    def forget(self, line: Line, kind: EventType) -> None:
        self.events[line.case_id] = [each for each in self.events[line.case_id] if each.type is not kind]


def submitted(number: str = "N1") -> Any:
    return data(
        e.RequestSubmitted,
        number=number,
        requestor_type=RequestorType.NONCITIZEN,
        incomplete=(),
        possible_double_of=None,
        relief_sought=(ReliefSought.RELEASE,),
    )


def assigned(revision: int = 1, office: str | None = "SNA") -> Any:
    return data(e.TriageAssigned, revision=revision, office=office, urgency=Urgency.DETAINED)


def resolved(outcome: ResolutionOutcome = ResolutionOutcome.DECLINED) -> Any:
    return data(e.ResolutionIssued, stage=Stage.FIELD_OFFICE, outcome=outcome)


@pytest.fixture(name="run")
def _run() -> Run:
    run = Run()
    accepted = Sent(line=1, key="key-1", answer=Answer.ACCEPTED, status=202, number="N1", link="L1")
    run.sent = {
        1: accepted,
        2: Sent(line=2, key="key-2", answer=Answer.REJECTED, status=422, number="N2", codes=("NO_PLACE",)),
        3: replace(accepted, line=3, replayed=True),
        4: Sent(line=4, key=None, answer=Answer.SENT, place=PLACE),
    }
    considered = data(
        e.TriageCompleted,
        round=1,
        outcome=TriageOutcome.DECLINED,
        declined=(ReliefSought.RELEASE,),
        decided_by="officer-1",
        guidance="JOHNSON_11090_1_2021_02_18",
        presumption=e.Presumed(),
        pre_approval=e.PreApproval(by="director-1", role=ApproverRole.FIELD_OFFICE_DIRECTOR, at=NOON),
    )
    causes = [run.says(CASE, said) for said in (submitted(), assigned(), considered, resolved())]
    rejected = data(e.RequestRejected, number="N2", codes=(RejectCode.NO_PLACE,))
    causes.append(run.says(MENDABLE, rejected))
    for letter, cause in zip(TOLD_BY_MAIL, causes, strict=True):
        run.mails_of(MENDABLE if letter is Letter.NOT_ACCEPTED else CASE, letter, cause)
    return run


def test_a_run_that_went_as_planned_has_no_findings(run: Run) -> None:
    found = run.judged()
    assert (found.lost, found.doubled, found.different) == ([], [], [])
    assert last_line(run.evidence(), found) == "submitted 1, rejected 1, resolved 1, e-mails 5, lost 0, doubled 0"


def no_answer(run: Run) -> None:
    del run.sent[2]


def acknowledged_but_no_case(run: Run) -> None:
    del run.events[CASE.case_id]
    run.mails = run.mails[-1:]


def never_resolved(run: Run) -> None:
    run.forget(CASE, EventType.RESOLUTION_ISSUED)
    run.forget(CASE, EventType.NOTIFICATION_RECORDED)
    for letter, kind in zip(
        TOLD_BY_MAIL, (EventType.REQUEST_SUBMITTED, EventType.TRIAGE_ASSIGNED, EventType.TRIAGE_COMPLETED), strict=False
    ):
        run.mails_of(CASE, letter, run.of(CASE, kind), MailResult.SUPPRESSED)
        run.records(CASE, uuid5(CASE.case_id, f"{letter}:{run.of(CASE, kind).id}:requestor"), letter, MailResult.SENT)
    del run.mails[3]


def never_assigned(run: Run) -> None:
    run.forget(CASE, EventType.TRIAGE_ASSIGNED)
    run.says(CASE, assigned(office=None))
    run.forget(CASE, EventType.TRIAGE_ASSIGNED)


GRANTED = {"granted": (ReliefSought.RELEASE,), "declined": (), "pre_approval": None}


def granted_and_not_carried_out(run: Run) -> None:
    run.change(CASE, EventType.TRIAGE_COMPLETED, **GRANTED)
    run.change(CASE, EventType.RESOLUTION_ISSUED, granted=(ReliefSought.RELEASE,))


def granted_and_not_in_the_resolution(run: Run) -> None:
    run.change(CASE, EventType.TRIAGE_COMPLETED, **GRANTED)


def carried_out_twice(run: Run) -> None:
    granted_and_not_carried_out(run)
    for _ in range(2):
        run.says(CASE, data(e.ResolutionCompleted, on=NOON.date(), done_by="x", granted=(ReliefSought.RELEASE,)))


def rejection_not_said(run: Run) -> None:
    run.forget(MENDABLE, EventType.REQUEST_REJECTED)


def no_dead_letter(run: Run) -> None:
    run.dead.clear()


def letter_never_recorded(run: Run) -> None:
    run.forget(MENDABLE, EventType.NOTIFICATION_RECORDED)


def sent_but_not_in_the_sink(run: Run) -> None:
    run.mails.pop()


@pytest.mark.parametrize(
    ("plant", "sentence"),
    [
        (no_answer, "Line 2 was not answered."),
        (acknowledged_but_no_case, "Line 1 became no case."),
        (never_resolved, "Line 1 has no resolution (lapsed)."),
        (never_assigned, "Line 1 was never assigned."),
        (rejection_not_said, "Line 2 should have been rejected, and nothing was said."),
        (granted_and_not_carried_out, "RELEASE was granted, and not carried out."),
        (granted_and_not_in_the_resolution, "and the resolution does not say so."),
        (no_dead_letter, "Line 4 should be a dead letter (not_an_event), and is none."),
        (letter_never_recorded, "was neither sent nor recorded."),
        (sent_but_not_in_the_sink, "is recorded as sent, and the sink has not got it."),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_what_was_lost_is_found(run: Run, plant: Callable[[Run], None], sentence: str) -> None:
    plant(run)
    assert any(sentence in lost for lost in run.judged().lost)


def resolved_twice(run: Run) -> None:
    run.says(CASE, resolved())


def submitted_twice(run: Run) -> None:
    run.says(CASE, submitted())


def the_same_message_twice(run: Run) -> None:
    run.mails.append(run.mails[0])


def one_letter_by_two_causes(run: Run) -> None:
    """Two events that each made the letter "resolved": different ids, and yet one reader reads it twice."""
    run.mails_of(CASE, Letter.RESOLVED, run.says(CASE, resolved()))


@pytest.mark.parametrize(
    ("plant", "sentence"),
    [
        (resolved_twice, "Line 1 was resolved 2 times."),
        (carried_out_twice, "RELEASE was carried out 2 times."),
        (submitted_twice, "Line 1 was submitted 2 times."),
        (the_same_message_twice, "The letter received (requestor, round 1)"),
        (one_letter_by_two_causes, "The letter resolved (requestor, round 1)"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_what_was_doubled_is_found(run: Run, plant: Callable[[Run], None], sentence: str) -> None:
    plant(run)
    assert any(sentence in doubled for doubled in run.judged().doubled)


def test_the_letters_of_two_rounds_are_two_letters(run: Run) -> None:
    for round_ in (1, 2):
        escalated = data(
            e.ReviewEscalated, round=round_, due=NOON, urgency=Urgency.DETAINED, ground=ReviewGround.NEW_CIRCUMSTANCES
        )
        run.mails_of(CASE, Letter.WITH_HEADQUARTERS, run.says(CASE, escalated))
    assert run.judged().none


async def test_an_event_that_was_published_twice_is_one_event() -> None:
    """Whoever publishes may repeat a record; what counts as doubled is another event that says the same."""
    erased = e.CaseErased(ordered_by="privacy-1", reference="order-1")
    seen = Seen()
    events = [
        Event[e.CaseErased](
            id=uuid4(),
            type=erased.type,
            source="intake",
            subject=CASE.case_id,
            time=NOON,
            dataschema=dataschema(erased.type),
            causationid=uuid4(),
            seq=1,
            data=erased,
        )
        for _ in range(2)
    ]
    for offset, event in enumerate((events[0], events[0], events[1])):
        await seen.take([Record(erased.type, 0, offset, None, encode(event), NOON)])
    assert [event.id for event in seen.of(CASE.case_id, erased.type)] == [event.id for event in events]
    assert seen.count(EventType.CASE_ERASED) == 2


@pytest.mark.parametrize(
    ("plant", "sentence"),
    [
        (
            lambda run: run.change(CASE, EventType.RESOLUTION_ISSUED, outcome=ResolutionOutcome.FAVOURABLE),
            "Line 1 was resolved",
        ),
        (lambda run: run.change(CASE, EventType.TRIAGE_COMPLETED, declined=()), "and round 1 answered []"),
        (lambda run: run.change(CASE, EventType.TRIAGE_COMPLETED, pre_approval=None), "approved in advance: False"),
        (
            lambda run: run.change(CASE, EventType.TRIAGE_COMPLETED, decided_by="director-1"),
            "approved in advance by whoever decided it",
        ),
        (lambda run: run.change(CASE, EventType.TRIAGE_ASSIGNED, office="PHI"), "Line 1 was assigned ('PHI'"),
        (lambda run: run.change(CASE, EventType.REQUEST_SUBMITTED, number="N9"), "another number"),
        (
            lambda run: run.change(CASE, EventType.REQUEST_SUBMITTED, incomplete=(RejectCode.NO_NAME,)),
            "Line 1 lacks ['NO_NAME']",
        ),
        (
            lambda run: run.change(MENDABLE, EventType.REQUEST_REJECTED, codes=(RejectCode.NO_NAME,)),
            "Line 2 was rejected for ['NO_NAME']",
        ),
        (lambda run: run.sent.update({3: replace(run.sent[3], number="N7")}), "was answered otherwise"),
        (lambda run: run.dead.update({PLACE: "wrong_body; custody: enum"}), "Line 4 is a dead letter as"),
        (lambda run: run.dead.update({("request.received", 1, 1): "unreadable"}), "should not be"),
        (lambda run: run.says(replace(CASE, key="stranger"), submitted()), "comes of no line"),
        (lambda run: run.mails.append("d0" * 16), "is none of our letters"),
    ],
)
def test_what_came_out_otherwise_is_found(run: Run, plant: Callable[[Run], None], sentence: str) -> None:
    plant(run)
    assert any(sentence in different for different in run.judged().different)


def test_an_uncertain_letter_is_a_finding_unless_something_was_killed(run: Run) -> None:
    told = run.of(CASE, EventType.NOTIFICATION_RECORDED).data
    run.mails.remove(str(told.notification))
    run.records(CASE, told.notification, told.letter, MailResult.UNCERTAIN)
    assert any("uncertain" in different for different in run.judged().different)
    assert run.judged(faults=True).none


def test_letters_without_a_result_are_waited_for(run: Run) -> None:
    assert unsettled_letters(run.events) == 0
    run.forget(MENDABLE, EventType.NOTIFICATION_RECORDED)
    assert unsettled_letters(run.events) == 1


def test_who_must_wait_longest_is_sent_first_with_what_it_comes_back_to() -> None:
    quick = a_line(1, "submitted", plan={"steps": ["claim", "decide:MOOT"]})
    rejected = a_line(2, "rejected")
    mended = a_line(3, "submitted", plan={"steps": ["claim", "decide:DECLINED", "lapse"], "resubmits_line": 2})
    assert [line.number for line in longest_first([quick, rejected, mended])] == [2, 3, 1]


def test_a_line_is_filled_up_and_its_headers_are_bytes() -> None:
    filled = a_line(1, "refused", fill=12)
    assert b'"narrative": "pleasexxxxxx"' in filled.value
    raw = a_line(2, "refused", channel="kafka", key=None, raw="e30=", fill=5, headers={"x-origin": "//8="})
    assert (raw.value, raw.headers) == (b"{}xxx", (("x-origin", b"\xff\xff"),))
