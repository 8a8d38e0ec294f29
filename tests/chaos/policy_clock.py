"""Policy time of a campaign, worked out from its file apart from the services."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path


@dataclass(frozen=True, slots=True)
class PolicyClock:
    """Policy time is `start` at the real moment `anchor`, and runs `speed` times as fast."""

    start: datetime
    speed: float
    anchor: datetime

    @classmethod
    def of(cls, folder: Path) -> "PolicyClock":
        """The clock of the platform in this folder."""
        said = json.loads((folder / "clock.json").read_text(encoding="utf-8"))
        start, _, speed = said["clock"].partition("*")
        return cls(datetime.fromisoformat(start), float(speed), datetime.fromisoformat(said["anchor"]))

    def now(self) -> datetime:
        """Policy time."""
        return self.start + (datetime.now(UTC) - self.anchor) * self.speed

    def real(self, policy: datetime) -> datetime:
        """When it was, or will be, that policy time."""
        return self.anchor + (policy - self.start) / self.speed
