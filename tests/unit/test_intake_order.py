"""Whatever the order across topics, however often a record comes: the same state, and one word about the review."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from services.intake.commands import (
    Amend,
    Ask,
    AskReview,
    Erase,
    HandOver,
    RuleOnConsent,
    RuleOnHandOver,
    RuleOnWithdrawal,
    Waive,
    Withdraw,
)
from services.intake.domain.facts import Custody, Removal
from services.intake.domain.filing import Change
from services.intake.reactions import BEHAVIOUR
from shared.contracts import events
from shared.contracts.envelope import Event
from shared.contracts.vocabulary import (
    Belief,
    ConsentKind,
    CustodyStatus,
    Language,
    Recipient,
    RequestorType,
    ReviewGround,
    Service,
)
from shared.policy.model import RANK, imminent_from, urgency_of
from tests.unit.intake_world import (
    COLLEAGUE,
    DAY,
    MONDAY,
    OFFICER,
    OFFICIAL,
    World,
    assigned,
    completed,
    escalated,
    question,
    remanded,
    resolved,
    rules,
    said_by,
)
from tests.unit.one_case import as_stored

PARTS: dict[str, list[dict[str, list[str]]]] = {
    "FAVOURABLE": [{"granted": ["RELEASE"]}],
    "DECLINED": [{}, {"declined": ["RELEASE"]}, {"granted": ["RELEASE"], "declined": ["PAROLE"]}],
    "MOOT": [{}, {"moot": ["RELEASE"]}, {"granted": ["RELEASE"], "moot": ["PAROLE"]}],
}
"""What an answer says of single reliefs; nothing, as earlier builds said it."""


@st.composite
def histories(draw: st.DrawFn) -> list[Event[Any]]:
    """What triage and escalation may say about one case, oldest first."""
    told: list[Event[Any]] = [
        assigned(revision, office=draw(st.sampled_from(["ELP", "HOU", None])))
        for revision in range(1, draw(st.integers(1, 3)) + 1)
    ]
    told += [question(number, at=MONDAY + number * DAY) for number in range(1, draw(st.integers(0, 2)) + 1)]
    if first := draw(st.sampled_from([None, "FAVOURABLE", "DECLINED", "REFERRED", "MOOT", "NO_ANSWER"])):
        told.append(completed(first, parts=draw(st.sampled_from(PARTS.get(first, [{}])))))
    if draw(st.booleans()):
        told.append(escalated())
        told += [question(by=Service.ESCALATION)] if draw(st.booleans()) else []
        if draw(st.booleans()):
            # Triage closes its item with "no answer" when headquarters takes the case first.
            told += [] if first else [completed("NO_ANSWER", at=MONDAY + 7 * DAY)]
            told += [remanded(), completed(draw(st.sampled_from(["FAVOURABLE", "DECLINED"])), number=2)]
            told += [escalated(2)] if draw(st.booleans()) else []
    answered = events.OfficeAnswered(question=MONDAY_QUESTION, answered_by="officer-2", touched_by=("officer-3",))
    told += [said_by(Service.TRIAGE, answered)] if draw(st.booleans()) else []
    recusals = draw(st.integers(0, 2))
    told += [
        said_by(Service.ESCALATION, events.ReviewRecused(who=f"official-{number}"), seq=number)
        for number in range(1, recusals + 1)
    ]
    if draw(st.booleans()):
        told.append(resolved(draw(st.sampled_from(["UPHELD", "DECLINED", "WITHDRAWN", "FAVOURABLE"]))))
    return told


@st.composite
def deliveries(draw: st.DrawFn, told: Sequence[Event[Any]]) -> list[Event[Any]]:
    """The same records in any order at all (gaps are held), some of them more than once."""
    twice = draw(st.lists(st.sampled_from(told), max_size=4)) if told else []
    return draw(st.permutations([*told, *twice]))


MONDAY_QUESTION = UUID(int=9)
LATE = MONDAY + 70 * DAY
COMMANDS: list[tuple[Ask, Any]] = [
    (Ask.REVIEW, AskReview(ReviewGround.FIELD_OFFICE_DECLINED, {"review": b"box"})),
    (Ask.REVIEW, AskReview(ReviewGround.NO_TIMELY_ANSWER, {})),
    (Ask.REVIEW, AskReview(ReviewGround.FIELD_OFFICE_DECLINED, {"amended_2": b"box"}, wish=2)),
    (Ask.REVIEW, AskReview(ReviewGround.NO_TIMELY_ANSWER, {"amended_1": b"box"}, wish=1)),
    (Ask.CONSENT, RuleOnConsent(0, verified=False, by=OFFICER)),
    (Ask.WITHDRAWAL, RuleOnWithdrawal(2, confirmed=False, by=OFFICIAL)),
    (Ask.WITHDRAWAL, RuleOnWithdrawal(1, confirmed=False, by=OFFICIAL)),
    (Ask.WAIVE, Waive()),
    (Ask.WITHDRAW, Withdraw(Recipient.REQUESTOR, {})),
    (Ask.AMEND, Amend(1, Change(("information",)), {"amended_1": b"box"})),
    (Ask.AMEND, Amend(2, Change(("link",), new_link=True), {})),
    (Ask.AMEND, Amend(1, Change(("removal",), removal=Removal(None, Belief.YES)), {})),
    (Ask.AMEND, Amend(2, Change(("removal",), removal=Removal(LATE.date(), Belief.UNKNOWN)), {})),
    (Ask.AMEND, Amend(1, Change(("custody",), custody=Custody(CustodyStatus.DETAINED)), {})),
    (Ask.CONSENT, RuleOnConsent(1, verified=False, by=OFFICER)),
    (Ask.CONSENT, RuleOnConsent(1, verified=True, by=OFFICER, kind=ConsentKind.FORM_60_001)),
    (Ask.WITHDRAW, Withdraw(Recipient.REQUESTOR, {"amended_1": b"box"}, wish=1)),
    (Ask.WITHDRAW, Withdraw(Recipient.REQUESTOR, {}, wish=2)),
    (Ask.WITHDRAWAL, RuleOnWithdrawal(1, confirmed=True, by=OFFICER)),
    (Ask.WITHDRAWAL, RuleOnWithdrawal(1, confirmed=False, by=OFFICER)),
    (Ask.WITHDRAWAL, RuleOnWithdrawal(1, confirmed=True, by=OFFICIAL)),
    (Ask.CONSENT, RuleOnConsent(1, verified=True, by=OFFICER, of=Recipient.NONCITIZEN)),
    (Ask.WAIVE, Waive(by=Recipient.NONCITIZEN)),
    (Ask.WITHDRAW, Withdraw(Recipient.NONCITIZEN, {"amended_1": b"box"}, wish=1)),
    (Ask.HAND_OVER, HandOver(1, RequestorType.ATTORNEY, Language.ES, {"amended_1": b"box"})),
    (Ask.HAND_OVER, HandOver(1, RequestorType.ATTORNEY, Language.ES, {"amended_1": b"box"}, wish=True)),
    (Ask.HAND_OVER, HandOver(2, RequestorType.NONCITIZEN, None, {"amended_2": b"box"}, OFFICER)),
    (Ask.HAND_OVER, HandOver(1, RequestorType.ATTORNEY, None, {"amended_1": b"box"}, OFFICER)),
    (Ask.RULE_ON_HAND_OVER, RuleOnHandOver(1, confirmed=True, by=COLLEAGUE, boxes={"amended_2": b"box"})),
    (Ask.RULE_ON_HAND_OVER, RuleOnHandOver(1, confirmed=False, by=OFFICER, boxes={})),
    (Ask.ERASE, Erase("privacy-1", "order-7")),
]


@dataclass(frozen=True)
class Act:
    """Something that people or the clock do, after so much has been said."""

    after: int
    ask: tuple[Ask, Any] | None


ACTS = st.lists(st.builds(Act, st.integers(0, 12), st.sampled_from([None, *COMMANDS])), max_size=4).map(
    lambda acts: sorted(acts, key=lambda act: act.after)
)


REQUESTORS = st.sampled_from([RequestorType.NONCITIZEN, RequestorType.FAMILY])


def live(
    told: Sequence[Event[Any]],
    acts: Sequence[Act],
    draw: st.DataObject,
    requestor: RequestorType = RequestorType.NONCITIZEN,
) -> World:
    """Submit; then, between the acts, hear what has been said so far, in an order of its own."""
    world = World()
    world.submit(requestor_type=requestor)
    heard = 0
    for act in acts:
        world.hear(*draw.draw(deliveries(told[heard : act.after])))
        heard = max(heard, min(act.after, len(told)))
        if act.ask is None:
            world.pass_time(LATE)
        else:
            world.ask(*act.ask, at=LATE)
    world.hear(*draw.draw(deliveries(told[heard:])))
    assert not world.case.held
    return world


@settings(max_examples=60)
@given(histories(), ACTS, st.data(), REQUESTORS)
def test_any_order_and_any_duplicate_makes_the_same_state_and_the_same_events(
    told: list[Event[Any]], acts: list[Act], draw: st.DataObject, requestor: RequestorType
) -> None:
    one, other = live(told, acts, draw, requestor), live(told, acts, draw, requestor)
    assert one.state == other.state
    assert one.said == other.said
    assert one.case.handled == other.case.handled


@settings(max_examples=60)
@given(histories(), ACTS, st.data())
def test_the_review_is_asked_for_or_lapses_at_most_once(
    told: list[Event[Any]], acts: list[Act], draw: st.DataObject
) -> None:
    world = live(told, acts, draw)
    world.pass_time(LATE)
    world.pass_time(LATE)
    spoken = [said for said in world.said if isinstance(said, events.ReviewRequested | events.ReviewLapsed)]
    assert len(spoken) <= 1


@settings(max_examples=60)
@given(histories(), ACTS, st.data(), REQUESTORS)
def test_the_request_for_review_is_never_less_urgent_than_the_facts_that_it_tells(
    told: list[Event[Any]], acts: list[Act], draw: st.DataObject, requestor: RequestorType
) -> None:
    for said in live(told, acts, draw, requestor).said:
        if isinstance(said, events.ReviewRequested):
            since = imminent_from(said.removal.scheduled_for, 14 * DAY)
            known = urgency_of(said.custody.status, said.removal.believed_imminent, imminent_since=since, as_of=LATE)
            assert RANK[said.urgency] <= RANK[known]


@settings(max_examples=40)
@given(histories(), ACTS, st.data(), REQUESTORS)
def test_every_state_can_be_stored_and_read_back(
    told: list[Event[Any]], acts: list[Act], draw: st.DataObject, requestor: RequestorType
) -> None:
    world = live(told, acts, draw, requestor)
    stored = as_stored(rules().mapping, world.state)
    assert rules().mapping.decode(stored) == world.state
    assert all("." not in key for key in BEHAVIOUR.queue(world.state, {}))
