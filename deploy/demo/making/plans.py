"""What the scripted people do with a request until it is resolved. `deploy/demo/README.md` explains the words."""

from dataclasses import dataclass
from random import Random
from typing import Any

from deploy.demo.making.places import PLACES

DECLINES = (
    "PRESUMED_BORDER_SECURITY",
    "PRESUMED_PUBLIC_SAFETY",
    "OTHER_PRIORITY_APPROVED",
    "SERIOUS_OR_RECENT_CONVICTION",
    "MITIGATING_FACTORS_OUTWEIGHED",
)
FAVOURS = ("NOT_A_PRIORITY", "FAMILY_CIRCUMSTANCES", "HEALTH", "COMMUNITY_TIES", "REHABILITATION")
GROUNDS = ("FIELD_OFFICE_DECLINED", "FACTORS_NOT_CONSIDERED", "NEW_CIRCUMSTANCES")
REFERRED = {
    "OPLA": "PENDING_IN_COURT",
    "EOIR": "COURT_PROCEEDINGS",
    "OIDO": "DETENTION_CONDITIONS",
    "I246": "FORMAL_STAY",
}
MOOT = {
    "REMOVED": "ALREADY_REMOVED",
    "RELEASED": "ALREADY_RELEASED",
    "STATUS_GRANTED": "STATUS_GRANTED",
    "OTHER": "NOTHING_LEFT_TO_DECIDE",
}
REMANDS = ("FACTORS_NOT_CONSIDERED", "NEW_FACTS_TO_CONSIDER", "REASONS_NOT_GIVEN")


@dataclass(frozen=True, slots=True)
class Ending:
    """One way in which a case can go: its steps, and the resolution they lead to.

    `review` among the steps stands for `review:` and a ground that is chosen by chance. Ways that differ only in their
    last decision are one ending: `silence` and `silence:NO_ACTION`.
    """

    steps: tuple[str, ...]
    stage: str
    outcome: str


_DECLINED = ("claim", "decide:DECLINED")
_TO_SRO = (*_DECLINED, "review", "sro_claim")

ENDINGS = {
    "favourable": Ending(("claim", "decide:FAVOURABLE"), "FIELD_OFFICE", "FAVOURABLE"),
    "lapsed": Ending((*_DECLINED, "lapse"), "FIELD_OFFICE", "DECLINED"),
    "upheld": Ending((*_TO_SRO, "sro_decide:UPHELD"), "SRO", "UPHELD"),
    "overridden": Ending((*_TO_SRO, "sro_decide:OVERRIDDEN"), "SRO", "OVERRIDDEN"),
    "no_action": Ending((*_TO_SRO, "sro_decide:NO_ACTION"), "SRO", "NO_ACTION"),
    "remanded_favourable": Ending((*_TO_SRO, "sro_remand", "claim", "decide:FAVOURABLE"), "FIELD_OFFICE", "FAVOURABLE"),
    "remanded_upheld": Ending((*_TO_SRO, "sro_remand", *_DECLINED, "sro_claim", "sro_decide:UPHELD"), "SRO", "UPHELD"),
    "referred": Ending(("claim", "decide:REFERRED", "lapse"), "FIELD_OFFICE", "REFERRED"),
    "moot": Ending(("claim", "decide:MOOT", "lapse"), "FIELD_OFFICE", "MOOT"),
    "withdrawn_before": Ending(("withdraw",), "REQUESTOR", "WITHDRAWN"),
    "withdrawn_in_window": Ending((*_DECLINED, "withdraw"), "REQUESTOR", "WITHDRAWN"),
    "withdrawn_at_headquarters": Ending((*_DECLINED, "review", "withdraw"), "REQUESTOR", "WITHDRAWN"),
    "silence": Ending(
        ("silence", "review:NO_TIMELY_ANSWER", "sro_claim", "sro_decide:OVERRIDDEN"), "SRO", "OVERRIDDEN"
    ),
    "silence:NO_ACTION": Ending(
        ("silence", "review:NO_TIMELY_ANSWER", "sro_claim", "sro_decide:NO_ACTION"), "SRO", "NO_ACTION"
    ),
    "forwarded": Ending(("forward", "pass_on", "claim", "decide:FAVOURABLE"), "FIELD_OFFICE", "FAVOURABLE"),
    "forwarded:DECLINED": Ending(("forward", *_DECLINED, "lapse"), "FIELD_OFFICE", "DECLINED"),
    "amended": Ending(("amend", "claim", "decide:FAVOURABLE"), "FIELD_OFFICE", "FAVOURABLE"),
    "amended:DECLINED": Ending(("amend", *_DECLINED, "lapse"), "FIELD_OFFICE", "DECLINED"),
    "partly": Ending(("claim", "decide:PARTLY", "lapse"), "FIELD_OFFICE", "DECLINED"),
    "partly:UPHELD": Ending(("claim", "decide:PARTLY", "review", "sro_claim", "sro_decide:UPHELD"), "SRO", "UPHELD"),
    "partly:OVERRIDDEN": Ending(
        ("claim", "decide:PARTLY", "review", "sro_claim", "sro_decide:OVERRIDDEN"), "SRO", "OVERRIDDEN"
    ),
}

BY_THE_REQUESTOR = ("review", "withdraw", "amend")
"""Steps that need the private link, hence an e-mail address where the request came through Kafka."""


def needs_link(ending: str) -> bool:
    """Whether the requestor has something to do."""
    return any(step.startswith(BY_THE_REQUESTOR) for step in ENDINGS[ending].steps)


def plan(ending: str, relief: list[str], residence: str, rng: Random) -> dict[str, Any]:
    """The plan of one request. `residence`: the state where the person lives, which a case is forwarded by."""
    way = ENDINGS[ending]
    steps = [f"review:{rng.choice(GROUNDS)}" if step == "review" else step for step in way.steps]
    made: dict[str, Any] = {"ending": ending.partition(":")[0], "steps": steps, "reasons": {}}
    for step in steps:
        reasons = _reasons(step, made, rng)
        if reasons:
            made["reasons"][step] = reasons
    if not {"decide:FAVOURABLE", "decide:PARTLY", "sro_decide:OVERRIDDEN"}.isdisjoint(steps):
        made["granted"] = relief[:1]
    if "forward" in steps:
        made["forward_to"] = rng.choice(_offices_in(residence))
    if "pass_on" in steps:
        made["pass_to"] = _another(made["forward_to"])
    made["resolution"] = {"stage": way.stage, "outcome": way.outcome}
    return made


def _reasons(step: str, made: dict[str, Any], rng: Random) -> list[str]:
    """Reason codes for a decision; what a referral or a moot case says besides goes into the plan."""
    match step:
        case "decide:DECLINED" | "decide:PARTLY":
            return rng.sample(DECLINES, rng.choice((1, 1, 2)))
        case "decide:FAVOURABLE":
            return rng.sample(FAVOURS, rng.choice((1, 2)))
        case "decide:REFERRED":
            made["referred_to"] = rng.choice(tuple(REFERRED))
            return [REFERRED[made["referred_to"]]]
        case "decide:MOOT":
            made["moot_because"] = rng.choice(tuple(MOOT))
            return [MOOT[made["moot_because"]]]
        case "sro_decide:UPHELD":
            return ["CONSISTENT_WITH_GUIDANCE", *rng.sample(DECLINES, 1)]
        case "sro_decide:OVERRIDDEN":
            return ["NOT_CONSISTENT_WITH_GUIDANCE", *rng.sample(FAVOURS, 1)]
        case "sro_decide:NO_ACTION":
            return [rng.choice((*MOOT.values(), "OUTSIDE_THIS_PROCESS"))]
        case "sro_remand":
            return [rng.choice(REMANDS)]
        case _:
            return []


def _another(office: str) -> str:
    """The office after this one in the alphabet: the person turns out to live there."""
    offices = sorted({place.office for places in PLACES.values() for place in places if place.office})
    return offices[(offices.index(office) + 1) % len(offices)]


def _offices_in(state: str) -> list[str]:
    """The offices that have places in a state; any of them may turn out to be the right one."""
    there = (place for places in PLACES.values() for place in places if place.state == state)
    return list(dict.fromkeys(place.office for place in there if place.office)) or ["SFR"]
