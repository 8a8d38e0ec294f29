"""Contrast as WCAG 2.2 computes it (1.4.3 text 4.5 to 1, 1.4.11 controls 3 to 1), from a style sheet's own colours."""

import re

_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
_HEX = re.compile(r"#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})\b")


def ratio(one: str, other: str) -> float:
    """The contrast of two colours such as `#fff` and `#0b4f9e`: 1 to 21."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def declarations(style: str) -> dict[str, dict[str, str]]:
    """Selector -> property -> value. Selectors of a list stand apart; the wrapping of media queries is left out."""
    found: dict[str, dict[str, str]] = {}
    for selectors, body in _RULE.findall(re.sub(r"@media[^{]*\{", "", style)):
        for selector in selectors.split(","):
            pairs = (each.split(":", 1) for each in body.split(";") if ":" in each)
            found.setdefault(selector.strip(), {}).update({name.strip(): value.strip() for name, value in pairs})
    return found


def colours(style: str) -> set[str]:
    """Every colour that a style sheet names."""
    return {f"#{each.lower()}" for each in _HEX.findall(style)}


def palette(style: str, *, dark: bool = False) -> dict[str, str]:
    """The named colours, as they are in the light or in the dark."""
    light, *others = re.findall(r":root \{([^}]*)\}", style)
    named = dict(re.findall(r"(--[a-z-]+): (#[0-9a-f]+)", light))
    return named | dict(re.findall(r"(--[a-z-]+): (#[0-9a-f]+)", others[0])) if dark else named


def colour_of(style: str, selector: str, prop: str, *, dark: bool = False) -> str:
    """The colour in a declaration of a selector (in `border: 1px solid var(--edge)`, what `--edge` stands for)."""
    match = re.search(r"var\((--[a-z-]+)\)", declarations(style)[selector][prop])
    assert match, (selector, prop)
    return palette(style, dark=dark)[match[1]]


def _luminance(colour: str) -> float:
    digits = colour.removeprefix("#")
    full = "".join(c * 2 for c in digits) if len(digits) == 3 else digits
    parts = [int(full[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
