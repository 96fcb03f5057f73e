"""The pages of the second factor: a code at each log-in, setting up a telephone, recovery codes."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

import segno
from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.widgets import AdminTextInputWidget
from django.contrib.auth.models import User
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe
from django_otp import login as let_through
from django_otp.models import Device

from registers.accounts import lockout, second_factor
from registers.admin.entering.lockout import locked
from registers.admin.entering.login import came_for
from weisf.client_address import client_address

View = Callable[..., HttpResponse]

# What a session holds while it is set up, and until the codes are kept.
SECRET = "second_factor_secret"  # noqa: S105 (the name of a place)
FRESH = "recovery_codes"
WRONG = "This code is wrong, or was used before. Write the one that is shown now."
WAIT = "After wrong codes the next is taken only after a while: in {seconds} seconds."
QUICKER = "Somebody has set up a telephone for this account meanwhile. Log in with it."


class CodeBox(forms.CharField):
    """A box for one code."""

    def __init__(self, **kwargs: Any) -> None:
        typing = {"autocomplete": "one-time-code", "autocapitalize": "none", "spellcheck": "false"}
        widget = AdminTextInputWidget(attrs=typing)
        super().__init__(max_length=40, widget=widget, **kwargs)


class CodeForm(forms.Form):
    """A code from the telephone, or a recovery code."""

    required_css_class = "required"
    code = CodeBox(label="Code")


class EnrolForm(CodeForm):
    """The first code of a telephone."""


class AnotherForm(CodeForm):
    """The first code of another telephone, and one that was good before."""

    old = CodeBox(label="Code from the telephone that you have set up, or a recovery code")
    field_order = ("old", "code")


def may_enter(request: HttpRequest) -> bool:
    """Say whether all that is asked for has been given, the second factor among it."""
    user: Any = request.user
    is_editor = user.is_active and user.is_staff
    return is_editor and (not settings.SECOND_FACTOR or user.is_verified())


def after_password(view: View) -> View:
    """Return the view for whoever has given the password, and where a second factor is asked."""

    @never_cache
    @sensitive_post_parameters()
    @wraps(view)
    def inner(request: HttpRequest) -> HttpResponse:
        user: Any = request.user
        if not (user.is_active and user.is_staff):
            return redirect_to_login(request.get_full_path(), reverse("admin:login"))
        if not settings.SECOND_FACTOR:
            return redirect(came_for(request))
        return view(request)

    return inner


@after_password
@require_http_methods(["GET", "HEAD", "POST"])
def enter(request: HttpRequest) -> HttpResponse:
    """Ask for a code; or, of whoever is through already, say what is set up."""
    user = cast(User, request.user)
    if not second_factor.has_one(user):
        return _on_to("admin:second_factor_enrol", request)
    if may_enter(request):
        left = second_factor.codes_left(user)
        return _page(request, "second_factor", "Second factor", left=left)
    form = CodeForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        attempt = _try(request)
        if attempt is None:
            return locked(request)
        device = second_factor.accept(user, form.cleaned_data["code"])
        if device:
            _through(request, device, attempt)
            return redirect(came_for(request))
        form.add_error("code", _why_not(user))
    return _page(request, "code", "Second factor", form=form)


@after_password
@require_http_methods(["GET", "HEAD", "POST"])
def enrol(request: HttpRequest) -> HttpResponse:
    """Show the secret for a telephone, and set it up with its first code."""
    user = cast(User, request.user)
    again = second_factor.has_one(user)
    if again and not may_enter(request):
        return _on_to("admin:second_factor", request)
    held = request.session.get(SECRET)
    if request.method != "POST" or not held:
        held = held or second_factor.new_secret()
        request.session[SECRET] = held
    # A form that comes without a secret is shown the one that it is to be filled in for.
    form_class = AnotherForm if again else EnrolForm
    form = form_class(request.POST if request.method == "POST" else None)
    if form.is_valid():
        attempt = _try(request)
        if attempt is None:
            return locked(request)
        if again and not second_factor.accept(user, form.cleaned_data["old"]):
            form.add_error("old", _why_not(user))
        elif device := second_factor.enrol(user, held, form.cleaned_data["code"], again=again):
            del request.session[SECRET]
            _through(request, device, attempt)
            request.session[FRESH] = second_factor.new_codes(user)
            messages.success(request, "The telephone is set up.")
            return _on_to("admin:second_factor_codes", request)
        else:
            form.add_error("code", WRONG if again or not second_factor.has_one(user) else QUICKER)
    return _page(
        request,
        "enrol",
        "Set up a telephone",
        form=form,
        again=again,
        letters=second_factor.letters(held),
        picture=_picture(second_factor.address_of(user, held)),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def codes(request: HttpRequest) -> HttpResponse:
    """Show new recovery codes until they are kept, or make them anew."""
    user = cast(User, request.user)
    if "kept" in request.POST:
        request.session.pop(FRESH, None)
        return redirect(came_for(request))
    form = CodeForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        attempt = _try(request)
        if attempt is None:
            return locked(request)
        if device := second_factor.accept(user, form.cleaned_data["code"]):
            _through(request, device, attempt)
            request.session[FRESH] = second_factor.new_codes(user)
            return _on_to("admin:second_factor_codes", request)
        form.add_error("code", _why_not(user))
    fresh = request.session.get(FRESH, [])
    left = second_factor.codes_left(user)
    return _page(request, "codes", "Recovery codes", form=form, fresh=fresh, left=left)


@require_safe
def codes_text(request: HttpRequest) -> HttpResponse:
    """Give the new recovery codes as a text file. Raises Http404 once they are kept."""
    if not (fresh := request.session.get(FRESH)):
        raise Http404
    name = f"{settings.PARTNERSHIP.register_name}: recovery codes of {request.user}"
    answer = HttpResponse("\r\n".join([name, "", *fresh, ""]), content_type="text/plain")
    answer.headers["Content-Disposition"] = 'attachment; filename="recovery-codes.txt"'
    return answer


def ways(guarded: Callable[[View], View]) -> list[Any]:
    """Return the addresses; `guarded` keeps everybody out who is not through."""
    return [
        path("second-factor/", enter, name="second_factor"),
        path("second-factor/enrol/", enrol, name="second_factor_enrol"),
        path("second-factor/codes/", guarded(after_password(codes)), name="second_factor_codes"),
        path(
            "second-factor/codes.txt",
            guarded(after_password(codes_text)),
            name="second_factor_codes_text",
        ),
    ]


def _try(request: HttpRequest) -> Any:
    return lockout.begin(request.user.get_username(), client_address(request), at=timezone.now())


def _through(request: HttpRequest, device: Device, attempt: Any) -> None:
    """Let this session through, under a key that nobody knew before."""
    lockout.forgive(attempt)
    let_through(request, device)
    request.session.cycle_key()


def _why_not(user: User) -> str:
    seconds = second_factor.seconds_to_wait(user)
    return f"{WRONG} {WAIT.format(seconds=seconds)}" if seconds else WRONG


def _picture(words: str) -> SafeString:
    """Return a QR code as elements of the page: a strict policy lets in no data: image."""
    drawn = segno.make(words, error="m").svg_inline(
        omitsize=True, border=4, dark="#000", light="#fff", svgclass=None, lineclass=None
    )
    labelled = drawn.replace("<svg ", '<svg role="img" aria-label="QR code" ', 1)
    return mark_safe(labelled)  # noqa: S308 (segno wrote it, and it holds no text)


def _on_to(name: str, request: HttpRequest) -> HttpResponse:
    return redirect(f"{reverse(name)}?{urlencode({'next': came_for(request)})}")


def _page(request: HttpRequest, name: str, title: str, **shown: Any) -> HttpResponse:
    context = admin.site.each_context(request) | {"title": title, "next": came_for(request)}
    return render(request, f"admin/entering/{name}.html", context | shown)
