"""`secondlook queue`, `claim`, `decide`, `forward`: a field office officer's work."""

import asyncio
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from cli import deciding, queues
from cli.cases import Facts, Number, facts_seen, find, find_for_officer, not_mistyped, office_of, officer_of
from cli.deciding import DryRun, Numbers, TakeInHand
from cli.saying import as_json, done, out, plainly
from cli.where import DEFAULT, Data, Json, Myself, StaffRole, Token, desk, policy_now, token_for
from shared.calling.staff import names, without_nothing
from shared.contracts.vocabulary import ApproverRole as Approver
from shared.contracts.vocabulary import Service
from shared.policy.model import TO_BE_ASSIGNED

Outcome = Annotated[str, typer.Option(help="FAVOURABLE, DECLINED, REFERRED or MOOT.")]
Reason = Annotated[
    list[str] | None, typer.Option(help="A reason code of the policy in force (`secondlook case reasons`). May repeat.")
]
Granted = Annotated[list[str] | None, typer.Option(help="What is granted, like RELEASE. May repeat.")]
Declined = Annotated[list[str] | None, typer.Option(help="What is declined, like PAROLE. May repeat.")]
Moot = Annotated[list[str] | None, typer.Option(help="Of what nothing is left to decide. May repeat.")]
SIGN_INS: Final[Mapping[Approver, StaffRole]] = {
    Approver.FIELD_OFFICE_DIRECTOR: "field_office_director",
    Approver.SPECIAL_AGENT_IN_CHARGE: "special_agent_in_charge",
}
BLIND = frozenset({"take-back", "claim", "release", "hand-over", "ask"})
"""Orders that say nothing about the facts."""

Text = Annotated[str | None, typer.Option(help="Your own words; sealed before they are kept.")]


@plainly
def queue(
    office: Annotated[str, typer.Option(help="A field office, like SNA; or TO_BE_ASSIGNED.")],
    *,
    mine: Annotated[bool, typer.Option("--mine", help="Only what you have claimed.")] = False,
    why: Annotated[bool, typer.Option("--why", help="Say of each why it stands where it stands.")] = False,
    myself: Myself = None,
    token: Token = None,
    data: Data = DEFAULT,
    as_json_: Json = False,
) -> None:
    """Show a field office's open cases, the most urgent first.

    Example: `secondlook queue --office SNA`
    """
    office = office.upper()
    found = asyncio.run(_queue(office, data, officer_of(office, data, token, myself), mine=mine))
    if as_json_:
        as_json(found)
        return
    if not found:
        not_mistyped(office)
    queues.show(found, of="to be assigned" if office == TO_BE_ASSIGNED else f"at {office}", now=policy_now(data))
    if why:
        queues.reasons_for_places(found)


async def _queue(office: str, data: Path, token: str, *, mine: bool) -> list[dict[str, Any]]:
    async with desk(Service.TRIAGE, token, data) as triage:
        return await triage.queue(office=office, mine="true" if mine else None)


@plainly
def next_(
    office: Annotated[str, typer.Option(help="A field office, like SNA; or TO_BE_ASSIGNED.")],
    *,
    myself: Myself = None,
    token: Token = None,
    data: Data = DEFAULT,
    as_json_: Json = False,
) -> None:
    """Take the next case in hand. It is the most urgent that nobody has; in its turn an old routine one.

    Example: `secondlook next --office SNA`
    """
    office = office.upper()
    taken = asyncio.run(_next(office, data, officer_of(office, data, token, myself)))
    if as_json_:
        as_json(taken)
        return
    case = taken["case"]
    out.print(f"[green]✓[/] {case['number']} is yours. {taken['said']}")
    queues.reasons_for_places([case])


async def _next(office: str, data: Path, token: str) -> dict[str, Any]:
    async with desk(Service.TRIAGE, token, data) as triage:
        return await triage.take_next(office)


@plainly
def claim(
    number: Number, *, myself: Myself = None, token: Token = None, data: Data = DEFAULT, as_json_: Json = False
) -> None:
    """Take a case in hand, so that nobody else does. Again renews it.

    Example: `secondlook claim 55MY1-Z1HT0-H`
    """
    answer = asyncio.run(order(number, "claim", {}, data, token=token, myself=myself, facts=None))
    sentence = f"{number} is yours. Read it with `secondlook look {number}`, then `secondlook decide {number} ...`"
    done(answer, sentence, as_json_=as_json_)


@plainly
def decide(
    numbers: Numbers,
    *,
    outcome: Outcome,
    reason: Reason = None,
    granted: Granted = None,
    declined: Declined = None,
    moot: Moot = None,
    referred_to: Annotated[str | None, typer.Option(help="With REFERRED: OPLA, EOIR, OIDO or I246.")] = None,
    moot_because: Annotated[
        str | None, typer.Option(help="With --moot: REMOVED, RELEASED, STATUS_GRANTED, OTHER.")
    ] = None,
    text: Text = None,
    facts: Facts = None,
    claim: TakeInHand = False,
    dry_run: DryRun = False,
    myself: Myself = None,
    token: Token = None,
    data: Data = DEFAULT,
    as_json_: Json = False,
) -> None:
    """Give cases their initial consideration. Such as you have claimed, or with `--claim` such as nobody has.

    Of each relief that was asked for (`look` lists it) say granted, declined or moot. A decline gives at least one
    reason; of somebody whom the guidance presumes no priority it needs `secondlook pre-approve` first. When the facts
    have changed since the version that you saw (`--facts`), nothing is decided. Each case stands by itself: what is
    refused for one leaves the others alone.

    Example: `secondlook decide 55MY1-Z1HT0-H --outcome DECLINED --declined RELEASE --reason INFORMATION_MISSING`

    Example: `secondlook decide 55MY1-Z1HT0-H 7K2QD-M4TT9-C --claim --outcome FAVOURABLE --granted RELEASE`
    """
    said = {
        "outcome": outcome.upper(),
        "reasons": names(reason),
        "granted": names(granted),
        "declined": names(declined),
        "moot": names(moot),
        "referred_to": (referred_to or "").upper(),
        "moot_because": (moot_because or "").upper(),
        "text": text,
    }

    @cache
    def of_office(office: str | None) -> str:
        return officer_of(office, data, token, myself)

    became = asyncio.run(
        deciding.decide(
            numbers,
            said,
            data,
            at=Service.TRIAGE,
            looking=token or token_for("analyst", data, given=None),
            token_of=lambda found: of_office(office_of(found)),
            facts=facts,
            claim=claim,
            dry_run=dry_run,
        )
    )
    deciding.tell(became, outcome, as_json_=as_json_)


@plainly
def pre_approve(
    number: Number,
    *,
    text: Annotated[str, typer.Option(help="The written justification; sealed before it is kept.")],
    role: Annotated[
        Approver, typer.Option(help="In which capacity: FIELD_OFFICE_DIRECTOR or SPECIAL_AGENT_IN_CHARGE.")
    ] = Approver.FIELD_OFFICE_DIRECTOR,
    facts: Facts = None,
    myself: Myself = None,
    token: Token = None,
    data: Data = DEFAULT,
    as_json_: Json = False,
) -> None:
    """Approve in advance that a case be declined. Where the guidance in force asks for it; somebody else then decides.

    Example: `secondlook pre-approve 55MY1-Z1HT0-H --text "Last month's conviction outweighs the family ties."`
    """
    told = asyncio.run(_pre_approve(number, role, text, data, token=token, myself=myself, facts=facts))
    done(told, f"A decline of {number} is approved in advance, on the facts as they are now.", as_json_=as_json_)


async def _pre_approve(
    number: str, role: Approver, text: str, data: Path, *, token: str | None, myself: str | None, facts: int | None
) -> dict[str, Any]:
    found = await find(number, data, token or token_for("analyst", data, given=None))
    offices = [office] if (office := office_of(found)) else []
    own = token_for(SIGN_INS[role], data, given=token, offices=offices, myself=myself)
    async with desk(Service.TRIAGE, own, data) as triage:
        seen = await facts_seen(triage, found["case_id"], facts)
        said = {"text": text, "role": role.value, "facts_seen": seen}
        told: dict[str, Any] = await triage.do(found["case_id"], "pre-approval", said)
        return told


@plainly
def take_back(
    number: Number, *, myself: Myself = None, token: Token = None, data: Data = DEFAULT, as_json_: Json = False
) -> None:
    """Take your own decision back before it takes effect. The case is in your hands as before.

    Example: `secondlook take-back 55MY1-Z1HT0-H`
    """
    answer = asyncio.run(order(number, "take-back", {}, data, token=token, myself=myself, facts=None))
    done(answer, f"Your decision of {number} is taken back: the case is in your hands.", as_json_=as_json_)


@plainly
def forward(
    number: Number,
    *,
    to: Annotated[str, typer.Option(help="The office that is responsible, like SNA.")],
    text: Annotated[str, typer.Option(help="Why; sealed before it is kept.")],
    facts: Facts = None,
    myself: Myself = None,
    token: Token = None,
    data: Data = DEFAULT,
    as_json_: Json = False,
) -> None:
    """Give a case to the office that is responsible. One without an office, or a misrouted one.

    Example: `secondlook forward 55MY1-Z1HT0-H --to SNA --text "lives in Bexar county"`
    """
    said = {"office": to.upper(), "text": text}
    answer = asyncio.run(order(number, "forward", said, data, token=token, myself=myself, facts=facts))
    done(answer, f"{number} is now with {to.upper()}.", as_json_=as_json_)


async def order(
    number: str,
    what: str,
    said: dict[str, Any],
    data: Path,
    *,
    token: str | None,
    myself: str | None,
    facts: int | None,
) -> dict[str, Any]:
    """Find the case, sign in as an officer of its office, and do it; on the facts as they were seen, if they matter."""
    found, own = await find_for_officer(number, data, token=token, myself=myself)
    async with desk(Service.TRIAGE, own, data) as triage:
        said = without_nothing(said)
        if what not in BLIND:
            said |= {"facts_seen": await facts_seen(triage, found["case_id"], facts)}
        answer: dict[str, Any] = await triage.do(found["case_id"], what, said)
        return answer
