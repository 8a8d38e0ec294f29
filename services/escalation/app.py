"""Escalation: read top to bottom, and you know the service."""

from fastapi import FastAPI

from services.escalation import api
from services.escalation.reactions import BEHAVIOUR
from services.escalation.settings import EscalationSettings
from shared.failpoints import Point, no_point
from shared.runtime.foundation import Foundation
from shared.runtime.serve import serve
from shared.web import staff_events


def build_app(settings: EscalationSettings, *, point: Point = no_point) -> FastAPI:
    """The whole service; nothing connects before the application starts."""
    base = Foundation(BEHAVIOUR, settings, point=point)
    app = base.app("Second Look: escalation")
    app.include_router(
        api.router(
            engine=base.engine,
            sign_in=base.sign_in,
            keyring=base.keyring,
            access=base.access,
            policies=base.policies,
            now=base.clock.now,
        )
    )
    app.include_router(staff_events.router(engine=base.engine, sign_in=base.sign_in))
    return app


if __name__ == "__main__":
    serve("escalation", EscalationSettings, build_app)
