"""What somebody typed is never lost: not to an error, not to a second thought; and an error leads to its field."""

import re
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from services.intake.asking import Asking
from services.intake.forms import EMAIL_PATTERN
from shared.errors import CaseParked, CommandRefused, Outage, TooBusy
from shared.web.head import Head
from tests.unit.intake_house import House
from tests.unit.markup import Element, Page
from tests.unit.test_lost_link import Lost
from tests.unit.test_status_page import STORIES

BROWSER = re.compile(
    r"[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
    r"(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*"
)
"""What `<input type=email>` takes (HTML, 4.10.5.1.5)."""

CONTACT = {"requestor_name": "Ulises <b>", "requestor_email": "ulises@nowhere", "requestor_phone": "+1-555-0100"}


@pytest.fixture
def house(tmp_path: Path) -> House:
    return Lost(tmp_path)


async def send(house: House, path: str, route: str, form: dict[str, str]) -> httpx.Response:
    return await house.http.post(f"{path}/{route}", data={"idempotency_key": str(uuid4()), **form})


def by_id(html: str) -> dict[str, Element]:
    return {each.attributes["id"]: each for each in Page(html).elements if "id" in each.attributes}


async def test_an_error_keeps_what_was_typed_has_the_focus_and_leads_to_its_field(house: House) -> None:
    path = await STORIES["with_field_office"](house)
    answer = await send(house, path, "amend", CONTACT)
    assert answer.status_code == 422
    page, fields = Page(answer.text), by_id(answer.text)
    assert fields["requestor_name"].attributes["value"] == "Ulises <b>"
    assert fields["requestor_email"].attributes["value"] == "ulises@nowhere"
    wrong = fields["requestor_email"].attributes
    assert (wrong["aria-invalid"], wrong["aria-describedby"]) == ("true", "requestor_email-error")
    assert "e-mail address" in fields["requestor_email-error"].text
    assert "aria-invalid" not in fields["requestor_name"].attributes
    (summary,) = [each for each in page.elements if each.attributes.get("role") == "alert"]
    assert {"autofocus", "tabindex"} <= set(summary.attributes)
    (link,) = [each for each in summary.children[-1].children[0].children if each.tag == "a"]
    assert link.attributes["href"] == "#requestor_email"
    assert [each.children[0].text for each in page.all("details") if "open" in each.attributes] == [
        "Change how we reach you, or say who speaks for the person"
    ]


async def test_whoever_goes_back_finds_what_was_typed_and_nothing_was_done(house: House) -> None:
    path = await STORIES["with_field_office"](house)
    typed = {"information": "New <address>.", "custody_status": "DETAINED"}
    asked = await send(house, path, "amend", typed)
    again = {each.attributes["name"]: each.attributes["value"] for each in Page(asked.text).all("input")}
    (back,) = [each for each in Page(asked.text).all("button") if each.attributes.get("value") == "no"]
    answer = await send(house, path, "amend", again | {back.attributes["name"]: "no"})
    assert answer.status_code == 200
    fields = by_id(answer.text)
    assert fields["information"].text == "New <address>."
    chosen = [each for each in fields["custody_status"].children if "selected" in each.attributes]
    assert [each.attributes["value"] for each in chosen] == ["DETAINED"]
    assert "Your changes were added." not in answer.text
    assert (await house.http.get(path)).text.count("selected") == 0


async def test_words_of_one_form_do_not_turn_up_in_another(house: House) -> None:
    path = await STORIES["may_ask_review"](house)
    answer = await send(house, path, "review", {"reason": "The letter was not read."})
    assert answer.status_code == 422
    fields = by_id(answer.text)
    assert fields["review-reason"].text == "The letter was not read."
    assert fields["withdraw-reason"].text == ""
    assert fields["ground"].attributes["aria-describedby"] == "ground-error"


@pytest.mark.parametrize(
    ("address", "good"),
    [
        ("ana@example.org", True),
        ("o'brien+case@mail.example.org", True),
        ("ana@localhost", False),
        ("ana..b@example.org", False),
        (".ana@example.org", False),
        ("ñandú@example.org", False),
        ('"ana b"@example.org', False),
        ("ana@-x.org", False),
        ("ana@exa_mple.org", False),
    ],
)
async def test_an_address_is_taken_where_the_browser_takes_it_and_nowhere_else(
    house: House, address: str, good: bool
) -> None:
    browser = bool(BROWSER.fullmatch(address)) and bool(re.fullmatch(EMAIL_PATTERN, address))
    assert browser is good
    path = await STORIES["with_field_office"](house)
    answer = await send(house, path, "amend", {"requestor_email": address})
    assert (answer.status_code == 200) is good
    lost = await house.http.post("/lost-link", data={"idempotency_key": "k", "number": "1", "email": address})
    assert ('id="email-error"' not in lost.text) is good


async def test_json_is_no_form_and_a_picture_is_nothing_that_is_read(house: House) -> None:
    path = await STORIES["with_field_office"](house)
    lost = await house.http.post("/lost-link", json={"number": "1", "email": "a@example.org", "idempotency_key": "k"})
    assert (lost.status_code, lost.json()["code"]) == (415, "unsupported_media_type")
    picture = await house.http.post(f"{path}/amend", content=b"x", headers={"Content-Type": "image/png"})
    assert picture.status_code == 415


async def test_the_front_page_leads_to_a_lost_link_and_help_and_promises_no_web_form(house: House) -> None:
    page = (await house.http.get("/")).text
    assert "There is no form on the web yet." in page
    assert 'href="/lost-link?lang=en"' in page
    assert 'href="tel:+18883514024"' in page
    icon = await house.http.get(re.findall(r'rel="icon" href="([^"]+)"', page)[0])
    assert (icon.status_code, icon.headers["Content-Type"]) == (200, "image/svg+xml")


async def test_head_is_answered_as_get_without_a_body(house: House) -> None:
    http = httpx.AsyncClient(transport=httpx.ASGITransport(Head(house.app)), base_url="https://review.example")
    path = await STORIES["with_field_office"](house)
    for where, status in ((path, 200), ("/", 200), ("/status/nothing", 404)):
        head, got = await http.head(where), await http.get(where)
        assert (head.status_code, head.content) == (status, b"")
        assert head.headers["Content-Type"] == got.headers["Content-Type"]


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (Outage("The store does not answer."), 503),
        (TooBusy(), 503),
        (CaseParked(uuid4()), 409),
        (CommandRefused("no_review_now", "Not now."), 409),
    ],
)
async def test_what_could_not_be_done_keeps_what_was_typed(
    house: House, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int
) -> None:
    """A page, not a document for programs; "please try again" is one press."""

    async def fails(*_: object, **__: object) -> None:
        raise error

    path = await STORIES["may_ask_review"](house)
    monkeypatch.setattr(Asking, "review", fails)
    typed = {"ground": "NEW_CIRCUMSTANCES", "reason": "The letter was not read.", "confirm": "yes"}
    answer = await send(house, path, "review", typed)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "text/html; charset=utf-8")
    assert by_id(answer.text)["review-reason"].text == "The letter was not read."
