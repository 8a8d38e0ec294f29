"""The image: it copies what exists and all that is needed, runs as nobody special, and holds what is locked."""

import fnmatch
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from deploy.local.places import PROJECT
from shared.contracts.vocabulary import Service
from tests.unit.deployment import DOCKERFILE, copied, instructions, lay_out

LOCK = PROJECT / "requirements.runtime.lock"
PINNED = re.compile(r"^(?P<name>[a-z0-9.-]+)(\[[a-z,]+\])?==(?P<version>\S+)", re.MULTILINE)


def kept_out(path: str) -> bool:
    """Whether .dockerignore keeps a path out of the build; the last pattern that matches it decides."""
    out = False
    for line in (PROJECT / ".dockerignore").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            pattern = line.removeprefix("!")
            parts = Path(path).parts
            above = ["/".join(parts[:n]) for n in range(1, len(parts) + 1)]
            loose = pattern.removeprefix("**/")
            if any(fnmatch.fnmatchcase(each, pattern) for each in above) or (
                loose != pattern and any(fnmatch.fnmatchcase(each, loose) for each in parts)
            ):
                out = not line.startswith("!")
    return out


def locked(path: Path) -> dict[str, str]:
    return {found["name"]: found["version"] for found in PINNED.finditer(path.read_text(encoding="utf-8"))}


def test_what_is_copied_exists_and_is_let_in() -> None:
    assert copied()
    for source, _ in copied():
        assert (PROJECT / source).exists(), source
        assert not kept_out(source), source


@pytest.mark.parametrize(
    "path",
    [
        ".env",
        ".git/config",
        ".secondlook/keys/master.key",
        "README.md",
        "bench/x.py",
        "deploy/demo/play.py",
        "deploy/local/jars/h2.jar",
        "services/intake/__pycache__/app.pyc",
        "shared/x.pyc",
        "tests/conftest.py",
    ],
)
def test_nothing_else_is_let_in(path: str) -> None:
    assert kept_out(path)


def test_it_does_not_run_as_root() -> None:
    users = [rest for instruction, rest in instructions() if instruction == "USER"]
    assert len(users) == 1
    uid, gid = users[0].split(":")
    assert int(uid) > 0
    assert int(gid) > 0
    last_run = max(at for at, (instruction, _) in enumerate(instructions()) if instruction == "RUN")
    assert [instruction for instruction, _ in instructions()].index("USER") > last_run


def test_bases_are_pinned_to_the_python_that_the_tests_run_on() -> None:
    bases = [rest.partition(" ")[0] for instruction, rest in instructions() if instruction == "FROM"]
    assert len(set(bases)) == 1
    found = re.fullmatch(r"python:(\d+\.\d+)\.\d+-slim-[a-z]+", bases[0])
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
    assert found is not None
    assert found[1] == project["tool"]["mypy"]["python_version"]


def test_packages_are_installed_by_hash_from_no_address_that_is_named_here() -> None:
    (install,) = [rest for instruction, rest in instructions() if instruction == "RUN" and "pip install" in rest]
    assert "--require-hashes" in install
    assert f"-r {LOCK.name}" in install
    for file in (DOCKERFILE, LOCK, PROJECT / "docker-compose.yml"):
        assert not re.search(r"index-url|find-links|trusted-host", file.read_text(encoding="utf-8"))
    assert "://" not in LOCK.read_text(encoding="utf-8")
    assert "curl" not in DOCKERFILE.read_text(encoding="utf-8")


def test_the_lock_for_running_is_the_whole_lock_without_the_tools() -> None:
    running, everything = locked(LOCK), locked(PROJECT / "requirements.lock")
    assert running.items() <= everything.items()
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

    def names(requirements: list[str]) -> set[str]:
        return {re.split(r"[\[<>=]", each)[0].lower() for each in requirements}

    assert names(project["dependencies"]) <= set(running)
    for group in ("dev", "analysis"):
        assert not names(project["optional-dependencies"][group]) & set(running)


@pytest.fixture(scope="module", name="image")
def _image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return lay_out(tmp_path_factory.mktemp("image"))


def test_every_module_that_a_container_runs_is_there_with_all_that_it_imports(image: Path) -> None:
    modules = [f"services.{service}.app" for service in Service]
    modules += ["deploy.topics", "deploy.keys", "deploy.healthcheck"]
    # Of our own modules only those of the image may be loaded, although this project is installed here as well.
    script = f"""
import importlib, sys
sys.path.insert(0, {str(image)!r})
for name in {modules!r}:
    importlib.import_module(name)
own = [m for n, m in sys.modules.items() if n.split('.')[0] in ('services', 'shared', 'deploy', 'cli', 'tests')]
wrong = [m.__name__ for m in own if not (m.__file__ or '').startswith({str(image)!r})]
assert not wrong, wrong
import shared.policy.loading
import deploy.local.topics
shared.policy.loading.load()
deploy.local.topics.declared("deployed")
"""
    done = subprocess.run(
        [sys.executable, "-B", "-c", script], cwd=image, env={**os.environ}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
