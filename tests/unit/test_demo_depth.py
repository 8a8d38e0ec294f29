"""What the demo shows at its end: told of what was read back, and missed by name when it did not happen."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from deploy.demo import report
from deploy.demo.depth import SCENES, seen
from deploy.demo.letters import Copy
from deploy.demo.lines import Line, line_of, read
from deploy.demo.looked import Looked, Stand
from deploy.demo.make_requests import FILE
from deploy.demo.scenes import Arrived, Went
from deploy.local.mailbox import Letter as Read
from shared.contracts import events as e
from shared.contracts.envelope import Event
from shared.contracts.vocabulary import (
    CustodyStatus,
    EventType,
    Letter,
    Recipient,
    RejectCode,
    ResolutionOutcome,
    Stage,
    TriageOutcome,
)
from tests.known_ids import CASE_IDS

NOON = datetime(2021, 3, 9, 17, tzinfo=UTC)
NUMBER = "55MY1-Z1HT0-H"


def data(model: Any, **fields: Any) -> Any:
    """An event's data with only the fields that a scene looks at."""
    return model.model_construct(**fields)


def entry(office: str, urgency: str, **more: Any) -> dict[str, Any]:
    due = "2021-03-24T21:00:00Z"
    return {"office": office, "urgency": urgency, "answer_due": due, "zone": "America/New_York"} | more


def screen(office: str, **more: Any) -> dict[str, Any]:
    return {"office": office, "answer_due": "2021-03-24T21:00:00Z", "personal": {}, "sent_back_for": []} | more


PRESUMPTION: dict[str, Any] = {
    "guidance": {"name": "Interim guidance"},
    "findings": [
        {"category": "BORDER_SECURITY", "standing": "UNDETERMINED", "questions": [{"sentence": "On which day?"}]},
        {"category": "PUBLIC_SAFETY", "standing": "NOT_PRESUMED", "questions": []},
    ],
}


@dataclass(slots=True)
class Way:
    """One case that shows every scene at once; made whole, for tests to break."""

    steps: tuple[str, ...] = (
        "amend",
        "pass_on",
        "claim",
        "decide:DECLINED",
        "sro_remand",
        "claim",
        "decide:DECLINED",
        "sro_decide:UPHELD",
    )
    looked: Looked = field(default_factory=Looked)
    events: list[Event[Any]] = field(default_factory=list)
    letters: list[Arrived] = field(default_factory=list)

    def says(self, said: Any, *, hours: int = 0) -> None:
        at = NOON + timedelta(hours=hours)
        self.events.append(data(Event[Any], id=uuid4(), type=said.type, seq=len(self.events) + 1, time=at, data=said))

    def forget(self, kind: EventType) -> None:
        self.events = [event for event in self.events if event.type is not kind]

    @property
    def line(self) -> Line:
        return line_of(
            {
                "line": 1,
                "channel": "http",
                "key": "key-1",
                "body": {"requestor": {"language": "es", "email": "somebody@example.org"}},
                "expect": {"counts_as": "submitted", "incomplete": ["NO_PLACE"], "urgency": "DETAINED"},
                "plan": {"ending": "remanded_upheld", "steps": list(self.steps)},
            },
            CASE_IDS,
        )

    def went(self) -> Went:
        return Went(self.line, self.looked, self.events, lambda: self.letters)


@pytest.fixture(name="way")
def _way() -> Way:
    way = Way()
    custody = data(e.Custody, status=CustodyStatus.DETAINED)
    round_2 = {"round": 2, "office": "BUF"}
    way.says(data(e.RequestSubmitted, number=NUMBER, incomplete=(RejectCode.NO_PLACE,)))
    way.says(data(e.RequestAmended, custody=custody))
    way.says(data(e.TriageAssigned, office="BUF", revision=3))
    way.says(data(e.TriageCompleted, round=1, office="BUF", outcome=TriageOutcome.DECLINED))
    way.says(data(e.ReviewRemanded, round=2, reasons=("REASONS_NOT_GIVEN",)), hours=24)
    way.says(data(e.TriageCompleted, outcome=TriageOutcome.DECLINED, **round_2), hours=48)
    way.says(data(e.ReviewEscalated, round=2), hours=48)
    way.says(data(e.ResolutionIssued, stage=Stage.SRO, outcome=ResolutionOutcome.UPHELD), hours=72)
    before = Stand(("DETAINED", "ROUTINE", "ROUTINE"), 4, entry("DAL", "ROUTINE"))
    after = Stand(
        ("DETAINED",),
        4,
        entry("DAL", "DETAINED", why=["The person is detained.", "It was routine; newer facts of custody moved it."]),
    )
    way.looked.moved = (before, after)
    way.looked.entries[2] = entry("BUF", "DETAINED", missing=["NO_PLACE"])
    way.looked.screens[1] = screen("DAL")
    personal = {"assigned_3": {"text": "Lives in Buffalo."}}
    way.looked.screens[3] = screen("BUF", personal=personal, presumption=PRESUMPTION)
    way.looked.screens[6] = screen("BUF", sent_back_for=[{"sentence": {"en": "Reasons are to be given."}}])
    text = f"Hola:\n\nNúmero de caso: {NUMBER}\n"
    copy = Copy(way.line.case_id, Letter.RECEIVED, Recipient.REQUESTOR, 1, uuid4())
    way.letters.append(Arrived(7, copy, Read(f"Second Look: caso {NUMBER}", text, "es")))
    return way


def test_every_scene_is_told_with_its_case_and_where_to_look(way: Way) -> None:
    shown, missing = seen([way.went()])
    assert (len(shown), missing) == (len(SCENES), [])
    text = "\n".join(report.scenes(shown, data="/data"))
    for said in (
        f"case {NUMBER}",
        "Before: routine, place 4 of 4 at DAL, due Wed 24 Mar 17:00 EDT.",
        "After:  detained, place 2 of 4",
        "The queue says why: The person is detained. It was routine;",
        'The reason, as the officer at BUF reads it: "Lives in Buffalo."',
        "10 March: headquarters sends it back. The officer reads why: Reasons are to be given.",
        "| Hola:",
        "border security: undetermined",
        "? On which day?",
        "missing: no place",
        f"look: secondlook case show {NUMBER} --data /data",
        "look: secondlook mail show 7 --data /data",
    ):
        assert said in text
    assert [f"{place}. " in text for place in range(1, 7)] == [True] * 6


def stayed_routine(way: Way) -> None:
    before, _ = way.looked.moved
    way.looked.moved = (before, before)


def stands_behind_a_routine_case(way: Way) -> None:
    before, _ = way.looked.moved
    way.looked.moved = (before, Stand(("ROUTINE",), 4, entry("DAL", "DETAINED", why=["By newer facts of custody."])))


def queue_does_not_say_why(way: Way) -> None:
    before, _ = way.looked.moved
    way.looked.moved = (before, Stand((), 4, entry("DAL", "DETAINED", why=["The person is detained."])))


def nothing_said_why_it_came(way: Way) -> None:
    way.looked.screens[3] = screen("BUF", presumption=PRESUMPTION)


def stayed_where_it_was(way: Way) -> None:
    way.looked.entries[2] = entry("DAL", "DETAINED", missing=["NO_PLACE"])


def not_considered_again(way: Way) -> None:
    way.events = [event for event in way.events if getattr(event.data, "round", 1) == 1]


def ended_by_the_field_office(way: Way) -> None:
    way.forget(EventType.RESOLUTION_ISSUED)
    way.says(data(e.ResolutionIssued, stage=Stage.FIELD_OFFICE, outcome=ResolutionOutcome.FAVOURABLE))


def not_before_headquarters_again(way: Way) -> None:
    way.forget(EventType.REVIEW_ESCALATED)


def in_english(way: Way) -> None:
    (letter,) = way.letters
    way.letters = [Arrived(7, letter.copy, Read("Second Look", f"Hello, {NUMBER}", "en"))]


def never_sent(way: Way) -> None:
    way.letters.clear()


def all_is_known(way: Way) -> None:
    findings = [{**each, "standing": "NOT_PRESUMED"} for each in PRESUMPTION["findings"]]
    personal = way.looked.screens[3]["personal"]
    way.looked.screens[3] = screen("BUF", personal=personal, presumption=PRESUMPTION | {"findings": findings})


def queue_hides_what_is_missing(way: Way) -> None:
    way.looked.entries[2] = entry("BUF", "DETAINED", missing=[])


def was_sent_back_to_be_mended(way: Way) -> None:
    way.says(data(e.RequestRejected, number=NUMBER))


@pytest.mark.parametrize(
    ("break_", "sentence"),
    [
        (stayed_routine, SCENES[0].missing),
        (stands_behind_a_routine_case, SCENES[0].missing),
        (queue_does_not_say_why, SCENES[0].missing),
        (nothing_said_why_it_came, SCENES[1].missing),
        (stayed_where_it_was, SCENES[1].missing),
        (not_considered_again, SCENES[2].missing),
        (not_before_headquarters_again, SCENES[2].missing),
        (ended_by_the_field_office, SCENES[2].missing),
        (in_english, SCENES[3].missing),
        (never_sent, SCENES[3].missing),
        (all_is_known, SCENES[4].missing),
        (queue_hides_what_is_missing, SCENES[5].missing),
        (was_sent_back_to_be_mended, SCENES[5].missing),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_what_did_not_happen_is_missed_in_one_sentence(way: Way, break_: Callable[[Way], None], sentence: str) -> None:
    break_(way)
    shown, missing = seen([way.went()])
    assert missing == [sentence]
    assert len(shown) == len(SCENES) - 1


def test_of_several_cases_the_one_that_shows_most_is_told(way: Way) -> None:
    dull = Way(
        looked=Looked(
            moved=(
                Stand((), 1, entry("DAL", "ROUTINE")),
                Stand((), 1, entry("DAL", "DETAINED", why=["By newer facts of custody."])),
            )
        )
    )
    dull.events = list(way.events)
    shown, _ = seen([dull.went(), way.went()])
    assert shown[0].went.looked is way.looked


def test_a_file_without_requests_for_a_scene_is_not_blamed_for_it(way: Way) -> None:
    way.steps = ("withdraw",)
    shown, missing = seen([way.went()])
    assert ([each.scene.title for each in shown], missing) == (["A letter in Spanish"], [])


def test_the_file_of_the_demo_has_requests_for_every_scene() -> None:
    lines = [line for line in read(FILE) if line.counts_as == "submitted"]
    for scene in SCENES:
        assert sum(scene.of(line) for line in lines) >= 5, scene.title
