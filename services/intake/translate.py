"""Between intake's domain and the published language of events."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from services.intake.commands import Hand
from services.intake.domain.asserted import NAMES, Facts
from services.intake.domain.case import Rejected
from services.intake.domain.consent import Consent, Ruling
from services.intake.domain.facts import Custody, Place, Removal
from services.intake.domain.filing import Change, Filing
from services.intake.domain.heard import Assignment, Consideration, Escalation, Question, Remand, Resolution
from shared.contracts import events
from shared.contracts.envelope import Event
from shared.contracts.vocabulary import ConsentKind, ConsentStatus, Recipient, ReviewGround
from shared.mongo.mapping import StateMapping

FACTS = StateMapping[Facts](Facts)


def _facts(facts: Facts) -> events.Facts:
    return events.Facts.telling({name: _told(fact) for name in NAMES if (fact := getattr(facts, name))})


def _told(fact: Any) -> Any:
    return [asdict(each) for each in fact] if isinstance(fact, tuple) else asdict(fact)


def _custody(custody: Custody) -> events.Custody:
    return events.Custody(status=custody.status, state=custody.state, county=custody.county)


def _removal(removal: Removal) -> events.Removal:
    return events.Removal(scheduled_for=removal.scheduled_for, believed_imminent=removal.believed_imminent)


def _place(place: Place | None) -> events.Place | None:
    return events.Place(state=place.state, county=place.county) if place else None


def custody_of(said: events.Custody) -> Custody:
    """Custody as it was published."""
    return Custody(said.status, said.state, said.county)


def removal_of(said: events.Removal) -> Removal:
    """A removal as it was published."""
    return Removal(said.scheduled_for, said.believed_imminent)


def place_of(said: events.Place | None) -> Place | None:
    """A place as it was published."""
    return Place(said.state, said.county) if said else None


def _consent(consent: Consent) -> events.Consent:
    return events.Consent(kind=consent.kind, status=consent.status)


def submitted(filing: Filing) -> events.RequestSubmitted:
    """A request that was accepted."""
    return events.RequestSubmitted(
        number=filing.number,
        received_at=filing.received_at,
        received=events.Received(channel=filing.channel, id=filing.received_id),
        resubmits=filing.resubmits,
        resubmitted_at=filing.sent_again_at,
        incomplete=filing.incomplete,
        not_understood=filing.not_understood,
        requestor_type=filing.requestor_type,
        language=filing.language,
        custody=_custody(filing.custody),
        removal=_removal(filing.removal),
        place=_place(filing.place),
        decision_under_review=filing.decision_under_review,
        relief_sought=filing.relief_sought,
        facts=_facts(filing.facts),
        consent=_consent(filing.consent),
        age_band=filing.age_band,
        represented=filing.represented,
        possible_double_of=filing.possible_double_of,
        noncitizen_reachable=filing.noncitizen_reachable,
        requestor_reachable=filing.requestor_reachable,
    )


def filing_of(data: events.RequestSubmitted, *, fingerprint: str) -> Filing:
    """A request as it was published."""
    return Filing(
        number=data.number,
        received_at=data.received_at,
        channel=data.received.channel,
        received_id=data.received.id,
        fingerprint=fingerprint,
        requestor_type=data.requestor_type,
        language=data.language,
        custody=custody_of(data.custody),
        removal=removal_of(data.removal),
        place=place_of(data.place),
        decision_under_review=data.decision_under_review,
        relief_sought=data.relief_sought,
        facts=FACTS.decode(data.facts.told()),
        consent=Consent(data.consent.kind),
        age_band=data.age_band,
        represented=data.represented,
        sealed_bytes=sum(len(box) for box in data.sealed.values()),
        incomplete=data.incomplete,
        not_understood=data.not_understood,
        resubmits=data.resubmits,
        sent_again_at=data.resubmitted_at,
        possible_double_of=data.possible_double_of,
        noncitizen_reachable=data.noncitizen_reachable,
        requestor_reachable=data.requestor_reachable,
    )


def rejected(case: Rejected) -> events.RequestRejected:
    """A request that was not accepted."""
    return events.RequestRejected(
        number=case.number,
        codes=case.codes,
        language=case.language,
        received=events.Received(channel=case.channel, id=case.received_id),
        received_at=case.received_at,
        requestor_type=case.requestor_type,
    )


def amended(filing: Filing, change: Change, by: Hand | None = None) -> events.RequestAmended:
    """An amendment: of each part that changed, its whole new value (of the facts, all that are known now).

    `by`: the member of staff who made it, where it was not the requestor.
    """
    return events.RequestAmended(
        amendment=filing.amendment,
        changed=change.names,
        custody=_custody(change.custody) if change.custody else None,
        removal=_removal(change.removal) if change.removal else None,
        place=_place(change.place),
        facts=_facts(filing.facts) if change.facts else None,
        consent=_consent(change.consent) if change.consent else None,
        language=change.language,
        answers=change.answers,
        link_generation=filing.link_generation,
        amended_by=by.who if by else None,
        asked_by=change.asked_by,
        for_office=by is not None and by.for_office,
        requestor_type=change.requestor_type,
        represented=filing.represented if change.requestor_type else None,
        noncitizen_status=Consent(ConsentKind.NONE, ruling).status if (ruling := change.noncitizen_ruling) else None,
        noncitizen_reachable=change.noncitizen_reachable,
        requestor_reachable=change.requestor_reachable,
        wished_by=change.wished_by,
        ground=change.ground,
        window_kept_until=change.window_kept_until,
    )


def change_of(event: Event[events.RequestAmended], filing: Filing) -> Change:
    """What an amendment changed, as it was published. Of the facts it tells all that were known then.

    Who ruled is the member of staff who amended; where nobody did, a ruling of before counts on.
    """
    said = event.data
    return Change(
        names=said.changed,
        custody=custody_of(said.custody) if said.custody else None,
        removal=removal_of(said.removal) if said.removal else None,
        place=place_of(said.place),
        facts=FACTS.decode(said.facts.told()) if said.facts else None,
        consent=Consent(said.consent.kind, _ruling(said.consent.status, event, filing)) if said.consent else None,
        language=said.language,
        answers=said.answers,
        new_link=said.link_generation > filing.link_generation,
        requestor_type=said.requestor_type,
        noncitizen_reachable=said.noncitizen_reachable,
        noncitizen_ruling=_ruling(said.noncitizen_status, event, filing) if said.noncitizen_status else None,
        requestor_reachable=said.requestor_reachable,
        asked_by=said.asked_by,
        wished_by=said.wished_by,
        ground=said.ground,
        window_kept_until=said.window_kept_until,
    )


def _ruling(status: ConsentStatus, event: Event[events.RequestAmended], filing: Filing) -> Ruling | None:
    before = filing.reader(Recipient.NONCITIZEN).consent
    if status is ConsentStatus.CLAIMED:
        return None
    if event.data.amended_by is None or event.data.requestor_type is not None:
        return before.ruling
    return Ruling(status is ConsentStatus.VERIFIED, event.data.amended_by, event.time)


def review_requested(filing: Filing, ground: ReviewGround, at: datetime) -> events.ReviewRequested:
    """What headquarters needs, which has not followed the case so far; with the urgency at that moment."""
    return events.ReviewRequested(
        ground=ground,
        custody=_custody(filing.custody),
        removal=_removal(filing.removal),
        facts=_facts(filing.facts),
        amendment=filing.amendment,
        number=filing.number,
        office=filing.office,
        urgency=filing.urgency_at(at),
        decision_under_review=filing.decision_under_review,
        relief_sought=filing.relief_sought,
        requestor_type=filing.requestor_type,
        received_at=filing.received_at,
        noncitizen_reachable=filing.noncitizen_reachable,
        requestor_reachable=filing.requestor_reachable,
        place=_place(filing.place),
    )


def assignment_of(event: Event[events.TriageAssigned]) -> Assignment:
    """Where triage has put the case."""
    said = event.data
    return Assignment(
        said.revision, said.office, said.urgency, said.answer_due, said.silence_ends_at, said.facts_seen or 0
    )


def consideration_of(event: Event[events.TriageCompleted], window_closes: datetime | None) -> Consideration:
    """What the field office's consideration came to."""
    said = event.data
    return Consideration(
        round=said.round,
        at=event.time,
        outcome=said.outcome,
        office=said.office,
        urgency=said.urgency,
        reasons=said.reasons,
        granted=said.granted,
        referred_to=said.referred_to,
        window_closes=window_closes,
        declined=said.declined,
        moot=said.moot,
        facts_seen=said.facts_seen,
    )


def question_of(event: Event[events.InformationRequested]) -> Question:
    """A question, with the moment at which it was asked."""
    said = event.data
    return Question(event.time, said.question, said.about, said.answer_by, blob=next(iter(said.sealed), None))


def escalation_of(event: Event[events.ReviewEscalated]) -> Escalation:
    """The case came into the SRO queue."""
    return Escalation(event.data.round, event.time, event.data.due, event.data.ground)


def remand_of(event: Event[events.ReviewRemanded]) -> Remand:
    """The case went back to the field office."""
    return Remand(event.data.round, event.time)


def resolution_of(event: Event[events.ResolutionIssued]) -> Resolution:
    """The ultimate resolution."""
    said = event.data
    return Resolution(event.time, said.stage, said.outcome, said.granted, said.reasons, said.declined, said.moot)
