"""How hard a text is to read, by two published formulas.

English: the Flesch-Kincaid grade (Kincaid, Fishburne, Rogers, Chissom, 1975): the school year that it takes. Spanish:
the reading ease of Fernández Huerta (1959): 70 to 80 is fairly easy, the sixth year; higher is easier.

Syllables are counted by rule. Numbers and web addresses count for nothing: nobody reads them as words.
"""

import re
from dataclasses import dataclass

_ADDRESS = re.compile(r"\S*(?:https?://|@)\S*")
_DOTTED = re.compile(r"\b([ap])\.\s?m\.")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_END = re.compile(r"[.!?:]+(?=\s|$)|\n+")
_WEAK = "iuü"
_STRONG = "aeoáéíóú"


@dataclass(frozen=True)
class Counts:
    """What both formulas are made of."""

    sentences: int
    words: int
    syllables: int


def english_grade(text: str) -> float:
    """Flesch-Kincaid grade."""
    of = _counts(text, _english_syllables)
    return 0.39 * of.words / of.sentences + 11.8 * of.syllables / of.words - 15.59


def spanish_ease(text: str) -> float:
    """Fernández Huerta's ease."""
    of = _counts(text, spanish_syllables)
    return 206.84 - 60 * of.syllables / of.words - 1.02 * of.words / of.sentences


def longest_sentence(text: str) -> tuple[int, str]:
    """The number of words of the longest sentence, and the sentence."""
    return max((len(_WORD.findall(sentence)), sentence) for sentence in _sentences(text))


def spanish_syllables(word: str) -> int:
    """Each strong or accented vowel is a syllable; a weak one only where it stands alone. `qu`, `gue`: a silent u."""
    bare = re.sub(r"(?<=q)u|(?<=g)u(?=[eiéí])", "", word.lower())
    bare = re.sub(r"y$", "i", bare)
    found = 0
    for group in re.findall(f"[{_STRONG}{_WEAK}]+", bare):
        found += max(1, sum(letter in _STRONG for letter in group))
    return max(1, found)


def _english_syllables(word: str) -> int:
    bare = word.lower().replace("’", "'").removesuffix("'s")
    bare = re.sub(r"(?<=[^td])ed$", "", bare) if len(bare) > 4 else bare
    bare = re.sub(r"(?<=[^aeiouyl])es$|(?<=[^aeiouy])e$", "", bare) if not bare.endswith("le") else bare
    hiatus = len(re.findall(r"(?<![ct])ia|io(?!n|us)|eo(?!u)|iu", bare))
    return max(1, len(re.findall(r"[aeiouy]+", bare)) + hiatus)


def _sentences(text: str) -> list[str]:
    plain = _DOTTED.sub(r"\1m", _ADDRESS.sub("", text))
    return [part for part in _END.split(plain) if _WORD.search(part)]


def _counts(text: str, syllables: object) -> Counts:
    assert callable(syllables)
    sentences = _sentences(text)
    words = [word for sentence in sentences for word in _WORD.findall(sentence)]
    return Counts(len(sentences), len(words), sum(syllables(word) for word in words))
