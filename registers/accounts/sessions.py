"""Sessions of editors: how they begin and end, and what is due before one may go on."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

from allauth.account.internal.stagekit import clear_login, get_pending_stage
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import admin
from django.contrib.auth import logout
from django.contrib.auth.models import User, update_last_login
from django.contrib.sessions.models import Session
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

# From the log-in, whatever is done in them.
LENGTH = datetime.timedelta(hours=12)
# In a session: when it began, and when it was last used.
BEGAN, SEEN = "began", "seen"
# The password's mark, from before the second factor on.
HALF_WAY = "half_way"
# Whose directory has asked for a second factor of its own.
BY_DIRECTORY = "by_directory"
SEEN_EVERY = 60  # seconds, at most
# What is due: the page that it leads to, and the others that may be opened before.
NEW_PASSWORD, SECOND_FACTOR = "account_change_password", "mfa_index"
OPEN = {
    NEW_PASSWORD: {NEW_PASSWORD, "account_logout"},
    SECOND_FACTOR: {
        *(SECOND_FACTOR, "mfa_activate_totp", "mfa_add_webauthn"),
        *("account_reauthenticate", "account_logout"),
    },
}


def begin(sender: Any, request: HttpRequest, user: User, **_: Any) -> None:
    """Note when a session began, and remove those that are over.

    In place of Django's own receiver it also notes the user's last log-in, which stays empty
    as long as the password is one that somebody else has chosen.
    """
    if user.last_login or not user.has_usable_password():
        update_last_login(sender, user)
    now = timezone.now()
    Session.objects.filter(expire_date__lte=now).delete()
    request.session[BEGAN] = request.session[SEEN] = now.timestamp()


def end_all(user: User, *, but: str | None = None) -> None:
    """End every session of the user at once, but the one with the key `but`."""
    for session in UserSession.objects.filter(user=user).exclude(session_key=but or ""):
        session.end()


def reset_second_factor(user: User) -> None:
    """Let a user who has lost app, passkey and codes set up others, with the next password."""
    Authenticator.objects.filter(user=user).delete()
    end_all(user)


def page_due(request: HttpRequest) -> str | None:
    """Return the page which an editor must do first: a password of their own, a second factor."""
    user: Any = request.user
    if request.session.get(BY_DIRECTORY) == user.pk:
        return None
    if user.last_login is None and user.has_usable_password():
        return NEW_PASSWORD
    if settings.SECOND_FACTOR and not is_mfa_enabled(user):
        return SECOND_FACTOR
    return None


class EditorSessionMiddleware:
    """Ends a session after LENGTH, and leads to what is due in one that goes on."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer one request."""
        return self._get_response(request)

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: Any
    ) -> HttpResponse | None:
        """Lead on where a page is not to be answered yet; return None where it is."""
        if not is_admin(request):
            return None
        if not request.user.is_authenticated:
            _end_half_way(request)
            return None
        if _is_too_old(request):
            logout(request)
            return None
        due = page_due(request)
        request.session_due = due  # type: ignore[attr-defined] # for EditorsSite.has_permission
        match = request.resolver_match
        if due is None or (match and match.url_name in OPEN[due]):
            return None
        return redirect(due)

    def process_template_response(
        self, request: HttpRequest, response: TemplateResponse
    ) -> TemplateResponse:
        """Give allauth's pages what admin's frame shows."""
        context = response.context_data or {}
        if is_admin(request) and "site_header" not in context:
            response.context_data = admin.site.each_context(request) | context
        return response


def _is_too_old(request: HttpRequest) -> bool:
    """Return whether the session began too long ago; note that it is used.

    Django ends one that was not stored for SESSION_COOKIE_AGE.
    """
    session, now = request.session, timezone.now().timestamp()
    if now - session.get(SEEN, 0) > min(SEEN_EVERY, settings.SESSION_COOKIE_AGE / 4):
        session[SEEN] = now
    return bool(now - session.get(BEGAN, 0) > LENGTH.total_seconds())


def _end_half_way(request: HttpRequest) -> None:
    """End a log-in that waits for a code, where the factor was reset or the password is another."""
    if stage := get_pending_stage(request):
        user = stage.login.user
        is_same = request.session.get(HALF_WAY) == user.get_session_auth_hash()
        if not (is_same and is_mfa_enabled(user)):
            clear_login(request)


def is_admin(request: HttpRequest) -> bool:
    """Return whether the request asks for a page of editors."""
    return request.path_info.startswith(reverse("admin:index"))
