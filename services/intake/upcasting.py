"""Earlier shapes of a stored state, turned into the next one when a case is loaded."""

from typing import Any, Final

UNRECORDED: Final = "unrecorded"
"""Who ruled on a consent before that was kept."""


def with_rulings(state: dict[str, Any]) -> dict[str, Any]:
    """Shape 1 knew only what staff made of the consent; shape 2 also who and when (as of the submission)."""
    filing = state.get("filing")
    if not filing or "status" not in filing["consent"]:
        return state
    consent = dict(filing["consent"])
    status = consent.pop("status")
    if status != "claimed":
        consent["ruling"] = {"verified": status == "verified", "by": UNRECORDED, "at": filing["received_at"]}
    return state | {"filing": filing | {"consent": consent}}


def with_wishes_for_review(state: dict[str, Any]) -> dict[str, Any]:
    """Shape 4 may hold a wish for review that waits (`asks`); in shape 3 nobody had one, as by default.

    The shape has a number of its own because an older build would let the window close over it.
    """
    return state


def with_kinds_of_wishes(state: dict[str, Any]) -> dict[str, Any]:
    """Shape 3 says what a wish that waits for staff is of; in shape 2 each was of a withdrawal, as it is by default.

    The shape has a number of its own because an older build would take any wish for a withdrawal, and confirm that.
    """
    return state


def with_staff(state: dict[str, Any]) -> dict[str, Any]:
    """Shape 5 also knows who had the case in hand and who keeps out of it; of before, nobody is known.

    The shape has a number of its own because an older build would forget them with its next write.
    """
    return state


def with_second_person(state: dict[str, Any]) -> dict[str, Any]:
    """Shape 6 may hold a hand-over that waits for a second member of staff; in shape 5 nobody had one.

    The shape has a number of its own because an older build hands a case over at one person's word.
    """
    return state


def with_kept_windows(state: dict[str, Any]) -> dict[str, Any]:
    """Shape 7 may keep a window open after a ruling, and knows whose wish was turned down; in shape 6 neither is.

    The shape has a number of its own because an older build would close the window at once.
    """
    return state
