"""What was granted in a case, at one moment, by the office or by headquarters."""

from dataclasses import dataclass
from datetime import date, datetime

from shared.contracts.vocabulary import ReliefSought, Stage


@dataclass(frozen=True, slots=True)
class Grant:
    """It is to be carried out from `since` on, until somebody says that it was done: on the day `on`, said at `at`.

    `ends`: by when it should have been, for each urgency (by name), so that later facts give the same moment in
    whatever order they come.
    """

    reliefs: tuple[ReliefSought, ...]
    stage: Stage
    since: datetime
    ends: dict[str, datetime]
    on: date | None = None
    at: datetime | None = None
