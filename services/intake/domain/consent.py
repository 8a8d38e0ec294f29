"""Who may be told more than the stage, and who may give up a right alone: the consent, and what staff made of it.

Inferred from the rule of OIDO, a sister office (dhs.gov/myoido): representatives need a signed G-28, everybody else a
signed ICE Form 60-001. A G-28 enters somebody's appearance, so that they act; a 60-001 only lets somebody hear.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from shared.contracts.vocabulary import ConsentKind, ConsentStatus, RequestorType

REPRESENTATIVES = frozenset({RequestorType.ATTORNEY, RequestorType.ACCREDITED_REP})

Papers = Mapping[RequestorType, frozenset[ConsentKind]]
"""The papers by which each kind of requestor may be verified, as policy has it; NONE: by who they are."""


@dataclass(frozen=True, slots=True)
class Ruling:
    """What a member of staff made of the paper, or of who somebody is."""

    verified: bool
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Consent:
    """The paper that is claimed. Without a ruling it is no more than that."""

    kind: ConsentKind
    ruling: Ruling | None = None

    @property
    def status(self) -> ConsentStatus:
        """As events and screens word it."""
        if self.ruling is None:
            return ConsentStatus.CLAIMED
        return ConsentStatus.VERIFIED if self.ruling.verified else ConsentStatus.REFUSED

    @property
    def verified(self) -> bool:
        """Whether the outside may be told more than the stage."""
        return self.status is ConsentStatus.VERIFIED


def verifies(kind: ConsentKind, requestor: RequestorType, papers: Papers) -> bool:
    """Whether this paper, once staff have seen it, lets this kind of requestor hear more than the stage."""
    return kind in papers.get(requestor, frozenset())


def acts_alone(requestor: RequestorType, consent: Consent) -> bool:
    """Whether the requestor's word is enough to end the request, or to do without review at headquarters.

    The noncitizen's is, and a verified representative's. Everybody else could end what a person in detention counts on;
    staff confirm it first.
    """
    if requestor is RequestorType.NONCITIZEN:
        return consent.status is not ConsentStatus.REFUSED
    return requestor in REPRESENTATIVES and consent.kind is ConsentKind.G28 and consent.verified


def may_change(consent: Consent) -> bool:
    """Whether the link still changes anything. Asking for a review takes no right from anybody, and stays open."""
    return consent.status is not ConsentStatus.REFUSED
