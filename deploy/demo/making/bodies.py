"""The body of one request, and what the product is expected to make of it."""

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Any

from deploy.demo.making.persons import Person
from deploy.demo.making.places import PLACES, TO_BE_ASSIGNED, Place, spoken, written_as
from deploy.demo.making.words import ODD_ENDINGS, RELATIONSHIPS, Story, narrative

DAY_ONE = date(2021, 3, 8)

Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Situation:
    """Custody and removal of one request. `place_known` False: nobody can tell which office is responsible."""

    custody: str
    imminent: bool
    place_known: bool = True

    @property
    def urgency(self) -> str:
        """By the announced priority; custody that nobody knows counts as detained."""
        if self.imminent:
            return "REMOVAL_IMMINENT"
        return "ROUTINE" if self.custody == "NOT_DETAINED" else "DETAINED"

    @property
    def urgent(self) -> bool:
        """Whether an incomplete request is accepted all the same."""
        return self.urgency != "ROUTINE"

    @property
    def story(self) -> str:
        """The kind of sentence that tells it."""
        if self.custody == "DETAINED":
            return "detained" if self.place_known else "moved"
        if self.imminent:
            return "imminent"
        return "liberty" if self.custody == "NOT_DETAINED" else "unknown"


DETAINED = Situation("DETAINED", imminent=False)
DETAINED_IMMINENT = Situation("DETAINED", imminent=True)
IMMINENT = Situation("NOT_DETAINED", imminent=True)
LIBERTY = Situation("NOT_DETAINED", imminent=False)
UNKNOWN = Situation("UNKNOWN", imminent=False)
MOVED = Situation("DETAINED", imminent=False, place_known=False)
NOWHERE = Situation("NOT_DETAINED", imminent=False, place_known=False)
NOWHERE_IMMINENT = Situation("NOT_DETAINED", imminent=True, place_known=False)

_USUAL = {
    "detained": (["CUSTODY"], ["RELEASE"]),
    "imminent": (["REMOVAL_EXECUTION"], ["STAY_OR_PAUSE_REMOVAL", "NOT_EXECUTE_ORDER"]),
    "liberty": (["NTA"], ["CANCEL_NTA"]),
}
_LESS_USUAL = {
    "detained": (
        (["ARREST"], ["RELEASE"]),
        (["DETAINER", "CUSTODY"], ["OTHER", "RELEASE"]),
        (["DEFERRED_ACTION_OR_PAROLE", "CUSTODY"], ["PAROLE", "RELEASE"]),
    ),
    "imminent": ((["REMOVAL_EXECUTION", "OTHER"], ["NOT_EXECUTE_ORDER"]),),
    "liberty": (
        (["DEFERRED_ACTION_OR_PAROLE"], ["DEFERRED_ACTION"]),
        (["REMOVAL_EXECUTION"], ["NOT_EXECUTE_ORDER"]),
    ),
}
"""One in four asks for something less usual."""


@dataclass(frozen=True, slots=True)
class Made:
    """A body with what is known of it: the office expected, and where the person lives."""

    body: Body
    office: str | None
    residence: Place
    facility: str | None


@dataclass(slots=True)
class Desk:
    """What bodies are made with: chance, and decks by which every office and every kind of requestor has its turn."""

    rng: Random
    facilities: tuple[str, ...]
    _offices: list[str]
    _requestors: list[str]
    _nowhere: int = 0

    @classmethod
    def opened(cls, rng: Random, facilities: tuple[str, ...]) -> "Desk":
        """A desk with fresh decks."""
        return cls(rng, facilities, [], [])

    def place(self) -> Place:
        """A real place, each office in turn."""
        if not self._offices:
            self._offices = self.rng.sample(sorted(PLACES), len(PLACES))
        return self.rng.choice(PLACES[self._offices.pop()])

    def nowhere(self) -> Place:
        """A place that nobody is responsible for, each in turn."""
        self._nowhere += 1
        return TO_BE_ASSIGNED[self._nowhere % len(TO_BE_ASSIGNED)]

    def requestor_type(self, *, others_only: bool) -> str:
        """Who asks: of ten, three attorneys, three noncitizens, two of the family, and one of each other kind."""
        if not self._requestors:
            deck = "NONCITIZEN NONCITIZEN NONCITIZEN ATTORNEY ATTORNEY ATTORNEY ACCREDITED_REP FAMILY FAMILY NGO_OTHER"
            self._requestors = self.rng.sample(deck.split(), 10)
        kind = self._requestors.pop()
        return "FAMILY" if others_only and kind == "NONCITIZEN" else kind


def body(desk: Desk, person: Person, asker: Person, situation: Situation, *, language: str, email: bool) -> Made:
    """A complete request. `asker` speaks for a person who does not ask alone. Without `email`: no address at all."""
    rng = desk.rng
    kind = desk.requestor_type(others_only=situation.story in {"unknown", "moved"})
    own = kind == "NONCITIZEN"
    residence = desk.nowhere() if situation.story != "moved" and not situation.place_known else desk.place()
    held_at = residence if rng.random() < 0.5 else desk.place()
    detained = situation.story == "detained"
    facility = rng.choice(desk.facilities) if detained else None
    decision, relief = _relief(situation, rng)
    removal = _removal(situation, rng)
    story = Story(
        own=own,
        language=language,
        name=person.name,
        situation=situation.story,
        where=spoken(residence),
        facility=facility or "",
        removal_on=date.fromisoformat(removal["scheduled_for"]) if "scheduled_for" in removal else None,
        relief=relief[0],
        marker=person.marker,
    )
    odd = rng.choice(ODD_ENDINGS) if rng.random() < 0.06 else ""
    made: Body = {
        "noncitizen": _noncitizen(person, rng, own=own, language=language, email=email),
        "requestor": _requestor(kind, person if own else asker, rng, language=language, email=email),
        "custody": {"status": situation.custody},
        "removal": removal,
        "place": written_as(residence, rng),
        "decision_under_review": decision,
        "relief_sought": relief,
        "narrative": narrative(story, rng) + odd,
        "facts": _facts(rng),
        "consent": _consent(kind, rng),
    }
    if facility:
        made["custody"]["facility"] = {"name": facility, **written_as(held_at, rng)}
    office = held_at.office if detained else None if situation.custody == "DETAINED" else residence.office
    return Made(made, office, residence, facility)


def a_number_as_written(canonical: str, rng: Random) -> str:
    """An A-number as it stands on cards and in letters: with and without A, zeros, hyphens, spaces, `#`."""
    short = canonical.lstrip("0")
    full = rng.random() < 0.5 and len(short) == 9
    digits = canonical if full else short
    grouped = f"{canonical[:3]}-{canonical[3:6]}-{canonical[6:]}"
    forms = (f"A{digits}", f"A{digits}", f"A{digits}", f"A{grouped}", grouped.replace("-", " "), f"a {digits}")
    more = (digits, f"A# {digits}", f"#{digits}", f"A-{digits}", f" A{digits} ")
    return rng.choice(forms + more)


def _relief(situation: Situation, rng: Random) -> tuple[list[str], list[str]]:
    kind = {"moved": "detained", "unknown": "detained"}.get(situation.story, situation.story)
    decision, relief = rng.choice(_LESS_USUAL[kind]) if rng.random() < 0.25 else _USUAL[kind]
    if situation.imminent and "REMOVAL_EXECUTION" not in decision:
        return [*decision, "REMOVAL_EXECUTION"], [*relief, "STAY_OR_PAUSE_REMOVAL"]
    return list(decision), list(relief)


def _removal(situation: Situation, rng: Random) -> dict[str, str]:
    """Imminent: within ten days, or believed to be; else far away, denied, or not mentioned."""
    if not situation.imminent:
        far = (DAY_ONE + timedelta(days=rng.randrange(400, 700))).isoformat()
        return rng.choice(
            ({}, {}, {"believed_imminent": "no"}, {"scheduled_for": far}, {"believed_imminent": "unknown"})
        )
    soon = (DAY_ONE + timedelta(days=rng.randrange(2, 11))).isoformat()
    both = {"scheduled_for": soon, "believed_imminent": "yes"}
    return rng.choice(({"scheduled_for": soon}, {"believed_imminent": "yes"}, both))


def _noncitizen(person: Person, rng: Random, *, own: bool, language: str, email: bool) -> Body:
    part = {
        "given_name": person.given,
        "family_name": person.family,
        "a_number": a_number_as_written(person.a_number, rng),
        "date_of_birth": person.born.isoformat(),
        "country_of_birth": person.country,
        "language": language,
    }
    if email and not own and rng.random() < 0.4:
        part["email"] = person.email
    return part


def _requestor(kind: str, asker: Person, rng: Random, *, language: str, email: bool) -> Body:
    part = {"type": kind, "name": asker.name, "language": language}
    if email:
        part["email"] = asker.email
    if not email or rng.random() < 0.5:
        part["phone"] = asker.phone
    if kind == "FAMILY":
        part["relationship"] = rng.choice(RELATIONSHIPS[language])
    if kind in {"ATTORNEY", "ACCREDITED_REP", "NGO_OTHER"}:
        part["organisation"] = f"{asker.marker} {rng.choice(('Legal Aid', 'Law Office', 'Community Center'))}"
        part["client_reference"] = f"M-{rng.randrange(10_000, 99_999)}"
    return part


def _consent(kind: str, rng: Random) -> Body:
    if kind in {"ATTORNEY", "ACCREDITED_REP"}:
        return {"kind": "G28", "signed": rng.random() < 0.9}
    if kind != "NONCITIZEN" and rng.random() < 0.6:
        return {"kind": "FORM_60_001", "signed": True}
    return {"kind": "NONE", "signed": False}


def _facts(rng: Random) -> Body:
    """Some of what the priorities ask about; 63 in 100 detained people had no criminal record in April 2021."""
    facts: Body = {}
    if rng.random() < 0.6:
        present = date(2005, 1, 1) + timedelta(days=rng.randrange(5_900))
        facts["first_present_on"] = _fact(present.isoformat())
    if rng.random() < 0.15:
        facts["apprehended_on"] = _fact(rng.choice(("2020-10-31", "2020-11-01", "2021-01-17")))
        facts["apprehended_entering_unlawfully"] = _fact(rng.random() < 0.5)
    if rng.random() < 0.37:
        facts["aggravated_felony"] = _fact(rng.random() < 0.3)
        facts["threat_to_public_safety"] = _fact(rng.random() < 0.2)
        facts["aggravating"] = [_fact(rng.choice(("PRIOR_RECORD", "RECENT_CONVICTION")))]
    if rng.random() < 0.03:
        facts["gang_participation"] = _fact(
            {"intentional": rng.random() < 0.5, "age_at_conduct": rng.choice((15, 16, 19))}
        )
    facts["final_order"] = _fact(rng.random() < 0.4)
    if rng.random() < 0.3:
        facts["pending_in_court"] = _fact(True)
    codes = (
        "FAMILY_TIES",
        "HEALTH",
        "COMMUNITY_TIES",
        "REHABILITATION",
        "VICTIM_OF_CRIME",
        "CAREGIVER",
        "LONG_RESIDENCE",
    )
    facts["mitigating"] = [_fact(code) for code in rng.sample(codes, rng.randrange(4))]
    return facts


def _fact(value: Any) -> Body:
    return {"value": value, "asserted_by": "requestor", "on": DAY_ONE.isoformat()}
