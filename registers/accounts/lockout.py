"""Locked out: after ten failures in fifteen minutes, by one name or from one address.

A try is counted before it is made and forgiven if it was right. So many tries
at once get no further than one after another. What is kept of a try is its time
and keyed hashes of the name and the network; nothing of it can be read back.
"""

from __future__ import annotations

import datetime
import math

from axes.models import AccessAttempt
from django.utils.crypto import salted_hmac

from registers.accounts.names import spelling_of
from weisf.client_address import client_network

MOST = 10
WINDOW = datetime.timedelta(minutes=15)
SALT = "registers.accounts.lockout"


def begin(username: str, address: str, *, at: datetime.datetime) -> AccessAttempt | None:
    """Count one try by the name and from the network address; return None if they are locked out.

    A try that is refused for that is not counted: the lock ends by itself.
    """
    # A lock of WINDOW can stand at the end of one.
    AccessAttempt.objects.filter(attempt_time__lte=at - 2 * WINDOW).delete()
    # One row for each failure, so the columns that axes wants unique together stay empty.
    mine = AccessAttempt.objects.create(
        username=name_code(username), user_agent=network_code(address), failures_since_start=1
    )
    if _locked_until(username, address, but=mine) > at:
        forgive(mine)
        return None
    return mine


def forgive(attempt: AccessAttempt) -> None:
    """Take a try that was right out of the count."""
    AccessAttempt.objects.filter(pk=attempt.pk).delete()


def seconds_locked(username: str, address: str, *, at: datetime.datetime) -> int:
    """Return for how long the name or the address is still locked out, mostly 0."""
    return max(0, math.ceil((_locked_until(username, address) - at).total_seconds()))


def unlock(*, username: str | None = None, address: str | None = None) -> int:
    """Forget the failures by a name, from an address, or all; return how many there were."""
    failures = AccessAttempt.objects.all()
    if username:
        failures = failures.filter(username=name_code(username))
    if address:
        failures = failures.filter(user_agent=network_code(address))
    return int(failures.delete()[0])


def name_code(username: str) -> str:
    """Return what stands for a username, in all its spellings."""
    return _code("name", spelling_of(username))


def network_code(address: str) -> str:
    """Return what stands for a network address."""
    return _code("network", client_network(address))


def _code(kind: str, text: str) -> str:
    written = text.encode(errors="surrogatepass")
    return salted_hmac(f"{SALT}.{kind}", written, algorithm="sha256").hexdigest()


def _locked_until(
    username: str, address: str, *, but: AccessAttempt | None = None
) -> datetime.datetime:
    """Return when the lock by all failures but one ends: in the past if there is none."""
    failures = AccessAttempt.objects.exclude(pk=but and but.pk).order_by("attempt_time")
    both = {"username": name_code(username)}, {"user_agent": network_code(address)}
    return max(
        _end_of_lock(list(failures.filter(**each).values_list("attempt_time", flat=True)))
        for each in both
    )


def _end_of_lock(times: list[datetime.datetime]) -> datetime.datetime:
    if len(times) >= MOST and times[-1] - times[-MOST] < WINDOW:
        return times[-1] + WINDOW
    return datetime.datetime.min.replace(tzinfo=datetime.UTC)
