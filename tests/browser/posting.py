"""Send a lead its reminder by e-mail, into a folder, as its mailbox would get it.

The register's own Python runs it: `manage.py shell --command` with `post()`.
"""

from __future__ import annotations

import datetime
from urllib.parse import urlencode

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.urls import reverse
from django.utils import timezone

from registers.reminders.links import token_of
from tests.reminders.lines import a_line

FOLDER = "mail"
REFERENCE = "0042"


def post() -> None:
    """Write one e-mail with a link about one protocol."""
    line = a_line(REFERENCE, at=timezone.now() - datetime.timedelta(minutes=1))
    link = f"{settings.SITE_URL}{reverse('answer')}?{urlencode({'link': token_of(line)})}"
    folder = str(settings.DATA_DIR / FOLDER)
    connection = get_connection(
        "django.core.mail.backends.filebased.EmailBackend", file_path=folder
    )
    EmailMessage(
        f"Is protocol {REFERENCE} still needed?",
        f"{line.protocol}\n\nAnswer here:\n{link}\n",
        "register@example.org",
        [line.reminder.email],
        connection=connection,
    ).send()
