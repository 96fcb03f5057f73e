"""How an editor comes in: name and password, the own password changed, and out again."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.forms import AdminAuthenticationForm, AdminPasswordChangeForm
from django.contrib.auth.views import PasswordChangeView
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme

from registers.accounts import lockout
from registers.admin.entering.lockout import locked
from weisf.client_address import client_address


class LogInForm(AdminAuthenticationForm):
    """Name and password. What is wrong is not told, and neither is whether there is such a name."""

    error_messages = AdminAuthenticationForm.error_messages | {
        "invalid_login": "The username or the password is wrong, or may not come in here."
    }


class OwnPasswordView(PasswordChangeView):
    """Changing the own password. Wrong old ones count like wrong ones at the log-in."""

    form_class = AdminPasswordChangeForm

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Take the old password and the new one."""
        attempt = lockout.begin(
            request.user.get_username(), client_address(request), at=timezone.now()
        )
        if attempt is None:
            return locked(request)
        form = self.get_form()
        if form.is_valid():
            lockout.forgive(attempt)
            return self.form_valid(form)
        if "old_password" not in form.errors:
            lockout.forgive(attempt)
        return self.form_invalid(form)


def came_for(request: HttpRequest) -> str:
    """Return the address on this site that somebody was on the way to, or admin's front page."""
    wanted = request.POST.get("next") or request.GET.get("next", "")
    here = {request.get_host()}
    if url_has_allowed_host_and_scheme(wanted, here, require_https=request.is_secure()):
        return wanted
    return reverse("admin:index")
