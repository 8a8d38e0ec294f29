"""Policy files: what the default says, when which version is in force, and what a slip in a file is answered with."""

import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest

from shared.contracts.vocabulary import (
    NEVER_REQUIRED,
    ConsentKind,
    RejectCode,
    RequestorType,
    Stage,
    TriageOutcome,
    Urgency,
)
from shared.policy.calendar import FixedDay, Holiday, WeekdayOfMonth
from shared.policy.loading import OWN_FILES, load
from shared.policy.model import Policy, TimeLimit
from shared.policy.time_limits import Unit
from shared.policy.written import PolicyInvalid

GUIDANCE = "guidance/johnson-11090.1.yaml"
LAST_GUIDANCE = "guidance/eo-14159.yaml"
PROCESS = "process/icr.yaml"
OFFICES = "offices/2025-09.yaml"
PLACES = "places/us.yaml"
CALENDAR = "calendars/us-federal.yaml"
Rewrite = Callable[[str, str, str], Path]


@pytest.fixture
def policy() -> Policy:
    return load().at(datetime(2021, 3, 8, 14, tzinfo=UTC))


@pytest.fixture
def rewrite(tmp_path: Path) -> Rewrite:
    """The default policy in a folder of its own, with one text replaced by another."""

    def replaced(file: str, old: str, new: str) -> Path:
        for part in ("guidance", "process", "offices", "calendars", "places"):
            shutil.copytree(OWN_FILES / part, tmp_path / part, dirs_exist_ok=True)
        text = (tmp_path / file).read_text(encoding="utf-8")
        assert old in text
        (tmp_path / file).write_text(text.replace(old, new, 1), encoding="utf-8")
        return tmp_path

    return replaced


def line_of(folder: Path, file: str, text: str) -> int:
    lines = (folder / file).read_text(encoding="utf-8").splitlines()
    return next(number for number, line in enumerate(lines, start=1) if text in line)


def test_policy_says_whether_a_missing_paper_is_a_reason_to_reject(rewrite: Rewrite) -> None:
    strict = load(rewrite(PROCESS, "missing: accept", "missing: reject")).versions[0][1]
    assert {RejectCode.NO_CONSENT, RejectCode.UNSIGNED_G28} <= set(strict.required)
    with pytest.raises(PolicyInvalid, match=r"required\.is\.9.*NO_CONSENT is decided by consent\.missing"):
        load(rewrite(PROCESS, "    - NO_PLACE\n", "    - NO_PLACE\n    - NO_CONSENT\n"))
    with pytest.raises(PolicyInvalid, match=r"consent.*ATTORNEY"):
        load(rewrite(PROCESS, "ATTORNEY: [G28]", "ATTORNEY: []"))


def test_the_default_is_the_interim_guidance_of_february_2021(policy: Policy) -> None:
    assert policy.guidance == "JOHNSON_11090_1_2021_02_18"
    assert policy.process == "ICR_2021_03_05"
    assert (policy.office_map.version, policy.places.version) == ("2021-01", "US_2025")
    assert set(policy.required) == set(RejectCode) - {RejectCode.NO_CONSENT, RejectCode.UNSIGNED_G28} - NEVER_REQUIRED
    assert policy.papers[RequestorType.FAMILY] == {ConsentKind.FORM_60_001}
    assert policy.calendar.version == "US_FEDERAL"
    assert policy.sro_answer_within[Urgency.DETAINED] == TimeLimit(14, Unit.DAYS, time(17))
    assert policy.sro_answer_within[Urgency.REMOVAL_IMMINENT] == TimeLimit(2, Unit.DAYS, time(17))
    assert policy.answer_within[Urgency.ROUTINE] == TimeLimit(20, Unit.BUSINESS_DAYS)
    assert policy.answer_before_removal == timedelta(hours=24)
    assert policy.review_window == TimeLimit(30, Unit.DAYS, time(23, 59), on_open_day=True)
    assert policy.remands == 1


def test_every_clock_knows_every_urgency_and_silence_is_longer_than_the_answer(policy: Policy) -> None:
    friday = datetime(2021, 12, 17, 21, tzinfo=UTC)  # before the holidays
    for urgency in Urgency:
        answer, silence, review = (
            policy.end_of(limits[urgency], friday, "Pacific/Guam")
            for limits in (policy.answer_within, policy.silence_after, policy.sro_answer_within)
        )
        assert friday < answer < silence
        assert review > friday


@pytest.mark.parametrize(
    ("stage", "outcome"),
    [
        *((Stage.FIELD_OFFICE, outcome) for outcome in TriageOutcome if outcome is not TriageOutcome.NO_ANSWER),
        *((Stage.SRO, outcome) for outcome in ("UPHELD", "OVERRIDDEN", "NO_ACTION", "REMANDED")),
    ],
)
def test_every_decision_has_reasons_in_both_languages(policy: Policy, stage: Stage, outcome: str) -> None:
    fitting = [reason for code, reason in policy.reasons.items() if policy.may_give(code, stage, outcome)]
    assert fitting
    assert all(reason.sentence["en"] and reason.sentence["es"] and reason.source for reason in fitting)


def test_a_reason_explains_only_its_own_outcomes(policy: Policy) -> None:
    assert policy.may_give("PRESUMED_PUBLIC_SAFETY", Stage.FIELD_OFFICE, "DECLINED")
    assert not policy.may_give("PRESUMED_PUBLIC_SAFETY", Stage.FIELD_OFFICE, "FAVOURABLE")
    assert not policy.may_give("CONSISTENT_WITH_GUIDANCE", Stage.FIELD_OFFICE, "DECLINED")
    assert not policy.may_give("NO_SUCH_CODE", Stage.SRO, "UPHELD")


@pytest.mark.parametrize(
    ("file", "old", "new", "field", "says"),
    [
        (PROCESS, "is: 730 days", "is: a while", "link_lasts.is", 'a duration is written "14 days" or "36 hours"'),
        (PROCESS, "is: 730 days", "is: 0 days", "link_lasts.is", "greater than"),
        (PROCESS, "    DETAINED: 7 days", "    DETAIND: 7 days", "answer_within.is.DETAIND", "not permitted"),
        (PROCESS, "one_in: 10", "one_in: 1", "routine_share.is.one_in", "greater than or equal to 2"),
        (
            PROCESS,
            "    DETAINED: 14 days\n    ROUTINE: 60 days\n\n# When",
            "\n# When",
            "aged_after.is.DETAINED",
            "required",
        ),
        (PROCESS, "    - NO_NAME", "    - NO_NAMES", "required.is.0", "NO_NAME"),
        (
            PROCESS,
            "code: STATUS_GRANTED",
            "code: ALREADY_RELEASED",
            "reasons.18.code",
            "ALREADY_RELEASED is given twice",
        ),
        (PROCESS, "given_by: [SRO]", "given_by: [CLERK]", "reasons.4.given_by.0", "SRO"),
        (PROCESS, "explains: [UPHELD]", "explains: [UPPED]", "reasons.4.explains.0", "an outcome is one of"),
        (PROCESS, "REMOVAL_IMMINENT: 0", "REMOVAL_IMMINENT: 5", "undo_minutes.is.REMOVAL_IMMINENT", "second thoughts"),
        (PROCESS, "REMOVAL_IMMINENT: 0", "REMOVAL_IMMINENT: -1", "undo_minutes.is.REMOVAL_IMMINENT", "greater than"),
        (PROCESS, "remands:", "review_window:", "review_window", "is given twice"),
        (GUIDANCE, "2021-02-18T00:00:00-05:00", "2021-02-18T00:00:00", "in_force.0.from", "timezone"),
        (PROCESS, "is: 30 days, by 23:59", "is: 30 days by 23:59", "review_window.is", "a time limit is written"),
        (PROCESS, "is: 30 days, by 23:59", "is: 0 days, by 23:59", "review_window.is", "a time limit is written"),
        (PROCESS, "is: 30 days, by 23:59", "is: 30 days, by 24:01", "review_window.is", "a time of day is written"),
        (PROCESS, "is: 30 days, by 23:59", "is: 30 hours, by 23:59", "review_window.is", "only days end by"),
        (PROCESS, "is: 30 days, by", "is: 30 business days, by", "review_window.is", "end on one anyway"),
        (CALENDAR, "day: July 4", "day: July 32", "holidays.5.day", 'a holiday is on "January 1"'),
        (CALENDAR, "day: last Monday of May", "day: fifth Monday of May", "holidays.3.day", "a holiday is on"),
        (CALENDAR, "day: last Monday of May", "day: last Mon of May", "holidays.3.day", "a weekday is one of"),
        (CALENDAR, "name: Labor Day", "name: Veterans Day", "holidays.8.name", "Veterans Day is given twice"),
        (CALENDAR, '"17:00"', "17:00", "closes.is", "with its quotation marks"),
        (CALENDAR, '"17:00"', '"08:00"', "closes.is", "is not after the time at which offices open"),
        (CALENDAR, "[MONDAY, ", "[MON, ", "open_on.is.0", "a weekday is one of"),
        (CALENDAR, "since: 2021-06-17", "since: 2021-06-31", "file", "cannot be read"),
        (OFFICES, "zone: America/Phoenix", "zone: America/Tuscon", "offices.17.zone", "no time zone"),
        (OFFICES, "TX: [Austin, Tyler]", "TX: [Austin, Bexar]", "also_towns.TX", "Bexar is not among"),
        (PLACES, "  MD: America/New_York\n", "", "zones", "MD has no zone"),
        (PLACES, "  MD: America/New_York", "  MR: America/New_York\n  MD: America/New_York", "zones.MR", "is no state"),
        (PLACES, "Bay, Calhoun", "Bay, Bay County", "zones_of_counties.FL.America/Chicago.1", "given twice"),
        (PLACES, '"350-352', '"35-352', "zips.states.AL", "is no ZIP code"),
        (PLACES, '"350-352', '"352-350', "zips.states.AL", "is no ZIP code"),
        (PLACES, '"350-352', '"350-352 716', "zips.states.AR", "716 belongs to AL already"),
        (
            PLACES,
            'Alpine: "95223',
            'Alpine: "94501 95223',
            "zips.counties.CA.Alpine",
            "belongs to Alameda County already",
        ),
        (PLACES, 'Alpine: "95223', 'Alpine: "10001 95223', "zips.counties.CA.Alpine", "10001 is not in CA"),
        (OFFICES, "duty.pho@ero.example", "duty.pho", "offices.17.duty_mailbox", "match pattern"),
        (OFFICES, "code: HQ", "code: HEAD", "offices", "headquarters (HQ) is missing"),
        (OFFICES, "code: BAL", "code: ATL", "offices.1.code", "ATL is given twice"),
        (OFFICES, "states: [MD]", "states: [GA]", "offices.1.states.0", "belongs to ATL already"),
        (OFFICES, "states: [MD]", "states: [TX]", "counties.TX.0", "TX belongs to BAL whole"),
        (OFFICES, "states: [MD]", "states: [Maryland, XY]", "offices.1.states.1", "XY is no state or territory"),
        (OFFICES, "Manhattan: New York", "Manhattan: Yonkers", "also_called.NY.Manhattan", "Yonkers is not among"),
        (OFFICES, "offices:\n", "offices: [\n", "file", "is no YAML"),
        (OFFICES, "from: 2022-08-20T00:00:00-05:00", "from: 2022-02-31T00:00:00-05:00", "file", "cannot be read"),
        (OFFICES, "version:", "? [a, b]\n: version:", "file", "is no YAML"),
        (OFFICES, "version:", "\0version:", "file", "cannot be read"),
    ],
)
def test_a_slip_is_named_with_file_line_and_field(
    rewrite: Rewrite, file: str, old: str, new: str, field: str, says: str
) -> None:
    folder = rewrite(file, old, new)
    with pytest.raises(PolicyInvalid) as refused:
        load(folder)
    message = str(refused.value)
    assert f"{folder / file}:" in message
    assert field in message
    assert says in message


def test_the_line_is_the_one_where_the_field_stands(rewrite: Rewrite) -> None:
    folder = rewrite(PROCESS, "code: STATUS_GRANTED", "code: ALREADY_RELEASED")
    path = folder / PROCESS
    line = line_of(folder, PROCESS, "code: ALREADY_RELEASED") + 6
    with pytest.raises(PolicyInvalid, match=rf"{path}:{line}: reasons\.18\.code: ALREADY_RELEASED is given twice"):
        load(folder)


def test_a_missing_field_is_named_at_the_place_where_it_is_missing(rewrite: Rewrite) -> None:
    folder = rewrite(PROCESS, "    es: La persona ya fue puesta en libertad.\n", "")
    line = line_of(folder, PROCESS, "code: ALREADY_RELEASED")
    with pytest.raises(PolicyInvalid, match=rf":{line}: reasons\.17\.es: Field required"):
        load(folder)


def test_everything_that_is_wrong_in_a_file_is_said_at_once(rewrite: Rewrite) -> None:
    folder = rewrite(OFFICES, "states: [MD]", "states: [GA, XY]")
    with pytest.raises(PolicyInvalid) as refused:
        load(folder)
    assert len(str(refused.value).splitlines()) == 2


@pytest.mark.parametrize(
    ("written", "limit"),
    [
        ("1 hour", TimeLimit(1, Unit.HOURS)),
        ("14 days", TimeLimit(14, Unit.DAYS)),
        ("14 days, by 17:00", TimeLimit(14, Unit.DAYS, time(17))),
        ("14 days, by 17:00, or the next business day", TimeLimit(14, Unit.DAYS, time(17), on_open_day=True)),
        ("1 business day", TimeLimit(1, Unit.BUSINESS_DAYS)),
        ("10 business days, by 12:00", TimeLimit(10, Unit.BUSINESS_DAYS, time(12))),
        ("16 business hours", TimeLimit(16, Unit.BUSINESS_HOURS)),
    ],
)
def test_a_time_limit_is_written_in_words(rewrite: Rewrite, written: str, limit: TimeLimit) -> None:
    folder = rewrite(PROCESS, "is: 30 days, by 23:59, or the next business day", f"is: {written}")
    assert load(folder).versions[0][1].review_window == limit


def test_holidays_are_written_in_words(policy: Policy) -> None:
    named = {holiday.name: holiday for holiday in policy.calendar.holidays}
    assert named["Christmas Day"].on == FixedDay(12, 25)
    assert named["Memorial Day"].on == WeekdayOfMonth(5, -1, 1)
    juneteenth = "Juneteenth National Independence Day"
    assert named[juneteenth] == Holiday(juneteenth, FixedDay(6, 19), date(2021, 6, 17))


def test_another_calendar_is_in_force_from_its_own_moment_on(rewrite: Rewrite) -> None:
    folder = rewrite(CALENDAR, "closes:", "closes:")
    later = (folder / CALENDAR).read_text(encoding="utf-8").replace("US_FEDERAL", "LONGER_HOURS")
    later = later.replace('"17:00"', '"19:00"').replace("2021-01-20T00:00:00-05:00", "2021-07-01T00:00:00-04:00")
    (folder / "calendars" / "later.yaml").write_text(later, encoding="utf-8")
    policies = load(folder)
    closes = [policies.at(datetime(2021, month, 1, 12, tzinfo=UTC)).calendar.closes for month in (6, 7)]
    assert closes == [time(17), time(19)]


def test_a_folder_without_a_calendar_goes_by_the_public_one(rewrite: Rewrite) -> None:
    folder = rewrite(PROCESS, "remands:", "remands:")
    shutil.rmtree(folder / "calendars")
    assert load(folder).versions[0][1].calendar.version == "US_FEDERAL"


def test_an_empty_folder_is_no_policy(tmp_path: Path) -> None:
    with pytest.raises(PolicyInvalid, match=r"guidance:1: file: there is no \*\.yaml file here"):
        load(tmp_path)


def test_an_empty_file_is_no_policy(rewrite: Rewrite) -> None:
    folder = rewrite(OFFICES, "version", "version")
    (folder / OFFICES).write_text("# nothing yet\n", encoding="utf-8")
    with pytest.raises(PolicyInvalid, match="is empty"):
        load(folder)
