"""A case as notification hears of it, in memory: who asks, and the events of the main line."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from services.notification.domain.ledger import Entry, entries
from services.notification.reactions import BEHAVIOUR
from shared.contracts import events
from shared.contracts.vocabulary import (
    ConsentKind,
    ConsentStatus,
    CustodyStatus,
    DecisionUnderReview,
    Language,
    RejectCode,
    ReliefSought,
    RequestorType,
    ResolutionOutcome,
    ReviewGround,
    Stage,
    TriageOutcome,
    Urgency,
)
from tests.unit.one_case import T0, OneCase

NUMBER = "K7Q2-M4XN-PD"
QUESTION = UUID("3f8e1a52-52a5-4dd3-8a07-0f2a6a9b1d10")
RECEIVED = events.Received(channel="http", id="1")


def submitted(
    requestor: RequestorType = RequestorType.ATTORNEY, consent: ConsentStatus = ConsentStatus.CLAIMED
) -> events.RequestSubmitted:
    """A detained person's request."""
    return events.RequestSubmitted(
        number=NUMBER,
        received_at=T0,
        received=RECEIVED,
        requestor_type=requestor,
        language=Language.EN,
        custody=events.Custody(status=CustodyStatus.DETAINED, state="PA"),
        removal=events.Removal(),
        decision_under_review=(DecisionUnderReview.CUSTODY,),
        relief_sought=(ReliefSought.RELEASE,),
        facts=events.Facts(),
        consent=events.Consent(kind=ConsentKind.G28, status=consent),
        age_band="25-34",
        represented=True,
        sealed={"submitted": b"box"},
    )


REJECTED = events.RequestRejected(
    number=NUMBER,
    codes=(RejectCode.NO_NAME,),
    language=Language.ES,
    received=RECEIVED,
    received_at=T0,
    sealed={"contact": b"box"},
)


def amended(number: int, *changed: str, **said: Any) -> events.RequestAmended:
    """The `number`-th amendment, with a sealed part."""
    return events.RequestAmended(amendment=number, changed=changed, sealed={f"amended_{number}": b"box"}, **said)


def assigned(
    revision: int,
    office: str | None = "PHI",
    urgency: Urgency = Urgency.DETAINED,
    overdue: bool = False,
) -> events.TriageAssigned:
    """Assigned to an office, or to be assigned."""
    return events.TriageAssigned(
        revision=revision,
        office=office,
        urgency=urgency,
        overdue=overdue,
        answer_due=T0 + timedelta(days=7),
        silence_ends_at=T0 + timedelta(days=14),
        guidance="JOHNSON_11090_1_2021_02_18",
        office_map="1",
    )


def considered(outcome: TriageOutcome = TriageOutcome.DECLINED, round_: int = 1) -> events.TriageCompleted:
    """The field office's initial consideration."""
    return events.TriageCompleted(
        round=round_,
        outcome=outcome,
        decided_by="officer-1",
        assigned_at=T0,
        facts_seen=0,
        guidance="JOHNSON_11090_1_2021_02_18",
        number=NUMBER,
        office="PHI",
        urgency=Urgency.DETAINED,
    )


ASKED = events.InformationRequested(question=QUESTION, about=("FACTORS",), answer_by=T0 + timedelta(days=7))
RESOLVED = events.ResolutionIssued(stage=Stage.SRO, outcome=ResolutionOutcome.UPHELD)
OVERRIDDEN = events.ResolutionIssued(stage=Stage.SRO, outcome=ResolutionOutcome.OVERRIDDEN)
ERASED = events.CaseErased(ordered_by="privacy-1", reference="order 7")


def escalated(round_: int = 1) -> events.ReviewEscalated:
    """In the SRO queue."""
    return events.ReviewEscalated(
        round=round_,
        due=T0 + timedelta(days=14),
        urgency=Urgency.DETAINED,
        ground=ReviewGround.FIELD_OFFICE_DECLINED,
    )


class Notified(OneCase[Any]):
    """A case of notification."""

    def __init__(self) -> None:
        super().__init__(BEHAVIOUR)

    @property
    def letters(self) -> dict[UUID, Entry]:
        """The ledger."""
        return entries(self.case.work)

    @property
    def short(self) -> list[tuple[str, str, str, str | None]]:
        """The ledger as (letter, role, phase, reason), sorted."""
        return sorted(
            (entry.letter.value, entry.role.value, entry.phase.value, entry.reason) for entry in self.letters.values()
        )
