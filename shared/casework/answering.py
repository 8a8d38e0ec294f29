"""What the store's driver raises, as the rest of the system knows it."""

from collections.abc import Iterator
from contextlib import contextmanager

from shared.errors import Outage
from shared.mongo.driver import PyMongoError


@contextmanager
def answering() -> Iterator[None]:
    """Ask the store inside: that it does not answer is an `Outage`. Its kind is told, and not its text."""
    try:
        yield
    except PyMongoError as error:
        raise Outage(f"The store does not answer ({type(error).__name__}).") from error
