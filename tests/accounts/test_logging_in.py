"""What the pages on which editors log in make of codes and of the names of browsers."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse

from registers.templatetags.logging_in import browser, in_fours

WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("user_agent", "said"),
    [
        (f"Mozilla/5.0 (X11; Linux x86_64) {WEBKIT} Chrome/140.0 Safari/537.36", "Chrome on Linux"),
        (
            f"Mozilla/5.0 (Windows NT 10.0) {WEBKIT} Chrome/140.0 Safari/537.36 Edg/140.0",
            "Edge on Windows",
        ),
        ("Mozilla/5.0 (Linux; Android 15; rv:140.0) Firefox/140.0", "Firefox on Android"),
        (
            f"Mozilla/5.0 (iPhone; CPU iPhone OS 18 like Mac OS X) {WEBKIT} Safari/604.1",
            "Safari on iPhone",
        ),
        ("curl/8.5.0", "curl/8.5.0"),
        ("", ""),
    ],
)
def test_a_browser_is_called_by_its_name(user_agent, said):
    assert browser(user_agent) == said


def test_long_codes_are_read_in_groups():
    assert in_fours("1234567890") == "1234 5678 90"


@pytest.mark.parametrize("at", ["account_login", "account_reset_password"])
def test_a_label_is_all_that_names_a_box(client, at, db):
    page = client.get(reverse(at)).content.decode()
    assert page.count("<label for=") == len(
        re.findall(r'<input type="(?:text|password|email)"', page)
    )
    assert "placeholder" not in page
