"""`secondlook link`: somebody on the phone has lost the private link of their case."""

from enum import StrEnum
from typing import Annotated

import typer

from cli.cases import Number, order_blindly
from cli.saying import done, plainly
from cli.where import DEFAULT, Data, Json, Myself, Token


class Caller(StrEnum):
    """Who called, by role."""

    REQUESTOR = "requestor"
    NONCITIZEN = "noncitizen"


@plainly
def link(
    number: Number,
    *,
    to: Annotated[Caller, typer.Option(help="Who lost it: it goes to the address that the case knows of them.")] = (
        Caller.REQUESTOR
    ),
    myself: Myself = None,
    token: Token = None,
    data: Data = DEFAULT,
    as_json_: Json = False,
) -> None:
    """Have somebody's private link sent again. To the known address only; you never see the link.

    Refused within 15 minutes of the last time, and after three on one day. Where no address is known, see
    `secondlook mail unaddressed`.

    Example: `secondlook link 55MY1-Z1HT0-H --to noncitizen`
    """
    told = order_blindly(number, "link", {"to": to.value}, data, token=token, myself=myself)
    done(told, f"The link of {number} goes to the {to.value}'s known address.", as_json_=as_json_)
