"""Withdrawals, representatives, consent, doubles and a client's own cases, as people type them."""

import csv
import io
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.intake.domain.case import UnderConsideration, WithdrawalAsked
from shared.calling.words import word
from shared.web import staff_events
from shared.web.sign_in import Role, SignIn
from shared.web.signing_keys import DevelopmentKeys
from shared.web.tokens import AUDIENCE, DEVELOPMENT_ISSUER
from tests.integration.serving import secondlook, serving
from tests.unit.intake_house import House, complete
from tests.unit.intake_world import assigned, completed


@pytest.fixture(name="house")
async def _house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    """An intake that the command line reaches, and an officer of El Paso who uses it."""
    house = House(tmp_path)
    async with serving(house.app) as url:
        monkeypatch.setenv("INTAKE_URL", url)
        monkeypatch.setenv("SECONDLOOK_TOKEN", house.issuer.staff("officer-7", [Role.OFFICER], offices=["ELP"]))
        yield house


async def case(house: House, **changes: Any) -> tuple[UUID, str, str]:
    """A case of El Paso: its id, its number, and the path of its page."""
    case_id, path = await house.opened(complete(**changes))
    house.hear(case_id, assigned())
    return case_id, state(house, case_id).filing.number, path


def state(house: House, case_id: UUID) -> Any:
    return house.engine.cases[case_id].state


async def wish(house: House, path: str) -> None:
    form = {"idempotency_key": str(uuid4()), "confirm": "yes", "reason": "We moved."}
    await house.http.post(f"{path}/withdraw", data=form)


async def test_a_withdrawal_is_found_and_confirmed_and_another_is_not(house: House) -> None:
    (first, ends, path), (second, goes_on, other) = await case(house), await case(house, narrative="Another.")
    await wish(house, path)
    await wish(house, other)
    shown = await secondlook("withdrawal", "list", "--office", "elp")
    assert ends in shown.output
    assert goes_on in shown.output
    confirmed = await secondlook("withdrawal", "confirm", ends)
    assert (confirmed.exit_code, f"{ends} is withdrawn." in confirmed.output) == (0, True)
    refused = await secondlook("withdrawal", "refuse", goes_on)
    assert (refused.exit_code, "it is not withdrawn" in refused.output) == (0, True)
    assert isinstance(state(house, first), WithdrawalAsked)
    assert isinstance(state(house, second), UnderConsideration)
    assert state(house, second).wish is None
    again = await secondlook("withdrawal", "confirm", goes_on)
    assert again.exit_code == 1
    assert "no_withdrawal_waits" in again.output


async def test_headquarters_rules_on_a_wish_for_review_and_is_told_what_it_did(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECONDLOOK_TOKEN", house.issuer.staff("official-1", [Role.SRO]))
    numbers = []
    for narrative in ("One.", "Another."):
        case_id, number, path = await case(house, narrative=narrative)
        house.hear(case_id, completed("DECLINED"))
        await house.rule(case_id, "refused")
        form = {"idempotency_key": "r", "ground": "NEW_CIRCUMSTANCES", "reason": "A child was born.", "confirm": "yes"}
        await house.http.post(f"{path}/review", data=form)
        numbers.append(number)
    shown = await secondlook("withdrawal", "list", "--headquarters")
    assert all(f"{number} counts by itself" in shown.output for number in numbers)
    counts, does_not = numbers
    told = await secondlook("withdrawal", "confirm", counts, "--headquarters")
    assert f"{counts} goes to headquarters for review." in " ".join(told.output.split())
    told = await secondlook("withdrawal", "refuse", does_not, "--headquarters")
    assert f"{does_not}: this wish for review does not count." in " ".join(told.output.split())


async def test_who_saw_older_facts_is_told_to_look_again(house: House) -> None:
    _, number, path = await case(house)
    await wish(house, path)
    told = await secondlook("withdrawal", "confirm", number, "--facts", "0")
    assert told.exit_code == 1
    assert "facts_changed" in told.output


async def test_a_representative_comes_is_verified_and_goes_by_the_word_of_two(house: House) -> None:
    case_id, number, _ = await case(house)
    second = ("--token", house.issuer.staff("officer-8", [Role.OFFICER], offices=["ELP"]))
    words = ["--name", "Odalys Fernbach", "--email", "odalys@example.org", "--language", "es"]
    begun = await secondlook("representative", "set", number, "--type", "accredited_rep", *words)
    assert begun.exit_code == 0, begun.output
    assert "Fernbach" not in begun.output
    assert "somebody else has to confirm it" in " ".join(begun.output.split())
    assert state(house, case_id).filing.requestor_type == "FAMILY"
    listed = (await secondlook("representative", "list", "--office", "elp")).output
    assert number in listed
    assert "officer-7" in listed
    own = await secondlook("representative", "confirm", number, "--facts", "1")
    assert (own.exit_code, "same_person" in own.output) == (1, True)
    no = await secondlook("representative", "confirm", number, *second, typed="n\n")
    assert "odalys@example.org" in no.output
    assert (no.exit_code, state(house, case_id).filing.requestor_type) == (1, "FAMILY")
    assert "Odalys Fernbach" in (await secondlook("representative", "show", number, *second)).output
    yes = await secondlook("representative", "confirm", number, *second, typed="y\n")
    assert yes.exit_code == 0, yes.output
    assert state(house, case_id).filing.requestor_type == "ACCREDITED_REP"
    assert (await secondlook("consent", number, "--verified")).exit_code == 0
    assert state(house, case_id).filing.consent.verified
    for _ in range(2):
        assert (await secondlook("representative", "end", number)).exit_code == 0
        refused = await secondlook("representative", "refuse", number)
        assert refused.exit_code == 0, refused.output
    assert (await secondlook("representative", "confirm", number, *second)).exit_code == 1  # nothing waits
    assert (await secondlook("representative", "end", number)).exit_code == 0
    seen = str(state(house, case_id).filing.amendment)
    assert (await secondlook("representative", "confirm", number, *second, "--facts", seen)).exit_code == 0
    assert state(house, case_id).filing.requestor_type == "NONCITIZEN"
    assert state(house, case_id).filing.link_generation == 3
    assert (await secondlook("consent", number)).exit_code == 1


async def test_doubles_are_shown_from_either_side(house: House) -> None:
    (_, one, _), (_, other, _) = await case(house), await case(house, narrative="Another.")
    assert other in (await secondlook("doubles", one)).output
    assert one in (await secondlook("doubles", other)).output


async def test_a_client_reads_and_exports_its_own_cases(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    token = house.issuer.client("clinic")
    monkeypatch.setenv("SECONDLOOK_CLIENT_TOKEN", token)  # Beside an officer's, which the fixture has set.
    body = complete()
    body["requestor"] = body["requestor"] | {"client_reference": "=matter+7"}
    answer = await house.submit(body, "k", headers={"Authorization": f"Bearer {token}"})
    number = answer.json()["case_number"]
    assert number in (await secondlook("mine")).output
    assert (await secondlook("withdrawal", "list", "--office", "elp")).exit_code == 0
    (row,) = json.loads((await secondlook("mine", "--json", "--reference", "=matter+7")).stdout)
    assert (row["case_number"], "status_url" in row) == (number, False)
    told = await secondlook("mine", "--export", "csv")
    _, cells = csv.reader(io.StringIO(told.stdout))
    assert cells[:2] == [number, "'=matter+7"]
    since = told.stderr.split("--since ")[1].split()[0]
    assert json.loads((await secondlook("mine", "--json", "--since", since)).stdout)  # a minute back: again
    assert json.loads((await secondlook("mine", "--json", "--since", "2030-01-01T00:00:00Z")).stdout) == []


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"place": {"state": "TX"}}, "NO_COUNTY"),
        ({"custody": {"status": "DETAINED", "facility": {}}}, "NO_FACILITY"),
    ],
)
async def test_a_client_is_shown_the_place_that_each_of_its_cases_lacks(
    house: House, monkeypatch: pytest.MonkeyPatch, changed: dict[str, Any], code: str
) -> None:
    token = house.issuer.client("clinic")
    monkeypatch.setenv("SECONDLOOK_CLIENT_TOKEN", token)
    lacks: dict[str, list[str]] = {}
    for key, body, codes in (("k1", complete(), []), ("k2", complete(**changed), [code])):
        answer = await house.submit(body, key, headers={"Authorization": f"Bearer {token}"})
        lacks[answer.json()["case_number"]] = codes
    rows = json.loads((await secondlook("mine", "--json")).stdout)
    assert {row["case_number"]: row["missing"] for row in rows} == lacks
    assert (await secondlook("mine")).output.count(f"missing: {word(code)}") == 1
    lines = csv.DictReader(io.StringIO((await secondlook("mine", "--export", "csv")).stdout))
    assert {line["case_number"]: line["missing"] for line in lines} == {
        number: " ".join(codes) for number, codes in lacks.items()
    }


async def test_a_case_is_erased_by_order_once_its_number_was_typed_again(house: House) -> None:
    case_id, number, _ = await case(house)
    privacy = house.issuer.staff("privacy-1", [Role.PRIVACY])
    words = ("erase", number, "--reference", "order/2021-9", "--token", privacy)
    other = await secondlook(*words, typed="7K2QD-M4TT9-C\n")
    assert other.exit_code == 1
    assert "nothing was erased" in other.output
    assert "case.erased" not in [event.type for event in await house.engine.events(case_id)]
    done = await secondlook(*words, typed=f"{number.lower()}\n")
    assert done.exit_code == 0, done.output
    assert [event.type for event in await house.engine.events(case_id)].count("case.erased") == 1
    refused = await secondlook("erase", number, "--reference", "order/2021-9", "--yes")
    assert refused.exit_code == 1
    assert "✗" in refused.output


async def test_a_cases_events_are_read_as_they_were_said(house: House) -> None:
    case_id, number, _ = await case(house)
    keys = DevelopmentKeys(house.issuer.public_keys, host="127.0.0.1")
    sign_in = SignIn(issuer=DEVELOPMENT_ISSUER, audience=AUDIENCE, keys=keys)
    house.app.include_router(staff_events.router(engine=house.engine, sign_in=sign_in))
    told = await secondlook("case", "events", number, "--type", "request.submitted")
    assert told.exit_code == 0, told.output
    (event,) = [json.loads(line) for line in told.output.splitlines()]
    assert (event["type"], event["subject"], event["data"]["number"]) == ("request.submitted", str(case_id), number)
    assert "sealed" not in event["data"]
    assert (await secondlook("case", "events", number, "--type", "case.erased")).output == ""
    assert "case.opened" in (await secondlook("case", "events", number, "--type", "case.opened")).output
