"""The commands of notification: what the mail loop learned from the relay, and what staff do about a letter."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum, unique
from uuid import UUID

from shared.contracts.vocabulary import MailResult


@unique
class Mail(StrEnum):
    """Names of the commands."""

    RECORD = "record"
    DEFER = "defer"
    RESEND = "resend"
    DELIVERED = "delivered"


@unique
class Heard(StrEnum):
    """How a person knows that the message reached its reader, or told it."""

    ARRIVED = "arrived"
    BY_PHONE = "by_phone"
    BY_POST = "by_post"


@dataclass(frozen=True, slots=True)
class RecordResult:
    """What became of the attempt that holds `token`. `address_day`: keyed hash of address and day (the daily limit)."""

    notification: UUID
    token: str
    result: MailResult
    reply_class: str
    address_day: str | None = None


@dataclass(frozen=True, slots=True)
class DeferMail:
    """Nothing was sent: due again at `next_at` (real time). `counted`: the relay itself said "later"."""

    notification: UUID
    token: str
    next_at: datetime
    reply_class: str
    counted: bool


@dataclass(frozen=True, slots=True)
class Resend:
    """A person has it sent once more. Attempts claimed until after `over_since` (real time) may still be under way."""

    notification: UUID
    by: str
    over_since: datetime


@dataclass(frozen=True, slots=True)
class Delivered:
    """A person says that the letter arrived, or told its reader by phone or post."""

    notification: UUID
    by: str
    heard: Heard
