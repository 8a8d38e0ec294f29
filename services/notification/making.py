"""Making letters: those of an event are put into the ledger, and what will not be sent is told at once."""

from collections.abc import Mapping, Set
from typing import Any

from services.notification.domain import ledger
from services.notification.domain.following import Followed, State, reason_not_to_send
from services.notification.domain.letters import Address, Because, Notification, When, made_by
from shared.casework.reaction import Context, Emit, Step
from shared.contracts.envelope import Event
from shared.contracts.events import NotificationRecorded
from shared.contracts.vocabulary import Language, MailResult, Recipient


def with_letters(
    state: State,
    event: Event[Any],
    context: Context,
    *,
    suppressed: Because | None = None,
    keep: Mapping[str, bytes] | None = None,
    true_of_it: Set[When] = frozenset(),
    named: Recipient | None = None,
    before: tuple[int, Language] | None = None,
    office: str | None = None,
    late: Mapping[Notification, Because | None] | None = None,
) -> Step[State]:
    """Put the event's letters into the ledger.

    `before`: the amendment that changed an address, the language then. `office`: whose duty mailbox hears of it.
    `late`: letters of earlier events, each with what may keep it from going out.
    """
    work: dict[str, Any] = {}
    emits: list[Emit] = []
    letters = made_by(
        event.type,
        case_id=context.case_id,
        cause=event.id,
        alone=isinstance(state, Followed) and state.alone,
        true_of_it=true_of_it,
        named=named,
    )
    for made, because in (dict.fromkeys(letters, suppressed) | dict(late or {})).items():
        reason = reason_not_to_send(state, made.letter, made.role) or because
        number, language = before if before and made.address is Address.BEFORE_THE_CHANGE else (None, None)
        work[ledger.path(made.id)] = ledger.new(
            made,
            made_at=context.now,
            suppressed=reason,
            before=number,
            language=language,
            office=office if made.role is Recipient.OFFICE else None,
        )
        if reason is not None:
            emits.append(Emit(_suppressed(made, reason)))
    return Step(state=state, work=work, emits=tuple(emits), keep=keep or {})


def _suppressed(made: Notification, reason: Because) -> NotificationRecorded:
    return NotificationRecorded(
        notification=made.id,
        letter=made.letter,
        role=made.role,
        result=MailResult.SUPPRESSED,
        attempt=0,
        reply_class=reason.value,
    )
