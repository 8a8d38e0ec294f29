"""Staff's reason codes, as process and guidance files write them."""

from collections.abc import Iterator, Mapping, Sequence

from shared.contracts.vocabulary import Language
from shared.policy.model import Reason
from shared.policy.shapes import WrittenReason
from shared.policy.written import Written


def reason(written: WrittenReason) -> Reason:
    """One reason."""
    return Reason(
        code=written.code,
        sentence={Language.EN: written.en, Language.ES: written.es},
        source=written.source,
        given_by=written.given_by,
        outcomes=written.explains,
        told_as=written.told_as,
    )


def doubled(written: Written, reasons: Sequence[WrittenReason]) -> Iterator[str]:
    """A complaint for each code that stands a second time in one file."""
    codes = [each.code for each in reasons]
    for at, code in enumerate(codes):
        if code in codes[:at]:
            yield written.complaint(("reasons", at, "code"), f"{code} is given twice")


def unfit(written: Written, own: Sequence[Reason], others: Mapping[str, Reason], whose: str) -> Iterator[str]:
    """A complaint for each reason of a file that another file has too, or that is told as one that nobody has."""
    known = {each.code for each in own} | others.keys()
    for at, each in enumerate(own):
        if each.code in others:
            yield written.complaint(("reasons", at, "code"), f"{each.code} is a reason of {whose} already")
        if each.told_as is not None and each.told_as not in known:
            yield written.complaint(("reasons", at, "told_as"), f"{each.told_as} is no reason, here or in {whose}")
