"""`.env.example` names every setting that a service reads, and nothing else."""

import re
from pathlib import Path

import pytest

from deploy import settings_example
from deploy.generate import outputs
from deploy.local.places import PROJECT
from deploy.settings_example import SETTINGS, VALUES
from shared.contracts.vocabulary import Service
from shared.runtime.settings import ServiceSettings, UnusableSettings, read

EXAMPLE = PROJECT / ".env.example"
ASSIGNMENT = re.compile(r"(?P<off>#?)(?P<name>[A-Z][A-Z0-9_]*)=(?P<value>.*)")


def assignments() -> dict[str, tuple[bool, str]]:
    """Each variable: whether it is given (not commented out), and its value without quotes."""
    found = [match for line in EXAMPLE.read_text().splitlines() if (match := ASSIGNMENT.fullmatch(line))]
    assert len(found) == len({match["name"] for match in found})
    return {match["name"]: (not match["off"], match["value"].strip('"')) for match in found}


def test_it_is_current() -> None:
    stale = [path.name for path, text in outputs().items() if path.read_text(encoding="utf-8") != text]
    assert not stale, "run: python -m deploy.generate"


def test_each_variable_is_a_setting_and_each_setting_is_there() -> None:
    real = {name.upper() for settings in SETTINGS.values() for name in settings.model_fields}
    assert set(assignments()) == real


def test_each_variable_has_one_line_that_says_what_it_means() -> None:
    lines = EXAMPLE.read_text().splitlines()
    for at, line in enumerate(lines):
        if ASSIGNMENT.fullmatch(line):
            assert re.fullmatch(r"# [^#=].{10,}\.", lines[at - 1]), line
            assert "None" not in lines[at - 1]


def test_what_has_no_default_is_given_and_what_has_one_is_not() -> None:
    required = {
        name.upper() for settings in SETTINGS.values() for name, f in settings.model_fields.items() if f.is_required()
    }
    assert {name for name, (given, _) in assignments().items() if given} == required == set(VALUES)


@pytest.mark.parametrize("service", list(Service))
def test_a_service_can_read_it_and_the_defaults_shown_are_the_real_ones(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = assignments()
    for name, (given, value) in written.items():
        if given:
            monkeypatch.setenv(name, value)
        else:
            monkeypatch.delenv(name, raising=False)
    as_given = read(SETTINGS[service])
    for name, (_, value) in written.items():
        monkeypatch.setenv(name, value)
    assert read(SETTINGS[service]) == as_given


def test_a_service_does_not_start_without_what_it_says_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in assignments():
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(UnusableSettings, match="KAFKA_BOOTSTRAP"):
        read(ServiceSettings)


def test_an_intake_without_the_key_of_case_ids_says_how_to_make_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, (given, value) in assignments().items():
        if given:
            monkeypatch.setenv(name, value)
    monkeypatch.delenv("ID_KEY_FILE")
    with pytest.raises(UnusableSettings, match=r"ID_KEY_FILE \(field required\); `python -m deploy.keys FOLDER` makes"):
        read(SETTINGS[Service.INTAKE])


def test_no_other_variable_is_read_from_the_environment() -> None:
    """Settings are read by composition roots."""
    read_directly = {
        (str(path.relative_to(PROJECT)), name)
        for folder in ("services", "shared")
        for path in sorted((PROJECT / folder).rglob("*.py"))
        for name in _environment_variables(path)
    }
    assert read_directly == set()


def _environment_variables(path: Path) -> list[str]:
    text = path.read_text(encoding="utf-8")
    named = re.findall(r"""(?:environ(?:\.get\(|\[)|getenv\()["']([A-Z_]+)""", text)
    assert len(named) == len(re.findall(r"\benviron\b|\bgetenv\b", text)), (
        f"{path} reads the environment in another way"
    )
    return named


def test_every_setting_has_a_description() -> None:
    for settings in SETTINGS.values():
        assert all(field.description for field in settings.model_fields.values()), settings
    assert settings_example.document().count("\n# == ") == 4  # all, intake, triage, notification
