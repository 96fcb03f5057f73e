"""What django-allauth asks of us: who may log in, limits on failures, and stored secrets."""

from __future__ import annotations

import base64
import hashlib
import logging
import time
from functools import partial
from threading import BoundedSemaphore
from typing import Any

import segno
from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.core.internal import ratelimit
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.totp.internal.auth import generate_totp_secret
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.encoding import force_bytes
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import SafeString

from registers.accounts.sessions import BEGAN, HALF_WAY
from weisf.client_address import client_address, client_network, read_address
from weisf.mail import MailError
from weisf.security_events import security_event

logger = logging.getLogger(__name__)

RECENT = 5 * 60  # seconds
SLOWED_BY = 1.0  # seconds
# At once, in one worker: each holds a thread, and readers need some. Others are not slowed.
MOST_SLOWED = 2
slots = BoundedSemaphore(MOST_SLOWED)


def users_named(name: str | None) -> QuerySet[User]:
    """Return the users with this name in any capitals: two only where both are from long ago."""
    return User.objects.filter(username__iexact=name or "")


class EditorBackend(ModelBackend):
    """Django's check of a password and of a session's user: editors alone, in any capitals."""

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **kwargs: Any,
    ) -> Any:
        """Return the editor, or None for a wrong name or password."""
        alike = users_named(username)
        name = alike[0].username if len(alike) == 1 else username
        return super().authenticate(request, username=name, password=password, **kwargs)

    def user_can_authenticate(self, user: Any) -> bool:
        """Return whether the user is an active editor, which is asked with each request."""
        return bool(user.is_active and user.is_staff)


class AccountAdapter(DefaultAccountAdapter):
    """Limits on failed log-ins, and who may log in without a password."""

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Count one attempt. Raises ValidationError where too many failed.

        A name alone is only slowed, so that strangers never lock its owner out.
        """
        consume = partial(ratelimit.consume, request, app="allauth.account")
        try:
            super().pre_authenticate(request, **credentials)
            # Not in one with the name's, which allauth forgets after a right code.
            if not (by_address := consume(action="login_address")):
                raise self.validation_error("too_many_login_attempts")
        except ValidationError:
            security_event("login_locked", request=request)
            raise
        self._login_failed_rl_usage.usage += by_address.usage  # taken back after a right password
        name = _counted(credentials["username"])
        if not consume(action="login_name", key=name) and slots.acquire(blocking=False):
            try:
                time.sleep(SLOWED_BY)
            finally:
                slots.release()

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """Log it."""
        security_event("login_failed", request=request)

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        name = _counted(credentials.get("username", ""))
        return f"{name}\n{client_network(client_address(request))}"

    def pre_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse | None:
        """Refuse whoever came by a passkey or a directory and is no editor, or not any more."""
        if EditorBackend().user_can_authenticate(user):
            request.session[HALF_WAY] = user.get_session_auth_hash()
            return None
        security_event("login_refused", request=request, user=user)
        return render(request, "account/account_inactive.html", status=403)

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Return whether the password is asked again: not within five minutes of the log-in."""
        began = context.request.session.get(BEGAN, 0)
        return bool(timezone.now().timestamp() - began > RECENT)

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return the client's address; '::' where the proxy reports none that can be read."""
        return str(read_address(client_address(request)) or "::")

    def clean_password(self, password: str, user: Any = None) -> str:
        """Return a new password. Raises ValidationError also for the one that the user has."""
        if user and user.check_password(password):
            raise self.validation_error("same_as_current")
        return str(super().clean_password(password, user))

    def is_safe_url(self, url: str) -> bool:
        """Return whether a log-in may lead there: to a path of this site."""
        return url_has_allowed_host_and_scheme(url, allowed_hosts=None)

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        """Return admin's front page."""
        return reverse("admin:index")

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send an e-mail. Raises MailError, and logs why, whatever the service raised."""
        try:
            super().send_mail(template_prefix, email, context)
        except Exception as fault:
            logger.exception("An e-mail could not be sent")
            raise MailError from fault

    def send_password_reset_mail(self, user: User, email: str, context: dict[str, Any]) -> None:
        """Send a link for a new password, and of the directory where there is one."""
        if settings.SINGLE_SIGN_ON:
            url = f"{settings.SITE_URL}{reverse('single_sign_on')}"
            context |= {"directory": settings.SINGLE_SIGN_ON, "directory_url": url}
        super().send_password_reset_mail(user, email, context)

    def get_reset_password_from_key_url(self, key: str) -> str:
        """Return the address of a mailed link: the site's own, whatever host was asked."""
        path = reverse("account_reset_password_from_key", args=key.split("-", 1))
        return f"{settings.SITE_URL}{path}"


class MFAAdapter(DefaultMFAAdapter):
    """Keys and codes are stored encrypted: who reads a back-up without the secret key has none."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": "This is not right, or was used before. Enter the six digits that the app"
        " shows now, or use another recovery code or passkey."
    }

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
        drawn = segno.make(url).svg_inline(omitsize=True, border=4, light="#fff")
        labelled = drawn.replace("<svg ", '<svg role="img" aria-label="QR code" ', 1)
        return SafeString(labelled)  # segno wrote it, and it holds no text


def _counted(name: str) -> str:
    """Return the one spelling that a name is counted by: PostgreSQL compares by UPPER."""
    return name.upper().casefold()


def _fernet() -> MultiFernet:
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    digests = (hashlib.sha256(b"registers.accounts:" + force_bytes(key)).digest() for key in keys)
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])
