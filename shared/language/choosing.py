"""Which language a reader wants: the one asked for by name, else what the browser prefers, else the case's own."""

from collections.abc import Iterable, Mapping

from shared.language.catalogues import SOURCE, Tongue

_MOST_CHARACTERS = 500


def main_language(written: str) -> str:
    """The main language of a tag as people and browsers write it: `es` of `es-MX`, `es_419` or ` ES `."""
    return written.strip().lower().replace("_", "-").partition("-")[0]


def choose(tongues: Mapping[str, Tongue], *, asked: str | None, accepted: str, otherwise: str = SOURCE) -> Tongue:
    """The reader's language among those that there are. `accepted` is an Accept-Language header, `asked` a code."""
    wanted = [*([main_language(asked)] if asked else []), *_preferred(accepted), main_language(otherwise)]
    return tongues[next((code for code in wanted if code in tongues), SOURCE)]


def _preferred(header: str) -> Iterable[str]:
    """The main languages of an Accept-Language header, best first; what is no weight is left out."""
    weighed: list[tuple[float, str]] = []
    for part in header[:_MOST_CHARACTERS].split(","):
        name, _, quality = part.strip().partition(";q=")
        try:
            weighed.append((-float(quality or 1), main_language(name)))
        except ValueError:
            continue
    return (name for weight, name in sorted(weighed, key=lambda each: each[0]) if weight < 0)
