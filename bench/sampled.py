"""One service as usual, with a thread beside it that looks, again and again, where the CPU time goes.

Each look gives every thread's CPU time since the last look to the place where that thread is now. So waiting costs
nothing, and the driver's threads count as well. Started instead of a service by `bench.profile`.
"""

import contextlib
import json
import os
import runpy
import sys
import threading
import time
from collections import defaultdict
from pathlib import Path
from types import FrameType
from typing import Final

from bench.parts import part_of

FOLDER: Final = "BENCH_PROFILE_FOLDER"
LOOK_SECONDS = 0.004
LOOKS_BETWEEN = 250
SWITCH_SECONDS = 0.0005
"""Threads hand over this fast, so that looks are not only taken where the interpreter lets go by itself."""
DEEPEST = 60


class Sampler:
    """CPU seconds by function (in itself, and with all that it calls), and by part of the service."""

    def __init__(self) -> None:
        self._spent: dict[int, float] = {}
        self.own: defaultdict[str, float] = defaultdict(float)
        self.whole: defaultdict[str, float] = defaultdict(float)
        self.parts: defaultdict[str, float] = defaultdict(float)

    def look_for_ever(self, file: Path) -> None:
        """Look until the process ends, and write down now and then what was seen (a signal ends it without a word)."""
        while True:
            for _ in range(LOOKS_BETWEEN):
                time.sleep(LOOK_SECONDS)
                self.look()
            self.write(file)

    def look(self) -> None:
        """Give what each thread has spent since the last look to where it stands."""
        for thread, frame in sys._current_frames().items():
            if thread == threading.get_ident():
                continue
            with contextlib.suppress(OSError):
                now = time.clock_gettime(time.pthread_getcpuclockid(thread))
                spent = now - self._spent.get(thread, now)
                self._spent[thread] = now
                self._give(frame, spent)

    def write(self, file: Path) -> None:
        """Keep it for `bench.profile`."""
        part = file.with_suffix(".part")
        part.write_text(json.dumps({"own": self.own, "whole": self.whole, "parts": self.parts}), encoding="utf-8")
        part.replace(file)

    def _give(self, frame: FrameType | None, spent: float) -> None:
        stack: list[str] = []
        files: list[str] = []
        while frame is not None and len(stack) < DEEPEST:
            stack.append(_place(frame))
            files.append(frame.f_code.co_filename)
            frame = frame.f_back
        if stack:
            self.own[stack[0]] += spent
            self.parts[part_of(files)] += spent
            for place in set(stack):
                self.whole[place] += spent


def _place(frame: FrameType) -> str:
    code = frame.f_code
    parts = Path(code.co_filename).parts
    return f"{'/'.join(parts[-3:])}:{code.co_qualname}"


def main() -> None:
    service = os.environ["INSTANCE"].partition("-")[0]
    sampler = Sampler()
    sys.setswitchinterval(SWITCH_SECONDS)
    file = Path(os.environ[FOLDER]) / f"{service}.json"
    threading.Thread(target=sampler.look_for_ever, args=(file,), daemon=True).start()
    runpy.run_module(f"services.{service}.app", run_name="__main__")


if __name__ == "__main__":
    main()
