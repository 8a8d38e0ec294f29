"""Reading a delivery report (RFC 3464): whether it says that a letter was not delivered, and by which status.

Nothing else of it is looked at or kept: it holds addresses, and often the letter. Which letter it is about is not read
from it, but from the address to which it came (`returning.py`).
"""

import re
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from email.policy import compat32
from typing import Final

STATUS: Final = re.compile(r"\s*([245]\.[0-9]{1,3}\.[0-9]{1,3})\b")
UNKNOWN_STATUS: Final = "5.0.0"
ACTIONS: Final = frozenset({"failed", "delayed", "delivered", "relayed", "expanded"})
ARRIVED: Final = frozenset({"delivered", "relayed", "expanded"})


@dataclass(frozen=True, slots=True)
class Report:
    """What it says of the one recipient that a letter has. `status`: RFC 3463."""

    failed: bool
    status: str


def report_in(content: bytes) -> Report | None:
    """The report in a message; None where there is none, such as in what a robot or a person writes back.

    One that says both, for an address that stands for several people, says that it arrived somewhere.
    """
    message = message_from_bytes(content, policy=compat32)  # It takes every header as it comes, and raises nothing.
    if message.get_content_type() != "multipart/report":
        return None
    told = [
        (str(block.get("Action", "")).strip().lower(), str(block.get("Status", "")))
        for part in _parts(message)  # Not what is inside of these: the letter that came back may quote anything.
        if part.get_content_type() in {"message/delivery-status", "message/global-delivery-status"}
        for block in _parts(part)
    ]
    said = [(action, status) for action, status in told if action in ACTIONS]
    if not said:
        return None
    failed = [status for action, status in said if action == "failed"]
    if not failed or any(action in ARRIVED for action, _ in said):
        return Report(False, "")
    found = STATUS.match(failed[0])
    return Report(True, found.group(1) if found else UNKNOWN_STATUS)


def _parts(of: Message) -> list[Message]:
    """The parts of a message; of a delivery status its groups of fields, one of the message, one for each recipient."""
    payload = of.get_payload()
    return [part for part in payload if isinstance(part, Message)] if isinstance(payload, list) else []
