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
    return _signer.sign(str(line.pk))


def line_of(token: str) -> Reminded | None:
    """Return what a link is about, however old it is; None if it is not as it was sent."""
    try:
        key = int(_signer.unsign(token[:LONGEST]))
    except (BadSignature, ValueError):
        return None
    lines = Reminded.objects.select_related(
        "protocol__theme", "reminder__organisation", "answer__review"
    )
    return lines.filter(pk=key).first()


def good_until(reminder: Reminder) -> datetime.date:
    """Return the last day, in Europe/London, on which the links of a reminder can be used."""
    return timezone.localdate(reminder.begun_at) + datetime.timedelta(days=DAYS)
