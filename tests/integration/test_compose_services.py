"""The four services with the environment that docker-compose.yml gives them, from the files of the image alone.

Without a container engine: real servers in the places of the containers, free ports, and the keys in a folder of the
test. All else is as written there, also that services listen on every address, so that the development issuer and the
policy clock are refused.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from deploy.local import probes, processes
from deploy.local.mailbox import Mailbox
from deploy.local.processes import Running
from shared.contracts.vocabulary import Service
from shared.mongo.driver import Driver
from shared.web.sign_in import Role
from shared.web.tokens import DevelopmentIssuer
from tests.conftest import Servers
from tests.contracts.test_reading import WHOLE
from tests.eventually import eventually
from tests.unit.deployment import environment, lay_out, part

pytestmark = pytest.mark.real

KEYS = "/var/lib/secondlook/keys"


@dataclass(frozen=True)
class Deployment:
    """What runs, and how each container would have been started."""

    image: Path
    ports: Mapping[Service, int]
    running: Mapping[Service, Running]
    environments: Mapping[str, Mapping[str, str]]

    def url(self, service: Service, path: str) -> str:
        return f"http://127.0.0.1:{self.ports[service]}{path}"


def run_once(command: list[str], given: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """A one-shot container's command, to its end."""
    return subprocess.run(
        [sys.executable, *command[1:]], env={**os.environ, **given}, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module", name="deployment", params=list(Driver))
def _deployment(
    request: pytest.FixtureRequest, servers: Servers, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Deployment]:
    folder = tmp_path_factory.mktemp("deployment")
    image = lay_out(folder / "app")
    ports = dict(zip(Service, probes.free_ports(len(Service)), strict=True))
    usual = {service: environment(service)["PORT"] for service in Service}
    prefix = f"compose-{uuid4().hex[:8]}-"

    def placed(value: str) -> str:
        value = {"kafka:9092": servers.kafka, "smtp://mailpit:1025": servers.smtp}.get(value, value)
        value = servers.mongodb if value.startswith("mongodb://mongodb:") else value.replace(KEYS, str(folder / "keys"))
        for service, port in usual.items():
            value = re.sub(rf"^http://({service}|localhost):{port}$", f"http://127.0.0.1:{ports[service]}", value)
        return value

    # The image's files come before this project, which is installed here as well.
    common = {"PYTHONPATH": str(image), "PYTHONSAFEPATH": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    environments = {
        name: {key: placed(value) for key, value in environment(name).items()} | common | {"SECONDLOOK_PREFIX": prefix}
        for name in ("topics", "keys", *Service)
    }
    for service in Service:
        environments[service] |= {"PORT": str(ports[service]), "SECONDLOOK_MONGO_DRIVER": request.param}
    made = run_once([*part("keys")["command"][:-1], str(folder / "keys")], environments["keys"])
    assert made.returncode == 0, made.stderr
    for _ in range(2):  # the second time all are there and as declared
        made = run_once(part("topics")["command"], environments["topics"])
        assert made.returncode == 0, made.stderr
    running = {}
    try:
        for service in Service:
            command = [sys.executable, *part(service)["command"][1:]]
            running[service] = processes.start(
                command, log=folder / f"{service}.log", environment=environments[service]
            )
        yield Deployment(image, ports, running, environments)
    finally:
        processes.stop_all(list(running.values()), within=60)


async def ready(deployment: Deployment, service: Service) -> bool:
    assert processes.is_alive(deployment.running[service]), "it has ended"
    try:
        async with httpx.AsyncClient(timeout=10) as client:
            answer = await client.get(deployment.url(service, "/health/ready"))
    except httpx.TransportError:
        return False
    return answer.status_code == 200


async def test_all_become_ready_and_the_image_s_health_check_says_so(deployment: Deployment, tmp_path: Path) -> None:
    for service in Service:
        await eventually(partial(ready, deployment, service), within=60)
        checked = run_once(["python", "-m", "deploy.healthcheck"], deployment.environments[service])
        assert (checked.returncode, checked.stdout.strip()) == (0, "ready")
    as_built = {path.relative_to(tmp_path) for path in lay_out(tmp_path).rglob("*")}
    now = {path.relative_to(deployment.image) for path in deployment.image.rglob("*")}
    assert now == as_built  # they write no file beside their own: a container's file system may be read-only


async def test_a_request_is_taken_and_its_letter_goes_out(deployment: Deployment, servers: Servers) -> None:
    for service in (Service.INTAKE, Service.NOTIFICATION):
        await eventually(partial(ready, deployment, service), within=60)
    async with httpx.AsyncClient(timeout=20) as client:
        answer = await client.post(
            deployment.url(Service.INTAKE, "/requests"), json=WHOLE, headers={"Idempotency-Key": str(uuid4())}
        )
    assert answer.status_code == 202, answer.text
    assert answer.json()["status_url"].startswith(deployment.url(Service.INTAKE, "/status/"))
    number, box = answer.json()["case_number"], Mailbox(servers.mail)

    async def arrived() -> bool:
        letters = [box.letter(mail.number) for mail in box.all()]
        return any(letter is not None and letter.case_number == number for letter in letters)

    await eventually(arrived, within=30)


async def test_without_an_issuer_staff_are_told_that_nobody_can_sign_in(deployment: Deployment, tmp_path: Path) -> None:
    await eventually(partial(ready, deployment, Service.TRIAGE), within=60)
    token = DevelopmentIssuer(tmp_path).staff("ana", [Role.OFFICER], offices=["ATL"])
    async with httpx.AsyncClient(timeout=20) as client:
        queue = deployment.url(Service.TRIAGE, "/queue")
        assert (await client.get(queue)).status_code == 401
        refused = await client.get(queue, headers={"Authorization": f"Bearer {token}"})
    assert refused.status_code == 503, refused.text


async def test_the_development_issuer_and_the_policy_clock_are_refused(deployment: Deployment, tmp_path: Path) -> None:
    keys = DevelopmentIssuer(tmp_path).public_keys.as_uri()
    for wrong, said in (
        ({"AUTH_JWKS_URL": keys}, "Development tokens are accepted on the loopback only"),
        ({"SECONDLOOK_CLOCK": "2021-03-08T09:00-05:00*10@2026-01-31T12:00+00:00"}, "loopback only"),
    ):
        given = {**deployment.environments[Service.ESCALATION], **wrong}
        ended = run_once(part(Service.ESCALATION)["command"], given)
        assert ended.returncode != 0
        assert said in ended.stderr


def test_all_stop_within_their_grace_when_they_are_asked(deployment: Deployment) -> None:
    """Runs last: nothing of this deployment is left afterwards."""
    running = list(deployment.running.values())
    processes.stop_all(running, within=60)
    assert not any(map(processes.is_alive, running))
