"""What django-allauth asks of us: who may come in, and how secrets are stored."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import segno
from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.totp.internal.auth import generate_totp_secret
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.contrib.auth import authenticate
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.validators import validate_ipv46_address
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.encoding import force_bytes
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import SafeString

from registers.accounts import sessions
from registers.accounts.limits import begin_password
from registers.accounts.names import user_named
from weisf.attempts import forgive_attempt
from weisf.client_address import client_address
from weisf.security_events import security_event

RECENT = 5 * 60  # seconds
WRONG = "The username or the password is wrong, or may not come in here."
WRONG_CODE = (
    "This code or passkey is not valid here, or the code was used before. "
    "Enter the code that is shown now, or use another passkey."
)


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


class AccountAdapter(DefaultAccountAdapter):
    """Editors alone come in, nobody signs up, and failures are counted before they are made."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "username_password_mismatch": WRONG,
        "incorrect_password": "This password is wrong.",
        "enter_current_password": "This password is wrong.",
    }

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        """Return the editor whose password this is; None where it is wrong or no editor's."""
        username = credentials.get("username", "")
        attempt = begin_password(request, username)
        user: Any = authenticate(request, username=username, password=credentials.get("password"))
        if user is None or not user.is_staff:
            security_event("login_failed", request=request, account=getattr(user, "pk", None))
            return None
        forgive_attempt(attempt)
        return user  # type: ignore[no-any-return] # Django's authenticate knows no class

    def pre_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse | None:
        """Refuse whoever came by a passkey or a directory and is no editor, or not any more."""
        if user.is_active and user.is_staff:
            return None
        security_event("login_refused", request=request, user=user)
        return render(request, "account/account_inactive.html", status=403)

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Say whether the password must be given again: not within five minutes of the log-in."""
        began = context.request.session.get(sessions.BEGAN, 0)
        return bool(timezone.now().timestamp() - began > RECENT)

    def is_safe_url(self, url: str | None) -> bool:
        """Say whether an address is on this site, by the way that the request came."""
        request = context.request
        return url_has_allowed_host_and_scheme(
            url, {request.get_host()}, require_https=request.is_secure()
        )

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return the client's address; '::' where the proxy reports none that can be read."""
        address = client_address(request)
        try:
            validate_ipv46_address(address)
        except ValidationError:
            return "::"
        return address

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        """Return admin's front page."""
        return reverse("admin:index")

    def get_reset_password_from_key_url(self, key: str) -> str:
        """Return the address of a mailed link: the site's own, whatever host was asked."""
        identifier, _, token = key.partition("-")
        path = reverse("account_reset_password_from_key", args=[identifier, token])
        return f"{settings.SITE_URL}{path}"


class MFAAdapter(DefaultMFAAdapter):
    """Keys and codes are stored encrypted: who reads a back-up without the secret key has none."""

    error_messages = DefaultMFAAdapter.error_messages | {"incorrect_code": WRONG_CODE}

    def encrypt(self, text: str) -> str:
        """Return what is stored of a secret."""
        return _fernet().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Return a stored secret; where the secret key was replaced, one that nobody has."""
        try:
            return _fernet().decrypt(encrypted_text).decode()
        except InvalidToken:
            return str(generate_totp_secret())

    def build_totp_svg(self, url: str) -> str:
        """Return a QR code as elements of the page: a strict policy lets in no data: image."""
        drawn = segno.make(url, error="m").svg_inline(
            omitsize=True, border=4, dark="#000", light="#fff", svgclass=None, lineclass=None
        )
        labelled = drawn.replace("<svg ", '<svg role="img" aria-label="QR code" ', 1)
        return SafeString(labelled)  # segno wrote it, and it holds no text


def _fernet() -> MultiFernet:
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    digests = (hashlib.sha256(b"registers.accounts:" + force_bytes(key)).digest() for key in keys)
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])
