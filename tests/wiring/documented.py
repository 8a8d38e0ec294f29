"""Whatever is sent to a service, as its document describes it and a little beside: no 5xx, no undocumented answer."""

from collections.abc import Callable, Mapping
from typing import Any

import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


def answers_as_documented(
    app: FastAPI, prepared: Callable[[Any], Mapping[str, str]], *, operations: int, examples: int = 4
) -> None:
    """Try at least so many operations, with right input and with wrong.

    `prepared` gets what is about to be sent (schemathesis' `Case`), puts into it what no document can say, such as the
    id of a case that there is, and returns the headers of who sends it.
    """
    document = schemathesis.openapi.from_asgi("/openapi.json", app)
    described = [found.ok() for found in document.get_all_operations() if isinstance(found, Ok)]
    assert len(described) >= operations
    bounded = settings(
        max_examples=examples, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
    )

    def answered(case: Any) -> None:
        case.call_and_validate(headers=prepared(case), checks=CHECKS)

    for operation in described:
        for mode in GenerationMode:
            try:
                bounded(given(case=operation.as_strategy(generation_mode=mode))(answered))()
            except Unsatisfiable:
                assert mode is GenerationMode.NEGATIVE  # There is nothing to be wrong in.
