"""`secondlook look`, `release`, `hand-over`, `draft`: a case at the field office, read and put down by its officer."""

import asyncio
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from cli import people_shown
from cli.cases import Facts, Number, find_for_officer
from cli.officer import Declined, Granted, Moot, Reason, Text, order
from cli.queues import left, local
from cli.saying import as_json, done, out, plainly
from cli.sro.telling import change_line, draft_lines, when, words
from cli.where import DEFAULT, Data, Json, Myself, Token, desk, policy_now
from shared.calling.staff import names
from shared.calling.words import word
from shared.contracts.vocabulary import Service


@plainly
def look(
    number: Number,
    *,
    seen: Annotated[bool, typer.Option("--seen", help="You have read it: next time it says what is new.")] = False,
    myself: Myself = None,
    token: Token = None,
    data: Data = DEFAULT,
    as_json_: Json = False,
) -> None:
    """Show a case. Why it stands where it stands, what changed since you looked, other cases about the same person.

    Opens personal data: who looked is recorded.

    Example: `secondlook look 55MY1-Z1HT0-H --seen`
    """
    case = asyncio.run(_look(number, data, token=token, myself=myself, seen=seen))
    if as_json_:
        as_json(case)
        return
    for line in lines(case, policy_now(data)):
        out.print(line)


async def _look(number: str, data: Path, *, token: str | None, myself: str | None, seen: bool) -> dict[str, Any]:
    found, own = await find_for_officer(number, data, token=token, myself=myself)
    async with desk(Service.TRIAGE, own, data) as triage:
        case = await triage.case(found["case_id"])
        if seen:
            await triage.do(found["case_id"], "seen", {"facts_seen": case["facts_version"]})
        return case


def lines(case: dict[str, Any], now: datetime) -> Iterator[str]:
    """The case, line by line."""
    stands = word(case.get("urgency") or case["standing"])
    yield f"[bold]{case['number']}[/]  {stands}, facts version {case['facts_version']}"
    said = case["submission"]
    yield from people_shown.lines(
        case,
        requestor_type=case["requestor_type"],
        reviewed=said["decision_under_review"],
        relief=said["relief_sought"],
    )
    if due := case.get("answer_due"):
        moment = datetime.fromisoformat(due)
        yield f"due {local(moment, now, case['zone'])} ({left(moment - now)})"
    yield from (f"  {each['sentence']}" for each in case.get("why", ()))
    if case.get("to_answer"):
        yield f"to answer: {', '.join(map(word, case['to_answer']))}"
    yield from _pre_approval(case.get("pre_approval"), now)
    claim = case["claim"]
    yield f"in hand: {claim['by'] if claim else 'nobody'}" + (" (claim over)" if claim and claim["expired"] else "")
    yield from words(((case["personal"] or {}).get("submitted") or {}).get("narrative"))
    yield from _news(case, now)
    yield from _same_person(case["same_person"], now)
    for draft_ in case["drafts"]:
        yield from draft_lines(draft_, now)


def _pre_approval(approval: dict[str, Any] | None, now: datetime) -> Iterator[str]:
    """Whether a decline needs approval in advance, and whose there is."""
    if approval is None or not approval["needed"]:
        return
    given = approval["given"]
    if given is None:
        yield "a decline needs approval in advance (`secondlook pre-approve`); none is given yet"
        return
    yield f"approved in advance by {given['by']} ({word(given['role'])}), {when(given['at'], now)}"
    yield from words(given["text"])


def _news(case: dict[str, Any], now: datetime) -> Iterator[str]:
    since = case["since_you_looked"]
    if since is None:
        return
    yield f"\n[bold]Since you looked[/], {when(since['looked_at'], now)}, at facts version {since['facts_version']}"
    if not since["changes"] and not since["amendments"]:
        yield "  nothing changed"
    yield from (change_line(change) for change in since["changes"])
    for amendment in since["amendments"]:
        yield f"  amendment {amendment}"
        yield from words(((case["personal"] or {}).get(f"amended_{amendment}") or {}).get("text"))


def _same_person(others: dict[str, Any], now: datetime) -> Iterator[str]:
    if others["missing"]:
        yield "\n[yellow]Intake does not answer: other cases about the same person are not known now.[/]"
    if others["cases"]:
        yield "\n[bold]Other cases about the same person[/]"
    for other in others["cases"]:
        yield _other(other, now)


def _other(other: dict[str, Any], now: datetime) -> str:
    came, standing = "earlier" if other["earlier"] else "later", "open" if other["open"] else word(other["standing"])
    office = other["office"] or "no office"
    return f"  {came}: {other['case_number']}, {when(other['received_at'], now)}, {office}, {standing}"


@plainly
def release(
    number: Number, *, myself: Myself = None, token: Token = None, data: Data = DEFAULT, as_json_: Json = False
) -> None:
    """Give a claimed case back to the queue. A draft of yours stays.

    Example: `secondlook release 55MY1-Z1HT0-H`
    """
    answer = asyncio.run(order(number, "release", {}, data, token=token, myself=myself, facts=None))
    done(answer, f"{number} is back in the queue.", as_json_=as_json_)


@plainly
def hand_over(
    number: Number,
    *,
    holder: Annotated[str, typer.Option("--from", help="Who has the case in hand (`queue` names them).")],
    to: Annotated[str, typer.Option("--to", help="Who gets it. Yourself, if you take it over.")],
    why: Annotated[str, typer.Option(help="ABSENT, WORKLOAD or OTHER.")] = "ABSENT",
    myself: Myself = None,
    token: Token = None,
    data: Data = DEFAULT,
    as_json_: Json = False,
) -> None:
    """Give a case of yours to a colleague, or take one over. Drafts go with it.

    Example: `secondlook hand-over 55MY1-Z1HT0-H --from officer-sna --to officer-ben --why WORKLOAD`
    """
    said = {"holder": holder, "to": to, "why": why.upper()}
    answer = asyncio.run(order(number, "hand-over", said, data, token=token, myself=myself, facts=None))
    done(answer, f"{number} is now with {answer['to']}.", as_json_=as_json_)


@plainly
def draft(
    number: Number,
    *,
    outcome: Annotated[str | None, typer.Option(help="FAVOURABLE, DECLINED, REFERRED or MOOT.")] = None,
    reason: Reason = None,
    granted: Granted = None,
    declined: Declined = None,
    moot: Moot = None,
    text: Text = None,
    facts: Facts = None,
    myself: Myself = None,
    token: Token = None,
    data: Data = DEFAULT,
    as_json_: Json = False,
) -> None:
    """Put down what you mean to decide, for later or for a colleague. It outlasts your claim, and decides nothing.

    Example: `secondlook draft 55MY1-Z1HT0-H --outcome DECLINED --text "Checked up to the second conviction."`
    """
    said = {
        "outcome": (outcome or "").upper(),
        "reasons": names(reason),
        "granted": names(granted),
        "declined": names(declined),
        "moot": names(moot),
        "text": text,
    }
    answer = asyncio.run(order(number, "draft", said, data, token=token, myself=myself, facts=facts))
    done(answer, f"Kept. `secondlook look {number}` shows it.", as_json_=as_json_)
