"""A guidance file checked as a whole, and made into values: its categories, notices, factors and staff's reasons."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from shared.policy.conditions import PRESUMED, AllOf
from shared.policy.model import Reason
from shared.policy.priorities import (
    Factors,
    Ground,
    Guidance,
    LeftToOfficer,
    Notice,
    PreApproval,
    PresumedIf,
    Remark,
    Rule,
)
from shared.policy.reading_conditions import Reader, Slip
from shared.policy.reasons import doubled, reason
from shared.policy.shapes import (
    GuidanceFile,
    WrittenCategory,
    WrittenFactors,
    WrittenGround,
    WrittenNotice,
    WrittenRemark,
)
from shared.policy.written import Field, PolicyInvalid, Written


@dataclass(frozen=True, slots=True)
class GuidanceRead:
    """A version as read: what it presumes, and the reasons that staff may give only while it is in force."""

    guidance: Guidance
    reasons: tuple[Reason, ...]
    written: Written


def guidance(written: Written, file: GuidanceFile) -> GuidanceRead:
    """The version that a file describes. Raises PolicyInvalid, naming everything that is wrong in it."""
    reading = _Reading(written, file)
    made = Guidance(
        version=file.version,
        name=file.name,
        source=file.source,
        rules=tuple(reading.rule(at, each) for at, each in enumerate(file.categories)),
        notices=tuple(reading.notice(at, each) for at, each in enumerate(file.notices)),
        factors=_factors(file.factors),
        reminder=_remark(file.reminder) if file.reminder else None,
        pre_approval=PreApproval(frozenset(file.pre_approval.by), file.pre_approval.source)
        if file.pre_approval
        else None,
    )
    wrong = [*reading.wrong, *_twice(written, file), *doubled(written, file.reasons)]
    if wrong:
        raise PolicyInvalid("\n".join(wrong))
    return GuidanceRead(made, tuple(reason(each) for each in file.reasons), written)


class _Reading:
    """Reads the conditions of one file, and gathers what is wrong with them."""

    def __init__(self, written: Written, file: GuidanceFile) -> None:
        self.wrong: list[str] = []
        self._written = written
        factors = file.factors
        codes = {
            "aggravating": {factor.code for factor in factors.aggravating},
            "mitigating": {factor.code for factor in factors.mitigating},
        }
        self._reader = Reader(codes=codes)
        self._notices = Reader(presumed={f"{PRESUMED}{each.category}" for each in file.categories}, codes=codes)

    def rule(self, at: int, category: WrittenCategory) -> Rule:
        """The rule of a category."""
        field: Field = ("categories", at)
        if category.left_to_the_officer is not None:
            if category.grounds or category.provided:
                self._complain((*field, "left_to_the_officer"), "what is left to the officer has no grounds")
            return LeftToOfficer(category.category, category.source, _remark(category.left_to_the_officer))
        if not category.grounds:
            self._complain((*field, "category"), "has no grounds, and is not left to the officer either")
        return PresumedIf(
            category.category,
            category.source,
            grounds=self._grounds((*field, "grounds"), category.grounds),
            provided=self._grounds((*field, "provided"), category.provided),
        )

    def notice(self, at: int, written: WrittenNotice) -> Notice:
        """A notice, with its condition if it has one."""
        if written.when is None:
            return Notice(_remark(written))
        ground = self._ground(("notices", at, "when"), written.when, written, self._notices)
        return Notice(ground.remark, ground.when, written.asks)

    def _grounds(self, field: Field, grounds: tuple[WrittenGround, ...]) -> tuple[Ground, ...]:
        return tuple(
            self._ground((*field, at, "when"), each.when, each, self._reader) for at, each in enumerate(grounds)
        )

    def _ground(self, field: Field, when: Any, written: WrittenRemark, reader: Reader) -> Ground:
        try:
            return Ground(_remark(written), reader.read(when, field))
        except Slip as slip:
            self._complain(slip.field, str(slip))
            return Ground(_remark(written), AllOf(()))  # never used: the file is refused

    def _complain(self, field: Field, message: str) -> None:
        self.wrong.append(self._written.complaint(field, message))


def _remark(written: WrittenRemark) -> Remark:
    return Remark(written.code, written.en, written.source)


def _factors(written: WrittenFactors) -> Factors:
    return Factors(
        aggravating=tuple(_remark(each) for each in written.aggravating),
        mitigating=tuple(_remark(each) for each in written.mitigating),
        also_weigh=tuple(_remark(each) for each in written.also_weigh),
    )


def _twice(written: Written, file: GuidanceFile) -> Iterator[str]:
    """Categories and codes that stand twice in a file."""
    seen: set[str] = set()
    for at, category in enumerate(file.categories):
        if category.category in seen:
            yield written.complaint(("categories", at, "category"), f"{category.category} is given twice")
        seen.add(category.category)
    for field, code in _codes(file):
        if code in seen:
            yield written.complaint((*field, "code"), f"{code} is given twice")
        seen.add(code)


def _codes(file: GuidanceFile) -> Iterator[tuple[Field, str]]:
    for at, category in enumerate(file.categories):
        for part in ("provided", "grounds"):
            for place, ground in enumerate(getattr(category, part)):
                yield ("categories", at, part, place), ground.code
        if category.left_to_the_officer:
            yield ("categories", at, "left_to_the_officer"), category.left_to_the_officer.code
    for at, notice in enumerate(file.notices):
        yield ("notices", at), notice.code
