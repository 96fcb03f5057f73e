"""A register that asks its editors for a second factor, and how they come in there."""

from __future__ import annotations

import time

from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from playwright.sync_api import Page

from tests.browser.serving import Served
from tests.cast import superuser

PASSWORD = "a password of these tests"
OLIVE = superuser("olive", PASSWORD)


def editor(name: str, group: str) -> str:
    """Return what makes an editor, for `manage.py shell --command`."""
    return f"""
from django.contrib.auth.models import Group, User
from django.utils import timezone
made = User.objects.create_user(
    "{name}", password="{PASSWORD}", is_staff=True, last_login=timezone.now()
)
made.groups.set(Group.objects.filter(name="{group}"))
"""


class Guarded(Served):
    """A place where a second factor is asked for."""

    @property
    def environment(self) -> dict[str, str]:
        return super().environment | {"SECOND_FACTOR": "true"}


def log_in(page: Page, name: str) -> None:
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in", exact=True).click()
    page.wait_for_url(lambda url: "/admin/login/" not in url)


def code_of(letters: str, *, seconds_on: int = 0) -> str:
    """Return what an app with this key shows now, or so many seconds later."""
    return format_hotp_value(hotp_value(letters, int(time.time() + seconds_on) // 30))


def set_up(page: Page) -> str:
    """Set up the app for which the page shows a key, and return the key."""
    page.get_by_role("link", name="Set up an app").click()
    letters = page.locator(".qr-letters").inner_text().replace(" ", "")
    page.locator("#id_code").fill(code_of(letters))
    page.get_by_role("button", name="Set up the app").click()
    return letters


def add_lead(page: Page, typed: str, name: str) -> None:
    """Add the organisation `name`, as found by what is typed, as lead of a new protocol."""
    page.locator("#parties-group .add-row a").click()
    page.locator("#parties-0 .select2-selection").click()
    page.locator(".select2-search__field").fill(typed)
    page.get_by_role("option", name=name).click()
    page.locator("#id_parties-0-role").select_option("Lead")
