"""What staff read of a case's place in a queue. Pure; the field office and headquarters say it alike."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from shared.contracts.vocabulary import Urgency


@dataclass(frozen=True, slots=True)
class Why:
    """One reason for a case's place, by its code, with the sentence it stands for."""

    because: str
    sentence: str


def local(moment: datetime, zone: str) -> str:
    """A moment with its weekday, its year and its zone."""
    return moment.astimezone(ZoneInfo(zone)).strftime("%a %d %b %Y %H:%M %Z")


def words(urgency: Urgency) -> str:
    """An urgency within a sentence."""
    return urgency.value.lower().replace("_", " ")
