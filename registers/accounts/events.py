"""allauth's and Django's signals, as security events and as what a session remembers."""

from __future__ import annotations

from typing import Any

from allauth.account import signals as account_signals
from allauth.mfa import signals as mfa_signals
from django.contrib.auth.models import User, update_last_login
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.dispatch import Signal
from django.http import HttpRequest

from registers.accounts import sessions
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
    """Let sessions begin and end, and log what happens.

    Called before Django connects its own receiver, whose name ours takes.
    """
    user_logged_in.connect(sessions.begin, dispatch_uid="update_last_login")
    for signal in (account_signals.password_changed, account_signals.password_reset):
        signal.connect(update_last_login)
    mfa_signals.authenticator_added.connect(_end_others)
    for event, signal in EVENTS.items():
        signal.connect(_logger_of(event), weak=False, dispatch_uid=f"security_event.{event}")


def _logger_of(event: str) -> Any:
    def log(sender: Any, request: HttpRequest, user: User, **given: Any) -> None:
        authenticator = given.get("authenticator")
        details = {"type": authenticator.type} if authenticator else {}
        security_event(event, request=request, user=user, **details)

    return log


def _end_others(sender: Any, request: HttpRequest, user: User, **_: Any) -> None:
    """End the sessions that were given the password alone."""
    sessions.end_all(user, but=request.session.session_key)
