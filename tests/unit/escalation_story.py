"""What escalation hears and is asked for in the tests' stories."""

from datetime import datetime
from typing import Any
from uuid import UUID

from services.escalation.admission import Conflict
from services.escalation.asking import Ask
from services.escalation.claiming import Claim, Recuse, SaveDraft
from services.escalation.domain.file import Addressee
from services.escalation.domain.review import Review
from services.escalation.domain.states import State
from services.escalation.officials import Decide, Remand
from services.escalation.orders import Order
from services.escalation.reactions import BEHAVIOUR
from shared.casework.commands import Answered
from shared.contracts import events
from shared.contracts.vocabulary import (
    CustodyStatus,
    MootBecause,
    Recipient,
    ReferredTo,
    ReliefSought,
    ResolutionOutcome,
    ReviewGround,
    TriageOutcome,
    Urgency,
)
from shared.desk.handing_over import HandOver, HandOverBecause
from tests.unit.one_case import CASE_ID, T0, OneCase, after

SAM, TOM = "sro-sam", "sro-tom"
ANA = "officer-ana"

RELEASE = (ReliefSought.RELEASE,)
UPHELD = Review(ResolutionOutcome.UPHELD, reasons=("CONSISTENT_WITH_GUIDANCE",), declined=RELEASE)
OVERRIDDEN = Review(ResolutionOutcome.OVERRIDDEN, (ReliefSought.RELEASE,), ("NOT_A_PRIORITY",))
NO_ACTION = Review(ResolutionOutcome.NO_ACTION, reasons=("OUTSIDE_THIS_PROCESS",), moot=RELEASE)

WITHDRAWN = events.RequestWithdrawn(by=Recipient.REQUESTOR, sealed={"withdrawal": b"box"})
LAPSED = events.ReviewLapsed(at=after(days=40), waived=False)
ERASED = events.CaseErased(ordered_by="privacy-officer", reference="E-1")

_SAYS: dict[TriageOutcome, dict[str, Any]] = {
    TriageOutcome.FAVOURABLE: {"granted": (ReliefSought.RELEASE,), "reasons": ("NOT_A_PRIORITY",)},
    TriageOutcome.DECLINED: {"reasons": ("MITIGATING_FACTORS_OUTWEIGHED",), "declined": (ReliefSought.RELEASE,)},
    TriageOutcome.REFERRED: {"referred_to": ReferredTo.OPLA, "reasons": ("PENDING_IN_COURT",)},
    TriageOutcome.MOOT: {"moot_because": MootBecause.RELEASED, "reasons": ("ALREADY_RELEASED",)},
    TriageOutcome.NO_ANSWER: {"decided_by": None},
}


def custody_in(state: str) -> events.Custody:
    """Held in a state."""
    return events.Custody(status=CustodyStatus.DETAINED, state=state)


def completed(outcome: TriageOutcome, round_: int = 1, **changed: Any) -> events.TriageCompleted:
    """The field office's record."""
    told: dict[str, Any] = {
        "round": round_,
        "outcome": outcome,
        "decided_by": ANA,
        "touched_by": (ANA,),
        "assigned_at": T0,
        "claimed_at": after(days=1),
        "facts_seen": 0,
        "guidance": "JOHNSON_11090_1_2021_02_18",
        "number": "ICR-1",
        "office": "BAL",
        "urgency": Urgency.ROUTINE,
        "sealed": {f"completed_{round_}": b"box"},
    }
    return events.TriageCompleted(**(told | _SAYS[outcome] | changed))


def given(question: UUID, by: str = "officer-ben", touched: tuple[str, ...] = (ANA,)) -> events.OfficeAnswered:
    """The field office's answer; whoever gave it is among those who had the case in hand."""
    return events.OfficeAnswered(
        question=question,
        answered_by=by,
        touched_by=tuple(sorted({by, *touched})),
        sealed={f"answer_{question}": b"box"},
    )


def requested(amendment: int = 0, **changed: Any) -> events.ReviewRequested:
    """The requestor asks for review, with the facts as of an amendment."""
    told: dict[str, Any] = {
        "ground": ReviewGround.FIELD_OFFICE_DECLINED,
        "custody": events.Custody(status=CustodyStatus.NOT_DETAINED),
        "removal": events.Removal(),
        "facts": events.Facts(),
        "amendment": amendment,
        "number": "ICR-1",
        "office": "BAL",
        "urgency": Urgency.ROUTINE,
        "relief_sought": RELEASE,
        "sealed": {"submitted": b"box"},
    }
    return events.ReviewRequested(**(told | changed))


def amended(
    amendment: int, state: str | None = None, answers: UUID | None = None, removal: events.Removal | None = None
) -> events.RequestAmended:
    """An amendment; with a `state`, the person was arrested there."""
    custody = custody_in(state) if state else None
    return events.RequestAmended(
        amendment=amendment, changed=("custody",), custody=custody, answers=answers, removal=removal
    )


class Escalation(OneCase[State]):
    """A case at headquarters."""

    def __init__(self, case_id: UUID = CASE_ID) -> None:
        super().__init__(BEHAVIOUR, case_id)

    def declined(self) -> "Escalation":
        """The field office declined, and the requestor asked for review."""
        self.hear("triage", completed(TriageOutcome.DECLINED), after(days=2))
        self.hear("intake", requested(), after(days=3))
        return self

    def claim(self, actor: str = SAM, at: datetime = T0) -> str | None:
        """Claim; the refusal's code."""
        return self.refusal(Order.CLAIM, Claim(actor), at)

    def decide(self, review: Review = UPHELD, actor: str = SAM, facts_seen: int = 0, **more: Any) -> str | None:
        """Decide; the refusal's code."""
        data = Decide(actor, review, facts_seen, more.get("box", {}), told_seen=more.get("told_seen"))
        return self.refusal(Order.DECIDE, data, more.get("at", after(days=5)))

    def remand(self, actor: str = SAM, facts_seen: int = 0, **more: Any) -> str | None:
        """Remand; the refusal's code."""
        reasons = more.get("reasons", ("FACTORS_NOT_CONSIDERED",))
        data = Remand(actor, reasons, facts_seen, more.get("box", {}), more.get("told_seen"))
        return self.refusal(Order.REMAND, data, more.get("at", after(days=5)))

    def hand_over(self, holder: str, to: str, actor: str = "", at: datetime = T0) -> str | None:
        """Hand over, the holder if nobody else is named; the refusal's code."""
        return self.refusal(Order.HAND_OVER, HandOver(actor or holder, holder, to, HandOverBecause.ABSENT), at)

    def recuse(self, actor: str = SAM, at: datetime = T0) -> str | None:
        """Declare a conflict; the refusal's code."""
        return self.refusal(Order.RECUSE, Recuse(actor, Conflict.KNOWS_THE_PERSON), at)

    def draft(self, actor: str = SAM, at: datetime = T0, **says: Any) -> str | None:
        """Keep a draft; the refusal's code."""
        return self.refusal(Order.DRAFT, SaveDraft(actor, {"outcome": "UPHELD", **says}, {"draft_1": b"box"}), at)

    def ask_office(self, actor: str = SAM, at: datetime = T0) -> UUID:
        """Ask the field office; the question's id."""
        answer = self.ask(Order.ASK, Ask(actor, ("facts",), {}, Addressee.FIELD_OFFICE), at)
        assert isinstance(answer, Answered), answer
        return UUID(answer.answer["question"])

    def ask_requestor(self, actor: str = SAM, at: datetime = T0) -> UUID:
        """Ask a question; its id."""
        answer = self.ask(Order.ASK, Ask(actor, ("NO_PLACE",), {}), at)
        assert isinstance(answer, Answered), answer
        return UUID(answer.answer["question"])
