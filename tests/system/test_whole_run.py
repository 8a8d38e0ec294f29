"""All requests of the demo, two instances of each service, one of each killed: nothing lost, nothing doubled."""

import json
import re
import shutil
from collections import defaultdict
from collections.abc import AsyncIterator
from itertools import islice
from uuid import UUID

import pytest

from deploy.demo.depth import SCENES
from deploy.demo.play import REQUESTS, Options
from deploy.local.mailbox import Mailbox
from shared.contracts.envelope import splice
from shared.contracts.parsing import parse
from shared.contracts.topics import emitted_by
from shared.contracts.vocabulary import EventType, Service
from tests.system.canaries import forms, found_in
from tests.system.from_topics import otherwise
from tests.system.putting_back import different
from tests.system.run import LAST_LINE, Left, play

pytestmark = pytest.mark.real

E = EventType
NAMED = {E.REQUEST_SUBMITTED}
CONSIDERED = {E.TRIAGE_ASSIGNED, E.TRIAGE_COMPLETED}
AT_HEADQUARTERS = CONSIDERED | {E.REVIEW_REQUESTED, E.REVIEW_ESCALATED}
MUST_HAVE_HAPPENED = {
    "favourable": CONSIDERED,
    "lapsed": CONSIDERED | {E.REVIEW_LAPSED},
    "upheld": AT_HEADQUARTERS,
    "overridden": AT_HEADQUARTERS,
    "no_action": AT_HEADQUARTERS,
    "remanded_favourable": AT_HEADQUARTERS | {E.REVIEW_REMANDED},
    "remanded_upheld": AT_HEADQUARTERS | {E.REVIEW_REMANDED},
    "referred": CONSIDERED | {E.REVIEW_LAPSED},
    "moot": CONSIDERED,
    "withdrawn_before": {E.REQUEST_WITHDRAWN},
    "withdrawn_in_window": CONSIDERED | {E.REQUEST_WITHDRAWN},
    "withdrawn_at_headquarters": AT_HEADQUARTERS | {E.REQUEST_WITHDRAWN},
    "silence": AT_HEADQUARTERS,
    "forwarded": CONSIDERED,
    "amended": CONSIDERED | {E.REQUEST_AMENDED},
    "partly": CONSIDERED,
}
"""What every case of an ending must have been through, besides being submitted and resolved once."""

MENDED = "rejected and mended"


@pytest.fixture(scope="module", name="left")
async def _left() -> AsyncIterator[Left]:
    left = await play(Options(instances=2, kill=True))
    yield left
    shutil.rmtree(left.data)


def test_the_last_line_says_that_nothing_was_lost_or_doubled(left: Left) -> None:
    last = left.output.rstrip().splitlines()[-2]  # the very last one tells how to stop what was kept running
    said = LAST_LINE.fullmatch(last)
    assert said, last
    assert (left.status, said["lost"], said["doubled"]) == (0, "0", "0"), left.output[-3000:]
    assert int(said["submitted"]) == int(said["resolved"]) == len(left.lines)
    assert len(left.raw) >= 300


def test_each_scene_is_shown_with_its_case_and_where_to_look(left: Left) -> None:
    numbers = {event.data.number for line in left.lines for event in left.events(line.case_id) if event.type in NAMED}
    for place, scene in enumerate(SCENES, start=1):
        _, shown, rest = left.output.partition(f"\n{place}. {scene.title}\n")
        assert shown, scene.title
        case, look = rest.split("\n", 1)[0], rest.split("\n\n", 1)[0].rsplit("\n", 1)[-1]
        assert case.removeprefix("   case ") in numbers
        assert look.startswith("   look: secondlook ")
        assert f"--data {left.data}" in look


@pytest.mark.parametrize("ending", [*MUST_HAVE_HAPPENED, MENDED])
def test_every_case_of_an_ending_went_the_whole_way(left: Left, ending: str) -> None:
    mended = [line for line in left.lines if line.plan.get("resubmits_line") is not None]
    lines = mended if ending == MENDED else [line for line in left.lines if line.plan["ending"] == ending]
    assert len(lines) >= 10
    for line in lines:
        events = left.events(line.case_id)
        happened = {event.type for event in events}
        assert {E.REQUEST_SUBMITTED, E.RESOLUTION_ISSUED} | MUST_HAVE_HAPPENED.get(ending, set()) <= happened
        (resolution,) = [event for event in events if event.type is E.RESOLUTION_ISSUED]
        planned = line.plan["resolution"]
        assert (resolution.data.stage, resolution.data.outcome) == (planned["stage"], planned["outcome"])
        if ending == MENDED:
            (submitted,) = [event for event in events if event.type is E.REQUEST_SUBMITTED]
            assert submitted.data.resubmits


def test_every_ending_of_the_file_is_tried_here(left: Left) -> None:
    assert {line.plan["ending"] for line in left.lines} == set(MUST_HAVE_HAPPENED)


def test_sequences_have_no_gap_and_an_event_id_has_one_payload(left: Left) -> None:
    payloads: dict[UUID, bytes] = {}
    heads: dict[tuple[UUID, str, EventType], int] = defaultdict(int)
    for kind, records in left.records.items():
        for record in records:
            event = parse(record.value or b"", kind)
            assert payloads.setdefault(event.id, record.value or b"") == record.value
            head = (event.subject, event.source, kind)
            assert event.seq <= heads[head] + 1, head
            heads[head] = max(heads[head], event.seq)
    assert len(payloads) > 2000


def test_an_archive_holds_every_record_and_replays_every_case_as_the_live_services_show_it(left: Left) -> None:
    records = sum(map(len, left.records.values()))
    assert left.archived.returncode == 0, left.archived.stderr
    (held,) = re.findall(r"([\d,]+) records", left.archived.stdout)
    assert int(held.replace(",", "")) >= records > 2000  # a deadline may have come since those were read
    said = json.loads(left.replayed.stdout)
    assert said["different"] == []
    assert said["equal"] == len({record.key for records in left.records.values() for record in records}) > 300
    assert left.replayed.returncode == 0


@pytest.mark.parametrize("service", list(Service))
def test_what_is_stored_is_what_was_published_and_nothing_waits(left: Left, service: Service) -> None:
    published = {
        (record.key, parse(record.value or b"", kind).id): record.value
        for kind in emitted_by(service)
        for record in left.records[kind]
        if parse(record.value or b"", kind).source == service
    }
    stored: dict[tuple[bytes, UUID], bytes] = {}
    for document in left.cases(service):
        assert "pending_since" not in document, document["_id"]
        assert not document.get("held"), document["held"]
        for event in document.get("events", ()):
            blobs = {name: document["sealed"][name] for name in event["blobs"]}
            stored[str(document["_id"]).encode(), event["id"]] = splice(event["body"], blobs)
    assert stored == published


def test_what_was_refused_is_kept_with_its_reason_and_stopped_nobody(left: Left) -> None:
    dead = left.stores["secondlook_intake"]["dead_letters"]
    refused = [line for line in left.raw if line.counts_as == "refused" and line.channel == "kafka"]
    assert len(refused) > 10
    assert {(each["topic"], each["partition"], each["offset"]) for each in dead}
    assert len(dead) == len(refused)
    assert all(each["reason"] and each["sealed"] for each in dead)


def canaries_of(left: Left) -> list[str]:
    """Names, A-numbers, addresses and marked words of every fifth line of the file."""
    with REQUESTS.open(encoding="utf-8") as file:
        planted = [json.loads(line).get("canaries", {}) for line in file][::5]
    return sorted({text for kinds in planted for texts in kinds.values() for text in texts})


def test_no_personal_data_stands_in_clear_outside_the_letters(left: Left) -> None:
    canaries = canaries_of(left)
    assert len(canaries) > 200
    places = dict(left.haystacks())
    assert len(places) > 25
    assert all(places[f"log {service}.log"] for service in Service)
    hits = {place: hit for place, bytes_ in places.items() if (hit := found_in(bytes_, canaries))}
    assert hits == {}


def test_the_same_search_finds_what_is_planted_and_what_the_letters_hold(left: Left) -> None:
    canaries = canaries_of(left)
    for form in forms(canaries[0]):
        assert found_in(b"before " + form + b" after", canaries[:1]) == canaries[:1]
    mail = b"".join(path.read_bytes() for path in sorted((left.data / "mail" / "new").iterdir()))
    assert any("@" in hit for hit in found_in(mail, canaries))


def test_a_private_link_is_in_no_log_and_in_no_store(left: Left) -> None:
    box = Mailbox(left.data / "mail")
    letters = [letter for mail in box.all()[:100] if (letter := box.letter(mail.number))]
    links = {letter.link.rsplit("/", 1)[1] for letter in letters if letter.link}
    assert len(links) > 20
    for place, bytes_ in left.haystacks():
        assert not found_in(bytes_, links), place


@pytest.mark.parametrize("service", list(Service))
def test_every_case_can_be_made_again_from_the_topics_alone(left: Left, service: Service) -> None:
    assert len(left.cases(service)) >= len(left.lines)
    assert list(islice(otherwise(left, service), 3)) == []


def test_stores_that_are_put_back_come_forward_by_themselves_and_no_letter_goes_out_again(left: Left) -> None:
    """All four stores, from a copy that was made in the middle of the run; only the runbook's commands were given."""
    back = left.put_back
    assert back is not None
    assert back.behind > 500
    assert back.held == []
    assert [told["state"] for told in back.reconciled.values()] == ["finished"] * len(Service)
    left_over = different(back.before, back.after)
    assert not left_over, (len(left_over), left_over[:5])
    assert back.letters[0] == back.letters[1]
