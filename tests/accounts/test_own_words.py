"""Passwords that others guess first are refused at the door."""

from __future__ import annotations

import pytest

from tests.cast import PASSWORD, door_of, somebody

URL = "/admin/password_change/"


@pytest.mark.parametrize(
    ("password", "is_taken"),
    [
        ("letmein123456", True),  # good only because the list ends with shorter ones
        ("password123", False),
        ("protocol2026", False),
        ("Pr0t0col-2026!", False),
        ("WEISF-register-1", False),
        ("protocol12345678", False),
        ("Information sharing 2026", False),
        ("whole essex framework!", False),
        ("register.example.org", False),
        ("example 2026 weisf", False),
        ("protocol of lemons and chairs", True),
        ("nothing that it names 7", True),
    ],
)
def test_a_password_is_more_than_common_or_own_words(
    db, quick_passwords, settings, password, is_taken
):
    settings.SITE_URL = "https://register.example.org"
    edith = somebody("edith", "Editor", password=PASSWORD)
    form = {"password1": password, "password2": password}
    form |= {"oldpassword": PASSWORD, "old_password": PASSWORD}
    form |= {f"new_{name}": value for name, value in form.items()}
    door_of(edith).post(URL, form)
    edith.refresh_from_db()
    assert edith.check_password(password) == is_taken
