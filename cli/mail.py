"""`secondlook mail`: letters. `list` and `show` read what the local platform's mail sink has kept, none delivered."""

from typing import Annotated

import typer
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table

from cli import settling, uncertain
from cli.saying import Failed, as_json, out, plainly
from cli.where import DEFAULT, Data, Json
from deploy.local.mailbox import Mailbox

app = typer.Typer(
    help="Read letters of the local mail sink; settle those that need a person.\n\nExample: `secondlook mail list`",
    no_args_is_help=True,
)


@app.command("list")
@plainly
def list_(
    *,
    case: Annotated[str | None, typer.Option(help="Only letters about this case number.")] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", help="At most so many, the newest.", min=1)] = 50,
    data: Data = DEFAULT,
    as_json_: Json = False,
) -> None:
    """List letters, oldest first.

    Example: `secondlook mail list --case 55MY1-Z1HT0-H`
    """
    mailbox = Mailbox(data / "mail")
    letters = [(mail, letter) for mail in mailbox.all() if (letter := mailbox.letter(mail.number))]
    wanted = [(m, letter) for m, letter in letters if case is None or letter.case_number == case.upper()][-limit:]
    if as_json_:
        as_json(
            [
                {"number": mail.number, "at": mail.at, "to": mail.to, "message_id": mail.id, "subject": letter.subject}
                for mail, letter in wanted
            ]
        )
        return
    table = Table("number", "at", "to", "subject", "language", box=None, header_style="bold")
    for mail, letter in wanted:
        to, subject = escape(", ".join(mail.to)), escape(letter.subject)
        table.add_row(str(mail.number), f"{mail.at[:19]}Z", to, subject, letter.language)
    out.print(table if wanted else "No letters.")


@app.command()
@plainly
def show(
    number: Annotated[int, typer.Argument(help="The letter's number, as `secondlook mail list` shows it.")],
    data: Data = DEFAULT,
    as_json_: Json = False,
) -> None:
    """Show one letter as it is read.

    Example: `secondlook mail show 12`
    """
    mailbox = Mailbox(data / "mail")
    letter = mailbox.letter(number)
    mail = next((each for each in mailbox.all() if each.number == number), None)
    if letter is None or mail is None:
        raise Failed(f"There is no letter {number} in {mailbox.folder}: see `secondlook mail list`.")
    if as_json_:
        as_json({"number": number, "to": mail.to, "subject": letter.subject, "text": letter.text, "link": letter.link})
        return
    title = escape(f"to {', '.join(mail.to)}: {letter.subject}")
    out.print(Panel(escape(letter.text.strip()), title=title, title_align="left"))


LETTERS = "Letters that need a person"
app.command(rich_help_panel=LETTERS)(uncertain.uncertain)
app.command(rich_help_panel=LETTERS)(uncertain.unaddressed)
app.command(rich_help_panel=LETTERS)(settling.settle)
app.command(rich_help_panel=LETTERS)(uncertain.resend)
app.command(rich_help_panel=LETTERS)(uncertain.delivered)
