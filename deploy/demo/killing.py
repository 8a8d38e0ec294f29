"""Killing one instance of each service while the demo goes, and starting it again: nothing may be lost by it."""

import asyncio
import os
import signal
from collections.abc import Callable

from deploy.local import platform, processes, state
from deploy.local.platform import Plan
from shared.contracts.vocabulary import Service

APART_SECONDS = 3.0
ORDER = (Service.NOTIFICATION, Service.ESCALATION, Service.TRIAGE, Service.INTAKE)
"""Notification first: what it had in hand is only taken over when its lease is over."""


async def kill_each_once(plan: Plan, say: Callable[[str], None]) -> list[str]:
    """SIGKILL the newest instance of each service, one after another, then start all of them again; who was killed."""
    killed = []
    for service in ORDER:
        members = state.load(plan.data.absolute()).members
        name = max((each for each in members if each.partition("-")[0] == service), key=lambda each: (len(each), each))
        running = members[name].running
        if processes.is_alive(running):
            os.kill(running.pid, signal.SIGKILL)
            killed.append(name)
            say(f"{name} (process {running.pid}) was killed")
        await asyncio.sleep(APART_SECONDS)
    await asyncio.to_thread(platform.up, plan)
    say(f"{', '.join(killed)} run again")
    return killed
