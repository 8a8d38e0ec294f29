"""How often one caller may come, and what people and programs are told when it is too often.

A client that signs in has a bucket of its own, wherever it calls from; everybody else shares that of their address. The
form for a lost link has one more, by address, for it lets letters be sent.
"""

from typing import Final
from urllib.parse import urlsplit

from fastapi.responses import HTMLResponse
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response

from services.intake.public_pages import LOST_LINK
from services.intake.rendering import Pages
from services.intake.speaking import shipped
from shared.policy.model import Policies
from shared.web.limits import Clients, Rate, RateLimit, too_many
from shared.web.sign_in import SignIn

PUBLIC: Final = ("/requests", "/status/", LOST_LINK, "/your-data")
LOST_LINKS: Final = Rate(1 / 60, 10)


def limits(
    *, public: Rate, clients: Rate, sign_in: SignIn, policies: Policies, public_url: str
) -> tuple[Middleware, ...]:
    """What stands before the public paths. `public`: for an address; `clients`: for a client, by its token."""
    pages = Pages(tongues=shipped(), policies=policies, prefix=urlsplit(public_url).path.rstrip("/"))

    def told(request: Request, seconds: int) -> Response:
        """A page for a browser, in the reader's language; else a problem document."""
        if "text/html" not in request.headers.get("accept", ""):
            return too_many(request, seconds)
        asked, accepted = request.query_params.get("lang"), request.headers.get("accept-language", "")
        page = pages.too_many(pages.tongues.choose(asked=asked, accepted=accepted), turn=request.method == "GET")
        return HTMLResponse(page, 429, {"Retry-After": str(seconds)})

    return (
        Middleware(RateLimit, rate=public, public=PUBLIC, clients=Clients(clients, sign_in.client_of), told=told),
        Middleware(RateLimit, rate=LOST_LINKS, public=(LOST_LINK,), told=told),
    )
