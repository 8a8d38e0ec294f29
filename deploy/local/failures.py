"""What can go wrong while the platform starts. Each message is one sentence that says what to do."""


class CannotStart(Exception):
    """The local platform cannot start. The message says why, and what to do about it."""


class Busy(CannotStart):
    """Another `up` or `down` is working on this data folder right now."""
