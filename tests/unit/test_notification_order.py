"""Whatever the order across topics, however often: same inputs, same state, same set of notification ids."""

from typing import Any
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from services.notification.domain.letters import BOTH
from shared.casework.case import Arrived
from shared.contracts import events
from shared.contracts.envelope import EventData
from shared.contracts.vocabulary import (
    ConsentKind,
    ConsentStatus,
    Language,
    RequestorType,
    TriageOutcome,
    Urgency,
)
from tests.unit.notification_story import (
    ASKED,
    ERASED,
    OVERRIDDEN,
    RESOLVED,
    Notified,
    amended,
    assigned,
    considered,
    escalated,
    submitted,
)
from tests.unit.one_case import Senders, after

URGENCY = st.sampled_from([Urgency.DETAINED, Urgency.REMOVAL_IMMINENT])


@st.composite
def stories(draw: st.DrawFn) -> list[Arrived]:
    """Events of a case in the order in which they happened."""
    senders = Senders()
    inputs: list[tuple[str, EventData]] = [
        ("intake", submitted(draw(st.sampled_from(RequestorType)), draw(st.sampled_from(ConsentStatus))))
    ]
    inputs += [
        ("triage", assigned(revision, draw(st.sampled_from([None, "PHI", "BAL"])), draw(URGENCY), draw(st.booleans())))
        for revision in range(1, draw(st.integers(2, 5)))
    ]
    for number in range(1, draw(st.integers(1, 4))):
        consent = draw(st.sampled_from([None, *ConsentStatus]))
        inputs.append(
            (
                "intake",
                amended(
                    number,
                    draw(
                        st.sampled_from(
                            ["contact", "facts", "link", "representative", "withdrawal_asked", "review_not_confirmed"]
                        )
                    ),
                    requestor_type=draw(st.sampled_from([None, RequestorType.NONCITIZEN, RequestorType.ATTORNEY])),
                    language=draw(st.sampled_from([None, *Language])),
                    consent=events.Consent(kind=ConsentKind.G28, status=consent) if consent else None,
                    link_generation=number,
                ),
            )
        )
    optional: list[tuple[str, EventData]] = [
        ("triage", ASKED),
        ("escalation", ASKED),
        ("triage", considered(draw(st.sampled_from(TriageOutcome)))),
        ("intake", events.RequestWithdrawn(by=draw(st.sampled_from(sorted(BOTH))))),
        ("intake", events.ReviewLapsed(at=after(days=1), waived=draw(st.booleans()))),
        ("escalation", escalated(1)),
        ("escalation", events.ReviewRemanded(round=2, reasons=())),
        ("triage", considered(round_=2)),
        ("escalation", escalated(2)),
        ("escalation", draw(st.sampled_from([RESOLVED, OVERRIDDEN]))),
        ("intake", events.LinkRequested(to=draw(st.sampled_from(sorted(BOTH))))),
        ("intake", ERASED),
    ]
    inputs += [one for one in optional if draw(st.booleans())]
    return [senders.event(source, data, after(hours=hour)) for hour, (source, data) in enumerate(inputs)]


def told(arrivals: list[Arrived]) -> tuple[Any, set[tuple[UUID, int | None, str | None]], dict[UUID, str | None]]:
    case = Notified()
    for arrived in arrivals:
        case.offer(arrived)
    assert case.waiting == []
    assert {entry.phase.value for entry in case.letters.values()} <= {"due", "suppressed"}
    recorded = {UUID(one["notification"]): one["reply_class"] for one in case.told()}
    suppressed = {key: entry.reason for key, entry in case.letters.items() if entry.phase.value == "suppressed"}
    assert recorded == suppressed
    letters = {(key, entry.before, entry.language) for key, entry in case.letters.items()}
    return case.state, letters, suppressed


@settings(max_examples=60)
@given(stories(), st.randoms(use_true_random=False))
def test_any_order_and_any_repetition_end_alike(story: list[Arrived], chance: Any) -> None:
    shuffled = story + [one for one in story if chance.random() < 0.3]
    chance.shuffle(shuffled)
    state, letters, _ = told(story)
    assert told(shuffled)[:2] == (state, letters)
