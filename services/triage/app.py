"""Triage: read top to bottom, and you know the service."""

from fastapi import FastAPI

from services.triage import api
from services.triage.catching_up import EVERY_SECONDS, CatchingUp
from services.triage.reactions import BEHAVIOUR
from services.triage.settings import TriageSettings
from shared.contracts.vocabulary import Service
from shared.failpoints import Point, no_point
from shared.runtime.foundation import Foundation
from shared.runtime.serve import serve
from shared.web import staff_events


def build_app(settings: TriageSettings, *, point: Point = no_point) -> FastAPI:
    """The whole service; nothing connects before the application starts."""
    base = Foundation(BEHAVIOUR, settings, point=point)
    catching_up = CatchingUp(base.engine, base.policies, base.clock.now)
    app = base.app("Second Look: triage", ("guidance", catching_up.look, EVERY_SECONDS))
    app.include_router(
        api.router(
            engine=base.engine,
            sign_in=base.sign_in,
            keyring=base.keyring,
            access=base.access,
            policies=base.policies,
            now=base.clock.now,
            http=base.http,
            services={
                Service.INTAKE: settings.intake_url,
                Service.TRIAGE: settings.triage_url,
                Service.ESCALATION: settings.escalation_url,
                Service.NOTIFICATION: settings.notification_url,
            },
            turns=base.collection("turns"),
        )
    )
    app.include_router(staff_events.router(engine=base.engine, sign_in=base.sign_in))
    return app


if __name__ == "__main__":
    serve("triage", TriageSettings, build_app)
