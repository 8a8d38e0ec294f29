"""Whether a server really answers: each probe speaks the server's own protocol, once, with a short time limit.

Only sockets and the standard library, so that a probe needs no client that might itself wait or retry.
"""

import json
import smtplib
import socket
import struct
import urllib.error
import urllib.request
from collections.abc import Callable
from http import HTTPStatus

from shared.errors import RESTORED

PROBE_SECONDS = 1.0

Probe = Callable[[], bool]


def port_is_free(port: int, host: str = "127.0.0.1") -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as trial:
        # As servers do it: an old connection that is still closing does not count as busy.
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((host, port))
        except OSError:
            return False
        return True


def something_listens(port: int, host: str) -> bool:
    try:
        socket.create_connection((host, port), timeout=PROBE_SECONDS).close()
    except OSError:
        return False
    return True


def free_ports(count: int, host: str = "127.0.0.1") -> list[int]:
    """Different free ports. Nothing holds them: start what uses them soon."""
    held = [socket.socket(socket.AF_INET, socket.SOCK_STREAM) for _ in range(count)]
    try:
        for each in held:
            each.bind((host, 0))
        return [int(each.getsockname()[1]) for each in held]
    finally:
        for each in held:
            each.close()


def kafka_answers(port: int, host: str = "127.0.0.1") -> bool:
    """True once the broker is registered with its controller: asks for the cluster's metadata, version 1, no topics."""
    api_metadata, version, correlation = 3, 1, 7
    client = b"probe"
    request = struct.pack(">hhih", api_metadata, version, correlation, len(client)) + client + struct.pack(">i", 0)
    try:
        reply = _framed(host, port, struct.pack(">i", len(request)) + request, ">i", counts_itself=False)
        brokers = struct.unpack_from(">i", reply, 4)[0]
        return bool(brokers == 1 and _controller_after_one_broker(reply) >= 0)
    except (OSError, struct.error):
        return False


def _controller_after_one_broker(reply: bytes) -> int:
    node_id, text_length, port = 4, 2, 4
    at = 8 + node_id
    at += text_length + int(struct.unpack_from(">h", reply, at)[0]) + port
    at += text_length + max(0, int(struct.unpack_from(">h", reply, at)[0]))  # the rack; a length of -1 is "none"
    return int(struct.unpack_from(">i", reply, at)[0])


def documents_answer(port: int, host: str = "127.0.0.1") -> bool:
    """True once the document server answers `ping` on its `admin` database (OP_MSG, hand-made BSON)."""
    op_msg, request_id = 2013, 1
    fields = b"\x10ping\x00" + struct.pack("<i", 1) + b"\x02$db\x00" + struct.pack("<i", 6) + b"admin\x00"
    body = struct.pack("<i", len(fields) + 5) + fields + b"\x00"
    message = struct.pack("<ii", request_id, 0) + struct.pack("<iI", op_msg, 0) + b"\x00" + body
    try:
        reply = _framed(host, port, struct.pack("<i", len(message) + 4) + message, "<i", counts_itself=True)
        return b"\x01ok\x00" + struct.pack("<d", 1.0) in reply or b"\x10ok\x00" + struct.pack("<i", 1) in reply
    except (OSError, struct.error):
        return False


def _framed(host: str, port: int, message: bytes, length: str, *, counts_itself: bool) -> bytes:
    """Send one message and read one whole reply, which begins with its length in four bytes."""
    with socket.create_connection((host, port), timeout=PROBE_SECONDS) as connection:
        connection.sendall(message)
        announced = int(struct.unpack(length, _exactly(connection, 4))[0])
        return _exactly(connection, announced - (4 if counts_itself else 0))


def _exactly(connection: socket.socket, size: int) -> bytes:
    received = b""
    while len(received) < size:
        part = connection.recv(size - len(received))
        if not part:
            raise ConnectionError("closed in the middle of a reply")
        received += part
    return received


def smtp_answers(port: int, host: str = "127.0.0.1") -> bool:
    try:
        with smtplib.SMTP(host, port, timeout=PROBE_SECONDS) as connection:
            return connection.noop()[0] == 250
    except (OSError, smtplib.SMTPException):
        return False


def http_answers(port: int, path: str = "/health/ready", host: str = "127.0.0.1") -> bool:
    return readiness(port, path, host)[0]


def readiness(port: int, path: str = "/health/ready", host: str = "127.0.0.1") -> tuple[bool, str]:
    """Whether the service says that it is ready, and what it says when not."""
    try:
        with urllib.request.urlopen(f"http://{host}:{port}{path}", timeout=PROBE_SECONDS) as reply:
            return reply.status == HTTPStatus.OK, ""
    except urllib.error.HTTPError as refusal:
        return False, _detail(refusal)
    except OSError:
        return False, "does not answer"


def stands_still(port: int, host: str = "127.0.0.1") -> str:
    """Why a service that has started does nothing until a person has acted; empty when it does not say that."""
    return RESTORED if RESTORED in readiness(port, host=host)[1] else ""


def _detail(refusal: urllib.error.HTTPError) -> str:
    with refusal:
        try:
            said = json.loads(refusal.read(2000))
        except (OSError, ValueError):
            return f"answers {refusal.code}"
    return str(said.get("detail") or said) if isinstance(said, dict) else f"answers {refusal.code}"
