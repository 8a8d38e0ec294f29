"""Why each field that travels in clear may do so, in one place; and what the sealed blobs of each event hold.

A clear field stays readable for ever: the log is immutable, and shredding a case's key does not reach it. So each must
identify nobody by itself. A test refuses a field without a reason here, and a reason without a field.
`request.received` is the one exception (outside systems cannot seal): only intake may read it, and archives never
contain it.
"""

from typing import Any

from shared.contracts import events as e
from shared.contracts import sealed
from shared.contracts.envelope import Contract, EventData

_NUMBER = "made from the case id; says nothing of the person to anybody without access to the system"
_CODE = "a code from a published list"
_POLICY_CODES = "codes of the policy in force, never a person's own words"
_MOMENT = "when the process did something, not when the person did"
_DUE = "a date that the process set"
_STAFF = "an opaque staff id from sign-in; needed to keep whoever touched a case from reviewing it"
_COUNTER = "a counter"
_VERSION = "the name of a policy file"
_OFFICE = "the code of one of 26 offices"
_PLACE = "state or county, never an address; the office is found by it"
_FACT = "decides a presumed priority; triage cannot classify without it, and by itself it fits many people"
_PART = "by its own fields, see there"
_ONE_OF_MANY = "one of a few codes; many people share each"
_PRESUMED = _ONE_OF_MANY + "; a presumption, never told outside"

WHY: dict[type[Contract], dict[str, str]] = {
    e.Received: {
        "channel": "the name of a way in, not of a person",
        "id": "the key that the channel chose, which must say nothing of the person (anonymous: random)",
    },
    e.Custody: {
        "status": "decides the urgency; many people share each value",
        "state": _PLACE + "; the facility itself is sealed",
        "county": _PLACE + "; the facility itself is sealed",
    },
    e.Removal: {
        "scheduled_for": "decides the urgency; a day, on which many are removed",
        "believed_imminent": "decides the urgency; yes, no or unknown",
    },
    e.Place: {"state": _PLACE, "county": _PLACE},
    e.Consent: {
        "kind": "which form, not who signed it",
        "status": "decides what the outside may be told",
    },
    e.Claimed: {
        "value": "see the field that holds the fact",
        "on": "the day on which it was asserted",
    },
    e.Fact: {
        "value": "see the field that holds the fact",
        "asserted_by": "a role, not a person",
        "on": "the day on which it was asserted",
        "claimed": _PART,
    },
    e.GangParticipation: {"intentional": _FACT, "age_at_conduct": _FACT},
    e.GangParticipationAgeUnknown: {"intentional": _FACT, "age_at_conduct": _FACT},
    e.Facts: {
        "national_security_concern": _FACT,
        "apprehended_on": _FACT,
        "apprehended_entering_unlawfully": _FACT,
        "first_present_on": _FACT,
        "last_entry_on": _FACT,
        "last_entry_unlawful": _FACT,
        "aggravated_felony": _FACT,
        "gang_conviction": _FACT,
        "gang_participation": _FACT,
        "gang_participation_age_unknown": _FACT,
        "threat_to_public_safety": _FACT,
        "released_from_incarceration_on": _FACT,
        "final_order": _FACT,
        "pending_in_court": _FACT,
        "mitigating": "codes; those about health or about victims are sealed",
        "aggravating": "codes; those about health or about victims are sealed",
    },
    e.RequestRejected: {
        "number": _NUMBER,
        "codes": "what is missing, not what is there",
        "language": "one of two; the letter is written in it",
        "received": _PART,
        "received_at": _MOMENT,
        "requestor_type": _ONE_OF_MANY,
    },
    e.RequestSubmitted: {
        "number": _NUMBER,
        "received_at": _MOMENT,
        "received": _PART,
        "resubmits": _NUMBER,
        "resubmitted_at": _MOMENT,
        "incomplete": "what is missing, not what is there",
        "not_understood": "names of our own fields, or a question mark; what the requestor wrote is sealed",
        "requestor_type": _ONE_OF_MANY,
        "language": "one of two; letters are written in it, analysts report by it",
        "custody": _PART,
        "removal": _PART,
        "place": _PART,
        "decision_under_review": _ONE_OF_MANY,
        "relief_sought": _ONE_OF_MANY,
        "facts": _PART,
        "consent": _PART,
        "age_band": "a band of years instead of the date of birth, for analysts",
        "represented": "yes or no, for analysts",
        "possible_double_of": _NUMBER,
        "noncitizen_reachable": "yes or no: whether an address is known, not which",
        "requestor_reachable": "yes or no: whether an address is known, not which",
    },
    e.RequestAmended: {
        "amendment": _COUNTER,
        "changed": "names of fields, not their contents",
        "custody": _PART,
        "removal": _PART,
        "place": _PART,
        "facts": _PART,
        "consent": _PART,
        "language": "one of two; letters are written in it",
        "answers": "the id of a question",
        "link_generation": _COUNTER,
        "amended_by": _STAFF,
        "asked_by": _STAFF,
        "for_office": "yes or no: about staff, not about the person",
        "requestor_type": _ONE_OF_MANY,
        "represented": "yes or no, for analysts",
        "noncitizen_status": "what staff made of a reader, not who that is",
        "noncitizen_reachable": "yes or no: whether an address is known, not which",
        "requestor_reachable": "yes or no: whether an address is known, not which",
        "wished_by": "a role, not a person",
        "ground": _CODE,
        "window_kept_until": _DUE,
    },
    e.RequestWithdrawn: {"by": "a role, not a person", "confirmed_by": _STAFF},
    e.LinkRequested: {"to": "a role, not an address"},
    e.Presumed: {
        "categories": _PRESUMED,
        "undetermined": _ONE_OF_MANY + "; what is not known",
        "to_weigh": _ONE_OF_MANY + "; what the guidance leaves to the officer",
        "reasons": _POLICY_CODES,
        "questions": _POLICY_CODES + "; what is not known",
    },
    e.TriageAssigned: {
        "revision": _COUNTER,
        "office": _OFFICE,
        "urgency": _ONE_OF_MANY,
        "categories": _PRESUMED,
        "undetermined": _ONE_OF_MANY + "; what is not known",
        "to_weigh": _ONE_OF_MANY + "; what the guidance leaves to the officer",
        "reasons": _POLICY_CODES,
        "questions": _POLICY_CODES + "; what is not known",
        "answer_due": _DUE,
        "silence_ends_at": _DUE,
        "overdue": "yes or no: about the office, not about the person",
        "guidance": _VERSION,
        "office_map": _VERSION,
        "process": _VERSION,
        "facts_seen": _COUNTER,
    },
    e.TriageCompleted: {
        "round": _COUNTER,
        "outcome": _CODE,
        "granted": _ONE_OF_MANY,
        "declined": _ONE_OF_MANY,
        "moot": _ONE_OF_MANY,
        "referred_to": _CODE,
        "moot_because": _CODE,
        "reasons": _POLICY_CODES,
        "decided_by": _STAFF,
        "touched_by": _STAFF,
        "assigned_at": _MOMENT,
        "claimed_at": _MOMENT,
        "facts_seen": _COUNTER,
        "guidance": _VERSION,
        "process": _VERSION,
        "presumption": _PART,
        "number": _NUMBER,
        "office": _OFFICE,
        "urgency": _ONE_OF_MANY,
        "saw": _PART,
        "pre_approval": _PART,
    },
    e.PreApproval: {"by": _STAFF, "role": _CODE, "at": _MOMENT},
    e.RemovalImminent: {
        "office": _OFFICE,
        "scheduled_for": "a day, on which many are removed; request.submitted tells it, too",
        "believed_imminent": "yes, no or unknown; request.submitted tells it, too",
        "with_headquarters": "yes or no: where the case lies",
        "number": _NUMBER,
    },
    e.SeenFacts: {"custody": _PART, "removal": _PART, "facts": _PART},
    e.InformationRequested: {
        "question": "an id; the question's text is sealed",
        "about": _POLICY_CODES,
        "answer_by": _DUE,
    },
    e.OfficeAsked: {
        "question": "an id; the question's text is sealed",
        "office": _OFFICE,
        "about": _POLICY_CODES,
        "answer_by": _DUE,
        "round": _COUNTER,
    },
    e.OfficeAnswered: {
        "question": "an id; the answer's text is sealed",
        "answered_by": _STAFF,
        "touched_by": _STAFF,
    },
    e.ReviewRequested: {
        "ground": _CODE,
        "custody": _PART,
        "removal": _PART,
        "facts": _PART,
        "amendment": _COUNTER,
        "number": _NUMBER,
        "office": _OFFICE,
        "urgency": _ONE_OF_MANY,
        "decision_under_review": _ONE_OF_MANY,
        "relief_sought": _ONE_OF_MANY,
        "requestor_type": _ONE_OF_MANY,
        "received_at": _MOMENT,
        "noncitizen_reachable": "yes or no: whether an address is known, not which",
        "requestor_reachable": "yes or no: whether an address is known, not which",
        "place": _PART,
    },
    e.ReviewLapsed: {"at": _MOMENT, "waived": "yes or no", "by": "a role, not a person", "confirmed_by": _STAFF},
    e.ReviewEscalated: {"round": _COUNTER, "due": _DUE, "urgency": _ONE_OF_MANY, "ground": _CODE},
    e.ReviewOverdue: {"round": _COUNTER, "due": _DUE, "urgency": _ONE_OF_MANY},
    e.ReviewRecused: {"who": _STAFF},
    e.ReviewRemanded: {"round": _COUNTER, "reasons": _POLICY_CODES},
    e.ResolutionIssued: {
        "stage": _CODE,
        "outcome": _CODE,
        "granted": _ONE_OF_MANY,
        "declined": _ONE_OF_MANY,
        "moot": _ONE_OF_MANY,
        "reasons": _POLICY_CODES,
        "decided_by": _STAFF,
        "claimed_at": _MOMENT,
    },
    e.ResolutionOverdue: {"office": _OFFICE, "urgency": _ONE_OF_MANY, "due": _DUE},
    e.ResolutionCompleted: {
        "on": "the day on which the office did its part; many cases share each",
        "office": _OFFICE,
        "done_by": _STAFF,
        "granted": _ONE_OF_MANY,
    },
    e.NotificationRecorded: {
        "notification": "an id; the message carries it too",
        "letter": "which letter, not what it says",
        "role": "a role, not an address",
        "result": _CODE,
        "attempt": _COUNTER,
        "reply_class": "the kind of the relay's reply, not its words, which may quote an address",
    },
    e.CaseErased: {
        "ordered_by": "an opaque staff id from sign-in; an erasure has to be answered for",
        "reference": "the file number of the erasure order; whoever enters it is told to enter nothing else",
    },
}
"""Every model whose fields travel in clear, and why each of them may."""

BLOBS: dict[type[EventData], tuple[tuple[str, type[Contract], str], ...]] = {
    e.RequestRejected: (("contact", sealed.SealedSubmission, "whom to tell; no narrative"),),
    e.RequestSubmitted: (("submitted", sealed.SealedSubmission, "all personal data of the request"),),
    e.RequestAmended: (("amended_<n>", sealed.SealedAmendment, "what this amendment adds, if any of it is personal"),),
    e.RequestWithdrawn: (("withdrawal", sealed.SealedText, "the requestor's reason, if one was given"),),
    e.TriageAssigned: (("assigned_<revision>", sealed.SealedText, "the officer's note, when forwarded"),),
    e.TriageCompleted: (
        ("completed_<round>", sealed.SealedText, "the officer's text"),
        ("pre_approved_<round>", sealed.SealedText, "the written justification, where it was approved in advance"),
    ),
    e.InformationRequested: (("question_<id>", sealed.SealedText, "the question"),),
    e.OfficeAsked: (("question_<id>", sealed.SealedText, "the question"),),
    e.OfficeAnswered: (("answer_<id>", sealed.SealedText, "the field office's answer to the question"),),
    e.ReviewRequested: (
        (
            "submitted",
            sealed.SealedSubmission,
            "as in request.submitted: headquarters has not followed the case so far",
        ),
        ("amended_<n>", sealed.SealedAmendment, "as in request.amended, each one so far"),
        ("review", sealed.SealedText, "the requestor's text, if one was given"),
    ),
    e.ReviewRemanded: (("remanded_<round>", sealed.SealedText, "the SRO's text"),),
    e.ResolutionIssued: (("resolved", sealed.SealedText, "the SRO's text, if the SRO decided"),),
    e.ResolutionCompleted: (("carried_out", sealed.SealedText, "the officer's note, if one was given"),),
}
"""The sealed blobs of each event, by name, with the model of what is inside once opened."""


def clear_fields(model: type[Contract]) -> dict[str, Any]:
    """The fields of a model that travel in clear, with their annotations."""
    return {name: field.annotation for name, field in model.model_fields.items() if name != "sealed"}
