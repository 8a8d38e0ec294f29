"""What can go wrong: permanently (the record is wrong: hold it, say why), or for a while (back off, come again)."""

from collections.abc import Sequence
from uuid import UUID

from shared.policy.answers import Slip

RESTORED = "The store of this service was restored from a backup. `secondlook reconcile` has to compare it first."
WRITTEN_BY_NEWER = "A newer build has written this case: an instance of that build has to go on."
NOT_COMPARED = "Whether the store of this service is the newest there is has not been compared with Kafka yet."


class ContractViolation(Exception):
    """What came in, or what a reaction made, breaks a rule that services rely on. Its text holds no personal data."""


class Outage(Exception):
    """Kafka, the store or the key store does not answer. Nothing is wrong with the record: wait, and go on."""


class StillBehind(ContractViolation):
    """The case is behind its topics: nothing new comes before what they have of it."""


class StoreNotCompared(Outage):
    """The store may be older than its topics. Nothing is decided on it until it has been compared with them."""

    def __init__(self, *, restored: bool) -> None:
        super().__init__(RESTORED if restored else NOT_COMPARED)


class CommandFailed(Exception):
    """A command was not carried out; nothing was saved."""


class CommandRefused(CommandFailed):
    """The domain does not allow this command now."""

    def __init__(self, code: str, reason: str, fields: Sequence[Slip] = ()) -> None:
        """`fields`: what is wrong with each field of it, where that is why."""
        super().__init__(reason)
        self.code = code
        self.reason = reason
        self.fields = tuple(fields)


class CaseParked(CommandFailed):
    """An earlier event of this case could not be handled. An operator has to look at it first."""

    def __init__(self, case_id: UUID) -> None:
        super().__init__("An earlier event of this case could not be handled; an operator has to look at it first.")
        self.case_id = case_id


class CaseUnknown(CommandFailed):
    """No such case here."""

    def __init__(self) -> None:
        super().__init__("No such case.")


class TooBusy(CommandFailed):
    """Others kept changing this case first. Nothing was saved; ask again."""

    def __init__(self, why: str = "Others are changing this case at this moment.") -> None:
        super().__init__(f"{why} Nothing was saved; please try again.")


class WrittenByNewer(TooBusy):
    """A newer build has written this case: while both run, an instance of that build may answer next time."""

    def __init__(self) -> None:
        super().__init__(WRITTEN_BY_NEWER)


class CommandBroken(CommandFailed):
    """Carrying out this command failed inside. Nothing was saved; the reason is in the log."""

    def __init__(self, described: str) -> None:
        super().__init__("This could not be done because of an error inside. Nothing was saved.")
        self.described = described
