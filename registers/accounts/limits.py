"""Which failures at the log-in are counted together, and what follows when there are too many.

An address, and a name together with an address, are locked for a while. A name alone
is only slowed: strangers who fail with it from everywhere never lock its owner out.
"""

from __future__ import annotations

import time

from allauth.core.exceptions import ImmediateHttpResponse
from django.contrib import admin
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.shortcuts import render

from registers.accounts.names import spelling_of
from weisf.attempts import Limit, TooManyAttempts, begin_attempt
from weisf.client_address import client_address, client_network
from weisf.security_events import security_event

MOST_BY_NAME_AND_ADDRESS = 10
MOST_BY_ADDRESS = 30
MOST_CODES = 10
SLOWED_BY = 1.0  # seconds


def begin_password(request: HttpRequest, username: str) -> list[str]:
    """Count one try of a password. Raises ImmediateHttpResponse (429) where too many failed."""
    name, network = spelling_of(username), client_network(client_address(request))
    together = Limit("name and network", f"{name}\n{network}", MOST_BY_NAME_AND_ADDRESS)
    taken = _begin(request, together, Limit("network", network, MOST_BY_ADDRESS))
    try:
        taken += begin_attempt(Limit("name", name, MOST_BY_NAME_AND_ADDRESS))
    except TooManyAttempts:
        time.sleep(SLOWED_BY)
    return taken


def begin_code(request: HttpRequest, user: User) -> list[str]:
    """Count one try of a code, by whoever has given the password or a session of the user.

    These are locked by the user alone: a code is short, and who guesses it knows the password.
    """
    return _begin(request, Limit("code", str(user.pk), MOST_CODES))


def _begin(request: HttpRequest, *limits: Limit) -> list[str]:
    try:
        return begin_attempt(*limits)
    except TooManyAttempts as too_many:
        security_event("login_locked", request=request, limit=limits[0].kind)
        site = {"site_header": admin.site.site_header, "site_title": admin.site.site_title}
        page = render(request, "admin/auth/locked.html", site, status=429)
        page.headers["Retry-After"] = str(too_many.seconds)
        page.headers["Cache-Control"] = "no-store"
        raise ImmediateHttpResponse(page) from too_many
