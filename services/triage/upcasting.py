"""Earlier shapes of a stored state, turned into the next one when a case is loaded."""

from typing import Any


def with_grants(state: dict[str, Any]) -> dict[str, Any]:
    """Shape 1 had a state for what is to be carried out, and one for what was; shape 2 keeps grants in the case.

    There, something was granted by a resolution alone.
    """
    kind = state.get("_type")
    if kind not in {"ToCarryOut", "CarriedOut"}:
        return state
    grant = {
        "reliefs": state["granted"],
        "stage": state["stage"],
        "since": state["since"] if kind == "ToCarryOut" else state["at"],
        "ends": state.get("ends", {}),
        **({} if kind == "ToCarryOut" else {"on": state["on"], "at": state["at"]}),
    }
    late = {"grants_late": state["late"]} if state.get("late") else {}
    case = state["case"] | {"grants": [grant]} | late
    return {"_type": "Resolved", "case": case, "stage": state["stage"], "outcome": state["outcome"]}
