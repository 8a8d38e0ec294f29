"""From a status to HTML or JSON, in one language. No script; everything that people typed is escaped."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from services.intake import wording
from services.intake.speaking import Tongue, Tongues
from services.intake.status import Outcome, Status, Where
from shared.policy.model import Policies

TEMPLATES: Final = Path(__file__).parent / "templates"
STYLE: Final = (TEMPLATES / "style.css").read_text(encoding="utf-8")
"""The pages' only style; its hash goes into the content security policy."""

NAMES: Final = {"en": "English", "es": "Español"}


class Pages:
    """Renders the pages."""

    def __init__(self, *, tongues: Tongues, policies: Policies) -> None:
        self.tongues = tongues
        self._policies = policies
        self._environment = Environment(
            loader=FileSystemLoader(TEMPLATES),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals.update(
            style=STYLE, notice=wording.NOTICE, hotline=wording.HOTLINE, hours=wording.HOURS
        )

    def status(
        self,
        tongue: Tongue,
        status: Status,
        *,
        base: str,
        idempotency_key: str,
        question_text: str | None,
        message: str | None = None,
        details: Sequence[str] = (),
    ) -> str:
        """The status page. `base` is its own path; `message` says what has just happened or could not."""
        return self._render(
            "status.html",
            tongue,
            languages=self._languages(),
            status=status,
            base=base,
            idempotency_key=idempotency_key,
            question_text=question_text,
            message=message,
            details=details,
            reasons=[sentence for _, sentence in self.reasons(tongue, status.outcome)],
            stages=wording.STAGES,
            rejections=wording.REJECTIONS,
            results=wording.RESULTS,
            relief=wording.RELIEF,
            referred=wording.REFERRED,
            grounds=wording.GROUNDS,
            fields=wording.FIELDS,
            choices=wording.CHOICES,
        )

    def confirm(
        self,
        tongue: Tongue,
        route: str,
        *,
        base: str,
        shown: Sequence[tuple[str, str]],
        values: Sequence[tuple[str, str]],
    ) -> str:
        """The page between a form and its effect."""
        heading, explanation, button = wording.CONFIRMATIONS[route]
        return self._render(
            "confirm.html",
            tongue,
            languages=(),
            route=route,
            base=base,
            heading=tongue.say(heading),
            explanation=tongue.say(explanation),
            button=tongue.say(button),
            shown=[(tongue.say(label), tongue.say(value)) for label, value in shown],
            values=values,
        )

    def not_found(self, tongue: Tongue) -> str:
        """The same page for every link that opens nothing."""
        return self._render("not_found.html", tongue, languages=self._languages())

    def reasons(self, tongue: Tongue, outcome: Outcome | None) -> list[tuple[str, str]]:
        """Code and sentence of each reason, in the words of the policy under which it was given."""
        if outcome is None:
            return []
        known = self._policies.at(outcome.at).reasons
        return [
            (code, known[code].sentence.get(tongue.code) or known[code].sentence["en"])
            for code in outcome.reasons
            if code in known
        ]

    def _languages(self) -> list[tuple[str, str]]:
        return [(code, NAMES.get(code, code)) for code in self.tongues.codes]

    def _render(self, template: str, tongue: Tongue, **parts: Any) -> str:
        return self._environment.get_template(template).render(parts, tongue=tongue, _=tongue.say)


def as_json(pages: Pages, tongue: Tongue, status: Status, *, question_text: str | None) -> dict[str, Any]:
    """The same as the page, for programs; what does not apply is left out."""
    outcome, question = status.outcome, status.question
    shown: dict[str, Any] = {
        "case_number": status.number,
        "stage": status.where,
        "stage_text": tongue.say(wording.STAGES[status.where]),
        "received_at": status.received_at,
        "mend": _codes(tongue, status.mend),
        "missing": _codes(tongue, status.missing),
        "answer_due": status.answer_due,
        "may_ask_review_from": status.may_ask_from,
        "window_closes": status.window_closes,
        "review_due": status.review_due,
        "grounds": list(status.grounds),
        "may": sorted(status.may | ({"review"} if status.grounds else set())),
        "only_the_stage": not status.told_all and status.where not in (Where.NOT_ACCEPTED, Where.ERASED),
        "notice": [tongue.say(sentence) for sentence in wording.NOTICE],
        "help_line": f"{wording.HOTLINE}, {tongue.say(wording.HOURS)}",
    }
    if question is not None:
        shown["question"] = {"id": question.id, "answer_by": question.answer_by, "text": question_text}
    if outcome is not None:
        shown["outcome"] = {
            "result": outcome.result,
            "text": tongue.say(wording.RESULTS[outcome.result]),
            "granted": list(outcome.granted),
            "referred_to": outcome.referred_to,
            "reasons": [{"code": code, "text": text} for code, text in pages.reasons(tongue, outcome)],
        }
    return {name: value for name, value in shown.items() if value not in (None, [])}


def _codes(tongue: Tongue, codes: Sequence[Any]) -> list[dict[str, str]]:
    return [{"code": str(code), "text": tongue.say(wording.REJECTIONS[code])} for code in codes]
