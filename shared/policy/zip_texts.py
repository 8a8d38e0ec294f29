"""How ZIP codes are written in policy files: codes and ranges, such as "94501-94502 94536"; or their first digits."""

import re
from collections.abc import Iterator
from typing import Annotated

from pydantic import BeforeValidator

_RANGE = re.compile(r"(\d{3}|\d{5})(?:-(\d{3}|\d{5}))?")


def _zips(written: object) -> tuple[str, ...]:
    if not isinstance(written, str):
        raise ValueError('ZIP codes are written "94501-94502 94536", with quotation marks')  # noqa: TRY004 - pydantic's
    return tuple(code for part in written.split() for code in _codes(part))


def _codes(part: str) -> Iterator[str]:
    match = _RANGE.fullmatch(part)
    first, last = (match[1], match[2] or match[1]) if match else ("1", "0")
    if len(first) != len(last) or first > last:
        raise ValueError(f'{part} is no ZIP code and no range of them, such as "94501-94502"')
    return (f"{number:0{len(first)}d}" for number in range(int(first), int(last) + 1))


Zips = Annotated[tuple[str, ...], BeforeValidator(_zips)]
