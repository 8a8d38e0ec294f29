"""`secondlook erase`: destroy the key of a case by order."""

import asyncio
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.cases import Number, find
from cli.saying import Failed, done, plainly
from cli.where import DEFAULT, Data, Json, Myself, Token, desk, token_for
from shared.contracts.vocabulary import Service


@plainly
def erase(
    number: Number,
    *,
    reference: Annotated[str, typer.Option(help="The order's file reference, like order/2021-9; never a name.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask whether it is meant.")] = False,
    myself: Myself = None,
    token: Token = None,
    data: Data = DEFAULT,
    as_json_: Json = False,
) -> None:
    """Erase the personal data of a case by order. Its key is destroyed: there is no way back.

    Names, addresses and texts of the case can be read nowhere any more, also in logs and backups; codes and dates stay.
    Only a privacy officer may. The case is not ended by it.

    Example: `secondlook erase 55MY1-Z1HT0-H --reference order/2021-9`
    """
    if not yes:
        typed = typer.prompt("This cannot be undone. Type the case number again to erase it", err=True)
        if _bare(typed) != _bare(number):
            raise Failed("That is another number: nothing was erased.")
    own = token_for("privacy", data, given=token, myself=myself)
    told = asyncio.run(_erase(number, reference, data, own))
    done(told, f"{number} is erased.", as_json_=as_json_)


def _bare(number: str) -> str:
    return "".join(filter(str.isalnum, number)).upper()


async def _erase(number: str, reference: str, data: Path, token: str) -> dict[str, Any]:
    found = await find(number, data, token)
    async with desk(Service.INTAKE, token, data) as intake:
        told: dict[str, Any] = await intake.do(found["case_id"], "erase", {"reference": reference})
        return told
