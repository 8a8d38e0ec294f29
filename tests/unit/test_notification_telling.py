"""Who stands in the list of people to be told by phone or post: whom no letter reached, never a refused requestor."""

from typing import Any
from uuid import UUID

import pytest

from services.notification.commands import Delivered, Heard, Mail
from services.notification.domain.ledger import Phase, path
from services.notification.domain.telling import to_be_told
from shared.casework.stepping import set_path
from shared.contracts import events
from shared.contracts.vocabulary import ConsentKind, ConsentStatus, EventType, Letter, Recipient, RequestorType
from tests.unit.notification_story import (
    ASKED,
    ERASED,
    RESOLVED,
    Notified,
    amended,
    assigned,
    considered,
    escalated,
    submitted,
)

REQUESTOR, NONCITIZEN = Recipient.REQUESTOR, Recipient.NONCITIZEN
FAMILY, ATTORNEY, ALONE = RequestorType.FAMILY, RequestorType.ATTORNEY, RequestorType.NONCITIZEN
CLAIMED, VERIFIED, REFUSED = ConsentStatus.CLAIMED, ConsentStatus.VERIFIED, ConsentStatus.REFUSED


def a_case(requestor: RequestorType = FAMILY, consent: ConsentStatus = CLAIMED) -> Notified:
    case = Notified()
    case.hear("intake", submitted(requestor, consent))
    return case


def settle(case: Notified, phases: dict[tuple[str, str], tuple[str, str | None]]) -> None:
    """What the mail loop has made of some letters, by letter and role; the others are sent."""
    for key, entry in case.letters.items():
        phase, reason = phases.get((entry.letter.value, entry.role.value), ("sent", "250"))
        if entry.phase.value == "due":
            set_path(case.case.work, path(key, "phase"), phase)
            set_path(case.case.work, path(key, "reason"), reason)


def told(case: Notified) -> list[tuple[str, str]]:
    """The list, as (letter, who is to be told)."""
    assert case.state is not None
    return sorted(
        (case.letters[key].letter.value, role.value) for key, role in to_be_told(case.state, case.case.work).items()
    )


NO_ADDRESS = ("suppressed", "NO_ADDRESS")


def test_whoever_has_no_address_is_in_the_list_for_each_step() -> None:
    case = a_case()
    case.hear("triage", considered())
    settle(case, {(letter, "noncitizen"): NO_ADDRESS for letter in ("received", "considered")})
    assert told(case) == [("considered", "noncitizen"), ("received", "noncitizen")]


@pytest.mark.parametrize(
    ("of_noncitizen", "listed"),
    [
        (NO_ADDRESS, [("resolved", "noncitizen")]),
        (("sent", "250"), []),
        (("failed", "550"), [("resolved", "noncitizen")]),
        (("due", None), []),
    ],
)
def test_where_consent_was_refused_the_noncitizen_is_named_and_never_the_requestor(
    of_noncitizen: tuple[str, str | None], listed: list[tuple[str, str]]
) -> None:
    case = a_case(consent=REFUSED)
    case.hear("escalation", RESOLVED)
    settle(case, {("resolved", "noncitizen"): of_noncitizen})
    assert ("resolved", "requestor", "suppressed", "NO_CONSENT") in case.short
    assert [row for row in told(case) if row[0] == "resolved"] == listed


def test_a_noncitizen_who_asked_is_written_to_whatever_staff_made_of_who_reads_there() -> None:
    case = a_case(ALONE, REFUSED)
    case.hear("triage", considered())
    (entry,) = [each for each in case.letters.values() if each.letter is Letter.CONSIDERED]
    assert (entry.role, entry.phase) == (REQUESTOR, Phase.DUE)


def test_of_a_step_that_only_the_requestor_is_written_the_noncitizen_is_told() -> None:
    case = a_case(consent=REFUSED)
    case.hear("triage", assigned(1))
    case.hear("intake", amended(1, "contact"))  # the requestor's own address concerns nobody else
    settle(case, {})
    assert told(case) == [("at_the_field_office", "noncitizen")]


def test_a_letter_that_came_back_from_a_requestor_refused_since_names_the_noncitizen() -> None:
    case = a_case()
    case.hear("triage", assigned(1))
    settle(case, {("at_the_field_office", "requestor"): ("failed", "550")})
    assert told(case) == [("at_the_field_office", "requestor")]
    case.hear("intake", amended(1, "consent", consent=events.Consent(kind=ConsentKind.G28, status=REFUSED)))
    assert ("at_the_field_office", "noncitizen") in told(case)
    assert all(role != "requestor" for _, role in told(case))


@pytest.mark.parametrize(
    ("requestor", "consent", "theirs", "listed"),
    [
        (ATTORNEY, VERIFIED, ("sent", "250"), []),  # whoever speaks for the person was told
        (ATTORNEY, VERIFIED, NO_ADDRESS, ["noncitizen", "requestor"]),
        (ATTORNEY, VERIFIED, ("failed", "550"), ["noncitizen", "requestor"]),
        (ATTORNEY, CLAIMED, ("sent", "250"), ["noncitizen"]),
        (FAMILY, VERIFIED, ("sent", "250"), ["noncitizen"]),  # a 60-001 lets them hear, and not speak
    ],
)
def test_a_noncitizen_without_an_address_is_told_unless_a_verified_representative_was(
    requestor: RequestorType, consent: ConsentStatus, theirs: tuple[str, str | None], listed: list[str]
) -> None:
    case = a_case(requestor, consent)
    case.hear("triage", considered())
    settle(case, {("considered", "noncitizen"): NO_ADDRESS, ("considered", "requestor"): theirs})
    assert [role for letter, role in told(case) if letter == "considered"] == listed


def test_a_verified_representative_who_was_told_by_phone_has_been_told() -> None:
    case = a_case(ATTORNEY, VERIFIED)
    case.hear("triage", considered())
    settle(case, {("considered", "noncitizen"): NO_ADDRESS, ("considered", "requestor"): ("failed", "550")})
    (theirs,) = [key for key, each in case.letters.items() if (each.letter, each.role) == ("considered", REQUESTOR)]
    assert case.refusal(Mail.DELIVERED, Delivered(theirs, "operator-1", Heard.BY_PHONE)) is None
    assert told(case) == []


@pytest.mark.parametrize(
    ("phase", "reason", "listed"),
    [
        ("failed", "550", True),
        ("suppressed", "STALE", True),
        ("suppressed", "TOO_MANY_TODAY", False),
        ("suppressed", "TOLD_BY_PHONE", False),
        ("uncertain", "DROPPED", False),  # a list of its own
        ("due", None, False),
    ],
)
def test_what_failed_or_came_too_late_is_in_the_list(phase: str, reason: str | None, listed: bool) -> None:
    case = a_case(ALONE)
    settle(case, {("received", "requestor"): (phase, reason)})
    assert told(case) == ([("received", "requestor")] if listed else [])
    assert case.queue["no_address"] is (True if listed else None)


def test_what_the_resolution_has_overtaken_needs_nobody_s_call_and_an_erased_case_names_nobody() -> None:
    case = a_case(ALONE)
    for source, data in (("triage", ASKED), ("triage", considered()), ("escalation", escalated())):
        case.hear(source, data)
    case.hear("escalation", RESOLVED)
    settle(case, {(letter.value, "requestor"): NO_ADDRESS for letter in Letter})
    assert told(case) == [("received", "requestor"), ("resolved", "requestor")]
    case.hear("intake", ERASED)
    assert told(case) == []


@pytest.mark.parametrize("heard", [Heard.BY_PHONE, Heard.BY_POST])
def test_whoever_was_told_instead_is_recorded_and_leaves_the_list(heard: Heard) -> None:
    case = a_case(consent=REFUSED)
    case.hear("triage", assigned(1))
    settle(case, {})
    assert case.state is not None
    ((letter, role),) = to_be_told(case.state, case.case.work).items()
    assert (role, case.queue["no_address"]) == (NONCITIZEN, True)
    assert case.refusal(Mail.DELIVERED, Delivered(letter, "operator-1", heard)) is None
    assert last_recorded(case, letter) == ("suppressed", "noncitizen")
    assert (told(case), case.queue["no_address"]) == ([], None)


def last_recorded(case: Notified, letter: UUID) -> tuple[Any, Any]:
    said = [one for one in case.told(EventType.NOTIFICATION_RECORDED) if one["notification"] == str(letter)][-1]
    return said["result"], said["role"]
