"""allauth's forms, with each failure counted and what cannot be read refused with a sentence."""

from __future__ import annotations

import base64
import re
from typing import Any

from allauth.account import forms as account_forms
from allauth.account.adapter import get_adapter as get_account_adapter
from allauth.core import context
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base import forms as mfa_forms
from allauth.mfa.webauthn import forms as webauthn_forms
from cryptography.exceptions import InvalidSignature
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import salted_hmac

from registers.accounts import sessions
from registers.accounts.limits import begin_code
from weisf.attempts import forgive_attempt
from weisf.mail import NO_MAIL

# What a credential that is forged, or of another site, makes the library raise.
NO_CREDENTIAL = (AttributeError, IndexError, InvalidSignature, KeyError, TypeError, ValueError)


class LoginForm(account_forms.LoginForm):
    """Name and password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if settings.EMAIL_BACKEND == NO_MAIL:
            self.fields["password"].help_text = "Forgotten it? Ask an administrator."

    def login(self, request: HttpRequest, redirect_url: str | None = None) -> HttpResponse:
        """Log in; allauth would let the session live on with each request."""
        answer: HttpResponse = super().login(request, redirect_url)
        request.session.set_expiry(sessions.ends_at(request))
        return answer


class ChangePasswordForm(account_forms.ChangePasswordForm):
    """The own password. Wrong old ones count like wrong ones at the log-in."""

    def clean_oldpassword(self) -> str:
        """Return the old password. Raises ValidationError if it is wrong."""
        password: str = self.cleaned_data["oldpassword"]
        if not get_account_adapter().reauthenticate(self.user, password):
            raise get_account_adapter().validation_error("enter_current_password")
        return password


class CountedCode:
    """A code of an app, or a recovery code. Each is good once."""

    user: Any
    cleaned_data: dict[str, Any]

    def clean_code(self) -> str:
        """Return the code. Raises ValidationError if it is wrong or was used."""
        attempt = begin_code(context.request, self.user)
        typed = re.sub(r"[\s-]", "", self.cleaned_data["code"]).lower()
        digits = re.fullmatch("[0-9]+", typed)
        self.cleaned_data["code"] = typed if digits else digest_of_old_code(typed)
        code: str = super().clean_code()  # type: ignore[misc] # of the form
        forgive_attempt(attempt)
        return code


class AuthenticateForm(CountedCode, mfa_forms.AuthenticateForm):
    """A code after the password."""


class ReauthenticateForm(CountedCode, mfa_forms.ReauthenticateForm):
    """A code before something that needs care."""


class ReadCredential:
    """What a browser sends of a passkey."""

    def full_clean(self) -> None:
        """Check the form, with an error where the credential is not one of this site."""
        try:
            super().full_clean()  # type: ignore[misc] # of the form
        except NO_CREDENTIAL:
            self.add_error("credential", get_adapter().validation_error("incorrect_code"))  # type: ignore[attr-defined]


class AddPasskeyForm(ReadCredential, webauthn_forms.AddWebAuthnForm):
    """A new passkey."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["passwordless"]
        field.label, field.initial = "Without the password", True
        field.help_text = "With a PIN, finger or face this passkey alone lets you in."


class AuthenticatePasskeyForm(ReadCredential, webauthn_forms.AuthenticateWebAuthnForm):
    """A passkey after the password."""


class ReauthenticatePasskeyForm(ReadCredential, webauthn_forms.ReauthenticateWebAuthnForm):
    """A passkey before something that needs care."""


class LoginPasskeyForm(ReadCredential, webauthn_forms.LoginWebAuthnForm):
    """A passkey in place of the password."""


def digest_of_old_code(code: str) -> str:
    """Return what version 0.1 stored of a recovery code, which holds letters."""
    written = code.encode(errors="surrogatepass")
    digest = salted_hmac("registers.accounts.recovery", written, algorithm="sha256").digest()
    return base64.b32encode(digest).decode()[:16].lower()
