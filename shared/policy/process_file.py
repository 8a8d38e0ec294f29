"""A process file checked as a whole: what is asked for, clocks, windows, questions, and staff's reasons."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from shared.contracts.vocabulary import RejectCode
from shared.policy.conditions import DAYS, NUMBERS, YES_NO
from shared.policy.model import Reason, Remark
from shared.policy.reasons import doubled, reason, unfit
from shared.policy.shapes import ProcessFile
from shared.policy.written import PolicyInvalid, Written


@dataclass(frozen=True, slots=True)
class ProcessRead:
    """The rules of the process as read; `questions` by the fact that they ask about."""

    version: str
    file: ProcessFile
    questions: Mapping[str, Remark]
    reasons: Mapping[str, Reason]


def process(written: Written, file: ProcessFile) -> ProcessRead:
    """The rules that a file describes. Raises PolicyInvalid, naming everything that is wrong in it."""
    reasons = [reason(each) for each in file.reasons]
    wrong = [
        *doubled(written, file.reasons),
        *unfit(written, reasons, {}, "other files"),
        *_consent_amiss(written, file),
        *_questions_amiss(written, file),
        *_undo_amiss(written, file),
    ]
    if wrong:
        raise PolicyInvalid("\n".join(wrong))
    questions = {each.fact: Remark(each.code, each.en, each.source) for each in file.questions}
    return ProcessRead(file.version, file, questions, {each.code: each for each in reasons})


CONSENT = (RejectCode.NO_CONSENT, RejectCode.UNSIGNED_G28)
"""Required or not by `consent.missing`, never by name."""


def required_of(file: ProcessFile) -> tuple[RejectCode, ...]:
    """All that a request must hold."""
    return file.required.value + (CONSENT if file.consent.value.missing == "reject" else ())


def _consent_amiss(written: Written, file: ProcessFile) -> Iterator[str]:
    for at, code in enumerate(file.required.value):
        if code in CONSENT:
            yield written.complaint(("required", "is", at), f"{code} is decided by consent.missing")


def _undo_amiss(written: Written, file: ProcessFile) -> Iterator[str]:
    if file.undo_minutes.value.REMOVAL_IMMINENT:
        at = ("undo_minutes", "is", "REMOVAL_IMMINENT")
        yield written.complaint(at, "nobody who may soon be removed waits for second thoughts: it is 0")


def _questions_amiss(written: Written, file: ProcessFile) -> Iterator[str]:
    """Each fact on which a rule can turn needs a question, or nobody could be told what would settle it."""
    facts = YES_NO | DAYS | NUMBERS
    asked = [each.fact for each in file.questions]
    for at, fact in enumerate(asked):
        if fact not in facts:
            yield written.complaint(("questions", at, "fact"), f"{fact} is no fact: {', '.join(sorted(facts))}")
        if fact in asked[:at]:
            yield written.complaint(("questions", at, "fact"), f"{fact} is asked twice")
    missing = sorted(facts - set(asked))
    if missing:
        yield written.complaint(("questions",), f"nothing is asked about {', '.join(missing)}")
