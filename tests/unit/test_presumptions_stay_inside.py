"""A presumption is for staff: no letter, no page and nothing that a requestor's program reads names a category."""

import dataclasses
import typing
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from deploy.local.places import PROJECT
from services.intake import reactions as intake
from services.notification import reactions as notification
from services.notification.rendering import Letters
from services.notification.wording import WORDINGS
from shared.contracts import events
from shared.contracts.vocabulary import Language, PriorityCategory, Service, Stage, TriageOutcome
from shared.web.sign_in import Role
from tests.unit.intake_house import House, complete
from tests.unit.intake_world import completed, said_by
from tests.unit.one_case import POLICIES, T0
from tests.unit.test_intake_http import JSON, staff

TIMELINE = POLICIES.at(T0).timeline
SPANISH = ("seguridad nacional", "seguridad fronteriza", "seguridad pública")
REMARKS = {remark.code: remark.sentence for each in TIMELINE.versions.values() for remark in each.remarks}
MOMENTS = [interval.since for interval in TIMELINE.intervals]


@pytest.fixture(name="house")
def _house(tmp_path: Path) -> House:
    return House(tmp_path)


def named_in(text: str) -> list[str]:
    """The categories, and the codes and sentences of presumptions, that a text lets slip."""
    plain = " ".join(text.lower().replace("_", " ").split())
    categories = [category.lower().replace("_", " ") for category in PriorityCategory]
    presumed = [code.lower().replace("_", " ") for code in REMARKS] + [each.lower() for each in REMARKS.values()]
    return [word for word in (*categories, *SPANISH, *presumed) if word in plain]


def test_the_search_finds_what_is_planted() -> None:
    assert named_in("<p>National\n security</p>") == ["national security"]
    assert named_in('{"code": "POSES_A_THREAT"}') == ["poses a threat"]


def told() -> events.TriageAssigned:
    """An assignment that presumes everything there is to presume."""
    return events.TriageAssigned(
        revision=1,
        office="ELP",
        urgency="ROUTINE",
        categories=tuple(PriorityCategory),
        reasons=tuple(REMARKS),
        questions=tuple(remark.code for remark in POLICIES.at(T0).questions.values()),
        answer_due=T0,
        silence_ends_at=T0,
        guidance="JOHNSON_11090_1_2021_02_18",
        office_map="m",
    )


@pytest.mark.parametrize("state", [intake.BEHAVIOUR.state, notification.BEHAVIOUR.state])
def test_who_speaks_to_the_outside_keeps_no_presumption(state: Any) -> None:
    kept = list(fields_of(state))
    assert len(kept) > 20
    assert [name for name, kind in kept if kind is PriorityCategory or "presum" in name or "categor" in name] == []


def fields_of(kind: Any, seen: set[Any] | None = None) -> Iterator[tuple[str, Any]]:
    """Every field, with its type, of every state and of what it holds."""
    seen = set() if seen is None else seen
    for part in typing.get_args(kind):
        yield from fields_of(part, seen)
    if dataclasses.is_dataclass(kind) and kind not in seen:
        seen.add(kind)
        for name, hint in typing.get_type_hints(kind).items():
            yield name, hint
            yield from fields_of(hint, seen)
            yield from ((name, part) for part in typing.get_args(hint))


def test_the_services_that_speak_to_the_outside_are_the_two_that_are_looked_at() -> None:
    speaking = {path.parent.parent.name for path in (PROJECT / "services").glob("*/*/*.html")}
    assert speaking == {"intake", "notification"}


@pytest.mark.parametrize("service", ["intake", "notification"])
def test_no_text_that_people_outside_read_has_words_for_a_category(service: str) -> None:
    folder = PROJECT / "services" / service
    texts = [*folder.rglob("*wording*.py"), *folder.rglob("*.po"), *folder.rglob("*.html"), *folder.rglob("*.txt")]
    assert len(texts) > 3
    assert {path.name: slipped for path in texts if (slipped := named_in(path.read_text(encoding="utf-8")))} == {}


@pytest.mark.parametrize("language", list(Language))
def test_no_letter_names_a_category(language: Language) -> None:
    letters = Letters()
    for letter in WORDINGS:
        rendered = letters.render(letter, language, number="ABCDE-FGHJK-5", link="https://example.org/status/x")
        assert named_in(f"{rendered.subject} {rendered.text} {rendered.html}") == []


@pytest.mark.parametrize("at", MOMENTS, ids=[f"{moment:%Y-%m-%d}" for moment in MOMENTS])
async def test_no_page_and_no_json_names_a_category_whatever_reasons_a_decision_gave(
    house: House, at: datetime
) -> None:
    policy = POLICIES.at(at)
    reasons = [code for code in policy.reasons if policy.may_give(code, Stage.FIELD_OFFICE, TriageOutcome.DECLINED)]
    case_id, path = await house.opened(complete())
    seen = await everything(house, path)
    decided = completed("DECLINED", at=max(at, T0)).model_copy()
    data = decided.data.model_copy(
        update={
            "reasons": tuple(reasons),
            "presumption": events.Presumed(categories=tuple(PriorityCategory), reasons=tuple(REMARKS)),
        }
    )
    house.hear(case_id, said_by(Service.TRIAGE, told()), decided.model_copy(update={"time": at, "data": data}))
    ruling = {"facts_seen": 0, "status": "verified"}
    headers = {"Idempotency-Key": "k", **staff(house, Role.OFFICER, "ELP", "HQ")}
    assert (await house.http.post(f"/cases/{case_id}/consent", json=ruling, headers=headers)).status_code == 200
    house.clock = max(house.clock, datetime(2021, 3, 9, tzinfo=UTC))
    after = await everything(house, path)
    assert ("The action fits the enforcement priorities of the agency." in after) is (
        "WITHIN_THE_PRIORITIES" in reasons
    )
    assert ("PRESUMED_BORDER_SECURITY" in reasons) is bool(policy.timeline.at(at).guidance.rules)
    assert named_in(seen + after) == []


async def everything(house: House, path: str) -> str:
    """The page in both languages, and what a program reads."""
    answers = [
        await house.http.get(path, headers={"Accept-Language": "en"}),
        await house.http.get(path, headers={"Accept-Language": "es"}),
        await house.http.get(path, headers=JSON),
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    return " ".join(answer.text for answer in answers)
