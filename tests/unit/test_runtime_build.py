"""What a build is called: the same code has the same name, other code another."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from services.triage.reactions import BEHAVIOUR
from services.triage.settings import TriageSettings
from shared.runtime.build import CODE, build_name
from shared.runtime.foundation import Foundation
from tests.wiring.apps import settings


@pytest.mark.parametrize("changed", ["services/triage/reactions.py", "shared/casework/offering.py"])
def test_other_code_has_another_name_and_the_same_code_the_same(tmp_path: Path, changed: str) -> None:
    for folder in ("services", "shared"):
        shutil.copytree(CODE / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    assert build_name(tmp_path) == build_name()
    build_name.cache_clear()
    path = tmp_path / changed
    path.write_text(path.read_text(encoding="utf-8") + "# mended\n", encoding="utf-8")
    assert build_name(tmp_path) != build_name()


def test_policy_counts_as_code(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    nothing = build_name(tmp_path)
    build_name.cache_clear()
    (tmp_path / "shared" / "clocks.yaml").write_text("answer: 3 days\n", encoding="utf-8")
    assert build_name(tmp_path) != nothing


@pytest.mark.parametrize(("given", "expected"), [("7f3c", "7f3c"), ("", None), (None, None)])
async def test_a_service_holds_inputs_under_the_name_of_its_settings_or_of_its_code(
    tmp_path: Path, given: str | None, expected: str | None
) -> None:
    """Two unnamed builds are two names: else neither would offer again what the other could not handle."""
    asked: dict[str, Any] = {} if given is None else {"secondlook_build": given}
    base = Foundation(replace(BEHAVIOUR), TriageSettings(**settings(tmp_path) | asked))
    assert base.engine.rules.build == (expected or build_name())
    await base.client.close()
    await base.http.aclose()
