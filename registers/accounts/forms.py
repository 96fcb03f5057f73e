"""allauth's form for a code, which must read what version 0.1 stored."""

from __future__ import annotations

import base64

from allauth.mfa.base.forms import AuthenticateForm
from django.utils.crypto import salted_hmac


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
