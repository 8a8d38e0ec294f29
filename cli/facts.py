"""`secondlook facts` and `presumption`: what is known of a case, who says so, and what the guidance presumes of it."""

import asyncio
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.cases import Facts, Number, find_for_officer, order_at_intake
from cli.saying import Failed, as_json, done, out, plainly
from cli.where import DEFAULT, Data, Json, Myself, Token, desk
from services.intake.domain.asserted import NAMES
from shared.calling.words import word
from shared.contracts.vocabulary import Service

LISTS = ("mitigating", "aggravating")
GANG = "gang_participation"
YES_NO = {"yes": True, "true": True, "no": False, "false": False}

Told = Annotated[
    list[str] | None,
    typer.Argument(
        help="NAME=VALUE: yes or no; a day like 2015-05-01; codes like FAMILY_TIES,REHABILITATION; "
        "of gang_participation the age at the conduct, yes where nobody knows it, or no."
    ),
]


@plainly
def facts(
    number: Number,
    told: Told = None,
    *,
    take_back: Annotated[
        list[str] | None, typer.Option(help="A fact of which what staff said no longer holds. May repeat.")
    ] = None,
    seen: Facts = None,
    myself: Myself = None,
    token: Token = None,
    data: Data = DEFAULT,
    as_json_: Json = False,
) -> None:
    """Enter or correct facts. Staff's word outranks the requestor's; both stay visible.

    Example: `secondlook facts 55MY1-Z1HT0-H first_present_on=2015-05-01 threat_to_public_safety=no`

    Example: `secondlook facts 55MY1-Z1HT0-H --take-back threat_to_public_safety`
    """
    wish = {"facts": read(told or ()), "takes_back": list(take_back or ())}
    if not any(wish.values()):
        raise Failed("Say which facts: like first_present_on=2015-05-01, or --take-back final_order.")
    answer = order_at_intake(number, "facts", wish, data, token=token, myself=myself, facts=seen)
    sentence = f"{number} has version {answer['amendment']} of its facts. See `secondlook presumption {number}`"
    done(answer, sentence, as_json_=as_json_)


def read(told: Iterable[str]) -> dict[str, Any]:
    """Facts as they are written on the command line, as the service takes them. What they say is checked there."""
    found: dict[str, Any] = {}
    for each in told:
        name, equals, value = each.partition("=")
        if not equals or not value:
            raise Failed(f"{each} is no fact: write it like first_present_on=2015-05-01 or final_order=no.")
        if name.strip() not in NAMES:
            raise Failed(f"There is no fact {name.strip()}: choose {', '.join(sorted(NAMES))}.")
        found[name.strip()] = _value(name.strip(), value.strip())
    return found


def _value(name: str, value: str) -> Any:
    if name in LISTS:
        return [{"value": code.strip().upper()} for code in value.split(",") if code.strip()]
    answer = YES_NO.get(value.lower())
    if name != GANG:
        return {"value": value if answer is None else answer}
    if answer is None and value.isdecimal():
        return {"value": {"intentional": True, "age_at_conduct": int(value)}}
    if answer is not None:
        return {"value": {"intentional": answer}}
    raise Failed(
        f"{GANG} is the age at the conduct, like {GANG}=16; {GANG}=yes where the age is not known; "
        f"or {GANG}=no where the person took no part."
    )


@plainly
def presumption(
    number: Number, *, myself: Myself = None, token: Token = None, data: Data = DEFAULT, as_json_: Json = False
) -> None:
    """Show what the guidance in force presumes of a case. Why, on whose word, and what is open; it decides nothing.

    Example: `secondlook presumption 55MY1-Z1HT0-H`
    """
    shown = asyncio.run(_presumption(number, data, token=token, myself=myself))
    if as_json_:
        as_json(shown)
    elif shown is None:
        out.print("The case is not before a field office now: nothing is presumed of it there.")
    else:
        show(shown)


async def _presumption(number: str, data: Path, *, token: str | None, myself: str | None) -> Any:
    found, own = await find_for_officer(number, data, token=token, myself=myself)
    async with desk(Service.TRIAGE, own, data) as triage:
        return (await triage.case(found["case_id"]))["presumption"]


def show(shown: dict[str, Any]) -> None:
    """A presumption, category by category: why, on whose word, from where, and what is open."""
    guidance = shown["guidance"]
    out.print(f"[bold]{guidance['name'] if isinstance(guidance, dict) else guidance}[/]\n[dim]{shown['note']}[/]")
    if isinstance(guidance, dict) and guidance.get("in_force_because"):
        out.print(f"In force: {guidance['in_force_because']}", highlight=False)
    for finding in shown.get("findings", ()):
        out.print(f"\n[bold]{word(finding['category'])}[/]: {word(finding['standing'])}")
        _explained(finding["reasons"], finding)
    for notice in shown.get("notices", ()):
        out.print(f"\n[bold]{'Note' if notice['applies'] == 'yes' else 'This may apply'}[/]")
        _explained([notice], notice)
    if "findings" not in shown:  # Of a decided case only the codes are kept.
        out.print(f"presumed: {', '.join(map(word, shown['categories'])) or 'nothing'}")


def _explained(reasons: Sequence[dict[str, str]], found: dict[str, Any]) -> None:
    for reason in reasons:
        out.print(f"  {reason['sentence']} [dim]{reason['source']}[/]", highlight=False)
    for entry in found["facts"]:
        out.print(f"  [green]{_said(entry)}[/]", highlight=False)
    for question in found["questions"]:
        out.print(f"  [yellow]?[/] {question['sentence']}", highlight=False)


def _said(entry: dict[str, Any]) -> str:
    claimed = entry.get("claimed")
    besides = f" (requestor: {_short(claimed['value'])})" if claimed else ""
    return f"{entry['asserted_by']}: {word(entry['fact'])} {_short(entry['value'])}{besides}"


def _short(value: Any) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)
