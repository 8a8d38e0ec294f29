"""The `secondlook` command."""

import typer

from cli import (
    answering,
    at_hand,
    carrying_out,
    cases,
    corrupt_batches,
    dead_letters,
    demo,
    facts,
    finding,
    held,
    mail,
    officer,
    people,
    platform,
    reconciling,
    settling,
    sro,
    tokens,
    uncertain,
)
from cli.submitting.command import submit
from cli.submitting.own import mine

app = typer.Typer(
    name="secondlook",
    help="Second Look: case review that loses nothing and decides nothing twice. Begin with `secondlook up`.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    add_completion=False,
    pretty_exceptions_show_locals=False,
)

PLATFORM = "The platform on this machine"
app.command(rich_help_panel=PLATFORM)(platform.up)
app.command(rich_help_panel=PLATFORM)(platform.down)
app.command(rich_help_panel=PLATFORM)(platform.status)
app.command(rich_help_panel=PLATFORM)(platform.logs)
app.command(rich_help_panel=PLATFORM)(demo.demo)

REQUESTS = "Requests"
app.command(rich_help_panel=REQUESTS)(submit)
app.command(rich_help_panel=REQUESTS)(mine)
app.add_typer(cases.app, name="case", rich_help_panel=REQUESTS)
app.add_typer(mail.app, name="mail", rich_help_panel=REQUESTS)

LETTERS = "Letters that need a person"
mail.app.command(rich_help_panel=LETTERS)(uncertain.uncertain)
mail.app.command(rich_help_panel=LETTERS)(uncertain.unaddressed)
mail.app.command(rich_help_panel=LETTERS)(settling.settle)
mail.app.command(rich_help_panel=LETTERS)(uncertain.resend)
mail.app.command(rich_help_panel=LETTERS)(uncertain.delivered)

STAFF = "What staff do"
app.command(rich_help_panel=STAFF)(tokens.token)
app.command(rich_help_panel=STAFF)(finding.find)
app.command(rich_help_panel=STAFF)(officer.queue)
app.command("next", rich_help_panel=STAFF)(officer.next_)
app.command(rich_help_panel=STAFF)(officer.claim)
app.command(rich_help_panel=STAFF)(at_hand.look)
app.command(rich_help_panel=STAFF)(at_hand.release)
app.command("hand-over", rich_help_panel=STAFF)(at_hand.hand_over)
app.command(rich_help_panel=STAFF)(at_hand.draft)
app.command(rich_help_panel=STAFF)(officer.decide)
app.command("take-back", rich_help_panel=STAFF)(officer.take_back)
app.command(rich_help_panel=STAFF)(officer.forward)
app.command(rich_help_panel=STAFF)(facts.facts)
app.command(rich_help_panel=STAFF)(facts.presumption)
app.command(rich_help_panel=STAFF)(answering.questions)
app.command(rich_help_panel=STAFF)(answering.answer)
app.command(rich_help_panel=STAFF)(people.doubles)
app.command(rich_help_panel=STAFF)(people.consent)
app.add_typer(people.withdrawal, name="withdrawal", rich_help_panel=STAFF)
app.add_typer(people.representative, name="representative", rich_help_panel=STAFF)
app.add_typer(carrying_out.app, name="carry-out", rich_help_panel=STAFF)
app.add_typer(sro.app, name="sro", rich_help_panel=STAFF)

OPERATORS = "What operators do"
app.add_typer(held.app, name="held", rich_help_panel=OPERATORS)
app.add_typer(corrupt_batches.app, name="corrupt-batches", rich_help_panel=OPERATORS)
app.add_typer(dead_letters.app, name="dead-letters", rich_help_panel=OPERATORS)
app.command(rich_help_panel=OPERATORS)(reconciling.reconcile)


if __name__ == "__main__":
    app(prog_name="secondlook")
