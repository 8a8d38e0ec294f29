"""`docs/ARCHITECTURE.md` speaks of files, tests and limits that are there."""

import re

from deploy.local.places import PROJECT
from services.notification.mail.knobs import Knobs
from shared.casework import engine, sweeping
from shared.messaging import producer, reader
from shared.runtime import clock, foundation, serve

TEXT = (PROJECT / "docs" / "ARCHITECTURE.md").read_text(encoding="utf-8")
FLOWING = " ".join(TEXT.split())
CODE = re.findall(r"`([^`\n]+)`", TEXT)


def test_every_file_that_it_names_is_there() -> None:
    named = {code for code in CODE if re.fullmatch(r"[\w./-]+/[\w./-]*|[\w./-]+\.(py|md|yml|lock|toml)", code)}
    here = {"domain/", "reactions.py", "translate.py", "api.py", "settings.py", "app.py"}  # in each service
    mail = {path.name for path in (PROJECT / "services/notification/mail").glob("*.py")}
    paths = {name for name in named - here - mail if not name.startswith("/")}
    assert len(paths) > 40
    assert [path for path in sorted(paths) if not (PROJECT / path).exists()] == []
    links = re.findall(r"\]\(([^)]+)\)", TEXT)
    assert [link for link in links if not (PROJECT / "docs" / link).exists()] == []


def test_every_test_that_it_names_is_there() -> None:
    named = {code for code in CODE if re.fullmatch(r"test_[a-z0-9_]+", code)}
    sources = "\n".join(path.read_text(encoding="utf-8") for path in (PROJECT / "tests").rglob("test_*.py"))
    assert len(named) > 10
    assert {name for name in named if f"def {name}(" not in sources} == set()


def test_the_numbers_that_it_gives_are_those_of_the_code() -> None:
    assert f"at most {engine.ATTEMPTS} times" in FLOWING
    assert f"Fetch up to {reader.MAX_RECORDS} raw records" in FLOWING
    assert f"within {clock.MOST_SKEW_SECONDS:.0f} s and" in FLOWING
    assert f"waits at most {producer.ACKNOWLEDGE_SECONDS:.0f} s" in FLOWING
    assert f"stood still for {sweeping.STALE_SECONDS:.0f} s" in FLOWING
    assert Knobs().mail_not_after.days == 3
    limits = (
        f"HTTP {serve.STOP_SECONDS} s, readers {reader.STOP_SECONDS:.0f} s, "
        f"letters under way {Knobs().drain.seconds} s, publications {foundation.DRAIN_SECONDS:.0f} s"
    )
    assert limits in FLOWING
