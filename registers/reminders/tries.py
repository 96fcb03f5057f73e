"""How often one visitor may come to the page for answers: so often in a minute, and no more.

The tries stand in the database, so that all workers count the same ones. The
visitor's address is written nowhere: what is kept is a keyed hash of it.
"""

from __future__ import annotations

import datetime
import logging
import math
from contextlib import suppress

from django.db import DatabaseError, transaction
from django.utils.crypto import salted_hmac

from registers.models import Try
from registers.search.text.engine import engine
from weisf.visitors import network_of

MOST = 20
WINDOW = datetime.timedelta(minutes=1)
SALT = "registers.reminders.tries"

_log = logging.getLogger(__name__)


def seconds_to_wait(address: str, *, at: datetime.datetime) -> int:
    """Count one try from the network address `address`; return how long it must wait, mostly 0.

    A try that must wait is not counted, so whoever goes on trying is let in
    again a minute after what was allowed. Of several tries at once none sees
    fewer than there are: near the limit they may all have to wait.
    """
    visitor, since = visitor_of(address), at - WINDOW
    tries = Try.objects.filter(visitor=visitor, at__gt=since).order_by("at")
    mine = None
    try:
        # Hurried: during a long write anybody could else keep all threads waiting.
        with engine().hurried(), transaction.atomic():
            if tries.count() < MOST:
                Try.objects.filter(at__lte=since).delete()
                mine = Try.objects.create(visitor=visitor, at=at)
        # Only now, when the other workers can see this one.
        times = list(tries.values_list("at", flat=True))
    except DatabaseError:
        # It is busy. A link cannot be guessed anyway, so a reader is not turned away for that.
        _log.warning("A try could not be counted", exc_info=True)
        return 0
    if mine:
        if len(times) <= MOST:
            return 0
        times.remove(at)
        with suppress(DatabaseError):
            mine.delete()
    free = times[len(times) - MOST] + WINDOW
    return max(1, math.ceil((free - at).total_seconds()))


def visitor_of(address: str) -> str:
    """Return what stands for the visitor: a keyed hash of the address, of IPv6 its first half.

    What is no address is one visitor.
    """
    return salted_hmac(SALT, network_of(address), algorithm="sha256").hexdigest()
