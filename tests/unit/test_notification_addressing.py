"""Whom a letter goes to: the newest address, the one from before a change, or nobody, with the reason."""

from dataclasses import replace

import pytest

from services.notification.domain.following import Followed
from services.notification.domain.ledger import Entry, Phase
from services.notification.domain.letters import Because
from services.notification.mail.addressing import Reader, reader_of
from shared.contracts.envelope import Contract
from shared.contracts.sealed import Noncitizen, Requestor, SealedAmendment, SealedSubmission
from shared.contracts.vocabulary import ConsentStatus, Language, Letter, Recipient, RequestorType
from shared.privacy.sealing import CaseKey, seal
from tests.unit.one_case import CASE_ID, T0

KEY = CaseKey(CASE_ID, b"k" * 32)
CASE = Followed("K7Q2M-4XNPD-5", RequestorType.FAMILY, Language.EN, ConsentStatus.CLAIMED, RequestorType.FAMILY)
ENTRY = Entry(Letter.NEW_ADDRESS, Recipient.REQUESTOR, str(CASE_ID), Phase.CLAIMED, T0)
FORMER = replace(ENTRY, letter=Letter.ADDRESS_CHANGED, before=2, language="es")


def box(name: str, content: Contract) -> bytes:
    return seal(KEY, case_id=CASE_ID, cause=CASE_ID, name=name, plaintext=content.model_dump_json().encode())


def told(entry: Entry, *addresses: str | None, noncitizen: Noncitizen | None = None) -> Reader | Because:
    """The reader, where `addresses` are the requestor's: as submitted, then by each amendment."""
    people = SealedSubmission(requestor=Requestor(email=addresses[0]), noncitizen=noncitizen or Noncitizen())
    blobs = {"submitted": box("submitted", people)}
    for number, address in enumerate(addresses[1:], 1):
        name = f"amended_{number}"
        blobs[name] = box(name, SealedAmendment(requestor=Requestor(email=address)))
    state = replace(CASE, contacts=tuple(range(1, len(addresses))))
    return reader_of(state, entry, case_id=CASE_ID, key=KEY, blobs=blobs)


def test_the_newest_address_counts() -> None:
    assert told(ENTRY, "a@example.org", "b@example.org", "c@example.org") == Reader("c@example.org", "en")


@pytest.mark.parametrize(
    ("addresses", "reader"),
    [
        (("a@example.org", "b@example.org", "c@example.org"), Reader("b@example.org", "es")),
        (("a@example.org", "b@example.org", "c@example.org", "d@example.org"), Reader("b@example.org", "es")),
        (("a@example.org", "b@example.org", None), Reader("b@example.org", "es")),
        (("a@example.org", "b@example.org", "B@Example.org"), Because.SAME_ADDRESS),
        (("a@example.org", None, "c@example.org"), Because.NO_FORMER_ADDRESS),
        (("a@example.org", "no address", "c@example.org"), Because.NO_FORMER_ADDRESS),
    ],
)
def test_the_address_from_before_a_change_is_the_one_before_that_amendment(
    addresses: tuple[str | None, ...], reader: Reader | Because
) -> None:
    assert told(FORMER, *addresses) == reader


def test_without_an_address_nobody_is_written_to() -> None:
    assert told(ENTRY, None) is Because.NO_ADDRESS


@pytest.mark.parametrize(("own", "language"), [("es-MX", "es-MX"), (None, "en")])
def test_a_noncitizen_reads_in_the_own_language_if_one_is_known(own: str | None, language: str) -> None:
    entry = replace(ENTRY, role=Recipient.NONCITIZEN)
    person = Noncitizen(email="n@example.org", language=own)
    assert told(entry, "a@example.org", noncitizen=person) == Reader("n@example.org", language)
