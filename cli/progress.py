"""How far long work is: a bar on stderr, on a terminal only. It goes when the work ends, and stdout has none of it."""

from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from cli.saying import err


class Bar:
    """One piece of work after the other, each with how much of it is done. `in_bytes`: as a share, not as a count."""

    def __init__(self, *, in_bytes: bool = False) -> None:
        amount = TextColumn("{task.percentage:>3.0f}%") if in_bytes else MofNCompleteColumn()
        columns = TextColumn("{task.description}"), BarColumn(), amount, TimeRemainingColumn()
        self._shown = Progress(*columns, console=err, transient=True)

    def __enter__(self) -> "Bar":
        self._shown.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._shown.stop()

    @property
    def done(self) -> int:
        """How much of the latest piece of work is done."""
        return int(self._shown.tasks[-1].completed)

    def begin(self, what: str, total: int) -> None:
        """Begin the next piece of work: what it is, and how much."""
        self._shown.add_task(escape(what), total=total)

    def advance(self, by: int = 1) -> None:
        """So much more is done."""
        self._shown.advance(self._shown.task_ids[-1], by)

    def reach(self, place: int) -> None:
        """So much is done in all."""
        self._shown.update(self._shown.task_ids[-1], completed=place)
