"""Intake: read top to bottom, and you know the service."""

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import FastAPI

from services.intake import api, limiting, page_routes, public_pages, staff_erasures, staff_find, staff_links
from services.intake.answers import describe
from services.intake.arrivals import Arrivals, Deleting
from services.intake.domain.case import State
from services.intake.erasing import COMPLETE_SECONDS, Erasing
from services.intake.erasures_again import LOOK_SECONDS as AGAIN_SECONDS
from services.intake.erasures_again import ErasuresAgain
from services.intake.id_key import IdKey
from services.intake.lost_links import WORK_SECONDS, LostLinks
from services.intake.reactions import BEHAVIOUR
from services.intake.registry import Doubles, Mendings, Numbers
from services.intake.rendering import STYLE
from services.intake.resubmitting import Resubmissions
from services.intake.same_person import SamePerson
from services.intake.settings import IntakeSettings
from services.intake.submitting import Submissions
from shared.contracts.topics import channel_topic
from shared.contracts.vocabulary import EventType
from shared.failpoints import Point, no_point
from shared.messaging.reader import Reader
from shared.messaging.tap import Tap
from shared.privacy.case_ids import CaseIds
from shared.privacy.keys import load_key
from shared.runtime.foundation import Foundation
from shared.runtime.serve import serve
from shared.web import staff_events
from shared.web.limits import Rate

DELETE_SECONDS = 5.0
RETENTION_SECONDS = 600.0


def build_app(settings: IntakeSettings, *, point: Point = no_point) -> FastAPI:
    """The whole service; nothing connects before the application starts."""
    base = Foundation(BEHAVIOUR, settings, point=point)
    engine, keyring, now = base.engine, base.keyring, base.clock.now
    numbers, doubles = Numbers(base.collection("numbers")), Doubles(base.collection("a_numbers"))
    same_person = SamePerson(doubles, engine.cases)
    case_ids = CaseIds(load_key("ID_KEY_FILE", settings.id_key_file))
    submissions = _submissions(base, case_ids, numbers, same_person)
    outside = _reader_of_outside(base, settings, submissions)
    base.readers.append(outside)
    deleting = Deleting(settings.kafka_bootstrap, outside.settled)
    erasing = Erasing(engine=engine, keyring=keyring, doubles=doubles, now=now)
    again = _erasures_again(base)
    lost_links = LostLinks(engine=engine, numbers=numbers, keyring=keyring, index=base.index, now=now)
    finding = staff_find.Finding(numbers, doubles, base.index, engine.cases, base.access, now)
    base.preparations += [IdKey(base.collection("id_key"), case_ids).prove, doubles.prepare, keyring.prepare]
    app = base.app(
        "Second Look: intake",
        ("delete settled requests", deleting.delete, DELETE_SECONDS),
        ("complete erasures", erasing.complete, COMPLETE_SECONDS),
        ("erase again", again.look, AGAIN_SECONDS),
        ("lost links", lost_links.work, WORK_SECONDS),
        *_retention(base, settings.unreadable_months),
        looks_itself=["/requests"],
        limits=limiting.limits(
            public=Rate(settings.public_per_second, settings.public_burst),
            clients=Rate(settings.client_per_second, settings.client_burst),
            sign_in=base.sign_in,
            policies=base.policies,
            public_url=settings.public_url,
        ),
        inline_styles=(STYLE,),
    )
    describe(app)
    app.include_router(
        api.router(
            engine=engine,
            submissions=submissions,
            numbers=numbers,
            same_person=same_person,
            erasing=erasing,
            sign_in=base.sign_in,
            keyring=keyring,
            links=base.links,
            index=base.index,
            access=base.access,
            policies=base.policies,
            public_url=settings.public_url,
            now=now,
        )
    )
    app.include_router(
        page_routes.router(
            engine=engine,
            keyring=keyring,
            links=base.links,
            policies=base.policies,
            public_url=settings.public_url,
            now=now,
        )
    )
    app.include_router(
        public_pages.router(lost_links=lost_links, policies=base.policies, public_url=settings.public_url)
    )
    app.include_router(staff_find.router(finding, base.sign_in))
    app.include_router(staff_erasures.router(again=again, policy_now=now, sign_in=base.sign_in))
    app.include_router(staff_links.router(engine=engine, sign_in=base.sign_in, now=now))
    app.include_router(staff_events.router(engine=engine, sign_in=base.sign_in))
    return app


def _retention(base: Foundation[State], months: int) -> list[tuple[str, Callable[[], Awaitable[Any]], float]]:
    if not months:
        return []

    async def forget() -> None:
        await base.keys.forget_unreadable(months, now=base.clock.real_now())

    return [("retention", forget, RETENTION_SECONDS)]


def _erasures_again(base: Foundation[State]) -> ErasuresAgain:
    topic = f"{base.settings.secondlook_prefix}{EventType.CASE_ERASED}"
    return ErasuresAgain(
        store=base.engine.store,
        engine=base.engine,
        keyring=base.keyring,
        keys=base.keys.standing,
        standing=base.standing,
        kept=base.collection("undecided_erasures"),
        tap=lambda: Tap(base.settings.kafka_bootstrap, [topic]),
        real_now=base.clock.real_now,
    )


def _submissions(base: Foundation[State], case_ids: CaseIds, numbers: Numbers, same_person: SamePerson) -> Submissions:
    return Submissions(
        case_ids=case_ids,
        keyring=base.keyring,
        index=base.index,
        numbers=numbers,
        doubles=same_person,
        resubmissions=Resubmissions(Mendings(base.collection("mendings")), base.links, base.engine.cases),
        policies=base.policies,
        known=base.engine.store.known,
    )


def _reader_of_outside(base: Foundation[State], settings: IntakeSettings, submissions: Submissions) -> Reader:
    arrivals = Arrivals(
        engine=base.engine, submissions=submissions, dead_letters=base.dead_letters, policy_time=base.clock.at
    )
    topics = [EventType.REQUEST_RECEIVED, *map(channel_topic, settings.channels)]
    return base.reader(topics, group="intake.arrivals", handle=arrivals.handle)


if __name__ == "__main__":
    serve("intake", IntakeSettings, build_app)
