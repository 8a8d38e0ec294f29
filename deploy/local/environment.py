"""What the local platform hands to each service by its environment, and the keys that it makes for them."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from deploy.keys import KEY_FILES, make
from deploy.local.failures import CannotStart
from shared.privacy.case_ids import CaseIds
from shared.privacy.keys import load_key

CLOCK = re.compile(r"(?P<start>[0-9T:.+Z-]+)\*(?P<speed>[0-9]+(\.[0-9]+)?)")


def key_settings(data: Path) -> dict[str, str]:
    """The service keys and the development issuer's keys of this data folder; made when there are none."""
    # Here, so that `down` and `status` need not load the web framework first.
    from shared.web.tokens import AUDIENCE, DEVELOPMENT_ISSUER, DevelopmentIssuer

    keys = data / "keys"
    make(keys)
    return {
        **{setting: str(keys / name) for setting, name in KEY_FILES.items()},
        "AUTH_ISSUER": DEVELOPMENT_ISSUER,
        "AUTH_AUDIENCE": AUDIENCE,
        "AUTH_JWKS_URL": f"file:{DevelopmentIssuer(keys).public_keys}",
    }


def case_ids(data: Path) -> CaseIds:
    """Case ids as intake of this data folder makes them: for whoever sends it requests, and looks for their cases."""
    make(data / "keys")
    return CaseIds(load_key("ID_KEY_FILE", data / "keys" / KEY_FILES["ID_KEY_FILE"]))


def clock_settings(data: Path, asked: str | None) -> dict[str, str]:
    """The policy clock of this data folder, as `start*speed@anchor`; nothing when it runs on real time.

    The anchor is the real time of the first start and never moves, so that policy time goes on across restarts.
    """
    file = data / "clock.json"
    if not file.exists():
        if asked is not None:
            _check_clock(asked)
        anchor = datetime.now(UTC).isoformat(timespec="milliseconds")
        file.write_text(json.dumps({"clock": asked, "anchor": anchor}), encoding="utf-8")
    kept = json.loads(file.read_text(encoding="utf-8"))
    if asked not in (None, kept["clock"]):
        raise CannotStart(
            f"The data in {data} was made on the clock {kept['clock'] or 'of the world'}, not {asked}: "
            "choose another data folder with --data, or leave SECONDLOOK_CLOCK as it was."
        )
    return {"SECONDLOOK_CLOCK": f"{kept['clock']}@{kept['anchor']}"} if kept["clock"] else {}


def _check_clock(asked: str) -> None:
    parts = CLOCK.fullmatch(asked)
    try:
        if parts and float(parts["speed"]) > 0 and datetime.fromisoformat(parts["start"]).tzinfo is not None:
            return
    except ValueError:
        pass
    raise CannotStart(
        f"The clock {asked!r} cannot be read: write SECONDLOOK_CLOCK as start*speed, like 2021-03-08T09:00-05:00*86400."
    )


def service_settings(
    *, data: Path, kafka: str, mongodb: str, smtp: str, urls: Mapping[str, str], clock: str | None
) -> dict[str, str]:
    """The settings that all services share; a port and an instance name are added for each."""
    return {
        "KAFKA_BOOTSTRAP": kafka,
        "MONGODB_URI": mongodb,
        "SMTP_URL": smtp,
        "MAIL_FROM": "Second Look <no-reply@second-look.example>",
        "RETURN_TO": "bounces@second-look.example",
        "PUBLIC_URL": urls.get("intake", ""),
        "STAFF_URL": urls.get("triage", ""),
        "HEADQUARTERS_URL": urls.get("escalation", ""),
        **{f"{name.upper()}_URL": url for name, url in urls.items()},
        **key_settings(data),
        **clock_settings(data, clock),
    }
