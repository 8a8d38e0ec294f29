"""Which events make which letters, for whom, and which of them are made but not sent."""

from typing import Any

import pytest

from services.notification.domain.following import Followed, State
from services.notification.domain.ledger import path
from services.notification.domain.letters import OF_THE_CASE
from services.notification.upcasting import with_who_filed
from shared.casework.offering import Verdict
from shared.casework.stepping import set_path
from shared.contracts import events
from shared.contracts.envelope import EventData
from shared.contracts.vocabulary import (
    ConsentKind,
    ConsentStatus,
    EventType,
    Language,
    Letter,
    Recipient,
    ReliefSought,
    RequestorType,
    TriageOutcome,
)
from shared.mongo.mapping import StateMapping
from tests.unit.notification_story import (
    ASKED,
    ERASED,
    REJECTED,
    RESOLVED,
    Notified,
    amended,
    assigned,
    considered,
    escalated,
    submitted,
)
from tests.unit.one_case import after, as_stored

STEPS = ("considered", "please_answer", "with_headquarters")
BOTH = [("received", "noncitizen", "due", None), ("received", "requestor", "due", None)]


def a_case(**changes: object) -> Notified:
    case = Notified()
    case.hear("intake", submitted(**changes))  # type: ignore[arg-type]
    return case


def test_a_submission_is_acknowledged_to_requestor_and_noncitizen() -> None:
    assert a_case().short == BOTH


def test_a_noncitizen_who_asks_gets_one_copy() -> None:
    case = a_case(requestor=RequestorType.NONCITIZEN)
    case.hear("escalation", RESOLVED)
    assert case.short == [("received", "requestor", "due", None), ("resolved", "requestor", "due", None)]


def test_a_rejection_makes_one_letter_and_keeps_the_contact() -> None:
    case = Notified()
    case.hear("intake", REJECTED)
    assert case.short == [("not_accepted", "requestor", "due", None)]
    assert case.case.changes.blobs == {"contact": b"box"}


def test_only_the_first_assignment_with_an_office_makes_a_letter() -> None:
    case = a_case()
    for revision, office in ((1, None), (2, "PHI"), (3, "BAL")):
        case.hear("triage", assigned(revision, office))
    assert [row for row in case.short if row[0] == "at_the_field_office"] == [
        ("at_the_field_office", "requestor", "due", None)
    ]


@pytest.mark.parametrize(
    ("outcome", "phase", "reason"),
    [
        (TriageOutcome.DECLINED, "due", None),
        (TriageOutcome.REFERRED, "due", None),
        (TriageOutcome.FAVOURABLE, "suppressed", "ANOTHER_LETTER_FOLLOWS"),
        (TriageOutcome.MOOT, "suppressed", "ANOTHER_LETTER_FOLLOWS"),
        (TriageOutcome.NO_ANSWER, "suppressed", "ANOTHER_LETTER_FOLLOWS"),
    ],
)
def test_a_consideration_is_told_unless_another_letter_tells_at_once(
    outcome: TriageOutcome, phase: str, reason: str | None
) -> None:
    case = a_case()
    case.hear("triage", considered(outcome))
    assert ("considered", "requestor", phase, reason) in case.short


@pytest.mark.parametrize(
    "parts",
    [
        {"outcome": TriageOutcome.DECLINED, "granted": (ReliefSought.RELEASE,), "declined": (ReliefSought.PAROLE,)},
        {"outcome": TriageOutcome.MOOT, "moot": (ReliefSought.RELEASE,)},
    ],
)
def test_who_may_ask_for_review_is_told_though_something_was_granted_or_nothing_is_left(parts: dict[str, Any]) -> None:
    case = a_case()
    case.hear("triage", considered().model_copy(update=parts))
    assert ("considered", "requestor", "due", None) in case.short


def test_what_a_resolution_has_overtaken_is_made_suppressed_and_recorded() -> None:
    case = a_case()
    case.hear("escalation", RESOLVED)
    for source, late in (
        ("triage", assigned(1)),
        ("triage", ASKED),
        ("triage", considered()),
        ("escalation", escalated()),
    ):
        case.hear(source, late)
    suppressed = [row for row in case.short if row[2] == "suppressed"]
    assert [row[:2] for row in suppressed] == [
        ("at_the_field_office", "requestor"),
        *((letter, role) for letter in STEPS for role in ("noncitizen", "requestor")),
    ]
    assert {row[3] for row in suppressed} == {"ALREADY_RESOLVED"}
    told = case.told(EventType.NOTIFICATION_RECORDED)
    assert [(one["result"], one["attempt"], one["reply_class"]) for one in told] == [
        ("suppressed", 0, "ALREADY_RESOLVED")
    ] * 7


def test_a_second_round_at_headquarters_is_a_letter_of_its_own() -> None:
    case = a_case()
    case.hear("escalation", escalated(1))
    case.hear("escalation", escalated(2))
    assert [row[:2] for row in case.short].count(("with_headquarters", "noncitizen")) == 2
    assert [row[:2] for row in case.short].count(("with_headquarters", "requestor")) == 2


def test_after_refused_consent_only_the_noncitizen_is_written_to() -> None:
    case = a_case()
    refused = events.Consent(kind=ConsentKind.G28, status=ConsentStatus.REFUSED)
    case.hear("intake", amended(1, "consent", consent=refused))
    case.hear("escalation", RESOLVED)
    assert ("resolved", "requestor", "suppressed", "NO_CONSENT") in case.short
    assert ("resolved", "noncitizen", "due", None) in case.short


def test_after_erasure_every_letter_is_suppressed() -> None:
    case = a_case()
    case.hear("intake", ERASED)
    case.hear("triage", considered())
    assert ("considered", "requestor", "suppressed", "ERASED") in case.short


def test_an_amendment_is_remembered_for_what_it_says_of_addressing_only() -> None:
    case = a_case()
    case.hear("intake", amended(1, "contact", language=Language.ES))
    case.hear("intake", amended(2, "facts", link_generation=2))
    assert isinstance(case.state, Followed)
    assert (case.state.contacts, case.state.language, case.state.link_generation) == ((1,), Language.ES, 2)
    assert set(case.case.changes.blobs) == {"submitted", "amended_1"}


def test_a_change_of_contact_is_told_to_both_addresses_the_old_one_in_its_readers_language() -> None:
    case = a_case()
    case.hear("intake", amended(1, "contact", "language", language=Language.ES))
    told = {entry.letter.value: entry for entry in case.letters.values() if entry.letter.value != "received"}
    own = told.pop("another_reader")
    assert (own.role.value, own.before) == ("noncitizen", None)
    assert set(told) == {"address_changed", "new_address"}
    assert (told["address_changed"].before, told["address_changed"].language) == (1, "en")
    assert (told["new_address"].before, told["new_address"].language) == (None, None)
    assert all(entry.role.value == "requestor" for entry in told.values())


@pytest.mark.parametrize(
    "data",
    [
        amended(1, "facts"),
        amended(1, "information", "custody"),
        events.RequestAmended(amendment=1, changed=("contact",)),  # nothing sealed: no way to reach anybody changed
    ],
)
def test_other_amendments_tell_nobody_of_a_change_of_contact(data: EventData) -> None:
    case = a_case()
    case.hear("intake", data)
    assert case.short == BOTH


@pytest.mark.parametrize("requestor", [RequestorType.ATTORNEY, RequestorType.NONCITIZEN])
def test_a_new_link_is_sent_to_all_who_had_the_one_that_died(requestor: RequestorType) -> None:
    case = a_case(requestor=requestor)
    case.hear("intake", events.RequestAmended(amendment=1, changed=("link",), link_generation=2))
    had_it = {role for letter, role, _, _ in case.short if letter == "received"}
    assert {row for row in case.short if row[0] == "link_sent"} == {("link_sent", each, "due", None) for each in had_it}


@pytest.mark.parametrize("role", [Recipient.REQUESTOR, Recipient.NONCITIZEN])
def test_a_lost_link_is_sent_to_whom_the_event_names_and_stays_as_it_is(role: Recipient) -> None:
    case = a_case()
    case.hear("intake", events.LinkRequested(to=role))
    assert [row for row in case.short if row[0] == "link_sent"] == [("link_sent", role.value, "due", None)]
    assert isinstance(case.state, Followed)
    assert case.state.link_generation == 1


def test_a_lost_link_of_a_rejected_request_is_sent_too_and_each_time_anew() -> None:
    case = Notified()
    case.hear("intake", REJECTED)
    for _ in range(2):
        case.hear("intake", events.LinkRequested(to=Recipient.REQUESTOR))
    assert [row[0] for row in case.short] == ["link_sent", "link_sent", "not_accepted"]


def test_a_noncitizen_who_asked_gets_a_lost_link_once() -> None:
    case = a_case(requestor=RequestorType.NONCITIZEN)
    case.hear("intake", events.LinkRequested(to=Recipient.REQUESTOR))
    case.hear("intake", events.LinkRequested(to=Recipient.NONCITIZEN))  # intake never names them so
    assert [row for row in case.short if row[0] == "link_sent"] == [
        ("link_sent", "noncitizen", "suppressed", "ONE_COPY"),
        ("link_sent", "requestor", "due", None),
    ]


def handed_over(number: int, to: RequestorType) -> events.RequestAmended:
    return amended(number, "representative", "consent", requestor_type=to, link_generation=number + 1)


def test_a_hand_over_tells_the_one_before_without_a_link_and_the_new_one_and_the_noncitizen_with_it() -> None:
    case = a_case(requestor=RequestorType.NONCITIZEN)
    case.hear("intake", handed_over(1, RequestorType.ATTORNEY))
    made = [row[:3] for row in case.short if row[0] != "received"]
    assert made == [
        ("link_sent", "noncitizen", "due"),
        ("representative_began", "requestor", "due"),
        ("representative_ended", "requestor", "due"),
    ]
    former = next(entry for entry in case.letters.values() if entry.letter is Letter.REPRESENTATIVE_ENDED)
    assert former.before == 1
    assert isinstance(case.state, Followed)
    assert case.state.link_generation == 2


@pytest.mark.parametrize("requestor", [each for each in RequestorType if each is not RequestorType.NONCITIZEN])
@pytest.mark.parametrize("consent", list(ConsentStatus))
@pytest.mark.parametrize(
    ("letter", "source", "data"),
    [
        ("please_answer", "triage", ASKED),
        ("considered", "triage", considered()),
        ("with_headquarters", "escalation", escalated()),
        ("resolved", "escalation", RESOLVED),
    ],
)
def test_the_noncitizen_is_told_of_each_step_that_takes_or_opens_a_right_whoever_filed(
    letter: str, source: str, data: EventData, requestor: RequestorType, consent: ConsentStatus
) -> None:
    case = a_case(requestor=requestor, consent=consent)
    case.hear(source, data)
    assert (letter, "noncitizen", "due", None) in case.short


FOR_BOTH = [
    ("please_answer", "triage", ASKED),
    ("considered", "triage", considered()),
    ("with_headquarters", "escalation", escalated()),
    ("resolved", "escalation", RESOLVED),
]


@pytest.mark.parametrize(("letter", "source", "data"), FOR_BOTH)
@pytest.mark.parametrize("first", ["hand-over", "step"])
def test_a_noncitizen_who_handed_over_hears_of_each_step_whichever_came_first(
    letter: str, source: str, data: EventData, first: str
) -> None:
    case = a_case(requestor=RequestorType.NONCITIZEN)
    order = [("intake", handed_over(1, RequestorType.ATTORNEY)), (source, data)]
    for sender, said in order if first == "hand-over" else reversed(order):
        case.hear(sender, said)
    assert [row for row in case.short if row[0] == letter] == [
        (letter, "noncitizen", "due", None),
        (letter, "requestor", "due", None),
    ]


@pytest.mark.parametrize(("letter", "source", "data"), FOR_BOTH)
def test_what_a_noncitizen_has_had_as_the_requestor_does_not_come_a_second_time(
    letter: str, source: str, data: EventData
) -> None:
    case = a_case(requestor=RequestorType.NONCITIZEN)
    case.hear(source, data)
    (sent,) = [key for key, entry in case.letters.items() if entry.letter == letter]
    set_path(case.case.work, path(sent, "phase"), "sent")
    case.hear("intake", handed_over(1, RequestorType.ATTORNEY))
    assert [row for row in case.short if row[0] == letter] == [
        (letter, "noncitizen", "suppressed", "ONE_COPY"),
        (letter, "requestor", "sent", None),
    ]


def test_a_noncitizen_who_stands_alone_again_gets_one_copy() -> None:
    case = a_case(requestor=RequestorType.ATTORNEY)
    case.hear("intake", handed_over(1, RequestorType.NONCITIZEN))
    case.hear("escalation", RESOLVED)
    assert [row for row in case.short if row[0] in {"resolved", "link_sent"}] == [
        ("link_sent", "noncitizen", "suppressed", "ONE_COPY"),
        ("resolved", "noncitizen", "suppressed", "ONE_COPY"),
        ("resolved", "requestor", "due", None),
    ]


def test_a_withdrawal_that_waits_is_told_to_both_until_the_case_is_resolved() -> None:
    case = a_case()
    case.hear("intake", amended(1, "withdrawal_asked"))
    assert [row[1:3] for row in case.short if row[0] == "withdrawal_waits"] == [
        ("noncitizen", "due"),
        ("requestor", "due"),
    ]
    case.hear("escalation", RESOLVED)
    case.hear("intake", amended(2, "withdrawal_asked"))
    late = [row for row in case.short if row[0] == "withdrawal_waits" and row[3] == "ALREADY_RESOLVED"]
    assert len(late) == 2


@pytest.mark.parametrize("what", ["withdrawal", "waiver", "hand_over", "review"])
def test_a_wish_that_staff_turned_down_is_told_to_both_until_the_case_is_resolved(what: str) -> None:
    case = a_case()
    case.hear("intake", amended(1, f"{what}_not_confirmed"))
    assert case.short[:2] == [("not_agreed", "noncitizen", "due", None), ("not_agreed", "requestor", "due", None)]
    case.hear("escalation", RESOLVED)
    case.hear("intake", amended(2, f"{what}_not_confirmed"))
    assert len([row for row in case.short if row[0] == "not_agreed" and row[3] == "ALREADY_RESOLVED"]) == 2


def test_of_a_refused_requestors_wish_the_noncitizen_alone_is_told_and_is_listed_without_an_address() -> None:
    case = a_case(consent=ConsentStatus.REFUSED)
    case.hear("intake", amended(1, "review_not_confirmed"))
    rows = [row[1:] for row in case.short if row[0] == "not_agreed"]
    assert rows == [("noncitizen", "due", None), ("requestor", "suppressed", "NO_CONSENT")]
    assert Letter.NOT_AGREED in OF_THE_CASE


@pytest.mark.parametrize(
    ("before", "to", "told"),
    [
        (RequestorType.FAMILY, RequestorType.ATTORNEY, [("noncitizen", "due", None)]),
        (RequestorType.ATTORNEY, RequestorType.NONCITIZEN, [("noncitizen", "suppressed", "ONE_COPY")]),
        (RequestorType.NONCITIZEN, RequestorType.ATTORNEY, []),  # told as the one before
    ],
)
def test_the_noncitizen_is_told_that_somebody_else_represents(
    before: RequestorType, to: RequestorType, told: list[tuple[str, str, str | None]]
) -> None:
    case = a_case(requestor=before)
    case.hear("intake", handed_over(1, to))
    assert [row[1:] for row in case.short if row[0] == "another_reader"] == told


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (events.RequestWithdrawn(by=Recipient.REQUESTOR), True),
        (events.ReviewLapsed(at=after(days=1), waived=True, by=Recipient.REQUESTOR), True),
        (events.ReviewLapsed(at=after(days=1), waived=False), False),  # nobody gave anything up: the time ran out
    ],
)
def test_what_was_given_up_at_once_is_told_to_both_and_no_resolution_overtakes_it(said: EventData, told: bool) -> None:
    case = a_case()
    case.hear("escalation", RESOLVED)
    case.hear("intake", said)
    expected = [("noncitizen", "due"), ("requestor", "due")] if told else []
    assert [row[1:3] for row in case.short if row[0] == "given_up"] == expected


def test_a_case_stored_in_the_shape_of_before_is_read() -> None:
    mapping = StateMapping[Any](State)
    stored = as_stored(mapping, a_case().state)
    del stored["filed_by"]
    before: Any = mapping.decode(with_who_filed(stored | {"resolved": True}))
    assert before.resolved
    assert before.filed_by is before.requestor_type


@pytest.mark.parametrize(
    ("source", "data"),
    [
        ("intake", amended(1, "contact")),
        ("intake", ERASED),
        ("intake", events.LinkRequested(to=Recipient.REQUESTOR)),
        ("triage", assigned(1)),
        ("triage", considered()),
        ("triage", ASKED),
        ("escalation", escalated()),
        ("escalation", RESOLVED),
        ("escalation", events.ReviewRemanded(round=2, reasons=())),
    ],
)
def test_everything_waits_for_the_submission_which_must_still_come(source: str, data: EventData) -> None:
    case = Notified()
    assert case.hear(source, data) is Verdict.HELD
    case.hear("intake", submitted())
    assert case.waiting == []


def test_nothing_that_comes_after_a_rejection_makes_a_letter() -> None:
    case = Notified()
    case.hear("intake", REJECTED)
    case.hear("intake", amended(1, "contact"))
    case.hear("escalation", RESOLVED)
    case.hear("intake", ERASED)
    assert case.short == [("not_accepted", "requestor", "due", None)]
    assert case.waiting == []
