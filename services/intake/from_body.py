"""From a request's body, as channels send it, to what the domain and the sealed blobs hold.

This is where clear and sealed part: names, dates of birth, addresses, the facility, the narrative, and every factor
whose code is not known to be harmless (health, victims) are sealed.
"""

import re
from collections.abc import Sequence
from datetime import date
from typing import Any, Final, Literal

from services.intake.domain import a_number
from services.intake.domain.asserted import NAMES, Asserted, Facts, Participation
from services.intake.domain.completeness import Content
from services.intake.domain.consent import Consent
from services.intake.domain.facts import Custody, Place, Removal
from shared.contracts.events import Fact
from shared.contracts.ignored import Ignored
from shared.contracts.received import (
    ConsentPart,
    CustodyPart,
    FacilityPart,
    FactPart,
    FactsPart,
    PlacePart,
    RemovalPart,
    RequestBody,
)
from shared.contracts.sealed import Noncitizen, Requestor, SealedSubmission
from shared.contracts.vocabulary import Belief, ConsentKind, CustodyStatus, Language, RequestorType
from shared.policy.geography import Geography
from shared.policy.model import OfficeMap, Policy
from shared.policy.places import Unplaced, normalise_state
from shared.policy.reading_places import read_place

By = Literal["requestor", "officer"]

CLEAR_FACTORS: Final = frozenset(
    {
        "ADVANCED_OR_TENDER_AGE",
        "CAREGIVER",
        "COMMUNITY_TIES",
        "CONVICTION_VACATED",
        "EDUCATION",
        "ELIGIBLE_FOR_RELIEF",
        "EMPLOYMENT",
        "FAMILY_TIES",
        "FIREARM",
        "LENGTHY_PRESENCE",
        "LONG_RESIDENCE",
        "MILITARY_OR_PUBLIC_SERVICE",
        "PENDING_RELIEF",
        "PRIOR_RECORD",
        "RECENT_CONVICTION",
        "REHABILITATION",
        "SERIOUS_CONVICTION",
        "SOPHISTICATION",
    }
)
"""Factors that may be told in clear: they say nothing of anybody's health and name no victim. All others are sealed."""

_COUNTY = re.compile(r"[^\W\d_]+(?:[ .'’\-]+[^\W\d_]+){0,5}\.?")
"""Up to six words without digits ("City and County of San Francisco"): no address fits."""

_PLAIN: Final = NAMES - {"gang_participation", "mitigating", "aggravating"}
"""Facts whose value is taken as it is written."""


def content_of(body: RequestBody, policy: Policy) -> Content:
    """Which parts are there. Who asks is a name and a type, a place at least a state; the e-mail is the requestor's.

    Somebody detained is asked where they are held, everybody else where they live: by that the office is found.
    """
    lives = place_of(body.place, policy.places)
    held = custody_of(body.custody, policy.places)
    detained = held.status is CustodyStatus.DETAINED
    written = bool(body.place.state or body.place.county or body.place.zip_code)
    person, who = body.noncitizen, body.requestor
    return Content(
        name=bool(person.given_name and person.family_name),
        a_number=bool(person.a_number),
        a_number_readable=bool(person.a_number and a_number.canonical(person.a_number)),
        date_of_birth=person.date_of_birth is not None,
        requestor_name=bool(who.name and who.type),
        decision=bool(body.decision_under_review),
        relief=bool(body.relief_sought),
        narrative=bool(body.narrative),
        place=bool(body.place.state or lives),
        requestor=requestor_type_of(body),
        paper=body.consent.kind or ConsentKind.NONE,
        signed=body.consent.signed is not False,
        email=bool(who.email or (who.type is RequestorType.NONCITIZEN and person.email)),
        custody=body.custody.status is not None,
        county=detained or not written or _is_found(lives, policy.office_map),
        facility=not detained or _is_found(held, policy.office_map),
    )


def _is_found(place: Place | Custody | None, offices: OfficeMap) -> bool:
    """Whether nothing is left to ask: an office has the place, or none has, whatever else one knew of it."""
    found = offices.placed(place.state, place.county) if place else Unplaced.NO_STATE
    return not isinstance(found, Unplaced) or found is Unplaced.NO_AREA


def sealed_submission(body: RequestBody, on: date, *, ignored: Sequence[Ignored] = ()) -> SealedSubmission:
    """All personal data of a request. An A-number that cannot be read is kept as it was written.

    `ignored`: names that others chose may say anything, so they are sealed as they were written, too.
    """
    person, who = body.noncitizen, body.requestor
    canonical = a_number.canonical(person.a_number) if person.a_number else None
    return SealedSubmission(
        noncitizen=Noncitizen(
            given_name=person.given_name,
            family_name=person.family_name,
            a_number=canonical or person.a_number,
            date_of_birth=person.date_of_birth,
            country_of_birth=person.country_of_birth,
            email=person.email,
            language=person.language,
        ),
        requestor=Requestor(
            name=who.name,
            email=who.email,
            phone=who.phone,
            organisation=who.organisation,
            relationship=who.relationship,
            client_reference=who.client_reference,
        ),
        facility=body.custody.facility.name if body.custody.facility else None,
        place_as_written=place_as_written(body.place),
        narrative=body.narrative,
        ignored=tuple(each.field for each in ignored),
        mitigating=_sealed_factors(body.facts.mitigating, "requestor", on),
        aggravating=_sealed_factors(body.facts.aggravating, "requestor", on),
    )


def requestor_type_of(body: RequestBody) -> RequestorType:
    """Who asks; somebody who does not say is told as little as a stranger."""
    return body.requestor.type or RequestorType.NGO_OTHER


def language_of(body: RequestBody) -> Language:
    """The language to write in."""
    return body.requestor.language or Language.EN


def is_represented(body: RequestBody) -> bool:
    """Whether a representative acts, as claimed."""
    represents = (RequestorType.ATTORNEY, RequestorType.ACCREDITED_REP)
    return body.requestor.type in represents or consent_of(body.consent).kind is ConsentKind.G28


def is_requestor_reachable(body: RequestBody) -> bool:
    """Whether an address of whoever asks is known; a noncitizen's own may stand with the noncitizen."""
    themselves = requestor_type_of(body) is RequestorType.NONCITIZEN
    return body.requestor.email is not None or (themselves and body.noncitizen.email is not None)


def custody_of(part: CustodyPart, places: Geography) -> Custody:
    """Custody with the facility's place; who does not say is in unknown custody."""
    held_in = place_of(part.facility, places) if part.facility else None
    status = part.status or CustodyStatus.UNKNOWN
    return Custody(status, held_in.state, held_in.county) if held_in else Custody(status)


def removal_of(part: RemovalPart) -> Removal:
    """What is known of a removal."""
    return Removal(part.scheduled_for, part.believed_imminent or Belief.UNKNOWN)


def place_of(part: PlacePart | FacilityPart, places: Geography) -> Place | None:
    """The place, in clear only as far as it is a state that exists and a county that looks like one."""
    read = read_place(part.state, part.county, part.zip_code, places)
    return Place(read[0], _county(read[1])) if read else None


def consent_of(part: ConsentPart) -> Consent:
    """The paper claimed; an unsigned one is none."""
    return Consent(ConsentKind.NONE if part.signed is False else part.kind or ConsentKind.NONE)


def facts_of(part: FactsPart, asserted_by: By, on: date) -> Facts:
    """The clear facts. `asserted_by` is who really says so, whatever the sender claims; `on` is for undated ones."""
    known: dict[str, Any] = {
        name: Asserted(fact.value, asserted_by, fact.on or on)
        for name in _PLAIN
        if (fact := getattr(part, name)) is not None
    }
    if (gang := part.gang_participation) is not None:
        took_part = Participation(gang.value.intentional, gang.value.age_at_conduct)
        known["gang_participation"] = Asserted(took_part, asserted_by, gang.on or on)
    return Facts(
        **known,
        mitigating=_clear_factors(part.mitigating, asserted_by, on),
        aggravating=_clear_factors(part.aggravating, asserted_by, on),
    )


def sealed_factors_of(
    part: FactsPart, asserted_by: By, on: date
) -> tuple[tuple[Fact[str], ...], tuple[Fact[str], ...]]:
    """The sealed mitigating and aggravating factors."""
    return _sealed_factors(part.mitigating, asserted_by, on), _sealed_factors(part.aggravating, asserted_by, on)


def _clear_factors(given: tuple[FactPart[str], ...], asserted_by: str, on: date) -> tuple[Asserted[str], ...]:
    return tuple(Asserted(fact.value, asserted_by, fact.on or on) for fact in given if fact.value in CLEAR_FACTORS)


def _sealed_factors(given: tuple[FactPart[str], ...], asserted_by: str, on: date) -> tuple[Fact[str], ...]:
    return tuple(
        Fact[str](value=fact.value, asserted_by=asserted_by, on=fact.on or on)
        for fact in given
        if fact.value not in CLEAR_FACTORS
    )


def place_as_written(part: PlacePart) -> str | None:
    """What was written as a place and is not told in clear; for the office that has to find it."""
    odd = [text for text in (part.state,) if text and not normalise_state(text)]
    odd += [text for text in (part.county,) if text and not _county(text)]
    odd += [text for text in (part.zip_code,) if text]
    return ", ".join(odd) or None


def _county(text: str | None) -> str | None:
    return text if text and _COUNTY.fullmatch(text) else None
