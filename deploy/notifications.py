"""`docs/notifications.md`, generated from notification's own table and words: who is told what, when, and when not."""

from collections.abc import Iterator

from services.notification import office_letters, wording
from services.notification.domain.letters import (
    ALWAYS,
    CONDITIONS,
    FOR_PEOPLE,
    MEANING,
    NO_LETTER,
    RULES,
    TO_BE_TOLD,
    Address,
    Because,
    Rule,
    When,
)

HEAD = """# Notifications

Which event tells whom, by which letter, and when a letter is made and not sent. Generated from
`services/notification/domain/letters.py` and `services/notification/wording.py`: run `python -m deploy.generate`.

A letter is made once for each case, letter, causing event and role, and handed to the mail relay at most once. One that
must not go out is made all the same, as *suppressed*, with its reason: so staff see what somebody was not told.

No letter says anything of a case but its number. All else is behind the private link.
"""

HEADERS = """## What else is in the head of a letter

- `Message-ID` is the letter's own id. `References` and `In-Reply-To` name an id that is derived from the case and the
  role, so that a mailbox keeps a case's letters together whichever of them came; no message has that id.
- `Auto-Submitted: auto-generated` (RFC 3834), so that no robot answers.
- There is no `List-Unsubscribe` (RFC 2369, RFC 8058). These letters are no list and no advertising: each is about one
  case, to somebody whom the case concerns, and one that is not read can cost a right, such as the last day to ask for a
  review. A mailbox provider's button would end them with a click that nobody confirmed, perhaps not even by their
  reader. Whoever wants no more of them changes how they are reached on the page behind the private link, or calls; the
  address from before is told once.
"""


def written() -> str:
    """The whole page."""
    return "\n".join((HEAD, *_rules(), *_no_letter(), *_reasons(), *_words()))


def _rules() -> Iterator[str]:
    yield "## Which event tells whom"
    yield ""
    yield "| event | letter | to | not sent when |"
    yield "| --- | --- | --- | --- |"
    for rule in RULES:
        yield f"| {_event(rule)} | {rule.letter} | {_readers(rule)} | {_codes(rule.suppressed)} |"
    yield ""
    yield f"Besides, every letter: {_codes(ALWAYS)}; those to an office only {_codes(ALWAYS - FOR_PEOPLE)}."
    yield ""
    yield "A noncitizen who is also the requestor gets the requestor's copy only. Everybody is written to in their own"
    yield "language where it has a catalogue; else in English."
    yield ""
    yield "An office is its duty mailbox in the office map; of a case that no office has yet, headquarters' is told."
    yield ""


def _event(rule: Rule) -> str:
    condition = "" if rule.when is When.ALWAYS else f", {CONDITIONS[rule.when]}"
    return f"`{rule.on}`{condition}"


def _readers(rule: Rule) -> str:
    roles = ", ".join(sorted(rule.roles, reverse=True))
    if rule.only_named:
        return f"the one that the event names: {' or '.join(sorted(rule.roles, reverse=True))}"
    return f"{roles}, at the address from before" if rule.address is Address.BEFORE_THE_CHANGE else roles


def _codes(reasons: frozenset[Because]) -> str:
    return ", ".join(f"`{reason}`" for reason in sorted(reasons))


def _no_letter() -> Iterator[str]:
    yield "Events that are followed and make no letter:"
    yield ""
    yield from (f"- `{event}`: {why}." for event, why in NO_LETTER.items())
    yield ""


def _reasons() -> Iterator[str]:
    yield "## Why a letter was not sent"
    yield ""
    yield "| reason | what it means | staff tell otherwise |"
    yield "| --- | --- | --- |"
    for reason in Because:
        yield f"| `{reason}` | {MEANING[reason]} | {'yes' if reason in TO_BE_TOLD else ''} |"
    yield ""


def _words() -> Iterator[str]:
    yield "## What each letter says"
    yield ""
    yield f"The subject tells the step, and of the case only its number: *{wording.SUBJECT}*. Every letter ends with"
    yield f"how to get help, and all but *resolved* say: *{wording.NO_STAY}* What a letter says depends on no outcome."
    yield ""
    for letter, words in wording.WORDINGS.items():
        yield f"- **{letter}** (*{words.step}*): {' '.join(words.says)}{_also(words)}"
    yield ""
    yield "To an office, in English: case number, the command that shows the case, and where programs ask for the same."
    yield ""
    for letter, says in office_letters.SAYS.items():
        yield f"- **{letter}** (*{office_letters.SUBJECTS[letter]}*): {says}"
    yield ""
    yield HEADERS
    yield ""
    yield "Text and HTML, word by word, in each language: `tests/unit/golden`."
    yield ""


def _also(words: wording.Wording) -> str:
    also = [
        "no link" if not words.link else f"the private link{', and that there may be a date' if words.date else ''}",
        *(["form I-246, and the court's own line"] if words.limits else []),
    ]
    return f" ({'; '.join(also)})"
