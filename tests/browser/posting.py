"""Remind the leads of a prepared register, as its timer does, into Django's mail outbox.

The register's own Python runs it: `manage.py shell --command` with `post()`.
"""

from __future__ import annotations

from django.conf import settings
from django.core import mail
from django.core.management import call_command
from django.test import override_settings

from registers import changes
from registers.models import Contact, Organisation, Protocol

FOLDER = "mail"
REFERENCE = "0042"
LEAD, MAILBOX = "Essex County Council", "information.governance@essex.example"


def post() -> None:
    """Give one lead a contact, remind it twice, and put what it got into the folder."""
    assert Protocol.objects.get(pk=REFERENCE).lead.organisation.name == LEAD
    lead = Organisation.objects.named(LEAD).get()
    changes.save(Contact(organisation=lead, email=MAILBOX))
    with override_settings(EMAIL_BACKEND="django.core.mail.backends.locmem.EmailBackend"):
        call_command("send_review_reminders")
        call_command("send_review_reminders")
    (message,) = mail.outbox
    assert message.to == [MAILBOX]
    folder = settings.DATA_DIR / FOLDER
    folder.mkdir()
    (folder / "reminder.eml").write_bytes(message.message().as_bytes())
