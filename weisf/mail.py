"""How e-mails are sent: read from the environment, as Django's own settings."""

from __future__ import annotations

import re
from email.utils import parseaddr
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from uuid import UUID

import environ
from django.core.exceptions import ImproperlyConfigured

from weisf.environment import env, refuse

# What Django is told where no mail server is set up: such a backend says that all went well.
NO_MAIL = "django.core.mail.backends.dummy.EmailBackend"
NOTIFY = "django_gov_notify.backends.NotifyEmailBackend"
TIMEOUT = 20  # seconds
PORTS = {"smtp": 25, "smtp+tls": 587, "smtp+ssl": 465}
ADDRESS = r"[^@\s<>]+@[^@\s<>]+\.[^@\s<>]+"
UNREADABLE = (
    "cannot be read. Write smtp+tls://user:password@host:587, smtp+ssl:// or smtp:// likewise, "
    "consolemail:// or filemail:///folder."
)


def read_mail(*, partnership_email: str) -> dict[str, Any]:
    """Return Django's settings for e-mails. `partnership_email` is what they come from by default.

    Raises ImproperlyConfigured.
    """
    url, backend = str(env.str("EMAIL_URL", "")), str(env.str("EMAIL_BACKEND", ""))
    if url and backend:
        raise refuse("EMAIL_BACKEND", "is set beside EMAIL_URL. Take one of the two away.")
    mail = _read_url(url) if url else {"EMAIL_BACKEND": backend or NO_MAIL}
    if backend:
        mail |= _read_backend(backend)
    sender = str(env.str("EMAIL_FROM", "")) or partnership_email
    if not re.fullmatch(ADDRESS, parseaddr(sender)[1]) or not sender.isprintable():
        said = " ".join(sender.split())
        raise refuse("EMAIL_FROM", f"is '{said}'. Write an address, or Name <address>.")
    return mail | {"DEFAULT_FROM_EMAIL": sender, "EMAIL_TIMEOUT": TIMEOUT}


def _read_url(url: str) -> dict[str, Any]:
    """Return the settings that stand in one address, as django-environ reads them."""
    try:
        mail: dict[str, Any] = dict(environ.Env.email_url_config(url))
        parts = urlsplit(url)
        scheme, host = parts.scheme, parts.hostname
    except (ImproperlyConfigured, ValueError) as problem:
        raise refuse("EMAIL_URL", UNREADABLE) from problem
    if parts.query or not (host if scheme in PORTS else scheme in {"consolemail", "filemail"}):
        raise refuse("EMAIL_URL", UNREADABLE)
    if scheme == "filemail":
        # django-environ takes the first stroke away: the folder would be beside the program.
        mail["EMAIL_FILE_PATH"] = folder = unquote(parts.path)
        if not Path(folder).is_absolute() or not Path(folder).is_dir():
            raise refuse("EMAIL_URL", f"names the folder {folder}, which is not there. Make it.")
    mail["EMAIL_PORT"] = mail["EMAIL_PORT"] or PORTS.get(scheme)
    # Django wants text for both.
    mail |= {name: mail[name] or "" for name in ("EMAIL_HOST_USER", "EMAIL_HOST_PASSWORD")}
    return mail


def _read_backend(backend: str) -> dict[str, Any]:
    """Return the further settings of a Django backend that is named by its dotted path."""
    mail = _read_notify() if backend == NOTIFY else {}
    try:
        found = "." in backend and find_spec(backend.rpartition(".")[0])
    except (ImportError, ValueError):
        found = None
    if not found:
        raise refuse(
            "EMAIL_BACKEND",
            f"is '{backend}', which is not installed. Install it, or write its whole name.",
        )
    return mail


def _read_notify() -> dict[str, Any]:
    """Return the settings of GOV.UK Notify, which are read only where it is chosen."""
    key = str(env.str("GOVUK_NOTIFY_API_KEY", ""))
    if not re.fullmatch(r"(\S+-)?[0-9a-f-]{36}-[0-9a-f-]{36}", key):
        raise refuse(
            "GOVUK_NOTIFY_API_KEY",
            "is missing or not whole. Copy it from 'API integration' in GOV.UK Notify.",
        )
    template = str(env.str("GOVUK_NOTIFY_PLAIN_EMAIL_TEMPLATE_ID", ""))
    try:
        UUID(template)
    except ValueError as problem:
        raise refuse(
            "GOVUK_NOTIFY_PLAIN_EMAIL_TEMPLATE_ID",
            f"is '{template}'. Copy the ID of the template in GOV.UK Notify.",
        ) from problem
    return {
        "GOVUK_NOTIFY_API_KEY": key,
        "GOVUK_NOTIFY_PLAIN_EMAIL_TEMPLATE_ID": template,
    }
