"""Finding a case by its number, and `secondlook case`: what happened to it."""

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.table import Table

from cli.saying import Failed, as_json, out, plainly
from cli.where import DEFAULT, Data, Json, Token, desk, policy_now, token_for
from shared.calling.instances import Refusal
from shared.calling.staff import Desk
from shared.calling.words import word
from shared.contracts.topics import ROUTES
from shared.contracts.vocabulary import EventType, Service
from shared.policy.loading import load
from shared.policy.model import HEADQUARTERS, TO_BE_ASSIGNED

app = typer.Typer(help="Look at single cases.\n\nExample: `secondlook case show 55MY1-Z1HT0-H`", no_args_is_help=True)

Number = Annotated[str, typer.Argument(help="The case number, as in a letter; spaces, case and O for 0 are forgiven.")]


Facts = Annotated[
    int | None, typer.Option("--facts", help="The version of the facts that you saw; the newest when left out.")
]


async def find(number: str, data: Path, token: str) -> dict[str, Any]:
    """The case of a number, as intake knows it; any staff may ask."""
    async with desk(Service.INTAKE, token, data) as intake:
        try:
            return await intake.of_number(number)
        except Refusal as refusal:
            if refusal.code != "case_unknown":
                raise
            raise Failed("There is no case of this number: check it against the letter.") from None


def office_of(found: dict[str, Any]) -> str | None:
    """The office that a case lies with; None: to be assigned."""
    assignment = ((found.get("filing") or {}).get("heard") or {}).get("assignment") or {}
    office: str | None = assignment.get("office")
    return office


def not_mistyped(office: str) -> None:
    """Asked where nothing was found: at an office that does not exist nothing ever waits."""
    known = {code for _, policy in load().versions for code in policy.office_map.offices} - {HEADQUARTERS}
    if office not in known | {TO_BE_ASSIGNED}:
        raise Failed(f"There is no field office {office}: choose {', '.join(sorted(known))}, or {TO_BE_ASSIGNED}.")


def officer_of(office: str | None, data: Path, token: str | None, myself: str | None) -> str:
    """The token that was given; else one of an officer of this office: headquarters' for cases to be assigned."""
    own = office if office and office != TO_BE_ASSIGNED else HEADQUARTERS
    return token_for("officer", data, given=token, offices=[own], myself=myself)


async def find_for_officer(
    number: str, data: Path, *, token: str | None, myself: str | None
) -> tuple[dict[str, Any], str]:
    """The case of a number, and the token of an officer of its office."""
    found = await find(number, data, token or token_for("analyst", data, given=None))
    return found, officer_of(office_of(found), data, token, myself)


async def facts_seen(at: Desk, case_id: UUID | str, facts: int | None) -> int:
    """The version of the facts that was seen; the newest where it is not said."""
    return facts if facts is not None else int((await at.case(case_id))["facts_version"])


def order_at_intake(
    number: str,
    what: str,
    said: dict[str, Any],
    data: Path,
    *,
    token: str | None,
    myself: str | None,
    facts: int | None,
) -> dict[str, Any]:
    """Have intake do it as an officer of the case's office, on the facts as they were seen: the newest if not said."""

    def on_facts(found: dict[str, Any]) -> dict[str, Any]:
        return said | {"facts_seen": found.get("amendment", 0) if facts is None else facts}

    return asyncio.run(_order(number, what, on_facts, data, token=token, myself=myself))


def order_blindly(
    number: str, what: str, said: dict[str, Any], data: Path, *, token: str | None, myself: str | None
) -> dict[str, Any]:
    """The same for what says nothing of the facts."""
    return asyncio.run(_order(number, what, lambda _: said, data, token=token, myself=myself))


async def _order(
    number: str,
    what: str,
    saying: Callable[[dict[str, Any]], dict[str, Any]],
    data: Path,
    *,
    token: str | None,
    myself: str | None,
) -> dict[str, Any]:
    found, own = await find_for_officer(number, data, token=token, myself=myself)
    async with desk(Service.INTAKE, own, data) as intake:
        answer: dict[str, Any] = await intake.do(found["case_id"], what, saying(found))
        return answer


@app.command()
@plainly
def show(number: Number, data: Data = DEFAULT, token: Token = None, as_json_: Json = False) -> None:
    """Show where a case stands, how it came there, and its letters. No names: codes and dates only.

    Example: `secondlook case show 55MY1-Z1HT0-H`
    """
    told = asyncio.run(_history(number, data, token))
    if as_json_:
        as_json(told)
        return
    shown(told["history"])
    if told["missing"]:
        out.print(f"[yellow]Not all of it: no answer from {', '.join(told['missing'])}.[/]")


def shown(history: dict[str, Any]) -> None:
    """A case's history, for people."""
    from deploy.demo.report import timeline

    ended = f", {word(history['outcome'])} by {word(history['ended_by'])}" if history["outcome"] else ""
    urgency = word(history["urgency"] or "unknown")
    out.print(f"[bold]{history['number']}[/]  {word(history['stage'])}{ended}")
    out.print(f"office {history['office'] or 'none yet'}, {urgency}, case {history['case_id']}\n")
    out.print(timeline(history))
    if history["waiting"]:
        out.print("\nwaits for " + ", ".join(word(each["waits_for"]) for each in history["waiting"]))


async def _history(number: str, data: Path, token: str | None) -> dict[str, Any]:
    token = token_for("analyst", data, given=token)
    found = await find(number, data, token)
    async with desk(Service.TRIAGE, token, data) as triage:
        return await triage.history(found["case_id"])


@app.command()
@plainly
def events(
    number: Number,
    *,
    type_: Annotated[EventType | None, typer.Option("--type", help="Only these, like triage.completed.")] = None,
    data: Data = DEFAULT,
    token: Token = None,
) -> None:
    """Print a case's events as the services have said them, a JSON object a line. What is sealed is left out.

    docs/events.md says what each means. Across services the order is that of the policy clock.

    Example: `secondlook case events 55MY1-Z1HT0-H --type triage.completed`
    """
    for event in asyncio.run(_events(number, type_, data, token_for("analyst", data, given=token))):
        typer.echo(json.dumps(event, ensure_ascii=False))


async def _events(number: str, wanted: EventType | None, data: Path, token: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    case_id = (await find(number, data, token))["case_id"]
    for service in Service if wanted is None else ROUTES[wanted].emitters:
        async with desk(service, token, data) as asked:
            with _unless_unknown():
                found += await asked.events(case_id)
    kept = [event for event in found if wanted in {None, event["type"]}]
    return sorted(kept, key=lambda event: (event["time"], event["source"], event["seq"]))


@contextmanager
def _unless_unknown() -> Iterator[None]:
    """A service that has not heard of the case has said nothing of it."""
    try:
        yield
    except Refusal as refusal:
        if refusal.code != "case_unknown":
            raise


@app.command()
@plainly
def reasons(data: Data = DEFAULT, as_json_: Json = False) -> None:
    """List the reason codes of the policy in force (the one that ships with this version), and what each is for.

    Example: `secondlook case reasons`
    """
    known = load().at(policy_now(data)).reasons
    if as_json_:
        listed = [{"code": code, "by": sorted(r.given_by), "for": sorted(r.outcomes)} for code, r in known.items()]
        as_json(listed)
        return
    table = Table("code", "for", "sentence", box=None, header_style="bold")
    for code, reason in known.items():
        table.add_row(code, " ".join(sorted(reason.outcomes)), reason.sentence["en"])
    out.print(table)
