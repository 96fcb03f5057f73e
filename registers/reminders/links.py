"""What every link in an e-mail needs: its signature, its last day, its tries, and checks of texts.

Whoever has a link may answer for one organisation about one protocol, and nothing else.

The tries stand in the database, so that all workers count the same ones. The
visitor's address is written nowhere: what is kept is a keyed hash of it.
"""

from __future__ import annotations

import datetime
import logging
import math
from contextlib import suppress
from unicodedata import category

from django.core.exceptions import ValidationError
from django.core.signing import BadSignature, Signer
from django.db import DatabaseError, transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac

from registers.models import Merge, Try
from registers.models.keys import refuse_email
from registers.search.text.engine import SHORT_TIMEOUT, engine
from weisf.client_address import client_network

LINK_DAYS = 60
LONGEST_TOKEN = 200

_log = logging.getLogger(__name__)


def sign(payload: str, *, salt: str) -> str:
    """Return `payload` with its signature, as it stands in a link. Each kind has its own `salt`."""
    return Signer(salt=salt).sign(payload)


def unsign(token: str, *, salt: str) -> tuple[int, str] | None:
    """Return the key that the payload of a token begins with, and the payload; None if forged."""
    try:
        payload = Signer(salt=salt).unsign(token[:LONGEST_TOKEN])
        return int(payload.partition("-")[0]), payload
    except (BadSignature, ValueError):
        return None


def organisation_keys(key: int) -> set[int]:
    """Return the keys that an organisation had in links: its own, and those merged into it."""
    keys, new = set[int](), {key}
    while new:
        keys |= new
        into = Merge.objects.filter(stays_key__in=new, undone_at=None)
        new = set(into.values_list("gone_key", flat=True)) - keys
    return keys


def last_day_of_link(sent_at: datetime.datetime) -> datetime.date:
    """Return the last day, in Europe/London, on which a link sent at `sent_at` can be used."""
    return timezone.localdate(sent_at) + datetime.timedelta(days=LINK_DAYS)


MOST_TRIES = 20
TRIES_WINDOW = datetime.timedelta(minutes=1)
TRIES_SALT = "registers.reminders.tries"


def seconds_to_wait(address: str, *, at: datetime.datetime) -> int:
    """Count one try from the network address `address`; return how long it must wait, mostly 0.

    A try that must wait is not counted, so whoever goes on trying is let in
    again a minute after what was allowed. Of several tries at once none sees
    fewer than there are: near the limit they may all have to wait.
    """
    visitor, since = visitor_hash(address), at - TRIES_WINDOW
    tries = Try.objects.filter(visitor=visitor, at__gt=since).order_by("at")
    mine = None
    try:
        # Hurried: during a long write anybody could else keep all threads waiting.
        with engine().lock_timeout(SHORT_TIMEOUT), transaction.atomic():
            if tries.count() < MOST_TRIES:
                Try.objects.filter(at__lte=since).delete()
                mine = Try.objects.create(visitor=visitor, at=at)
        # Only now, when the other workers can see this one.
        times = list(tries.values_list("at", flat=True))
    except DatabaseError:
        # It is busy. A link cannot be guessed anyway, so a reader is not turned away for that.
        _log.warning("A try could not be counted", exc_info=True)
        return 0
    if mine:
        if len(times) <= MOST_TRIES:
            return 0
        times.remove(at)
        with suppress(DatabaseError):
            mine.delete()
    free = times[len(times) - MOST_TRIES] + TRIES_WINDOW
    return max(1, math.ceil((free - at).total_seconds()))


def visitor_hash(address: str) -> str:
    """Return what stands for the visitor: a keyed hash of the address, of IPv6 its first half.

    What is no address is one visitor.
    """
    return salted_hmac(TRIES_SALT, client_network(address), algorithm="sha256").hexdigest()


INVISIBLE = {"Cc", "Cf", "Cs"}  # control characters, what is not seen, and halves of others
UNREADABLE = "This contains a character that cannot be read. Remove it."
LONGEST_TITLE = 150
LONGEST_NOTE = 2_000


def one_spaced(text: str) -> str:
    """Return a text of one line as it is kept: with single spaces, and none around it."""
    return " ".join(text.split())


def clean_lines(text: str) -> str:
    """Return a text of several lines as it is kept: with ends of lines of one kind."""
    return "\n".join(text.splitlines()).strip()


def fault_of(text: str, longest: int) -> str:
    """Return what is wrong with a text of an answer; '' if nothing is."""
    if "\ufffd" in text or any(sign not in "\n\t" and category(sign) in INVISIBLE for sign in text):
        return UNREADABLE
    if len(text) > longest:
        return f"this has {len(text):,} characters. Write {longest:,} at most."
    try:
        refuse_email(text)
    except ValidationError as refusal:
        return str(refusal.messages[0])
    return ""
