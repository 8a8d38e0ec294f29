"""Lines that come back to an earlier one, and must be sent after it."""

from collections.abc import Iterator
from itertools import cycle

from deploy.demo.making import bodies
from deploy.demo.making.lines import Line, Maker


def followers(maker: Maker, lines: list[Line]) -> Iterator[Line]:
    """Lines that come back to an earlier one: mended, repeated, repeated with another body, about the same person."""
    by = {what: [line for line in lines if line["expect"]["counts_as"] == what] for what in ("submitted", "rejected")}
    endings = cycle(("favourable", "lapsed", "upheld", "moot", "overridden"))
    over_http = [line for line in by["rejected"] if line["channel"] == "http"]
    for line, ending in zip(over_http[:10], endings, strict=False):
        yield mended(maker, line, ending)
    for channel in ("http", "kafka"):
        whole = [line for line in by["submitted"] if line["channel"] == channel and "headers" not in line]
        for line in whole[:5]:
            yield again(line, {"counts_as": "duplicate", "of_line": line["line"]})
        for line in whole[5:8]:
            expect = {"counts_as": "refused", "reason": "key_reused", "of_line": line["line"]}
            yield again(line, expect | ({"status": 422} if channel == "http" else {}), other_body=True)
        readable = [line for line in whole[8:] if not line["expect"]["incomplete"]]
        for line in readable[:3]:
            person = line["made_of"].person
            double = maker.planned(maker.of(person, bodies.LIBERTY, channel=channel), "favourable")
            double["expect"]["double_of_line"] = line["line"]
            yield double


def mended(maker: Maker, line: Line, ending: str) -> Line:
    """The rejected request once more, now complete, with a new key and the number of the rejection."""
    made = line["made_of"].made
    whole: Line = {"channel": "http", "key": maker.key(), "body": made.body, "made_of": line["made_of"]}
    whole["expect"] = {"counts_as": "submitted", "office": made.office, "urgency": "ROUTINE", "incomplete": []}
    maker.planned(whole, ending)["plan"]["resubmits_line"] = line["line"]
    return whole


def again(line: Line, expect: Line, *, other_body: bool = False) -> Line:
    """The same key once more, with the same body or with another."""
    body = dict(line["body"])
    if other_body:
        body["narrative"] = f"{body.get('narrative') or ''} Please answer soon.".strip()
    return {**line, "body": body, "expect": expect, "plan": {}}
