"""What an officer should know about a case before deciding. Hints decide nothing, and refer nobody."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Hint:
    """A sentence for the officer, with where it is from."""

    code: str
    sentence: str
    source: str


PENDING_IN_COURT: Final = Hint(
    code="PENDING_IN_COURT",
    sentence=(
        "Proceedings are said to be pending in immigration court. What can be asked of OPLA there (to dismiss or close "
        "them, for example) is OPLA's. Custody and the execution of an order stay with ERO: decide on those here."
    ),
    source="ICE OPLA's page on prosecutorial discretion; what ERO reviews: announcement of 5 March 2021",
)


def hints(facts: Mapping[str, Any]) -> tuple[Hint, ...]:
    """The hints that the newest facts give (as they came: `{name: {value, asserted_by, on}}`)."""
    pending = facts.get("pending_in_court") or {}
    return (PENDING_IN_COURT,) if pending.get("value") is True else ()
