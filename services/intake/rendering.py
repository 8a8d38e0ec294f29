"""From a status to HTML or JSON, in one language. No script; everything that people typed is escaped."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from services.intake import going, wording
from services.intake.domain.case import GivesUp
from services.intake.forms import EMAIL_PATTERN, NOTHING, Filled
from services.intake.limits import Removal, removal_of
from services.intake.next_steps import Date, Dated, dates_of, steps_of
from services.intake.speaking import TEMPLATES, Tongues
from services.intake.status import Outcome, Status, Where
from shared.contracts.received import OTHER
from shared.language.catalogues import Tongue
from shared.language.moments import EASTERN, when
from shared.policy.model import Office, Policies

STYLE: Final = (TEMPLATES / "style.css").read_text(encoding="utf-8")
"""The pages' only style; its hash goes into the content security policy."""

ICON: Final = (TEMPLATES / "icon.svg").read_text(encoding="utf-8")

_LINKS: Final = {
    wording.HOTLINE: "tel:+18883514024",
    wording.COURT_LINE: "tel:+18008987180",
} | {site: f"https://{site}" for site in going.SITES}


class Pages:
    """Renders the pages. `prefix` is the path under which intake's public pages are."""

    def __init__(self, *, tongues: Tongues, policies: Policies, prefix: str = "") -> None:
        self.tongues = tongues
        self._policies = policies
        self._environment = _environment_under(prefix)

    def status(
        self,
        tongue: Tongue,
        status: Status,
        *,
        base: str,
        idempotency_key: str,
        question_text: str | None,
        link_ends: datetime,
        zone: ZoneInfo = EASTERN,
        office: Office | None = None,
        message: str | None = None,
        filled: Filled = NOTHING,
    ) -> str:
        """The status page. `base` is its own path; `message` says what has just happened or could not.

        `office`: the one to name to this reader.
        """
        return self._render(
            "status.html",
            tongue,
            zone=zone,
            languages=self.tongues.names,
            status=status,
            steps=[
                (wording.STEPS[step.kind], step.at) if isinstance(step, Dated) else (wording.STEPS[step], None)
                for step in steps_of(status)
                if not (isinstance(step, Dated) and step.kind is Date.ANSWER_BY)  # Said with the question itself.
            ],
            **limits_of(status),
            answer_by=wording.STEPS[Date.ANSWER_BY],
            has_dates=bool(dates_of(status)),
            link_ends=link_ends,
            base=base,
            idempotency_key=idempotency_key,
            question_text=question_text,
            message=message,
            filled=filled,
            wrong={name: wording.wrong_field(name) for name in filled.wrong},
            reasons=[sentence for _, sentence in self.reasons(tongue, status.outcome)],
            likely=[name for name in status.not_understood if name != OTHER],
            stages=wording.STAGES,
            rejections=wording.REJECTIONS,
            result_of=wording.result_of,
            parts=wording.PARTS,
            relief=wording.RELIEF,
            referred=going.REFERRED,
            papers=going.where_to_go(tongue, status, office),
            grounds=wording.GROUNDS,
            fields=wording.FIELDS,
            hints=wording.FIELD_HINTS,
            choices=wording.CHOICES,
        )

    def confirm(
        self,
        tongue: Tongue,
        route: str,
        *,
        status: Status | None = None,
        kind: str | None = None,
        base: str,
        shown: Sequence[tuple[str, str]],
        values: Sequence[tuple[str, str]],
    ) -> str:
        """The page between a form and its effect. `kind`: which effect, where the form may have more than one."""
        heading, explanation, button = wording.CONFIRMATIONS[kind or route]
        return self._render(
            "confirm.html",
            tongue,
            languages=(),
            **(limits_of(status) if status else {"limits": wording.NOTICE, "answered": False}),
            route=route,
            base=base,
            heading=tongue.say(heading),
            explanation=tongue.say(explanation),
            button=tongue.say(button),
            shown=[(tongue.say(label), tongue.say(value)) for label, value in shown],
            values=values,
        )

    def handed_over(self, tongue: Tongue) -> str:
        """What is left to say to whom the page is no longer open."""
        return self._render("handed_over.html", tongue, languages=())

    def not_found(self, tongue: Tongue) -> str:
        """The same page for every link that opens nothing."""
        return self._render("not_found.html", tongue, languages=self.tongues.names)

    def too_many(self, tongue: Tongue, *, turn: bool) -> str:
        """What is said to whoever came too often. `turn`: whether the page may be asked for in another language."""
        return self._render("too_many.html", tongue, languages=self.tongues.names if turn else ())

    def lost_link(
        self,
        tongue: Tongue,
        *,
        idempotency_key: str,
        asked: bool = False,
        busy: bool = False,
        wrong: Sequence[str] = (),
        typed: tuple[str, str] = ("", ""),
    ) -> str:
        """The form for a lost link, or what is said after it was sent: always the same. `typed`: number and address."""
        return self._render(
            "lost_link.html",
            tongue,
            languages=self.tongues.names,
            idempotency_key=idempotency_key,
            asked=asked,
            busy=wording.REFUSALS["busy_links"] if busy else None,
            wrong={field: wording.LOST_LINK_WRONG[field] for field in wrong},
            number=typed[0],
            email=typed[1],
        )

    def front(self, tongue: Tongue) -> str:
        """The front page."""
        return self._render("front.html", tongue, languages=self.tongues.names)

    def your_data(self, tongue: Tongue) -> str:
        """What happens to people's data, for everybody to read before they give any."""
        return self._render("your_data.html", tongue, languages=self.tongues.names)

    def reasons(self, tongue: Tongue, outcome: Outcome | None) -> list[tuple[str, str]]:
        """Code and sentence of each reason as the outside hears it, by the policy under which it was given."""
        if outcome is None:
            return []
        told = self._policies.at(outcome.at).told(outcome.reasons)
        return [(reason.code, reason.sentence.get(tongue.code) or reason.sentence["en"]) for reason in told]

    def _render(self, template: str, tongue: Tongue, *, zone: ZoneInfo = EASTERN, **parts: Any) -> str:
        def dated(moment: datetime) -> Markup:
            written = when(moment, zone, tongue)
            return Markup('<time datetime="{}">{}</time>').format(moment.isoformat(), written)

        def said(sentence: str, moment: datetime | None) -> Markup:
            """A sentence with its date, if it has one."""
            text = escape(tongue.say(sentence))
            return text.replace("{date}", Markup("<strong>{}</strong>").format(dated(moment))) if moment else text

        return self._environment.get_template(template).render(
            parts, tongue=tongue, _=tongue.say, said=said, dated=dated
        )


@cache
def _environment_under(prefix: str) -> Environment:
    """Where templates are read from, and how: compiled once in a process, whoever renders them."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(
        style=STYLE,
        notice=wording.NOTICE,
        hotline=wording.HOTLINE,
        hours=wording.HOURS,
        prefix=prefix,
        email_pattern=EMAIL_PATTERN,
    )
    environment.filters["dialled"] = _dialled
    return environment


def _dialled(text: str) -> Markup:
    """Text with the telephone numbers and addresses that we name as links."""
    marked = escape(text)
    for named, target in _LINKS.items():
        marked = marked.replace(named, Markup('<a href="{}">{}</a>').format(target, named))
    return marked


def notice_of(status: Status) -> tuple[str, ...]:
    """What the request, or its answer, does to a removal and to a court date."""
    removal = removal_of(status)
    stay = () if removal is Removal.STOPPED else (wording.I246,)
    return (wording.REMOVALS[removal], *stay, wording.COURT, wording.COURT_HELP)


def limits_of(status: Status) -> dict[str, Any]:
    """The same for a page; `answered`: whether it speaks of the answer, not of the request."""
    return {"limits": notice_of(status), "answered": removal_of(status) is not Removal.REQUEST_STOPS_NONE}


def as_json(
    pages: Pages,
    tongue: Tongue,
    status: Status,
    *,
    question_text: str | None,
    zone: ZoneInfo = EASTERN,
    office: Office | None = None,
) -> dict[str, Any]:
    """The same as the page, for programs; what does not apply is left out."""
    outcome, question = status.outcome, status.question
    shown: dict[str, Any] = {
        "case_number": status.number,
        "stage": status.where,
        "stage_text": tongue.say(wording.STAGES[status.where]),
        "next": [_step(tongue, step, zone) for step in steps_of(status)] if status.where is not Where.ERASED else [],
        "received_at": status.received_at,
        "mend": _codes(tongue, status.mend),
        "missing": _codes(tongue, status.missing),
        "not_understood": list(status.not_understood),
        "send_again_by": status.send_again_by,
        "answer_due": status.answer_due,
        "may_ask_review_from": status.may_ask_from,
        "window_closes": status.window_closes,
        "review_due": status.review_due,
        "zone": zone.key,
        "withdrawal_waits": status.waits is GivesUp.REQUEST or None,
        "hand_over_waits": status.waits is GivesUp.CASE or None,
        "review_waits": status.review_waits or None,
        "window_kept_open": status.window_kept_open or None,
        "not_agreed": status.not_agreed or None,
        "waiver_waits": status.waits is GivesUp.REVIEW or None,
        "grounds": list(status.grounds),
        "may": sorted(status.may | ({"review"} if status.grounds else set())),
        "only_the_stage": not status.told_all and status.where not in (Where.NOT_ACCEPTED, Where.ERASED),
        "notice": [tongue.say(sentence) for sentence in notice_of(status)],
        "office": {"code": office.code, "name": office.name, "seat": office.seat} if office else None,
        "papers": list(going.where_to_go(tongue, status, office)),
        "help_line": f"{wording.HOTLINE}, {tongue.say(wording.HOURS)}",
    }
    if question is not None:
        shown["question"] = {"id": question.id, "answer_by": question.answer_by, "text": question_text}
    if outcome is not None:
        shown["outcome"] = {
            "result": outcome.result,
            "text": tongue.say(wording.result_of(outcome)),
            "granted": list(outcome.granted),
            "declined": list(outcome.declined),
            "moot": list(outcome.moot),
            "referred_to": outcome.referred_to,
            "where_to_go": tongue.say(going.REFERRED[outcome.referred_to]) if outcome.referred_to else None,
            "reasons": [{"code": code, "text": text} for code, text in pages.reasons(tongue, outcome)],
        }
    return {name: value for name, value in shown.items() if value not in (None, [])}


def _step(tongue: Tongue, step: Any, zone: ZoneInfo) -> str:
    if isinstance(step, Dated):
        return tongue.say(wording.STEPS[step.kind], date=when(step.at, zone, tongue))
    return tongue.say(wording.STEPS[step])


def _codes(tongue: Tongue, codes: Sequence[Any]) -> list[dict[str, str]]:
    return [{"code": str(code), "text": tongue.say(wording.REJECTIONS[code])} for code in codes]
