"""An editor is invited by e-mail, and chooses the password by a link that is good once."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.core import mail
from django.test import Client

from tests.cast import PASSWORD, door_of, groups, somebody
from weisf.mail import NO_MAIL

URL, LOG_IN = "/admin/auth/user/add/", "/admin/login/"
NEW = {"password1": PASSWORD, "password2": PASSWORD}

pytestmark = pytest.mark.usefixtures("quick_passwords")


@pytest.fixture(autouse=True)
def site(settings: Any) -> None:
    settings.SITE_URL = "https://register.example.org"


def send(door: Client, name: str = "Editor", **typed: str) -> Any:
    groups()
    group = Group.objects.get_or_create(name=name)[0]
    sent = {"username": "nina", "email": "Nina@example.org", "groups": str(group.pk)}
    return door.post(URL, sent | typed)


def link() -> str:
    found = re.search(r"https://register\.example\.org(/\S+)", mail.outbox[-1].body)
    assert found
    return found[1]


def form_of(door: Client, link: str) -> str:
    return door.get(link, follow=True).redirect_chain[-1][0]


@pytest.mark.both_databases
def test_a_link_sets_the_password_once(administrator):
    door = door_of(administrator)
    assert send(door).status_code == 302
    said = [str(each) for each in door.get("/admin/auth/user/").context["messages"]]
    assert ["nina@example.org" in each for each in said] == [True]
    nina = User.objects.get(username="nina")
    assert not nina.has_usable_password()
    assert nina.is_staff
    assert [each.name for each in nina.groups.all()] == ["Editor"]
    assert mail.outbox[0].to == ["nina@example.org"]
    assert "invitation" in mail.outbox[0].subject
    door, late = Client(), Client()
    form, form_too_late = form_of(door, link()), form_of(late, link())
    assert door.post(form, NEW).status_code == 302
    # The same link, used twice: opened before, and after.
    answer = late.post(form_too_late, dict.fromkeys(NEW, "other words by far"))
    assert answer.context["token_fail"]
    assert Client().get(link(), follow=True).context["token_fail"]
    # It is their own, so nothing else is due.
    assert door.post(LOG_IN, {"login": "nina", "password": PASSWORD}).status_code == 302
    assert door.get("/admin/").status_code == 200


def test_an_expired_link_is_told_in_a_sentence(administrator, settings):
    send(door_of(administrator))
    settings.PASSWORD_RESET_TIMEOUT = -1
    answer = Client().get(link(), follow=True)
    assert answer.context["token_fail"]
    assert "three days old" in answer.content.decode()


@pytest.mark.parametrize(
    "typed",
    [{"username": "EDITH"}, {"email": "who?"}, {"email": ""}, {"groups": "0"}, {"username": ""}],
)
def test_who_cannot_be_invited_is_not(administrator, editor, typed):
    User.objects.filter(pk=editor.pk).update(username="edith")
    errors = send(door_of(administrator), **typed).context["adminform"].form.errors
    assert errors.keys() == typed.keys()
    assert not mail.outbox


def test_nobody_is_invited_to_the_address_of_another(administrator, editor):
    User.objects.filter(pk=editor.pk).update(email="nina@example.org")
    assert "email" in send(door_of(administrator)).context["adminform"].form.errors


def test_nobody_invites_above_their_rights(administrator, editor, publisher):
    more = Group.objects.create(name="More")
    more.permissions.set(Permission.objects.filter(codename="delete_user"))
    refused = send(door_of(administrator), "More").context["adminform"].form
    assert refused.errors.keys() == {"groups"}
    for user in (editor, publisher):
        assert send(door_of(user), "Administrator").status_code == 403
    assert not mail.outbox


def test_where_the_e_mail_cannot_be_sent_nobody_is_invited(administrator, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    answer = send(door_of(administrator))
    assert answer.headers["Location"] == URL
    assert not User.objects.filter(username="nina").exists()


@pytest.mark.both_databases
def test_without_e_mail_a_first_password_is_changed_at_the_first_log_in(administrator, settings):
    settings.EMAIL_BACKEND = NO_MAIL
    door = door_of(administrator)
    page = send(door).headers["Location"]
    assert page.endswith("/password/")
    first = {"usable_password": "true", "password1": PASSWORD, "password2": PASSWORD}
    assert door.post(page, first).status_code == 302
    theirs = Client()
    theirs.post(LOG_IN, {"login": "nina", "password": PASSWORD})
    for address in ("/admin/", "/admin/registers/protocol/", "/admin/second-factor/"):
        for ask in (theirs.get, theirs.post):
            assert ask(address).headers["Location"] == "/admin/password_change/"
    own = {"oldpassword": PASSWORD, **dict.fromkeys(NEW, "quite another one")}
    theirs.post("/admin/password_change/", own)
    assert theirs.get("/admin/").status_code == 200
    again = Client()
    again.post(LOG_IN, {"login": "nina", "password": "quite another one"})
    assert again.get("/admin/").status_code == 200


@pytest.mark.both_databases
def test_a_password_that_another_has_chosen_is_changed_at_the_next_log_in(administrator, db):
    edith = somebody("edith", "Editor", password="words of Edith alone")
    theirs = Client()
    theirs.post(LOG_IN, {"login": "edith", "password": "words of Edith alone"})
    assert theirs.get("/admin/").status_code == 200
    first = {"usable_password": "true", **NEW}
    door_of(administrator).post(f"/admin/auth/user/{edith.pk}/password/", first)
    assert theirs.get("/admin/").headers["Location"].startswith(LOG_IN)
    # However often: a second log-in is no way round it.
    for _ in range(2):
        theirs.post(LOG_IN, {"login": "edith", "password": PASSWORD})
        assert theirs.get("/admin/").headers["Location"] == "/admin/password_change/"
        theirs.post("/admin/logout/")
