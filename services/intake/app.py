"""Intake: read top to bottom, and you know the service."""

from fastapi import FastAPI

from services.intake import api, page_routes, public_pages, staff_find, staff_links
from services.intake.arrivals import Arrivals, Deleting
from services.intake.erasing import COMPLETE_SECONDS, Erasing
from services.intake.lost_links import WORK_SECONDS, LostLinks
from services.intake.reactions import BEHAVIOUR
from services.intake.registry import Doubles, Mendings, Numbers
from services.intake.rendering import STYLE
from services.intake.resubmitting import Resubmissions
from services.intake.same_person import SamePerson
from services.intake.settings import IntakeSettings
from services.intake.submitting import Submissions
from shared.casework.points import Point, no_point
from shared.contracts.topics import channel_topic
from shared.contracts.vocabulary import EventType
from shared.runtime.foundation import Foundation
from shared.runtime.serve import serve
from shared.web import staff_events
from shared.web.limits import RateLimit

DELETE_SECONDS = 5.0
LOST_LINKS_A_SECOND = 1 / 60
LOST_LINKS_AT_ONCE = 10
"""What one address may ask of the form for a lost link, besides the limit of all public pages."""


def build_app(settings: IntakeSettings, *, point: Point = no_point) -> FastAPI:
    """The whole service; nothing connects before the application starts."""
    base = Foundation(BEHAVIOUR, settings, point=point)
    numbers, doubles = Numbers(base.collection("numbers")), Doubles(base.collection("a_numbers"))
    same_person = SamePerson(doubles, base.engine.cases)
    submissions = Submissions(
        keyring=base.keyring,
        index=base.index,
        numbers=numbers,
        doubles=same_person,
        resubmissions=Resubmissions(Mendings(base.collection("mendings")), base.links, base.engine.cases),
        policies=base.policies,
    )
    arrivals = Arrivals(
        engine=base.engine, submissions=submissions, dead_letters=base.dead_letters, policy_time=base.clock.at
    )
    outside = base.reader(
        [EventType.REQUEST_RECEIVED, *map(channel_topic, settings.channels)],
        group="intake.arrivals",
        handle=arrivals.handle,
    )
    base.readers.append(outside)
    deleting = Deleting(settings.kafka_bootstrap, outside.settled)
    erasing = Erasing(engine=base.engine, keyring=base.keyring, doubles=doubles, now=base.clock.now)
    lost_links = LostLinks(
        engine=base.engine, numbers=numbers, keyring=base.keyring, index=base.index, now=base.clock.now
    )
    base.preparations += [doubles.prepare, base.keyring.prepare]
    app = base.app(
        "Second Look: intake",
        ("delete settled requests", deleting.delete, DELETE_SECONDS),
        ("complete erasures", erasing.complete, COMPLETE_SECONDS),
        ("lost links", lost_links.work, WORK_SECONDS),
        inline_styles=(STYLE,),
    )
    app.include_router(
        api.router(
            engine=base.engine,
            submissions=submissions,
            numbers=numbers,
            same_person=same_person,
            erasing=erasing,
            sign_in=base.sign_in,
            keyring=base.keyring,
            links=base.links,
            index=base.index,
            access=base.access,
            policies=base.policies,
            public_url=settings.public_url,
            now=base.clock.now,
        )
    )
    app.include_router(
        page_routes.router(
            engine=base.engine,
            keyring=base.keyring,
            links=base.links,
            policies=base.policies,
            public_url=settings.public_url,
            now=base.clock.now,
        )
    )
    app.include_router(
        public_pages.router(lost_links=lost_links, policies=base.policies, public_url=settings.public_url)
    )
    app.add_middleware(
        RateLimit, per_second=LOST_LINKS_A_SECOND, burst=LOST_LINKS_AT_ONCE, public=(public_pages.LOST_LINK,)
    )
    finding = staff_find.Finding(numbers, doubles, base.index, base.engine.cases, base.access, base.clock.now)
    app.include_router(staff_find.router(finding, base.sign_in))
    app.include_router(staff_links.router(engine=base.engine, sign_in=base.sign_in, now=base.clock.now))
    app.include_router(staff_events.router(engine=base.engine, sign_in=base.sign_in))
    return app


if __name__ == "__main__":
    serve("intake", IntakeSettings, build_app)
