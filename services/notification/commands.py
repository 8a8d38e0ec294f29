"""The commands of notification: what the mail loop learned from the relay, and what staff do about a letter."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum, unique
from uuid import UUID

from services.notification.domain.relay_log import LogSays
from shared.contracts.vocabulary import Letter, MailResult


@unique
class Mail(StrEnum):
    """Names of the commands."""

    RECORD = "record"
    DEFER = "defer"
    RESEND = "resend"
    DELIVERED = "delivered"
    SETTLE = "settle"
    BOUNCED = "bounced"


@unique
class Heard(StrEnum):
    """How a person knows that the message reached its reader, or told it."""

    ARRIVED = "arrived"
    BY_PHONE = "by_phone"
    BY_POST = "by_post"


@unique
class ResendBecause(StrEnum):
    """Why a person has a letter sent again. Codes, for a typed text could name somebody."""

    NEVER_TAKEN = "never_taken"
    RELAY_LOST_IT = "relay_lost_it"
    SECOND_COPY_HARMLESS = "second_copy_harmless"
    READER_ASKED = "reader_asked"


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
    """A person has it sent once more. Attempts claimed until after `over_since` (real time) may still be under way.

    `bulk`: what makes it one of many, which is refused where one alone would be the person's own risk.
    """

    notification: UUID
    by: str
    over_since: datetime
    why: ResendBecause | None = None
    bulk: "Bulk | None" = None


@dataclass(frozen=True, slots=True)
class Bulk:
    """Only an uncertain letter of this kind, as it was seen; only one that no log names, if `never_taken`."""

    letter: Letter
    attempt: int
    never_taken: bool


@dataclass(frozen=True, slots=True)
class Delivered:
    """A person says that the letter arrived, or told its reader by phone or post."""

    notification: UUID
    by: str
    heard: Heard


@dataclass(frozen=True, slots=True)
class LogRead:
    """A relay's log says something of an uncertain letter, as it was seen. `source`: which log, and where in it."""

    notification: UUID
    by: str
    attempt: int
    says: LogSays
    source: str


@dataclass(frozen=True, slots=True)
class Bounced:
    """A report came back that a letter was not delivered. `begins`: the first digits of its id; `status`: RFC 3463."""

    begins: str
    attempt: int
    status: str
