"""Which event tells whom, by which letter, suppressed when: one table. Everything else asks this table.

A letter is always made, so that every order of events makes the same set of notification ids; one that should not go
out is made `suppressed`, with its reason. `docs/notifications.md` is generated from here.
"""

from collections.abc import Mapping, Set
from dataclasses import dataclass
from enum import StrEnum, unique
from uuid import UUID, uuid5

from shared.contracts.vocabulary import EventType, Letter, Recipient


@unique
class Because(StrEnum):
    """Why a letter was not sent."""

    ANOTHER_LETTER_FOLLOWS = "ANOTHER_LETTER_FOLLOWS"
    ALREADY_RESOLVED = "ALREADY_RESOLVED"
    ERASED = "ERASED"
    NO_ADDRESS = "NO_ADDRESS"
    NO_CONSENT = "NO_CONSENT"
    NO_FORMER_ADDRESS = "NO_FORMER_ADDRESS"
    ONE_COPY = "ONE_COPY"
    SAME_ADDRESS = "SAME_ADDRESS"
    STALE = "STALE"
    TOO_MANY_TODAY = "TOO_MANY_TODAY"
    TOLD_BY_PHONE = "TOLD_BY_PHONE"
    TOLD_BY_POST = "TOLD_BY_POST"


MEANING: Mapping[Because, str] = {
    Because.ANOTHER_LETTER_FOLLOWS: (
        "The field office granted all that was asked for, or did not answer in time: the letter about the resolution, "
        "or about headquarters, says so at once."
    ),
    Because.ALREADY_RESOLVED: "The case has its resolution, and this letter would only confuse.",
    Because.ERASED: "The personal data of the case was destroyed.",
    Because.NO_ADDRESS: "No usable e-mail address is known. Staff find it in a list, and tell by phone or post.",
    Because.NO_CONSENT: (
        "Staff refused the consent that the requestor claimed. Of the case the noncitizen is told instead: by their "
        "own copy where an address is known, else by phone or post. Staff find the noncitizen in the list, and never "
        "the requestor."
    ),
    Because.NO_FORMER_ADDRESS: "There was no e-mail address before the change.",
    Because.ONE_COPY: "The noncitizen is or was the requestor, and gets or got the requestor's copy.",
    Because.SAME_ADDRESS: "The e-mail address is the same as before the change.",
    Because.STALE: "Its cause is older than three days of real time. Staff find it in the list, and tell otherwise.",
    Because.TOO_MANY_TODAY: "More than five such letters to one address on one day.",
    Because.TOLD_BY_PHONE: "A person told its reader by phone.",
    Because.TOLD_BY_POST: "A person told its reader by post.",
}

ALWAYS: frozenset[Because] = frozenset(
    {Because.ERASED, Because.NO_ADDRESS, Because.NO_CONSENT, Because.ONE_COPY, Because.STALE}
)
"""What may keep any letter from going out."""

TO_BE_TOLD = frozenset({Because.NO_ADDRESS, Because.NO_CONSENT, Because.STALE, Because.TOO_MANY_TODAY})
"""Not sent though somebody should hear of it: staff may tell by phone or post (`telling.py`: whom)."""


@unique
class When(StrEnum):
    """What must be true of the event, besides its type."""

    ALWAYS = "always"
    FIRST_OFFICE = "first_office"
    IMMINENT_ARRIVED = "imminent_arrived"
    OVERDUE = "overdue"
    OVERRIDDEN = "overridden"
    CONTACT_CHANGED = "contact_changed"
    LINK_CHANGED = "link_changed"
    LINK_ENDED = "link_ended"
    WITHDRAWAL_ASKED = "withdrawal_asked"
    NOT_AGREED = "not_agreed"
    ANOTHER_READER = "another_reader"
    WAIVED = "waived"
    HANDED_OVER = "handed_over"


CONDITIONS: Mapping[When, str] = {
    When.ALWAYS: "",
    When.FIRST_OFFICE: "the first that names an office",
    When.IMMINENT_ARRIVED: "a removal is imminent, and its office was not told so yet",
    When.OVERDUE: "the case is overdue, and its office was not told so yet",
    When.OVERRIDDEN: "headquarters overrode the field office",
    When.CONTACT_CHANGED: "how the requestor is reached changed",
    When.LINK_CHANGED: "a new private link was made",
    When.LINK_ENDED: "the private link of before has ended, by a new one or by a hand-over",
    When.WITHDRAWAL_ASKED: "a withdrawal, a waiver of review or a hand-over waits for staff",
    When.NOT_AGREED: "staff did not agree to what somebody wished",
    When.ANOTHER_READER: "who else is written to, or where, changed",
    When.WAIVED: "somebody did without the review",
    When.HANDED_OVER: "somebody else is the requestor from now on",
}


@unique
class Address(StrEnum):
    """Which address of the recipient a letter goes to."""

    CURRENT = "current"
    BEFORE_THE_CHANGE = "before_the_change"


REQUESTOR = frozenset({Recipient.REQUESTOR})
NONCITIZEN = frozenset({Recipient.NONCITIZEN})
BOTH = frozenset({Recipient.REQUESTOR, Recipient.NONCITIZEN})
"""A noncitizen who is also the requestor gets the requestor's copy only."""

OFFICE = frozenset({Recipient.OFFICE})
"""The duty mailbox of the office that has the case; headquarters' where no office has it yet."""

FOR_PEOPLE: frozenset[Because] = frozenset({Because.ERASED, Because.NO_CONSENT, Because.ONE_COPY})
"""Of `ALWAYS`, what keeps no mail from an office: nothing of the person is in it."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One row: `letter` is made on an event `on` of which `when` is true, for each of `roles`.

    `only_named`: of these roles, only for the one that the event names. `suppressed`: what may keep this letter in
    particular from going out, besides `ALWAYS`.
    """

    on: EventType
    letter: Letter
    roles: frozenset[Recipient]
    when: When = When.ALWAYS
    address: Address = Address.CURRENT
    only_named: bool = False
    suppressed: frozenset[Because] = frozenset()


_OVERTAKEN = frozenset({Because.ALREADY_RESOLVED})
_ANOTHER = frozenset({Because.ANOTHER_LETTER_FOLLOWS, Because.ALREADY_RESOLVED})
_MANY = frozenset({Because.TOO_MANY_TODAY})
_FORMER = frozenset({Because.NO_FORMER_ADDRESS, Because.SAME_ADDRESS})

RULES: tuple[Rule, ...] = (
    Rule(EventType.REQUEST_SUBMITTED, Letter.RECEIVED, BOTH),
    Rule(EventType.REQUEST_REJECTED, Letter.NOT_ACCEPTED, REQUESTOR, suppressed=_MANY),
    Rule(
        EventType.TRIAGE_ASSIGNED,
        Letter.AT_THE_FIELD_OFFICE,
        REQUESTOR,
        when=When.FIRST_OFFICE,
        suppressed=_OVERTAKEN,
    ),
    Rule(EventType.INFORMATION_REQUESTED, Letter.PLEASE_ANSWER, BOTH, suppressed=_OVERTAKEN),
    Rule(EventType.TRIAGE_COMPLETED, Letter.CONSIDERED, BOTH, suppressed=_ANOTHER),
    Rule(EventType.REVIEW_ESCALATED, Letter.WITH_HEADQUARTERS, BOTH, suppressed=_OVERTAKEN),
    Rule(EventType.RESOLUTION_ISSUED, Letter.RESOLVED, BOTH),
    Rule(
        EventType.TRIAGE_ASSIGNED,
        Letter.OFFICE_IMMINENT,
        OFFICE,
        when=When.IMMINENT_ARRIVED,
        suppressed=_OVERTAKEN,
    ),
    Rule(EventType.TRIAGE_ASSIGNED, Letter.OFFICE_OVERDUE, OFFICE, when=When.OVERDUE, suppressed=_OVERTAKEN),
    Rule(EventType.REVIEW_OVERDUE, Letter.HEADQUARTERS_OVERDUE, OFFICE, suppressed=_OVERTAKEN),
    Rule(EventType.RESOLUTION_ISSUED, Letter.OFFICE_TO_CARRY_OUT, OFFICE, when=When.OVERRIDDEN),
    Rule(EventType.RESOLUTION_OVERDUE, Letter.OFFICE_NOT_CARRIED_OUT, OFFICE),
    Rule(
        EventType.REQUEST_AMENDED,
        Letter.ADDRESS_CHANGED,
        REQUESTOR,
        when=When.CONTACT_CHANGED,
        address=Address.BEFORE_THE_CHANGE,
        suppressed=_FORMER,
    ),
    Rule(EventType.REQUEST_AMENDED, Letter.NEW_ADDRESS, REQUESTOR, when=When.CONTACT_CHANGED),
    Rule(EventType.REQUEST_AMENDED, Letter.LINK_SENT, REQUESTOR, when=When.LINK_CHANGED),
    Rule(EventType.LINK_REQUESTED, Letter.LINK_SENT, BOTH, only_named=True),
    Rule(
        EventType.REQUEST_AMENDED,
        Letter.WITHDRAWAL_WAITS,
        BOTH,
        when=When.WITHDRAWAL_ASKED,
        suppressed=_OVERTAKEN,
    ),
    Rule(EventType.REQUEST_AMENDED, Letter.NOT_AGREED, BOTH, when=When.NOT_AGREED, suppressed=_OVERTAKEN),
    Rule(EventType.REQUEST_AMENDED, Letter.ANOTHER_READER, NONCITIZEN, when=When.ANOTHER_READER),
    Rule(EventType.REQUEST_WITHDRAWN, Letter.GIVEN_UP, BOTH),
    Rule(EventType.REVIEW_LAPSED, Letter.GIVEN_UP, BOTH, when=When.WAIVED),
    Rule(
        EventType.REQUEST_AMENDED,
        Letter.REPRESENTATIVE_ENDED,
        REQUESTOR,
        when=When.HANDED_OVER,
        address=Address.BEFORE_THE_CHANGE,
        suppressed=_FORMER,
    ),
    Rule(EventType.REQUEST_AMENDED, Letter.REPRESENTATIVE_BEGAN, REQUESTOR, when=When.HANDED_OVER),
    Rule(EventType.REQUEST_AMENDED, Letter.LINK_SENT, NONCITIZEN, when=When.LINK_ENDED),
)
"""The table. A further role is a member of `Recipient` in `roles` here, and a line in `mail/addressing.py` that says
where its address is; duty mailboxes are the office map's (`mail/duty.py`). A representative is the requestor.
"""

NO_LETTER: Mapping[EventType, str] = {
    EventType.REVIEW_REQUESTED: "the page confirms it; with_headquarters follows",
    EventType.REVIEW_REMANDED: "the page says it; the answer is told",
    EventType.CASE_ERASED: "nobody can be written to any more",
}
"""Events that notification follows and that make no letter, and why."""

OVERTAKEN = frozenset(rule.letter for rule in RULES if Because.ALREADY_RESOLVED in rule.suppressed)
"""The letters that a known resolution makes pointless."""

OF_THE_CASE = frozenset(
    rule.letter
    for rule in RULES
    if Recipient.REQUESTOR in rule.roles
    and rule.address is Address.CURRENT
    and rule.when in {When.ALWAYS, When.FIRST_OFFICE, When.WITHDRAWAL_ASKED, When.NOT_AGREED, When.WAIVED}
    and not rule.only_named
)
"""The letters that tell a step of the case; all others tell people of their own address or link."""

OWED = (
    frozenset(
        rule.letter
        for rule in RULES
        if rule.roles == BOTH and rule.on not in {EventType.REQUEST_SUBMITTED, EventType.REQUEST_AMENDED}
    )
    & OF_THE_CASE
)
"""The letters to both that come on another service's topic, and so perhaps before the hand-over that came first."""


@dataclass(frozen=True, slots=True)
class Notification:
    """One letter to one role because of one event. Its id is the same however often and wherever it is made."""

    case_id: UUID
    letter: Letter
    cause: UUID
    role: Recipient
    address: Address = Address.CURRENT

    @property
    def id(self) -> UUID:
        """uuid5 of case, letter, causing event and role; also the mail's Message-ID."""
        return uuid5(self.case_id, f"{self.letter.value}:{self.cause}:{self.role.value}")


def made_by(
    event: EventType,
    *,
    case_id: UUID,
    cause: UUID,
    alone: bool,
    true_of_it: Set[When] = frozenset(),
    named: Recipient | None = None,
) -> tuple[Notification, ...]:
    """The letters that an event makes. `true_of_it`: the conditions that it fulfils; `named`: the role it names.

    `alone`: nobody but the noncitizen has been the requestor so far.
    """
    return tuple(
        Notification(case_id, rule.letter, cause, role, rule.address)
        for rule in RULES
        if rule.on is event and (rule.when is When.ALWAYS or rule.when in true_of_it)
        for role in _told(rule, named, alone=alone)
    )


def _told(rule: Rule, named: Recipient | None, *, alone: bool) -> tuple[Recipient, ...]:
    """The roles that a row writes to, in the vocabulary's order."""
    if rule.only_named:
        return (named,) if named in rule.roles else ()
    return tuple(role for role in Recipient if role in rule.roles and not (alone and role is Recipient.NONCITIZEN))
