"""What an SRO can ask for, by name: the commands of escalation's table."""

from enum import StrEnum, unique


@unique
class Order(StrEnum):
    """An order; also the last part of its route, and of the id of its command."""

    CLAIM = "claim"
    RELEASE = "release"
    HAND_OVER = "hand-over"
    DRAFT = "draft"
    RECUSE = "recuse"
    DECIDE = "decide"
    REMAND = "remand"
    ASK = "ask"
