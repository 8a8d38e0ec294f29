"""What is sent to a service as JSON: a truth is no number, in any body of any service."""

import importlib
import pkgutil
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

import services
import shared.web
from services.intake.staff import FactsCorrected
from shared.web.bodies import Body


def bodies() -> Iterator[type[Body]]:
    for package in (services, shared.web):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
    pending: list[type[Body]] = [Body]
    while pending:
        body = pending.pop()
        yield body
        pending.extend(body.__subclasses__())


FIELDS = [
    pytest.param(body, name, field.annotation, id=f"{body.__name__}.{name}")
    for body in bodies()
    for name, field in body.model_fields.items()
    if field.annotation in (bool, int, int | None, bool | None)
]


@pytest.mark.parametrize(("body", "name", "kind"), FIELDS)
def test_a_truth_is_no_number_and_a_text_neither(body: type[Body], name: str, kind: Any) -> None:
    truth = kind in (bool, bool | None)
    right, wrong = (True, [0, 1, "yes"]) if truth else (1, [True, False, "1"])
    read = TypeAdapter(body)
    assert name not in _complaints(read, {name: right})
    for each in wrong:
        assert name in _complaints(read, {name: each})


def _complaints(read: TypeAdapter[Any], given: Any) -> list[Any]:
    try:
        read.validate_python(given)
    except ValidationError as error:
        return [problem["loc"][0] for problem in error.errors()]
    return []


@pytest.mark.parametrize(
    "fact", [{"final_order": {"value": 0}}, {"gang_participation": {"value": {"intentional": 1, "age_at_conduct": 17}}}]
)
def test_a_fact_that_staff_assert_is_true_or_false_and_no_number(fact: Any) -> None:
    with pytest.raises(ValidationError):
        FactsCorrected.model_validate({"facts_seen": 0, "facts": fact})
    assert FactsCorrected.model_validate({"facts_seen": 0, "facts": {"apprehended_on": {"value": "2021-01-02"}}})
