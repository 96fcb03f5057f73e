"""An operator lets the last administrator in again."""

import io

import pytest
from allauth.mfa.models import Authenticator
from django.core.management import CommandError, call_command
from django.test import Client

from tests.cast import PASSWORD, somebody

pytestmark = pytest.mark.both_databases


def test_the_second_factor_is_forgotten_and_the_sessions_end(db, quick_passwords):
    administrator = somebody("ada", "Administrator", password=PASSWORD)
    door = Client()
    door.post("/admin/login/", {"login": "ada", "password": PASSWORD})
    assert door.get("/admin/").status_code == 200
    Authenticator.objects.create(user=administrator, type="totp", data={})
    said = io.StringIO()
    call_command("reset_second_factor", "ada", stdout=said)
    assert said.getvalue() == "ada must set up a second factor when they next log in.\n"
    assert not Authenticator.objects.exists()
    assert door.get("/admin/").status_code == 302


def test_a_slip_is_told(db):
    with pytest.raises(CommandError, match="Nobody has the username 'eve'"):
        call_command("reset_second_factor", "eve")
