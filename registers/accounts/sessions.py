"""Sessions of editors: twelve hours from the log-in, whatever is done meanwhile."""

from __future__ import annotations

import datetime
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.http import HttpRequest
from django.utils import timezone
from django_otp import DEVICE_ID_SESSION_KEY

LENGTH = datetime.timedelta(hours=12)


def begin(sender: Any, request: HttpRequest, user: User, **_: Any) -> None:
    """Let the session that has just been logged in end by itself, and ask for the factor anew."""
    now = timezone.now()
    Session.objects.filter(expire_date__lte=now).delete()
    if request.session.pop(DEVICE_ID_SESSION_KEY, None):
        # The same person came in again over a session that was through already.
        request.session.cycle_key()
    request.session.set_expiry(now + LENGTH)


def end_all(user: User) -> None:
    """End every session of the user at once."""
    key = str(user.pk)
    # Only editors have sessions, so there are few.
    theirs = [
        session.pk
        for session in Session.objects.all()
        if session.get_decoded().get(SESSION_KEY) == key
    ]
    Session.objects.filter(pk__in=theirs).delete()
