"""A small whole run on PyMongo's async API: the way out of motor is a setting."""

import subprocess
import sys
from itertools import islice
from pathlib import Path

import pytest

from deploy.demo.play import REQUESTS
from deploy.local.places import PROJECT
from shared.mongo.driver import Driver
from tests.system.run import LAST_LINE, SECONDS

pytestmark = pytest.mark.real

LINES = 45
"""With nearly every ending of the file."""


def test_requests_go_the_whole_way_on_the_other_driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with REQUESTS.open(encoding="utf-8") as file:
        (few := tmp_path / "few.jsonl").write_text("".join(islice(file, LINES)), encoding="utf-8")
    monkeypatch.setenv("SECONDLOOK_MONGO_DRIVER", Driver.PYMONGO)
    demo = subprocess.run(
        [sys.executable, "-m", "cli.main", "demo", "--requests", str(few)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )
    said = LAST_LINE.search(demo.stdout)
    assert said, demo.stdout[-3000:] + demo.stderr[-3000:]
    assert (demo.returncode, said["lost"], said["doubled"]) == (0, "0", "0"), demo.stdout[-3000:]
    assert int(said["submitted"]) == int(said["resolved"]) > LINES / 2
