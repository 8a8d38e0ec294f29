"""`secondlook sro`: the work of a Senior Reviewing Official at headquarters."""

import typer

from cli.sro import claiming, deciding, looking

app = typer.Typer(
    help=(
        "Work the queue of cases that are before headquarters.\n\n"
        "The way of a case: `queue` shows what waits and why, `claim` takes one in hand, `show` puts side by side both "
        "sides' reasons and what changed, `ask` puts a question, `decide` ends it, `remand` sends it back once. "
        "Whoever had it in hand at the field office, or said `recuse`, never sees it here.\n\n"
        "Example: `secondlook sro queue`"
    ),
    no_args_is_help=True,
)
app.command()(looking.queue)
app.command()(looking.show)
app.command()(claiming.claim)
app.command()(claiming.release)
app.command("hand-over")(claiming.hand_over)
app.command()(claiming.recuse)
app.command()(deciding.draft)
app.command()(deciding.decide)
app.command()(deciding.remand)
app.command()(deciding.ask)
