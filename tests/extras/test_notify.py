"""GOV.UK Notify: its backend takes our e-mail, and asks its service what it should."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from notifications_python_client import NotificationsAPIClient

from registers.models import Reminder
from registers.reminders.due import protocols_due
from tests.management.test_send_review_reminders import OLD, send, send_in_vain
from tests.reminders.making import a_lead
from weisf.mail import NOTIFY, read_mail

ID = "00000000-0000-4000-8000-000000000000"
TEMPLATE = "11111111-1111-4111-8111-111111111111"

pytestmark = pytest.mark.usefixtures("empty_register", "today")


class Service(HTTPServer):
    """GOV.UK Notify on this machine: takes each request, and answers as it is told."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Request)
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.answer: tuple[int, dict[str, Any]] = (201, {"id": ID})


class Request(BaseHTTPRequestHandler):
    server: Service

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked.append((self.path, json.loads(body)))
        status, answer = self.server.answer
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@pytest.fixture
def service(settings, monkeypatch) -> Iterator[Service]:
    settings.EMAIL_BACKEND = NOTIFY
    settings.GOVUK_NOTIFY_API_KEY = f"ours-{ID}-{ID}"
    settings.GOVUK_NOTIFY_PLAIN_EMAIL_TEMPLATE_ID = TEMPLATE
    with Service() as made:
        address = f"http://127.0.0.1:{made.server_port}"
        monkeypatch.setattr(NotificationsAPIClient.__init__, "__defaults__", (address, 5))
        thread = threading.Thread(target=made.serve_forever, args=(0.01,))
        thread.start()
        yield made
        made.shutdown()
        thread.join()


def test_it_gets_the_address_the_subject_and_the_plain_text(service):
    ashdown = a_lead("Ashdown", OLD)
    assert "Sent to Ashdown: 1 overdue." in send()
    ((path, asked),) = service.asked
    assert path == "/v2/notifications/email"
    assert asked["email_address"] == "ig@ashdown.example"
    assert asked["template_id"] == TEMPLATE
    said = asked["personalisation"]
    assert said["subject"] == "WEISF: 1 protocol overdue for review"
    assert said["body"].startswith("Ashdown leads 1 protocol that is overdue for review.")
    assert "/reviews/answer/?link=" in said["body"]
    assert not protocols_due(ashdown, Reminder.objects.get().day).get().is_due


def test_what_it_refuses_is_told_without_the_key(service):
    a_lead("Ashdown", OLD)
    service.answer = (403, {"errors": [{"error": "AuthError", "message": "Invalid token"}]})
    said, _ = send_in_vain()
    assert "Failed for Ashdown: HTTPError: 403" in said
    assert "Invalid token" in said
    assert ID not in said + Reminder.objects.get().problem


def test_its_settings_are_read_where_it_is_chosen(monkeypatch):
    key = f"our-key-{ID}-{ID}"
    monkeypatch.setenv("EMAIL_BACKEND", NOTIFY)
    monkeypatch.setenv("GOVUK_NOTIFY_API_KEY", key)
    monkeypatch.setenv("GOVUK_NOTIFY_PLAIN_EMAIL_TEMPLATE_ID", ID)
    mail = read_mail(partnership_email="register@example.org")
    assert (mail.backend, mail.notify_key, mail.notify_template) == (NOTIFY, key, ID)
