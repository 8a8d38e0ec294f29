"""How often the private link may be sent again. Design choice: enough for somebody who errs, too little to pester."""

from collections.abc import Sequence
from datetime import datetime, timedelta

NOT_AGAIN_WITHIN = timedelta(minutes=15)
TIMES_A_DAY = 3
DAY = timedelta(days=1)


def may_be_sent(asked: Sequence[datetime], now: datetime) -> bool:
    """Whether the link may be sent at `now`, having been sent at the moments `asked`."""
    of_the_day = [moment for moment in asked if now - moment < DAY]
    return len(of_the_day) < TIMES_A_DAY and all(now - moment >= NOT_AGAIN_WITHIN for moment in of_the_day)


def noted(asked: Sequence[datetime], now: datetime) -> tuple[datetime, ...]:
    """The moments to remember after one more: those of the last day."""
    return (*(moment for moment in asked if now - moment < DAY), now)
