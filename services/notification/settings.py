"""Notification's own settings."""

from typing import Annotated

from pydantic import Field, SecretStr

from shared.contracts.vocabulary import Letter
from shared.runtime.settings import Optional, ServiceSettings


class NotificationSettings(ServiceSettings):
    """What notification needs besides what all services need."""

    smtp_url: SecretStr = Field(description="The mail relay, smtp://[user:password@]host:port.")
    smtp_reply_seconds: float = Field(
        60.0,
        ge=1,
        le=3600,
        description="How long the relay's reply to a letter is waited for; claims on letters last long enough for it.",
    )
    mail_from: str = Field(description="The sender of all letters, as in a From header.")
    return_to: str = Field(
        "",
        description="The address to which reports of undelivered letters come, such as bounces@agency.example: the "
        "envelope sender of each letter is this with a mark after a plus. Empty: MAIL_FROM's own address, unread.",
    )
    returns_port: Annotated[int | None, Optional] = Field(
        None,
        ge=0,
        le=65535,
        description="The LMTP port on which a relay hands over what comes to RETURN_TO. It asks nobody who they are: "
        "open it to the relay alone.",
    )
    staff_url: str = Field(
        "http://127.0.0.1:8102",
        pattern="^https?://",
        description="Where staff reach the field offices' queue: the link in mails to duty mailboxes.",
    )
    headquarters_url: str = Field(
        "http://127.0.0.1:8103",
        pattern="^https?://",
        description="Where staff reach headquarters' queue: the link in mails to its duty mailbox about a review.",
    )
    resend_in_bulk: tuple[Letter, ...] = Field(
        (),
        description="Kinds of letters that an operator may send again many at once when nobody knows whether they went "
        'out, such as ["link_sent"]: a second copy of these does no harm.',
    )
