"""What triage hears and is asked for in the tests' stories."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from services.triage.domain.decision import Decision
from services.triage.domain.states import State, UnderConsideration
from services.triage.orders import Ask, Claim, Decide, Forward, Officer, Order
from services.triage.pre_approving import PRE_APPROVE, PreApprove
from services.triage.reactions import BEHAVIOUR
from shared.casework.commands import Answered
from shared.contracts import events
from shared.contracts.vocabulary import (
    ApproverRole,
    Belief,
    ConsentKind,
    ConsentStatus,
    CustodyStatus,
    DecisionUnderReview,
    Language,
    Recipient,
    ReliefSought,
    RequestorType,
    ResolutionOutcome,
    ReviewGround,
    Stage,
    TriageOutcome,
    Urgency,
)
from tests.unit.one_case import CASE_ID, T0, OneCase, after

ANA = Officer("officer-ana", frozenset({"BAL"}))
BEN = Officer("officer-ben", frozenset({"BAL", "PHI"}))
KIM = Officer("officer-kim", frozenset({"PHI"}))
DIRECTOR = Officer("director", frozenset({"BAL", "PHI", "ATL", "HAL"}))
DESK = Officer("officer-desk", frozenset(), assigns=True)

DECLINED = Decision(
    TriageOutcome.DECLINED, reasons=("MITIGATING_FACTORS_OUTWEIGHED",), declined=(ReliefSought.RELEASE,)
)
FAVOURABLE = Decision(TriageOutcome.FAVOURABLE, granted=(ReliefSought.RELEASE,), reasons=("NOT_A_PRIORITY",))


def submitted(state: str | None = "MD", county: str | None = None, **changed: Any) -> events.RequestSubmitted:
    """A routine request of somebody at liberty in Maryland."""
    told: dict[str, Any] = {
        "number": "ICR-1",
        "received_at": T0,
        "received": events.Received(channel="http", id="1"),
        "requestor_type": RequestorType.FAMILY,
        "language": Language.EN,
        "custody": events.Custody(status=CustodyStatus.NOT_DETAINED),
        "removal": events.Removal(),
        "place": events.Place(state=state, county=county) if state else None,
        "decision_under_review": (DecisionUnderReview.ARREST,),
        "relief_sought": (ReliefSought.RELEASE,),
        "facts": events.Facts(),
        "consent": events.Consent(kind=ConsentKind.NONE, status=ConsentStatus.CLAIMED),
        "age_band": "30-39",
        "represented": False,
        "sealed": {"submitted": b"box"},
    }
    return events.RequestSubmitted(**(told | changed))


def amended(amendment: int, **changed: Any) -> events.RequestAmended:
    """An amendment of what `changed` names."""
    return events.RequestAmended(amendment=amendment, changed=tuple(changed), **changed)


def now_detained(amendment: int, answers: UUID | None = None) -> events.RequestAmended:
    """The person was arrested, and is held in Pennsylvania."""
    custody = events.Custody(status=CustodyStatus.DETAINED, state="PA", county="Clearfield")
    return events.RequestAmended(amendment=amendment, changed=("custody",), custody=custody, answers=answers)


PRESUMED = events.Facts(
    national_security_concern=events.Fact[bool](value=True, asserted_by="officer", on=date(2021, 3, 8))
)
"""Of somebody whom the guidance presumes a priority: a decline needs no approval in advance."""

QUESTION = UUID(int=77)
BELIEVED = events.Removal(believed_imminent=Belief.YES)
WITHDRAWN = events.RequestWithdrawn(by=Recipient.REQUESTOR)
ERASED = events.CaseErased(ordered_by="privacy-officer", reference="E-1")
FAVOURED = events.ResolutionIssued(
    stage=Stage.FIELD_OFFICE, outcome=ResolutionOutcome.FAVOURABLE, granted=(ReliefSought.RELEASE,)
)
OVERRIDDEN = events.ResolutionIssued(
    stage=Stage.SRO, outcome=ResolutionOutcome.OVERRIDDEN, granted=(ReliefSought.RELEASE,)
)
RESOLVED = events.ResolutionIssued(stage=Stage.REQUESTOR, outcome=ResolutionOutcome.WITHDRAWN)


def escalated(round_: int = 1) -> events.ReviewEscalated:
    """Headquarters took the case."""
    return events.ReviewEscalated(
        round=round_, due=after(days=90), urgency=Urgency.ROUTINE, ground=ReviewGround.NO_TIMELY_ANSWER
    )


def asked(round_: int = 1, question: UUID = QUESTION, **changed: Any) -> events.OfficeAsked:
    """Headquarters asks the office."""
    told: dict[str, Any] = {
        "question": question,
        "office": "BAL",
        "about": ("facts",),
        "answer_by": after(days=9),
        "round": round_,
        "sealed": {f"question_{question}": b"box"},
    }
    return events.OfficeAsked(**(told | changed))


def remanded(round_: int = 2) -> events.ReviewRemanded:
    """Headquarters sent the case back."""
    return events.ReviewRemanded(round=round_, reasons=("FACTORS_NOT_CONSIDERED",))


class Triage(OneCase[State]):
    """A case at triage."""

    def __init__(self, case_id: UUID = CASE_ID) -> None:
        super().__init__(BEHAVIOUR, case_id)

    def submit(self, data: events.RequestSubmitted | None = None) -> "Triage":
        """The story begins."""
        self.hear("intake", data or submitted())
        return self

    def claim(self, officer: Officer = ANA, at: datetime = T0) -> str | None:
        """Claim; the refusal's code."""
        return self.refusal(Order.CLAIM, Claim(officer), at)

    def decide(
        self, decision: Decision = DECLINED, officer: Officer = ANA, facts_seen: int = 0, **more: Any
    ) -> str | None:
        """Decide; the refusal's code."""
        box = more.get("box", {})
        if decision.declined and more.get("approved", True):
            self.approve(facts_seen, more.get("at", T0))
        return self.refusal(Order.DECIDE, Decide(officer, decision, facts_seen, box), more.get("at", T0))

    def approve(self, facts_seen: int = 0, at: datetime = T0, approver: Officer = DIRECTOR, **more: Any) -> str | None:
        """Approve a decline in advance; the refusal's code (of a case in which none is needed, that)."""
        written = {f"pre_approved_{getattr(self.state, 'round', 0)}": b"why"}
        erased = isinstance(self.state, UnderConsideration) and self.state.case.erased
        box = more.get("box", {} if erased else written)
        role = more.get("role", ApproverRole.FIELD_OFFICE_DIRECTOR)
        return self.refusal(PRE_APPROVE, PreApprove(approver, role, facts_seen, box), at)

    def forward(self, office: str, officer: Officer, facts_seen: int = 0, **more: Any) -> str | None:
        """Forward with a sealed reason; the refusal's code."""
        box = more.get("box", {f"assigned_{getattr(self.state, 'revision', 0) + 1}": b"box"})
        return self.refusal(Order.FORWARD, Forward(officer, office, facts_seen, box), more.get("at", T0))

    def ask_requestor(self, officer: Officer = ANA, at: datetime = T0) -> UUID:
        """Ask a question; its id."""
        answer = self.ask(Order.ASK, Ask(officer, ("NO_PLACE",), {}), at)
        assert isinstance(answer, Answered), answer
        return UUID(answer.answer["question"])
