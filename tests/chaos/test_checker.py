"""The checker can fail: sound evidence breaks nothing, and each defect planted in it is found by its own invariant."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from tests.chaos import wire
from tests.chaos.evidence import Evidence, hits
from tests.chaos.invariants import ALL
from tests.chaos.load import CANARIES
from tests.chaos.segments import Segments, Stored
from tests.chaos.wire import Raw
from tests.system.canaries import forms

CASE, OTHER, INVENTED = "case-1", "case-2", "invented"
SUBMITTED, ASSIGNED, ISSUED = "request.submitted", "triage.assigned", "resolution.issued"
EVENTS: Final = (
    # topic, offset, hash, id, source, case, seq, outcome
    (SUBMITTED, 0, "h1", "e1", "intake", CASE, 1, None),
    (SUBMITTED, 1, "h2", "e2", "intake", OTHER, 1, None),
    (ASSIGNED, 0, "h3", "e3", "triage", CASE, 1, None),
    (ASSIGNED, 1, "h4", "e4", "triage", CASE, 2, None),
    (ASSIGNED, 2, "h4", "e4", "triage", CASE, 2, None),  # published twice
    (ISSUED, 0, "h5", "e5", "escalation", CASE, 1, "UPHELD"),
)
READERS: Final = {
    SUBMITTED: ("triage", "notification"),
    ASSIGNED: ("intake", "notification"),
    ISSUED: ("intake", "triage", "notification"),
}
POISONED: Final = (SUBMITTED, 2)
"""Where the poisonous record lies."""


def sound() -> Evidence:
    """Two cases, one of them resolved and one in a queue; four letters; one record of poison, held by its readers."""
    made = Evidence()
    for case, key in ((CASE, "k1"), (OTHER, "k2")):
        made.put("asked", [(1.0, "invoke", key, case, "http", None, None, None, None)])
        made.put("asked", [(2.0, "ok", key, case, "http", f"number of {key}", None, None, None)] * 2)
        made.put("cases", ((s, case, 0, 0, int(s == "triage"), 1) for s in ("intake", "triage", "notification")))
    made.put("cases", [("escalation", CASE, 0, 0, 0, 1)])
    made.put("records", ((t, 0, o, None, h, e, s, c, n, out, None) for t, o, h, e, s, c, n, out in EVENTS))
    made.put("stored", {(source, case, event, topic, seq, h) for topic, _, h, event, source, case, seq, _ in EVENTS})
    for topic, _, _, _, source, case, seq, _ in EVENTS:
        made.put("handled", ((service, case, source, topic, seq) for service in READERS[topic]))
    made.put("committed", ((s, t, 0, 3 if t != ISSUED else 1) for t, readers in READERS.items() for s in readers))
    made.put("letters", [("l1", CASE, "sent", 0, None), ("l2", CASE, "uncertain", 0, 99.0)])
    made.put("letters", [("l3", CASE, "suppressed", 0, None), ("l4", CASE, "due", 2, None)])
    made.put("due", ((f"l{n}", CASE) for n in range(1, 5)))
    made.put("mail", [("l1", 3.0), ("l2", 4.0)])
    made.put("mishaps", [("l2", "takes it, and never answers", 4.0)])
    made.put("poison", [("m1", "no JSON", SUBMITTED, "kept", INVENTED, 0)])
    made.put("records", [(SUBMITTED, 0, 2, "m1", "hp", None, None, None, None, None, None)])
    for service in READERS[SUBMITTED]:
        made.put("cases", [(service, INVENTED, 0, 1, 1, 0)])
        made.put("held", [(service, INVENTED, 0, SUBMITTED, "hp", None, None)])
    made.put("faults", [(0, "SIGKILL", "triage-1", 1.0, 2.0, 15.0, 10, 3.0)])
    return made


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
    "I2 nothing invented": sql("INSERT INTO cases VALUES ('triage', 'nobody asked', 0, 0, 1, 1)"),
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
    "I6 sent is sent": sql("DELETE FROM mail WHERE id = 'l1'"),
    "I6 known letters": sql("INSERT INTO mail VALUES ('of nobody', 9.0)"),
    "I6 doubt has a cause": sql("DELETE FROM mishaps"),
    "I7 stored is published": sql("UPDATE stored SET hash = 'never published' WHERE event_id = 'e1'"),
    "I7 published is stored": sql("DELETE FROM stored WHERE event_id = 'e5'"),
    "I7 nothing pending": sql(f"UPDATE cases SET pending = 1 WHERE case_id = '{CASE}' AND service = 'triage'"),
    "I8 no event passed": sql(f"DELETE FROM handled WHERE service = 'triage' AND case_id = '{OTHER}'"),
    "I8 nothing left unread": sql(f"UPDATE committed SET off = 0 WHERE topic = '{ISSUED}' AND grp = 'intake'"),
    "I10 poison is kept": sql("DELETE FROM held WHERE service = 'notification'"),
    "I10 kept once": sql(*[f"INSERT INTO dead VALUES ('triage', '{SUBMITTED}', 0, 2, 'unreadable', 1)"] * 2),
    "I10 nobody else": sql(f"INSERT INTO dead VALUES ('triage', '{SUBMITTED}', 0, 0, 'a defect', 1)"),
    "I10 no other case parked": sql(f"UPDATE cases SET parked = 1 WHERE case_id = '{CASE}' AND service = 'intake'"),
    "I10 held in order": sql(
        *(f"INSERT INTO held VALUES ('triage', '{INVENTED}', {n}, '{ISSUED}', 'h', 'x', {9 - n})" for n in (1, 2))
    ),
    "I12 sealed": sql("INSERT INTO canaries VALUES ('log intake-1.log', 'Vogel')"),
    "I14 back in time": sql("INSERT INTO faults VALUES (1, 'SIGSTOP', 'kafka', 1, 2, 60, 10, NULL)"),
    "I14 nobody ends by itself": sql("INSERT INTO died VALUES ('intake-1', 5.0)"),
    "I14 well at the end": sql("INSERT INTO unready VALUES ('triage-2')"),
    "I15 dead letters": sql(f"INSERT INTO dead VALUES ('triage', '{SUBMITTED}', 0, 2, 'unreadable', 6400)"),
}


def broken(evidence: Evidence) -> list[str]:
    return [each.name for each in ALL if each.broken_by(evidence.db)]


def test_sound_evidence_breaks_nothing() -> None:
    assert broken(sound()) == []


def test_every_invariant_has_a_defect_that_it_must_find() -> None:
    assert [each.name for each in ALL] == list(DEFECTS)


@pytest.mark.parametrize("name", DEFECTS)
def test_a_planted_defect_is_found(name: str) -> None:
    evidence = sound()
    DEFECTS[name](evidence)
    assert name in broken(evidence)


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
