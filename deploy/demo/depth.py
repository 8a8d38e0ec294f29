"""What makes a review process more than a queue: six scenes, and of each the case that shows it best. Pure.

A scene that no case shows, though the file has requests for it, is a finding: the demo then ends with 1.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from deploy.demo.lines import Line
from deploy.demo.scenes import (
    SPANISH,
    Told,
    Went,
    in_spanish,
    left_open,
    moved_up,
    not_sent_away,
    passed_on,
    sent_back,
)
from shared.contracts.vocabulary import NEVER_REQUIRED, Urgency


@dataclass(frozen=True, slots=True)
class Scene:
    """What should be seen: on which lines of the file, how it is told, and what is said when no case shows it."""

    title: str
    of: Callable[[Line], bool]
    tell: Callable[[Went], Told | None]
    missing: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A scene on its case."""

    scene: Scene
    went: Went
    told: Told


def _speaks(line: Line) -> str | None:
    return (line.body.get("requestor") or {}).get("language")


SCENES: Final = (
    Scene(
        "Custody changes, and the case moves up",
        lambda line: "amend" in line.steps,
        moved_up,
        "No routine case moved up among the detained, with the queue saying why, after its custody had changed.",
    ),
    Scene(
        "A field office forwards a case to another, and says why",
        lambda line: "pass_on" in line.steps,
        passed_on,
        "No case was in the queue of the office to which another had forwarded it, with its reason.",
    ),
    Scene(
        "Headquarters sends a case back for a second consideration",
        lambda line: "sro_remand" in line.steps and line.steps[-1].startswith("sro_decide:"),
        sent_back,
        "No case that headquarters had sent back was considered a second time, and came before headquarters again.",
    ),
    Scene(
        "A letter in Spanish",
        lambda line: _speaks(line) == SPANISH and line.email is not None and line.counts_as == "submitted",
        in_spanish,
        "No requestor who asked for Spanish has a Spanish letter in the mail sink.",
    ),
    Scene(
        "Nobody knows enough: the category stays undetermined",
        lambda line: any(step.startswith("decide:") for step in line.steps),
        left_open,
        "No officer's screen left a category undetermined, with the question that would settle it.",
    ),
    Scene(
        "An urgent request that lacks something goes to the office, not back",
        lambda line: (
            bool(set(line.expect.get("incomplete", ())) - NEVER_REQUIRED)
            and line.expect["urgency"] != Urgency.ROUTINE
            and "claim" in line.steps
        ),
        not_sent_away,
        "No urgent request that lacks something stood in an office's queue with what is missing.",
    ),
)
"""In the order in which they are shown."""


def seen(all_: Sequence[Went]) -> tuple[list[Shown], list[str]]:
    """Each scene on the case that shows it best; and a sentence for each that no case shows.

    A scene for which a file has no line is left out: it was not to be expected.
    """
    shown: list[Shown] = []
    missing: list[str] = []
    for scene in SCENES:
        candidates = [went for went in all_ if scene.of(went.line)]
        told = [(went, told) for went in candidates if (told := scene.tell(went))]
        if told:
            went, best = max(told, key=lambda each: each[1].shows)
            shown.append(Shown(scene, went, best))
        elif candidates:
            missing.append(scene.missing)
    return shown, missing
