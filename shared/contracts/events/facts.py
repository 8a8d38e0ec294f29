"""What is known of a person and of a request, as several events say it. Absent is unknown, never no."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Final, Generic, Self, TypeVar

from pydantic import Field

from shared.contracts.envelope import Contract
from shared.contracts.vocabulary import Belief, ConsentKind, ConsentStatus, CustodyStatus

T = TypeVar("T")

GANG: Final = "gang_participation"
GANG_AGE_UNKNOWN: Final = "gang_participation_age_unknown"
AGE: Final = "age_at_conduct"


class Received(Contract):
    """Where a request came from: the channel, and a keyed hash of the idempotency key that it had there.

    Events from before ids were keyed have the key itself, where it looked harmless.
    """

    channel: str
    id: str


class Custody(Contract):
    """Custody without the facility's name: its place routes the case, and nobody outside ever sees it."""

    status: CustodyStatus
    state: str | None = None
    county: str | None = None


class Removal(Contract):
    """What is known of a removal. A date in the past stays imminent until somebody says otherwise."""

    scheduled_for: date | None = None
    believed_imminent: Belief = Belief.UNKNOWN


class Place(Contract):
    """Where the person lives, or was living."""

    state: str
    county: str | None = None


class Consent(Contract):
    """The paper claimed, and what staff made of it."""

    kind: ConsentKind
    status: ConsentStatus


class Claimed(Contract, Generic[T]):
    """What the requestor says, where an officer's word outranks it. It stays visible."""

    value: T
    on: date


class Fact(Contract, Generic[T]):
    """A fact that the priorities ask about, who asserted it, and when. Absent is unknown, never no."""

    value: T
    asserted_by: str
    on: date
    claimed: Claimed[T] | None = None


class GangParticipation(Contract):
    """Active participation in an organized criminal gang."""

    intentional: bool
    age_at_conduct: int = Field(ge=0, le=150)


class GangParticipationAgeUnknown(Contract):
    """The same where nobody knows the age. `age_at_conduct`: as it was claimed, where staff say otherwise."""

    intentional: bool
    age_at_conduct: Annotated[int, Field(ge=0, le=150)] | None = None


class Facts(Contract):
    """The facts that the priorities ask about; health and victim codes among the last two travel sealed."""

    national_security_concern: Fact[bool] | None = None
    apprehended_on: Fact[date] | None = None
    apprehended_entering_unlawfully: Fact[bool] | None = None
    first_present_on: Fact[date] | None = None
    last_entry_on: Fact[date] | None = None
    last_entry_unlawful: Fact[bool] | None = None
    aggravated_felony: Fact[bool] | None = None
    gang_conviction: Fact[bool] | None = None
    gang_participation: Fact[GangParticipation] | None = None
    gang_participation_age_unknown: Fact[GangParticipationAgeUnknown] | None = None
    threat_to_public_safety: Fact[bool] | None = None
    released_from_incarceration_on: Fact[date] | None = None
    final_order: Fact[bool] | None = None
    pending_in_court: Fact[bool] | None = None
    mitigating: tuple[Fact[str], ...] = ()
    aggravating: tuple[Fact[str], ...] = ()

    @classmethod
    def telling(cls, known: Mapping[str, Any]) -> Self:
        """The facts that are known, by name. A participation without an age travels in the field that allows that."""
        gang = known.get(GANG)
        ages = [gang["value"].get(AGE), (gang.get("claimed") or gang)["value"].get(AGE)] if gang else []
        named = {name: fact for name, fact in known.items() if name != GANG}
        return cls.model_validate(named | ({GANG_AGE_UNKNOWN if None in ages else GANG: gang} if gang else {}))

    def told(self) -> dict[str, Any]:
        """What is known, by name, as JSON: gang participation by one name, whichever field it came in."""
        known = self.model_dump(mode="json", exclude_none=True)
        gang = known.pop(GANG_AGE_UNKNOWN, None)
        return known | ({GANG: gang} if gang else {})


class SeenFacts(Contract):
    """The facts as somebody saw them when they decided."""

    custody: Custody
    removal: Removal
    facts: Facts
