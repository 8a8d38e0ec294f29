"""The `secondlook` command: a line for each command and group of commands. Nothing is imported before it is called."""

from typing import Annotated, ClassVar

import typer

from cli.lazily import Entry, Lazily


class SecondLook(Lazily):
    """A new command is a line here; a command of a group is registered where the group is."""

    headings: ClassVar = {
        "The platform on this machine": (
            Entry("up", "cli.platform:up", "Start the platform on this machine, and return when all of it is ready."),
            Entry("down", "cli.platform:down", "Stop the services, then the servers."),
            Entry("status", "cli.platform:status", "Show what runs here, where, and whether it is ready."),
            Entry("logs", "cli.platform:logs", "Show what the services have said lately."),
            Entry("demo", "cli.demo:demo", "Send hundreds of requests the whole way, and show what became of them."),
        ),
        "Requests": (
            Entry("submit", "cli.submitting.command:submit", "Send a file of requests."),
            Entry("mine", "cli.submitting.own:mine", "Show the cases that your client token submitted."),
            Entry("case", "cli.cases:app", "Look at single cases."),
            Entry("mail", "cli.mail:app", "Read letters of the local mail sink; settle those that need a person."),
        ),
        "A field office's work": (
            Entry("token", "cli.tokens:token", "Print a sign-in token for development, and nothing else."),
            Entry("find", "cli.finding:find", "Find cases by case number, A-number or name."),
            Entry("queue", "cli.officer:queue", "Show a field office's open cases, the most urgent first."),
            Entry("next", "cli.officer:next_", "Take the next case in hand."),
            Entry("claim", "cli.officer:claim", "Take a case in hand, so that nobody else does."),
            Entry("look", "cli.at_hand:look", "Show a case."),
            Entry("facts", "cli.facts:facts", "Enter or correct facts."),
            Entry("presumption", "cli.facts:presumption", "Show what the guidance in force presumes of a case."),
            Entry("doubles", "cli.people:doubles", "Show the other cases about the same person."),
            Entry("draft", "cli.at_hand:draft", "Put down what you mean to decide, for later or for a colleague."),
            Entry("decide", "cli.officer:decide", "Give cases their initial consideration."),
            Entry("pre-approve", "cli.officer:pre_approve", "Approve in advance that a case be declined."),
            Entry("take-back", "cli.officer:take_back", "Take your own decision back before it takes effect."),
            Entry("release", "cli.at_hand:release", "Give a claimed case back to the queue."),
            Entry("hand-over", "cli.at_hand:hand_over", "Give a case of yours to a colleague, or take one over."),
            Entry("forward", "cli.officer:forward", "Give a case to the office that is responsible."),
            Entry("ask", "cli.answering:ask", "Ask the requestor about a case that you have claimed."),
            Entry("questions", "cli.answering:questions", "Show what headquarters asks a field office."),
            Entry("answer", "cli.answering:answer", "Answer a question of headquarters."),
            Entry("carry-out", "cli.carrying_out:app", "See to what was decided in the person's favor."),
            Entry("link", "cli.linking:link", "Have somebody's private link sent again."),
            Entry("consent", "cli.people:consent", "Rule on a consent."),
            Entry("withdrawal", "cli.people:withdrawal", "Rule on wishes that wait for staff."),
            Entry("representative", "cli.representatives:representative", "Say who represents the noncitizen."),
        ),
        "Headquarters": (Entry("sro", "cli.sro:app", "Work the queue of cases that are before headquarters."),),
        "Analysts": (
            Entry(
                "archive",
                "cli.archiving:app",
                "Copy all event topics into Parquet files, which DuckDB and others read.",
            ),
            Entry("sql", "cli.asking:sql", "Ask an archive of the event topics in SQL."),
            Entry(
                "export",
                "cli.exporting:app",
                "Write what an archive holds to files: tables, counts for outsiders, logs for process mining.",
            ),
            Entry("replay", "cli.replaying:app", "Show a case, or all of them, as they stood at a moment."),
        ),
        "The privacy officer": (Entry("erase", "cli.erasing:erase", "Erase the personal data of a case by order."),),
        "What operators do": (
            Entry("held", "cli.held:app", "Look at parked cases, and offer again what they hold."),
            Entry("corrupt-batches", "cli.corrupt_batches:app", "See where topics cannot be read, and go past it."),
            Entry("dead-letters", "cli.dead_letters:app", "Look at records of no case, and offer them again."),
            Entry("keys", "cli.keys:app", "See what has no key, and which erasures need a person's word."),
            Entry("reconcile", "cli.reconciling:reconcile", "Compare what each service has stored with its topics."),
        ),
    }


app = typer.Typer(
    name="secondlook",
    cls=SecondLook,
    no_args_is_help=True,
    rich_markup_mode=None,
    add_completion=False,
    pretty_exceptions_show_locals=False,
)


def _version(wanted: bool) -> None:
    if wanted:
        import tomllib

        from deploy.local.places import PROJECT

        project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        typer.echo(f"secondlook {project['version']}")
        raise typer.Exit


@app.callback()
def secondlook(
    *,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", is_eager=True, callback=_version)
    ] = False,
) -> None:
    """Second Look: case review that loses nothing and decides nothing twice.

    Begin with `secondlook up`. Each command has a help of its own, with an example: `secondlook decide --help`.
    """
    del version  # Printed before anything else is done.


if __name__ == "__main__":
    app(prog_name="secondlook")
