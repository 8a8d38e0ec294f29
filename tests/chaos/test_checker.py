"""The checker can fail: sound evidence breaks nothing, and each defect planted in it is found by its own invariant."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest

from shared.contracts.vocabulary import Service
from tests.chaos import wire
from tests.chaos.evidence import Evidence, hits
from tests.chaos.invariants import ALL
from tests.chaos.load import CANARIES
from tests.chaos.policy_clock import PolicyClock
from tests.chaos.segments import Segments, Stored
from tests.chaos.wire import Raw
from tests.known_ids import CASE_IDS
from tests.system.canaries import forms

CASE, OTHER, INVENTED, STRANGE = "case-1", "case-2", "invented", "strange"
SUBMITTED, ASSIGNED, ISSUED, ERASED = "request.submitted", "triage.assigned", "resolution.issued", "case.erased"
RECEIVED: Final = "request.received"
EVENTS: Final = (
    # topic, offset, hash, id, source, case, seq, outcome
    (SUBMITTED, 0, "h1", "e1", "intake", CASE, 1, None),
    (SUBMITTED, 1, "h2", "e2", "intake", OTHER, 1, None),
    (ASSIGNED, 0, "h3", "e3", "triage", CASE, 1, None),
    (ASSIGNED, 1, "h4", "e4", "triage", CASE, 2, None),
    (ASSIGNED, 2, "h4", "e4", "triage", CASE, 2, None),  # published twice
    (ISSUED, 0, "h5", "e5", "escalation", CASE, 1, "UPHELD"),
    (ERASED, 0, "h6", "e6", "intake", CASE, 1, None),
)
READERS: Final = {
    SUBMITTED: ("triage", "notification"),
    ASSIGNED: ("intake", "notification"),
    ISSUED: ("intake", "triage", "notification"),
    ERASED: ("triage", "escalation", "notification"),
}
HELD, FORGED, RUBBISH = (SUBMITTED, 2), (SUBMITTED, 3), (RECEIVED, 0)
"""Where poison lies: one that is held, one of a source that may not emit it; and what is no request."""
LEASE: Final = 121.2


def sound() -> Evidence:
    """Two cases, one of them resolved and erased, one in a queue; letters of each end; three records of poison."""
    made = Evidence()
    for case, key in ((CASE, "k1"), (OTHER, "k2")):
        made.put("asked", [(1.0, "invoke", key, case, "http", None, None, None, None)])
        made.put("asked", [(2.0, "ok", key, case, "http", f"number of {key}", None, None, None)] * 2)
        made.put("cases", ((s, case, 0, 0, int(s == "triage"), 1, -9.0) for s in ("intake", "triage", "notification")))
    made.put("cases", [("escalation", CASE, 0, 0, 0, 1, None)])
    made.put("records", ((t, 0, o, None, h, e, s, c, n, out, None) for t, o, h, e, s, c, n, out in EVENTS))
    made.put("stored", {(source, case, event, topic, seq, h) for topic, _, h, event, source, case, seq, _ in EVENTS})
    for topic, _, _, _, source, case, seq, _ in EVENTS:
        made.put("handled", ((service, case, source, topic, seq) for service in READERS[topic]))
    ends = {SUBMITTED: 4, ASSIGNED: 3, ISSUED: 1, ERASED: 1}
    made.put("committed", ((s, t, 0, ends[t]) for t, readers in READERS.items() for s in readers))
    made.put("committed", [("intake.arrivals", RECEIVED, 0, 1)])
    made.put("keys", [(CASE, 0, 1), (OTHER, 1, 0)])
    made.put("erased", [(CASE,)])
    made.put("faults", [(0, "SIGKILL", "triage-1", 1.0, 2.0, 15.0, 10, 3.0)])
    _letters(made)
    _poison(made)
    return made


def _letters(made: Evidence) -> None:
    made.put("letters", [("l1", CASE, "sent", 0, None, "250", 3.0, None)])
    made.put("letters", [("l2", CASE, "uncertain", 0, LEASE + 4.0, "TIMED_OUT", 64.0, None)])
    made.put("letters", [("l3", CASE, "suppressed", 0, None, "NO_ADDRESS", 3.0, None)])
    made.put("letters", [("l4", CASE, "due", 2, None, "451", None, -20.0)])
    made.put("letters", [("l5", CASE, "failed", 0, None, "554", 3.0, None)])
    made.put("due", ((f"l{n}", CASE) for n in range(1, 6)))
    made.put("mail", [("l1", 3.0), ("l2", 4.0)])
    made.put("mishaps", [("l2", "takes it, and never answers", 4.0), ("l5", "answers 554", 3.0)])


def _poison(made: Evidence) -> None:
    made.put("poison", [("m1", "bad seq", SUBMITTED, "kept", INVENTED, 0, "hp")])
    made.put("records", [(*HELD[:1], 0, HELD[1], "m1", "hp", "ep", "intake", INVENTED, None, None, None)])
    for service in READERS[SUBMITTED]:
        made.put("cases", [(service, INVENTED, 0, 1, 1, 0, None)])
        made.put("held", [(service, INVENTED, 0, SUBMITTED, "hp", None, None)])
    made.put("poison", [("m2", "wrong source", SUBMITTED, "dead", STRANGE, 0, "hs")])
    made.put("records", [(*FORGED[:1], 0, FORGED[1], "m2", "hs", "es", "nobody", STRANGE, 1, None, None)])
    made.put("dead", ((service, SUBMITTED, 0, FORGED[1], "a stranger", 1) for service in READERS[SUBMITTED]))
    made.put("rubbish", [("hr", RECEIVED, 0, RUBBISH[1]), ("hr", None, None, None)])
    made.put("records", [(*RUBBISH[:1], 0, RUBBISH[1], None, "hr", None, None, None, None, None, None)])
    made.put("dead", [("intake", RECEIVED, 0, RUBBISH[1], "unreadable", 1)])


def sql(*statements: str) -> Callable[[Evidence], None]:
    """A defect, as changes of the evidence."""

    def plant(evidence: Evidence) -> None:
        for statement in statements:
            evidence.db.execute(statement)

    return plant


AGAIN = "INSERT INTO records SELECT topic, part, {off}, mark, {hash}, {id}, source, subject, {seq}, outcome, round"
DEFECTS: Final[dict[str, Callable[[Evidence], None]]] = {
    "I1 nothing lost": sql(f"DELETE FROM cases WHERE case_id = '{OTHER}' AND service = 'intake'"),
    "I1 accepted": sql("UPDATE asked SET op = 'fail' WHERE case_key = 'k2' AND op = 'invoke'"),
    "I1 seen to": sql(f"UPDATE cases SET visible = 0 WHERE case_id = '{OTHER}'"),
    "I1 deadlines come": sql(f"UPDATE cases SET late = 31 WHERE case_id = '{OTHER}' AND service = 'triage'"),
    "I2 nothing invented": sql("INSERT INTO cases VALUES ('triage', 'nobody asked', 0, 0, 1, 1, NULL)"),
    "I3 one number": sql("INSERT INTO asked VALUES (3, 'ok', 'k1', 'case-1', 'http', 'another', NULL, NULL, NULL)"),
    "I3 one case": sql("UPDATE asked SET number = 'number of k1' WHERE case_key = 'k2' AND op = 'ok'"),
    "I4 one payload": sql(AGAIN.format(off=9, hash="'changed'", id="event_id", seq="seq") + " FROM records LIMIT 1"),
    "I4 decided once": sql(
        AGAIN.format(off=9, hash="hash", id="'e9'", seq=2) + f" FROM records WHERE topic = '{ISSUED}'"
    ),
    "I5 no gap": sql(f"DELETE FROM records WHERE topic = '{ASSIGNED}' AND seq = 1"),
    "I5 in order": sql(f"UPDATE records SET off = 7 WHERE topic = '{ASSIGNED}' AND seq = 1"),
    "I6 one copy": sql("INSERT INTO mail VALUES ('l1', 9.0)"),
    "I6 every letter settled": sql("UPDATE letters SET phase = 'claimed' WHERE id = 'l1'"),
    "I6 made by an event": sql("INSERT INTO letters VALUES ('l9', 'case-1', 'sent', 0, NULL, '250', 3, NULL)"),
    "I6 sent is sent": sql("DELETE FROM mail WHERE id = 'l1'"),
    "I6 failed is refused": sql("UPDATE mishaps SET mood = 'answers after three seconds' WHERE id = 'l5'"),
    "I6 known letters": sql("INSERT INTO mail VALUES ('of nobody', 9.0)"),
    "I6 doubt has a cause": sql("DELETE FROM mishaps"),
    "I7 stored is published": sql("UPDATE stored SET hash = 'never published' WHERE event_id = 'e1'"),
    "I7 published is stored": sql("DELETE FROM stored WHERE event_id = 'e5'"),
    "I7 declared emitters": sql(f"UPDATE records SET source = 'triage' WHERE topic = '{ISSUED}'"),
    "I7 nothing pending": sql(f"UPDATE cases SET pending = 1 WHERE case_id = '{CASE}' AND service = 'triage'"),
    "I8 no event passed": sql(f"DELETE FROM handled WHERE service = 'triage' AND case_id = '{OTHER}'"),
    "I8 nothing left unread": sql(f"UPDATE committed SET off = 0 WHERE topic = '{ISSUED}' AND grp = 'intake'"),
    "I10 poison is kept": sql("DELETE FROM held WHERE service = 'notification'"),
    "I10 strangers open nothing": sql(f"INSERT INTO cases VALUES ('triage', '{STRANGE}', 0, 1, 1, 0, NULL)"),
    "I10 rubbish is kept": sql(f"DELETE FROM dead WHERE topic = '{RECEIVED}'"),
    "I10 kept once": sql(*[f"INSERT INTO dead VALUES ('triage', '{SUBMITTED}', 0, 2, 'unreadable', 1)"] * 2),
    "I10 nobody else": sql(f"INSERT INTO dead VALUES ('triage', '{SUBMITTED}', 0, 0, 'a defect', 1)"),
    "I10 no other case parked": sql(f"UPDATE cases SET parked = 1 WHERE case_id = '{CASE}' AND service = 'intake'"),
    "I10 held in order": sql(
        *(f"INSERT INTO held VALUES ('triage', '{INVENTED}', {n}, '{ISSUED}', 'h', 'x', {9 - n})" for n in (1, 2))
    ),
    "I12 sealed": sql("INSERT INTO canaries VALUES ('log intake-1.log', 'Vogel')"),
    "I12 erased is gone": sql(f"UPDATE keys SET wrapped = 1 WHERE case_id = '{CASE}'"),
    "I14 back in time": sql("INSERT INTO faults VALUES (1, 'SIGSTOP', 'kafka', 1, 2, 60, 10, NULL)"),
    "I14 answers again": sql("INSERT INTO silent VALUES ('kafka', 5.0)"),
    "I14 stops when asked": sql("INSERT INTO unstopped VALUES ('intake-1', 5.0)"),
    "I14 nobody ends by itself": sql("INSERT INTO died VALUES ('intake-1', 5.0)"),
    "I14 well at the end": sql("INSERT INTO unready VALUES ('triage-2')"),
    "I15 dead letters": sql(f"INSERT INTO dead VALUES ('triage', '{SUBMITTED}', 0, 2, 'unreadable', 6400)"),
}
DOUBT: Final = "UPDATE letters SET reason = '{reason}', settled = {settled} WHERE id = 'l2'"
FAULT: Final = "INSERT INTO faults VALUES (1, '{kind}', '{target}', {began}, {healed}, 15, 1, 1.0)"
"""`l2` was taken in hand at 4."""
MORE: Final[tuple[tuple[str, Callable[[Evidence], None]], ...]] = (
    ("I6 every letter settled", sql("UPDATE letters SET late = 31 WHERE id = 'l4'")),
    ("I6 sent is sent", sql("INSERT INTO mail VALUES ('l5', 3.0)")),
    ("I6 doubt has a cause", sql("UPDATE mishaps SET mood = 'answers after three seconds'")),
    (  # a fault of another service
        "I6 doubt has a cause",
        sql(
            "DELETE FROM mishaps WHERE id = 'l2'",
            DOUBT.format(reason="DROPPED", settled=5),
            FAULT.format(kind="SIGKILL", target="triage-1", began=4, healed=5),
        ),
    ),
    (  # the holder's process, but after the letter was settled
        "I6 doubt has a cause",
        sql(
            "DELETE FROM mishaps WHERE id = 'l2'",
            DOUBT.format(reason="DROPPED", settled=5),
            FAULT.format(kind="SIGKILL", target="notification-1", began=20, healed=22),
        ),
    ),
    (  # the holder is said to be gone, and nothing hit it when it had the letter
        "I6 doubt has a cause",
        sql(
            "DELETE FROM mishaps WHERE id = 'l2'",
            DOUBT.format(reason="SENDER_GONE", settled=130),
            FAULT.format(kind="SIGKILL", target="notification-1", began=60, healed=62),
        ),
    ),
    ("I7 declared emitters", sql("UPDATE poison SET digest = 'other bytes' WHERE mark = 'm2'")),
    ("I7 declared emitters", sql("DELETE FROM emits WHERE topic = 'triage.assigned'")),
    ("I10 poison is kept", sql(f"DELETE FROM dead WHERE service = 'triage' AND off = {FORGED[1]}")),
    (  # held in the case that it names, where it is believed by nobody
        "I10 poison is kept",
        sql(
            f"DELETE FROM dead WHERE service = 'triage' AND off = {FORGED[1]}",
            f"INSERT INTO held VALUES ('triage', '{STRANGE}', 0, '{SUBMITTED}', 'hs', NULL, NULL)",
        ),
    ),
    ("I2 nothing invented", sql(f"INSERT INTO cases VALUES ('triage', '{STRANGE}', 0, 1, 1, 0, NULL)")),
    ("I12 erased is gone", sql("DELETE FROM keys WHERE erased")),
    ("I12 erased is gone", sql(f"INSERT INTO erased VALUES ('{OTHER}')")),
    ("I14 back in time", sql("UPDATE faults SET lim = NULL, waited = NULL, seconds = NULL")),
)
"""More ways in which an invariant is broken."""


def broken(evidence: Evidence) -> list[str]:
    return [each.name for each in ALL if each.broken_by(evidence.db)]


def test_sound_evidence_breaks_nothing() -> None:
    assert broken(sound()) == []


def test_every_invariant_has_a_defect_that_it_must_find() -> None:
    assert [each.name for each in ALL] == list(DEFECTS)


def test_every_invariant_is_tried_on_something() -> None:
    evidence = sound()
    evidence.put("faults", [(1, "rolling restart", "all services", 1.0, 2.0, 15.0, 10, 3.0)])
    evidence.put("letters", [("l6", CASE, "uncertain", 0, 99.0, "DROPPED", 3.0, None)])
    assert [each.name for each in ALL if not each.tried_on(evidence.db)] == []


@pytest.mark.parametrize(("name", "plant"), [*DEFECTS.items(), *MORE])
def test_a_planted_defect_is_found(name: str, plant: Callable[[Evidence], None]) -> None:
    evidence = sound()
    plant(evidence)
    assert name in broken(evidence)


@pytest.mark.parametrize(
    "cause",
    [
        ("INSERT INTO mishaps VALUES ('l7', 'takes it, and dies', 4.5)",),
        (FAULT.format(kind="SIGSTOP", target="relay", began=1, healed=4),),
        (FAULT.format(kind="SIGKILL", target="notification-2", began=4.5, healed=6),),
        (
            DOUBT.format(reason="SENDER_GONE", settled=130),
            FAULT.format(kind="SIGKILL", target="notification-2", began=10, healed=12),
        ),
    ],
)
def test_a_doubt_with_another_cause_than_the_letter_itself_is_well(cause: tuple[str, ...]) -> None:
    evidence = sound()
    sql("DELETE FROM mishaps WHERE id = 'l2'", DOUBT.format(reason="DROPPED", settled=5), *cause)(evidence)
    assert broken(evidence) == []


def test_a_good_request_with_headers_that_nobody_can_decode_is_asked_for_as_any_other(tmp_path: Path) -> None:
    dose = {"kind": "good request, headers", "topic": RECEIVED, "expect": "case", "cases": ["lost"], "marks": ["m3"]}
    lines = [{"at": 1.0, "op": op, "digests": ["hg"], **dose} for op in ("invoke", "ok")]
    (tmp_path / "poison.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    evidence = sound()
    evidence.poison(tmp_path / "poison.jsonl")
    assert broken(evidence) == ["I1 nothing lost"]
    evidence.put("cases", [("intake", "lost", 0, 0, 1, 1, None)])
    assert broken(evidence) == []


def test_rubbish_is_asked_for_where_it_was_acknowledged(tmp_path: Path) -> None:
    said = {"at": 1.0, "op": "rubbish", "channel": "kafka", "digest": "hx"}
    lines = [said, said | {"place": [RECEIVED, 0, 7]}, {"at": 1.0, "op": "rubbish", "channel": "http", "status": 400}]
    (tmp_path / "asked.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    evidence = sound()
    evidence.asked(tmp_path / "asked.jsonl")
    assert broken(evidence) == ["I10 rubbish is kept"]


def test_what_a_process_failed_to_do_is_taken_into_evidence(tmp_path: Path) -> None:
    lines = [{"at": 1.0, "op": op, "target": "triage-1"} for op in ("died", "did not stop", "did not answer")]
    (tmp_path / "faults.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    evidence = sound()
    evidence.faults(tmp_path / "faults.jsonl")
    assert broken(evidence) == ["I14 answers again", "I14 stops when asked", "I14 nobody ends by itself"]


@pytest.mark.parametrize(("ago", "parked", "found"), [(40, False, True), (5, False, False), (40, True, False)])
def test_a_deadline_long_past_is_nobody_who_sees_to_a_case(ago: int, parked: bool, found: bool) -> None:
    clock = PolicyClock(datetime(2021, 3, 8, 14, tzinfo=UTC), 21_600.0, datetime.now(UTC) - timedelta(minutes=10))
    due_at = clock.now() - timedelta(seconds=ago) * clock.speed
    case_id = CASE_IDS.case_id("channel:kafka", "key")
    document = {"_id": case_id, "published": 0, "emitted": 0, "state": {}, "due_at": due_at}
    evidence = sound()
    evidence.put("asked", [(1.0, "ok", str(case_id), case_id, "http", None, None, None, None)])
    evidence.put("records", [(SUBMITTED, 0, 4, None, "h", "e", "intake", case_id, 1, None, None)])
    evidence.put("stored", [("intake", case_id, "e", SUBMITTED, 1, "h")])
    evidence.put("handled", ((s, case_id, "intake", SUBMITTED, 1) for s in READERS[SUBMITTED]))
    sql("UPDATE committed SET off = 5 WHERE topic = 'request.submitted'")(evidence)
    evidence.case(Service.INTAKE, document | ({"parked_since": due_at} if parked else {}), clock, datetime.now(UTC))
    assert ("I1 deadlines come" in broken(evidence)) is found
    assert ("I1 seen to" in broken(evidence)) is found


@pytest.mark.parametrize(
    "value", [None, b"", b"[]", b"{}", b"\xff", b"[" * 100_000, b'{"data": 3}', b'{"id": [], "data": []}']
)
def test_whatever_lies_on_a_topic_is_taken_into_evidence(value: bytes | None) -> None:
    made = Evidence()
    made.records([Stored(SUBMITTED, 0, 0, None, value, (), 0)])
    assert made.db.execute("SELECT COUNT(*), COUNT(event_id) FROM records").fetchone() == (1, 0)


@pytest.mark.parametrize("form", range(8))
def test_a_word_is_found_in_every_form(form: int) -> None:
    written = sorted(forms(CANARIES[0]))[form]
    assert hits([("here", b"before" + written + b"behind"), ("there", b"nothing")], CANARIES) == [("here", CANARIES[0])]


@pytest.mark.parametrize("codec", [wire.PLAIN, wire.GZIP, wire.ZSTD])
def test_whatever_was_written_is_read_from_the_files(tmp_path: Path, codec: int) -> None:
    odd = [
        Raw(None, None, ((b"\xff\xfe", None), (b"", b"\xff"))),
        Raw(b"key", b"", ()),
        Raw(b"", b"x" * 70_000, ((b"name", b"value"),)),
    ]
    (tmp_path / "a.topic-2").mkdir()
    file = tmp_path / "a.topic-2" / "00000000000000000000.log"
    segments = Segments(tmp_path, ("a.topic",))
    whole = wire.batch(odd, codec, 1_700_000_000_000)
    file.write_bytes(whole[:-1])
    assert segments.new() == []  # not yet written whole
    file.write_bytes(whole)
    found = segments.new()
    assert [(each.key, each.value, each.headers) for each in found] == [(r.key, r.value, r.headers) for r in odd]
    assert [(each.partition, each.offset, each.at_ms) for each in found] == [
        (2, n, 1_700_000_000_000) for n in range(3)
    ]
    assert segments.new() == []
