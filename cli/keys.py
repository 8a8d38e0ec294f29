"""`secondlook keys`: cases whose keys are gone, and erasures that need a person since the keyring was put back."""

import asyncio
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.held import Which, moment, of_each, operating
from cli.saying import as_json, out, plainly
from cli.where import DEFAULT, Data, Json, Myself, Token, token_for
from shared.calling.operator import OperatorDesk
from shared.contracts.vocabulary import Service

app = typer.Typer(
    help="See what has no key, and which erasures need a person's word.\n\nExample: `secondlook keys gone`",
    no_args_is_help=True,
)

Case = Annotated[str, typer.Argument(metavar="CASE", help="The case id, as `secondlook keys erasures` names it.")]
Why = Annotated[str, typer.Option("--why", help="For the record; name nobody here.")]


@app.command()
@plainly
def gone(*, service: Which = None, token: Token = None, data: Data = DEFAULT, as_json_: Json = False) -> None:
    """List cases whose keys are gone and that were not erased: the keyring is older than they are.

    Nothing that is sealed of them can be opened, and no second key is made. Look for a newer copy of the keyring.

    Example: `secondlook keys gone`
    """
    found = asyncio.run(of_each(service, data, token, OperatorDesk.keys_gone))
    if as_json_:
        as_json(found)
        return
    for name, cases in found.items():
        for case in cases:
            out.print(f"[bold]{case}[/]  {name}")
    if not any(found.values()):
        out.print("Every case has its key, or was erased.")


@app.command()
@plainly
def erasures(*, token: Token = None, data: Data = DEFAULT, as_json_: Json = False) -> None:
    """List erasures of which only a topic tells since the keyring was put back: intake's store does not have them.

    Where a key is withheld, nobody uses it until somebody has decided.

    Example: `secondlook keys erasures`
    """
    found = asyncio.run(of_each(Service.INTAKE, data, token, lambda desk: desk.get("/erasures")))
    rows: list[dict[str, Any]] = found[Service.INTAKE]["erasures"]
    if as_json_:
        as_json(rows)
        return
    for row in rows:
        key = "its key is withheld" if row["withheld"] else "its key is in use"
        out.print(f"[bold]{row['case_id']}[/]  {moment(row['at'])}, order {row['reference']} by {row['ordered_by']}")
        out.print(f"  case.erased, partition {row['partition']}, offset {row['offset']}; {key}")
    if not rows:
        out.print("No erasure waits for anybody's word.")
    if rows:
        out.print("\nFind the order, then: `secondlook keys confirm CASE --why ...`, or `secondlook keys refuse`")


@app.command()
@plainly
def confirm(
    case: Case, *, why: Why, token: Token = None, data: Data = DEFAULT, myself: Myself = None, as_json_: Json = False
) -> None:
    """Say that a case was erased by order: its key is destroyed, and there is no way back. For privacy staff.

    Example: `secondlook keys confirm 0b9a... --why "order 7 lies in the file"`
    """
    token = token_for("privacy", data, given=token, myself=myself)
    _decided(asyncio.run(_decide(f"/erasures/{case}/confirm", why, data, token)), as_json_=as_json_)


@app.command()
@plainly
def refuse(
    case: Case, *, why: Why, token: Token = None, data: Data = DEFAULT, myself: Myself = None, as_json_: Json = False
) -> None:
    """Say that a case was not erased: its key is used again. For privacy staff. Find out who wrote the record.

    Example: `secondlook keys refuse 0b9a... --why "there is no such order"`
    """
    token = token_for("privacy", data, given=token, myself=myself)
    _decided(asyncio.run(_decide(f"/erasures/{case}/refuse", why, data, token)), as_json_=as_json_)


@app.command()
@plainly
def restored(*, why: Why, token: Token = None, data: Data = DEFAULT, as_json_: Json = False) -> None:
    """Say that the keyring was put back from a backup, where the services do not notice it by themselves.

    Nobody uses a key until intake has erased again what was erased since: that takes some seconds.

    Example: `secondlook keys restored --why "the copy of Monday, put back by hand"`
    """
    said = asyncio.run(of_each(Service.INTAKE, data, token, lambda desk: desk.post("/keyring/restored", why=why)))
    if as_json_:
        as_json(said[Service.INTAKE])
        return
    out.print("No key is used until what was erased since is erased again. Then: `secondlook keys erasures`")


async def _decide(path: str, why: str, data: Path, token: str) -> dict[str, Any]:
    async with operating(Service.INTAKE, token, data) as desk:
        told: dict[str, Any] = await desk.post(path, why=why)
        return told


def _decided(told: dict[str, Any], *, as_json_: bool) -> None:
    if as_json_:
        as_json(told)
        return
    done = {"erased": "its key is destroyed", "kept": "its key is used again"}[told["result"]]
    out.print(f"{told['case_id']}: {done}.")
