"""To which part of a service a moment of CPU time belongs: the innermost frame that says so."""

from collections.abc import Iterable
from typing import Final

ENGINE: Final = "engine: turns, steps, outbox"
EVENTS: Final = "events and bodies: read, checked, written"
BSON: Final = "documents to and from BSON"
STORE: Final = "MongoDB driver"
KAFKA: Final = "Kafka client"
RULES: Final = "rules of the process, policy"
SEALING: Final = "sealing, keys, blind index"
MAIL: Final = "letters, SMTP"
HTTP: Final = "HTTP, pages"
LOOP: Final = "event loop, threads, timers"

_PARTS: Final[tuple[tuple[str, str], ...]] = (
    ("<cattrs", BSON),
    ("shared/mongo/mapping.py", BSON),
    ("shared/mongo/", STORE),
    ("shared/contracts/", EVENTS),
    ("shared/messaging/", KAFKA),
    ("shared/casework/", ENGINE),
    ("shared/privacy/", SEALING),
    ("shared/policy/", RULES),
    ("shared/language/", MAIL),
    ("shared/web/", HTTP),
    ("shared/runtime/", LOOP),
    ("services/notification/mail/", MAIL),
    ("services/notification/rendering", MAIL),
    ("services/", RULES),
    ("site-packages/cattrs/", BSON),
    ("site-packages/bson/", BSON),
    ("site-packages/pymongo/", STORE),
    ("site-packages/motor/", STORE),
    ("site-packages/pydantic", EVENTS),
    ("site-packages/aiokafka/", KAFKA),
    ("site-packages/faststream/", KAFKA),
    ("site-packages/cryptography/", SEALING),
    ("site-packages/aiosmtplib/", MAIL),
    ("site-packages/jinja2/", HTTP),
    ("site-packages/fastapi/", HTTP),
    ("site-packages/starlette/", HTTP),
    ("site-packages/uvicorn/protocols/", HTTP),
    ("site-packages/uvicorn/middleware/", HTTP),
)
_ROOTS: Final = ("site-packages/", "services/", "shared/")
"""Where the part of a file's name begins that tells its part; the first of these that the name has."""


def part_of(files: Iterable[str]) -> str:
    """The part of a stack, given the file of each frame, innermost first."""
    for file in files:
        if part := _of_file(file):
            return part
    return LOOP


def _of_file(file: str) -> str | None:
    for root in _ROOTS:
        _, found, rest = file.rpartition(root)
        if found:
            file = found + rest
            break
    return next((part for prefix, part in _PARTS if file.startswith(prefix)), None)
