"""Where django-axes asks and answers: who is locked out, and what they are told."""

from __future__ import annotations

from typing import Any

from axes.handlers.database import AxesDatabaseHandler
from django.contrib import admin
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from registers.accounts import lockout
from registers.accounts.names import user_named
from weisf.client_address import client_address


class Handler(AxesDatabaseHandler):
    """What axes calls around each try of a password, in place of its own way of counting.

    Its own counts after the try, keeps names and addresses, and lets whoever
    has one account begin anew by logging in with it.
    """

    def is_allowed(self, request: HttpRequest, credentials: Any = None) -> bool:
        """Count the try, and say whether it may be made."""
        username = (credentials or {}).get("username") or ""
        request.attempt = lockout.begin(username, client_address(request), at=timezone.now())  # type: ignore[attr-defined] # ours
        return request.attempt is not None  # type: ignore[attr-defined] # ours

    def user_login_failed(
        self, sender: Any, credentials: Any, request: Any = None, **kwargs: Any
    ) -> None:
        """Leave the try in the count; the tenth is answered with the page for a lock."""
        username = credentials.get("username") or ""
        request.axes_locked_out = bool(seconds_locked(request, username))
        request.axes_credentials = credentials

    def user_logged_in(self, sender: Any, request: Any, user: User, **kwargs: Any) -> None:
        """Forgive the try."""
        if attempt := getattr(request, "attempt", None):
            lockout.forgive(attempt)

    def user_logged_out(self, sender: Any, request: Any, user: Any, **kwargs: Any) -> None:
        """Keep nothing."""

    def reset_attempts(
        self,
        *,
        ip_address: str | None = None,
        username: str | None = None,
        ip_or_username: bool = False,
    ) -> int:
        """Unlock, for the commands `axes_reset`, `axes_reset_ip` and `axes_reset_username`."""
        return lockout.unlock(username=username, address=ip_address)


class AnySpelling(ModelBackend):
    """Django's own way of checking a password, of whoever has the username in any spelling."""

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **kwargs: Any,
    ) -> Any:
        """Return the user, or None for a wrong name or password."""
        user = user_named(username or "")
        name = user.get_username() if user else username
        return super().authenticate(request, username=name, password=password, **kwargs)


def seconds_locked(request: HttpRequest, username: str) -> int:
    """Return for how long no try by the name is taken from where the request comes."""
    return lockout.seconds_locked(username, client_address(request), at=timezone.now())


def locked(
    request: HttpRequest, response: HttpResponse | None = None, credentials: Any = None
) -> HttpResponse:
    """Answer 429: too many failures, also to a right password."""
    username = (credentials or {}).get("username") or request.user.get_username()
    site = {"site_header": admin.site.site_header, "site_title": admin.site.site_title}
    page = render(request, "admin/entering/locked.html", site, status=429)
    page.headers["Retry-After"] = str(max(1, seconds_locked(request, username)))
    page.headers["Cache-Control"] = "no-store"
    return page
