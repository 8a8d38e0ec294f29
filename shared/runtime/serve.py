"""Running a service as a process: settings, logging, uvicorn; one sentence and a non-zero exit when it cannot start."""

import gc
import sys
from collections.abc import Callable
from typing import TypeVar

import uvicorn
from fastapi import FastAPI

from shared import logs
from shared.runtime.settings import ServiceSettings, UnusableSettings, read
from shared.web.access_lines import mask_access_log

S = TypeVar("S", bound=ServiceSettings)
STOP_SECONDS = 10
GARBAGE_AFTER = 50_000
"""A batch makes many objects and drops nearly all of them without cycles: looking for cycles every 700 objects, as is
the default, costs a fifth of the CPU time."""


def serve(service: str, settings: type[S], build_app: Callable[[S], FastAPI]) -> None:
    """Run until a signal; then finish what is at hand and stop."""
    logs.configure(service)
    try:
        chosen = read(settings)
        app = build_app(chosen)
    except (UnusableSettings, ValueError, OSError) as error:
        sys.exit(f"{service}: {error}")
    except Exception as error:  # noqa: BLE001 - the one-sentence errors of keys, policy, clock and sign-in
        sys.exit(f"{service}: {type(error).__name__}: {error}")
    mask_access_log()
    gc.collect()
    gc.freeze()  # what a service is made of stays for good
    gc.set_threshold(GARBAGE_AFTER)
    uvicorn.run(
        app,
        host=chosen.host,
        port=chosen.port,
        loop="uvloop",
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=STOP_SECONDS,
    )
