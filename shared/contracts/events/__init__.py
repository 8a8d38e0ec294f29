"""What each event says (clear fields; `sealed` carries the rest). Past tense, frozen, aware times only.

Names, A-numbers, dates of birth, addresses, facilities and every text that a person typed are sealed; which clear
fields there are, and why each may be, is listed in `docs/events.md`.
"""

from shared.contracts.envelope import EventData
from shared.contracts.events.facts import (
    Claimed,
    Consent,
    Custody,
    Fact,
    Facts,
    GangParticipation,
    GangParticipationAgeUnknown,
    Place,
    Received,
    Removal,
    SeenFacts,
)
from shared.contracts.events.records import CaseErased, NotificationRecorded
from shared.contracts.events.requests import (
    LinkRequested,
    RequestAmended,
    RequestReceived,
    RequestRejected,
    RequestSubmitted,
    RequestWithdrawn,
)
from shared.contracts.events.resolution import ResolutionCompleted, ResolutionIssued, ResolutionOverdue
from shared.contracts.events.review import (
    ReviewEscalated,
    ReviewLapsed,
    ReviewOverdue,
    ReviewRecused,
    ReviewRemanded,
    ReviewRequested,
)
from shared.contracts.events.triage import (
    InformationRequested,
    OfficeAnswered,
    OfficeAsked,
    PreApproval,
    Presumed,
    RemovalImminent,
    TriageAssigned,
    TriageCompleted,
)
from shared.contracts.vocabulary import EventType

__all__ = [
    "EVENTS",
    "CaseErased",
    "Claimed",
    "Consent",
    "Custody",
    "Fact",
    "Facts",
    "GangParticipation",
    "GangParticipationAgeUnknown",
    "InformationRequested",
    "LinkRequested",
    "NotificationRecorded",
    "OfficeAnswered",
    "OfficeAsked",
    "Place",
    "PreApproval",
    "Presumed",
    "Received",
    "Removal",
    "RemovalImminent",
    "RequestAmended",
    "RequestReceived",
    "RequestRejected",
    "RequestSubmitted",
    "RequestWithdrawn",
    "ResolutionCompleted",
    "ResolutionIssued",
    "ResolutionOverdue",
    "ReviewEscalated",
    "ReviewLapsed",
    "ReviewOverdue",
    "ReviewRecused",
    "ReviewRemanded",
    "ReviewRequested",
    "SeenFacts",
    "TriageAssigned",
    "TriageCompleted",
]

EVENTS: dict[EventType, type[EventData]] = {
    cls.type: cls
    for cls in (
        RequestReceived,
        RequestRejected,
        RequestSubmitted,
        RequestAmended,
        RequestWithdrawn,
        LinkRequested,
        TriageAssigned,
        TriageCompleted,
        InformationRequested,
        OfficeAsked,
        OfficeAnswered,
        ReviewRequested,
        ReviewLapsed,
        ReviewEscalated,
        ReviewOverdue,
        ReviewRecused,
        ReviewRemanded,
        ResolutionIssued,
        ResolutionOverdue,
        ResolutionCompleted,
        RemovalImminent,
        NotificationRecorded,
        CaseErased,
    )
}
"""Every event type with the model of its data."""
