"""`.env.example`, written from the services' settings: every variable that a service reads, with what it means."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from pydantic.fields import FieldInfo

from services.escalation.settings import EscalationSettings
from services.intake.settings import IntakeSettings
from services.notification.settings import NotificationSettings
from services.triage.settings import TriageSettings
from shared.contracts.vocabulary import Service
from shared.runtime.settings import ServiceSettings

SETTINGS: Final[Mapping[Service, type[ServiceSettings]]] = {
    Service.INTAKE: IntakeSettings,
    Service.TRIAGE: TriageSettings,
    Service.ESCALATION: EscalationSettings,
    Service.NOTIFICATION: NotificationSettings,
}

VALUES: Final[Mapping[str, str]] = {
    "PORT": "8101",
    "KAFKA_BOOTSTRAP": "127.0.0.1:19092",
    "MONGODB_URI": "mongodb://127.0.0.1:27117",
    "AUTH_ISSUER": "https://sign-in.example",
    "AUTH_JWKS_URL": "https://sign-in.example/jwks.json",
    "MASTER_KEY_FILE": "keys/master.key",
    "INDEX_KEY_FILE": "keys/index.key",
    "LINK_KEY_FILE": "keys/link.key",
    "ID_KEY_FILE": "keys/id.key",
    "PUBLIC_URL": "http://localhost:8101",
    "SMTP_URL": "smtp://127.0.0.1:2525",
    "MAIL_FROM": '"Second Look <no-reply@second-look.example>"',
    "INTAKE_URL": "http://127.0.0.1:8101",
    "TRIAGE_URL": "http://127.0.0.1:8102",
    "ESCALATION_URL": "http://127.0.0.1:8103",
    "NOTIFICATION_URL": "http://127.0.0.1:8104",
}
"""An example of each variable that has no default."""


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable. Without `value` it has no default, and one must be given."""

    name: str
    says: str
    default: str | None


_HEAD = """\
# Every setting of the four services, by environment variable. Made by `python -m deploy.generate`; do not edit.
#
# What has no default stands with an example and must be given; what has one is commented out and shows it.
# Services read their environment, no file: `set -a; . ./.env; set +a` in a shell. `secondlook up` gives them all of
# this by itself, and docker-compose.yml too (it says what it takes from a file `.env`). Keys are made by
# `python -m deploy.keys keys`.
"""


def document() -> str:
    """The whole file."""
    parts = [_HEAD, _part("All four services", list(_variables(ServiceSettings)))]
    for service, settings in SETTINGS.items():
        if own := [each for each in _variables(settings) if each.name.lower() not in ServiceSettings.model_fields]:
            parts.append(_part(f"Only {service}", own))
    return "\n".join(parts)


def _part(title: str, variables: list[Variable]) -> str:
    return f"# == {title}\n\n" + "\n".join(_lines(each) for each in variables)


def _lines(variable: Variable) -> str:
    given = (
        f"{variable.name}={VALUES[variable.name]}"
        if variable.default is None
        else f"#{variable.name}={variable.default}"
    )
    return f"# {variable.says}\n{given}\n"


def _variables(settings: type[ServiceSettings]) -> Iterator[Variable]:
    for name, field in settings.model_fields.items():
        as_json = " As JSON." if str(field.annotation).startswith("tuple") else ""
        yield Variable(name.upper(), f"{field.description}{as_json}", None if field.is_required() else _written(field))


def _written(field: FieldInfo) -> str:
    """A default as it would be given by the environment."""
    default: Any = field.default
    if default is None:
        return ""
    if isinstance(default, StrEnum):
        return default.value
    return "[]" if default == () else f"{default:g}" if isinstance(default, float) else str(default)
