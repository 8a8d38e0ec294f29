"""What officers can ask for. A typed text comes already sealed (`box`), under its blob's name."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from services.triage.domain.decision import Decision
from shared.casework.admission import works_for


class Order(StrEnum):
    """What an officer can ask for."""

    CLAIM = "claim"
    RELEASE = "release"
    HAND_OVER = "hand-over"
    DRAFT = "draft"
    SEEN = "seen"
    FORWARD = "forward"
    DECIDE = "decide"
    ASK = "ask"
    ANSWER = "answer"
    TAKE_BACK = "take-back"


@dataclass(frozen=True, slots=True)
class Officer:
    """Who asks: the token's subject, and the offices that it names. Headquarters sees to cases without an office."""

    subject: str
    offices: frozenset[str]
    assigns: bool = False

    def may_work(self, office: str | None) -> bool:
        """Whether a case of this office (None: to be assigned) is this officer's business."""
        return works_for(self.offices, office, assigns=self.assigns)


@dataclass(frozen=True, slots=True)
class Claim:
    """Take the case in hand. `taken` notes by which request for the next case, so that it is answered alike again."""

    officer: Officer
    taken: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Release:
    """Give it back to the queue."""

    officer: Officer


@dataclass(frozen=True, slots=True)
class Forward:
    """Give it to another office; `facts_seen` is the newest amendment seen, `box` the reason, sealed."""

    officer: Officer
    office: str
    facts_seen: int
    box: Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class Decide:
    """Give the request its initial consideration; `facts_seen` is the newest amendment that the officer saw.

    With `claim` it takes the case in hand as well. `guidance_seen`: the version under which it was seen, if it says so.
    """

    officer: Officer
    decision: Decision
    facts_seen: int
    box: Mapping[str, bytes]
    claim: bool = False
    guidance_seen: str | None = None


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask the requestor; `about` names what is asked for by codes, the question itself is sealed in `box`.

    `facts_seen`: the newest amendment that the officer saw, if they say so.
    """

    officer: Officer
    about: tuple[str, ...]
    box: Mapping[str, bytes]
    facts_seen: int | None = None
