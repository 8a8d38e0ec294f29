"""Makes `requests.jsonl`, the requests of the demo: `python -m deploy.demo.make_requests`.

Imports nothing of the product: what is expected of each line is worked out here, from tables chosen by hand. The same
seed makes the same file. The words of the file are explained in `README.md` beside it; in short, each line is one of

    submitted   becomes a case; `plan` says what people do with it, and to which resolution that leads
    rejected    a number, but no case: `codes` say what to mend
    refused     nothing comes of it: HTTP 4xx, or a dead letter of `request.received`
    duplicate   the same key with the same body: the same case again

The steps of a plan, in order: claim, decide:OUTCOME, forward, pass_on (officer); review:GROUND, withdraw, amend
(requestor); sro_claim, sro_decide:OUTCOME, sro_remand (SRO); lapse, silence (nobody acts until the clock has run).
"""

import json
from pathlib import Path

from deploy.demo.making import dirty
from deploy.demo.making.followers import followers
from deploy.demo.making.lines import Line, Maker, cases
from deploy.demo.making.trouble import broken, refused, rejected

FILE = Path(__file__).with_name("requests.jsonl")
SEED = 20210308
MEMBERS = ("line", "channel", "key", "body", "raw", "fill", "headers", "expect", "plan", "canaries")


def make() -> list[Line]:
    """All lines, in the order in which they are sent; what comes back to an earlier line comes after it."""
    maker = Maker.seeded(SEED)
    lines = [*cases(maker), *rejected(maker), *refused(maker), *broken(maker)]
    maker.rng.shuffle(lines)
    for number, line in enumerate(lines, start=1):
        line["line"] = number
    later = list(followers(maker, lines))
    for number, line in enumerate(later, start=len(lines) + 1):
        line["line"] = number
    for line in [*lines, *later]:
        if "incomplete" in line["expect"] and not (line["body"].get("requestor") or {}).get("email"):
            line["expect"]["incomplete"].append("NO_EMAIL")  # Named, and never a reason to send it back.
        if "incomplete" in line["expect"] and (code := lacks_of_place(line["body"], line["expect"])):
            line["expect"]["incomplete"].append(code)
    for line in (line for line in [*lines, *later] if "made_of" in line):
        line["canaries"] = canaries(line)
    return [*lines, *later]


def lacks_of_place(body: Line, expect: Line) -> str | None:
    """What is asked for where the place leads to no office; no county would help where no office has the state."""
    detained = body["custody"]["status"] == "DETAINED"
    written = body["custody"].get("facility", {}) if detained else body.get("place") or {}
    if expect["office"] is not None or written.get("state", "").upper() == "AS":
        return None
    if detained:
        return "NO_FACILITY"
    return None if "NO_PLACE" in expect["incomplete"] else "NO_COUNTY"


def canaries(line: Line) -> Line:
    """What of this line must not be found in clear anywhere: only what the line really holds."""
    person, asker, made = line["made_of"].person, line["made_of"].asker, line["made_of"].made
    text = json.dumps(line["body"], ensure_ascii=False)
    numbers = (number for number in dirty.digits_in(text) if person.a_number == number.zfill(9))
    found = {
        "name": [name for name in (person.family, asker.family) if name in text],
        "a_number": [person.a_number] if any(numbers) else [],
        "email": [address for address in (person.email, asker.email) if address in text],
        "word": [word for word in (person.marker, asker.marker) if word in text],
        "facility": [made.facility] if made.facility and made.facility in text else [],
    }
    return {kind: values for kind, values in found.items() if values}


def text() -> str:
    """The whole file."""
    ordered = ({name: line[name] for name in MEMBERS if name in line} for line in make())
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in ordered)


if __name__ == "__main__":
    written = text()
    FILE.write_text(written, encoding="utf-8")
    print(f"{FILE.name}: {len(written.splitlines())} requests")
