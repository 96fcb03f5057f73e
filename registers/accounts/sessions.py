"""Sessions of editors: how they begin and end, and what is due before one may go on."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import admin
from django.contrib.auth import SESSION_KEY, logout
from django.contrib.auth.models import User
from django.contrib.auth.views import redirect_to_login
from django.contrib.sessions.models import Session
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

# Twelve hours from the log-in, whatever is done in them.
LENGTH = datetime.timedelta(hours=12)
# In a session: whose second factor was given, when it began, and when it was last used.
PASSED, BEGAN, SEEN = "second_factor_of", "began", "seen"
SEEN_EVERY = 60  # seconds
# The pages that somebody needs who has no second factor yet.
TO_SET_UP = {
    "mfa_index",
    "mfa_activate_totp",
    "mfa_add_webauthn",
    "account_reauthenticate",
    "account_logout",
}


def begin(sender: Any, request: HttpRequest, user: User, **_: Any) -> None:
    """Let the session that has just been logged in end by itself."""
    now = timezone.now()
    Session.objects.filter(expire_date__lte=now).delete()
    request.session[BEGAN] = request.session[SEEN] = now.timestamp()
    request.session.set_expiry(now + LENGTH)


def ends_at(request: HttpRequest) -> datetime.datetime:
    """Return when the session ends, however it is used."""
    began = request.session.get(BEGAN) or timezone.now().timestamp()
    return datetime.datetime.fromtimestamp(began, datetime.UTC) + LENGTH


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


def reset_second_factor(user: User) -> None:
    """Let a user who has lost app, passkey and codes set up others, with the next password."""
    with transaction.atomic():
        Authenticator.objects.filter(user=user).delete()
        end_all(user)


def pass_second_factor(request: HttpRequest, user: User) -> None:
    """Note in the session that the user's second factor was given, or was set up in it."""
    request.session[PASSED] = user.pk


def may_enter(request: HttpRequest) -> bool:
    """Say whether all that is required has been given, the second factor among it."""
    user: Any = request.user
    is_editor = user.is_active and user.is_staff
    return bool(is_editor and (not settings.SECOND_FACTOR or _has_passed(request)))


def _has_passed(request: HttpRequest) -> bool:
    return bool(request.session.get(PASSED) == request.user.pk)


class EditorSessionMiddleware:
    """Ends a session that was idle for too long, and leads to what is due in one that is not."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer one request."""
        return self._get_response(request)

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: Any
    ) -> HttpResponse | None:
        """Lead on where a page is not to be answered yet; return None where it is."""
        if not request.path_info.startswith(reverse("admin:index")):
            return None
        user: Any = request.user
        if user.is_authenticated and self._is_over(request):
            logout(request)
            user = request.user
        if not user.is_authenticated or may_enter(request):
            return None
        if not user.is_staff or is_mfa_enabled(user):
            # Whoever has a factor gives it at the log-in.
            logout(request)
            return redirect_to_login(request.get_full_path(), reverse("account_login"))
        match = request.resolver_match
        if match and match.url_name in TO_SET_UP:
            return None
        return redirect("mfa_index")

    def process_template_response(
        self, request: HttpRequest, response: TemplateResponse
    ) -> TemplateResponse:
        """Give allauth's pages what admin's frame shows."""
        is_admin = request.path_info.startswith(reverse("admin:index"))
        if is_admin and "site_header" not in (response.context_data or {}):
            frame = admin.site.each_context(request)
            response.context_data = frame | (response.context_data or {})
        return response

    def _is_over(self, request: HttpRequest) -> bool:
        """Say whether the session was idle for too long, and note that it is used."""
        now, seen = timezone.now().timestamp(), request.session.get(SEEN, 0)
        if now - seen > settings.SESSION_IDLE_MINUTES * 60:
            return True
        if now - seen > SEEN_EVERY:
            request.session[SEEN] = now
        return False
