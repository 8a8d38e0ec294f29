"""The pages as people use them: usable by everybody, easy to read, with what comes next, by when, and in which zone."""

import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from services.intake.rendering import STYLE
from shared.contracts.vocabulary import ConsentStatus, Language, Recipient
from shared.web.sign_in import Role
from tests.unit.contrast import colour_of, colours, declarations, palette, ratio
from tests.unit.intake_house import House, complete, own
from tests.unit.intake_world import DAY, MONDAY, assigned, completed, escalated, question, remanded, resolved
from tests.unit.markup import Page, faults
from tests.unit.readability import english_grade, longest_sentence, spanish_ease
from tests.unit.test_lost_link import Lost

GUAM = ZoneInfo("Pacific/Guam")
Story = Callable[[House], Awaitable[str]]


async def verified(house: House, case_id: UUID) -> None:
    token = house.issuer.staff("person-7", [Role.OFFICER], offices=["ELP", "HQ"])
    ruled = await house.http.post(
        f"/cases/{case_id}/consent",
        json={"facts_seen": 0, "status": ConsentStatus.VERIFIED},
        headers={"Idempotency-Key": "consent", "Authorization": f"Bearer {token}"},
    )
    assert ruled.status_code == 200


def told(*events: object, consent: bool = False) -> Story:
    """A case to which these things have happened, and its page."""

    async def story(house: House) -> str:
        case_id, path = await house.opened()
        house.hear(case_id, assigned())
        if consent:
            await verified(house, case_id)
        house.hear(case_id, *events)  # type: ignore[arg-type]
        return path

    return story


async def fresh(house: House) -> str:
    return (await house.opened())[1]


async def turned_away(house: House) -> str:
    return (await house.opened(complete(narrative=" ", place={})))[1]


async def silent(house: House) -> str:
    path = await told()(house)
    house.wait(60 * DAY)
    return path


async def withdrawn(house: House) -> str:
    case_id, path = await house.opened(own())
    await house.rule(case_id, "verified")
    await house.http.post(f"{path}/withdraw", data={"confirm": "yes", "idempotency_key": "w"})
    return path


async def withdrawal_waits(house: House) -> str:
    path = await told()(house)
    await house.http.post(f"{path}/withdraw", data={"confirm": "yes", "idempotency_key": "w"})
    return path


async def review_waits(house: House) -> str:
    path = await told(completed("DECLINED"))(house)
    case_id = house.links.case_of(path.rpartition("/")[2])
    assert case_id is not None
    await house.rule(case_id, "refused")
    form = {"confirm": "yes", "idempotency_key": "r", "ground": "NEW_CIRCUMSTANCES"}
    assert (await house.http.post(f"{path}/review", data=form)).status_code == 303
    return path


async def of_the_noncitizen(house: House) -> str:
    """The noncitizen's own link, in a case in which somebody else asks, and asked to take it back."""
    path = await withdrawal_waits(house)
    case_id = house.links.case_of(path.rpartition("/")[2])
    assert case_id is not None
    return f"/status/{house.links.token(case_id, 1, Recipient.NONCITIZEN)}"


async def erased(house: House) -> str:
    path = await told()(house)
    case_id = house.links.case_of(path.rpartition("/")[2])
    headers = {"Idempotency-Key": "e", "Authorization": f"Bearer {house.issuer.staff('person-8', [Role.PRIVACY])}"}
    assert (await house.http.post(f"/cases/{case_id}/erase", json={"reference": "order/1"}, headers=headers)).is_success
    return path


STORIES: dict[str, Story] = {
    "received": fresh,
    "not_accepted": turned_away,
    "with_field_office": told(),
    "question": told(question()),
    "silent": silent,
    "may_ask_review": told(completed("DECLINED"), consent=True),
    "with_headquarters": told(completed("DECLINED"), escalated()),
    "back": told(completed("DECLINED"), escalated(), remanded()),
    "resolved": told(completed("DECLINED"), escalated(), resolved(), consent=True),
    "withdrawn": withdrawn,
    "withdrawal_waits": withdrawal_waits,
    "review_waits": review_waits,
    "of_the_noncitizen": of_the_noncitizen,
    "erased": erased,
}


@pytest.fixture
def house(tmp_path: Path) -> House:
    return Lost(tmp_path)


async def shown(house: House, path: str, language: str = "en") -> str:
    answer = await house.http.get(f"{path}?lang={language}")
    assert answer.status_code == 200, answer.text
    return answer.text


def prose(html: str) -> str:
    """What a page says in sentences: its paragraphs, points and explanations, not its labels and headings."""
    page = Page(html)
    parts = [
        each for each in page.all("p", "li") if not each.inside("nav") and not any(c.tag == "ul" for c in each.children)
    ]
    return "\n".join(
        re.sub(r"\s+([.,])", r"\1", each.text) for each in parts if "hint" not in each.attributes.get("class", "")
    )


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("story", STORIES)
async def test_everybody_can_use_the_page_at_every_stage(house: House, story: str, language: Language) -> None:
    html = await shown(house, await STORIES[story](house), language)
    assert faults(html, language=language) == []


@pytest.mark.parametrize("story", STORIES)
async def test_a_page_takes_no_more_than_six_years_of_school(house: House, story: str) -> None:
    path = await STORIES[story](house)
    english, spanish = prose(await shown(house, path)), prose(await shown(house, path, "es"))
    assert english_grade(english) <= 6, english
    assert spanish_ease(spanish) >= 70, spanish
    assert longest_sentence(english)[0] <= 26
    assert longest_sentence(spanish)[0] <= 32


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("page", ["/", "/your-data", "/lost-link", "/lost-link?asked=yes"])
async def test_everybody_can_use_and_read_the_pages_without_a_link(house: House, page: str, language: Language) -> None:
    answer = await house.http.get(page, headers={"Accept-Language": language})
    assert answer.status_code == 200
    assert faults(answer.text, language=language) == []
    easy = english_grade(prose(answer.text)) <= 6 if language is Language.EN else spanish_ease(prose(answer.text)) >= 70
    assert easy, prose(answer.text)


@pytest.mark.parametrize("language", list(Language))
async def test_everybody_can_use_the_pages_between_form_and_effect_and_of_errors(
    house: House, language: Language
) -> None:
    path = await told(completed("DECLINED"))(house)
    form = {"idempotency_key": "k", "lang": language.value}
    for route, more in (("review", {"ground": "NEW_CIRCUMSTANCES", "reason": "<i>"}), ("waive", {}), ("withdraw", {})):
        confirm = await house.http.post(f"{path}/{route}", data=form | more)
        assert faults(confirm.text, language=language) == []
    wrong = await house.http.post(f"{path}/amend", data=form | {"requestor_email": "nowhere"})
    assert wrong.status_code == 422
    assert faults(wrong.text, language=language) == []
    lost = await house.http.post("/lost-link", data=form | {"number": "1", "email": "x"})
    assert faults(lost.text, language=language) == []
    missing = await house.http.get(f"/status/nothing?lang={language}")
    assert missing.status_code == 404
    assert faults(missing.text, language=language) == []


async def test_each_date_is_told_once_with_its_zone_and_as_a_date_for_machines(house: House) -> None:
    html = await shown(house, await STORIES["question"](house))
    page = Page(html)
    times = [each for each in page.all("time") if each.inside("li") or each.inside("section")]
    assert all("(Mountain time)" in each.text for each in times)
    assert [each.attributes["datetime"] for each in times] == [
        "2021-03-23T14:00:00+00:00",  # the answer to the question
        "2021-04-07T14:00:00+00:00",  # the field office's
        "2021-05-07T14:00:00+00:00",  # headquarters may be asked
        "2023-03-08T14:00:00+00:00",  # the link's end
    ]
    spanish = await shown(house, await STORIES["question"](house), "es")
    assert "miércoles, 7 de abril de 2021, 8:00\u00a0a.m. (hora de la Montaña)" in spanish


async def test_once_headquarters_may_be_asked_the_page_does_not_tell_from_when(house: House) -> None:
    html = await shown(house, await STORIES["silent"](house))
    assert "You can ask headquarters now." in html
    assert "If there is no answer" not in html
    assert 'action="/status/' in html


async def test_the_page_says_what_a_request_does_not_do_and_how_to_get_help(house: House) -> None:
    html = await shown(house, await STORIES["with_field_office"](house))
    for words in (
        "does not stop a removal",
        "Form I-246 in person",
        "does not change a court date",
        "tel:+18008987180",
    ):
        assert words in html
    assert 'href="tel:+18883514024"' in html
    assert "Monday to Friday, 8 a.m. to 8 p.m. Eastern time" in html
    assert 'href="/your-data?lang=en"' in html
    assert 'href="/lost-link?lang=en"' in html


async def test_the_json_says_the_same_as_the_page(house: House) -> None:
    path = await STORIES["may_ask_review"](house)
    told_json = (await house.http.get(path, headers={"Accept": "application/json"})).json()
    (step,) = told_json["next"]
    assert step == (
        "If you want headquarters to look at the case, ask by Monday, April 12, 2021, 11:59\u00a0PM (Mountain time). "
        "If you do not ask, the answer of the field office is final."
    )
    assert told_json["zone"] == "America/Denver"
    assert "does not change a court date" in " ".join(told_json["notice"])


async def test_who_was_turned_away_reads_until_when_a_mended_request_keeps_its_place_and_afterwards_not(
    house: House,
) -> None:
    path = await turned_away(house)
    promise = "and it keeps its place in line. This works once."
    shown_now = await shown(house, path)
    assert promise in shown_now
    assert "dates.ics" in shown_now
    by = (await house.http.get(path, headers={"Accept": "application/json"})).json()["send_again_by"]
    assert datetime.fromisoformat(by) == datetime(2021, 4, 8, 23, 59, tzinfo=GUAM)  # where the day ends last
    assert "Thursday, April 8, 2021, 9:59\u00a0AM (Eastern time)" in shown_now
    house.wait(31 * DAY)
    shown_later = await shown(house, path)
    assert promise not in shown_later
    assert "dates.ics" not in shown_later
    assert "Nothing happens until you send the request again." in shown_later


# Calendar files


async def test_the_dates_are_a_calendar_file_behind_the_same_link(house: House) -> None:
    path = await STORIES["question"](house)
    answer = await house.http.get(f"{path}/dates.ics?lang=es")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert answer.headers["Cache-Control"] == "no-store"
    starts = re.findall(r"DTSTART:(\S+)", answer.text)
    assert [datetime.strptime(at, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC) - MONDAY for at in starts] == [
        15 * DAY,
        30 * DAY,
        60 * DAY,
    ]
    for secret in ("Quintanabelle", "example", path.rpartition("/")[2], "http", "ICE", "deport"):
        assert secret not in answer.text


async def test_a_link_that_opens_nothing_has_no_calendar_either(house: House) -> None:
    _, path = await house.opened()
    bad = await house.http.get(f"{path[:-3]}AAA/dates.ics")
    page = await house.http.get(f"{path[:-3]}AAA")
    assert (bad.status_code, bad.text) == (404, page.text)


@pytest.mark.parametrize("story", ["resolved", "erased", "withdrawn"])
async def test_where_no_date_matters_there_is_nothing_to_put_into_a_calendar(house: House, story: str) -> None:
    path = await STORIES[story](house)
    assert "dates.ics" not in await shown(house, path)
    assert "BEGIN:VEVENT" not in (await house.http.get(f"{path}/dates.ics")).text


# Colours


@pytest.mark.parametrize(
    ("selector", "prop", "behind", "least"),
    [
        ("body", "color", ("body", "background"), 4.5),
        ("body", "color", ("section", "background"), 4.5),
        ("a", "color", ("body", "background"), 4.5),
        ("a", "color", ("section", "background"), 4.5),
        (".hint", "color", ("section", "background"), 4.5),
        ("button", "color", ("button", "background"), 4.5),
        ("input[type=text]", "border", ("input[type=text]", "background"), 3.0),
        (".notice", "border", ("body", "background"), 3.0),
        (".message", "border", ("body", "background"), 3.0),
        (":focus-visible", "outline", ("body", "background"), 3.0),
        (":focus-visible", "outline", ("section", "background"), 3.0),
        (".error", "color", ("section", "background"), 4.5),
        ("button.back", "color", ("button.back", "background"), 4.5),
        ("[aria-invalid=true]", "border", ("section", "background"), 3.0),
    ],
)
@pytest.mark.parametrize("dark", [False, True])
def test_colours_differ_enough_to_be_read(
    selector: str, prop: str, behind: tuple[str, str], least: float, dark: bool
) -> None:
    assert ratio(colour_of(STYLE, selector, prop, dark=dark), colour_of(STYLE, *behind, dark=dark)) >= least


def test_no_colour_is_used_that_these_pairs_do_not_cover() -> None:
    named = {"--text", "--page", "--box", "--act", "--on-act", "--warn", "--hint", "--edge"}
    decoration = {"--line"}  # lines between boxes, which nobody needs to see
    assert set(palette(STYLE)) == set(palette(STYLE, dark=True)) == named | decoration
    assert colours(STYLE) == {*palette(STYLE).values(), *palette(STYLE, dark=True).values()}


def test_what_is_printed_is_dark_on_white_and_leaves_no_box_behind_for_a_form() -> None:
    assert "@media screen and (prefers-color-scheme: dark)" in STYLE
    printed = STYLE.partition("@media print {")[2]
    assert "form, details, .skip, .acts { display: none; }" in printed
    assert "section, .box { border: 0; padding: 0; }" in printed


def test_the_page_grows_with_the_readers_letters() -> None:
    """At 200 % zoom nothing is cut off or kept at its size (WCAG 1.4.4, 1.4.10): no fixed sizes but those of lines."""
    for selector, said in declarations(STYLE).items():
        for name, value in said.items():
            if re.search(r"\d(px|vw|vh)\b", value):
                assert name.startswith(("border", "outline")), (selector, name, value)
        assert said.get("overflow") != "hidden", selector
        assert "height" not in said, selector


def test_links_are_not_told_by_colour_alone() -> None:
    assert "text-decoration: none" not in STYLE
    assert "outline: none" not in STYLE
