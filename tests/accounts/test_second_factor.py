"""Setting a telephone up, where somebody else may have been quicker."""

from __future__ import annotations

import time

import pytest
from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice

from registers.accounts.second_factor import enrol, new_secret
from tests.cast import somebody

pytestmark = [pytest.mark.both_databases, pytest.mark.django_db]


def code_of(secret: str) -> str:
    totp = TOTP(bytes.fromhex(secret))
    totp.time = time.time()
    return f"{totp.token():06d}"


def test_the_second_who_sets_one_up_changes_nothing():
    """Two browsers that were given the password were shown a secret each."""
    edith, first, second = somebody("edith", "Editor"), new_secret(), new_secret()
    assert enrol(edith, first, code_of(first), again=False)
    assert enrol(edith, second, code_of(second), again=False) is None
    assert [device.key for device in TOTPDevice.objects.filter(confirmed=True)] == [first]
    assert enrol(edith, second, code_of(second), again=True)
    assert [device.key for device in TOTPDevice.objects.filter(confirmed=True)] == [second]
