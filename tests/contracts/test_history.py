"""The case view: the same for any arrival order, repeats and sealed blobs; and true of the case at every step."""

import json
from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.contracts.envelope import Event, encode, splice
from shared.contracts.history import SeveralCases, dump, fold, history_of
from shared.contracts.parsing import UnknownEvent
from shared.contracts.standing import CaseStage, WaitsFor
from shared.contracts.telling import DETAILS, SENTENCES, Happened
from shared.contracts.vocabulary import (
    EventType,
    Letter,
    MailResult,
    RejectCode,
    ResolutionOutcome,
    Service,
    Stage,
    TriageOutcome,
    Urgency,
)
from tests.contracts.made import events
from tests.contracts.story import CASE, LETTER, NUMBER, QUESTION, START, Story

DECLINED = TriageOutcome.DECLINED
SECOND_LETTER = UUID("0c0ffee0-0000-4000-8000-000000000004")


def whole_story() -> Story:
    """A case that goes everywhere: asked, declined, reviewed, sent back, declined again, overridden."""
    story = Story().submitted().assigned(None).letter(Letter.RECEIVED, MailResult.UNCERTAIN)
    story.day(1).assigned("ATL", 2, by_person=True).day(2).asked().day(3).answered()
    story.day(5).completed(DECLINED).day(6).review_asked().escalated()
    story.day(9).remanded().assigned("ATL", 3).day(11).completed(DECLINED, 2).escalated(2)
    story.day(14).resolved(ResolutionOutcome.OVERRIDDEN, Stage.SRO)
    return (
        story.letter(Letter.RESOLVED, MailResult.SENT, id_=SECOND_LETTER)
        .day(15)
        .letter(Letter.RECEIVED, MailResult.SENT, attempt=2)
    )


def before_the_answer() -> Story:
    return Story().submitted().assigned()


STAGES: dict[str, tuple[Story, CaseStage, set[WaitsFor]]] = {
    "rejected": (Story().rejected(), CaseStage.NOT_ACCEPTED, set()),
    "submitted": (Story().submitted(), CaseStage.RECEIVED, {WaitsFor.SYSTEM}),
    "no office known": (Story().submitted().assigned(None), CaseStage.TO_BE_ASSIGNED, {WaitsFor.ASSIGNMENT}),
    "assigned": (before_the_answer(), CaseStage.AT_FIELD_OFFICE, {WaitsFor.FIELD_OFFICE}),
    "asked": (before_the_answer().asked(), CaseStage.AT_FIELD_OFFICE, {WaitsFor.FIELD_OFFICE, WaitsFor.ANSWER}),
    "answered": (before_the_answer().asked().answered(), CaseStage.AT_FIELD_OFFICE, {WaitsFor.FIELD_OFFICE}),
    "favourable": (
        before_the_answer().completed(TriageOutcome.FAVOURABLE),
        CaseStage.BEING_CLOSED,
        {WaitsFor.SYSTEM},
    ),
    "moot": (before_the_answer().completed(TriageOutcome.MOOT), CaseStage.BEING_CLOSED, {WaitsFor.SYSTEM}),
    "declined": (before_the_answer().completed(DECLINED), CaseStage.REQUESTOR_DECIDES, {WaitsFor.REVIEW_OR_NOT}),
    "declined with an open question": (
        before_the_answer().asked().completed(DECLINED),
        CaseStage.REQUESTOR_DECIDES,
        {WaitsFor.REVIEW_OR_NOT},
    ),
    "referred": (
        before_the_answer().completed(TriageOutcome.REFERRED),
        CaseStage.REQUESTOR_DECIDES,
        {WaitsFor.REVIEW_OR_NOT},
    ),
    "lapsed": (before_the_answer().completed(DECLINED).lapsed(), CaseStage.BEING_CLOSED, {WaitsFor.SYSTEM}),
    "review asked": (
        before_the_answer().completed(DECLINED).review_asked(),
        CaseStage.GOING_TO_HEADQUARTERS,
        {WaitsFor.SYSTEM},
    ),
    "review asked without an answer": (
        before_the_answer().review_asked(),
        CaseStage.GOING_TO_HEADQUARTERS,
        {WaitsFor.SYSTEM},
    ),
    "at headquarters": (
        before_the_answer().completed(DECLINED).review_asked().escalated(),
        CaseStage.AT_HEADQUARTERS,
        {WaitsFor.HEADQUARTERS},
    ),
    "at headquarters without an answer": (
        before_the_answer().review_asked().escalated().completed(TriageOutcome.NO_ANSWER),
        CaseStage.AT_HEADQUARTERS,
        {WaitsFor.HEADQUARTERS},
    ),
    "asked by headquarters": (
        before_the_answer().completed(DECLINED).review_asked().escalated().asked(Service.ESCALATION),
        CaseStage.AT_HEADQUARTERS,
        {WaitsFor.HEADQUARTERS, WaitsFor.ANSWER},
    ),
    "headquarters asks the field office": (
        before_the_answer().completed(DECLINED).review_asked().escalated().office_asked(),
        CaseStage.AT_HEADQUARTERS,
        {WaitsFor.HEADQUARTERS, WaitsFor.ANSWER_OF_OFFICE},
    ),
    "the field office answered headquarters": (
        before_the_answer().completed(DECLINED).review_asked().escalated().office_asked().office_answered(),
        CaseStage.AT_HEADQUARTERS,
        {WaitsFor.HEADQUARTERS},
    ),
    "at headquarters again, the question of the first round left open": (
        before_the_answer()
        .completed(DECLINED)
        .review_asked()
        .escalated()
        .office_asked()
        .remanded()
        .completed(DECLINED, 2)
        .escalated(2),
        CaseStage.AT_HEADQUARTERS,
        {WaitsFor.HEADQUARTERS},
    ),
    "at headquarters, the field office's question left open": (
        before_the_answer().asked().completed(DECLINED).review_asked().escalated(),
        CaseStage.AT_HEADQUARTERS,
        {WaitsFor.HEADQUARTERS},
    ),
    "sent back": (
        before_the_answer().completed(DECLINED).review_asked().escalated().remanded().assigned(revision=2),
        CaseStage.AT_FIELD_OFFICE,
        {WaitsFor.FIELD_OFFICE},
    ),
    "declined again": (
        before_the_answer().completed(DECLINED).review_asked().escalated().remanded().completed(DECLINED, 2),
        CaseStage.GOING_TO_HEADQUARTERS,
        {WaitsFor.SYSTEM},
    ),
    "at headquarters again": (
        before_the_answer()
        .completed(DECLINED)
        .review_asked()
        .escalated()
        .remanded()
        .completed(DECLINED, 2)
        .escalated(2),
        CaseStage.AT_HEADQUARTERS,
        {WaitsFor.HEADQUARTERS},
    ),
    "withdrawn": (before_the_answer().withdrawn(), CaseStage.BEING_WITHDRAWN, {WaitsFor.SYSTEM}),
    "resolved": (
        before_the_answer().withdrawn().resolved(ResolutionOutcome.WITHDRAWN, Stage.REQUESTOR),
        CaseStage.RESOLVED,
        set(),
    ),
    "resolved, then the field office": (
        before_the_answer().resolved(ResolutionOutcome.WITHDRAWN, Stage.REQUESTOR).completed(DECLINED),
        CaseStage.RESOLVED,
        set(),
    ),
    "resolved, a letter uncertain": (
        before_the_answer()
        .resolved(ResolutionOutcome.MOOT, Stage.FIELD_OFFICE)
        .letter(Letter.RESOLVED, MailResult.UNCERTAIN),
        CaseStage.RESOLVED,
        {WaitsFor.LETTER_TO_BE_CHECKED},
    ),
    "erased": (before_the_answer().erased(), CaseStage.ERASED, set()),
    "resolved and erased": (
        before_the_answer().resolved(ResolutionOutcome.MOOT, Stage.FIELD_OFFICE).erased(),
        CaseStage.RESOLVED,
        set(),
    ),
}


@pytest.mark.parametrize("name", STAGES)
def test_a_case_stands_where_its_events_put_it(name: str) -> None:
    story, stage, waits_for = STAGES[name]
    history = fold(story.events)
    assert history.stage is stage
    assert {waiting.waits_for for waiting in history.waiting} == waits_for


def test_a_favourable_resolution_waits_until_the_office_says_that_it_is_carried_out() -> None:
    late = whole_story().not_carried_out()
    (waiting,) = fold(late.events).waiting
    assert (waiting.waits_for, waiting.due) == (WaitsFor.CARRYING_OUT, late.events[-1].data.due)
    done = fold(late.carried_out().events)
    assert done.waiting == ()
    assert {"not_carried_out", "carried_out"} < {entry.happened.value for entry in done.timeline}


def test_a_whole_case_is_told_from_beginning_to_end() -> None:
    history = fold(whole_story().events)
    assert (history.case_id, history.number, history.office) == (str(CASE), NUMBER, "ATL")
    assert (history.outcome, history.ended_by) == (ResolutionOutcome.OVERRIDDEN, Stage.SRO)
    assert (history.urgency, history.field_office_outcome) == (Urgency.REMOVAL_IMMINENT, DECLINED)
    (waiting,) = history.waiting
    assert (waiting.waits_for, waiting.due) == (WaitsFor.CARRYING_OUT, None)
    assert [entry.happened.value for entry in history.timeline] == [
        "accepted",
        "to_be_assigned",
        "letter_uncertain",
        "assigned_again",
        "question_asked",
        "answered",
        "considered",
        "review_asked",
        "at_headquarters",
        "sent_back",
        "assigned_again",
        "considered",
        "at_headquarters",
        "resolved",
        "letter_sent",
        "letter_sent",
    ]
    assert [(line.letter, line.result, line.attempt) for line in history.letters] == [
        (Letter.RECEIVED, MailResult.SENT, 2),
        (Letter.RESOLVED, MailResult.SENT, 1),
    ]
    assert history.timeline[6].details == {
        "round": 1,
        "outcome": "DECLINED",
        "reasons": ["WEIGHED"],
        "decided_by": "officer-1",
    }


@settings(max_examples=60)
@given(seed=st.integers(0, 2**32), repeats=st.integers(0, 10))
def test_any_arrival_order_with_any_repeats_gives_the_same_bytes(seed: int, repeats: int) -> None:
    story, random = whole_story().events, Random(seed)
    mixed = story + random.choices(story, k=repeats)
    random.shuffle(mixed)
    assert dump(fold(mixed)) == dump(fold(story))


@settings(max_examples=50)
@given(data=st.data())
def test_the_order_does_not_matter_even_for_events_that_make_no_sense(data: st.DataObject) -> None:
    kinds = st.sampled_from([kind for kind in EventType if kind is not EventType.REQUEST_RECEIVED])
    drawn: list[Event[Any]] = data.draw(
        st.lists(kinds.flatmap(events), min_size=1, max_size=6, unique_by=lambda e: e.id)
    )
    of_one_case = [event.model_copy(update={"subject": CASE}) for event in drawn]
    assert dump(fold(data.draw(st.permutations(of_one_case)))) == dump(fold(of_one_case))


def test_stored_and_published_events_tell_the_same() -> None:
    story = whole_story().events
    stored = [encode(event) for event in story]
    published = [splice(value, {"a_box": b"\x01\x02"}) for value in reversed(stored)]
    assert dump(history_of(stored)) == dump(history_of(published)) == dump(fold(story))


def test_a_cause_is_told_before_its_effect_although_both_have_the_same_time() -> None:
    story = before_the_answer().completed(TriageOutcome.FAVOURABLE)
    story.resolved(ResolutionOutcome.FAVOURABLE, Stage.FIELD_OFFICE)  # "escalation" sorts before "triage"
    told = [entry.event for entry in fold(reversed(story.events)).timeline]
    assert told == ["request.submitted", "triage.assigned", "triage.completed", "resolution.issued"]


def test_causes_in_a_circle_lose_no_event() -> None:
    one, two = before_the_answer().events
    circle = [one.model_copy(update={"causationid": two.id}), two.model_copy(update={"causationid": one.id})]
    other = whole_story().events[2]
    assert len(fold([*circle, other]).timeline) == 3
    assert dump(fold([*circle, other])) == dump(fold([other, *reversed(circle)]))


def test_a_topic_is_told_in_its_sequence_although_clocks_disagree() -> None:
    first, second = (event for event in whole_story().events[:4] if event.type == EventType.TRIAGE_ASSIGNED)
    early = second.model_copy(update={"time": START - timedelta(days=1)})
    assert [entry.details["revision"] for entry in fold([early, first]).timeline] == [1, 2]


def test_an_id_used_twice_is_told_once_and_the_same_whichever_came_first() -> None:
    one = before_the_answer().events[1]
    other = one.model_copy(update={"time": START - timedelta(days=1)})
    assert dump(fold([one, other])) == dump(fold([other, one]))
    assert len(fold([one, other]).timeline) == 1


def test_events_of_tomorrow_are_told_as_something_and_change_nothing() -> None:
    story = before_the_answer().events
    later = {**json.loads(encode(story[0])), "type": "appeal.filed", "id": str(CASE), "seq": 1}
    history = history_of([*map(encode, story), json.dumps(later).encode()])
    unknown = next(entry for entry in history.timeline if entry.event == "appeal.filed")
    assert (unknown.happened, unknown.details) == (Happened.SOMETHING_ELSE, {})
    assert history.stage is CaseStage.AT_FIELD_OFFICE
    only = UnknownEvent(specversion="1.0", id="1", type="x", source="s", subject=str(CASE), time=START, seq=1)
    assert fold([only]).stage is CaseStage.RECEIVED


def test_raw_submissions_are_no_part_of_a_history() -> None:
    story = before_the_answer().events
    raw = story[0].model_copy(update={"type": EventType.REQUEST_RECEIVED, "id": CASE})
    assert dump(fold([raw, *story])) == dump(fold(story))


def test_what_waits_says_since_when_until_when_and_about_what() -> None:
    story = before_the_answer().day(2).asked().letter(Letter.PLEASE_ANSWER, MailResult.UNCERTAIN)
    office, answer, letter = fold(story.events).waiting
    assert (office.since, office.due) == (story.events[1].time, story.events[1].data.answer_due)
    assert (answer.about, answer.due) == (QUESTION, story.events[2].data.answer_by)
    assert (letter.about, letter.since) == (LETTER, story.events[3].time)


def test_a_history_is_of_one_case() -> None:
    story = before_the_answer().events
    with pytest.raises(SeveralCases):
        fold([story[0], story[1].model_copy(update={"subject": LETTER})])
    with pytest.raises(SeveralCases):
        fold([])


def test_incomplete_and_urgent_is_told() -> None:
    entry = fold(Story().submitted(incomplete=(RejectCode.NO_NARRATIVE,)).events).timeline[0]
    assert entry.happened is Happened.ACCEPTED_INCOMPLETE
    assert entry.details["incomplete"] == ["NO_NARRATIVE"]


def test_everything_that_can_happen_has_its_sentence_and_its_fields() -> None:
    from shared.contracts.events import EVENTS

    assert set(SENTENCES) == set(Happened)
    assert all(set(names) <= EVENTS[kind].model_fields.keys() for kind, names in DETAILS.items())
