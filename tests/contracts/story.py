"""Cases told by hand, as the four services would say them: each event with its cause, its sequence and its time."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from shared.contracts import events as e
from shared.contracts.envelope import Event, EventData, dataschema, event_id
from shared.contracts.vocabulary import (
    Belief,
    ConsentKind,
    ConsentStatus,
    CustodyStatus,
    DecisionUnderReview,
    Language,
    Letter,
    MailResult,
    Recipient,
    ReliefSought,
    RequestorType,
    ResolutionOutcome,
    ReviewGround,
    Service,
    Stage,
    TriageOutcome,
    Urgency,
)

CASE = UUID("0c0ffee0-0000-4000-8000-000000000001")
START = datetime(2021, 3, 8, 14, tzinfo=UTC)
NUMBER = "SL-7KQ2-M9XW-4"
QUESTION = UUID("0c0ffee0-0000-4000-8000-000000000002")
OF_OFFICE = UUID(int=8)
LETTER = UUID("0c0ffee0-0000-4000-8000-000000000003")


class Story:
    """Grows event by event. `day` sets the time; an event follows from the one before unless a person made it."""

    def __init__(self) -> None:
        self.events: list[Event[Any]] = []
        self.seqs: Counter[tuple[str, str]] = Counter()
        self.now = START

    def day(self, day: int) -> "Story":
        self.now = START + timedelta(days=day)
        return self

    def says(self, source: Service, data: EventData, *, by_person: bool = False) -> "Story":
        last = self.events[-1].id if self.events else CASE
        cause = uuid5(CASE, f"command {len(self.events)}") if by_person or not self.events else last
        self.seqs[source, data.type] += 1
        made = Event[Any](
            id=event_id(cause, data.type, 0),
            type=data.type,
            source=source,
            subject=CASE,
            time=self.now,
            dataschema=dataschema(data.type),
            causationid=cause,
            seq=self.seqs[source, data.type],
            data=data,
        )
        self.events.append(made)
        return self

    def submitted(self, **changes: Any) -> "Story":
        return self.says(Service.INTAKE, submitted(**changes), by_person=True)

    def rejected(self) -> "Story":
        data = e.RequestRejected(
            number=NUMBER,
            codes=(),
            language=Language.EN,
            received=e.Received(channel="http", id="1"),
            received_at=self.now,
        )
        return self.says(Service.INTAKE, data, by_person=True)

    def assigned(self, office: str | None = "ATL", revision: int = 1, *, by_person: bool = False) -> "Story":
        data = e.TriageAssigned(
            revision=revision,
            office=office,
            urgency=Urgency.DETAINED,
            answer_due=self.now + timedelta(days=7),
            silence_ends_at=self.now + timedelta(days=14),
            guidance="g",
            office_map="o",
        )
        return self.says(Service.TRIAGE, data, by_person=by_person)

    def completed(self, outcome: TriageOutcome, round_: int = 1) -> "Story":
        data = e.TriageCompleted(
            round=round_,
            outcome=outcome,
            reasons=("WEIGHED",),
            decided_by="officer-1",
            assigned_at=START,
            facts_seen=0,
            guidance="g",
            number=NUMBER,
            office="ATL",
            urgency=Urgency.DETAINED,
        )
        return self.says(Service.TRIAGE, data, by_person=outcome is not TriageOutcome.NO_ANSWER)

    def asked(self, by: Service = Service.TRIAGE) -> "Story":
        data = e.InformationRequested(question=QUESTION, about=("G28",), answer_by=self.now + timedelta(days=3))
        return self.says(by, data, by_person=True)

    def not_carried_out(self) -> "Story":
        data = e.ResolutionOverdue(office="ATL", urgency=Urgency.DETAINED, due=self.now)
        return self.says(Service.TRIAGE, data)

    def carried_out(self) -> "Story":
        data = e.ResolutionCompleted(on=self.now.date(), office="ATL", done_by="officer-2")
        return self.says(Service.TRIAGE, data, by_person=True)

    def office_asked(self, round_: int = 1) -> "Story":
        answer_by = self.now + timedelta(days=3)
        data = e.OfficeAsked(question=OF_OFFICE, office="ATL", about=("facts",), answer_by=answer_by, round=round_)
        return self.says(Service.ESCALATION, data, by_person=True)

    def office_answered(self) -> "Story":
        data = e.OfficeAnswered(question=OF_OFFICE, answered_by="officer-2", touched_by=("officer-1", "officer-2"))
        return self.says(Service.TRIAGE, data, by_person=True)

    def answered(self) -> "Story":
        data = e.RequestAmended(amendment=1, changed=("consent",), answers=QUESTION)
        return self.says(Service.INTAKE, data, by_person=True)

    def withdrawn(self) -> "Story":
        return self.says(Service.INTAKE, e.RequestWithdrawn(by=Recipient.REQUESTOR), by_person=True)

    def review_asked(self) -> "Story":
        data = e.ReviewRequested(
            ground=ReviewGround.FIELD_OFFICE_DECLINED,
            custody=e.Custody(status=CustodyStatus.DETAINED),
            removal=e.Removal(),
            facts=e.Facts(),
            amendment=0,
            number=NUMBER,
            office="ATL",
            urgency=Urgency.DETAINED,
        )
        return self.says(Service.INTAKE, data, by_person=True)

    def lapsed(self, *, waived: bool = False) -> "Story":
        return self.says(Service.INTAKE, e.ReviewLapsed(at=self.now, waived=waived), by_person=True)

    def escalated(self, round_: int = 1) -> "Story":
        data = e.ReviewEscalated(
            round=round_,
            due=self.now + timedelta(days=14),
            urgency=Urgency.REMOVAL_IMMINENT,
            ground=ReviewGround.FIELD_OFFICE_DECLINED,
        )
        return self.says(Service.ESCALATION, data)

    def review_overdue(self) -> "Story":
        data = e.ReviewOverdue(round=1, due=self.now, urgency=Urgency.DETAINED)
        return self.says(Service.ESCALATION, data)

    def recused(self) -> "Story":
        return self.says(Service.ESCALATION, e.ReviewRecused(who="official-7"), by_person=True)

    def remanded(self) -> "Story":
        return self.says(Service.ESCALATION, e.ReviewRemanded(round=2, reasons=("NEW",)), by_person=True)

    def resolved(self, outcome: ResolutionOutcome, stage: Stage) -> "Story":
        favourable = outcome in {ResolutionOutcome.FAVOURABLE, ResolutionOutcome.OVERRIDDEN}
        data = e.ResolutionIssued(stage=stage, outcome=outcome, granted=(ReliefSought.RELEASE,) if favourable else ())
        return self.says(Service.ESCALATION, data, by_person=stage == "SRO")

    def letter(self, letter: Letter, result: MailResult, *, attempt: int = 1, id_: UUID = LETTER) -> "Story":
        data = e.NotificationRecorded(
            notification=id_,
            letter=letter,
            role=Recipient.REQUESTOR,
            result=result,
            attempt=attempt,
            reply_class="2xx",
        )
        return self.says(Service.NOTIFICATION, data)

    def erased(self) -> "Story":
        return self.says(Service.INTAKE, e.CaseErased(ordered_by="privacy-1", reference="P-7"), by_person=True)


def submitted(**changes: Any) -> e.RequestSubmitted:
    """A request of the most usual kind."""
    usual: dict[str, Any] = {
        "number": NUMBER,
        "received_at": START,
        "received": e.Received(channel="http", id="1"),
        "requestor_type": RequestorType.ATTORNEY,
        "language": Language.EN,
        "custody": e.Custody(status=CustodyStatus.DETAINED, state="GA"),
        "removal": e.Removal(believed_imminent=Belief.NO),
        "decision_under_review": (DecisionUnderReview.CUSTODY,),
        "relief_sought": (ReliefSought.RELEASE,),
        "facts": e.Facts(),
        "consent": e.Consent(kind=ConsentKind.G28, status=ConsentStatus.CLAIMED),
        "age_band": "30-39",
        "represented": True,
    }
    return e.RequestSubmitted(**usual | changes)
