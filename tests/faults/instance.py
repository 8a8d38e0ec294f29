"""One process with services as their composition roots build them, and faults at their points.

All answer on one port, each below its own name. `POST /faults` installs faults; SIGTERM stops it as uvicorn does.
"""

import asyncio
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import uvicorn
import uvloop
from fastapi import FastAPI
from pydantic import TypeAdapter
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from services.escalation.app import build_app as escalation
from services.escalation.settings import EscalationSettings
from services.intake.app import build_app as intake
from services.intake.settings import IntakeSettings
from services.notification.app import build_app as notification
from services.notification.settings import NotificationSettings
from services.triage.app import build_app as triage
from services.triage.settings import TriageSettings
from shared import logs
from shared.contracts.vocabulary import Service
from tests.faults.faulty import SERVICES, Counters, Fault, Faults

FAULTS = TypeAdapter(list[Fault])


@dataclass(frozen=True)
class Spec:
    """What an instance is started with."""

    port: int
    settings: Mapping[str, Any]
    counters: Path
    log: Path
    services: tuple[Service, ...] = SERVICES


def encoded(faults: list[Fault]) -> list[dict[str, Any]]:
    """Faults as `POST /faults` takes them."""
    return [asdict(fault) for fault in faults]


def run(spec: Spec) -> None:
    """The whole life of an instance; the entry of its process."""
    log = os.open(spec.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(log, 1)
    os.dup2(log, 2)
    logs.configure("faults")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(spec))


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers: they would raise the signal once more at the end."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def _serve(spec: Spec) -> None:
    faults = Faults(Counters(spec.counters))
    apps = _apps(spec, faults)

    async def install(request: Request) -> Response:
        faults.install(*FAULTS.validate_json(await request.body()))
        return Response(status_code=204)

    mounts = [Mount(f"/{service}", app) for service, app in apps.items()]
    both = Starlette(routes=[Route("/faults", install, methods=["POST"]), *mounts])
    config = uvicorn.Config(both, port=spec.port, lifespan="off", log_config=None, access_log=False)
    server = _Server(config)
    loop, parent = asyncio.get_running_loop(), multiprocessing.parent_process()
    loop.add_signal_handler(signal.SIGTERM, lambda: setattr(server, "should_exit", True))
    if parent is not None:
        loop.add_reader(parent.sentinel, os._exit, 1)  # whoever started it is gone, and nobody would end it
    async with AsyncExitStack() as stack:
        for app in apps.values():
            await stack.enter_async_context(app.router.lifespan_context(app))
        await server.serve()


def _apps(spec: Spec, faults: Faults) -> dict[Service, FastAPI]:
    built: dict[Service, Callable[[], FastAPI]] = {
        Service.INTAKE: lambda: intake(IntakeSettings(**spec.settings), point=faults.point_of(Service.INTAKE)),
        Service.TRIAGE: lambda: triage(TriageSettings(**spec.settings), point=faults.point_of(Service.TRIAGE)),
        Service.ESCALATION: lambda: escalation(
            EscalationSettings(**spec.settings), point=faults.point_of(Service.ESCALATION)
        ),
        Service.NOTIFICATION: lambda: notification(
            NotificationSettings(**spec.settings), point=faults.point_of(Service.NOTIFICATION)
        ),
    }
    return {service: built[service]() for service in spec.services}
