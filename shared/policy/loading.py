"""Reads the policy: effective-dated YAML files under `guidance/`, `offices/` and `calendars/`, validated as a whole.

Without a folder this package's own files are read; POLICY_DIR names a folder that replaces them (but for the calendar,
if it has no `calendars/`: public holidays are not the agency's).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import ValidationError

from shared.contracts.vocabulary import Language
from shared.policy.calendar import Calendar
from shared.policy.model import OfficeMap, Policies, Policy, Reason
from shared.policy.office_areas import office_map
from shared.policy.shapes import CalendarFile, Dated, GuidanceFile, OfficesFile, WrittenReason
from shared.policy.working_time import calendar
from shared.policy.written import PolicyInvalid, Written, read

F = TypeVar("F", bound=Dated)
V = TypeVar("V")

OWN_FILES = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class InForce(Generic[V]):
    """One interval of one version. `complain` says something about it, naming the file and line where it is written."""

    since: datetime
    until: datetime | None
    value: V
    complain: Callable[[str], str]


def load(folder: Path | None = None) -> Policies:
    """All versions of the policy, in the order in which they come into force.

    Raises PolicyInvalid, whose message names the file, the line and the field of everything that is wrong.
    """
    root = folder or OWN_FILES
    guidance = _timeline(root / "guidance", GuidanceFile, _sound_guidance)
    maps = _timeline(root / "offices", OfficesFile, office_map)
    own = root / "calendars"
    calendars = _timeline(own if own.exists() else OWN_FILES / "calendars", CalendarFile, calendar)
    parts: tuple[Sequence[InForce[Any]], ...] = (guidance, maps, calendars)
    start = max(part[0].since for part in parts)
    begins = (interval.since for part in parts for interval in part)
    moments = sorted({start, *(moment for moment in begins if moment > start)})
    return Policies(
        versions=tuple((at, _policy(_at(guidance, at), _at(maps, at), _at(calendars, at))) for at in moments)
    )


def _timeline(folder: Path, shape: type[F], make: Callable[[Written, F], V]) -> Sequence[InForce[V]]:
    """The intervals of all files of a folder, oldest first; one ends where the next begins, without a gap."""
    paths = sorted(folder.glob("*.yaml"))
    if not paths:
        raise PolicyInvalid(f"{folder}:1: file: there is no *.yaml file here")
    parts = sorted((part for path in paths for part in _intervals(path, shape, make)), key=lambda part: part.since)
    wrong = [complaint for one, following in pairwise(parts) if (complaint := _seam(one, following))]
    if parts[-1].until is not None:
        wrong.append(parts[-1].complain("ends, and nothing is in force after it"))
    if wrong:
        raise PolicyInvalid("\n".join(wrong))
    return parts


def _intervals(path: Path, shape: type[F], make: Callable[[Written, F], V]) -> list[InForce[V]]:
    written = read(path)
    try:
        file = shape.model_validate(written.values)
    except ValidationError as error:
        wrong = (written.complaint(one["loc"], one["msg"]) for one in error.errors(include_url=False))
        raise PolicyInvalid("\n".join(wrong)) from None
    value = make(written, file)
    return [
        InForce(part.since, part.until, value, partial(written.complaint, ("in_force", at)))
        for at, part in enumerate(file.in_force)
    ]


def _seam(one: InForce[V], following: InForce[V]) -> str | None:
    if one.since == following.since:
        return following.complain("begins at the same moment as another version")
    if one.until is not None and one.until > following.since:
        return one.complain("ends after another version has begun")
    if one.until is not None and one.until < following.since:
        return one.complain(f"ends, and nothing is in force until {following.since.isoformat()}")
    return None


def _at(timeline: Sequence[InForce[V]], moment: datetime) -> V:
    return next(part.value for part in reversed(timeline) if part.since <= moment)


def _sound_guidance(written: Written, file: GuidanceFile) -> GuidanceFile:
    codes = [reason.code for reason in file.reasons]
    wrong = [
        written.complaint(("reasons", at, "code"), f"{code} is given twice")
        for at, code in enumerate(codes)
        if code in codes[:at]
    ]
    if wrong:
        raise PolicyInvalid("\n".join(wrong))
    return file


def _policy(guidance: GuidanceFile, offices: OfficeMap, working_time: Calendar) -> Policy:
    before_removal = guidance.answer_before_removal
    return Policy(
        guidance=guidance.version,
        office_map=offices,
        calendar=working_time,
        reasons={reason.code: _reason(reason) for reason in guidance.reasons},
        required=guidance.required.value,
        imminent_within=guidance.imminent_within.value,
        answer_within=guidance.answer_within.value.by_urgency(),
        silence_after=guidance.silence_after.value.by_urgency(),
        sro_answer_within=guidance.sro_answer_within.value.by_urgency(),
        answer_before_removal=before_removal.value if before_removal else None,
        question_answer_within=guidance.question_answer_within.value,
        office_answers_within=guidance.office_answers_within.value.by_urgency(),
        review_window=guidance.review_window.value,
        window_grace=guidance.window_grace.value,
        claim_lasts=guidance.claim_lasts.value,
        link_lasts=guidance.link_lasts.value,
        remands=guidance.remands.value,
    )


def _reason(written: WrittenReason) -> Reason:
    return Reason(
        code=written.code,
        sentence={Language.EN: written.en, Language.ES: written.es},
        source=written.source,
        given_by=written.given_by,
        outcomes=written.explains,
    )
