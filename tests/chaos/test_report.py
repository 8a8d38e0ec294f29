"""The report says what was done, what broke, and what a person has to add."""

from tests.chaos import report
from tests.chaos.campaign import Outcome, Wish
from tests.chaos.invariants import ALL
from tests.chaos.test_checker import DEFECTS, sound

WHERE = {"machine": "a machine", "commit": "a commit"}


def test_it_names_faults_invariants_and_what_was_not_tested() -> None:
    evidence = sound()
    said = report.written(Wish(seed=3, seconds=60), Outcome(), evidence, WHERE, 99.0)
    assert "| SIGKILL | triage-1 | 1 |" in said
    assert "| SIGKILL of a service | 1 | 10 | 3.0 | 3.0 | 3.0 | 15 |" in said
    assert "| poison: no JSON | 1 topics | 1 |" in said
    assert all(f"| {each.name} | {each.says} | 0 |" in said for each in ALL)
    for part in ("seed 3", "a machine", "## Found and mended", "## Not tested"):
        assert part in said


def test_rows_that_break_an_invariant_are_counted_and_shown() -> None:
    evidence, outcome = sound(), Outcome()
    DEFECTS["I6 one copy"](evidence)
    outcome.broken = {each: rows for each in ALL if (rows := each.broken_by(evidence.db))}
    said = report.written(Wish(seed=3, seconds=60), outcome, evidence, WHERE, 99.0)
    assert "| I6 one copy | The relay has taken no letter twice. | 1 |" in said
    assert "('l1', 2)" in said
