"""The fields of each form of the status page, for the OpenAPI document."""

from typing import Any, Final

from services.intake.wording import CHOICES, FIELDS

_COMMON: Final[dict[str, Any]] = {
    "idempotency_key": {"type": "string", "maxLength": 200, "description": "Here, or in the header `Idempotency-Key`."},
    "confirm": {"type": "string", "enum": ["yes"], "description": "Without it nothing is done but to ask."},
    "lang": {"type": "string", "maxLength": 8},
}
_OF: Final[dict[str, tuple[str, ...]]] = {
    "review": ("ground", "reason"),
    "waive": (),
    "withdraw": ("reason",),
    "representative": tuple(name for name in FIELDS if name.startswith("representative_")),
    "stand_down": (),
}
_AMEND: Final = tuple(
    name for name in FIELDS if name not in ("ground", "reason") and not name.startswith("representative_")
)
_LONG: Final = ("information", "answer", "reason")
EXAMPLES: Final[dict[str, dict[str, str]]] = {
    "review": {"ground": "FIELD_OFFICE_DECLINED", "reason": "The doctor's letter was not read."},
    "amend": {"information": "She has a new address."},
    "representative": {
        "representative_type": "ATTORNEY",
        "representative_name": "Teodor Wrenfield",
        "representative_email": "intake@wrenfield-law.example",
    },
}


def body_of(route: str) -> dict[str, Any]:
    """What the document says of a form's body: the same fields, as a form or as a JSON object of texts."""
    names = _OF.get(route, _AMEND)
    fields = {name: _field(name) for name in names} | _COMMON
    if route == "amend":
        fields["question"] = {"type": "string", "format": "uuid", "description": "The question that `answer` answers."}
    schema = {"type": "object", "properties": fields}
    example = EXAMPLES.get(route, {}) | {"idempotency_key": "0b6a1f3e-9d0c-4b1e-8f3a-2c5d7e9f1a2b", "confirm": "yes"}
    content = {"schema": schema, "example": example}
    return {"requestBody": {"content": {"application/x-www-form-urlencoded": content, "application/json": content}}}


def _field(name: str) -> dict[str, Any]:
    described = {"type": "string", "description": FIELDS[name]}
    if name in CHOICES:
        return described | {"enum": list(CHOICES[name])}
    return described | {"maxLength": 20_000 if name in _LONG else 254}
