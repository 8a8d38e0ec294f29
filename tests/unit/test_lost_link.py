"""The form for a lost link: it sends to the known address only, and answers everybody alike, before it looks."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from services.intake import public_pages, staff_links
from services.intake.lost_links import MOST_WAITING, PATIENCE_SECONDS, LostLinks, Wish
from shared.casework.commands import Answered
from shared.casework.reaction import Command
from shared.contracts.envelope import Event
from shared.contracts.parsing import parse
from shared.contracts.vocabulary import EventType, Recipient
from shared.errors import Outage
from shared.web.sign_in import Role, SignIn
from shared.web.signing_keys import DevelopmentKeys
from shared.web.tokens import AUDIENCE, DEVELOPMENT_ISSUER
from tests.integration.serving import secondlook, serving
from tests.unit.intake_house import House, MemoryEngine, complete
from tests.unit.intake_world import rules

ULISES = "ulises.quintanabelle@example.org"


class Lost(House):
    """An intake with its public pages."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.seconds = 0.0
        self.lost_links = LostLinks(
            engine=self.engine,
            numbers=self.numbers,
            keyring=self.keyring,
            index=self.index,
            now=self.now,
            monotonic=lambda: self.seconds,
        )
        keys = DevelopmentKeys(self.issuer.public_keys, host="127.0.0.1")
        sign_in = SignIn(issuer=DEVELOPMENT_ISSUER, audience=AUDIENCE, keys=keys)
        self.app.include_router(staff_links.router(engine=self.engine, sign_in=sign_in, now=self.now))
        self.app.include_router(
            public_pages.router(
                lost_links=self.lost_links, policies=rules().policies, public_url="https://review.example"
            )
        )

    async def ask(self, number: str, email: str, **more: str) -> httpx.Response:
        form = {"number": number, "email": email, "idempotency_key": str(uuid4())} | more
        return await self.http.post("/lost-link", data=form)

    async def asked(self, case_id: UUID) -> list[Recipient]:
        """To whom the link was sent, by the case's own events, after all that waits was worked off."""
        await self.lost_links.work()
        told: list[Event[Any]] = [parse(each.body, EventType(each.type)) for each in await self.engine.events(case_id)]
        return [event.data.to for event in told if event.type is EventType.LINK_REQUESTED]

    async def number(self, path: str) -> str:
        return str((await self.http.get(path, headers={"Accept": "application/json"})).json()["case_number"])


@pytest.fixture
def house(tmp_path: Path) -> Lost:
    return Lost(tmp_path)


def both(**person: str) -> Mapping[str, Any]:
    body = complete()
    return body | {"noncitizen": body["noncitizen"] | person}


async def test_whoever_knows_number_and_address_has_the_link_sent_there(house: Lost) -> None:
    case_id, path = await house.opened()
    number = await house.number(path)
    answer = await house.ask(number.lower().replace("-", " "), f" {ULISES.upper()} ", lang="es")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/lost-link?asked=yes&lang=es")
    assert await house.asked(case_id) == [Recipient.REQUESTOR]
    assert "mire su correo" in (await house.http.get(answer.headers["Location"])).text


async def test_the_one_whose_address_was_named_is_written_to(house: Lost) -> None:
    case_id, path = await house.opened(both(email="zoraida.quintanabelle@example.org"))
    await house.ask(await house.number(path), "zoraida.quintanabelle@example.org")
    assert await house.asked(case_id) == [Recipient.NONCITIZEN]


async def test_the_address_that_counts_is_the_newest(house: Lost) -> None:
    case_id, path = await house.opened()
    number = await house.number(path)
    change = {"requestor_email": "u.q@example.net", "confirm": "yes", "idempotency_key": "change"}
    assert (await house.http.post(f"{path}/amend", data=change)).status_code == 303
    await house.ask(number, ULISES)
    assert await house.asked(case_id) == []
    await house.ask(number, "u.q@example.net")
    assert await house.asked(case_id) == [Recipient.REQUESTOR]


async def test_a_rejected_request_has_a_link_too(house: Lost) -> None:
    case_id, path = await house.opened(complete(narrative=" "))
    await house.ask(await house.number(path), ULISES)
    assert await house.asked(case_id) == [Recipient.REQUESTOR]


async def test_the_answer_is_the_same_whatever_is_known_and_comes_before_anything_is_looked_up(house: Lost) -> None:
    case_id, path = await house.opened()
    number = await house.number(path)
    other = (await house.submit(complete(narrative="Another."))).json()["case_number"]

    async def looked_up(*_: object, **__: object) -> None:
        raise AssertionError("something was looked up")

    for store, names in ((house.engine, ("case", "sealed")), (house.numbers, ("cases_of",)), (house.keyring, ("get",))):
        for name in names:
            setattr(store, name, looked_up)
    answers = [
        await house.ask(number, ULISES),
        await house.ask(number, "somebody.else@example.org"),
        await house.ask(other, "somebody.else@example.org"),
        await house.ask("00000-00000-0", ULISES),
    ]
    assert {answer.status_code for answer in answers} == {303}
    assert len({(answer.text, str(sorted(answer.headers.items()))) for answer in answers}) == 1
    assert case_id


@pytest.mark.parametrize(
    ("number", "email"), [("00000-00000-0", ULISES), ("", "somebody.else@example.org"), ("", "x@example.org")]
)
async def test_a_wrong_number_or_address_sends_nothing(house: Lost, number: str, email: str) -> None:
    case_id, path = await house.opened()
    await house.ask(number or await house.number(path), email)
    assert await house.asked(case_id) == []


async def test_the_form_is_checked_for_its_form_only_and_keeps_what_was_typed(house: Lost) -> None:
    answer = await house.ask("ABCDE-FGHJK-1", "<b>nowhere</b>")
    assert answer.status_code == 422
    assert "Check the case number." in answer.text
    assert "Give the whole e-mail address" in answer.text
    assert "&lt;b&gt;nowhere&lt;/b&gt;" in answer.text
    assert "<b>nowhere" not in answer.text
    assert (await house.ask("ABCDE-FGHJK-1", "x", idempotency_key="é")).status_code == 400
    assert (await house.http.post("/lost-link", content=b"number=" + b"x" * 5000)).status_code == 413


async def test_a_form_sent_twice_sends_one_link(house: Lost) -> None:
    case_id, path = await house.opened()
    number = await house.number(path)
    for _ in range(2):
        await house.ask(number, ULISES, idempotency_key="form-1")
    assert await house.asked(case_id) == [Recipient.REQUESTOR]
    house.wait(timedelta(hours=1))
    await house.ask(number, ULISES)
    assert await house.asked(case_id) == [Recipient.REQUESTOR] * 2


async def test_an_erased_case_sends_nothing(house: Lost) -> None:
    case_id, path = await house.opened()
    number = await house.number(path)
    await house.keyring.shred(case_id, ordered_by="privacy-1", reference="order/1")
    await house.ask(number, ULISES)
    assert await house.asked(case_id) == []


async def test_when_too_many_wait_everybody_is_asked_to_come_again(house: Lost) -> None:
    for _ in range(MOST_WAITING):
        assert house.lost_links.ask(Wish("00000-00000-0", ULISES, "key"))
    answer = await house.ask("00000-00000-0", ULISES)
    assert answer.status_code == 503
    assert "Please try again in a few minutes." in answer.text


async def test_staff_on_the_phone_have_it_sent_and_never_see_it(house: Lost) -> None:
    case_id, path = await house.opened()
    token = house.issuer.staff("person-7", [Role.OPERATOR])
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "call-1"}
    done = [await house.http.post(f"/cases/{case_id}/link", json={}, headers=headers) for _ in range(2)]
    assert [answer.status_code for answer in done] == [202, 202]
    assert done[1].headers["Idempotency-Replayed"] == "true"
    assert path.rpartition("/")[2] not in done[0].text
    again = await house.http.post(f"/cases/{case_id}/link", json={}, headers=headers | {"Idempotency-Key": "call-2"})
    assert (again.status_code, again.json()["code"]) == (409, "asked_lately")
    unknown = await house.http.post(f"/cases/{uuid4()}/link", json={}, headers=headers)
    assert unknown.status_code == 404
    assert await house.asked(case_id) == [Recipient.REQUESTOR]


class Away(MemoryEngine):
    """A store that is away for the first commands."""

    def __init__(self, engine: MemoryEngine, times: int) -> None:
        super().__init__(engine.cases)
        self.times = times

    async def command(self, command: Command[Any]) -> Answered:
        self.times -= 1
        if self.times >= 0:
            raise Outage("The store does not answer.")
        return await super().command(command)


@pytest.mark.parametrize(("waited", "sent"), [(PATIENCE_SECONDS - 1, 1), (PATIENCE_SECONDS, 0)])
async def test_an_outage_delays_and_one_that_lasts_is_given_up(house: Lost, waited: float, sent: int) -> None:
    case_id, path = await house.opened()
    number = await house.number(path)
    house.lost_links._engine = Away(house.engine, 2)
    await house.ask(number, ULISES)
    with pytest.raises(Outage):
        await house.lost_links.work()
    house.seconds = waited
    if sent:
        with pytest.raises(Outage):
            await house.lost_links.work()
    else:
        await house.lost_links.work()
    assert len(await house.asked(case_id)) == sent


async def test_staff_have_it_sent_from_the_command_line(house: Lost, monkeypatch: pytest.MonkeyPatch) -> None:
    case_id, path = await house.opened(both(email="zoraida.quintanabelle@example.org"))
    number = await house.number(path)
    token = house.issuer.staff("officer-7", [Role.OFFICER], offices=["ELP"])
    async with serving(house.app) as url:
        monkeypatch.setenv("INTAKE_URL", url)
        told = await secondlook("link", number, "--to", "noncitizen", "--token", token)
        assert told.exit_code == 0, told.output
        assert "goes to the noncitizen's known address" in told.output
        assert await house.asked(case_id) == [Recipient.NONCITIZEN]
        assert (await secondlook("link", number, "--to", "anybody", "--token", token)).exit_code == 2
