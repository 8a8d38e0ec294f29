"""Intake's pure rules: A-numbers, case numbers, what is missing, who may not be turned away."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.a_number import canonical
from services.intake.domain.case_number import ALPHABET, number_of, read_number
from services.intake.domain.completeness import Accepted, Content, NotAccepted, assess, gaps
from services.intake.domain.facts import Custody, Removal, age_band, is_urgent
from shared.contracts.vocabulary import Belief, ConsentKind, CustodyStatus, RejectCode, RequestorType
from tests.unit.intake_world import MONDAY, rules

EVERYTHING = Content(
    name=True,
    a_number=True,
    a_number_readable=True,
    date_of_birth=True,
    requestor_name=True,
    decision=True,
    relief=True,
    narrative=True,
    place=True,
    requestor=RequestorType.FAMILY,
    paper=ConsentKind.FORM_60_001,
    signed=True,
    email=True,
    custody=True,
    county=True,
    facility=True,
)
NOTHING = Content(
    name=False,
    a_number=False,
    a_number_readable=False,
    date_of_birth=False,
    requestor_name=False,
    decision=False,
    relief=False,
    narrative=False,
    place=False,
    requestor=RequestorType.FAMILY,
    paper=ConsentKind.NONE,
    signed=False,
    email=False,
    custody=False,
    county=False,
    facility=False,
)
PAPERS = rules().policies.at(MONDAY).papers


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("A012345678", "012345678"),
        ("A12345678", "012345678"),  # eight digits: padded right after the A
        ("1234567", "001234567"),
        ("a 12-345-678", "012345678"),
        ("#000-000-811", "000000811"),
        ("A#012345678", "012345678"),
        ("A# 012 345 678", "012345678"),
        ("A.012.345.678", "012345678"),
        ("A012\u2013345\u2013678", "012345678"),  # en dash
        ("A012\u2014345\u2014678", "012345678"),  # em dash
        ("A012\u2212345\u2212678", "012345678"),  # minus sign
        ("A\u2010012\u2011345\u2012678", "012345678"),  # hyphen, non-breaking hyphen, figure dash
        ("A012\u200b345\u200d678\ufeff", "012345678"),  # zero-width marks, as copied from pages
        ("A\u00a0012\u202f345\t678", "012345678"),  # spaces that do not break, a tab
        ("A111111111", "111111111"),  # one digit nine times is some person's number
        ("0000001", "000000001"),
        ("A000000000", None),  # stands in forms where no number is known
        ("000000000", None),
        ("0000000", None),
        ("A# 000-000-00", None),
        ("A012/345/678", None),
        ("A123456", None),  # six digits
        ("A0123456789", None),  # ten
        ("AB1234567", None),
        ("IOE0123456789", None),  # a receipt number
        ("", None),
        ("A١٢٣٤٥٦٧٨٩", None),  # other scripts' digits are a slip of a keyboard, not an A-number
    ],
)
def test_an_a_number_is_seven_to_nine_digits_padded_after_the_a(written: str, read: str | None) -> None:
    assert canonical(written) == read


@given(st.uuids(), st.integers(0, 5))
def test_a_case_number_is_read_back_whatever_its_spelling(case_id: UUID, attempt: int) -> None:
    number = number_of(case_id, attempt)
    assert [len(part) for part in number.split("-")] == [5, 5, 1]
    assert set(number) <= set(ALPHABET) | {"-"}
    spoken = number.lower().replace("-", " ").replace("0", "o").replace("1", "l")
    assert read_number(spoken) == number


@given(st.uuids(), st.integers(0, 10), st.sampled_from(ALPHABET))
def test_every_single_wrong_character_is_found(case_id: UUID, place: int, other: str) -> None:
    plain = number_of(case_id).replace("-", "")
    wrong = plain[:place] + other + plain[place + 1 :]
    assert (read_number(wrong) is None) == (wrong != plain)


@given(st.uuids(), st.integers(0, 9), st.integers(1, 10))
def test_every_two_characters_that_changed_places_are_found(case_id: UUID, first: int, distance: int) -> None:
    plain = list(number_of(case_id).replace("-", ""))
    second = min(first + distance, 10)
    swapped = plain.copy()
    swapped[first], swapped[second] = swapped[second], swapped[first]
    assert (read_number("".join(swapped)) is None) == (swapped != plain)


def test_another_attempt_is_another_number() -> None:
    assert len({number_of(UUID(int=7), attempt) for attempt in range(8)}) == 8


def test_everything_that_is_missing_is_named_at_once() -> None:
    assert gaps(EVERYTHING, PAPERS) == ()
    assert set(gaps(NOTHING, PAPERS)) == set(RejectCode) - {RejectCode.BAD_A_NUMBER, RejectCode.UNSIGNED_G28}


@pytest.mark.parametrize(
    ("requestor", "paper", "signed", "code"),
    [
        (RequestorType.NONCITIZEN, ConsentKind.NONE, True, None),  # needs none
        (RequestorType.ATTORNEY, ConsentKind.G28, True, None),
        (RequestorType.ATTORNEY, ConsentKind.G28, False, RejectCode.UNSIGNED_G28),
        (RequestorType.ATTORNEY, ConsentKind.FORM_60_001, True, RejectCode.NO_CONSENT),  # others' paper
        (RequestorType.ACCREDITED_REP, ConsentKind.NONE, True, RejectCode.NO_CONSENT),
        (RequestorType.FAMILY, ConsentKind.FORM_60_001, True, None),
        (RequestorType.FAMILY, ConsentKind.FORM_60_001, False, RejectCode.NO_CONSENT),
        (RequestorType.FAMILY, ConsentKind.G28, False, RejectCode.NO_CONSENT),  # a signature would not help
        (RequestorType.NGO_OTHER, ConsentKind.NONE, True, RejectCode.NO_CONSENT),
    ],
)
def test_a_missing_paper_is_named_by_what_would_mend_it(
    requestor: RequestorType, paper: ConsentKind, signed: bool, code: RejectCode | None
) -> None:
    content = replace(EVERYTHING, requestor=requestor, paper=paper, signed=signed)
    assert gaps(content, PAPERS) == ((code,) if code else ())


def test_only_what_policy_requires_counts_and_only_against_those_who_can_wait() -> None:
    required = (RejectCode.NO_NAME, RejectCode.NO_PLACE)
    missing = (RejectCode.NO_NAME, RejectCode.NO_NARRATIVE)
    assert assess(missing, required=required, urgent=False) == NotAccepted((RejectCode.NO_NAME,))
    assert assess(missing, required=required, urgent=True) == Accepted((RejectCode.NO_NAME,))
    assert assess((RejectCode.NO_NARRATIVE,), required=required, urgent=False) == Accepted(())


@pytest.mark.parametrize("urgent", [True, False])
def test_what_is_only_asked_for_is_named_and_sends_nobody_back(urgent: bool) -> None:
    asked = (RejectCode.NO_EMAIL, RejectCode.NO_CUSTODY, RejectCode.NO_COUNTY, RejectCode.NO_FACILITY)
    verdict = assess((RejectCode.NO_CONSENT, *asked), required=(RejectCode.NO_NAME,), urgent=urgent)
    assert verdict == Accepted(asked)


@pytest.mark.parametrize(
    ("custody", "removal", "urgent"),
    [
        (CustodyStatus.NOT_DETAINED, Removal(), False),
        (CustodyStatus.DETAINED, Removal(), True),
        (CustodyStatus.UNKNOWN, Removal(), True),
        (CustodyStatus.NOT_DETAINED, Removal(believed_imminent=Belief.YES), True),
        (CustodyStatus.NOT_DETAINED, Removal(scheduled_for=date(2021, 3, 22)), True),  # the fourteenth day counts
        (CustodyStatus.NOT_DETAINED, Removal(scheduled_for=date(2021, 3, 23)), False),
        (CustodyStatus.NOT_DETAINED, Removal(scheduled_for=date(2021, 3, 1)), True),  # past, and nobody said otherwise
    ],
)
def test_detained_imminent_and_unknown_are_never_turned_away(
    custody: CustodyStatus, removal: Removal, urgent: bool
) -> None:
    assert is_urgent(Custody(custody), removal, MONDAY, timedelta(days=14)) is urgent


@pytest.mark.parametrize(
    ("born", "band"),
    [
        (date(2003, 3, 9), "UNDER_18"),
        (date(2003, 3, 8), "18_TO_24"),  # the birthday itself counts
        (date(1996, 3, 8), "25_TO_44"),
        (date(1956, 3, 8), "65_PLUS"),
        (date(2021, 3, 9), "UNKNOWN"),  # not born yet
        (None, "UNKNOWN"),
    ],
)
def test_the_age_band_says_no_more_than_it_must(born: date | None, band: str) -> None:
    assert age_band(born, MONDAY.date()) == band
