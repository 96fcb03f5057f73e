"""An operator lets the last administrator in again."""

import io

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django_otp.plugins.otp_totp.models import TOTPDevice

pytestmark = pytest.mark.both_databases


def test_the_telephone_is_forgotten_and_the_sessions_end(administrator):
    TOTPDevice.objects.create(user=administrator, name="phone")
    door = Client()
    door.force_login(administrator)
    said = io.StringIO()
    call_command("reset_second_factor", "ADA", stdout=said)
    assert said.getvalue() == "ada must set up a phone when they next log in.\n"
    assert not TOTPDevice.objects.exists()
    assert door.get("/admin/").status_code == 302


def test_a_slip_is_told(db):
    with pytest.raises(CommandError, match="Nobody has the username 'eve'"):
        call_command("reset_second_factor", "eve")
