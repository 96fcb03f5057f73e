"""An editor is invited by e-mail, and chooses the password by a link that is good once."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.core import mail
from django.test import Client

from tests.cast import door_of, groups
from weisf.mail import NO_MAIL

URL = "/admin/auth/user/invite/"
NEW = {
    "password1": "another password of these tests",
    "password2": "another password of these tests",
}


def send(door: Client, name: str = "Editor", **typed: str):
    groups()
    group = Group.objects.get_or_create(name=name)[0]
    sent = {"username": "nina", "email": "nina@example.org", "group": str(group.pk)}
    return door.post(URL, sent | typed)


@pytest.mark.both_databases
def test_a_link_sets_the_password_once(administrator, settings, caplog, quick_passwords):
    caplog.set_level("INFO", logger="security")
    settings.SITE_URL = "https://register.example.org"
    assert URL in door_of(administrator).get("/admin/auth/user/").content.decode()
    assert send(door_of(administrator)).status_code == 302
    nina = User.objects.get(username="nina")
    assert not nina.has_usable_password()
    assert [each.name for each in nina.groups.all()] == ["Editor"]
    found = re.search(r"https://register\.example\.org(/\S+)", mail.outbox[0].body)
    assert found
    door = Client()
    form = door.get(found[1], follow=True).redirect_chain[-1][0]
    assert door.post(form, NEW).status_code == 302
    nina.refresh_from_db()
    assert nina.check_password(NEW["password1"])
    assert Client().get(found[1], follow=True).context["token_fail"]
    invited = next(each for each in caplog.records if each.getMessage() == "user_invited")
    assert (invited.account, invited.group) == (nina.pk, "Editor")


@pytest.mark.parametrize(
    "typed", [{"username": "EDITH"}, {"email": "who?"}, {"group": "0"}, {"username": ""}]
)
def test_who_cannot_be_invited_is_not(administrator, editor, typed):
    User.objects.filter(pk=editor.pk).update(username="edith")
    assert send(door_of(administrator), **typed).context["form"].errors.keys() == typed.keys()
    assert not mail.outbox


def test_nobody_invites_above_their_rights(administrator, editor):
    more = Group.objects.create(name="More")
    more.permissions.set(Permission.objects.filter(codename="delete_user"))
    assert send(door_of(administrator), "More").context["form"].errors.keys() == {"group"}
    assert send(door_of(editor)).status_code == 403


def test_without_e_mail_a_user_is_added_with_a_password(administrator, settings):
    settings.EMAIL_BACKEND = NO_MAIL
    assert send(door_of(administrator)).headers["Location"] == "/admin/auth/user/add/"
