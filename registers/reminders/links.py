"""The signed links of reminders: one for each protocol in an e-mail.

Whoever has the link may answer for the lead organisation, and nothing else.
"""

from __future__ import annotations

import datetime

from django.core.signing import BadSignature, Signer
from django.utils import timezone

from registers.models import Reminded, Reminder

DAYS = 60
LONGEST = 200
_signer = Signer(salt="registers.reminders.links")


def token_of(line: Reminded) -> str:
    """Return what stands in the link about one protocol of a reminder."""
    return _signer.sign(_said_of(line))


def line_of(token: str) -> Reminded | None:
    """Return what a link is about, however old it is; None if it is not as it was sent."""
    try:
        said = _signer.unsign(token[:LONGEST])
        key = int(said.partition("-")[0])
    except (BadSignature, ValueError):
        return None
    lines = Reminded.objects.select_related(
        "protocol__theme", "reminder__organisation", "answer__review"
    )
    line = lines.filter(pk=key).first()
    return line if line and _said_of(line) == said else None


def _said_of(line: Reminded) -> str:
    """Return which line it is, and of what: a database that was put back numbers others so."""
    return f"{line.pk}-{line.reminder.organisation_id}-{line.protocol_id}-{line.review_date}"


def good_until(reminder: Reminder) -> datetime.date:
    """Return the last day, in Europe/London, on which the links of a reminder can be used."""
    return timezone.localdate(reminder.begun_at) + datetime.timedelta(days=DAYS)
