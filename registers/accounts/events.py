"""allauth's and Django's signals, as security events and as what a session remembers."""

from __future__ import annotations

from typing import Any

from allauth.account import signals as account_signals
from allauth.mfa import signals as mfa_signals
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.db.models.signals import pre_save
from django.dispatch import Signal
from django.http import HttpRequest

from registers.accounts import names, sessions
from weisf.security_events import security_event

EVENTS: dict[str, Signal] = {
    "login": user_logged_in,
    "logout": user_logged_out,
    "password_changed": account_signals.password_changed,
    "password_reset": account_signals.password_reset,
    "second_factor_failed": mfa_signals.authentication_failed,
    "second_factor_added": mfa_signals.authenticator_added,
    "second_factor_removed": mfa_signals.authenticator_removed,
    "second_factor_used": mfa_signals.authenticator_used,
    "recovery_codes_made": mfa_signals.authenticator_reset,
}


def connect() -> None:
    """Keep usernames apart, let sessions end, and log what happens, whichever door is used."""
    pre_save.connect(names.refuse_second_spelling, sender=User)
    user_logged_in.connect(sessions.begin)
    mfa_signals.authenticator_used.connect(_pass)
    mfa_signals.authenticator_added.connect(_pass)
    mfa_signals.authenticator_removed.connect(_ask_again)
    for event, signal in EVENTS.items():
        signal.connect(_logger_of(event), weak=False, dispatch_uid=f"security_event.{event}")


def _logger_of(event: str) -> Any:
    def log(sender: Any, request: HttpRequest, user: User, **given: Any) -> None:
        authenticator = given.get("authenticator")
        details = {"type": authenticator.type} if authenticator else {}
        security_event(event, request=request, user=user, **details)

    return log


def _pass(sender: Any, request: HttpRequest, user: User, **_: Any) -> None:
    sessions.pass_second_factor(request, user)


def _ask_again(sender: Any, request: HttpRequest, user: User, **_: Any) -> None:
    """Let whoever has removed the last one set up another before anything else."""
    if not Authenticator.objects.filter(user=user).exists():
        request.session.pop(sessions.PASSED, None)
