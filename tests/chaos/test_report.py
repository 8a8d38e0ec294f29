"""The report says what was done, what broke, and what a person has to add."""

from shared.contracts.vocabulary import EventType
from tests.chaos import report
from tests.chaos.campaign import Outcome, Wish
from tests.chaos.invariants import ALL
from tests.chaos.test_checker import DEFECTS, sound

WHERE = {"machine": "a machine", "commit": "a commit"}


def test_it_names_faults_invariants_and_what_was_not_tested() -> None:
    evidence = sound()
    evidence.put("faults", [(1, "SIGKILL", "triage-2", 1, 2, 15, 0, 0.0), (2, "SIGSTOP", "kafka", 1, 2, 60, 0, 0.0)])
    said = report.written(Wish(seed=3, seconds=60), Outcome(), evidence, WHERE, 99.0)
    assert "| SIGKILL | triage-1 | 1 |" in said
    assert "| SIGKILL of a service | 2 | 1 | 10 | 3.0 | 3.0 | 3.0 | 15 |" in said
    assert "| SIGSTOP of kafka | 1 | 0 | - | - | - | - | 60 |" in said
    assert "| poison: bad seq | 1 topics | 1 |" in said
    assert all(
        f"| {each.name} | {each.says} | {each.tried_on(evidence.db)} {each.things} | 0 |" in said for each in ALL
    )
    assert "of letters in the ledger" not in said
    assert "| 5 letters in the ledger | 0 | 60 % |" in said
    for part in ("seed 3", "a machine", "## Found and mended", "## Not tested"):
        assert part in said


def test_rows_that_break_an_invariant_are_counted_and_shown() -> None:
    evidence, outcome = sound(), Outcome()
    DEFECTS["I6 one copy"](evidence)
    outcome.broken = {each: rows for each in ALL if (rows := each.broken_by(evidence.db))}
    said = report.written(Wish(seed=3, seconds=60), outcome, evidence, WHERE, 99.0)
    assert "| I6 one copy | The relay has taken no letter twice. | 2 letters that the relay took | 1 | - |" in said
    assert "('l1', 2)" in said


def test_what_there_was_no_time_for_is_named() -> None:
    outcome = Outcome(unreached=["SIGKILL of kafka"])
    outcome.unpoisoned = [(EventType.CASE_ERASED, "gap"), (EventType.REQUEST_AMENDED, "gap")]
    said = report.written(Wish(seed=3, seconds=60), outcome, sound(), WHERE, 99.0)
    assert "There was no time for: SIGKILL of kafka." in said
    assert "for want of time or of an event to copy: gap: case.erased, request.amended." in said
