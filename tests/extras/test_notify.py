"""GOV.UK Notify: its own client sends our e-mails, with our settings, to an imitated service."""

from __future__ import annotations

import json

import pytest
import responses
from django.core.mail import EmailMultiAlternatives, get_connection

from weisf.mail import NOTIFY

ID = "0f0e0d0c-0b0a-4a0b-8c0d-0e0f0a0b0c0d"


@pytest.fixture
def notify(settings):
    """The service, which takes one e-mail."""
    settings.GOVUK_NOTIFY_API_KEY = f"our-key-{ID}-{ID}"
    settings.GOVUK_NOTIFY_PLAIN_EMAIL_TEMPLATE_ID = ID
    with responses.RequestsMock() as service:
        address = "https://api.notifications.service.gov.uk/v2/notifications/email"
        service.post(address, json={"id": ID}, status=201)
        yield service


def test_an_e_mail_goes_out_as_plain_text(notify):
    email = EmailMultiAlternatives("Due", "0046 is due.", to=["lead@example.org"])
    email.attach_alternative("<p>0046 is due.</p>", "text/html")
    assert get_connection(NOTIFY).send_messages([email]) == 1

    [call] = notify.calls
    sent = json.loads(call.request.body)
    assert sent["email_address"] == "lead@example.org"
    assert sent["template_id"] == ID
    assert sent["personalisation"] == {"subject": "Due", "body": "0046 is due."}
