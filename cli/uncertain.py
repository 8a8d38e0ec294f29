"""`secondlook mail uncertain | unaddressed | resend | delivered`: letters that need a person."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.markup import escape

from cli.held import operating
from cli.progress import Bar
from cli.saying import Failed, advised, as_json, done, out, plainly
from cli.where import DEFAULT, Data, Json, Token, token_for
from shared.calling.operator import OperatorDesk
from shared.contracts.vocabulary import Letter, Service

PAGE = 200
MOST_AT_ONCE = 100

Letters = list[dict[str, Any]]
Which = Annotated[str, typer.Argument(metavar="ID", help="The beginning of the letter's id, as the lists show it.")]
Heard = Literal["arrived", "by_phone", "by_post"]
Because = Literal["never_taken", "relay_lost_it", "second_copy_harmless", "reader_asked"]

SAYS = {
    "queued": "the relay has it in its queue",
    "unclear": "the relay's log does not tell whether it was taken",
    "absent": "the relay never took it, says its log",
}


@plainly
def uncertain(
    *,
    kind: Annotated[Letter | None, typer.Option("--kind", help="Only letters of this kind.")] = None,
    token: Token = None,
    data: Data = DEFAULT,
    as_json_: Json = False,
) -> None:
    """List letters of which nobody knows whether they went out, and those that the relay refused for good.

    Example: `secondlook mail uncertain --kind link_sent`
    """
    found = asyncio.run(of_notification(token, data, lambda desk: listed(desk, "/uncertain")))
    _show([letter for letter in found if kind is None or letter["letter"] == kind], as_json_=as_json_)
    if found and not as_json_:
        out.print("\nA relay's log settles most of them: `secondlook mail settle --from-log FILE --dry-run`")


@plainly
def unaddressed(*, token: Token = None, data: Data = DEFAULT, as_json_: Json = False) -> None:
    """List people whom a letter did not reach: tell them by phone or post, then say so with `delivered`.

    They have no address that works, or the letter came back or was too old. Where staff refused the requestor's
    consent, the noncitizen is the one to be told.

    Example: `secondlook mail unaddressed`
    """
    _show(asyncio.run(of_notification(token, data, lambda desk: listed(desk, "/unaddressed"))), as_json_=as_json_)


@plainly
def delivered(
    letter: Which,
    *,
    why: Annotated[Heard, typer.Option(help="How you know: it arrived, or you told its reader by phone or post.")],
    token: Token = None,
    data: Data = DEFAULT,
    as_json_: Json = False,
) -> None:
    """Say that a letter reached its reader, or that its reader was told otherwise.

    Example: `secondlook mail delivered 3f9a01c2 --why arrived`
    """

    async def say(desk: OperatorDesk) -> Any:
        open_to_persons = {
            each["notification"]: each for path in ("/uncertain", "/unaddressed") for each in await listed(desk, path)
        }
        meant = _one(list(open_to_persons.values()), letter)
        return await desk.post(f"/notifications/{meant['notification']}/delivered", case_id=meant["case_id"], heard=why)

    done(asyncio.run(of_notification(token, data, say)), f"Noted for {escape(letter)}: {why}.", as_json_=as_json_)


@plainly
def resend(
    letter: Annotated[
        str | None, typer.Argument(metavar="ID", help="One letter, by the beginning of its id; or give --kind.")
    ] = None,
    *,
    why: Annotated[Because, typer.Option(help="Why a second copy is worth its risk.")],
    kind: Annotated[Letter | None, typer.Option("--kind", help="All uncertain letters of this kind.")] = None,
    never_taken: Annotated[
        bool,
        typer.Option("--never-taken", help="Of the kind, only where a log has shown that the relay never took it."),
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would come of it.")] = False,
    token: Token = None,
    data: Data = DEFAULT,
    as_json_: Json = False,
) -> None:
    """Send a letter once more, or all uncertain ones of a kind that RESEND_IN_BULK names.

    Refused while the first copy may still be under way.

    Example: `secondlook mail resend 3f9a01c2 --why reader_asked`

    Example: `secondlook mail resend --kind link_sent --never-taken --why never_taken --dry-run`
    """
    if (letter is None) == (kind is None):
        raise Failed("Give the id of one letter, or --kind.")
    if letter is not None and (dry_run or never_taken):
        raise Failed("--dry-run and --never-taken go with --kind.")
    if kind is None:
        told = asyncio.run(of_notification(token, data, lambda desk: _resend_one(desk, str(letter), why)))
        done(told, f"{escape(str(letter))} is due again.", as_json_=as_json_)
        return

    async def all_of_it(desk: OperatorDesk) -> Letters:
        found = await listed(desk, "/uncertain")
        meant = [each for each in found if each["letter"] == kind and each["phase"] == "uncertain"]
        how = {"letter": kind, "why": why, "never_taken": never_taken, "dry_run": dry_run}
        letters = [named(each) for each in meant]
        return await in_parts(desk, "/letters/resend", "letters", letters, doing="sending again", **how)

    _show_resent(asyncio.run(of_notification(token, data, all_of_it)), dry_run=dry_run, as_json_=as_json_)


async def _resend_one(desk: OperatorDesk, letter: str, why: str) -> Any:
    meant = _one(await listed(desk, "/uncertain"), letter)
    return await desk.post(f"/notifications/{meant['notification']}/resend", case_id=meant["case_id"], why=why)


def _show_resent(results: Letters, *, dry_run: bool, as_json_: bool) -> None:
    if as_json_:
        as_json({"dry_run": dry_run, "results": results})
        return
    for each in results:
        if each["result"] == "refused":
            out.print(f"[red]✗[/] {each['notification'][:13]} {escape(advised(each['reason'], each['code']))}")
    resent = sum(each["result"] == "resent" for each in results)
    would = "would be" if dry_run else "are"
    out.print(f"{resent} letters {would} due again, {len(results) - resent} not.")


async def of_notification(token: str | None, data: Path, ask: Callable[[OperatorDesk], Any]) -> Any:
    """What notification answers to an operator."""
    given = token_for("operator", data, given=token)
    async with operating(Service.NOTIFICATION, given, data) as desk:
        return await ask(desk)


async def listed(desk: OperatorDesk, path: str) -> Letters:
    """All letters of one of the lists; a page is counted in cases."""
    found: dict[str, dict[str, Any]] = {}
    skip = 0
    while page := (await desk.get(path, skip=skip, limit=PAGE))["notifications"]:
        found |= {letter["notification"]: letter for letter in page}
        skip += PAGE
    return list(found.values())


async def in_parts(
    desk: OperatorDesk, path: str, name: str, each: Sequence[dict[str, Any]], *, doing: str, **said: Any
) -> Letters:
    """Many letters, as many at once as the service takes; what became of each. `doing`: what the terminal shows."""
    results: Letters = []
    with Bar() as bar:
        bar.begin(doing, len(each))
        for start in range(0, len(each), MOST_AT_ONCE):
            part = each[start : start + MOST_AT_ONCE]
            results += (await desk.post(path, **said, **{name: part}))["results"]
            bar.advance(len(part))
    return results


def named(letter: dict[str, Any]) -> dict[str, Any]:
    """A letter as the service wants it named."""
    return {name: letter[name] for name in ("case_id", "notification", "attempt")}


def _one(letters: Letters, beginning: str) -> dict[str, Any]:
    meant = [each for each in letters if each["notification"].startswith(beginning.lower())]
    if len(meant) == 1:
        return meant[0]
    if meant:
        raise Failed(f"{len(meant)} letters begin with {beginning}: give more of the id.")
    raise Failed(f"No listed letter begins with {beginning}: see `secondlook mail uncertain`.")


def _show(letters: Letters, *, as_json_: bool) -> None:
    if as_json_:
        as_json(letters)
        return
    for each in letters:
        tried = (
            f", tried from {each['tried_since'][:19]}Z to {each['tried_until'][:19]}Z" if each["tried_since"] else ""
        )
        says = f"; {SAYS[each['log']]}" if each["log"] in SAYS and each["phase"] == "uncertain" else ""
        why = escape(each["reason"] or "")
        out.print(f"[bold]{each['notification'][:13]}[/]  {each['letter']} to {each['role']}, {each['case_number']}")
        out.print(f"  {each['phase']} ({why}){tried}{says}")
    if not letters:
        out.print("None.")
