"""After the store was restored: what became of letters is read from what this service itself had told of them."""

from services.notification.domain.following import State
from services.notification.domain.ledger import path, phase_after
from shared.casework.reaction import Context, Outcome, Step, Wait
from shared.contracts.envelope import Event
from shared.contracts.events import NotificationRecorded


def on_recorded(state: State | None, event: Event[NotificationRecorded], context: Context) -> Outcome[State]:
    """The letter is where it was recorded to be. One that is not in the ledger is made by an event that comes again."""
    said = event.data
    stored = context.work.get("mail", {}).get(said.notification.hex)
    if state is None or stored is None:
        return Wait("the event that makes this letter")
    kept = {name: value for name, value in stored.items() if name not in OF_AN_ATTEMPT}
    known = {"phase": phase_after(said.result), "reason": said.reply_class, "attempt": said.attempt, "at": context.now}
    return Step(state, work={path(said.notification): kept | known})


OF_AN_ATTEMPT = frozenset({"next_at", "token", "claimed_until", "doubted", "outcome"})
