"""An issuer's keys over HTTP: how often it is asked, and what happens while it does not answer."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

import httpx
import pytest
from joserfc.jwk import OKPKey

from shared.errors import Outage
from shared.web.signing_keys import IssuerKeys, KeysUnavailable

URL = "https://issuer.example/keys"


@dataclass
class Issuer:
    """An issuer whose answer, and whose clock, the test changes."""

    kids: list[str] = field(default_factory=lambda: ["one"])
    status: int = 200
    body: bytes | None = None
    asked: int = 0
    seconds: float = 1000.0

    async def answer(self, _: httpx.Request) -> httpx.Response:
        self.asked += 1
        await asyncio.sleep(0)
        keys = [OKPKey.generate_key("Ed25519", {"kid": kid}).as_dict(private=False) for kid in self.kids]
        return httpx.Response(self.status, content=self.body or json.dumps({"keys": keys}).encode())

    def clock(self) -> float:
        return self.seconds


@pytest.fixture
def issuer() -> Issuer:
    return Issuer()


@pytest.fixture
async def keys(issuer: Issuer) -> AsyncIterator[IssuerKeys]:
    async with httpx.AsyncClient(transport=httpx.MockTransport(issuer.answer)) as client:
        yield IssuerKeys(URL, client, monotonic=issuer.clock)


async def test_keys_are_fetched_once_and_kept(issuer: Issuer, keys: IssuerKeys) -> None:
    found = await asyncio.gather(*(keys.find("one") for _ in range(20)))
    assert all(found)
    assert issuer.asked == 1


async def test_an_unknown_key_is_asked_for_at_most_once_a_minute(issuer: Issuer, keys: IssuerKeys) -> None:
    assert await keys.find("one")
    issuer.kids.append("two")
    assert await keys.find("two") is None
    issuer.seconds += 60
    assert await keys.find("two")
    for number in range(50):
        assert await keys.find(f"made up {number}") is None
    assert issuer.asked == 2


async def test_keys_that_the_issuer_no_longer_names_are_gone_after_ten_minutes(
    issuer: Issuer, keys: IssuerKeys
) -> None:
    assert await keys.find("one")
    issuer.kids = ["two"]
    issuer.seconds += 600
    assert await keys.find("one") is None


@pytest.mark.parametrize(
    "breaks",
    [
        lambda issuer: setattr(issuer, "status", 500),
        lambda issuer: setattr(issuer, "status", 302),
        lambda issuer: setattr(issuer, "body", b"<html>"),
        lambda issuer: setattr(issuer, "body", b" " * 300_000),
        lambda issuer: setattr(issuer, "kids", []),
    ],
    ids=["error", "redirect", "no key set", "too large", "no keys"],
)
async def test_while_the_issuer_is_down_known_keys_stay_for_an_hour_and_unknown_ones_are_an_outage(
    issuer: Issuer, keys: IssuerKeys, breaks: Callable[[Issuer], None]
) -> None:
    assert await keys.find("one")
    breaks(issuer)
    issuer.seconds += 3599
    assert await keys.find("one")
    with pytest.raises(KeysUnavailable) as told:
        await keys.find("two")
    assert isinstance(told.value, Outage)
    issuer.seconds += 1
    with pytest.raises(KeysUnavailable):
        await keys.find("one")


async def test_an_issuer_that_comes_up_late_is_found_after_five_seconds(issuer: Issuer, keys: IssuerKeys) -> None:
    issuer.status = 503
    for _ in range(10):
        with pytest.raises(KeysUnavailable):
            await keys.find("one")
    assert issuer.asked == 1
    issuer.status = 200
    issuer.seconds += 5
    assert await keys.find("one")


@pytest.mark.parametrize("url", ["http://issuer.example/keys", "ftp://issuer.example/keys", "file:///keys", "keys"])
async def test_keys_are_fetched_over_tls_alone(url: str) -> None:
    async with httpx.AsyncClient() as client:
        with pytest.raises(ValueError, match="https"):
            IssuerKeys(url, client)


async def test_keys_may_be_fetched_in_clear_from_the_loopback() -> None:
    async with httpx.AsyncClient() as client:
        assert IssuerKeys("http://127.0.0.1:8080/keys", client)
