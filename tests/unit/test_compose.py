"""`docker-compose.yml` agrees with the code, as far as that can be seen without a container engine."""

import json
import re
import tomllib
from graphlib import TopologicalSorter
from urllib.parse import urlsplit

import httpx
import pytest
from jsonschema import Draft202012Validator

from deploy.keys import KEY_FILES
from deploy.local.places import HERE, PROJECT
from deploy.local.platform import DEFAULT_PORTS
from deploy.local.servers import _kafka_settings
from deploy.settings_example import SETTINGS
from deploy.topics import TopicSettings
from services.notification.mail.knobs import Knobs
from services.notification.mail.relay import RelayAddress
from shared.contracts.vocabulary import Service
from shared.messaging import producer, reader
from shared.runtime import foundation, serve
from shared.runtime.settings import read
from shared.web.signing_keys import IssuerKeys
from tests.unit.deployment import FILE, VARIABLE, compose, environment, part

SPECIFICATION = PROJECT / "tests" / "data" / "compose-spec.json"
SERVERS = {"kafka", "mongodb", "mailpit"}
ONCE = {"topics", "keys"}
HEALTHY, DONE = {"condition": "service_healthy"}, {"condition": "service_completed_successfully"}


def published(name: str) -> dict[int, int]:
    """Ports on this machine, and those of the container behind them."""
    return {int(host): int(inside) for _, host, inside in (port.rsplit(":", 2) for port in part(name)["ports"])}


def seconds(written: str) -> float:
    return sum(int(n) * {"m": 60, "s": 1}[unit] for n, unit in re.findall(r"(\d+)([ms])", written))


def test_it_is_valid_by_the_specification() -> None:
    checker = Draft202012Validator(json.loads(SPECIFICATION.read_text(encoding="utf-8")))
    assert [f"{list(error.absolute_path)}: {error.message}" for error in checker.iter_errors(compose())] == []
    wrong = compose() | {"services": {"kafka": {"image": "x", "restrat": "no"}}}
    assert not checker.is_valid(wrong)


def test_it_has_the_servers_the_steps_before_and_the_four_services() -> None:
    assert set(compose()["services"]) == SERVERS | ONCE | set(Service)


@pytest.mark.parametrize("service", list(Service))
def test_a_service_is_given_its_settings_and_nothing_else(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    settings, given = SETTINGS[service], environment(service)
    fields = {name.upper(): field for name, field in settings.model_fields.items()}
    assert set(given) <= set(fields)
    assert {name for name, field in fields.items() if field.is_required()} <= set(given)
    for name in fields:
        monkeypatch.delenv(name, raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    assert read(settings).port == DEFAULT_PORTS[service]


@pytest.mark.parametrize("service", list(Service))
def test_a_service_is_run_by_its_module_and_found_at_its_port(service: Service) -> None:
    assert part(service)["command"] == ["python", "-m", f"services.{service}.app"]
    port = int(environment(service)["PORT"])
    assert published(service) == {port: port}
    assert environment(service)["HOST"] == "0.0.0.0"
    assert environment(Service.TRIAGE)[f"{service.upper()}_URL"] == f"http://{service}:{port}"


def test_variables_from_outside_are_settings_and_are_told_at_the_top() -> None:
    text = FILE.read_text(encoding="utf-8")
    used = {match["name"] for match in VARIABLE.finditer(text)}
    assert len(VARIABLE.findall(text)) == text.count("${") - text.count("`${")
    real = {name.upper() for settings in SETTINGS.values() for name in settings.model_fields}
    assert used <= real
    told = set(re.findall(r"[A-Z][A-Z_]+", text.partition("# Staff sign-in.")[0].partition("What you may set")[2]))
    assert told - {"OIDC"} == used


def test_topics_are_made_for_the_same_kafka_and_the_same_channels() -> None:
    assert part("topics")["command"] == ["python", "-m", "deploy.topics"]
    given = environment("topics")
    assert {name.lower() for name in given} <= set(TopicSettings.model_fields)
    intake = environment("intake")
    assert given == {name: intake[name] for name in given}


def test_keys_are_made_where_the_services_read_them_and_only_there_written() -> None:
    *command, folder = part("keys")["command"]
    assert command == ["python", "-m", "deploy.keys"]
    assert part("keys")["volumes"] == [f"keys:{folder}"]
    for service in Service:
        assert part(service)["volumes"] == [f"keys:{folder}:ro"]
        given, needed = environment(service), {name.upper() for name in SETTINGS[service].model_fields}
        assert {name: value for name, value in given.items() if name in KEY_FILES} == {
            setting: f"{folder}/{name}" for setting, name in KEY_FILES.items() if setting in needed
        }


def test_servers_are_addressed_as_they_listen() -> None:
    kafka, notification = environment("kafka"), environment("notification")
    advertised = dict(each.split("://") for each in kafka["KAFKA_ADVERTISED_LISTENERS"].split(","))
    listening = dict(each.split("://:") for each in kafka["KAFKA_LISTENERS"].split(","))
    assert advertised["INSIDE"] == notification["KAFKA_BOOTSTRAP"] == f"kafka:{listening['INSIDE']}"
    assert advertised["OUTSIDE"] == f"127.0.0.1:{DEFAULT_PORTS['kafka']}"
    assert published("kafka") == {DEFAULT_PORTS["kafka"]: int(listening["OUTSIDE"])}
    assert kafka["KAFKA_INTER_BROKER_LISTENER_NAME"] == "INSIDE"
    assert kafka["KAFKA_CONTROLLER_QUORUM_VOTERS"] == f"{kafka['KAFKA_NODE_ID']}@kafka:{listening['CONTROLLER']}"
    assert set(listening) == set(re.findall(r"(\w+):PLAINTEXT", kafka["KAFKA_LISTENER_SECURITY_PROTOCOL_MAP"]))
    mongodb = urlsplit(notification["MONGODB_URI"])
    assert (mongodb.hostname, mongodb.port) == ("mongodb", 27017)
    assert published("mongodb") == {DEFAULT_PORTS["documents"]: 27017}
    relay = RelayAddress.of(notification["SMTP_URL"])
    assert relay.host == "mailpit"
    assert published("mailpit")[DEFAULT_PORTS["mail"]] == relay.port
    assert urlsplit(notification["PUBLIC_URL"]).port in published("intake")


def test_the_replica_set_is_made_by_the_health_check_under_the_name_that_clients_ask_for() -> None:
    script = part("mongodb")["healthcheck"]["test"][-1]
    name = part("mongodb")["command"][part("mongodb")["command"].index("--replSet") + 1]
    assert f'rs.initiate({{ _id: "{name}", members: [{{ _id: 0, host: "mongodb:27017" }}] }})' in script
    assert part("mongodb")["hostname"] == "mongodb"
    assert environment("intake")["MONGODB_URI"].endswith(f"?replicaSet={name}")
    assert script.count("{") == script.count("}")
    assert "\n" not in script


def test_kafka_is_set_up_as_without_containers() -> None:
    given = environment("kafka")
    local = dict(line.split("=", 1) for line in _kafka_settings(HERE, 1, 2).splitlines() if "=" in line)
    only_there = {  # small numbers of partitions and little memory, for tests that start it often
        "offsets.topic.num.partitions",
        "transaction.state.log.num.partitions",
        "share.coordinator.state.topic.num.partitions",
        "log.cleaner.dedupe.buffer.size",
    }
    placed = {"listeners", "advertised.listeners", "controller.quorum.voters", "listener.security.protocol.map"}
    for key, value in local.items():
        if key not in only_there | placed | {"log.dirs"}:
            assert given[f"KAFKA_{key.upper().replace('.', '_')}"] == value, key


def test_everything_starts_in_an_order_gated_by_health() -> None:
    waits = {name: part(name).get("depends_on", {}) for name in compose()["services"]}
    order = list(TopologicalSorter({name: set(after) for name, after in waits.items()}).static_order())
    assert set(order) == set(compose()["services"])
    before = {"kafka": HEALTHY, "mongodb": HEALTHY, "topics": DONE, "keys": DONE}
    for service in Service:
        expected = before | ({"mailpit": HEALTHY} if service is Service.NOTIFICATION else {})
        assert waits[service] == expected
    assert waits["topics"] == {"kafka": HEALTHY}
    for after in waits.values():
        for name, condition in after.items():
            assert condition == (DONE if name in ONCE else HEALTHY)
            assert (name in ONCE) == (part(name)["restart"] == "no")
    for name in SERVERS:
        assert part(name)["healthcheck"]["test"][0] == "CMD"


def test_a_service_may_take_longer_to_stop_than_it_ever_needs() -> None:
    longest = (
        serve.STOP_SECONDS
        + reader.STOP_SECONDS  # all readers of a service stop side by side
        + Knobs().drain.total_seconds()
        + foundation.DRAIN_SECONDS
        + 3 * producer.STOP_SECONDS
    )
    for service in Service:
        assert seconds(part(service)["stop_grace_period"]) > longest
        assert part(service)["restart"] == "unless-stopped"


def test_images_are_pinned_and_are_those_of_this_version() -> None:
    images = {name: part(name)["image"] for name in compose()["services"]}
    version = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    for name, image in images.items():
        assert re.fullmatch(r"[a-z/-]+:v?\d+\.\d+\.\d+", image), image
        assert (image == f"second-look:{version}") == (name in ONCE | set(Service))
    kafka = re.search(r"<kafka>([^<]+)</kafka>", (HERE / "pom.xml").read_text(encoding="utf-8"))
    assert kafka is not None
    assert images["kafka"] == f"apache/kafka:{kafka[1]}"


def test_no_secret_stands_in_it() -> None:
    for name in compose()["services"]:
        for variable, value in environment(name).items():
            assert not re.search(r"PASSWORD|SECRET|TOKEN|PRIVATE", variable)
            if variable.endswith(("_URL", "_URI")):
                assert urlsplit(value).password is None, variable
    keys_and_addresses = {v for n in compose()["services"] for v in environment(n) if "KEY" in v}
    assert keys_and_addresses == set(KEY_FILES)


def test_nobody_off_this_machine_reaches_a_port() -> None:
    for name in compose()["services"]:
        assert all(port.startswith("127.0.0.1:") for port in part(name).get("ports", ())), name


def test_our_containers_can_change_nothing_but_what_they_must() -> None:
    for name in ONCE | set(Service):
        own = part(name)
        assert (own["read_only"], own["cap_drop"], own["init"]) == (True, ["ALL"], True)
        assert own["security_opt"] == ["no-new-privileges:true"]
        assert "user" not in own  # the image's own, which is not root
    named = {volume.partition(":")[0] for name in compose()["services"] for volume in part(name).get("volumes", ())}
    assert named == set(compose()["volumes"])


async def test_without_an_issuer_nobody_of_staff_is_let_in_and_everything_else_works() -> None:
    given = environment("intake")
    async with httpx.AsyncClient() as client:
        IssuerKeys(given["AUTH_JWKS_URL"], client)  # accepted at the start; nothing answers there
    assert urlsplit(given["AUTH_JWKS_URL"]).port == 1
    assert "SECONDLOOK_CLOCK" not in given  # refused off the loopback
