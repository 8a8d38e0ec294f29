"""How a person's name is looked up: what is kept of it when a request comes, and how one that was heard is read. Pure.

Alike are: case, accents, spaces, hyphens, apostrophes, and whether the family name is said first; and each of the two
names may be said by its first word alone (Ana García for Ana María García López). Not alike are: another spelling,
another order of the words within one name, nicknames, other scripts, and letters that are more than a letter and an
accent (ø, ł).
"""

from itertools import product

from shared.privacy.blind_index import plain_name

MOST_WORDS = 12


def forms(given: str | None, family: str | None) -> tuple[str, ...]:
    """What is indexed of a name: both parts, each whole or by its first word; at most four."""
    pairs = product(_ways(given or ""), _ways(family or ""))
    return tuple(dict.fromkeys(found for one, other in pairs if (found := _pair(one, other))))


def readings(heard: str) -> tuple[str, ...]:
    """What a name that was heard may be: one name's words before, the other's after, wherever that is; or one alone."""
    words = plain_name(heard).split()[:MOST_WORDS]
    parted = ((words[:at], words[at:]) for at in range(1, len(words) + 1))
    return tuple(dict.fromkeys(_pair("".join(before), "".join(after)) for before, after in parted))


def _ways(name: str) -> tuple[str, ...]:
    words = plain_name(name).split()
    return ("".join(words), words[0]) if words else ("",)


def _pair(one: str, other: str) -> str:
    return " ".join(sorted(filter(None, (one, other))))
