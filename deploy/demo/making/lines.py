"""Lines of `requests.jsonl`: complete requests with their expected result, and the endings that they are led to."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle
from random import Random
from typing import Any
from uuid import UUID

from deploy.demo.making import bodies, dirty
from deploy.demo.making.bodies import Desk, Made, Situation
from deploy.demo.making.persons import Person, facilities, people
from deploy.demo.making.plans import ENDINGS, needs_link, plan

PER_ENDING = 18

Line = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Origin:
    """What a line was made of (its member `made_of`, which is not written): whole, before anything was left out."""

    person: Person
    asker: Person
    made: Made


@dataclass(slots=True)
class Maker:
    """Makes lines."""

    rng: Random
    desk: Desk
    crowd: Iterator[Person]
    languages: Iterator[str]
    channels: Iterator[str]

    @classmethod
    def seeded(cls, seed: int) -> "Maker":
        """A maker that makes the same lines for the same seed: three of ten in Spanish, the channels in turn."""
        rng = Random(seed)
        languages = cycle(("es", "en", "en", "en", "es", "en", "en", "es", "en", "en"))
        return cls(rng, Desk.opened(rng, facilities(rng)), people(rng), languages, cycle(("http", "kafka")))

    def key(self) -> str:
        """A random UUID."""
        return str(UUID(int=self.rng.getrandbits(128), version=4))

    def request(self, situation: Situation, *, channel: str | None = None, email: bool = True) -> Line:
        """A complete request of somebody new, accepted as it is."""
        return self.of(next(self.crowd), situation, channel=channel, email=email)

    def of(self, person: Person, situation: Situation, *, channel: str | None = None, email: bool = True) -> Line:
        """A complete request about this person."""
        asker = next(self.crowd)
        made = bodies.body(self.desk, person, asker, situation, language=next(self.languages), email=email)
        return {
            "channel": channel or next(self.channels),
            "key": self.key(),
            "body": made.body,
            "expect": {
                "counts_as": "submitted",
                "office": made.office,
                "urgency": situation.urgency,
                "incomplete": [],
            },
            "plan": {},
            "made_of": Origin(person, asker, made),
        }

    def planned(self, line: Line, ending: str) -> Line:
        """The line with a plan."""
        residence = line["made_of"].made.residence
        if ending.startswith("partly") and len(line["body"]["relief_sought"]) == 1:
            line["body"]["relief_sought"] += ["OTHER"]  # a part is less than the whole
        made = plan(ending, line["body"].get("relief_sought", ["OTHER"]), residence.state, self.rng)
        if "amend" in made["steps"]:
            office_place = {"state": residence.state, **({"county": residence.county} if residence.county else {})}
            facility = {"name": self.rng.choice(self.desk.facilities), **office_place}
            made["amend"] = {"custody": {"status": "DETAINED", "facility": facility}}
            line["expect"]["after_amendment"] = {"office": residence.office, "urgency": "DETAINED"}
        line["plan"] = made
        return line


def situations(rng: Random) -> list[Situation]:
    """For the endings that suit everybody: with the others, about 40 % detained, 12 % about to be removed."""
    deck = [bodies.DETAINED] * 92 + [bodies.DETAINED_IMMINENT] * 8 + [bodies.IMMINENT] * 14
    deck += [bodies.UNKNOWN] * 12 + [bodies.LIBERTY] * 90
    rng.shuffle(deck)
    return deck


def cases(maker: Maker) -> Iterator[Line]:
    """The requests that become cases: each ending `PER_ENDING` times."""
    special = {
        "silence": cycle((bodies.DETAINED, bodies.DETAINED, bodies.IMMINENT, bodies.DETAINED_IMMINENT)),
        "forwarded": cycle((bodies.NOWHERE, bodies.NOWHERE, bodies.MOVED, bodies.NOWHERE, bodies.NOWHERE_IMMINENT)),
        "amended": cycle((bodies.LIBERTY,)),
        "partly": cycle((bodies.LIBERTY, bodies.DETAINED)),
    }
    deck = situations(maker.rng)
    shares = {"silence": 12, "silence:NO_ACTION": 6, "partly": 4, "partly:UPHELD": 4, "partly:OVERRIDDEN": 4}
    for ending in ENDINGS:
        family = ending.partition(":")[0]
        split = f"{family}:DECLINED" in ENDINGS
        for at in range(shares.get(ending, PER_ENDING // 2 if split else PER_ENDING)):
            situation = next(special[family]) if family in special else deck.pop()
            yield case(maker, ending, situation, at)


def case(maker: Maker, ending: str, situation: Situation, at: int) -> Line:
    """One of them: some incomplete, some without any e-mail address, two with headers that are not UTF-8."""
    email = needs_link(ending) or at not in {5, 11}
    line = maker.planned(maker.request(situation, email=email), ending)
    codes: tuple[str, ...] = ()
    if situation is bodies.NOWHERE_IMMINENT:
        codes = ("NO_PLACE",)
    elif situation.urgent and at % 6 == 2 and not ending.startswith("partly"):
        codes = some_codes(maker.rng, most=3, place=situation.custody == "DETAINED" and situation.place_known)
    line["body"] = dirty.without(line["body"], codes, maker.rng)
    line["expect"]["incomplete"] = list(codes)
    if line["channel"] == "kafka" and at == 9 and ending in {"favourable", "lapsed", "moot", "referred"}:
        line["headers"] = dirty.bad_headers()
    return line


def some_codes(rng: Random, *, most: int, place: bool = True) -> tuple[str, ...]:
    """What is missing in one request, in the order of a rejection. An A-number is missing or unreadable, not both."""
    codes = rng.sample([code for code in dirty.CODES if place or code != "NO_PLACE"], rng.randrange(1, most + 1))
    if "NO_A_NUMBER" in codes and "BAD_A_NUMBER" in codes:
        codes.remove(rng.choice(("NO_A_NUMBER", "BAD_A_NUMBER")))
    return tuple(sorted(codes, key=dirty.CODES.index))
