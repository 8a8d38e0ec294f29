"""Reads the policy: effective-dated YAML files, validated as a whole.

`guidance/`: who is presumed a priority; `process/`: clocks, windows, reasons, questions; `offices/`; `calendars/`;
`places/`: time zones and ZIP codes.

Without a folder this package's own files are read; POLICY_DIR names a folder that replaces them (but for `calendars/`
and `places/`, if it has none: public holidays and time zones are not the agency's).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import ValidationError

from shared.policy.calendar import Calendar
from shared.policy.geography import Geography
from shared.policy.guidance_file import GuidanceRead, guidance
from shared.policy.model import GuidanceInForce, OfficeMap, Policies, Policy, RoutineShare, Timeline
from shared.policy.office_areas import office_map
from shared.policy.places_file import geography
from shared.policy.process_file import ProcessRead, process, required_of
from shared.policy.reasons import unfit
from shared.policy.shapes import CalendarFile, Dated, GuidanceFile, OfficesFile, PlacesFile, ProcessFile
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
    source: str = ""


def load(folder: Path | None = None) -> Policies:
    """All versions of the policy, in the order in which they come into force.

    Raises PolicyInvalid, whose message names the file, the line and the field of everything that is wrong.
    """
    root = folder or OWN_FILES
    versions = _timeline(root / "guidance", GuidanceFile, guidance)
    processes = _timeline(root / "process", ProcessFile, process)
    maps = _timeline(root / "offices", OfficesFile, office_map)
    calendars = _timeline(_own_or_ours(root / "calendars"), CalendarFile, calendar)
    places = _timeline(_own_or_ours(root / "places"), PlacesFile, geography)
    _agree(versions, processes)
    parts: tuple[Sequence[InForce[Any]], ...] = (versions, processes, maps, calendars, places)
    start = max(part[0].since for part in parts)
    begins = (interval.since for part in parts for interval in part)
    moments = sorted({start, *(moment for moment in begins if moment > start)})
    timeline = _guidance_timeline(versions)
    return Policies(
        versions=tuple(
            (
                at.astimezone(UTC),  # Two moments of one zone are compared at once, without asking it.
                _policy(
                    _at(versions, at),
                    _at(processes, at),
                    timeline=timeline,
                    offices=_at(maps, at),
                    working_time=_at(calendars, at),
                    places=_at(places, at),
                ),
            )
            for at in moments
        )
    )


def _own_or_ours(folder: Path) -> Path:
    return folder if folder.exists() else OWN_FILES / folder.name


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
        InForce(
            part.since, part.until, value, partial(written.complaint, ("in_force", at)), getattr(part, "source", "")
        )
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


def _agree(versions: Sequence[InForce[GuidanceRead]], processes: Sequence[InForce[ProcessRead]]) -> None:
    """Refuse versions of one name in two files, and reasons that the guidance and the process do not agree on."""
    wrong: list[str] = []
    named: dict[str, GuidanceRead] = {}
    for part in versions:
        name = part.value.guidance.version
        if named.setdefault(name, part.value) is not part.value:
            wrong.append(part.value.written.complaint(("version",), f"{name} is the name of another file's version"))
    for ruled in {id(part.value): part.value for part in processes}.values():
        for guided in named.values():
            wrong += unfit(guided.written, guided.reasons, ruled.reasons, f"the process rules {ruled.version}")
    if wrong:
        raise PolicyInvalid("\n".join(dict.fromkeys(wrong)))


def _guidance_timeline(versions: Sequence[InForce[GuidanceRead]]) -> Timeline:
    begins = [part.since.astimezone(UTC) for part in versions]
    return Timeline(
        tuple(
            GuidanceInForce(since, until, part.value.guidance, part.source)
            for part, since, until in zip(versions, begins, [*begins[1:], None], strict=True)
        )
    )


def _policy(
    guided: GuidanceRead,
    ruled: ProcessRead,
    *,
    timeline: Timeline,
    offices: OfficeMap,
    working_time: Calendar,
    places: Geography,
) -> Policy:
    rules = ruled.file
    before_removal, share = rules.answer_before_removal, rules.routine_share.value
    return Policy(
        guidance=guided.guidance.version,
        process=ruled.version,
        timeline=timeline,
        questions=ruled.questions,
        office_map=offices,
        calendar=working_time,
        places=places,
        reasons={**ruled.reasons, **{each.code: each for each in guided.reasons}},
        required=required_of(rules),
        papers=rules.consent.value.papers.by_requestor(),
        imminent_within=rules.imminent_within.value,
        answer_within=rules.answer_within.value.by_urgency(),
        silence_after=rules.silence_after.value.by_urgency(),
        aged_after=rules.aged_after.value.by_urgency(),
        routine_share=RoutineShare(share.one_in, share.older_than),
        sro_answer_within=rules.sro_answer_within.value.by_urgency(),
        answer_before_removal=before_removal.value if before_removal else None,
        question_answer_within=rules.question_answer_within.value,
        office_answers_within=rules.office_answers_within.value.by_urgency(),
        undo_within=rules.undo_minutes.value.by_urgency(),
        carry_out_within=rules.carry_out_within.value.by_urgency(),
        review_window=rules.review_window.value,
        window_grace=rules.window_grace.value,
        claim_lasts=rules.claim_lasts.value,
        link_lasts=rules.link_lasts.value,
        resubmit_within=rules.resubmit_within.value,
        remands=rules.remands.value,
    )
