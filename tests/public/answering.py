"""A lead at the page for answers, without any cookie."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from django.test import Client

from registers.models import Reminded
from registers.reminders.answers import make_token
from tests.reminders.lines import TITLE

DOOR = "/reviews/answer/"
URLENCODED = "application/x-www-form-urlencoded"
GOOD = {"choice": "changing", "job_title": TITLE, "note": "A new schedule."}


def link_to(line: Reminded) -> str:
    """The link in the e-mail."""
    return f"{DOOR}?link={quote(make_token(line))}"


def send(client: Client, link: str, **typed: str) -> Any:
    """Type into the form and press a button."""
    body = "&".join(f"{name}={quote(text)}" for name, text in typed.items())
    return client.post(link, body, URLENCODED)
