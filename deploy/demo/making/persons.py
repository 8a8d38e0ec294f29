"""Invented people. Surnames, markers and facilities are made of syllables, so that each can be searched for.

Family name, A-number, e-mail address and marker word of each person occur for nobody else, and no name is part of
another. Nine-digit A-numbers begin with 9, which none issued so far is known to do; short ones are made by chance.
"""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import product
from random import Random

_GIVEN = """
    Ana Beatriz Carlos Daniela Emeka Fatima Gabriel Hassan Ines Jorge Karim Lucia Mateo Nadia Oscar Paola Quan Rosa
    Samuel Teresa Ulises Valentina Wei Ximena Yusuf Zoila Amina Bashir Camila Diego Estela Farid Graciela Hugo Irina
    Joaquín Kwame Leticia Marisol Nabil Ofelia Pedro Ramón Sofía Tomás Úrsula Víctor Yolanda
"""
GIVEN_NAMES = tuple(_GIVEN.split())

COUNTRIES = ("MX", "GT", "HN", "SV", "NI", "VE", "CU", "HT", "BR", "EC", "CO", "CM", "NG", "CN", "IN", "VN", "JM", "PH")

_HEADS = "Bral Chom Drev Fulqu Gwesk Hirv Jorv Klum Lisqu Morv Nulk Olvr Prax Quilm Rusk Sklov Trev Ulqu Vosk Wexl Zelk"
_MIDDLES = "and ebr icol oth uvan emp irag onz ulth avesk"
_TAILS = "ajo eval iquar onder uvane oñal ével izar ombre údrez antis"
_MARKER_HEADS = "Bequ Cyth Dwol Fenqu Ghar Jyrn Kesp Luqu Myrz Nvel Pthor Qesh Rhyz Syrf Tweg Uzk Vrel Wynq Xolp Zhem"
_MARKER_TAILS = "abrion ecliff idorn olquist umbral athwick eryond imbeck oskerry ulmoor"
_FACILITY_HEADS = "Aldqu Berxh Corvl Dunsk Elqu Farnw Grovx Hexl Ingqu Jaspw Kelvx Lornqu Merxw Northqu Oxelv Pellw"
_FACILITY_KINDS = ("Processing Center", "Detention Facility", "Holding Center", "Service Center")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody invented. `a_number` is canonical: nine digits."""

    given: str
    family: str
    a_number: str
    born: date
    country: str
    email: str
    marker: str
    phone: str

    @property
    def name(self) -> str:
        """Given and family name."""
        return f"{self.given} {self.family}"


def people(rng: Random) -> Iterator[Person]:
    """People without end (some thousands), none of whom shares anything that can be searched for with another."""
    families = _mixed(rng, _HEADS, _MIDDLES, _TAILS)
    markers = _mixed(rng, _MARKER_HEADS, _MIDDLES, _MARKER_TAILS)
    numbers = _a_numbers(rng)
    for at, (family, marker, a_number) in enumerate(zip(families, markers, numbers, strict=False)):
        shown = f"D'{family}" if at % 29 == 7 else family
        yield Person(
            given=rng.choice(GIVEN_NAMES),
            family=shown,
            a_number=a_number,
            born=date(1948, 1, 1) + timedelta(days=rng.randrange(20_000)),
            country=rng.choice(COUNTRIES),
            email=f"{_ascii(family)}.{rng.randrange(10, 99)}@example.{rng.choice(('org', 'net'))}",
            marker=marker,
            phone=f"+1-{rng.randrange(201, 990)}-555-01{rng.randrange(100):02}",
        )


def facilities(rng: Random) -> tuple[str, ...]:
    """Names of detention facilities that do not exist."""
    stems = _mixed(rng, _FACILITY_HEADS, "ath em ock und", "borne mere stead wick")
    return tuple(f"{stem} {rng.choice(_FACILITY_KINDS)}" for stem, _ in zip(stems, range(60), strict=False))


def _mixed(rng: Random, heads: str, middles: str, tails: str) -> Iterator[str]:
    """All words of one head, one middle and one tail, in an order of chance; none is a part of another."""
    words = ["".join(parts) for parts in product(heads.split(), middles.split(), tails.split())]
    rng.shuffle(words)
    return iter(words)


def _a_numbers(rng: Random) -> Iterator[str]:
    """Canonical A-numbers: most of nine digits, every ninth of eight, every eleventh of seven before padding."""
    taken: set[str] = set()
    at = 0
    while True:
        at += 1
        digits = 7 if at % 11 == 0 else 8 if at % 9 == 0 else 9
        number = f"9{rng.randrange(10 ** (digits - 1)):0{digits - 1}}".zfill(9)
        if number not in taken:
            taken.add(number)
            yield number


def _ascii(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(mark for mark in decomposed if not unicodedata.combining(mark)).lower()
