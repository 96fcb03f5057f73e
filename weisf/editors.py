"""How editors come in: what Django and its lock-out are told, and whether a code is asked for."""

from __future__ import annotations

from typing import Any

from weisf.environment import refuse, yes_or_no

EDITORS: dict[str, Any] = {
    # A whole working day, from the log-in on: registers/accounts/sessions.py.
    "SESSION_COOKIE_AGE": 12 * 60 * 60,
    "AUTH_PASSWORD_VALIDATORS": [
        {"NAME": f"django.contrib.auth.password_validation.{name}"}
        for name in (
            "UserAttributeSimilarityValidator",
            "MinimumLengthValidator",
            "CommonPasswordValidator",
            "NumericPasswordValidator",
        )
    ],
    # After ten failures nobody is asked any more for a while: registers/accounts/lockout.py.
    "AUTHENTICATION_BACKENDS": [
        "axes.backends.AxesStandaloneBackend",
        "registers.admin.entering.lockout.AnySpelling",
    ],
    "AXES_HANDLER": "registers.admin.entering.lockout.Handler",
    "AXES_LOCKOUT_CALLABLE": "registers.admin.entering.lockout.locked",
    "AXES_CLIENT_IP_CALLABLE": "weisf.visitors.address_of",
    "AXES_LOCKOUT_PARAMETERS": ["username", "ip_address"],
    "AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT": False,
    "AXES_DISABLE_ACCESS_LOG": True,
    "AXES_ENABLE_ADMIN": False,
    "AXES_VERBOSE": False,
}


def second_factor_is_asked(*, https: bool) -> bool:
    """Return whether editors need a code from their telephone beside their password.

    Raises ImproperlyConfigured where others can reach the register and none would be asked for.
    """
    asked = yes_or_no("SECOND_FACTOR", default=https)
    if https and not asked:
        raise refuse(
            "SECOND_FACTOR", "turns it off, and SITE_URL begins with https. Remove SECOND_FACTOR."
        )
    return asked
