"""How the command speaks: results to stdout, everything else to stderr, an error in one sentence."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import typer
from rich.console import Console
from rich.markup import escape

from shared.calling.instances import Refusal, Unreachable

P = ParamSpec("P")
T = TypeVar("T")

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


class Failed(Exception):
    """What is wrong, and what to do, in one sentence."""


ADVICE = {
    "facts_changed": "look at the case again with `secondlook look` (headquarters: `sro show`), then decide",
    "not_claimed_by_you": "claim the case first with `secondlook claim`, or decide with --claim",
    "claimed_by_another": "wait, or ask them to release it",
    "not_your_office": "use a token of the case's office: `secondlook token --role officer --office CODE`",
    "decision_waits": "take it back first with `secondlook take-back`",
    "taken_by_another": "take it over with `secondlook carry-out take --over`, if they cannot see to it",
    "too_early": "see when with `secondlook mail uncertain`",
    "not_in_bulk": "send each by its id, or have RESEND_IN_BULK name the kind",
    "touched_before": "somebody else must review it",
    "recused": "somebody else must review it",
    "office_told_more": "look again with `secondlook sro show`, then decide",
    "sent_back": "wait for the field office's answer",
    "invalid_token": "make a new one with `secondlook token`",
    "sign_in_needed": "give a token with --token, or in SECONDLOOK_TOKEN (a client's: SECONDLOOK_CLIENT_TOKEN)",
    "case_unknown": "check the number; headquarters knows a case once its office has declined or not answered",
    "reason_not_allowed": "see the codes that fit with `secondlook case reasons`",
}


@contextmanager
def in_one_sentence() -> Iterator[None]:
    """An expected failure is one sentence and a status, never a traceback."""
    try:
        yield
    except (Failed, Unreachable) as failure:
        _fail(str(failure))
    except Refusal as refusal:
        _fail(refused(refusal))
    except KeyboardInterrupt:
        err.print("Interrupted.")
        raise typer.Exit(130) from None


def refused(refusal: Refusal) -> str:
    """Why, and with which field; what is allowed there, where the service says it."""
    told = advised(str(refusal), refusal.code or str(refusal.status))
    errors = refusal.problem.get("errors") or ()
    wrong = dict.fromkeys(f"{_option(each['field'])}: {each['message'].rstrip('.')}" for each in errors)
    return f"{told} {'; '.join(wrong)}." if wrong else told


def _option(field: str) -> str:
    """`body.decisions.0.outcome` as one knows it here: `outcome`. An asterisk: the service knows no such field."""
    parts = [part for part in field.split(".")[1:] if not part.isdecimal() and part != "decisions"]
    return ".".join(parts).removesuffix(".value").replace("*", "unknown field") or "what was sent"


def advised(reason: str, code: str) -> str:
    """A refusal's reason and code, and what to do where that is known."""
    advice = ADVICE.get(code)
    return f"{reason.rstrip('.')} ({code})" + (f": {advice}." if advice else ".")


def _fail(sentence: str) -> None:
    err.print(f"[red]✗[/] {escape(sentence)}")
    raise typer.Exit(1) from None


def plainly(command: Callable[P, T]) -> Callable[P, T]:
    """A command whose failures are told in one sentence."""

    @wraps(command)
    def told(*args: P.args, **options: P.kwargs) -> T:
        with in_one_sentence():
            return command(*args, **options)

    return told


def done(answer: Any, sentence: str, *, as_json_: bool) -> None:
    """What was asked for is done: the answer for scripts, or the sentence for people."""
    if as_json_:
        as_json(answer)
    else:
        out.print(f"[green]✓[/] {sentence}")


def as_json(what: Any) -> None:
    """For scripts, on stdout."""
    typer.echo(json.dumps(what, indent=1, ensure_ascii=False, default=str))
