"""What can be wrong, as sentences for whoever typed the command."""


class CannotArchive(Exception):
    """What is wrong, and what to do, in one sentence."""
