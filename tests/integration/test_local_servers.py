"""The servers that the platform starts are the real ones, and speak."""

import smtplib
from email.message import EmailMessage
from typing import Any
from urllib.parse import urlsplit

import pytest
from pymongo import MongoClient

from tests.conftest import Servers

pytestmark = pytest.mark.real


def test_the_document_server_reports_a_version_that_drivers_accept(servers: Servers) -> None:
    client: MongoClient[dict[str, Any]] = MongoClient(servers.mongodb)
    with client:
        assert client.admin.command("hello")["maxWireVersion"] >= 13


def test_a_mail_is_in_the_ledger_before_it_is_acknowledged(servers: Servers) -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "desk@example.org", "someone@example.org", "A letter"
    mail["Message-ID"], mail["X-Letter"] = "<first@second-look>", "received"
    mail.set_content("Hello.")
    where = urlsplit(servers.smtp)
    with smtplib.SMTP(where.hostname or "", where.port or 0) as connection:
        connection.send_message(mail)
        lines = (servers.mail / "ledger.jsonl").read_text(encoding="utf-8").splitlines()
        assert any('"<first@second-look>"' in line and '"X-Letter": "received"' in line for line in lines)
