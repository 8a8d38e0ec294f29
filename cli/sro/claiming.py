"""`secondlook sro claim`, `release`, `hand-over`, `recuse`: who has a case in hand, and who keeps out of it."""

from typing import Annotated

import typer

from cli.cases import Number
from cli.saying import as_json, done, out, plainly
from cli.sro.ordering import order, token_of
from cli.where import DEFAULT, Data, Json, Myself, Token


@plainly
def claim(
    number: Number, *, myself: Myself = None, token: Token = None, data: Data = DEFAULT, as_json_: Json = False
) -> None:
    """Take a case in hand; again renews it. Refused to whoever had it in hand at the field office, or recused.

    Example: `secondlook sro claim 55MY1-Z1HT0-H`
    """
    answer = order(number, "claim", {}, data, token_of(data, token, myself))
    if as_json_:
        as_json(answer)
        return
    out.print(f"[green]✓[/] {number} is yours. Read it with `secondlook sro show {number}`, then decide:")
    out.print(f"  `secondlook sro decide {number} --outcome ... --reason ...`")


@plainly
def release(
    number: Number, *, myself: Myself = None, token: Token = None, data: Data = DEFAULT, as_json_: Json = False
) -> None:
    """Give a claimed case back to the queue. A draft of yours stays.

    Example: `secondlook sro release 55MY1-Z1HT0-H`
    """
    answer = order(number, "release", {}, data, token_of(data, token, myself))
    done(answer, f"{number} is back in the queue.", as_json_=as_json_)


@plainly
def hand_over(
    number: Number,
    *,
    holder: Annotated[str, typer.Option("--from", help="Who has the case in hand (`sro queue` names them).")],
    to: Annotated[str, typer.Option("--to", help="Who gets it. Yourself, if you take it over.")],
    why: Annotated[str, typer.Option(help="ABSENT, WORKLOAD or OTHER.")] = "ABSENT",
    myself: Myself = None,
    token: Token = None,
    data: Data = DEFAULT,
    as_json_: Json = False,
) -> None:
    """Give a case of yours to a colleague, or take one over from a colleague who is absent. Drafts go with it.

    Only who has it gives it, and others take it only for themselves; both is noted in the case.

    Example: `secondlook sro hand-over 55MY1-Z1HT0-H --from sro-sam --to sro-tom --why ABSENT`
    """
    said = {"holder": holder, "to": to, "why": why.upper()}
    answer = order(number, "hand-over", said, data, token_of(data, token, myself))
    done(answer, f"{number} is now with {answer['to']}.", as_json_=as_json_)


@plainly
def recuse(
    number: Number,
    *,
    why: Annotated[str, typer.Option(help="KNOWS_THE_PERSON, OWN_INTEREST, EARLIER_PART or OTHER. Say no more here.")],
    myself: Myself = None,
    token: Token = None,
    data: Data = DEFAULT,
    as_json_: Json = False,
) -> None:
    """Declare a conflict: the case is never shown or allowed to you again. It cannot be taken back.

    A claim of yours ends, and a draft of yours is dropped.

    Example: `secondlook sro recuse 55MY1-Z1HT0-H --why KNOWS_THE_PERSON`
    """
    answer = order(number, "recuse", {"why": why.upper()}, data, token_of(data, token, myself))
    done(answer, f"You keep out of {number} from now on.", as_json_=as_json_)
