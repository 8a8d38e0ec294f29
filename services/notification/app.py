"""Notification: read top to bottom, and you know the service."""

from functools import partial

from fastapi import FastAPI

from services.notification import api, many
from services.notification.mail.counting import count_letters
from services.notification.mail.duty import DutyDesk
from services.notification.mail.knobs import Knobs
from services.notification.mail.ledger_store import LedgerStore
from services.notification.mail.loop import MailLoop, real_age
from services.notification.mail.message import Sender
from services.notification.mail.preparing import Desk
from services.notification.mail.relay import Connection, RelayAddress, answers
from services.notification.mail.returning import ReturnPaths
from services.notification.mail.returns import Returns
from services.notification.office_letters import OfficeLetters
from services.notification.reactions import BEHAVIOUR
from services.notification.rendering import Letters, environment_of
from services.notification.settings import NotificationSettings
from shared.failpoints import Point, no_point
from shared.privacy.keys import load_key
from shared.runtime.foundation import Foundation
from shared.runtime.readiness import Question
from shared.runtime.serve import serve
from shared.web import staff_events


def build_app(settings: NotificationSettings, *, point: Point = no_point) -> FastAPI:
    """The whole service; nothing connects before the application starts."""
    base = Foundation(BEHAVIOUR, settings, point=point)
    knobs = Knobs.waiting(settings.smtp_reply_seconds)
    ledger = LedgerStore(base.engine)
    paths = _return_paths(settings)
    age = real_age(base.clock.now, base.clock.speed)
    desk = Desk(
        ledger=ledger,
        keyring=base.keyring,
        links=base.links,
        index=base.index,
        letters=Letters(),
        duty=DutyDesk(
            policies=base.policies,
            letters=OfficeLetters(environment_of()),
            sender=Sender.of(settings.mail_from),
            staff_url=settings.staff_url,
            headquarters_url=settings.headquarters_url,
            now=base.clock.now,
            real_now=base.clock.real_now,
        ),
        sender=Sender.of(settings.mail_from),
        public_url=settings.public_url,
        returns=paths,
        knobs=knobs,
        now=base.clock.now,
        real_now=base.clock.real_now,
        doubtful_until=lambda: base.standing.doubtful_until,
        age=age,
    )
    letters = base.metrics.of_letters()
    relay = RelayAddress.of(settings.smtp_url.get_secret_value())
    mail = MailLoop(
        ledger,
        desk,
        lambda: Connection(relay, knobs.patience, replied=letters.relay.observe),
        knobs=knobs,
        may_send=lambda: base.standing.compared and base.keys.standing.compared,
        point=point,
        real_now=base.clock.real_now,
        count=lambda result: letters.results.labels(result).inc(),
    )
    base.metrics.sources.append(partial(count_letters, base.engine.store, letters, base.clock.real_now))
    base.readiness.questions["relay"] = Question(
        partial(answers, relay, knobs.patience), otherwise="The mail relay does not answer."
    )
    loops = [("mail", mail.run, 1.0)]
    if paths is not None and settings.returns_port is not None:
        returns = Returns(
            paths=paths,
            carry_out=base.engine.command,
            host=settings.host,
            port=settings.returns_port,
            now=base.clock.now,
            count=lambda result: letters.results.labels(result).inc(),
        )
        loops.append(("returns", returns.serve, 1.0))
    app = base.app("Second Look: notification", *loops)
    times = many.Times(base.clock.now, base.clock.real_now, age, knobs.under_way)
    app.include_router(api.router(engine=base.engine, sign_in=base.sign_in, times=times))
    app.include_router(
        many.router(
            many=many.Many(base.engine, times), sign_in=base.sign_in, in_bulk=frozenset(settings.resend_in_bulk)
        )
    )
    app.include_router(staff_events.router(engine=base.engine, sign_in=base.sign_in))
    return app


def _return_paths(settings: NotificationSettings) -> ReturnPaths | None:
    """Raises ValueError for an address that cannot carry a mark, and for a port to which no report would come."""
    if settings.return_to:
        return ReturnPaths(load_key("LINK_KEY_FILE", settings.link_key_file), settings.return_to)
    if settings.returns_port is not None:
        raise ValueError(
            "RETURNS_PORT needs RETURN_TO: without it no letter names an address whose reports could come."
        )
    return None


if __name__ == "__main__":
    serve("notification", NotificationSettings, build_app)
