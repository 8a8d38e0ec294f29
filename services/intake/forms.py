"""The forms of the status page: what may come in, as what it is read, and how it is shown before it is sent."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from typing import Any, Final
from urllib.parse import parse_qsl
from uuid import UUID

from pydantic_core import from_json
from starlette.requests import Request

from services.intake.asking import Amendment
from services.intake.domain.consent import REPRESENTATIVES
from services.intake.representing import Representative
from services.intake.wording import CHOICES, FIELDS
from shared.contracts.reading import WrongBody, read_mapping
from shared.contracts.received import RequestBody
from shared.contracts.sealed import Requestor
from shared.contracts.vocabulary import ReviewGround
from shared.web.problems import Problem

FORM: Final = "application/x-www-form-urlencoded"
MAX_FORM_BYTES: Final = 128 * 1024
MAX_WORDS: Final = 20_000
MAX_KEY: Final = 200
_MAX_FIELDS = 40
_WORDS: Final = ("information", "answer", "reason")
_KNOWN: Final = frozenset({*FIELDS, "question", "confirm", "idempotency_key", "lang"})

_PLACES: Final[Mapping[str, tuple[str, ...]]] = {
    "information": ("narrative",),
    "answer": ("narrative",),
    "custody_status": ("custody", "status"),
    "facility_name": ("custody", "facility", "name"),
    "facility_state": ("custody", "facility", "state"),
    "facility_county": ("custody", "facility", "county"),
    "place_state": ("place", "state"),
    "place_county": ("place", "county"),
    "removal_scheduled_for": ("removal", "scheduled_for"),
    "removal_believed_imminent": ("removal", "believed_imminent"),
    "requestor_name": ("requestor", "name"),
    "requestor_email": ("requestor", "email"),
    "requestor_phone": ("requestor", "phone"),
    "consent_kind": ("consent", "kind"),
    "language": ("requestor", "language"),
}
_REPRESENTATIVE: Final[Mapping[str, tuple[str, ...]]] = {
    f"representative_{part}": ("requestor", part)
    for part in ("type", "name", "email", "phone", "organisation", "language")
}
_NEEDED: Final = ("representative_type", "representative_name", "representative_email")

"""Where each field stands in a request's body, by whose rules it is read."""

_ATOM = r"[a-zA-Z0-9!#$%&'*+\/=?^_`\{\|\}~\-]+"
_LABEL = r"[a-zA-Z0-9]([a-zA-Z0-9\-]{0,61}[a-zA-Z0-9])?"
EMAIL_PATTERN: Final = rf"{_ATOM}(\.{_ATOM})*@({_LABEL}\.)+{_LABEL}"
"""What a form takes for an e-mail address, for the browser (`pattern`, beside its own check) and for us alike."""
_ANY: Final = "anybody@example.org"
_EMAIL_FIELDS: Final = ("requestor_email", "representative_email")

Form = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Filled:
    """What somebody typed into which form, and its fields that cannot be read; the page shows them all again."""

    route: str = ""
    typed: Form = field(default_factory=dict)
    wrong: tuple[str, ...] = ()


NOTHING: Final = Filled()


class WrongForm(ValueError):
    """Fields that cannot be read, by their names in the form."""

    def __init__(self, *fields: str) -> None:
        super().__init__(", ".join(fields))
        self.fields = fields


async def read_form(request: Request) -> Form:
    """The known, filled fields of a form (or of a JSON object of texts)."""
    raw = await request.body()
    if len(raw) > MAX_FORM_BYTES:
        raise Problem(413, "too_large", f"A form may have at most {MAX_FORM_BYTES} bytes.")
    kind = request.headers.get("content-type", FORM).partition(";")[0].strip().lower()
    if kind not in (FORM, "application/json"):
        raise wrong_kind(f"`{FORM}`, or a JSON object of texts")
    try:
        if kind == "application/json":
            given: Any = from_json(raw)
            pairs = list(given.items()) if isinstance(given, dict) else []
        else:
            pairs = parse_qsl(raw.decode(), max_num_fields=_MAX_FIELDS)
    except ValueError:
        raise Problem(400, "invalid_request", "The form cannot be read.") from None
    return {name: value.strip() for name, value in pairs if name in _KNOWN and isinstance(value, str) and value.strip()}


def wrong_kind(of: str) -> Problem:
    """The body is of a kind that is not read here."""
    return Problem(415, "unsupported_media_type", "A form cannot be sent in this format.", f"Send it as {of}.")


def ground_of(form: Form) -> ReviewGround:
    """The ground on which review is asked."""
    try:
        return ReviewGround(form.get("ground", ""))
    except ValueError:
        raise WrongForm("ground") from None


def reason_of(form: Form, *, today: date) -> str | None:
    """The requestor's own words, cleaned."""
    _short_enough(form)
    try:
        return read_mapping({"narrative": form.get("reason")}, today=today).body.narrative
    except WrongBody:
        raise WrongForm("reason") from None


def amendment_of(form: Form, *, today: date) -> Amendment:
    """What the form asks to change; who names a detention center says that the person is held there."""
    _short_enough(form)
    if "question" in form and "answer" not in form:
        raise WrongForm("answer")
    read = _read(form, _PLACES, today=today)
    try:
        question = UUID(form["question"]) if "question" in form else None
    except ValueError:
        raise WrongForm("answer") from None
    return Amendment(read, answers=question, new_link=form.get("new_link") == "yes")


def representative_of(form: Form, *, today: date) -> Representative:
    """Who takes the case over. Without an address nobody would get the new link."""
    missing = [name for name in _NEEDED if name not in form]
    if missing:
        raise WrongForm(*missing)
    who = _read(form, _REPRESENTATIVE, today=today).requestor
    if who.type not in REPRESENTATIVES:
        raise WrongForm("representative_type")
    person = Requestor(name=who.name, email=who.email, phone=who.phone, organisation=who.organisation)
    return Representative(who.type, person, who.language)


def _read(form: Form, places: Mapping[str, tuple[str, ...]], *, today: date) -> RequestBody:
    body: dict[str, Any] = {}
    for name, place in places.items():
        if name in form:
            _put(body, place, form[name])
    if "facility" in body.get("custody", {}):
        body["custody"].setdefault("status", "DETAINED")
    odd = {".".join(places[name]) for name in _EMAIL_FIELDS if name in places and not is_address(form.get(name, _ANY))}
    try:
        read = read_mapping(body, today=today).body
    except WrongBody as error:
        odd |= {each.field for each in error.wrong}
    if odd:
        raise WrongForm(*(name for name, place in places.items() if ".".join(place) in odd and name in form))
    return read


def is_address(typed: str) -> bool:
    """Whether the browser would take it, too: nobody is told here what the browser let pass, nor the reverse."""
    return re.fullmatch(EMAIL_PATTERN, typed) is not None


def key_of(form: Form, header: str | None) -> str:
    """The idempotency key of a form as it is filled in.

    It covers what was typed: somebody who goes back and writes something else sends a new form, and nothing is lost.
    """
    key = form.get("idempotency_key") or header or ""
    if not key.isascii() or not key.isprintable() or not 0 < len(key) <= MAX_KEY:
        raise Problem(400, "idempotency_key_needed", "This form needs an idempotency key.")
    content = "\x1f".join(f"{name}\x1e{form[name]}" for name in sorted(form) if name in FIELDS or name == "question")
    return f"{key}\x1f{sha256(content.encode('utf-8', 'surrogatepass')).hexdigest()}"


def shown(form: Form) -> list[tuple[str, str]]:
    """Label and value of each field that the reader filled in, as message ids where they are ours."""
    return [(FIELDS[name], CHOICES.get(name, {}).get(form[name], form[name])) for name in FIELDS if name in form]


def carried(form: Form) -> list[tuple[str, str]]:
    """The fields that the confirmation page sends on."""
    return [(name, value) for name, value in form.items() if name != "confirm"]


def _put(body: dict[str, Any], place: tuple[str, ...], value: str) -> None:
    *parents, last = place
    for name in parents:
        body = body.setdefault(name, {})
    body[last] = value


def _short_enough(form: Form) -> None:
    long = [name for name in _WORDS if len(form.get(name, "")) > MAX_WORDS]
    if long:
        raise WrongForm(*long)
