"""`secondlook reconcile`: publish again what the topics lost."""

import asyncio
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from cli.held import Which, operating
from cli.saying import Failed, as_json, err, out, plainly
from cli.where import DEFAULT, Data, Json, Token, token_for
from shared.contracts.vocabulary import Service

POLL_SECONDS = 0.3


@plainly
def reconcile(
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what the topics lack.")] = False,
    restored: Annotated[
        bool, typer.Option("--restored", help="The store was put back from a backup, even if it does not look like it.")
    ] = False,
    per_second: Annotated[
        float, typer.Option(help="At most so many events a second are published again.", min=1, max=10_000)
    ] = 200.0,
    service: Which = None,
    token: Token = None,
    data: Data = DEFAULT,
    as_json_: Json = False,
) -> None:
    """Compare what each service has stored with its topics. Publish again what the topics lost.

    The same events go out, under the same ids: whoever had them drops them. Strangers are events that a topic has and
    the store lacks: then the store is older than the topic, as after a restore from a backup. A service that finds its
    store restored takes nothing until this has compared it; cases that stay behind their topics are parked.

    Example: `secondlook reconcile --dry-run`

    Example: `secondlook reconcile --service triage --restored`
    """
    if restored and service is None:
        raise Failed("Say which service's store was put back: --service intake, for example.")
    asked = {"dry_run": dry_run, "per_second": per_second, "restored": restored}
    told = asyncio.run(_all(service, data, token, asked))
    if as_json_:
        as_json(told)
    else:
        _show(told)
    _complain(told)


async def _all(
    service: Service | None, data: Path, token: str | None, asked: dict[str, Any]
) -> dict[str, dict[str, Any]]:
    token = token_for("operator", data, given=token)
    return {each.value: await _one(each, token, data, asked) for each in ([service] if service else Service)}


async def _one(service: Service, token: str, data: Path, asked: dict[str, Any]) -> dict[str, Any]:
    async with operating(service, token, data) as desk:
        with err.status(f"{service}: comparing") as shown:
            told: dict[str, Any] = await desk.post("/reconcile", **asked)
            run = told["run"]
            while (told := await desk.get(f"/reconcile/{run}"))["state"] == "running":
                published = sum(topic["published"] for topic in told["topics"])
                shown.update(f"{service}: {told['cases']} cases compared, {published} events published again")
                await asyncio.sleep(POLL_SECONDS)
            return told


def _show(told: dict[str, dict[str, Any]]) -> None:
    table = Table("topic", "stored", "there", "missing", "sent", "strangers", box=None, header_style="bold")
    for column in table.columns:
        column.no_wrap = True
    for name, compared in told.items():
        for topic in compared["topics"]:
            of = f"{topic['topic']} [dim]({name})[/]" if topic["topic"] == "information.requested" else topic["topic"]
            counts = [topic[each] for each in ("stored", "in_topic", "missing", "published", "strangers")]
            table.add_row(of, *(f"[red]{count}[/]" if count and place in {2, 4} else str(count)
                                for place, count in enumerate(counts)))  # fmt: skip
    out.print(table)


def _complain(told: dict[str, dict[str, Any]]) -> None:
    for name, compared in told.items():
        if compared["state"] != "finished":
            why = compared["why"] or "its process has ended."
            raise Failed(f"{name} did not finish comparing: {why.rstrip('.')}: run it again.")
    behind = {name: compared["behind"] for name, compared in told.items() if compared["behind"]}
    for name, count in behind.items():
        err.print(f"{name}: {count} cases are parked, for the topics know more of them. See `secondlook held list`.")
    _name_doubtful(told)
    _name_corrupt(told)
    _name_keyless(told)
    strange = sorted({case for compared in told.values() for case in compared["stranger_cases"]})
    if strange and any(compared["dry_run"] for compared in told.values()):
        err.print(f"Cases of which the topics know more: {' '.join(strange)}")
        raise Failed("A store is older than its topics. Restore a newer backup, or go on without --dry-run.")


def _name_doubtful(told: dict[str, dict[str, Any]]) -> None:
    for name, compared in told.items():
        count = sum(topic["doubtful"] for topic in compared["topics"])
        if count:
            err.print(
                f"{name}: {count} records name it as their source and are not its own. Nothing was done with them:"
            )
        for each in compared["doubtful"]:
            place = f"{each['topic']}, partition {each['partition']}, offset {each['offset']}"
            err.print(f"  {place}, case {each['case_id'] or 'unknown'}: {escape(each['reason'])}")


def _name_corrupt(told: dict[str, dict[str, Any]]) -> None:
    for name, compared in told.items():
        for topic in compared["topics"]:
            if topic["corrupt"]:
                err.print(
                    f"{name}: {topic['corrupt']} batches of {topic['topic']} cannot be read; its log says where "
                    "(batch_passed_by_a_tap). What the store has of them was sent again. A store that was put back may "
                    "be behind what they held: have the log mended from a replica, and run this again."
                )


def _name_keyless(told: dict[str, dict[str, Any]]) -> None:
    for name, compared in told.items():
        if compared["keyless_cases"]:
            cases = " ".join(compared["keyless"])
            err.print(
                f"{name}: {compared['keyless_cases']} cases have no key any more. Restore a newer keyring: {cases}"
            )
