"""Codes as people read them on a terminal."""


def word(code: str) -> str:
    """A code as people say it."""
    return code.replace("_", " ").lower()
