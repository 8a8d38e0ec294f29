"""What an office's duty mailbox is told: once, neutrally, by the office map in force."""

import email
import email.policy
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from services.notification.domain.ledger import AT_ONCE, Entry, Phase
from services.notification.domain.letters import Because
from services.notification.mail.claims import Taken
from services.notification.mail.duty import DutyDesk
from services.notification.mail.message import Sender
from services.notification.office_letters import SAYS, SUBJECTS, OfficeLetters, Place
from services.notification.rendering import environment_of
from shared.contracts import events
from shared.contracts.vocabulary import Letter, Recipient, Urgency
from shared.policy.loading import load
from tests.unit.markup import faults
from tests.unit.notification_story import (
    ERASED,
    NUMBER,
    OVERRIDDEN,
    RESOLVED,
    Notified,
    assigned,
    submitted,
)
from tests.unit.one_case import CASE_ID, T0

GOLDEN = Path(__file__).parent / "golden"
IMMINENT, DETAINED = Urgency.REMOVAL_IMMINENT, Urgency.DETAINED
LETTERS = OfficeLetters(environment_of())


def told(*assignments: tuple[str | None, Urgency, bool], case: Notified | None = None) -> list[tuple[str, str | None]]:
    """The mails to offices that these assignments make: which, and to whom, in their order."""
    case = case or Notified()
    if case.state is None:
        case.hear("intake", submitted())
    made: list[tuple[str, str | None]] = []
    for revision, (office, urgency, overdue) in enumerate(assignments, start=1):
        before = case.letters.keys()
        case.hear("triage", assigned(revision, office, urgency, overdue), T0 + timedelta(hours=revision))
        new = [entry for key, entry in case.letters.items() if key not in before and entry.role is Recipient.OFFICE]
        made += sorted((entry.letter.value.removeprefix("office_"), entry.office) for entry in new)
    return made


@pytest.mark.parametrize(
    ("assignments", "mails"),
    [
        ([("BAL", DETAINED, False)], []),
        ([("BAL", IMMINENT, False)], [("imminent", "BAL")]),
        ([("BAL", IMMINENT, False), ("BAL", IMMINENT, False)], [("imminent", "BAL")]),  # other dates: told already
        ([("BAL", DETAINED, False), ("BAL", IMMINENT, False)], [("imminent", "BAL")]),  # it became so there
        ([(None, IMMINENT, False)], [("imminent", "HQ")]),  # to be assigned: somebody must see to it
        ([(None, IMMINENT, False), ("BAL", IMMINENT, False)], [("imminent", "HQ"), ("imminent", "BAL")]),
        ([("BAL", IMMINENT, False), ("PHI", IMMINENT, False)], [("imminent", "BAL"), ("imminent", "PHI")]),  # forwarded
        (
            [("BAL", IMMINENT, False), ("BAL", DETAINED, False), ("BAL", IMMINENT, False)],
            [("imminent", "BAL"), ("imminent", "BAL")],  # no longer so, and so again
        ),
        ([("BAL", DETAINED, True)], [("overdue", "BAL")]),
        ([("BAL", DETAINED, True), ("BAL", DETAINED, True)], [("overdue", "BAL")]),
        ([("BAL", DETAINED, True), ("PHI", DETAINED, True)], [("overdue", "BAL"), ("overdue", "PHI")]),
        (
            [("BAL", DETAINED, True), ("BAL", DETAINED, False), ("BAL", DETAINED, True)],
            [("overdue", "BAL"), ("overdue", "BAL")],  # a question moved the due date; that passed, too
        ),
        ([("BAL", IMMINENT, True)], [("imminent", "BAL"), ("overdue", "BAL")]),
    ],
)
def test_an_office_hears_once_of_an_imminent_removal_and_of_what_is_overdue(
    assignments: list[tuple[str | None, Urgency, bool]], mails: list[tuple[str, str | None]]
) -> None:
    assert told(*assignments) == mails


def test_the_office_is_told_to_carry_out_what_headquarters_overrode_and_nothing_else() -> None:
    for resolution, mails in ((OVERRIDDEN, ["office_to_carry_out"]), (RESOLVED, [])):
        case = Notified()
        case.hear("intake", submitted())
        case.hear("triage", assigned(1, "BAL"))
        case.hear("escalation", resolution)
        assert [letter for letter, role, *_ in case.short if role == "office"] == mails


def review_is_overdue(case: Notified) -> list[Entry]:
    said = events.ReviewOverdue(round=1, due=T0, urgency=DETAINED)
    case.hear("escalation", said, T0 + timedelta(days=1))
    return [entry for entry in case.letters.values() if entry.letter is Letter.HEADQUARTERS_OVERDUE]


def test_headquarters_is_told_of_each_due_date_of_a_review_that_passed_and_nobody_else_is() -> None:
    case = Notified()
    case.hear("intake", submitted())
    case.hear("triage", assigned(1, "BAL"))
    before = set(case.letters)
    (told,) = review_is_overdue(case)
    assert (told.role, told.office, told.phase) == (Recipient.OFFICE, "HQ", Phase.DUE)
    assert len(set(case.letters) - before) == 1
    assert len(review_is_overdue(case)) == 2


def test_after_the_resolution_headquarters_is_not_told_of_an_overdue_review() -> None:
    case = Notified()
    case.hear("intake", submitted())
    case.hear("escalation", RESOLVED)
    (told,) = review_is_overdue(case)
    assert (told.phase, told.reason) == (Phase.SUPPRESSED, Because.ALREADY_RESOLVED)


def test_a_resolution_that_is_not_carried_out_in_time_is_told_to_the_office_that_has_the_person_now() -> None:
    case = Notified()
    case.hear("intake", submitted())
    case.hear("triage", assigned(1, "BAL"))
    case.hear("escalation", OVERRIDDEN)
    for office in ("PHI", None):
        case.hear("triage", events.ResolutionOverdue(office=office, urgency=DETAINED, due=T0))
    late = [each for each in case.letters.values() if each.letter is Letter.OFFICE_NOT_CARRIED_OUT]
    assert [(each.phase, each.office) for each in late] == [(Phase.DUE, "PHI"), (Phase.DUE, "HQ")]


def test_after_the_resolution_nobody_is_told_that_a_case_is_overdue() -> None:
    case = Notified()
    case.hear("intake", submitted())
    case.hear("escalation", RESOLVED)
    assert told(("BAL", IMMINENT, True), case=case) == [("imminent", "BAL"), ("overdue", "BAL")]
    office = [entry for entry in case.letters.values() if entry.role is Recipient.OFFICE]
    assert {(entry.phase, entry.reason) for entry in office} == {(Phase.SUPPRESSED, Because.ALREADY_RESOLVED)}


def test_an_erased_case_is_told_of_all_the_same_for_it_stays_in_the_queue() -> None:
    case = Notified()
    case.hear("intake", submitted())
    case.hear("intake", ERASED)
    assert told(("BAL", IMMINENT, False), case=case) == [("imminent", "BAL")]
    assert [entry.phase for entry in case.letters.values() if entry.role is Recipient.OFFICE] == [Phase.DUE]


# The mail itself


def desk() -> DutyDesk:
    sender = Sender.of("Second Look <no-reply@agency.example>")
    return DutyDesk(
        load(), LETTERS, sender, "https://staff.example/", "https://hq.example/", now=lambda: T0, real_now=lambda: T0
    )


def message(office: str | None, letter: Letter = Letter.OFFICE_IMMINENT, now_at: str | None = "BAL") -> tuple[str, str]:
    case = Notified()
    case.hear("intake", submitted())
    case.hear("triage", assigned(1, now_at))
    entry = Entry(letter, Recipient.OFFICE, str(CASE_ID), Phase.CLAIMED, AT_ONCE, office=office)
    assert case.state is not None
    made = desk().message(Taken(CASE_ID, UUID(int=1), entry, "token"), case.state)
    assert not isinstance(made, Because)
    parsed = email.message_from_bytes(made[1], policy=email.policy.default)
    assert parsed["To"] == made[0]
    body = parsed.get_body(("plain",))
    assert body is not None
    return made[0], body.get_content()


@pytest.mark.parametrize(
    ("office", "now_at", "address", "queue"),
    [
        ("BAL", "BAL", "duty.bal@ero.example", "BAL"),
        ("BAL", "PHI", "duty.bal@ero.example", "BAL"),  # forwarded since: the one that was to be told
        (None, "PHI", "duty.phi@ero.example", "PHI"),  # whoever has it now
        ("HQ", None, "duty.hq@ero.example", "TO_BE_ASSIGNED"),
        (None, None, "duty.hq@ero.example", "TO_BE_ASSIGNED"),
        ("GONE", "BAL", "duty.hq@ero.example", "TO_BE_ASSIGNED"),  # an office of an older map
    ],
)
def test_it_goes_to_the_duty_mailbox_and_says_where_the_case_is_listed(
    office: str | None, now_at: str | None, address: str, queue: str
) -> None:
    to, text = message(office, now_at=now_at)
    assert to == address
    assert f"secondlook queue --office {queue}" in text.splitlines()
    assert f"https://staff.example/queue?office={queue}" in text.splitlines()


@pytest.mark.parametrize("letter", [Letter.OFFICE_TO_CARRY_OUT, Letter.OFFICE_NOT_CARRIED_OUT])
def test_what_is_to_be_carried_out_is_in_no_queue_and_the_mail_says_which_list_has_it(letter: Letter) -> None:
    _, text = message("BAL", letter)
    assert "secondlook carry-out list --office BAL" in text.splitlines()
    assert "https://staff.example/to-carry-out?office=BAL" in text.splitlines()
    assert "/queue" not in text


def test_an_overdue_review_leads_to_the_queue_of_headquarters_whoever_has_the_case() -> None:
    to, text = message("HQ", Letter.HEADQUARTERS_OVERDUE, now_at="BAL")
    assert to == "duty.hq@ero.example"
    assert "secondlook sro queue" in text.splitlines()
    assert "https://hq.example/queue" in text.splitlines()


def test_each_mail_to_an_office_has_a_subject_of_its_own() -> None:
    assert SUBJECTS.keys() == SAYS.keys()
    assert len(set(SUBJECTS.values())) == len(SUBJECTS)


@pytest.mark.parametrize("letter", sorted(SAYS))
def test_it_says_nothing_of_the_case_but_its_number(letter: Letter) -> None:
    place = desk().place(letter, "BAL", load().at(T0).office_map)
    rendered = LETTERS.render(letter, number=NUMBER, place=place)
    golden = GOLDEN / f"{letter.value}.en"
    assert rendered.text == golden.with_suffix(".en.txt").read_text()
    assert rendered.html == golden.with_suffix(".en.html").read_text()
    assert NUMBER in rendered.text
    assert NUMBER not in rendered.subject
    assert "status" not in rendered.text  # no private link
    assert faults(rendered.html, language="en") == []


def test_a_number_or_link_with_markup_stays_text() -> None:
    rendered = LETTERS.render(Letter.OFFICE_OVERDUE, number="<b>", place=Place("<i>", 'https://x"><i>'))
    assert "<b>" not in rendered.html
    assert "<i>" not in rendered.html
