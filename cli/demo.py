"""`secondlook demo`: hundreds of requests the whole way."""

import os
from pathlib import Path
from typing import Annotated

import typer

from cli.platform import out, told_in_one_sentence


def demo(
    *,
    keep: Annotated[
        bool, typer.Option("--keep", help="Leave it running at the end; KEEP=1 in the environment says the same.")
    ] = False,
    requests: Annotated[
        Path | None, typer.Option("--requests", help="Another file of requests, as deploy/demo/README.md tells.")
    ] = None,
    instances: Annotated[int, typer.Option(help="How many instances of each service.", min=1, max=4)] = 1,
    kill: Annotated[
        bool, typer.Option("--kill", help="Kill one instance of each service while it goes; start it again.")
    ] = False,
    days_a_second: Annotated[
        float | None,
        typer.Option(
            help="How fast the policy clock runs. Default 1; 0.5 with --kill. Less on a slow machine, so that people "
            "have the time that the policy gives them.",
            min=0.05,
            max=5,
        ),
    ] = None,
) -> None:
    """Send hundreds of requests the whole way, and show what became of them.

    Starts the platform on free ports in a fresh folder, on a fast clock that begins on 8 March 2021. Requests go in
    over HTTP and through Kafka; scripted officers and a scripted Senior Reviewing Official decide through the staff
    endpoints; requestors open their private links. Ends with 1 when anything was lost, done twice, or came out
    otherwise than the file says.

    Examples: `secondlook demo`, or `secondlook demo --instances 2 --kill` to see it survive.
    """
    from deploy.demo.play import REQUESTS, Options, play

    options = Options(
        requests=requests or REQUESTS,
        keep=keep or os.environ.get("KEEP") == "1",
        instances=max(instances, 2) if kill else instances,
        kill=kill,
        days_a_second=days_a_second or (0.5 if kill else 1.0),
    )
    with told_in_one_sentence():
        if not play(options, out):
            raise typer.Exit(1)
