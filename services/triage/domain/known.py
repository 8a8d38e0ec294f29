"""From facts as they came (JSON, `{name: {value, asserted_by, on}}`) to what conditions ask. Absent is unknown."""

import json
from collections.abc import Iterable
from datetime import date
from typing import Any, Final

from shared.policy.model import AGE_BAND, AGE_BANDS, DAYS, NAMED, Known

NO_FACTS: Final = "{}"


def known(facts: str, age_band: str, *, also_named: Iterable[tuple[str, str]] = ()) -> Known:
    """What is known of a person. `also_named`: (list, code) of factors that are not in clear, once opened."""
    told: dict[str, Any] = json.loads(facts)
    found = {
        name: value
        for fact, entry in told.items()
        if fact not in NAMED
        for name, value in _values(fact, entry["value"])
    }
    named = [(among, entry["value"]) for among in NAMED for entry in told.get(among, ())]
    for among, code in (*named, *also_named):
        found[among] = found.get(among, frozenset()) | {code}
    if age_band in AGE_BANDS:
        found[AGE_BAND] = age_band
    return found


def _values(fact: str, value: Any) -> Iterable[tuple[str, Any]]:
    if isinstance(value, dict):
        return [(f"{fact}.{part}", each) for part, each in value.items()]
    return [(fact, date.fromisoformat(value) if fact in DAYS else value)]
