"""E-mail settings, read from the environment."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from email.utils import parseaddr
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import unquote, urlsplit
from uuid import UUID

import environ
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from weisf.environment import env, refuse

# Where no mail server is set up: this backend sends nothing and reports success.
NO_MAIL = "django.core.mail.backends.dummy.EmailBackend"
NOTIFY = "django_gov_notify.backends.NotifyEmailBackend"
TIMEOUT = 20  # seconds
PORTS = {"smtp": 25, "smtp+tls": 587, "smtp+ssl": 465}
ADDRESS = r"[^@\s<>]+@[^@\s<>]+\.[^@\s<>]+"
UNREADABLE = (
    "cannot be read. Write smtp+tls://user:password@host:587, smtp+ssl:// or smtp:// likewise, "
    "consolemail:// or filemail:///folder."
)


class MailError(Exception):
    """An e-mail could not be sent: each service raises errors of its own."""


@dataclass(frozen=True)
class Mail:
    """How e-mails are sent: what Django's settings for them and GOV.UK Notify's are set to."""

    backend: str = NO_MAIL
    host: str = "localhost"
    port: int | None = 25
    user: str = ""
    password: str = ""
    use_tls: bool = False
    use_ssl: bool = False
    folder: str | None = None
    notify_key: str = ""
    notify_template: str = ""
    sender: str = ""


def sends_mail() -> bool:
    """Return whether the register sends e-mails."""
    return bool(settings.EMAIL_BACKEND != NO_MAIL)


def read_mail(*, partnership_email: str) -> Mail:
    """Return how e-mails are sent. `partnership_email` is what they come from by default.

    Raises ImproperlyConfigured.
    """
    url, backend = str(env.str("EMAIL_URL", "")), str(env.str("EMAIL_BACKEND", ""))
    if url and backend:
        raise refuse("EMAIL_BACKEND", "is set beside EMAIL_URL. Remove one of the two.")
    mail = Mail()
    if url:
        mail = _read_url(url)
    elif backend:
        mail = _read_backend(backend)
    sender = str(env.str("EMAIL_FROM", "")) or partnership_email
    if not re.fullmatch(ADDRESS, parseaddr(sender)[1]) or not sender.isprintable():
        shown = " ".join(sender.split())
        raise refuse("EMAIL_FROM", f"is '{shown}'. Write an address, or Name <address>.")
    return replace(mail, sender=sender)


def _read_url(url: str) -> Mail:
    """Return what one address says, as django-environ reads it."""
    try:
        read = environ.Env.email_url_config(url)
        parts = urlsplit(url)
        scheme, host = parts.scheme, parts.hostname
    except (ImproperlyConfigured, ValueError) as problem:
        raise refuse("EMAIL_URL", UNREADABLE) from problem
    if parts.query or not (host if scheme in PORTS else scheme in {"consolemail", "filemail"}):
        raise refuse("EMAIL_URL", UNREADABLE)
    # Not django-environ's: it drops the first slash, and the folder would be beside the program.
    folder = unquote(parts.path) if scheme == "filemail" else None
    if folder is not None and not (Path(folder).is_absolute() and Path(folder).is_dir()):
        raise refuse("EMAIL_URL", f"names the folder {folder}, which is not there. Make it.")
    return Mail(
        backend=read["EMAIL_BACKEND"],
        host=read["EMAIL_HOST"] or "",
        port=read["EMAIL_PORT"] or PORTS.get(scheme),
        user=read["EMAIL_HOST_USER"] or "",
        password=read["EMAIL_HOST_PASSWORD"] or "",
        use_tls=read.get("EMAIL_USE_TLS", False),
        use_ssl=read.get("EMAIL_USE_SSL", False),
        folder=folder,
    )


def _read_backend(backend: str) -> Mail:
    """Return how a Django backend sends that is named by its dotted path."""
    key, template = _read_notify() if backend == NOTIFY else ("", "")
    try:
        found = "." in backend and find_spec(backend.rpartition(".")[0])
    except (ImportError, ValueError):
        found = None
    if not found:
        how = "Install it, or write its whole name."
        if backend == NOTIFY:
            how = (
                "Install it: make setup EXTRAS=notify "
                "(for an image: docker build --build-arg EXTRAS=notify)."
            )
        raise refuse("EMAIL_BACKEND", f"is '{backend}', which is not installed. {how}")
    return Mail(backend, notify_key=key, notify_template=template)


def _read_notify() -> tuple[str, str]:
    """Return the key and template of GOV.UK Notify, which are read only where it is chosen."""
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
    return key, template
