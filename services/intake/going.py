"""Where people go: the office that has a case, where papers go, and who else decides. Message ids of the catalogues.

An office is named to a reader whom staff have verified, and to nobody else: it would tell where a person is held. No
street address is kept here: offices move, and the sources of the office map name seats only. ICE's own page has them.

Sources. Offices: ice.gov/contact/field-offices. G-28: ICE's release of 28 February 2024 and ice.gov/eroefile (online
for detained people; in person and by mail stay). 60-001: dhs.gov/myoido asks for it; that it goes to the office that
has the case, and how somebody shows who they are there, are design choices. OPLA: its page on prosecutorial discretion.
EOIR: ice.gov/es/contactenos/oficinas-de-campo. OIDO: myoido.dhs.gov. I-246: the form's instructions (ICE, 11/20).
"""

from collections.abc import Mapping
from typing import Final

from services.intake.status import Status, Where
from shared.contracts.vocabulary import ReferredTo
from shared.language.catalogues import Tongue
from shared.policy.model import HEADQUARTERS, Office, OfficeMap

NAMED: Final = "The office that has your case is the {office} field office of ICE ERO. It is in {seat}."
ADDRESS: Final = "You find its address at ice.gov/contact/field-offices. Please call before you go."
NOT_YET: Final = "No field office has the case yet. When one has it, this page names it."
NOT_NAMED: Final = "Papers go to the office that has your case. To ask which office that is, call 1-888-351-4024."

PAPERS: Final = (
    (
        "Form G-28: a lawyer or representative brings or mails it to that office. Is the person detained? "
        "Then it can also go online: ice.gov/eroefile."
    ),
    "ICE Form 60-001: the person signs it. Then bring or mail it to that office.",
    (
        "Are you the person? Then show that office a paper with your photo. Are you detained? "
        "Then show it to an ICE officer. Do you have no such paper? Then please call us."
    ),
    "Write the case number on each paper. Do not send papers by e-mail to us: nobody reads that mailbox.",
)

REFERRED: Final[Mapping[ReferredTo, str]] = {
    ReferredTo.OPLA: (
        "ICE's lawyers (OPLA) decide this. How to ask them: ice.gov/about-ice/opla/prosecutorial-discretion."
    ),
    ReferredTo.EOIR: (
        "The immigration court (EOIR) decides this. Ask the court that has the case, or call 1-800-898-7180."
    ),
    ReferredTo.OIDO: (
        "The Immigration Detention Ombudsman (OIDO) looks at this. Send DHS Form 405 online: myoido.dhs.gov."
    ),
    ReferredTo.I246: (
        "Ask for a stay of removal with Form I-246. Bring it in person to the ICE ERO office that has the case."
    ),
}

SITES: Final = (
    "ice.gov/contact/field-offices",
    "ice.gov/es/contactenos/oficinas-de-campo",
    "ice.gov/eroefile",
    "ice.gov/about-ice/opla/prosecutorial-discretion",
    "myoido.dhs.gov",
)
"""Addresses of others that pages name, all by https; a page's own address is told to none of them (Referrer-Policy)."""


def sentences() -> tuple[str, ...]:
    """Every message id of this module."""
    return (NAMED, ADDRESS, NOT_YET, NOT_NAMED, *PAPERS, *REFERRED.values())


def office_of(status: Status, offices: OfficeMap) -> Office | None:
    """The office to name to this reader; None where there is none, and where it is not theirs to know."""
    return offices.offices.get(status.office) if status.office and status.office != HEADQUARTERS else None


def where_to_go(tongue: Tongue, status: Status, office: Office | None) -> tuple[str, ...]:
    """Which office has the case, and where papers go; nothing where there is no case that they could belong to."""
    if status.where in (Where.NOT_ACCEPTED, Where.ERASED):
        return ()
    papers = tuple(tongue.say(sentence) for sentence in PAPERS)
    if office is None:
        return (tongue.say(NOT_YET if status.told_all and status.office is None else NOT_NAMED), *papers)
    return (tongue.say(NAMED, office=office.name, seat=office.seat), tongue.say(ADDRESS), *papers)
