"""Addresses of the log-in, the second factor and the own sessions, in admin's place of its own.

allauth's other addresses (sign-up, more e-mail addresses) are left out.
"""

from allauth.account import views
from allauth.core.internal.ratelimit import decorator
from allauth.mfa.webauthn.views import login_webauthn
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.urls import include, path

RESET = "password_reset/"
limited = decorator(app="allauth.account", action="begin_log_in", limit_get=True)

urlpatterns = [
    path("login/", views.login, name="account_login"),
    path("logout/", views.logout, name="account_logout"),
    path("reauthenticate/", login_required(views.reauthenticate), name="account_reauthenticate"),
    path("password_change/", login_required(views.password_change), name="account_change_password"),
    # Where allauth sends whoever has no password.
    path("password_set/", views.password_reset, name="account_set_password"),
    path(RESET, views.password_reset, name="account_reset_password"),
    path(f"{RESET}done/", views.password_reset_done, name="account_reset_password_done"),
    path(
        f"{RESET}<str:uidb36>/<str:key>/",
        views.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path(
        f"{RESET}complete/",
        views.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
    path("second-factor/webauthn/login/", limited(login_webauthn)),
    path("second-factor/", include("allauth.mfa.urls")),
    path("sessions/", include("allauth.usersessions.urls")),
]

if settings.SINGLE_SIGN_ON:
    # Its packages are an extra.
    from registers.accounts import single_sign_on

    urlpatterns += [
        path("single-sign-on/", limited(single_sign_on.begin), name="single_sign_on"),
        path("single-sign-on/callback/", single_sign_on.callback, name="single_sign_on_callback"),
    ]
