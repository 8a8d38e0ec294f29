"""Earlier shapes of a stored state, turned into the next one when a case is loaded."""

from typing import Any, Final
from uuid import UUID

UNRECORDED: Final = UUID(int=0)
"""The event that resolved a case, before that was kept."""


def with_who_filed(state: dict[str, Any]) -> dict[str, Any]:
    """Shape 1 knew that a case was resolved, and one requestor; shape 2 by which event, and who asked first."""
    if "requestor_type" not in state:
        return state
    rest = {name: value for name, value in state.items() if name != "resolved"}
    resolution = {"resolution": UNRECORDED} if state.get("resolved") else {}
    return rest | {"filed_by": state["requestor_type"]} | resolution
