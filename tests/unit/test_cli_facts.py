"""Facts on the command line, and a presumption as it is read there."""

from typing import Any

import pytest

from cli.facts import read, show
from cli.saying import Failed, out
from services.intake.domain.asserted import NAMES
from shared.contracts.received import FactsPart


@pytest.mark.parametrize(
    ("told", "fact"),
    [
        ("final_order=no", {"final_order": {"value": False}}),
        ("final_order=Yes", {"final_order": {"value": True}}),
        ("first_present_on=2015-05-01", {"first_present_on": {"value": "2015-05-01"}}),
        (
            "mitigating=family_ties, REHABILITATION",
            {"mitigating": [{"value": "FAMILY_TIES"}, {"value": "REHABILITATION"}]},
        ),
        ("gang_participation=16", {"gang_participation": {"value": {"intentional": True, "age_at_conduct": 16}}}),
        ("gang_participation=no", {"gang_participation": {"value": {"intentional": False}}}),
        ("gang_participation=yes", {"gang_participation": {"value": {"intentional": True}}}),  # at an age nobody knows
    ],
)
def test_a_fact_is_written_as_a_name_and_a_value(told: str, fact: dict[str, Any]) -> None:
    assert read([told]) == fact
    assert FactsPart.model_validate(fact)


@pytest.mark.parametrize("told", ["final_order", "final_order=", "gang_participation=young", "gang_participation=-16"])
def test_what_is_no_fact_is_answered_with_how_to_write_one(told: str) -> None:
    with pytest.raises(Failed, match="like"):
        read([told])


def test_every_fact_can_be_written() -> None:
    values = {"mitigating": "FAMILY_TIES", "aggravating": "FIREARM", "gang_participation": "16"}
    told = [f"{name}={values.get(name, '2015-05-01' if name.endswith('_on') else 'yes')}" for name in sorted(NAMES)]
    assert FactsPart.model_validate(read(told)).model_fields_set == NAMES


def test_a_presumption_is_shown_with_why_and_on_whose_word() -> None:
    reason = {"code": "NOT_PRESENT_BEFORE", "sentence": "Not present before.", "source": "Policy 11090.1"}
    fact = {
        "fact": "first_present_on",
        "value": "2020-11-03",
        "asserted_by": "officer",
        "claimed": {"value": "2015-01-01"},
    }
    finding = {"category": "BORDER_SECURITY", "standing": "PRESUMED", "source": "Policy", "reasons": [reason]}
    with out.capture() as said:
        show(
            {
                "note": "A presumption.",
                "guidance": {"name": "Interim guidance"},
                "categories": ["BORDER_SECURITY"],
                "findings": [finding | {"facts": [fact], "questions": []}],
                "notices": [{**reason, "applies": "perhaps", "facts": [], "questions": []}],
            }
        )
    text = " ".join(said.get().split())
    for part in ("Interim guidance", "A presumption.", "border security", "may apply", "officer:", "(requestor:"):
        assert part in text
