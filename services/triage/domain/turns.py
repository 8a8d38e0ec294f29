"""Whose turn it is when an officer takes the next case. Pure: the endpoint and the simulation ask the same."""

from shared.contracts.vocabulary import Urgency
from shared.policy.model import RoutineShare


def is_routines_turn(first: Urgency | None, *, passed: int, share: RoutineShare) -> bool:
    """Whether an old routine case goes before the first one of the queue, after `passed` others have been taken.

    Never before an imminent removal, however many were; and only detained people can be before it otherwise.
    """
    return first is Urgency.DETAINED and passed + 1 >= share.one_in
