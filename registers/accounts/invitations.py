"""Invitations by e-mail: a signed link, good once and for some days, that sets a password."""

from __future__ import annotations

from allauth.account.adapter import get_adapter
from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.contrib.auth.models import Group, User
from django.core.mail import send_mail
from django.db import transaction
from django.urls import reverse

WORDS = """You are invited to edit {register}.

Your username is {username}. Choose a password here within {days} days:

{link}

The link is good once. If it is too late, ask for another on the page that it leads to.
"""
DIRECTORY_WORDS = """
You need no password to log in with {directory}:

{link}
"""


def invite(*, username: str, email: str, group: Group) -> User:
    """Make a user of `group` without a password, and e-mail them a link that sets one.

    Where the e-mail cannot be sent (OSError), nobody is made.
    """
    with transaction.atomic():
        user = User.objects.create_user(username, email, is_staff=True)
        user.groups.set([group])
        key = f"{user_pk_to_url_str(user)}-{default_token_generator.make_token(user)}"
        register = settings.PARTNERSHIP.register_name
        words = WORDS.format(
            register=register,
            username=username,
            days=settings.PASSWORD_RESET_TIMEOUT // (24 * 60 * 60),
            link=get_adapter().get_reset_password_from_key_url(key),
        )
        if settings.SINGLE_SIGN_ON:
            link = f"{settings.SITE_URL}{reverse('single_sign_on')}"
            words += DIRECTORY_WORDS.format(directory=settings.SINGLE_SIGN_ON.name, link=link)
        send_mail(f"Invitation: {register}", words, None, [email])
    return user
