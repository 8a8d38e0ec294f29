"""A store that was put back: a case as its backup has it, while its events stay in the topics."""

from copy import deepcopy
from typing import Any, Protocol

from shared.casework import behind
from shared.casework.case import Case, Changes
from shared.casework.document import arrive
from shared.contracts.envelope import splice
from tests.unit.intake_world import rules
from tests.unit.one_case import T0, OneCase


class Story(Protocol):
    """A case of a service in the making."""

    case: Case[Any]


def copied(story: Story) -> Case[Any]:
    """The case as a backup has it."""
    copy = deepcopy(story.case)
    copy.changes = Changes()
    return copy


def put_back(story: Story, backup: Case[Any]) -> bool:
    """The backup takes the place of the case, whose events are in the topics; whether it caught up."""
    blobs = story.case.changes.blobs
    since = [
        arrive(backup.id, event.type, splice(event.body, {name: blobs[name] for name in event.blobs}))
        for event in story.case.changes.events[backup.emitted :]
    ]
    assert since
    its = story.rules if isinstance(story, OneCase) else rules()
    behind.park(backup, since, its, now=T0)
    return behind.catch_up(backup, its, now=T0)
