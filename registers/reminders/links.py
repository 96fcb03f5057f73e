"""The signed links of reminders: one for each protocol in an e-mail.

Whoever has the link may answer for the lead organisation, and nothing else.
"""

from __future__ import annotations

import datetime

from django.core.signing import BadSignature, Signer
from django.utils import timezone

from registers.models import Merge, Reminded, Reminder

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
    return line if line and said in _ever_said_of(line) else None


def _ever_said_of(line: Reminded) -> set[str]:
    """Return what a link about the line says, now and before its organisation was merged."""
    keys, new = set[int](), {line.reminder.organisation_id}
    while new:
        keys |= new
        into = Merge.objects.filter(stays_key__in=new, undone_at=None)
        new = set(into.values_list("gone_key", flat=True)) - keys
    return {_said_of(line, key) for key in keys}


def _said_of(line: Reminded, organisation: int | None = None) -> str:
    """Return which line it is, and of what: a database that was put back numbers others so."""
    whose = organisation or line.reminder.organisation_id
    return f"{line.pk}-{whose}-{line.protocol_id}-{line.review_date}"


def good_until(reminder: Reminder) -> datetime.date:
    """Return the last day, in Europe/London, on which the links of a reminder can be used."""
    return timezone.localdate(reminder.begun_at) + datetime.timedelta(days=DAYS)
