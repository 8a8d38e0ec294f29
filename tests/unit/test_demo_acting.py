"""What the demo's people say of each relief, and which of a plan's reasons they can give."""

import pytest

from deploy.demo.acting import answers_to, reasons_that_fit

RELEASE, STAY = BOTH = ["RELEASE", "STAY_OR_PAUSE_REMOVAL"]


@pytest.mark.parametrize(
    ("outcome", "answers"),
    [
        ("FAVOURABLE", {"granted": BOTH}),
        ("DECLINED", {"declined": BOTH}),
        ("PARTLY", {"granted": [STAY], "declined": [RELEASE]}),
        ("OVERRIDDEN", {"granted": [STAY], "declined": [RELEASE]}),
        ("UPHELD", {"declined": BOTH}),
        ("MOOT", {"moot": BOTH}),
        ("NO_ACTION", {"moot": BOTH}),
        ("REFERRED", {}),
    ],
)
def test_every_relief_that_is_still_to_answer_is_answered(outcome: str, answers: dict[str, list[str]]) -> None:
    assert answers_to(outcome, BOTH, [STAY]) == answers


@pytest.mark.parametrize(
    ("planned", "given"),
    [(["GONE", "KNOWN"], ["KNOWN"]), (["GONE"], ["FIRST"]), ([], [])],
)
def test_a_reason_of_a_guidance_that_has_ended_is_not_given(planned: list[str], given: list[str]) -> None:
    offered = [
        {"code": "OTHER", "outcomes": ["MOOT"]},
        {"code": "FIRST", "outcomes": ["DECLINED"]},
        {"code": "KNOWN", "outcomes": ["DECLINED", "UPHELD"]},
    ]
    assert reasons_that_fit(planned, offered, "DECLINED") == given
