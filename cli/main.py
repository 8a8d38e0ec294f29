"""The `secondlook` command."""

import typer

from cli import demo, platform

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


if __name__ == "__main__":
    app(prog_name="secondlook")
