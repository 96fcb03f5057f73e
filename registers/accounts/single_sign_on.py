"""Single sign-on: who comes from the directory, and the groups that they have by it.

Imported only where a directory is named: docs/settings.md, 'Single sign-on'. The log-in makes no
account: it lets in whom an administrator invited, with the groups that OIDC_GROUPS gives.
"""

from __future__ import annotations

import logging
from typing import Any

from allauth.account.adapter import get_adapter as get_account_adapter
from allauth.account.utils import get_next_redirect_url
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialLogin
from allauth.socialaccount.providers.base import AuthError
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.contrib.auth.models import Group, User
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.crypto import get_random_string
from django.views.decorators.http import require_safe
from requests import RequestException

from registers.accounts.sessions import BY_DIRECTORY, end_all
from weisf.security_events import security_event

# What the libraries raise where the directory is down, or answers something else.
FAULTS = (
    *(AttributeError, ImproperlyConfigured, LookupError, RequestException),
    *(TypeError, ValueError),
)
STATUS = {"state": 400, "answer": 502}  # of the others: 403

logger = logging.getLogger(__name__)


class DirectoryAdapter(OpenIDConnectOAuth2Adapter):
    """How the directory is asked."""

    def get_provider(self) -> Directory:
        """Return the directory. Its address is stored with each subject, which is its own."""
        named: Any = settings.SINGLE_SIGN_ON
        app = SocialApp(provider=Directory.id, provider_id=named.server_url)
        app.client_id, app.secret = named.client_id, named.client_secret
        app.settings = {"server_url": named.server_url, "fetch_userinfo": False}
        app.settings["oauth_pkce_enabled"] = True
        return Directory(self.request, app)

    def get_callback_url(self, request: HttpRequest, app: SocialApp) -> str:
        """Return the one address that the directory knows, whatever host was asked."""
        return f"{settings.SITE_URL}{reverse('single_sign_on_callback')}"

    def complete_login(self, request: HttpRequest, app: Any, token: Any, **answer: Any) -> Any:
        """Read the ID token. allauth would not check the signature of one that came directly."""
        self.did_fetch_access_token = False
        return super().complete_login(request, app, token, **answer)


class Directory(OpenIDConnectProvider):
    """What is asked of the directory, and what is read of its answer."""

    oauth2_adapter_class = DirectoryAdapter

    def redirect_from_request(self, request: HttpRequest) -> Any:
        """Lead there. allauth would let the query string add to what is asked."""
        auth, next_url = {"nonce": get_random_string(32)}, get_next_redirect_url(request)
        return self.redirect(request, "login", next_url, auth_params=dict(auth), **auth)

    def sociallogin_from_response(self, request: HttpRequest, response: Any) -> SocialLogin:
        """Return who it is, with the claims of the ID token."""
        login = super().sociallogin_from_response(request, response)
        login.claims = response["id_token"]
        return login

    def extract_extra_data(self, data: Any) -> dict[str, Any]:
        """Return what is stored: nothing but the subject."""
        return {}


class SingleSignOnAdapter(DefaultSocialAccountAdapter):
    """What becomes of an answer, in place of allauth's sign-up."""

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Log in or refuse. Raises ImmediateHttpResponse, which holds the answer."""
        if sociallogin.claims["nonce"] != sociallogin.state["nonce"]:
            raise ValueError("The nonce of the ID token is another.")
        user, reason = admit(request, sociallogin)
        if user is None or reason:
            raise ImmediateHttpResponse(_refused(request, reason, user))
        security_event("single_sign_on_used", request=request, user=user)
        adapter = get_account_adapter(request)
        adapter.login(request, user)
        request.session[BY_DIRECTORY] = user.pk  # it asks for a second factor of its own
        rest = dict.fromkeys(("email_verification", "signal_kwargs", "email", "signup"))
        rest["redirect_url"] = sociallogin.get_redirect_url(request)
        raise ImmediateHttpResponse(adapter.post_login(request, user, **rest))

    def on_authentication_error(
        self, request: HttpRequest, provider: Any, error: Any, exception: Any, extra_context: Any
    ) -> None:
        """Refuse. Raises ImmediateHttpResponse, which holds the page."""
        reason = "answer" if "state" in extra_context else "state"
        reason = "denied" if error == AuthError.CANCELLED else reason
        raise ImmediateHttpResponse(_refused(request, reason, fault=exception))


def admit(request: HttpRequest, login: SocialLogin) -> tuple[User | None, str]:
    """Store whose subject it is and give the mapped groups; return the user.

    The second is why they are not to be logged in, or empty. What the directory no longer gives
    is taken away all the same. Groups that it never gives are an administrator's, and stay.
    """
    named: Any = settings.SINGLE_SIGN_ON
    granted, reason = _granted(login.claims)
    is_new = login.account.pk is None
    with transaction.atomic():
        # Of two log-ins at once, or one beside a save of the user, one waits here for the other.
        ours = {group.name: group for group in Group.objects.select_for_update().order_by("pk")}
        user = _invited(login) if is_new else User.objects.get(pk=login.user.pk)
        if user is None:
            return None, reason or "no_account"
        if not user.is_active or user.is_superuser:
            return user, "superuser" if user.is_active else "inactive"
        if is_new and reason:
            return user, reason
        if is_new:
            login.account.user = user
            login.account.save()
        before = {group.name for group in user.groups.all()}
        after = before - set(named.groups.values()) | granted & set(ours)
        user.groups.set([ours[name] for name in after])
        user.is_staff = bool(after)
        user.save(update_fields=["is_staff"])
        if reason:
            end_all(user)
    if is_new or after != before:
        event = "single_sign_on_linked" if is_new else "user_changed"
        security_event(event, request=request, account=user.pk, groups=sorted(after))
    return user, reason


def _granted(claims: dict[str, Any]) -> tuple[set[str], str]:
    """Return the groups of ours that the directory gives, and why where it gives none."""
    named: Any = settings.SINGLE_SIGN_ON
    sent = claims.get(named.groups_claim)
    theirs = sent if isinstance(sent, list) else [sent]
    granted = {ours for group, ours in named.groups.items() if group in theirs}
    # Microsoft Entra ID leaves the claim out, and says so, where there are too many.
    too_many = named.groups_claim in claims.get("_claim_names", ()) or claims.get("hasgroups")
    return granted, "" if granted else "too_many_groups" if too_many else "no_group"


def _invited(login: SocialLogin) -> User | None:
    """Return the user whom nobody of the directory is yet, and whose verified address it is."""
    # Entra's word is 'xms_edov'. Capitals count for nothing, in ASCII alone: databases differ.
    verified = (login.claims.get(each) for each in ("email_verified", "xms_edov"))
    is_verified = any(str(each).lower() in {"true", "1"} for each in verified)
    address = str(login.claims.get("email") or "").encode().lower() if is_verified else b""
    known = SocialAccount.objects.filter(provider=login.account.provider)
    free = User.objects.exclude(pk__in=known.values("user"))
    theirs = [user for user in free if user.email.encode().lower() == address != b""]
    return theirs[0] if len(theirs) == 1 else None


def _refused(
    request: HttpRequest, reason: str, user: User | None = None, *, fault: Any = None
) -> TemplateResponse:
    """Return the page that says why nobody is logged in, and what to do."""
    account = getattr(user, "pk", None)
    security_event("single_sign_on_refused", request=request, reason=reason, account=account)
    if fault:
        logger.warning("The directory did not answer as it should", exc_info=fault)
    if not request.user.is_authenticated:
        request.session.flush()
    context, status = {"reason": reason}, STATUS.get(reason, 403)
    return TemplateResponse(request, "account/single_sign_on.html", context, status=status)


@require_safe
def begin(request: HttpRequest) -> HttpResponse:
    """Lead to the directory."""
    try:
        directory = DirectoryAdapter(request, "").get_provider()
        answer: HttpResponse = directory.redirect_from_request(request)
    except FAULTS as fault:
        return _refused(request, "answer", fault=fault)
    return answer


@require_safe
def callback(request: HttpRequest) -> HttpResponse:
    """Answer whoever comes back from there."""
    try:
        view = OAuth2CallbackView.adapter_view(DirectoryAdapter(request, ""))
        answer: HttpResponse = view(request)
    except FAULTS as fault:
        return _refused(request, "answer", fault=fault)
    return answer
