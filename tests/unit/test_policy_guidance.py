"""Guidance files: which version is in force when, what a slip is answered with; a new version is a new file."""

import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from shared.contracts import events
from shared.contracts.vocabulary import PriorityCategory, Stage, TriageOutcome
from shared.policy.conditions import DAYS, NAMED, NUMBERS, YES_NO
from shared.policy.loading import OWN_FILES, load
from shared.policy.written import PolicyInvalid

POLICIES = load()
TIMELINE = POLICIES.at(datetime(2021, 3, 8, tzinfo=UTC)).timeline

INVENTED = """version: INVENTED_1
name: Invented guidance
source: invented for this test
in_force:
  - from: 2019-06-01T00:00:00Z
    source: invented for this test
categories:
  - category: BORDER_SECURITY
    source: invented for this test
    grounds:
      - code: CAME_LATE
        en: First present on or after 1 May 2019.
        source: invented for this test
        when:
          on_or_after: {first_present_on: 2019-05-01}
notices:
  - code: OLD
    en: Aged from 65.
    source: invented for this test
    when:
      all_of:
        - is_no: presumed.BORDER_SECURITY
        - any_of:
            - age_band: [65_PLUS]
            - any_named: {mitigating: [ADVANCED_OR_TENDER_AGE]}
            - at_least: {gang_participation.age_at_conduct: 65}
            - before: {apprehended_on: 1990-01-01}
factors:
  mitigating:
    - code: ADVANCED_OR_TENDER_AGE
      en: Advanced age.
      source: invented for this test
reasons:
  - code: CAME_TOO_LATE
    en: The person came too late.
    es: La persona llegó demasiado tarde.
    source: invented for this test
    given_by: [FIELD_OFFICE]
    explains: [DECLINED]
    told_as: WITHIN_THE_PRIORITIES
"""

Rewrite = Callable[[str, str], Path]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Our own process rules and offices, and one invented guidance."""
    for part in ("process", "offices"):
        shutil.copytree(OWN_FILES / part, tmp_path / part)
    (tmp_path / "guidance").mkdir()
    (tmp_path / "guidance" / "invented.yaml").write_text(INVENTED, encoding="utf-8")
    return tmp_path


@pytest.fixture
def rewrite(folder: Path) -> Rewrite:
    """The invented guidance with one text replaced by another."""

    def replaced(old: str, new: str) -> Path:
        assert old in INVENTED
        (folder / "guidance" / "invented.yaml").write_text(INVENTED.replace(old, new, 1), encoding="utf-8")
        return folder

    return replaced


def another(folder: Path, name: str, *intervals: str) -> None:
    """One more version of the same rules, in force in these intervals."""
    written = "".join(f"  - {interval}\n    source: invented\n" for interval in intervals)
    text = INVENTED.replace("  - from: 2019-06-01T00:00:00Z\n    source: invented for this test\n", written, 1)
    (folder / "guidance" / f"{name}.yaml").write_text(text.replace("INVENTED_1", name, 1), encoding="utf-8")


@pytest.mark.parametrize(
    ("day", "version"),
    [
        ("2021-01-20", "PEKOSKE_2021_01_20"),
        ("2021-02-17", "PEKOSKE_2021_01_20"),
        ("2021-02-18", "JOHNSON_11090_1_2021_02_18"),
        ("2021-08-18", "JOHNSON_11090_1_2021_02_18"),
        ("2021-08-19", "NO_GUIDANCE"),  # enjoined
        ("2021-08-24", "NO_GUIDANCE"),
        ("2021-08-25", "JOHNSON_11090_1_2021_02_18"),  # the injunction is stayed for the time being
        ("2021-09-14", "JOHNSON_11090_1_2021_02_18"),
        ("2021-09-15", "JOHNSON_11090_1_2021_02_18"),  # stayed in most parts
        ("2021-11-28", "JOHNSON_11090_1_2021_02_18"),
        ("2021-11-29", "MAYORKAS_2021_09_30"),
        ("2022-03-22", "MAYORKAS_2021_09_30"),  # enjoined in part
        ("2022-04-12", "MAYORKAS_2021_09_30"),  # that injunction is stayed
        ("2022-06-10", "MAYORKAS_2021_09_30"),  # vacated by an order that is stayed
        ("2022-06-23", "MAYORKAS_2021_09_30"),
        ("2022-06-24", "NO_GUIDANCE"),  # the order takes effect
        ("2023-06-22", "NO_GUIDANCE"),
        ("2023-06-23", "MAYORKAS_2021_09_30"),  # may resume
        ("2025-01-19", "MAYORKAS_2021_09_30"),
        ("2025-01-20", "EO_14159_2025_01_20"),
        ("2026-01-01", "EO_14159_2025_01_20"),
    ],
)
def test_which_guidance_was_in_force_on_a_day_in_washington(day: str, version: str) -> None:
    noon = datetime.fromisoformat(f"{day}T12:00:00-05:00")
    assert POLICIES.at(noon).guidance == version
    assert TIMELINE.at(noon).guidance.version == version


@pytest.mark.parametrize(
    ("day", "says"),
    [
        ("2021-08-19", ("6:21-cv-16", "25 August")),
        ("2021-08-25", ("21-40618", "administrative stay")),
        ("2021-09-15", ("1226(c)(1)", "1231(a)(1)(A)")),
        ("2022-03-22", ("3:21-cv-314", "enjoined in part", "1226(c)(1)", "1231(a)(2)")),
        ("2022-04-12", ("22-3272", "stayed", "reversed on 5 July 2022")),
        ("2022-06-24", ("10 June 2022", "24 June", "22-40367")),
    ],
)
def test_an_interval_names_the_order_that_began_it_and_how_far_it_reaches(day: str, says: tuple[str, ...]) -> None:
    began = TIMELINE.at(datetime.fromisoformat(f"{day}T12:00:00-04:00"))
    assert began.since.date().isoformat() == day
    assert all(each in began.source for each in says)


def test_each_interval_ends_where_the_next_begins_and_says_why_it_began() -> None:
    for one, following in zip(TIMELINE.intervals, [*TIMELINE.intervals[1:], None], strict=True):
        assert one.until == (following.since if following else None)
        assert one.source
        assert TIMELINE.at(one.since) is one
        assert TIMELINE.at(one.since - timedelta(milliseconds=1)) is not one or one is TIMELINE.intervals[0]


def test_the_version_in_force_and_the_timeline_say_the_same_at_every_change() -> None:
    for at, policy in POLICIES.versions:
        assert policy.timeline.at(at).guidance.version == policy.guidance


@pytest.mark.parametrize("version", TIMELINE.versions)
def test_every_decision_has_reasons_in_both_languages_under_every_version(version: str) -> None:
    since = next(part.since for part in TIMELINE.intervals if part.guidance.version == version)
    policy = POLICIES.at(since)
    explained = [
        *((Stage.FIELD_OFFICE, outcome.value) for outcome in TriageOutcome if outcome is not TriageOutcome.NO_ANSWER),
        *((Stage.SRO, outcome) for outcome in ("UPHELD", "OVERRIDDEN", "NO_ACTION", "REMANDED")),
    ]
    for stage, outcome in explained:
        fitting = [each for code, each in policy.reasons.items() if policy.may_give(code, stage, outcome)]
        assert fitting
        assert all(each.sentence["en"] and each.sentence["es"] and each.source for each in fitting)


def test_reasons_of_one_guidance_cannot_be_given_under_another() -> None:
    johnson, mayorkas, none = (POLICIES.at(datetime(year, 3, 1, tzinfo=UTC)) for year in (2021, 2022, 2023))
    assert "PRESUMED_PUBLIC_SAFETY" in johnson.reasons
    assert "PRESUMED_PUBLIC_SAFETY" not in mayorkas.reasons
    assert "THREAT_TO_PUBLIC_SAFETY_FOUND" in mayorkas.reasons
    assert not {"PRESUMED_BORDER_SECURITY", "NOT_A_PRIORITY"} & none.reasons.keys()


def test_a_reason_that_names_a_category_is_told_outside_by_another() -> None:
    policy = POLICIES.at(datetime(2021, 3, 8, tzinfo=UTC))
    told = policy.told(["PRESUMED_BORDER_SECURITY", "REHABILITATION", "PRESUMED_PUBLIC_SAFETY", "NEVER_HEARD_OF"])
    assert [reason.code for reason in told] == ["WITHIN_THE_PRIORITIES", "REHABILITATION"]
    for _, each in POLICIES.versions:
        for reason in each.told(each.reasons):
            sentences = f"{reason.code} {' '.join(reason.sentence.values())}".lower().replace("_", " ")
            for category in (*PriorityCategory, "seguridad nacional", "seguridad fronteriza", "seguridad pública"):
                assert category.lower().replace("_", " ") not in sentences


def test_every_fact_that_a_rule_may_ask_is_a_fact_of_the_contracts() -> None:
    told = set(events.Facts.model_fields)
    gang = {f"gang_participation.{name}" for name in events.GangParticipation.model_fields}
    assert (told - {"gang_participation", "gang_participation_age_unknown"}) | gang == YES_NO | DAYS | NUMBERS | NAMED


def test_adding_a_version_is_adding_a_file(folder: Path) -> None:
    another(folder, "LATER", "from: 2019-09-01T00:00:00Z")
    policies = load(folder)
    begins = datetime(2019, 9, 1, tzinfo=UTC)
    timeline = policies.versions[0][1].timeline
    assert timeline.at(begins - timedelta(milliseconds=1)).guidance.version == "INVENTED_1"
    assert timeline.at(begins).guidance.version == "LATER"
    assert timeline.at(datetime(2000, 1, 1, tzinfo=UTC)).guidance.version == "INVENTED_1"
    assert "CAME_TOO_LATE" in policies.at(datetime(2026, 1, 1, tzinfo=UTC)).reasons


def test_a_version_may_be_suspended_and_resumed(folder: Path) -> None:
    (folder / "guidance" / "invented.yaml").unlink()
    another(
        folder, "FIRST", "from: 2021-02-01T00:00:00Z\n    until: 2021-05-01T00:00:00Z", "from: 2021-06-01T00:00:00Z"
    )
    another(folder, "BETWEEN", "from: 2021-05-01T00:00:00Z\n    until: 2021-06-01T00:00:00Z")
    policies = load(folder)
    names = [policies.at(datetime(2021, month, 15, tzinfo=UTC)).guidance for month in (4, 5, 6)]
    assert names == ["FIRST", "BETWEEN", "FIRST"]


@pytest.mark.parametrize(
    ("old", "new", "line", "field", "says"),
    [
        ("category: BORDER_SECURITY", "category: BORDER", 8, "categories.0.category", "NATIONAL_SECURITY"),
        ("code: CAME_LATE", "code: came late", 11, "categories.0.grounds.0.code", "match pattern"),
        ("name: Invented guidance\nsource: invented for this test\n", "name: N\n", 1, "source", "Field required"),
        ("    source: invented for this test\ncategories", "categories", 5, "in_force.0.source", "Field required"),
        (
            "1 May 2019.\n        source: invented for this test",
            "1 May 2019.",
            11,
            "categories.0.grounds.0.source",
            "Field required",
        ),
        ("first_present_on", "first_present", 15, "on_or_after.first_present", "is not a fact that can stand here"),
        ("2019-05-01}", "May}", 15, "on_or_after.first_present_on", "a day is written 2020-11-01"),
        ("on_or_after:", "after:", 15, "when.after", "no condition is called after"),
        ("is_no: presumed.BORDER_SECURITY", "is_no: presumed.PUBLIC_SAFETY", 22, "is_no", "is not a fact that is yes"),
        (
            "is_no: presumed.BORDER_SECURITY",
            "is_no: first_present_on",
            22,
            "all_of.0.is_no",
            "is not a fact that is yes",
        ),
        ("is_no: presumed.BORDER_SECURITY", "{}", 22, "all_of.0", "a condition has one key"),
        ("[65_PLUS]", "[OLD]", 24, "age_band.0", "OLD is not a band"),
        ("[65_PLUS]", "[]", 24, "age_band", "a list of codes stands here"),
        ("[ADVANCED_OR_TENDER_AGE]", "[AGED]", 25, "any_named.mitigating.0", "AGED is not a factor of this file"),
        ("age_at_conduct: 65", "age_at_conduct: old", 26, "at_least", "a whole number stands here"),
        ("is_no: presumed.BORDER_SECURITY", "all_of: now", 22, "all_of.0.all_of", "a list of conditions stands here"),
        ("code: OLD", "code: CAME_LATE", 17, "notices.0.code", "CAME_LATE is given twice"),
        ("code: CAME_TOO_LATE", "code: HEALTH", 34, "reasons.0.code", "HEALTH is a reason of the process rules"),
        ("told_as: WITHIN", "told_as: WITHOUT", 40, "reasons.0.told_as", "WITHOUT_THE_PRIORITIES is no reason"),
        ("explains: [DECLINED]", "explains: [REFUSED]", 39, "reasons.0.explains.0", "an outcome is one of"),
        ("given_by: [FIELD_OFFICE]", "given_by: [CLERK]", 38, "reasons.0.given_by.0", "FIELD_OFFICE"),
        ("source: invented for this test\nin_force", 'source: ""\nin_force', 3, "source", "at least 1 character"),
        ("    grounds:\n", "    ground:\n", 10, "categories.0.ground", "not permitted"),
    ],
)
def test_a_slip_in_a_guidance_is_named_with_file_line_and_field(
    rewrite: Rewrite, old: str, new: str, line: int, field: str, says: str
) -> None:
    folder = rewrite(old, new)
    with pytest.raises(PolicyInvalid) as refused:
        load(folder)
    named = [text for text in str(refused.value).splitlines() if field in text and says in text]
    assert named, str(refused.value)
    assert named[0].startswith(f"{folder / 'guidance' / 'invented.yaml'}:{line}: ")


def test_a_category_needs_grounds_or_is_left_to_the_officer_never_both(rewrite: Rewrite) -> None:
    ground = INVENTED[INVENTED.index("    grounds:") : INVENTED.index("notices:")]
    with pytest.raises(PolicyInvalid, match=r":8: categories\.0\.category: has no grounds"):
        load(rewrite(ground, ""))
    left = "    left_to_the_officer:\n      code: LEFT\n      en: For the officer.\n      source: invented\n"
    with pytest.raises(PolicyInvalid, match="what is left to the officer has no grounds"):
        load(rewrite(ground, left + ground))
    assert load(rewrite(ground, left).parent / rewrite(ground, left).name)


def test_everything_that_is_wrong_with_the_conditions_is_said_at_once(rewrite: Rewrite) -> None:
    text = INVENTED.replace("first_present_on", "first_present").replace("[65_PLUS]", "[OLD]")
    folder = rewrite("version", "version")
    (folder / "guidance" / "invented.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(PolicyInvalid) as refused:
        load(folder)
    assert len(str(refused.value).splitlines()) == 2


@pytest.mark.parametrize(
    ("intervals", "says"),
    [
        (["from: 2021-02-18T00:00:00Z\n    until: 2021-03-01T00:00:00Z"], "nothing is in force after it"),
        (
            ["from: 2021-02-18T00:00:00Z\n    until: 2021-03-01T00:00:00Z", "from: 2021-04-01T00:00:00Z"],
            r"nothing is in force until 2021-04-01T00:00:00\+00:00",
        ),
        (
            ["from: 2021-02-18T00:00:00Z\n    until: 2021-05-01T00:00:00Z", "from: 2021-04-01T00:00:00Z"],
            "ends after another version has begun",
        ),
        (["from: 2021-02-18T00:00:00"], "timezone"),
    ],
)
def test_a_time_without_guidance_or_with_two_is_refused(folder: Path, intervals: list[str], says: str) -> None:
    (folder / "guidance" / "invented.yaml").unlink()
    another(folder, "GAPS", *intervals)
    with pytest.raises(PolicyInvalid, match=rf"GAPS\.yaml:\d+: in_force\.\d.*{says}"):
        load(folder)


def test_two_versions_cannot_begin_at_one_moment_or_have_one_name(folder: Path) -> None:
    another(folder, "TWIN", "from: 2019-06-01T00:00:00Z")
    with pytest.raises(PolicyInvalid, match=r"\.yaml:\d+: in_force\.0: begins at the same moment"):
        load(folder)
    another(folder, "TWIN", "from: 2019-07-01T00:00:00Z")
    twin = folder / "guidance" / "TWIN.yaml"
    twin.write_text(twin.read_text(encoding="utf-8").replace("TWIN", "INVENTED_1"), encoding="utf-8")
    with pytest.raises(PolicyInvalid, match=r"TWIN\.yaml:1: version: INVENTED_1 is the name of another file's version"):
        load(folder)


def test_a_fact_without_a_question_is_refused(folder: Path) -> None:
    path = folder / "process" / "icr.yaml"
    text = path.read_text(encoding="utf-8").replace("fact: final_order", "fact: pending_in_court", 1)
    path.write_text(text, encoding="utf-8")
    with pytest.raises(PolicyInvalid) as refused:
        load(folder)
    assert "pending_in_court is asked twice" in str(refused.value)
    assert "questions: nothing is asked about final_order" in str(refused.value)
