"""The four applications as composed, on addresses where nothing listens: nothing connects before they start."""

from pathlib import Path
from typing import Any

from fastapi import FastAPI

from services.escalation.app import build_app as escalation
from services.escalation.settings import EscalationSettings
from services.intake.app import build_app as intake
from services.intake.settings import IntakeSettings
from services.notification.app import build_app as notification
from services.notification.settings import NotificationSettings
from services.triage.app import build_app as triage
from services.triage.settings import TriageSettings
from shared.contracts.vocabulary import Service
from shared.mongo.driver import Driver
from shared.privacy.keys import create_key_file
from shared.web.tokens import DEVELOPMENT_ISSUER, DevelopmentIssuer

NOWHERE = "127.0.0.1:1"


def settings(folder: Path) -> dict[str, Any]:
    """The settings of all services, with keys of their own in `folder`."""
    keys = {name: folder / f"{name}.key" for name in ("master", "index", "link", "id")}
    for path in keys.values():
        if not path.exists():
            create_key_file(path)
    urls = {f"{service}_url": f"http://{NOWHERE}" for service in Service}
    return {
        "port": 1,
        "kafka_bootstrap": NOWHERE,
        "mongodb_uri": f"mongodb://{NOWHERE}",
        "smtp_url": f"smtp://{NOWHERE}",
        "mail_from": "Second Look <no-reply@second-look.example>",
        "public_url": f"http://{NOWHERE}",
        "auth_issuer": DEVELOPMENT_ISSUER,
        "auth_jwks_url": DevelopmentIssuer(folder).public_keys.as_uri(),
        **{f"{name}_key_file": path for name, path in keys.items()},
        **urls,
    }


def applications(folder: Path, driver: Driver = Driver.MOTOR) -> dict[Service, FastAPI]:
    """All four, built as their processes build them: before an event loop runs."""
    given = settings(folder) | {"secondlook_mongo_driver": driver}
    return {
        Service.INTAKE: intake(IntakeSettings(**given)),
        Service.TRIAGE: triage(TriageSettings(**given)),
        Service.ESCALATION: escalation(EscalationSettings(**given)),
        Service.NOTIFICATION: notification(NotificationSettings(**given)),
    }
