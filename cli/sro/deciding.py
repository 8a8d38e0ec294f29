"""`secondlook sro draft`, `decide`, `remand`, `ask`: what an SRO does with a case in hand."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from cli import deciding
from cli.answering import requestor_asked
from cli.cases import Facts, Number
from cli.deciding import DryRun, Numbers, TakeInHand
from cli.officer import Declined, Granted, Moot
from cli.saying import Failed, done, plainly
from cli.sro.ordering import Reasons, Text, Told, order, order_on_facts, token_of, whole_case
from cli.where import DEFAULT, Data, Json, Myself, Token
from shared.calling.staff import names
from shared.contracts.vocabulary import Service

Drafted = Annotated[bool, typer.Option("--from-draft", help="Take what is not given here from your draft.")]


@plainly
def draft(
    number: Number,
    *,
    outcome: Annotated[str | None, typer.Option(help="UPHELD, OVERRIDDEN, NO_ACTION or REMANDED.")] = None,
    reason: Annotated[list[str] | None, typer.Option("--reason", help="A reason code. May repeat.")] = None,
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

    Example: `secondlook sro draft 55MY1-Z1HT0-H --outcome UPHELD --text "Checked up to the second conviction."`
    """
    said = {
        "outcome": (outcome or "").upper(),
        "reasons": names(reason),
        "granted": names(granted),
        "declined": names(declined),
        "moot": names(moot),
        "text": text,
    }
    answer = order_on_facts(number, "draft", said, data, token_of(data, token, myself), facts=facts)
    done(answer, f"Kept. Decide it with `secondlook sro decide {number} --from-draft`", as_json_=as_json_)


@plainly
def decide(
    numbers: Numbers,
    *,
    outcome: Annotated[str | None, typer.Option(help="UPHELD, OVERRIDDEN or NO_ACTION.")] = None,
    reason: Annotated[
        list[str] | None, typer.Option("--reason", help="A reason code that fits the outcome. May repeat.")
    ] = None,
    granted: Granted = None,
    declined: Declined = None,
    moot: Moot = None,
    text: Text = None,
    from_draft: Drafted = False,
    facts: Facts = None,
    told: Told = None,
    claim: TakeInHand = False,
    dry_run: DryRun = False,
    myself: Myself = None,
    token: Token = None,
    data: Data = DEFAULT,
    as_json_: Json = False,
) -> None:
    """End cases: such as you have claimed, or with `--claim` such as nobody has. Each outcome needs a reason that fits.

    Of each relief that the field office has not granted say granted, declined or moot.

    When the facts have changed since the version that you saw (`--facts`), nothing is decided. Each case stands by
    itself: what is refused for one leaves the others alone.

    Example: `secondlook sro decide 55MY1-Z1HT0-H --outcome UPHELD --declined RELEASE --reason CONSISTENT_WITH_GUIDANCE`

    Example: `secondlook sro decide 55MY1-Z1HT0-H --outcome OVERRIDDEN --granted RELEASE --reason HEALTH --facts 2`
    """
    own = token_of(data, token, myself)
    kept = _draft(numbers, data, own) if from_draft else {}
    what = (outcome or kept.get("outcome") or "").upper()
    if not what:
        raise Failed("Say what you decide: --outcome UPHELD, OVERRIDDEN or NO_ACTION.")
    said = {
        "outcome": what,
        "reasons": names(reason) or kept.get("reasons"),
        "granted": names(granted) or kept.get("granted"),
        "declined": names(declined) or kept.get("declined"),
        "moot": names(moot) or kept.get("moot"),
        "text": text or kept.get("text"),
        "told_seen": told,
    }
    became = asyncio.run(
        deciding.decide(
            numbers,
            said,
            data,
            at=Service.ESCALATION,
            looking=own,
            token_of=lambda _: own,
            facts=facts if facts is not None else kept.get("facts_seen"),
            claim=claim,
            dry_run=dry_run,
        )
    )
    deciding.tell(became, what, as_json_=as_json_)


def _draft(numbers: Sequence[str], data: Path, token: str) -> dict[str, Any]:
    """The newest draft that one is shown of a case."""
    if len(numbers) != 1:
        raise Failed("A draft is about one case: name just that one with --from-draft.")
    drafts = whole_case(numbers[0], data, token)["drafts"]
    if not drafts:
        raise Failed(f"There is no draft of yours for {numbers[0]}: make one with `secondlook sro draft`.")
    newest: dict[str, Any] = drafts[0]
    return newest


@plainly
def remand(
    number: Number,
    *,
    reason: Reasons,
    text: Text = None,
    facts: Facts = None,
    told: Told = None,
    myself: Myself = None,
    token: Token = None,
    data: Data = DEFAULT,
    as_json_: Json = False,
) -> None:
    """Send a case that you have claimed back to its field office, once. What it declines again comes back here.

    Example: `secondlook sro remand 55MY1-Z1HT0-H --reason FACTORS_NOT_CONSIDERED`
    """
    said = {"reasons": names(reason), "text": text, "told_seen": told}
    answer = order_on_facts(number, "remand", said, data, token_of(data, token, myself), facts=facts)
    done(answer, f"{number} goes back to its field office, for round {answer['round']}.", as_json_=as_json_)


@plainly
def ask(
    number: Number,
    *,
    about: Annotated[
        list[str], typer.Option("--about", help="What it is about: a code such as custody, place, facts. May repeat.")
    ],
    text: Annotated[str, typer.Option(help="The question; sealed before it is kept.")],
    office: Annotated[bool, typer.Option("--office", help="Ask the field office instead of the requestor.")] = False,
    myself: Myself = None,
    token: Token = None,
    data: Data = DEFAULT,
    as_json_: Json = False,
) -> None:
    """Ask the requestor about a case that you have claimed; the clock stands still meanwhile. Or ask the field office.

    Where nobody outside can hear of a question to the requestor the clock goes on, and the answer says so.

    Example: `secondlook sro ask 55MY1-Z1HT0-H --about custody --text "Since when has she been held?"`

    Example: `secondlook sro ask 55MY1-Z1HT0-H --office --about facts --text "Was the conviction vacated?"`
    """
    said = {"about": about, "text": text, "addressee": "field_office" if office else "requestor"}
    answer = order(number, "ask", said, data, token_of(data, token, myself))
    by = answer["answer_by"]
    asked = f"The field office is asked, until {by}." if office else requestor_asked(answer, by)
    done(answer, asked, as_json_=as_json_)
