"""The data dictionary says of every field what it means, and speaks of no field that is not there."""

import pytest
from pydantic import BaseModel

from shared.contracts import dictionary, meanings
from shared.contracts.clear_fields import WHY
from shared.contracts.describing import opened_models
from shared.contracts.events import RequestSubmitted
from shared.contracts.generate import ROOT

MODELS: tuple[type[BaseModel], ...] = (*WHY, *opened_models())
FIELDS = [(model, name) for model in MODELS for name in model.model_fields if name != "sealed"]


@pytest.mark.parametrize("names", [meanings.MEANS, meanings.UNITS], ids=["meanings", "units"])
def test_every_entry_is_of_some_field(names: dict[str, str]) -> None:
    exact = {f"{model.__name__}.{name}" for model, name in FIELDS}
    fall_back = {name for model, name in FIELDS if f"{model.__name__}.{name}" not in names}
    assert names.keys() <= exact | fall_back


def test_every_field_has_a_row_in_its_section() -> None:
    sections = {part.partition("\n")[0]: part for part in dictionary.dictionary().split("### ")}
    for model, name in FIELDS:
        section = sections[str(getattr(model, "type", model.__name__))]
        assert f"| `{name}` |" in section
        assert dictionary.meaning(model, name) in section


def test_a_field_without_a_meaning_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(meanings.MEANS, "age_band")
    with pytest.raises(LookupError, match=r"RequestSubmitted\.age_band"):
        dictionary.meaning(RequestSubmitted, "age_band")


def test_since_follows_the_baseline() -> None:
    lines = dictionary.dictionary().partition("### request.submitted")[2].splitlines()
    since = {line.split("|")[1].strip(): line.split("|")[-2].strip() for line in lines if line.startswith("| `")}
    assert (since["`age_band`"], since["`not_understood`"]) == ("baseline", "later")


def test_every_link_leads_to_a_heading_of_the_events() -> None:
    events = (ROOT / "docs" / "events.md").read_text(encoding="utf-8")
    headings = {line.lstrip("# ").lower().replace(".", "") for line in events.splitlines() if line.startswith("#")}
    targets = {piece.partition(")")[0] for piece in dictionary.dictionary().split("](events.md#")[1:]}
    assert targets
    assert targets <= headings
