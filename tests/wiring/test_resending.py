"""Which letters may be sent again many at once is a setting of the composed service."""

from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from services.notification.app import build_app
from services.notification.settings import NotificationSettings
from shared.web.sign_in import Role
from shared.web.tokens import DevelopmentIssuer
from tests.wiring.apps import settings


@pytest.mark.parametrize(("given", "status"), [((), 403), (("link_sent",), 503)])
async def test_only_kinds_that_the_setting_names_get_as_far_as_the_store(
    tmp_path: Path, given: tuple[str, ...], status: int
) -> None:
    token = DevelopmentIssuer(tmp_path).staff("operator-1", [Role.OPERATOR])
    app = build_app(NotificationSettings(**settings(tmp_path), resend_in_bulk=given))
    letters = [{"case_id": str(uuid4()), "notification": str(uuid4()), "attempt": 0}]
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "k"}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test", headers=headers) as http:
        body = {"letter": "link_sent", "why": "second_copy_harmless", "letters": letters}
        assert (await http.post("/letters/resend", json=body)).status_code == status
