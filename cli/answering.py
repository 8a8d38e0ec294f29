"""`secondlook ask`, `questions`, `answer`: what a field office asks, and what it is asked by headquarters."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from cli.cases import Number, find_for_officer, not_mistyped, officer_of
from cli.officer import order
from cli.queues import local
from cli.saying import Failed, as_json, done, out, plainly
from cli.where import DEFAULT, Data, Json, Myself, Token, desk, policy_now
from shared.contracts.vocabulary import Service


def requestor_asked(told: Mapping[str, Any], by: str) -> str:
    """What an officer learns of a question to the requestor; also where it stops no clock."""
    asked = f"The requestor is asked, until {by}."
    if told.get("clock_stands_still", True):
        return asked
    return f"{asked} The clock goes on: nobody outside can hear of the question."


@plainly
def ask(
    number: Number,
    *,
    about: Annotated[
        list[str],
        typer.Option(
            "--about", help="custody, removal, place, facts, consent, or a code of what is missing. May repeat."
        ),
    ],
    text: Annotated[str, typer.Option(help="The question; sealed before it is kept.")],
    myself: Myself = None,
    token: Token = None,
    data: Data = DEFAULT,
    as_json_: Json = False,
) -> None:
    """Ask the requestor about a case that you have claimed. The clock stands still until the answer, or its last day.

    Where nobody outside can hear of the question the clock goes on, and the answer says so.

    Example: `secondlook ask 55MY1-Z1HT0-H --about custody --text "Since when has she been held?"`
    """
    said = {"about": about, "text": text}
    told = asyncio.run(order(number, "ask", said, data, token=token, myself=myself, facts=None))
    by = local(datetime.fromisoformat(told["answer_by"]), policy_now(data))
    done(told, requestor_asked(told, by), as_json_=as_json_)


@plainly
def questions(
    office: Annotated[str, typer.Option(help="A field office, like SNA.")],
    *,
    myself: Myself = None,
    token: Token = None,
    data: Data = DEFAULT,
    as_json_: Json = False,
) -> None:
    """Show what headquarters asks a field office. The most urgent cases first; they stay at headquarters.

    Example: `secondlook questions --office SNA`
    """
    office = office.upper()
    found = asyncio.run(_questions(office, data, officer_of(office, data, token, myself)))
    if as_json_:
        as_json(found)
        return
    if not found:
        not_mistyped(office)
        out.print(f"Headquarters asks {office} nothing.")
        return
    table = Table("case", "about", "answer by", "question", box=None, header_style="bold")
    for each in found:
        late = " [red]late[/]" if each["late"] else ""
        by = local(datetime.fromisoformat(each["answer_by"]), policy_now(data))
        table.add_row(each["number"], ", ".join(each["about"]), f"{by}{late}", each["question"])
    out.print(table)


@plainly
def answer(
    number: Number,
    *,
    text: Annotated[str, typer.Option(help="The answer; sealed before it is kept.")],
    question: Annotated[str | None, typer.Option(help="Its id, where more than one is open.")] = None,
    myself: Myself = None,
    token: Token = None,
    data: Data = DEFAULT,
    as_json_: Json = False,
) -> None:
    """Answer a question of headquarters. Whoever answers may not review the case there any more.

    Example: `secondlook answer 55MY1-Z1HT0-H --text "The conviction was vacated; the order is in the file."`
    """
    told = asyncio.run(_answer(number, text, question, data, token=token, myself=myself))
    done(told, f"Headquarters has your answer to {number}.", as_json_=as_json_)


async def _questions(office: str, data: Path, token: str) -> list[dict[str, Any]]:
    async with desk(Service.TRIAGE, token, data) as triage:
        return await triage.questions(office=office)


async def _answer(
    number: str, text: str, question: str | None, data: Path, *, token: str | None, myself: str | None
) -> dict[str, Any]:
    found, own = await find_for_officer(number, data, token=token, myself=myself)
    async with desk(Service.TRIAGE, own, data) as triage:
        asked = (await triage.case(found["case_id"])).get("asked_by_headquarters") or []
        if question is None and len(asked) != 1:
            ids = ", ".join(each["id"] for each in asked)
            raise Failed(
                f"Say which question with --question: {ids}." if asked else "Headquarters asks nothing about it."
            )
        said = {"question": question or asked[0]["id"], "text": text}
        told: dict[str, Any] = await triage.do(found["case_id"], "answer", said)
        return told
