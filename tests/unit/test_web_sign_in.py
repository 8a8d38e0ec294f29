"""Who is let in: every way in which a token can be wrong is 401, every lacking right is 403, and nobody is told why."""

import json
import warnings
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import httpx
import pytest
from fastapi import Depends, FastAPI
from joserfc import jwt
from joserfc.jwk import ECKey, Key, OctKey, OKPKey, RSAKey

from shared.web.problems import install
from shared.web.sign_in import Client, InvalidToken, Role, SignIn, Staff
from shared.web.signing_keys import DevelopmentIssuerRefused, DevelopmentKeys, parse_key_set
from shared.web.tokens import AUDIENCE, DEVELOPMENT_ISSUER, DevelopmentIssuer

NOW = 1_615_200_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("issuer")


@pytest.fixture(scope="module")
def issuer(folder: Path) -> DevelopmentIssuer:
    return DevelopmentIssuer(folder, now=lambda: NOW)


@pytest.fixture(scope="module")
def sign_in(issuer: DevelopmentIssuer) -> SignIn:
    keys = DevelopmentKeys(issuer.public_keys, host="127.0.0.1")
    return SignIn(issuer=DEVELOPMENT_ISSUER, audience=AUDIENCE, keys=keys, now=lambda: NOW)


@pytest.fixture(scope="module")
def private_key(issuer: DevelopmentIssuer) -> OKPKey:
    file = issuer.public_keys.with_name("development-issuer.json")
    return OKPKey.import_key(json.loads(file.read_text()))


@pytest.fixture(scope="module")
def web(sign_in: SignIn) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(build(sign_in)), base_url="http://here")


def build(sign_in: SignIn) -> FastAPI:
    app = FastAPI()
    install(app)

    @app.get("/decide")
    async def decide(staff: Annotated[Staff, Depends(sign_in.staff(Role.OFFICER, Role.SRO))]) -> dict[str, Any]:
        return {"subject": staff.subject, "offices": sorted(staff.offices), "hq": staff.is_hq}

    @app.get("/any")
    async def any_role(staff: Annotated[Staff, Depends(sign_in.staff())]) -> list[str]:
        return sorted(staff.roles)

    @app.get("/submit")
    async def submit(client: Annotated[Client | None, Depends(sign_in.client())]) -> str | None:
        return client.subject if client else None

    return app


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def claims(**changed: Any) -> dict[str, Any]:
    good = {"iss": DEVELOPMENT_ISSUER, "aud": AUDIENCE, "sub": "officer-1", "exp": NOW + 60, "roles": ["officer"]}
    return {name: value for name, value in (good | changed).items() if value is not None}


def signed(key: OKPKey, body: Mapping[str, Any], **header: Any) -> str:
    return jwt.encode({"alg": "Ed25519", "kid": key.kid} | header, dict(body), key, algorithms=["Ed25519"])


def refused(answer: httpx.Response, status: int) -> None:
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["www-authenticate"].startswith('Bearer realm="second-look"')


async def test_an_officer_is_let_in_with_the_offices_of_the_token(
    web: httpx.AsyncClient, issuer: DevelopmentIssuer
) -> None:
    token = issuer.staff("officer-1", [Role.OFFICER], offices=["SNA", "DAL"])
    assert (await web.get("/decide", headers=bearer(token))).json() == {
        "subject": "officer-1",
        "offices": ["DAL", "SNA"],
        "hq": False,
    }


async def test_an_sro_is_at_headquarters(web: httpx.AsyncClient, issuer: DevelopmentIssuer) -> None:
    assert (await web.get("/decide", headers=bearer(issuer.staff("sro-1", [Role.SRO])))).json()["hq"] is True


@pytest.mark.parametrize("role", list(Role))
async def test_any_role_is_let_in_where_none_is_named(
    web: httpx.AsyncClient, issuer: DevelopmentIssuer, role: Role
) -> None:
    assert (await web.get("/any", headers=bearer(issuer.staff("x", [role])))).json() == [role.value]


async def test_nobody_is_let_in_without_a_token_and_no_error_is_named(web: httpx.AsyncClient) -> None:
    answer = await web.get("/decide")
    refused(answer, 401)
    assert answer.headers["www-authenticate"] == 'Bearer realm="second-look"'


@pytest.mark.parametrize(
    "wrong",
    [
        {"exp": NOW - 31},
        {"exp": None},
        {"exp": "never"},
        {"exp": float("nan")},
        {"nbf": NOW + 31},
        {"iss": "https://elsewhere.example"},
        {"iss": None},
        {"aud": "another-service"},
        {"aud": None},
        {"aud": ["another-service"]},
        {"sub": None},
        {"sub": ""},
        {"sub": 7},
        {"sub": "x" * 129},
        {"sub": "two\nlines"},
    ],
    ids=str,
)
async def test_a_signed_token_with_a_wrong_claim_is_refused(
    web: httpx.AsyncClient, private_key: OKPKey, wrong: dict[str, Any]
) -> None:
    assert (await web.get("/any", headers=bearer(signed(private_key, claims())))).status_code == 200
    answer = await web.get("/any", headers=bearer(signed(private_key, claims(**wrong))))
    refused(answer, 401)
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]


async def test_all_refused_tokens_are_answered_alike(web: httpx.AsyncClient, private_key: OKPKey) -> None:
    expired = signed(private_key, claims(exp=NOW - 99))
    foreign = signed(OKPKey.generate_key("Ed25519", {"kid": private_key.kid or ""}), claims())
    answers = [await web.get("/any", headers=bearer(token)) for token in (expired, foreign, "x", "a.b.c")]
    assert len({(one.status_code, one.text, one.headers["www-authenticate"]) for one in answers}) == 1


async def test_a_token_of_another_key_is_refused_also_under_the_known_key_id(
    web: httpx.AsyncClient, private_key: OKPKey
) -> None:
    other = OKPKey.generate_key("Ed25519", {"kid": "another"})
    refused(await web.get("/any", headers=bearer(signed(other, claims()))), 401)
    refused(await web.get("/any", headers=bearer(signed(other, claims(), kid=private_key.kid))), 401)


class Rotating:
    """An issuer whose key and clock can be changed."""

    def __init__(self, key: Key) -> None:
        self.key: Key | None = key
        self.seconds = NOW

    async def find(self, _: str) -> Key | None:
        return self.key


@pytest.fixture(name="rotating")
def _rotating(private_key: OKPKey) -> tuple[Rotating, SignIn, str]:
    """An issuer, a sign-in by its keys, and a token that was let in once."""
    keys = Rotating(private_key)
    sign_in = SignIn(issuer=DEVELOPMENT_ISSUER, audience=AUDIENCE, keys=keys, now=lambda: keys.seconds)
    return keys, sign_in, signed(private_key, claims())


async def test_a_token_that_was_right_before_expires_like_any_other(rotating: tuple[Rotating, SignIn, str]) -> None:
    issuer, sign_in, token = rotating
    assert (await sign_in.claims(token))["sub"] == "officer-1"
    issuer.seconds = NOW + 60 + 31
    with pytest.raises(InvalidToken):
        await sign_in.claims(token)


async def test_a_token_that_was_right_before_is_refused_once_the_issuer_has_another_key_or_none(
    rotating: tuple[Rotating, SignIn, str], private_key: OKPKey
) -> None:
    issuer, sign_in, token = rotating
    first = await sign_in.claims(token)
    assert await sign_in.claims(token) is first  # Its signature was not verified again.
    for key in (OKPKey.generate_key("Ed25519", {"kid": private_key.kid or ""}), None):
        issuer.key = key
        with pytest.raises(InvalidToken):
            await sign_in.claims(token)
    issuer.key = OKPKey.import_key(private_key.as_dict(private=True))
    assert (await sign_in.claims(token))["sub"] == "officer-1"


async def test_a_token_without_key_id_is_refused(web: httpx.AsyncClient, private_key: OKPKey) -> None:
    header, body, signature = signed(private_key, claims()).split(".")
    unnamed = jwt.encode({"alg": "Ed25519"}, claims(), private_key, algorithms=["Ed25519"])
    refused(await web.get("/any", headers=bearer(unnamed)), 401)
    refused(await web.get("/any", headers=bearer(f"{header}.{body}.{signature[:-4]}AAAA")), 401)


async def test_an_unsigned_token_is_refused(web: httpx.AsyncClient, private_key: OKPKey) -> None:
    parts = [{"alg": "none", "kid": private_key.kid}, claims()]
    head, body = (urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts)
    for token in (f"{head}.{body}.", f"{head}.{body}", f"{head}.{body}.AAAA"):
        refused(await web.get("/any", headers=bearer(token)), 401)


async def test_the_public_key_is_no_shared_secret(web: httpx.AsyncClient, private_key: OKPKey) -> None:
    public = private_key.as_dict(private=False)
    for secret in (public["x"], json.dumps(public)):
        key = OctKey.import_key(str(secret))
        token = jwt.encode({"alg": "HS256", "kid": private_key.kid}, claims(), key, algorithms=["HS256"])
        refused(await web.get("/any", headers=bearer(token)), 401)


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic abc", "Bearer é", "Bearer " + "A" * 5000, "abc"])
async def test_an_odd_authorization_header_is_refused_for_staff_and_for_clients(
    web: httpx.AsyncClient, header: str
) -> None:
    for path in ("/any", "/submit"):
        refused(await web.get(path, headers={b"Authorization": header.encode()}), 401)


@pytest.mark.parametrize("body", [b"[]", b"7", b'"x"', b"{", b'{"kid":7}', b'{"kid":""}', b"\xff", b"[" * 700])
async def test_an_odd_token_header_is_refused(web: httpx.AsyncClient, body: bytes) -> None:
    head = urlsafe_b64encode(body).rstrip(b"=").decode()
    refused(await web.get("/any", headers=bearer(f"{head}.e30.AAAA")), 401)


@pytest.mark.parametrize("roles", [[], ["analyst"], ["Officer"], "officer", {"officer": 1}, [["officer"]], None])
async def test_staff_without_the_role_are_not_allowed(web: httpx.AsyncClient, private_key: OKPKey, roles: Any) -> None:
    answer = await web.get("/decide", headers=bearer(signed(private_key, claims(roles=roles))))
    refused(answer, 403)
    assert 'error="insufficient_scope", scope="officer sro"' in answer.headers["www-authenticate"]


async def test_a_client_may_submit_and_nothing_else(web: httpx.AsyncClient, issuer: DevelopmentIssuer) -> None:
    token = issuer.client("clinic-7")
    assert (await web.get("/submit", headers=bearer(token))).json() == "clinic-7"
    refused(await web.get("/any", headers=bearer(token)), 403)


async def test_staff_are_no_client_and_strangers_may_submit(web: httpx.AsyncClient, issuer: DevelopmentIssuer) -> None:
    assert (await web.get("/submit")).json() is None
    refused(await web.get("/submit", headers=bearer(issuer.staff("x", [Role.OFFICER]))), 403)


@pytest.mark.parametrize(
    ("algorithm", "key"),
    [
        ("ES256", ECKey.generate_key("P-256", {"kid": "one"})),
        ("RS256", RSAKey.generate_key(2048, {"kid": "one"})),
        ("EdDSA", OKPKey.generate_key("Ed25519", {"kid": "one"})),
    ],
)
async def test_issuers_sign_with_other_algorithms_too(
    algorithm: str, key: OKPKey | ECKey | RSAKey, tmp_path: Path
) -> None:
    file = tmp_path / "jwks.json"
    file.write_text(json.dumps({"keys": [key.as_dict(private=False)]}))
    sign_in = SignIn(issuer="i", audience="a", keys=DevelopmentKeys(file, host="::1"), now=lambda: NOW)
    body = {"iss": "i", "aud": ["b", "a"], "sub": "s", "exp": NOW + 1}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # EdDSA has a newer name; issuers still use the old one
        token = jwt.encode({"alg": algorithm, "kid": "one"}, body, key, algorithms=[algorithm])
        assert (await sign_in.claims(token))["sub"] == "s"


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.7", "example.org", "", "localhost.example.org"])
def test_the_development_issuer_is_refused_off_the_loopback(issuer: DevelopmentIssuer, host: str) -> None:
    with pytest.raises(DevelopmentIssuerRefused, match="AUTH_JWKS_URL"):
        DevelopmentKeys(issuer.public_keys, host=host)


def test_the_development_issuer_keeps_its_key_to_its_owner(issuer: DevelopmentIssuer, folder: Path) -> None:
    private = folder / "development-issuer.json"
    assert private.stat().st_mode & 0o777 == 0o600
    before = private.read_bytes()
    DevelopmentIssuer(folder)
    assert private.read_bytes() == before
    public = issuer.public_keys.read_text()
    assert json.loads(before)["d"] not in public
    assert json.loads(before)["d"] not in repr(vars(issuer))


def test_only_public_signature_keys_are_taken_from_a_key_set() -> None:
    good = OKPKey.generate_key("Ed25519", {"kid": "good"}).as_dict(private=False)
    others: list[Any] = [
        {"kty": "oct", "kid": "oct", "k": "AAAA"},
        {"kty": "new", "kid": "new"},
        {"kty": "EC", "kid": "half"},
        {**good, "kid": "enc", "use": "enc"},
        {key: value for key, value in good.items() if key != "kid"},
        "text",
        None,
    ]
    assert list(parse_key_set(json.dumps({"keys": [*others, good]}).encode())) == ["good"]


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"keys":7}', b'{"keys":[]}', b"\xff\xfe", b'{"keys":[null]}'])
def test_what_is_no_key_set_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError):
        parse_key_set(body)
