"""The web server's access log without what opens a case: private links are masked, queries left out."""

import logging
import re

MASKED = "<masked>"
_LINK = re.compile(r"(/status/)[^/?#]+", re.IGNORECASE)
_LONG_SEGMENT = re.compile(r"(?<=/)[^/?#]{37,}")
"""Longer than a UUID: a token, wherever somebody pasted it."""


def mask_path(path: str) -> str:
    """`/status/<token>/review?x=1` as `/status/<masked>/review?<masked>`."""
    bare, query, _ = path.partition("?")
    masked = _LONG_SEGMENT.sub(MASKED, _LINK.sub(rf"\g<1>{MASKED}", bare))
    return f"{masked}?{MASKED}" if query else masked


class MaskPrivateLinks(logging.Filter):
    """For uvicorn's access log, whose records carry (address, method, path, HTTP version, status)."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Mask the path in place; every record passes."""
        if isinstance(record.args, tuple) and len(record.args) == 5:
            address, method, path, version, status = record.args
            record.args = (address, method, mask_path(str(path)), version, status)
        return True


def mask_access_log() -> None:
    """Mask uvicorn's access log; once in a process, repeating it is harmless."""
    logger = logging.getLogger("uvicorn.access")
    if not any(isinstance(known, MaskPrivateLinks) for known in logger.filters):
        logger.addFilter(MaskPrivateLinks())
