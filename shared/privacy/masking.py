"""Personal data as screens show it: enough to recognise, not to use. The A-number alone is sensitive (DHS rules)."""

_HIDDEN = "•••"
_A_NUMBER_DIGITS = 9


def display_a_number(canonical: str) -> str:
    """`012345678` as people write it: `A012-345-678`. Only for whoever may see it whole."""
    if not _is_canonical(canonical):
        return f"A{_HIDDEN}"
    return f"A{canonical[:3]}-{canonical[3:6]}-{canonical[6:]}"


def mask_a_number(canonical: str) -> str:
    """`012345678` as `A•••-•••-678`; what is not nine digits is hidden whole."""
    if not _is_canonical(canonical):
        return f"A{_HIDDEN}"
    return f"A{_HIDDEN}-{_HIDDEN}-{canonical[6:]}"


def mask_email(address: str) -> str:
    """`ana@example.org` as `a•••@example.org`; what is no address is hidden whole."""
    local, at, host = address.strip().rpartition("@")
    return f"{local[:1]}{_HIDDEN}@{host}" if at and local and host else _HIDDEN


def _is_canonical(text: str) -> bool:
    return len(text) == _A_NUMBER_DIGITS and text.isascii() and text.isdigit()
