"""Exactly one resolution, by nobody who may not have the case, whatever the order, the doubles, and what people do.

Escalation arbitrates, so which input ends a case depends on which comes first; that one does, and only one, must not.
Where nothing competes (no withdrawal, and the field office's answer ends nothing), the state must not depend on order.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import hypothesis
from hypothesis import settings
from hypothesis import strategies as st

from services.escalation.admission import Conflict
from services.escalation.asking import Ask
from services.escalation.claiming import Claim, Recuse, SaveDraft
from services.escalation.domain.file import Addressee
from services.escalation.domain.states import InQueue, Remanded, Resolved
from services.escalation.officials import Decide, Remand
from services.escalation.orders import Order
from shared.casework.case import Arrived
from shared.casework.commands import Answered
from shared.casework.offering import Verdict
from shared.contracts.vocabulary import EventType, ReliefSought, Stage, TriageOutcome
from shared.desk.handing_over import HandOver, HandOverBecause
from tests.unit.escalation_story import (
    ERASED,
    LAPSED,
    SAM,
    TOM,
    UPHELD,
    WITHDRAWN,
    Escalation,
    amended,
    completed,
    custody_in,
    given,
    requested,
)
from tests.unit.one_case import Senders, after

RELEASE, STAY = ASKED = (ReliefSought.RELEASE, ReliefSought.STAY_OR_PAUSE_REMOVAL)
PARTLY: dict[str, Any] = {"granted": (RELEASE,), "declined": (STAY,)}
ENDS_NOTHING: tuple[tuple[TriageOutcome, dict[str, Any]], ...] = (
    (TriageOutcome.DECLINED, {"declined": ASKED}),
    (TriageOutcome.DECLINED, PARTLY),
    (TriageOutcome.REFERRED, {}),
    (TriageOutcome.MOOT, {"moot": ASKED}),
    (TriageOutcome.MOOT, {"granted": (RELEASE,), "moot": (STAY,)}),
)
ANSWERS = (*ENDS_NOTHING, (TriageOutcome.FAVOURABLE, {"granted": ASKED}), (TriageOutcome.MOOT, {}))
"""What a field office can say; the last as earlier builds said it."""
NO_ANSWER: tuple[TriageOutcome, dict[str, Any]] = (TriageOutcome.NO_ANSWER, {})
UNA = "sro-una"
THEN = (None, "claim", "decide", "remand", "recuse", "hand over", "draft", "ask the office", "the office answers")


@dataclass(frozen=True)
class Story:
    """What is heard first, in any order, with what people do in between; then, if it was sent back, the answer."""

    first: tuple[Arrived, ...]
    second: tuple[Arrived, ...]
    senders: Senders
    asks_review: bool
    competes: bool


@st.composite
def stories(draw: st.DrawFn, *, competing: bool = True) -> Story:
    """What intake and triage can say about one case: at most one of review requested and lapsed, and so on."""
    senders, heard = Senders(), []
    said = draw(st.sampled_from((*ANSWERS, NO_ANSWER) if competing else ENDS_NOTHING))
    outcome, parts = said
    asks = outcome is TriageOutcome.NO_ANSWER or draw(st.booleans())
    moments = iter(draw(st.permutations(range(20))))
    withdraws = competing and draw(st.booleans())
    told = ["AA"]  # the custody as of each amendment, from none on
    for amendment in range(1, draw(st.integers(1, 4))):
        changed = draw(st.sampled_from([None, "MD", "PA"]))
        heard.append(senders.event("intake", amended(amendment, changed)))
        told.append(changed or told[-1])
    heard.append(senders.event("triage", completed(outcome, **parts), after(hours=next(moments))))
    if asks:
        as_of = draw(st.integers(0, len(told) - 1))
        data = requested(as_of, custody=custody_in(told[as_of]), relief_sought=ASKED)
        heard.append(senders.event("intake", data, after(hours=next(moments))))
    elif said in ENDS_NOTHING:
        heard.append(senders.event("intake", LAPSED, after(hours=next(moments))))
    if withdraws:
        heard.append(senders.event("intake", WITHDRAWN, after(hours=next(moments))))
    if draw(st.booleans()):
        heard.append(senders.event("intake", ERASED))
    outcome, parts = draw(st.sampled_from(ANSWERS if competing else ENDS_NOTHING))
    second = completed(outcome, 2, **parts)
    return Story(tuple(heard), (senders.event("triage", second, after(days=3)),), senders, asks, withdraws)


def do(case: Escalation, then: str | None, away: set[str], who: str = SAM, days: float = 2) -> None:
    """What an SRO does if it is allowed; a refusal changes nothing. Whoever is `away` ends nothing, and holds nothing.

    Away is whoever has answered for the field office, or declared a conflict.
    """
    at, state = after(days=days), case.state
    seen = state.file.amendment if state is not None else 0
    ended, kept_away = isinstance(state, Resolved), who in away
    if then in {"claim", "decide", "remand", "draft", "hand over", "ask the office"}:
        case.ask(Order.CLAIM, Claim(who), at)
    match then:
        case "decide":
            left = state.file.to_answer if state is not None else ()
            case.ask(Order.DECIDE, Decide(who, replace(UPHELD, declined=left), seen, {}), at)
        case "remand":
            case.ask(Order.REMAND, Remand(who, ("FACTORS_NOT_CONSIDERED",), seen, {}), at)
        case "recuse":
            if isinstance(case.ask(Order.RECUSE, Recuse(who, Conflict.OTHER), at), Answered):
                away.add(who)
        case "hand over":
            case.ask(Order.HAND_OVER, HandOver(who, who, TOM if who == SAM else SAM, HandOverBecause.WORKLOAD), at)
        case "draft":
            case.ask(Order.DRAFT, SaveDraft(who, {"outcome": "UPHELD"}, {}), at)
        case "ask the office":
            case.ask(Order.ASK, Ask(who, ("facts",), {}, Addressee.FIELD_OFFICE), at)
        case "the office answers" if state is not None and state.file.asked:
            first = state.file.answer_of_office(state.file.asked[-1].id) is None
            case.hear("triage", given(state.file.asked[-1].id, by=who), at)
            away |= {who} if first else set()
    if not ended and isinstance(case.state, Resolved):
        assert case.state.resolution.stage is Stage.SRO
        assert case.state.resolution.decided_by == who
        assert not kept_away
    assert case.case.work.get("claim", {}).get("by") not in away


def issued(case: Escalation) -> int:
    return len(case.told(EventType.RESOLUTION_ISSUED))


Act = tuple[Arrived, str | None, str]


def play(story: Story, order: Sequence[Act], last: str) -> Escalation:
    """Everything that was sent arrives, people act in between, and at the end an SRO does his work, or a colleague."""
    case, away = Escalation(), set[str]()
    for arrived, then, who in order:
        case.offer(arrived)
        do(case, then, away, who)
        assert issued(case) == int(isinstance(case.state, Resolved))
    do(case, last, away)
    if isinstance(case.state, Remanded):
        for arrived in story.second:
            case.offer(arrived)
    do(case, "decide", away)
    do(case, "decide", away, UNA, days=30)
    return case


@st.composite
def tellings(draw: st.DrawFn) -> tuple[Story, Escalation]:
    story = draw(stories())
    again = draw(st.lists(st.sampled_from(story.first), max_size=4))
    order = draw(st.permutations([*story.first, *again]))
    acts = draw(st.lists(st.sampled_from(THEN), min_size=len(order), max_size=len(order)))
    people = draw(st.lists(st.sampled_from([SAM, TOM]), min_size=len(order), max_size=len(order)))
    told = play(story, list(zip(order, acts, people, strict=True)), draw(st.sampled_from(["decide", "remand"])))
    return story, told


@hypothesis.given(tellings())
@settings(max_examples=200)
def test_exactly_one_resolution_whatever_the_order_the_doubles_and_the_commands(told: tuple[Story, Escalation]) -> None:
    _, case = told
    assert isinstance(case.state, Resolved)
    assert issued(case) == 1
    assert case.waiting == []
    rounds = [one["round"] for one in case.told(EventType.REVIEW_ESCALATED)]
    assert rounds == list(range(1, len(rounds) + 1))
    assert len(case.told(EventType.REVIEW_REMANDED)) <= 1
    whatever_the_office_granted_is_granted(case)


def whatever_the_office_granted_is_granted(case: Escalation) -> None:
    (told,) = case.told(EventType.RESOLUTION_ISSUED)
    assert isinstance(case.state, Resolved)
    if told["stage"] != Stage.REQUESTOR:
        assert {*told["granted"]}.isdisjoint((*told["declined"], *told["moot"]))
        before = [record for record in case.state.file.records if record.completed_at <= case.state.at]
        assert {relief for record in before for relief in record.granted} <= {*told["granted"]}


@hypothesis.given(tellings())
@settings(max_examples=50)
def test_what_comes_again_after_the_end_changes_nothing(told: tuple[Story, Escalation]) -> None:
    story, case = told
    state, emitted = case.state, len(case.told())
    for arrived in story.first:
        assert case.offer(arrived) is Verdict.ALREADY
    assert (case.state, len(case.told())) == (state, emitted)


@hypothesis.given(st.data())
@settings(max_examples=120)
def test_where_nothing_competes_any_order_leaves_the_same_state(data: st.DataObject) -> None:
    story = data.draw(stories(competing=False))
    again = data.draw(st.lists(st.sampled_from(story.first), max_size=4))
    cases = []
    for order in (story.first, data.draw(st.permutations([*story.first, *again]))):
        case = Escalation()
        for arrived in order:
            case.offer(arrived)
        cases.append(case)
    one, other = cases
    assert one.waiting == other.waiting == []
    assert isinstance(one.state, InQueue if story.asks_review else Resolved)
    assert one.state == other.state
    assert one.queue == other.queue
    assert one.case.sizes == other.case.sizes
