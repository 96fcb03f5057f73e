"""allauth's forms: for a forgotten password, and for a code, also of version 0.1."""

from __future__ import annotations

import base64
from contextlib import suppress
from typing import Any

from allauth.account.forms import ResetPasswordForm, UserTokenForm
from allauth.mfa.base.forms import AuthenticateForm
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from weisf.mail import MailError


class ForgottenPasswordForm(ResetPasswordForm):
    """An address that a link for a new password is sent to."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = "E-mail address"

    def save(self, request: HttpRequest, **kwargs: Any) -> str:
        """Send it, and say nothing of a failure: only who has an account can have one."""
        with suppress(MailError):
            super().save(request, **kwargs)
        return str(self.cleaned_data["email"])


class LinkForm(UserTokenForm):
    """What a mailed link holds."""

    def _get_user(self, uidb36: str) -> Any:
        user = super()._get_user(uidb36)
        return user if user and user.is_active else None


class CodeForm(AuthenticateForm):
    """A code after the password: of an app, or a recovery code."""

    def clean_code(self) -> str:
        """Return the code. Raises ValidationError if it is wrong or was used."""
        typed = "".join(filter(str.isalnum, self.cleaned_data["code"])).lower()
        self.cleaned_data["code"] = typed if typed.isdecimal() else digest_of_old_code(typed)
        return str(super().clean_code())


def digest_of_old_code(code: str) -> str:
    """Return what version 0.1 stored of a recovery code, which holds letters."""
    digest = salted_hmac("registers.accounts.recovery", code, algorithm="sha256").digest()
    return base64.b32encode(digest).decode()[:16].lower()
