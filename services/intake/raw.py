"""A submission as it came in, before anybody has looked at what it says; and why some go no further."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from shared.contracts.reading import WrongField

ANONYMOUS: Final = "anonymous"
HTTP: Final = "http"

WRONG_BODY: Final = "wrong_body"
ERASED: Final = "erased"
KEY_BROKEN: Final = "key_broken"
KEY_GONE: Final = "key_gone"
"""The case is known, and the keyring has no key of it: an older copy was put back. A second key would hide that."""


@dataclass(frozen=True, slots=True)
class RawSubmission:
    """A request as it came in. `content` is its JSON, read already or not.

    `namespace` says whose idempotency keys these are (`client_namespace`, `channel_namespace`, `ANONYMOUS`).
    `received_at` is on the policy clock: the moment of acceptance, or the broker's time of the record.
    `resubmits_link` is the token of a rejected request's private link; it proves `resubmits`, and is never stored.
    """

    content: bytes | Mapping[str, Any]
    channel: str
    namespace: str
    key: str
    received_at: datetime
    resubmits_link: str | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """A submission that cannot become a case. `wrong` names fields and kinds of errors, never values.

    `ERASED`: the case was erased by order; nothing of this copy may be kept, not even as a dead letter.
    """

    code: str
    wrong: tuple[WrongField, ...] = ()

    @property
    def reason(self) -> str:
        """One line for a dead letter or a log."""
        return "; ".join((self.code, *(f"{each.field}: {each.code}" for each in self.wrong[:5])))


def client_namespace(subject: str) -> str:
    """The namespace of a client that signed in."""
    return f"client:{subject}"


def is_client(namespace: str) -> bool:
    """Whether it is that of a client that signed in."""
    return namespace.startswith(client_namespace(""))


def channel_namespace(channel: str) -> str:
    """The namespace of a Kafka channel: its topic is guarded, what its records say of their source is only a claim."""
    return f"channel:{channel}"
