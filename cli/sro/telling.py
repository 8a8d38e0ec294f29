"""A case at headquarters as an SRO reads it on a terminal: both sides, what changed, questions, what may be given."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from rich.markup import escape

from cli import people_shown
from cli.queues import left, local
from shared.calling.words import word

STANDINGS = {
    "InQueue": "before headquarters",
    "Remanded": "back at the field office",
    "AwaitingRequestor": "declined; nobody has asked for review",
    "Following": "not before headquarters",
    "Resolved": "ended",
}


def lines(case: dict[str, Any], now: datetime) -> Iterator[str]:
    """The whole case, line by line."""
    yield from _head(case, now)
    for record in case["field_office"]:
        yield from _office(record, now)
    for sent in case["sent_back"]:
        yield f"\n[bold]Headquarters sent it back[/] for round {sent['round']}: {sent['by']}, {when(sent['at'], now)}"
        yield from _reasons(sent["why"])
        yield from words(sent["text"])
    if case["requestor"]:
        yield from _requestor(case["requestor"], now)
    for stretch in case["changed"]:
        yield from _stretch(stretch, now)
    for question in case["questions"]:
        yield from _question(question, now)
    for draft in case["drafts"]:
        yield from draft_lines(draft, now)
    if case["standing"] == "InQueue":
        yield from _may_give(case)


def _head(case: dict[str, Any], now: datetime) -> Iterator[str]:
    yield f"[bold]{case['number'] or case['case_id']}[/]  {STANDINGS[case['standing']]}"
    yield f"facts version {case['facts_version']} (--facts), told by the field office {case['told_by_office']} (--told)"
    asked = case["requestor"] or {}
    yield from people_shown.lines(
        case,
        requestor_type=asked.get("requestor_type"),
        reviewed=asked.get("decision_under_review", ()),
        relief=asked.get("relief_sought", ()),
    )
    if resolution := case.get("resolution"):
        yield f"{word(resolution['outcome'])} by {word(resolution['stage'])}, {when(resolution['at'], now)}"
    if due := case.get("due"):
        yield f"due {when(due, now)} ({left(datetime.fromisoformat(due) - now)})"
    yield from (f"  {each['sentence']}" for each in case.get("why", ()))
    claim = case["claim"]
    yield f"in hand: {claim['by'] if claim else 'nobody'}" + (" (claim over)" if claim and claim["expired"] else "")
    if case["recused"]:
        yield "keep out: " + ", ".join(each["by"] for each in case["recused"])


def _office(record: dict[str, Any], now: datetime) -> Iterator[str]:
    office = record["office"] or "no office"
    yield f"\n[bold]The field office ({office}), round {record['round']}: {word(record['outcome'])}[/]"
    by = record["decided_by"] or "nobody"
    yield f"  {when(record['completed_at'], now)}, by {by}, on facts version {record['facts_seen']}"
    for part in ("granted", "declined", "moot"):
        if record[part]:
            yield f"  {part}: {', '.join(map(word, record[part]))}"
    if approved := record["pre_approval"]:
        yield f"  approved in advance by {approved['by']} ({word(approved['role'])}), {when(approved['at'], now)}"
        yield from words(record["justification"])
    yield from _reasons(record["why"])
    yield from words(record["text"])


def _requestor(side: dict[str, Any], now: datetime) -> Iterator[str]:
    yield f"\n[bold]The requestor: {word(side['ground']['code'])}[/]"
    yield f"  {side['ground']['sentence']}"
    yield f"  asked {when(side['asked_at'], now)}, on facts version {side['facts_version']}"
    yield from words(side["narrative"])
    yield from words(side["text"])


def _stretch(stretch: dict[str, Any], now: datetime) -> Iterator[str]:
    until = "now" if stretch["until"] == "now" else f"the {stretch['until']}"
    yield f"\n[bold]From the {stretch['since']} to {until}[/]"
    if not stretch["changes"] and not stretch["amendments"]:
        yield "  nothing changed"
    for change in stretch["changes"]:
        yield change_line(change)
    for told in stretch["amendments"]:
        yield f"  amendment {told['number']}, {when(told['at'], now)}: {', '.join(told['changed']) or 'information'}"
        yield from words((told["added"] or {}).get("text"))


def change_line(change: dict[str, Any]) -> str:
    """One field that changed."""
    before = _value(change["before"]) if change["before_was_told"] else "not told"
    return escape(f"  {change['group']}.{change['field']}: {before} -> {_value(change['after'])}")


def _question(question: dict[str, Any], now: datetime) -> Iterator[str]:
    whom = "The field office" if question["addressee"] == "field_office" else "The requestor"
    about = ", ".join(question["about"])
    yield f"\n[bold]{whom} was asked[/] by {question['by']}, {when(question['at'], now)}: {about}"
    yield from words(question["text"])
    if question["answered_at"] is None:
        yield f"  no answer yet; asked until {when(question['answer_by'], now)}"
        return
    by = f" by {question['answered_by']}" if question.get("answered_by") else ""
    yield f"  answered {when(question['answered_at'], now)}{by}:"
    yield from words(question["answer"])


def draft_lines(draft: dict[str, Any], now: datetime) -> Iterator[str]:
    """A draft: whose, from when, and what it says."""
    what = word(draft["outcome"]) if draft.get("outcome") else "not decided yet"
    facts = f"on facts version {draft['facts_seen']}"
    yield f"\n[bold]Draft[/] of {draft['by']}, {when(draft['at'], now)}, {facts}: {what}"
    if draft.get("reasons"):
        yield f"  {', '.join(draft['reasons'])}"
    yield from words(draft["text"])


def _may_give(case: dict[str, Any]) -> Iterator[str]:
    yield "\n[bold]What may be given as a reason[/]"
    for outcome in ("UPHELD", "OVERRIDDEN", "NO_ACTION", "REMANDED"):
        codes = [each["code"] for each in case["reasons"] if outcome in each["outcomes"]]
        if outcome == "REMANDED" and not case["may_remand"]:
            yield "  REMANDED: not any more, it was sent back before"
        else:
            yield f"  {outcome}: {', '.join(codes)}"


def _reasons(said: Sequence[dict[str, Any]]) -> Iterator[str]:
    for reason in said:
        sentence = (reason["sentence"] or {}).get("en", "")
        source = f" [dim]({escape(reason['source'])})[/]" if reason["source"] else ""
        yield f"  {reason['code']}: {escape(sentence)}{source}"


def words(text: str | None) -> Iterator[str]:
    """What somebody typed, so that it is told from what we say."""
    if text:
        yield from (f"  [italic]{escape(line)}[/]" for line in text.splitlines())


def _value(value: Any) -> str:
    """A field as it came; of a fact its value, and who asserted it."""
    if isinstance(value, dict) and "value" in value:
        return f"{value['value']} ({value.get('asserted_by', 'unknown')})"
    return "unknown" if value is None else str(value)


def when(moment: str, now: datetime) -> str:
    """A moment as services write it, with its weekday and zone."""
    return local(datetime.fromisoformat(moment), now)
