"""What is noted of a case at any time: what became of a letter, and that its personal data is gone."""

from typing import ClassVar
from uuid import UUID

from shared.contracts.envelope import Count, EventData
from shared.contracts.vocabulary import EventType, Letter, MailResult, Recipient


class NotificationRecorded(EventData):
    """What became of one letter: no address, no content."""

    type: ClassVar[EventType] = EventType.NOTIFICATION_RECORDED

    notification: UUID
    letter: Letter
    role: Recipient
    result: MailResult
    attempt: Count
    reply_class: str


class CaseErased(EventData):
    """The case's key is destroyed: its sealed data can never be read again."""

    type: ClassVar[EventType] = EventType.CASE_ERASED

    ordered_by: str
    reference: str
