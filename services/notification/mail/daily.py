"""How many letters of a kind one address was granted on one day, those included that are still under way here."""

from uuid import UUID


class Granted:
    """Which letters this process has let go to an address on a day. `address_day`: `<date>_<keyed hash>`."""

    def __init__(self) -> None:
        self._by_day: dict[str, set[UUID]] = {}

    def others(self, address_day: str, notification: UUID) -> int:
        """How many but this one: a letter that was put off and comes again counts once."""
        return len(self._by_day.get(address_day, set()) - {notification})

    def grant(self, address_day: str, notification: UUID) -> None:
        """Count this letter. What was granted on other days is forgotten."""
        date = address_day.partition("_")[0]
        if address_day not in self._by_day:
            self._by_day = {day: letters for day, letters in self._by_day.items() if day.startswith(date)}
        self._by_day.setdefault(address_day, set()).add(notification)
