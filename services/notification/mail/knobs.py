"""The limits of the mail loop. All are real time: none follows the policy clock."""

import random
from dataclasses import dataclass, field
from datetime import timedelta

from services.notification.mail.relay import Patience


@dataclass(frozen=True, slots=True)
class Knobs:
    """Values are design choices."""

    group: int = 24
    """Letters that are claimed, marked and recorded together, each with a connection of its own."""
    connections: int = 48
    """Of one instance to the relay, kept between groups. Postfix takes 50 of one client, unless told otherwise."""
    look: int = 240
    """Cases with due letters that one look at the store asks for; they feed several groups."""
    in_hand: int = 192
    """Letters claimed and not yet recorded: no more are claimed while a slow store is behind with recording."""
    together: timedelta = timedelta(seconds=1)
    """So long the letters of a group wait for each other before a write, and a group for as many connections as it may
    have; a slow letter is written for by itself, and a slow relay gets smaller groups."""
    gather: timedelta = timedelta(milliseconds=250)
    """After a look that found few, letters may gather for so long: large groups cost less for each."""
    relay_idle: timedelta = timedelta(minutes=5)
    """The relay drops a silent connection after so long (RFC 5321 4.5.3.2.7)."""
    start_content_within: timedelta = timedelta(seconds=20)
    """Content is not started later than this after its `data` mark was asked for."""
    outage_wait: timedelta = timedelta(seconds=3)
    """When something did not answer, its letters come again after so long; the loop asks first whether it does."""
    first_wait: timedelta = timedelta(seconds=30)
    longest_wait: timedelta = timedelta(hours=1)
    tries: int = 24
    """So many "later" from the relay, about a day, and the letter has failed."""
    abandoned: timedelta = timedelta(seconds=10)
    """A claim seen for so long is given back, twice as late each further time for the same letter, and after a lease at
    the latest. Giving back a live one costs its attempt, never a copy: the `data` mark needs the claim."""
    mail_not_after: timedelta = timedelta(days=3)
    """A letter whose cause is older is suppressed as stale: an empty or restored store must not mail all history."""
    rejections_a_day: int = 5
    """More "not accepted" letters to one address on one day are suppressed."""
    drain: timedelta = timedelta(seconds=15)
    """When stopped, letters under way get so long to be finished."""
    poll: timedelta = timedelta(milliseconds=500)
    patience: Patience = field(default_factory=Patience)

    @classmethod
    def waiting(cls, reply_seconds: float) -> "Knobs":
        """With so long a wait for the relay's replies; what follows from it follows."""
        longest = cls().start_content_within
        return cls(
            start_content_within=min(longest, timedelta(seconds=reply_seconds)), patience=Patience.of(reply_seconds)
        )

    @property
    def lease(self) -> timedelta:
        """After so long with the same token and phase, seen by this process, the claim of another one is over.

        A fifth longer than a live attempt may stay in one phase, however long the relay is waited for: otherwise its
        letter would be doubted while the reply may still come.
        """
        patience, together = self.patience, self.together.total_seconds()
        claimed = 2 * (patience.connect + 2 * patience.envelope) + together  # A dropped connection is opened once more.
        data = self.start_content_within.total_seconds() + patience.envelope + patience.reply
        return timedelta(seconds=1.2 * max(claimed, data))

    @property
    def under_way(self) -> timedelta:
        """So long after its claim is over, the relay may still take a first copy: a sender that was frozen wakes up.

        A person's resend waits for it. A claim that is over was at its `data` mark at the latest; content starts soon
        after that or not at all, and then the relay drops the connection, or we give up on the reply.
        """
        patience = self.patience
        reply = max(self.relay_idle.total_seconds(), patience.reply)
        return self.start_content_within + timedelta(seconds=patience.envelope + reply)


def wait_before(tries: int, knobs: Knobs, rng: random.Random) -> timedelta:
    """How long to wait after the `tries`-th deferral (from 0): doubling up to a cap, the last half of it by chance."""
    whole = min(knobs.longest_wait, knobs.first_wait * 2 ** min(tries, 20))
    return timedelta(seconds=whole.total_seconds() * rng.uniform(0.5, 1.0))
