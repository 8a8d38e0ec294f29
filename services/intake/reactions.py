"""Intake's table: from each input to its reaction. The service's contents page."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from services.intake import on_commands, on_events, on_hand_over, on_link, on_people, on_review
from services.intake.client_rows import listed_under, shown
from services.intake.commands import Ask, When
from services.intake.domain.case import (
    Accepted,
    Erased,
    ReviewWish,
    State,
    UnderConsideration,
    WindowOpen,
    Withdrawable,
    WithdrawalWish,
    waiting,
)
from services.intake.recalling import RECALLS
from services.intake.upcasting import (
    with_kept_windows,
    with_kinds_of_wishes,
    with_rulings,
    with_second_person,
    with_staff,
    with_wishes_for_review,
)
from shared.casework.reaction import Behaviour, Due
from shared.contracts.vocabulary import EventType, Service
from shared.policy.model import RANK


def due(state: State, work: Mapping[str, Any]) -> Due | None:
    """What intake waits for: a wish for review that comes to count, else the end of the window to ask for it.

    While something waits for a word of staff also the moment from which a removal is imminent.
    """
    if isinstance(state, UnderConsideration | WindowOpen) and state.asks is not None:
        return Due(When.REVIEW_COUNTS, state.asks.counts_at(state.filing.imminent_since))
    closes = Due(When.WINDOW_CLOSES, state.closes) if isinstance(state, WindowOpen) else None
    return min((each for each in (closes, _nears(state, work)) if each), key=lambda each: each.at, default=None)


def _nears(state: State, work: Mapping[str, Any]) -> Due | None:
    wish = waiting(state)
    since = state.filing.imminent_since if wish and isinstance(state, Withdrawable) else None
    return Due(When.REMOVAL_NEARS, since) if wish and since and since > _looked_at(wish, work) else None


def _looked_at(wish: WithdrawalWish | ReviewWish, work: Mapping[str, Any]) -> datetime:
    """Up to when the calendar has been followed for what waits."""
    return max(wish.at, work.get(on_events.LOOKED_AT) or wish.at)


def _rank(state: State, work: Mapping[str, Any]) -> int | None:
    """Where what waits stands in its list."""
    wish = waiting(state)
    return RANK[state.filing.urgency_at(_looked_at(wish, work))] if wish and isinstance(state, Withdrawable) else None


def queue(state: State, work: Mapping[str, Any]) -> Mapping[str, Any]:
    """How cases are listed: for the client who submitted them, by what it calls them (blind indexes both), and by how
    urgent something is that waits for a word of staff, and since when; and since when a hand-over waits."""
    wish = waiting(state)
    known = state.filing if isinstance(state, Accepted) else state
    proposed = state.filing.handing_over if isinstance(state, Accepted) else None
    return {
        "own": listed_under(state),
        "reference": None if isinstance(known, Erased) else known.client_reference,
        "withdrawal": wish.at if wish else None,
        "withdrawal_rank": _rank(state, work),
        "hand_over": proposed.at if proposed else None,
    }


BEHAVIOUR: Behaviour[State] = Behaviour(
    service=Service.INTAKE,
    state=State,
    recalls=RECALLS,
    reactions={
        Ask.SUBMIT: on_commands.on_submit,
        Ask.REVIEW: on_review.on_review,
        Ask.WAIVE: on_commands.on_waive,
        Ask.WITHDRAW: on_people.on_withdraw,
        Ask.AMEND: on_commands.on_amend,
        Ask.FACTS: on_commands.on_facts,
        Ask.CONSENT: on_people.on_consent,
        Ask.WITHDRAWAL: on_people.on_withdrawal,
        Ask.HAND_OVER: on_hand_over.on_hand_over,
        Ask.RULE_ON_HAND_OVER: on_hand_over.on_ruling,
        Ask.ERASE: on_commands.on_erase,
        Ask.SEND_LINK: on_link.on_send_link,
        EventType.TRIAGE_ASSIGNED: on_events.on_assigned,
        EventType.TRIAGE_COMPLETED: on_events.on_completed,
        EventType.INFORMATION_REQUESTED: on_events.on_question,
        EventType.REVIEW_ESCALATED: on_events.on_escalated,
        EventType.REVIEW_REMANDED: on_events.on_remanded,
        EventType.OFFICE_ANSWERED: on_events.on_office_answered,
        EventType.REVIEW_RECUSED: on_events.on_recused,
        EventType.RESOLUTION_ISSUED: on_events.on_resolved,
        When.WINDOW_CLOSES: on_events.on_window_closed,
        When.REVIEW_COUNTS: on_review.on_review_counts,
        When.REMOVAL_NEARS: on_events.on_removal_nears,
    },
    due=due,
    queue=queue,
    queue_indexes=("reference", "withdrawal", "hand_over"),
    shown=shown,
    indexes=(("queue.own", "shown_at"),),
    creates=frozenset({Ask.SUBMIT}),
    schema=7,
    upcasters={
        1: with_rulings,
        2: with_kinds_of_wishes,
        3: with_wishes_for_review,
        4: with_staff,
        5: with_second_person,
        6: with_kept_windows,
    },
)
