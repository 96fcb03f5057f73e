"""Fill a prepared register with reminders whose links can still be used, or cannot, and why.

The register's own Python runs it: `manage.py shell --command` with `remind()`.
"""

from __future__ import annotations

import datetime
import json
from urllib.parse import urlencode

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from registers import changes
from registers.reminders.answers import make_token
from tests.reminders.lines import a_line, a_review, an_answer, give_away, withdraw

DAY = datetime.timedelta(days=1)
FILE = "links.json"


def remind() -> None:
    """Make a link for each state, and write them into the folder of the place."""
    now = timezone.now()
    before = now - DAY
    lines = {
        "open": a_line("0042", at=before),
        "narrow": a_line("0036", at=before),
        "wide": a_line("0046", at=before),
        "expired": a_line("0012", at=now - 70 * DAY),
        "answered": a_line("0062", at=before),
        "withdrawn": a_line("0037", at=before),
        "reviewed": a_line("0056", at=before),
        "moved": a_line("0043", at=before),
    }
    an_answer(lines["answered"], "changing", note="A new schedule.", at=now)
    lines["waiting"] = a_line("0062", at=now - 2 * DAY)
    withdraw("0037", at=now)
    changes.record_review(a_review("0056", on=timezone.localdate(now)), at=now)
    give_away("0043")
    links = {
        name: f"{reverse('answer')}?{urlencode({'link': make_token(line)})}"
        for name, line in lines.items()
    }
    (settings.DATA_DIR / FILE).write_text(json.dumps(links))
