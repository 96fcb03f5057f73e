"""The second factor: a code from a telephone, or one of ten recovery codes on paper."""

from __future__ import annotations

import base64
import re
import secrets

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django_otp.models import Device
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from registers.accounts.sessions import end_all

SALT = "registers.accounts.recovery"
SECRET_BYTES = 20
CODES = 10
# Five groups of four from 32 signs: 100 bits, too many to be tried.
GROUPS, SIGNS = 5, 4
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
KEPT_SIGNS = 16  # what the column holds: 80 bits
KIND = "phone"


def has_one(user: User) -> bool:
    """Say whether the user has set one up."""
    return bool(TOTPDevice.objects.filter(user=user, confirmed=True).exists())


def codes_left(user: User) -> int:
    """Return how many recovery codes are not used yet."""
    return int(StaticToken.objects.filter(device__user=user).count())


def new_secret() -> str:
    """Return a secret for a telephone, as hexadecimal digits."""
    return secrets.token_hex(SECRET_BYTES)


def letters(secret: str) -> str:
    """Return the secret as a person types it: capitals and digits in groups of four."""
    return " ".join(re.findall(".{4}", base64.b32encode(bytes.fromhex(secret)).decode()))


def address_of(user: User, secret: str) -> str:
    """Return what a QR code tells a telephone."""
    address: str = TOTPDevice(user=user, key=secret).config_url
    return address


def accept(user: User, typed: str) -> Device | None:
    """Take a code from the telephone or a recovery code; return what it is of, or None if wrong.

    Each is good once. After a wrong one the next is taken only after a while,
    which doubles each time.
    """
    typed = re.sub(r"[\s-]", "", typed).lower()
    with transaction.atomic():
        # One after another, so that no code is taken twice.
        User.objects.select_for_update().get(pk=user.pk)
        if re.fullmatch("[0-9]{6}", typed):
            devices, token = TOTPDevice.objects.filter(user=user, confirmed=True), typed
        else:
            devices, token = StaticDevice.objects.filter(user=user, confirmed=True), _kept(typed)
        return next((each for each in devices if each.verify_token(token)), None)


def seconds_to_wait(user: User) -> int:
    """Return for how long no code of the telephone is taken, after wrong ones."""
    until = [
        why["locked_until"]
        for allowed, why in map(
            TOTPDevice.verify_is_allowed, TOTPDevice.objects.filter(user=user, confirmed=True)
        )
        if not allowed
    ]
    return max([0, *(int((each - timezone.now()).total_seconds()) + 1 for each in until)])


def enrol(user: User, secret: str, typed: str, *, again: bool) -> Device | None:
    """Set the telephone that has `secret` up, if `typed` is its code now; return None if not.

    Any other is forgotten, and so are the recovery codes. Unless it is done
    `again`, nothing happens where the user has one already: somebody else may
    have been quicker.
    """
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)
        if has_one(user) and not again:
            return None
        device = TOTPDevice.objects.create(user=user, key=secret, name=KIND, confirmed=False)
        if not device.verify_token(re.sub(r"\s", "", typed)):
            device.delete()
            return None
        forget(user, but=device)
        device.confirmed = True
        device.save()
    return device


def new_codes(user: User) -> list[str]:
    """Return ten recovery codes. Those from before are no longer good."""
    codes = [_new_code() for _ in range(CODES)]
    with transaction.atomic():
        device, _made = StaticDevice.objects.get_or_create(user=user, defaults={"name": "paper"})
        device.token_set.all().delete()
        StaticToken.objects.bulk_create(
            StaticToken(device=device, token=_kept(code.replace("-", ""))) for code in codes
        )
    return codes


def forget(user: User, *, but: TOTPDevice | None = None) -> None:
    """Take everything away that the user has set up, apart from `but`."""
    TOTPDevice.objects.filter(user=user).exclude(pk=but and but.pk).delete()
    StaticDevice.objects.filter(user=user).delete()


def reset(user: User) -> None:
    """Let a user who has lost the telephone set up another, with the next password."""
    with transaction.atomic():
        forget(user)
        end_all(user)


def _new_code() -> str:
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(SIGNS)) for _ in range(GROUPS))


def _kept(code: str) -> str:
    """Return what is kept of a recovery code: whoever reads a back-up cannot come in with it."""
    digest = salted_hmac(SALT, code, algorithm="sha256").digest()
    return base64.b32encode(digest).decode()[:KEPT_SIGNS].lower()
