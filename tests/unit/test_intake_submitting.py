"""Submissions in bulk: what is sealed, what is clear, whose number, who may be the same person, who is refused."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4, uuid5

import pytest

from deploy.demo import make_requests
from services.intake.channels.kafka import channel_of, read_record
from services.intake.domain.case import Accepted
from services.intake.domain.case_number import number_of
from services.intake.domain.facts import Place
from services.intake.raw import ANONYMOUS, ERASED, KEY_GONE, RawSubmission, Refusal, channel_namespace
from services.intake.registry import Numbers
from services.intake.submitting import Prepared
from shared.contracts.envelope import NAMESPACE
from shared.contracts.sealed import SealedSubmission
from shared.contracts.vocabulary import RejectCode
from shared.errors import CommandRefused
from shared.privacy.case_ids import CaseIds, id_without_key
from shared.privacy.keys import SecretKey
from shared.privacy.sealing import CaseKey, open_box
from tests.unit.intake_house import Collection, House, as_collection, complete
from tests.unit.intake_world import MONDAY, rules
from tests.unit.one_case import as_stored


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


async def test_personal_data_is_sealed_and_nothing_of_it_is_clear(house: House) -> None:
    (prepared,) = await house.prepare(complete())
    await house.carry_out(prepared)
    (case,) = house.engine.cases.values()
    (emitted,) = case.changes.events
    clear = emitted.body.decode() + json.dumps(as_stored(rules().mapping, case.state), default=str)
    for word in ("Zoraida", "Quintanabelle", "012345678", "12-345", "1990-05-17", "example.org", "Marzipan", "HEALTH"):
        assert word not in clear
    assert "FAMILY_TIES" in clear
    key = (await house.keyring.get([case.id]))[case.id]
    assert isinstance(key, CaseKey)
    box = case.changes.blobs["submitted"]
    opened = SealedSubmission.model_validate_json(open_box(key, case_id=case.id, name="submitted", box=box))
    assert opened.noncitizen.a_number == "012345678"
    assert opened.narrative == complete()["narrative"]
    assert [factor.value for factor in opened.mitigating] == ["HEALTH"]
    assert opened.mitigating[0].asserted_by == "requestor"


async def test_an_unreadable_a_number_and_an_odd_place_are_kept_as_they_were_written(house: House) -> None:
    odd = complete(custody={"status": "DETAINED"}, place={"state": "Texass", "county": "12 Elm St."})
    odd["noncitizen"] = odd["noncitizen"] | {"a_number": "A123"}
    (prepared,) = await house.prepare(odd)
    filing = prepared.command.data.filing
    assert filing.place is None
    key = (await house.keyring.get([prepared.command.case_id]))[prepared.command.case_id]
    assert isinstance(key, CaseKey)
    box = prepared.command.data.boxes["submitted"]
    opened = SealedSubmission.model_validate_json(
        open_box(key, case_id=prepared.command.case_id, name="submitted", box=box)
    )
    assert opened.noncitizen.a_number == "A123"
    assert opened.place_as_written == "Texass, 12 Elm St."


async def test_a_malformed_one_is_refused_by_itself_and_quotes_nothing(house: House) -> None:
    wrong = complete(custody={"status": "Zoraida"})
    answers = await house.prepare(complete(), wrong, b"{", complete())
    assert [type(answer) for answer in answers] == [Prepared, Refusal, Refusal, Prepared]
    assert answers[1].wrong[0].field == "custody.status"
    assert "Zoraida" not in answers[1].reason + repr(answers[1].wrong)


async def test_the_same_key_with_another_body_is_another_command_and_is_refused(house: House) -> None:
    key = str(uuid4())
    (first,) = await house.prepare(complete(), key=key)
    (again,) = await house.prepare(complete(), key=key)
    (other,) = await house.prepare(complete(narrative="Something else."), key=key)
    assert first.command.id == again.command.id != other.command.id
    await house.carry_out(first)
    assert (await house.carry_out(again)).replayed
    with pytest.raises(CommandRefused, match="used before"):
        await house.carry_out(other)


async def test_spaces_and_the_order_of_members_make_no_other_body(house: House) -> None:
    key = str(uuid4())
    reordered = dict(reversed(complete().items()))
    (one,) = await house.prepare(complete(), key=key)
    (other,) = await house.prepare(json.dumps(reordered, indent=3).encode(), key=key)
    assert one.command.id == other.command.id


async def test_a_number_that_another_case_has_is_tried_again() -> None:
    kept = Collection()
    mine, other = UUID(int=1), UUID(int=2)
    await kept.insert_one({"_id": number_of(mine), "case": other})
    numbers = Numbers(as_collection(kept))
    assert await numbers.reserve([mine]) == {mine: number_of(mine, 1)}
    assert await numbers.reserve([mine, mine]) == {mine: number_of(mine, 1)}  # the same again, now and later


async def test_the_same_person_is_warned_of_with_the_earliest_case(house: House) -> None:
    answers = await house.prepare(complete(), complete(), complete(narrative="Third."))
    first, second, third = (answer.command.data.filing for answer in answers)
    numbers = sorted([first.number, second.number, third.number])
    doubles = {filing.number: filing.possible_double_of for filing in (first, second, third)}
    assert doubles == {numbers[0]: None, numbers[1]: numbers[0], numbers[2]: numbers[0]}
    house.wait(timedelta(days=30))
    (later,) = await house.prepare(complete())
    assert later.command.data.filing.possible_double_of == numbers[0]
    assert "012345678" not in str(house.doubles_kept.documents)


async def test_however_many_doubles_a_batch_has_their_cases_are_looked_at_once(house: House) -> None:
    for _ in range(3):
        await house.opened()
    house.wait(timedelta(minutes=1))  # of cases of one moment, any may count as the earliest
    before = house.engine.looks
    prepared = await house.prepare(*[complete() for _ in range(5)])
    assert {each.command.data.filing.possible_double_of is not None for each in prepared} == {True}
    assert house.engine.looks == before + 1


async def test_a_rejected_request_is_nobodys_double(house: House) -> None:
    await house.prepare(complete(narrative=None))
    (prepared,) = await house.prepare(complete())
    assert prepared.command.data.filing.possible_double_of is None


async def test_an_erased_case_is_not_made_again_and_its_copy_is_not_kept(house: House) -> None:
    key = str(uuid4())
    (prepared,) = await house.prepare(complete(), key=key)
    await house.keyring.shred(prepared.command.case_id, ordered_by="p", reference="r")
    assert await house.prepare(complete(), key=key) == [Refusal(ERASED)]


async def test_a_mended_request_is_tied_to_the_rejected_one_by_its_link_only(house: House) -> None:
    (rejected,) = await house.prepare(complete(narrative=None))
    await house.carry_out(rejected)
    number = rejected.command.data.filing.number
    token = house.links.token(rejected.command.case_id, 1)
    mended = complete(resubmits=number)

    async def resubmits(link: str | None) -> str | None:
        raw = RawSubmission(mended, "http", "anonymous", str(uuid4()), MONDAY, link)
        (prepared,) = await house.submissions.prepare([raw])
        assert isinstance(prepared, Prepared)
        return prepared.command.data.filing.resubmits

    assert await resubmits(token) == number
    assert await resubmits(None) is None
    assert await resubmits(house.links.token(UUID(int=5), 1)) is None
    assert await resubmits(token[:-2] + "AA") is None


def record(**changes: object) -> bytes:
    event = {"specversion": "1.0", "id": "k-1", "type": "request.received", "source": "x", "data": complete()}
    return json.dumps(event | changes).encode()


def test_a_record_is_a_submission_of_its_channel() -> None:
    raw = read_record(record(), topic="request.received.county-jail", at=MONDAY)
    assert isinstance(raw, RawSubmission)
    assert (raw.channel, raw.namespace, raw.key) == ("county-jail", channel_namespace("county-jail"), "k-1")
    assert channel_of("request.received") == "kafka"
    wrapped = read_record(record(data={"request": complete()}), topic="request.received", at=MONDAY)
    assert isinstance(wrapped, RawSubmission)
    assert wrapped.content == complete()


@pytest.mark.parametrize(
    "value",
    [None, b"", b"nonsense", b"\xff\xfe", record(type="request.amended"), record(id=""), record(data="Zoraida")],
)
def test_what_is_no_submission_is_refused_with_a_reason_that_quotes_nothing(value: bytes | None) -> None:
    refusal = read_record(value, topic="request.received", at=MONDAY)
    assert isinstance(refusal, Refusal)
    assert "Zoraida" not in refusal.reason + repr(refusal)


@pytest.mark.parametrize("key", ["ulises@example.org", "A012345678", "case.of:Ulises"])
async def test_a_key_that_could_name_somebody_is_told_in_no_form_that_can_be_tried_out(house: House, key: str) -> None:
    raw = RawSubmission(complete(), "x", channel_namespace("x"), key, MONDAY)
    (prepared,) = await house.submissions.prepare([raw])
    await house.carry_out(prepared)
    (case,) = house.engine.cases.values()
    (emitted,) = case.changes.events
    clear = emitted.body.decode() + json.dumps(as_stored(rules().mapping, case.state), default=str) + str(case.id)
    unkeyed = id_without_key(raw.namespace, key)
    for told in (key, str(unkeyed), number_of(unkeyed), str(uuid5(NAMESPACE, key))):
        assert told not in clear


async def test_a_case_from_before_ids_were_keyed_is_found_by_its_key_and_answered_as_before(house: House) -> None:
    raw = RawSubmission(json.dumps(complete()).encode(), "http", ANONYMOUS, str(uuid4()), MONDAY)
    before = house.submissions_with(WithoutKey(SecretKey(b"d" * 32)))
    (first,) = await before.prepare([raw])
    assert isinstance(first, Prepared)
    await house.carry_out(first)
    again, other = await house.submissions.prepare([raw, replace(raw, key=str(uuid4()))])
    assert isinstance(again, Prepared)
    assert isinstance(other, Prepared)
    assert again.command.case_id == id_without_key(raw.namespace, raw.key)
    assert other.command.case_id != id_without_key(raw.namespace, raw.key)
    assert (await house.carry_out(again)).replayed
    assert set(house.numbers_kept.documents) == {first.command.data.filing.number, other.command.data.filing.number}


class WithoutKey(CaseIds):
    """As ids were made before."""

    def case_id(self, namespace: str, key: str) -> UUID:
        return id_without_key(namespace, key)

    def told(self, namespace: str, key: str) -> str:
        return key


async def test_every_line_of_the_demo_counts_as_its_file_expects(house: House) -> None:
    lines = [json.loads(line) for line in make_requests.FILE.read_text(encoding="utf-8").splitlines()]
    readable = [line for line in lines if "body" in line and "fill" not in line]
    counted = [await _counted(house, line) for line in readable]
    told = ("counts_as", "codes", "incomplete")
    expected = [{name: line["expect"][name] for name in told if name in line["expect"]} for line in readable]
    assert counted == expected


async def _counted(house: House, line: dict[str, Any]) -> dict[str, Any]:
    namespace = ANONYMOUS if line["channel"] == "http" else channel_namespace("kafka")
    raw = RawSubmission(line["body"], line["channel"], namespace, line["key"], MONDAY)
    (prepared,) = await house.submissions.prepare([raw])
    if not isinstance(prepared, Prepared):
        return {"counts_as": "refused"}
    try:
        answer = await house.engine.command(prepared.command)
    except CommandRefused:
        return {"counts_as": "refused"}
    if answer.replayed:
        return {"counts_as": "duplicate"}
    if codes := answer.answer["codes"]:
        return {"counts_as": "rejected", "codes": codes}
    view = await house.engine.case(prepared.command.case_id)
    assert view is not None
    assert isinstance(view.state, Accepted)
    return {"counts_as": "submitted", "incomplete": [str(code) for code in view.state.filing.incomplete]}


async def test_a_known_case_whose_key_is_gone_gets_no_second_key_and_harms_no_other(house: House) -> None:
    (prepared,) = await house.prepare(complete())
    await house.carry_out(prepared)
    raw = RawSubmission(json.dumps(complete()).encode(), "http", ANONYMOUS, "first", MONDAY)
    (known,) = await house.submissions.prepare([raw])
    assert isinstance(known, Prepared)
    await house.carry_out(known)
    house.keys_kept.documents.pop(known.command.case_id)
    house.keyring._cache.clear()
    again, other = await house.submissions.prepare([raw, replace(raw, key="second")])
    assert isinstance(again, Refusal)
    assert (again.code, type(other)) == (KEY_GONE, Prepared)
    assert known.command.case_id not in house.keys_kept.documents


@pytest.mark.parametrize(
    ("custody", "place", "told"),
    [
        ({"status": "NOT_DETAINED"}, {"zip_code": "10451"}, (None, Place("NY", "Bronx County"))),
        (
            {"status": "NOT_DETAINED"},
            {"state": "NY", "county": "Kings County, NY"},
            (None, Place("NY", "Kings County")),
        ),
        (
            {"status": "DETAINED", "facility": {"name": "Somewhere", "state": "TX", "zip_code": "78046"}},
            {"state": "CA", "county": "90012"},
            (("TX", "Webb County"), Place("CA", "Los Angeles County")),
        ),
        (
            {"status": "DETAINED", "facility": {"name": "Somewhere", "state": "TX"}},
            {"state": "TX", "zip_code": "12 Elm St."},
            (("TX", None), Place("TX")),
        ),
    ],
)
async def test_a_zip_code_tells_the_county_in_clear_and_is_itself_sealed(
    house: House, custody: Any, place: Any, told: Any
) -> None:
    (prepared,) = await house.prepare(complete(custody=custody, place=place))
    filing = prepared.command.data.filing
    facility, lives = told
    assert (filing.custody.state, filing.custody.county) == (facility or (None, None))
    assert filing.place == lives
    no_office = facility is not None and facility[1] is None
    assert prepared.command.data.missing == ((RejectCode.NO_FACILITY,) if no_office else ())
    key = (await house.keyring.get([prepared.command.case_id]))[prepared.command.case_id]
    assert isinstance(key, CaseKey)
    box = prepared.command.data.boxes["submitted"]
    opened = open_box(key, case_id=prepared.command.case_id, name="submitted", box=box)
    written = place.get("zip_code") or place["county"]
    assert SealedSubmission.model_validate_json(opened).place_as_written in {written, None}
    assert written not in str(filing)
