"""A small world around intake's reactions: invented requests, others' events, and the engine's own pure core."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID, uuid5

from services.intake.commands import Ask, HandOver, RuleOnHandOver, Submit
from services.intake.domain.asserted import Facts
from services.intake.domain.case import State
from services.intake.domain.consent import Consent
from services.intake.domain.facts import Custody, Place, Removal
from services.intake.domain.filing import Filing
from services.intake.reactions import BEHAVIOUR
from shared.casework import offering
from shared.casework.admission import Person
from shared.casework.case import Arrived, Case
from shared.casework.commands import Answered
from shared.casework.offering import Rules, Verdict
from shared.casework.reaction import Command
from shared.contracts import events
from shared.contracts.envelope import Event, EventData, dataschema, encode
from shared.contracts.parsing import parse
from shared.contracts.vocabulary import (
    Belief,
    ConsentKind,
    CustodyStatus,
    DecisionUnderReview,
    EventType,
    Language,
    RejectCode,
    ReliefSought,
    RequestorType,
    Service,
    Urgency,
)
from shared.errors import CommandFailed
from shared.mongo.mapping import StateMapping
from shared.policy.loading import load

CASE = UUID("5ec0d100-0000-5000-8000-00000000ca5e")
MONDAY = datetime(2021, 3, 8, 14, 0, tzinfo=UTC)
DAY = timedelta(days=1)
OFFICER = Person("officer-1", frozenset({"ELP", "HOU"}), assigns=True)
COLLEAGUE = replace(OFFICER, subject="officer-2")
OFFICIAL = Person("official-1", reviews=True)


@cache
def rules() -> Rules[State]:
    """Intake's behaviour with the policy that the project ships."""
    return Rules(BEHAVIOUR, StateMapping(State), load(), "test")


def filing(**changes: Any) -> Filing:
    """A complete request of somebody at liberty."""
    plain = Filing(
        number="ABCDE-FGHJK-5",
        received_at=MONDAY,
        channel="http",
        received_id="key-1",
        fingerprint="fingerprint-1",
        requestor_type=RequestorType.FAMILY,
        language=Language.EN,
        custody=Custody(CustodyStatus.NOT_DETAINED),
        removal=Removal(None, Belief.NO),
        place=Place("TX", "El Paso"),
        decision_under_review=(DecisionUnderReview.CUSTODY,),
        relief_sought=(ReliefSought.RELEASE,),
        facts=Facts(),
        consent=Consent(ConsentKind.NONE),
        age_band="25_TO_44",
        represented=False,
        sealed_bytes=0,
    )
    return replace(plain, **changes)


@dataclass
class World:
    """One case at intake, fed by hand."""

    case: Case[State] = field(default_factory=lambda: Case(CASE))
    asked: int = 0

    @property
    def state(self) -> Any:
        return self.case.state

    @property
    def said(self) -> list[Any]:
        """The data of all events that intake has emitted, in order."""
        return [parse(emitted.body, EventType(emitted.type)).data for emitted in self.case.changes.events]

    def sealed_with(self, at: int = -1) -> tuple[str, ...]:
        """The names of the blobs that an emitted event carries."""
        return self.case.changes.events[at].blobs

    def ask(self, name: Ask, data: Any, at: datetime = MONDAY, key: str | None = None) -> Answered | CommandFailed:
        """Carry out a command; without a key, it is a new one each time."""
        self.asked += 1
        command = Command(name, uuid5(CASE, f"{name}:{key or self.asked}"), CASE, at, data)
        return offering.command(self.case, command, rules())

    def submit(
        self, *, missing: tuple[RejectCode, ...] = (), at: datetime = MONDAY, key: str | None = None, **changes: Any
    ) -> Answered | CommandFailed:
        """Submit a request."""
        boxes = {"submitted": b"sealed", "contact": b"sealed"}
        return self.ask(Ask.SUBMIT, Submit(filing(**changes), missing, boxes), at, key)

    def hand_over(
        self, amendment: int, to: RequestorType, language: Language | None = None, at: datetime = MONDAY
    ) -> None:
        """Two members of staff hand the case over."""
        asked = HandOver(amendment, to, language, {f"amended_{amendment}": b"box"}, OFFICER)
        ruled = RuleOnHandOver(amendment, True, COLLEAGUE, {f"amended_{amendment + 1}": b"box"})
        for name, data in ((Ask.HAND_OVER, asked), (Ask.RULE_ON_HAND_OVER, ruled)):
            assert isinstance(self.ask(name, data, at), Answered)

    def hear(self, *arriving: Event[Any]) -> list[Verdict]:
        """Offer others' events, as records of their topics."""
        records = [Arrived(CASE, event.type, encode(event), event=event) for event in arriving]
        return [offering.offer(self.case, record, rules(), now=MONDAY) for record in records]

    def pass_time(self, until: datetime) -> Verdict:
        """Carry out the deadline that has come by then, if any."""
        return offering.deadline(self.case, rules(), policy_now=until)


def said_by(
    source: Service, data: EventData, *, seq: int = 1, at: datetime = MONDAY, sealed: Mapping[str, bytes] | None = None
) -> Event[Any]:
    """An event of another service about the case."""
    carried = data.model_copy(update={"sealed": dict(sealed or {})})
    cause = uuid5(CASE, f"{source}:{data.type}:{seq}")
    return Event[Any](
        id=cause,
        type=data.type,
        source=source,
        subject=CASE,
        time=at,
        dataschema=dataschema(data.type),
        causationid=cause,
        seq=seq,
        data=carried,
    )


def assigned(
    revision: int = 1,
    *,
    office: str | None = "ELP",
    silent_until: datetime = MONDAY + 60 * DAY,
    urgency: Urgency = Urgency.ROUTINE,
) -> Event[Any]:
    """Triage puts the case somewhere."""
    data = events.TriageAssigned(
        revision=revision,
        office=office,
        urgency=urgency,
        answer_due=MONDAY + 30 * DAY,
        silence_ends_at=silent_until,
        guidance="g",
        office_map="m",
    )
    return said_by(Service.TRIAGE, data, seq=revision)


NO_PARTS: Mapping[str, Sequence[str]] = {}


def completed(
    outcome: str,
    *,
    number: int = 1,
    at: datetime = MONDAY + 5 * DAY,
    parts: Mapping[str, Sequence[str]] = NO_PARTS,
    **said: Any,
) -> Event[Any]:
    """The field office answers. `parts`: what of the relief is granted, declined and moot."""
    data = events.TriageCompleted.model_validate(
        {
            "round": number,
            "outcome": outcome,
            "decided_by": "officer-1",
            "assigned_at": MONDAY,
            "facts_seen": 0,
            "guidance": "g",
            "number": "ABCDE-FGHJK-5",
            "office": "ELP",
            "urgency": "ROUTINE",
            **parts,
            **said,
        }
    )
    return said_by(Service.TRIAGE, data, seq=number, at=at)


def question(
    number: int = 1, *, by: Service = Service.TRIAGE, at: datetime = MONDAY + DAY
) -> Event[events.InformationRequested]:
    """Somebody asks the requestor."""
    asked = uuid5(CASE, f"question:{by}:{number}")
    data = events.InformationRequested(question=asked, about=("NO_NARRATIVE",), answer_by=at + 14 * DAY)
    return said_by(by, data, seq=number, at=at, sealed={f"question_{asked.hex}": b"box"})


def escalated(number: int = 1, *, at: datetime = MONDAY + 6 * DAY) -> Event[Any]:
    """Headquarters takes the case."""
    data = events.ReviewEscalated.model_validate(
        {"round": number, "due": at + 14 * DAY, "urgency": "ROUTINE", "ground": "FIELD_OFFICE_DECLINED"}
    )
    return said_by(Service.ESCALATION, data, seq=number, at=at)


def remanded(*, at: datetime = MONDAY + 8 * DAY) -> Event[Any]:
    """Headquarters sends the case back."""
    return said_by(Service.ESCALATION, events.ReviewRemanded(round=2, reasons=("R",)), at=at)


def resolved(
    outcome: str = "UPHELD", *, stage: str = "SRO", at: datetime = MONDAY + 20 * DAY, granted: Sequence[str] = ()
) -> Event[Any]:
    """The arbiter speaks."""
    said = {"stage": stage, "outcome": outcome, "reasons": ["R"], "granted": granted}
    data = events.ResolutionIssued.model_validate(said)
    return said_by(Service.ESCALATION, data, at=at)
