"""Who may read and do what by a private link: every role, requestor, paper and ruling, through the HTTP edge.

`EXPECTED` is the README's table, told a second time; each thing is tried, not asked for.
"""

from copy import deepcopy
from dataclasses import astuple, dataclass
from datetime import timedelta
from itertools import product
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from services.intake import wording
from services.intake.next_steps import Step
from shared.casework import offering
from shared.casework.offering import Verdict
from shared.contracts.vocabulary import ConsentKind, ConsentStatus, Recipient, RequestorType
from tests.unit.intake_house import House, complete
from tests.unit.intake_world import DAY, MONDAY, assigned, completed, escalated, resolved, rules

JSON = {"Accept": "application/json"}
LAWYERS = (RequestorType.ATTORNEY, RequestorType.ACCREDITED_REP)
NONCITIZEN, FAMILY, NGO = RequestorType.NONCITIZEN, RequestorType.FAMILY, RequestorType.NGO_OTHER
CLAIMED, VERIFIED, REFUSED = ConsentStatus.CLAIMED, ConsentStatus.VERIFIED, ConsentStatus.REFUSED
PAPERS = {
    NONCITIZEN: ConsentKind.NONE,
    **dict.fromkeys(LAWYERS, ConsentKind.G28),
    FAMILY: ConsentKind.FORM_60_001,
    NGO: ConsentKind.FORM_60_001,
}
FORMS: dict[str, dict[str, str]] = {
    "review": {"ground": "NEW_CIRCUMSTANCES"},
    "waive": {},
    "withdraw": {"reason": "We moved."},
    "amend": {"information": "A child was born."},
    "contact": {"requestor_phone": "+1-555-0101"},
    "representative": {
        "representative_type": "ATTORNEY",
        "representative_name": "Odalys Fernbach",
        "representative_email": "odalys.fernbach@example.org",
    },
    "stand_down": {},
}


REFUSALS = (
    "consent_refused",
    "nobody_represents",
    "not_by_this_link",
    "no_review_now",
    "resolved",
    "not_open",
)

FREE, WINDOW, HEADQUARTERS, LAPSED, OVER = "at the office", "window open", "at headquarters", "lapsed", "resolved"
READ = frozenset({"missing", "question", "question_text", "outcome", "office", "another_request"})
ACTS = frozenset({"review", "waive", "withdraw", "answer", *FORMS})
EVERYTHING = READ | ACTS
SILENT = frozenset({"missing", "another_request"})
THERE_IS = {
    FREE: EVERYTHING - {"outcome", "review", "waive"},
    WINDOW: EVERYTHING - SILENT,
    HEADQUARTERS: EVERYTHING - SILENT - {"review", "waive"},
    LAPSED: EVERYTHING - SILENT - {"review", "waive"},
    OVER: frozenset({"outcome", "office", "contact"}),
}
"""What there is to read and to do at each stage of a case that lacks something and has a double."""


def expected(kind: RequestorType, ruling: ConsentStatus, stage: str = WINDOW, *, own_link: bool) -> dict[str, str]:
    """What becomes of each thing: `yes`, `waits` (for staff), `no`. `own_link`: the noncitizen's."""
    refused, verified = ruling is REFUSED, ruling is VERIFIED
    gives_up = "no" if refused else "yes" if verified and kind in (NONCITIZEN, *LAWYERS) else "waits"
    changes, told = "no" if refused else "yes", "yes" if verified else "no"
    table = {
        "missing": told if own_link else "yes",
        "question": changes,
        "question_text": told,
        "outcome": told,
        "office": told,
        "another_request": told,
        "answer": told,
        "review": "waits" if refused else "yes",
        "waive": gives_up,
        "withdraw": gives_up,
        "amend": changes,
        "contact": "no" if own_link else changes,
        "representative": "no" if own_link else gives_up,
        "stand_down": "waits" if kind in LAWYERS and not refused else "no",
    }
    assert table.keys() == EVERYTHING
    return {thing: answer if thing in THERE_IS[stage] else "no" for thing, answer in table.items()}


@dataclass(frozen=True)
class Story:
    """Who asks with which paper, what staff made of them and of the noncitizen, and who reads at which stage."""

    role: Recipient
    requestor: RequestorType
    paper: ConsentKind
    ruling: ConsentStatus
    noncitizen: ConsentStatus = CLAIMED
    stage: str = WINDOW

    def table(self) -> dict[str, str]:
        if self.role is Recipient.REQUESTOR:
            return expected(self.requestor, self.ruling, self.stage, own_link=False)
        ruling = self.ruling if self.requestor is NONCITIZEN else self.noncitizen
        return expected(NONCITIZEN, ruling, self.stage, own_link=True)


async def story(house: House, told: Story) -> tuple[str, bool]:
    """The path of a reader's page of a case with an open question, and whether staff could rule so."""
    body = complete(consent={"kind": told.paper.value, "signed": True}, custody={"status": "DETAINED"}, narrative=" ")
    body["noncitizen"] |= {"email": "zoraida.quintanabelle@example.org"}
    house.clock -= timedelta(minutes=1)  # the other request is the earlier one
    await house.opened(body)
    house.clock += timedelta(minutes=1)
    case_id, path = await house.opened(body | {"requestor": body["requestor"] | {"type": told.requestor.value}})
    asked = await house.sealed_question(case_id, "Where did she live in 2019?")
    house.hear(case_id, assigned(), asked)
    if told.role is Recipient.NONCITIZEN:
        path = f"/status/{house.links.token(case_id, 1, told.role)}"
    possible = True
    if told.ruling is not CLAIMED:
        answer = await house.rule(case_id, told.ruling.value)
        counts = told.paper in rules().policies.at(house.now()).papers[told.requestor]
        possible = counts or told.ruling is REFUSED
        assert answer.is_success is possible, answer.text
        if not possible:
            assert answer.json()["code"] == "wrong_paper"
    if told.noncitizen is not CLAIMED:
        seen = int(told.ruling is not CLAIMED and possible)
        assert (await house.rule(case_id, told.noncitizen.value, of="noncitizen", seen=seen)).is_success
    proceed(house, case_id, told.stage)
    return path, possible


def proceed(house: House, case_id: UUID, stage: str) -> None:
    if stage is FREE:
        return
    house.hear(case_id, completed("DECLINED"))
    if stage is LAPSED:
        assert offering.deadline(house.engine.cases[case_id], rules(), policy_now=MONDAY + 90 * DAY) is Verdict.APPLIED
    if stage in (HEADQUARTERS, OVER):
        house.hear(case_id, escalated())
    if stage is OVER:
        house.hear(case_id, resolved())


def read(told: dict[str, Any], page: str) -> dict[str, str]:
    """Which things the page shows, and the JSON alike."""
    text, twice = told.get("question", {}).get("text"), wording.STEPS[Step.ANOTHER_REQUEST]
    shown = {
        "missing": ("missing" in told, "The office may ask you for what is missing:" in page),
        "question": ("question" in told, "We have a question for you" in page),
        "question_text": (text is not None, "Where did she live" in page),
        "outcome": ("outcome" in told, 'id="outcome"' in page),
        "office": ("office" in told, "The office that has your case is the" in page),
        "another_request": (twice in told["next"], twice in page),
    }
    assert all(in_json is on_page for in_json, on_page in shown.values()), shown
    return {thing: "yes" if in_json else "no" for thing, (in_json, _) in shown.items()}


async def answered(house: House, path: str, _: str, *, offered: bool, page: str) -> str:
    """Whether words end the question. Those of who may not answer are kept, and it is as open as before."""
    case_id = house.links.case_of(path.rpartition("/")[2])
    assert case_id is not None
    case = house.engine.cases[case_id]
    (asked,) = case.state.filing.heard.questions  # type: ignore[union-attr]
    form = {"idempotency_key": "k", "confirm": "yes", "question": str(asked.id), "answer": "x"}
    assert ('name="answer"' in page) is offered
    answer = await house.http.post(f"{path}/amend", data=form, headers=JSON)
    filing = case.state.filing  # type: ignore[union-attr]
    number = filing.amendment
    assert filing.sealed_amendments[-1:] == ((f"amended_{number}",) if answer.is_success else ())
    assert (filing.answered == (asked.id,)) is (filing.open_question is None) is offered
    return "yes" if filing.answered else "no"


async def done(house: House, path: str, thing: str, *, offered: bool, page: str) -> str:
    route = "amend" if thing == "contact" else thing
    form = {"idempotency_key": "k", "confirm": "yes"} | FORMS[thing]
    field = {"contact": 'name="requestor_phone"', "amend": 'name="information"'}.get(thing, f'/{route}"')
    assert (field in page) is offered
    answer: httpx.Response = await house.http.post(f"{path}/{route}", data=form, headers=JSON)
    if not answer.is_success:
        assert answer.status_code == 409, answer.text
        assert answer.json()["code"] in REFUSALS
        assert not offered
        return "no"
    assert offered
    return "waits" if answer.json()["done"].endswith("_waits") else "yes"


ASKERS = [each for each in RequestorType if each is not NONCITIZEN]
STORIES = [
    *(Story(Recipient.REQUESTOR, *each) for each in product(RequestorType, ConsentKind, ConsentStatus)),
    *(
        Story(Recipient.NONCITIZEN, asker, PAPERS[asker], ruling, own)
        for asker, ruling, own in product(ASKERS, ConsentStatus, ConsentStatus)
    ),
    *(Story(Recipient.NONCITIZEN, NONCITIZEN, ConsentKind.NONE, ruling) for ruling in ConsentStatus),
    *(
        Story(Recipient.REQUESTOR, asker, PAPERS[asker], ruling, stage=stage)
        for asker, ruling, stage in product(RequestorType, ConsentStatus, THERE_IS)
        if stage is not WINDOW
    ),
    *(
        Story(Recipient.NONCITIZEN, FAMILY, PAPERS[FAMILY], ruling, own, stage)
        for ruling, own, stage in product(ConsentStatus, ConsentStatus, THERE_IS)
        if stage is not WINDOW
    ),
]


@pytest.mark.parametrize("told", STORIES, ids=lambda told: "-".join(map(str, astuple(told))))
async def test_each_reader_sees_and_does_what_the_table_allows(tmp_path: Path, told: Story) -> None:
    table, house = told.table(), House(tmp_path)
    path, possible = await story(house, told)
    if not possible:
        return
    shown = (await house.http.get(path, headers=JSON)).json()
    page = (await house.http.get(path)).text
    seen, before = read(shown, page), house.engine.cases
    assert seen == {thing: table[thing] for thing in seen}
    for thing in sorted(ACTS):
        house.engine.cases = deepcopy(before)
        do = answered if thing == "answer" else done
        assert await do(house, path, thing, offered=thing in shown.get("may", ()), page=page) == table[thing], thing


async def test_staff_find_out_who_reads_at_the_noncitizens_address(tmp_path: Path) -> None:
    house = House(tmp_path)
    path, _ = await story(house, Story(Recipient.REQUESTOR, FAMILY, ConsentKind.FORM_60_001, VERIFIED))
    case_id = house.links.case_of(path.rpartition("/")[2])
    assert case_id is not None
    own = f"/status/{house.links.token(case_id, 1, Recipient.NONCITIZEN)}"
    assert (await house.http.get(own, headers=JSON)).json()["only_the_stage"] is True
    assert (await house.rule(case_id, "verified", of="noncitizen", seen=1)).json() == {"amendment": 2}
    assert "outcome" in (await house.http.get(own, headers=JSON)).json()
    withdrawn = await house.http.post(f"{own}/withdraw", data={"idempotency_key": "w", "confirm": "yes"}, headers=JSON)
    assert withdrawn.json()["done"] == "withdraw"
    assert withdrawn.json()["link"] == own.rpartition("/")[2]


async def test_who_is_the_requestor_is_ruled_on_as_the_requestor(tmp_path: Path) -> None:
    house = House(tmp_path)
    path, _ = await story(house, Story(Recipient.REQUESTOR, NONCITIZEN, ConsentKind.NONE, CLAIMED))
    case_id = house.links.case_of(path.rpartition("/")[2])
    assert case_id is not None
    assert (await house.rule(case_id, "verified", of="noncitizen")).json()["code"] == "not_two_people"
