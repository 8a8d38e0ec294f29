"""What the settings choose: which clock, which signing keys, which key store."""

from pathlib import Path

import httpx

from shared.mongo.driver import MongoClient
from shared.runtime.clock import REAL_TIME, Clock, PolicyTime
from shared.runtime.settings import ServiceSettings
from shared.web.sign_in import KeySource
from shared.web.signing_keys import DevelopmentKeys, IssuerKeys, is_loopback


class PolicyClockRefused(Exception):
    """SECONDLOOK_CLOCK is for demos and tests on the loopback only. Unset it."""


def clock_of(settings: ServiceSettings, client: MongoClient) -> Clock:
    """Real time by the store's clock, or a policy clock; raises `PolicyClockRefused`, `UnusableClock`."""
    if settings.secondlook_clock is None:
        return Clock(client.time, REAL_TIME)
    if not is_loopback(settings.host):
        raise PolicyClockRefused(str(PolicyClockRefused.__doc__))
    return Clock(client.time, PolicyTime.parse(settings.secondlook_clock))


def keys_of(settings: ServiceSettings, http: httpx.AsyncClient) -> KeySource:
    """The development issuer's file, or an issuer's address."""
    if settings.auth_jwks_url.startswith("file:"):
        path = Path(settings.auth_jwks_url.removeprefix("file://").removeprefix("file:"))
        return DevelopmentKeys(path, host=settings.host)
    return IssuerKeys(settings.auth_jwks_url, http)


def key_store_of(settings: ServiceSettings) -> MongoClient | None:
    """The server of the cases' keys; None when it is the one of everything else."""
    uri = settings.keyring_uri
    return MongoClient(uri.get_secret_value(), settings.secondlook_mongo_driver) if uri else None
