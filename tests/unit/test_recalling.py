"""What a person decided after the backup was made: the service reads it from its own events, and it is not undone."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from services.escalation.admission import recusals
from services.escalation.domain.states import InQueue, Resolved
from services.intake.commands import Ask, AskReview, Erase
from services.intake.domain.asserted import Asserted, Facts
from services.intake.domain.case import Accepted, Rejected
from services.notification.commands import Mail, RecordResult
from services.notification.domain.ledger import Phase, path
from services.triage.domain.states import Considered, UnderConsideration
from shared.casework.case import Case
from shared.casework.commands import Answered
from shared.casework.stepping import set_path
from shared.contracts.vocabulary import MailResult, RejectCode, RequestorType, ReviewGround
from tests.unit.escalation_story import SAM, Escalation
from tests.unit.intake_world import DAY, MONDAY, World, assigned, completed
from tests.unit.notification_story import Notified, submitted
from tests.unit.put_back import copied, put_back
from tests.unit.triage_story import Triage


def test_an_sros_resolution_stands() -> None:
    story = Escalation().declined()
    story.claim()
    backup = copied(story)
    assert isinstance(backup.state, InQueue)
    assert story.decide() is None
    assert put_back(story, backup)
    assert isinstance(backup.state, Resolved)
    assert (backup.state, backup.due_at) == (story.state, None)
    assert not backup.work.get("claim")


def test_a_recusal_stands() -> None:
    story = Escalation().declined()
    backup = copied(story)
    assert story.recuse(SAM) is None
    assert put_back(story, backup)
    assert [one.by for one in recusals(backup.work)] == [SAM]


def test_an_officers_decision_stands_and_who_had_the_case_is_still_known() -> None:
    story = Triage().submit()
    backup = copied(story)
    assert isinstance(backup.state, UnderConsideration)
    story.claim()
    assert story.decide() is None
    assert put_back(story, backup)
    assert isinstance(backup.state, Considered)
    assert backup.state == story.state
    assert list(backup.work["touched"]) == list(story.case.work["touched"])


def without_fingerprint(state: Any) -> Any:
    """Of which request body the case came is told by no event."""
    return replace(state, fingerprint="") if isinstance(state, Rejected) else replace(state.filing, fingerprint="")


@pytest.mark.parametrize("missing", [(), (RejectCode.NO_NARRATIVE,)], ids=["accepted", "rejected"])
def test_a_request_that_intake_has_forgotten_is_a_case_again(missing: tuple[RejectCode, ...]) -> None:
    world = World()
    final = Asserted(value=True, asserted_by="requestor", on=date(2021, 3, 8))
    factor = Asserted("ELDERLY", "requestor", date(2021, 3, 8))
    world.submit(missing=missing, facts=Facts(final_order=final, mitigating=(factor,)))
    forgotten = Case[Any](world.case.id)
    assert put_back(world, forgotten)
    assert isinstance(forgotten.state, Rejected if missing else Accepted)
    assert without_fingerprint(forgotten.state) == without_fingerprint(world.state)


def test_what_the_requestor_asked_for_stands() -> None:
    world = World()
    world.submit()
    world.hear(assigned(), completed("DECLINED"))
    backup = copied(world)
    ground = ReviewGround.FIELD_OFFICE_DECLINED
    assert isinstance(world.ask(Ask.REVIEW, AskReview(ground, {}), MONDAY + 6 * DAY), Answered)
    assert put_back(world, backup)
    assert backup.state == world.state


def test_an_erased_case_stays_erased() -> None:
    world = World()
    world.submit()
    backup = copied(world)
    assert isinstance(world.ask(Ask.ERASE, Erase("privacy-officer", "E-1")), Answered)
    assert put_back(world, backup)
    assert backup.state == world.state


def test_a_letter_that_was_recorded_is_not_due_any_more() -> None:
    story = Notified()
    story.hear("intake", submitted(RequestorType.NONCITIZEN))
    (letter,) = story.letters
    backup, nothing = copied(story), Case[Any](story.case.id)
    for field, value in {"phase": Phase.DATA.value, "token": "mine"}.items():
        set_path(story.case.work, path(letter, field), value)
    story.case.changes.work.clear()
    assert story.refusal(Mail.RECORD, RecordResult(letter, "mine", MailResult.SENT, "250")) is None
    assert put_back(story, backup)
    entry = backup.work["mail"][letter.hex]
    assert (entry["phase"], entry.get("token")) == ("sent", None)
    assert not put_back(story, nothing)  # its letter is made when the event that makes it comes again
    assert nothing.parked
