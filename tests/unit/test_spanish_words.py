"""One Spanish word each for reject, decline, court and removal: nobody may take a request for refused that was not."""

import re
from collections.abc import Iterator
from io import BytesIO

import pytest
from babel.messages.pofile import read_po

from deploy.catalogues import spoken
from shared.policy.loading import load
from tests.unit.intake_world import MONDAY

ELSEWHERE = re.compile(r"tribunal|expuls|remoción|rechaz|conced(?:ió|e) lo que se pidió", re.IGNORECASE)
WORDS = {
    "declined": re.compile(r"denegó|denegada"),
    "court": re.compile(r"cortes?\b"),
    "removal": re.compile(r"[Dd]eporta"),
    "deportation": re.compile(r"[Dd]eporta"),
    "not accepted": re.compile(r"[Nn]o aceptamos"),
    "could not accept": re.compile(r"[Nn]o aceptamos"),
}
MEANS_OTHERWISE = {"I do not agree with the field office."}


def pairs() -> Iterator[tuple[str, str]]:
    """Every sentence that the public reads, in both languages."""
    for words in spoken():
        catalogue = read_po(BytesIO((words.locale / "es.po").read_bytes()))
        yield from ((str(message.id), str(message.string)) for message in catalogue if message.id)
    for reason in load().at(MONDAY).reasons.values():
        yield reason.sentence["en"], reason.sentence["es"]


@pytest.mark.parametrize(("english", "spanish"), list(pairs()), ids=lambda text: text[:40])
def test_each_of_the_four_has_one_word(english: str, spanish: str) -> None:
    assert not ELSEWHERE.search(spanish)
    for said, word in WORDS.items():
        if re.search(rf"\b{said}", english, re.IGNORECASE):
            assert word.search(spanish), spanish


@pytest.mark.parametrize("sentence", ["To ask for a stay of removal", "can take the request back alone"])
def test_a_sentence_has_its_object_and_says_what_is_meant(sentence: str) -> None:
    found = [spanish for english, spanish in pairs() if sentence in english]
    assert found
    assert all("suspendan la deportación" in said or "por su cuenta" in said for said in found)
