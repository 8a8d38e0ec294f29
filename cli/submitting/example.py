"""`secondlook submit --example`: two invented requests, as a file has them."""

import json

REQUESTS = (
    {
        "noncitizen": {
            "given_name": "Ximena",
            "family_name": "Velarde Rosal",
            "a_number": "A098-765-432",
            "date_of_birth": "1988-02-29",
            "language": "es",
        },
        "requestor": {
            "type": "ATTORNEY",
            "name": "Teodor Wrenfield",
            "email": "intake@wrenfield-law.example",
            "organisation": "Wrenfield Law",
            "client_reference": "2021-0117",
        },
        "custody": {"status": "DETAINED", "facility": {"name": "Karnes County", "state": "TX", "county": "Karnes"}},
        "removal": {"scheduled_for": None, "believed_imminent": "unknown"},
        "place": {"state": "TX", "county": "Bexar"},
        "decision_under_review": ["CUSTODY"],
        "relief_sought": ["RELEASE"],
        "narrative": "She has lived in San Antonio since 2009 and cares for her two daughters.",
        "consent": {"kind": "G28", "signed": True},
    },
    {
        "key": "matter-2021-0118",
        "body": {
            "noncitizen": {
                "given_name": "Obadele",
                "family_name": "Nkem",
                "a_number": "A087-654-321",
                "date_of_birth": "1979-11-03",
            },
            "requestor": {
                "type": "ATTORNEY",
                "name": "Teodor Wrenfield",
                "email": "intake@wrenfield-law.example",
                "client_reference": "2021-0118",
            },
            "custody": {"status": "NOT_DETAINED"},
            "removal": {"believed_imminent": "no"},
            "place": {"state": "MD", "county": "Howard"},
            "decision_under_review": ["REMOVAL_EXECUTION"],
            "relief_sought": ["STAY_OR_PAUSE_REMOVAL"],
            "narrative": "He has a motion to reopen pending and a son with a disability.",
            "consent": {"kind": "G28", "signed": True},
        },
    },
)


def lines() -> str:
    """The example as JSON Lines: a request; and a request with a key of its own."""
    return "".join(json.dumps(each, ensure_ascii=False) + "\n" for each in REQUESTS)
