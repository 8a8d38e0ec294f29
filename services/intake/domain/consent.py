"""Who may read and do what by a private link: one function, `may`, which pages, JSON and commands all ask.

Inferred from the rule of OIDO, a sister office (dhs.gov/myoido): representatives need a signed G-28, everybody else a
signed ICE Form 60-001. A G-28 enters somebody's appearance, so that they act; a 60-001 only lets somebody hear.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum, unique

from shared.contracts.vocabulary import ConsentKind, ConsentStatus, Recipient, RequestorType

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


@dataclass(frozen=True, slots=True)
class Reader:
    """Whoever holds a private link: the role that it was made for, as what they ask, and what staff made of them.

    The noncitizen's own link says nothing of who reads it: somebody gave that address. `kind` is then NONCITIZEN, and
    the ruling in `consent` is staff's on who reads there.
    """

    role: Recipient
    kind: RequestorType
    consent: Consent

    @property
    def refused(self) -> bool:
        """Whether staff have refused the paper, or found that it is somebody else."""
        return self.consent.status is ConsentStatus.REFUSED

    @property
    def acts_alone(self) -> bool:
        """Whether their word is enough to give up what a person in detention may count on.

        The noncitizen's is, and a representative's, once staff have verified them. A 60-001 lets somebody hear only.
        """
        represents = self.kind in REPRESENTATIVES and self.consent.kind is ConsentKind.G28
        return self.consent.verified and (represents or self.kind is RequestorType.NONCITIZEN)


@unique
class Thing(StrEnum):
    """What can be read or done by a private link. What the case holds at the moment is for `status` to say.

    `question`: that there is one, and until when. `missing`: what the request lacks. `contact`: how to reach the
    requestor, their paper, their language, a new link. `answer`: what ends a question; other words are information.
    """

    MISSING = "missing"
    QUESTION = "question"
    QUESTION_TEXT = "question_text"
    OUTCOME = "outcome"
    ANSWER = "answer"
    REVIEW = "review"
    AMEND = "amend"
    CONTACT = "contact"
    WAIVE = "waive"
    WITHDRAW = "withdraw"
    HAND_OVER = "representative"
    STAND_DOWN = "stand_down"


@unique
class May(StrEnum):
    """The answer. `waits`: it is a wish, which staff rule on."""

    YES = "yes"
    WAITS = "waits"
    NO = "no"


def may(reader: Reader, thing: Thing) -> May:
    """Whether this reader may read or do this.

    To ask for review takes no right from anybody: it waits only where staff have refused the reader, and all else ends
    there. Standing down leaves a person without a voice: it always waits. Nobody answers what they may not read: it
    would use up the question of who may.
    """
    match thing:
        case Thing.QUESTION_TEXT | Thing.OUTCOME | Thing.ANSWER:
            return _if(reader.consent.verified)
        case Thing.MISSING:
            return _if(reader.role is Recipient.REQUESTOR or reader.consent.verified)
        case Thing.REVIEW:
            return May.WAITS if reader.refused else May.YES
        case _ if reader.refused:
            return May.NO
        case Thing.QUESTION | Thing.AMEND:
            return May.YES
        case Thing.CONTACT:
            return _if(reader.role is Recipient.REQUESTOR)
        case Thing.STAND_DOWN:
            return May.WAITS if reader.kind in REPRESENTATIVES else May.NO
        case Thing.HAND_OVER if reader.role is not Recipient.REQUESTOR:
            return May.NO
        case Thing.WAIVE | Thing.WITHDRAW | Thing.HAND_OVER:
            return May.YES if reader.acts_alone else May.WAITS


def _if(allowed: bool) -> May:
    return May.YES if allowed else May.NO
