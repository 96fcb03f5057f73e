"""A forgotten password is reset by e-mail; who may not come in learns it in a sentence."""

from __future__ import annotations

import re

import pytest
import time_machine
from allauth.account.adapter import get_adapter
from allauth.core.context import request_context
from django.contrib.auth.models import Group, User
from django.core import mail
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from django.urls import reverse

from tests.admin.typing_in import send
from tests.cast import PASSWORD, door_of, somebody
from weisf.environment import read_cache
from weisf.mail import NO_MAIL

RESET, LOG_IN = "/admin/password_reset/", "/admin/login/"


@pytest.fixture
def edith(db, quick_passwords, settings) -> User:
    settings.SITE_URL = "https://register.example.org"
    return somebody("edith", "Editor", password=PASSWORD, email="edith@example.org")


def test_a_mailed_link_is_good_once(edith):
    door = Client()
    door.post(RESET, {"email": "edith@example.org"}, HTTP_HOST="localhost")
    found = re.search(r"https://register\.example\.org(/\S+)", mail.outbox[0].body)
    assert found
    # The host that was asked for is the sender's to choose.
    assert "localhost" not in mail.outbox[0].subject + mail.outbox[0].body
    form = door.get(found[1], follow=True).redirect_chain[-1][0]
    new = "another password of these tests"
    assert door.post(form, {"password1": new, "password2": new}).status_code == 302
    edith.refresh_from_db()
    assert edith.check_password(new)
    assert Client().get(found[1], follow=True).context["token_fail"]


@pytest.mark.parametrize(
    ("is_active", "new"), [(False, "another of these tests"), (True, PASSWORD)]
)
def test_a_link_sets_no_password_of_who_left_and_not_the_same(edith, is_active, new):
    door = Client()
    door.post(RESET, {"email": "edith@example.org"})
    link = re.search(r"https://register\.example\.org(/\S+)", mail.outbox[0].body)
    form = door.get(link[1], follow=True).redirect_chain[-1][0]
    User.objects.update(is_active=is_active)
    assert door.post(form, {"password1": new, "password2": new}).status_code == 200
    edith.refresh_from_db()
    assert edith.check_password(PASSWORD)


def test_a_first_password_is_not_changed_to_itself(edith):
    User.objects.update(last_login=None)
    door = Client()
    door.post(LOG_IN, {"login": "edith", "password": PASSWORD})
    same = {"oldpassword": PASSWORD, "password1": PASSWORD, "password2": PASSWORD}
    assert door.post("/admin/password_change/", same).status_code == 200
    assert door.get("/admin/").headers["Location"] == "/admin/password_change/"


def test_one_address_gets_five_links_an_hour(edith):
    with time_machine.travel("2026-11-23T09:00:00+00:00", tick=False) as clock:
        for number in range(7):
            Client().post(RESET, {"email": edith.email}, REMOTE_ADDR=f"192.0.2.{number}")
            clock.shift(61)
    assert len(mail.outbox) == 5


@pytest.mark.parametrize("url", ["https://localhost/", "http://testserver/", "//testserver/"])
def test_a_log_in_leads_to_a_path_of_this_site_alone(edith, url):
    answer = Client().post(LOG_IN, {"login": "edith", "password": PASSWORD, "next": url})
    assert answer.headers["Location"] == "/admin/"


def test_who_has_a_password_is_not_invited_again(edith):
    User.objects.update(last_login=None)  # as when an administrator has set it
    Client().post(RESET, {"email": edith.email})
    assert "invit" not in mail.outbox[0].subject + mail.outbox[0].body


def test_whoever_asked_for_a_link_can_set_up_a_second_factor(edith):
    door = Client()
    door.post(RESET, {"email": "edith@example.org"})
    door.post(LOG_IN, {"login": "edith", "password": PASSWORD})
    assert door.get("/admin/second-factor/totp/activate/").status_code == 200


def test_an_address_of_before_gets_no_link(edith, administrator):
    Client().post(RESET, {"email": "edith@example.org"})
    form = reverse("admin:auth_user_change", args=[edith.pk])
    editors = Group.objects.get(name="Editor").pk
    send(door_of(administrator), form, email="new@example.org", groups=editors)
    edith.refresh_from_db()
    assert edith.email == "new@example.org"
    mail.outbox.clear()
    Client().post(RESET, {"email": "edith@example.org"})
    assert not mail.outbox
    Client().post(RESET, {"email": "new@example.org"})
    assert [each.to for each in mail.outbox] == [["new@example.org"]]


@pytest.mark.parametrize("email", ["nobody@example.org", "left@example.org", "edith@example.org"])
def test_nobody_else_gets_an_e_mail_and_the_answer_is_the_same(edith, email, settings):
    settings.EMAIL_BACKEND = "tests.admin.test_users.Broken"
    somebody("left", email="left@example.org", is_active=False)
    answer = Client().post(RESET, {"email": email})
    assert answer.headers["Location"] == f"{RESET}done/"
    assert not mail.outbox


@pytest.mark.parametrize("uid", ["1", "zzzzzzzzzzzzz", "0"])
def test_a_forged_link_is_refused_with_a_sentence(edith, uid):
    answer = Client().get(f"{RESET}{uid}/c0ffee-0123456789/")
    assert answer.context["token_fail"]


@pytest.mark.parametrize(("backend", "has_form"), [(NO_MAIL, False), ("some.smtp", True)])
def test_without_e_mail_the_page_says_whom_to_ask(db, settings, backend, has_form):
    settings.EMAIL_BACKEND = backend
    assert RESET in Client().get(LOG_IN).content.decode()
    page = Client().get(RESET).content.decode()
    assert ('name="email"' in page, "Ask an administrator" in page) == (has_form, not has_form)


@pytest.mark.parametrize("is_editor", [True, False])
def test_who_came_by_a_passkey_is_an_editor(db, rf, is_editor):
    user = somebody("rita", is_staff=is_editor)
    request = rf.get(LOG_IN)
    request.session = {}
    with request_context(request):
        answer = get_adapter().pre_login(request, user)
    assert (answer is None) == is_editor
    assert is_editor or answer.status_code == 403


@pytest.mark.parametrize(
    ("address", "stored"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("192.0.2.1:50123", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("[::ffff:192.0.2.1]:443", "192.0.2.1"),
        ("[2001:db8::1]:443", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("what?", "::"),
    ],
)
def test_an_address_that_cannot_be_read_is_stored_as_none(rf, address, stored):
    assert get_adapter().get_client_ip(rf.get("/", REMOTE_ADDR=address)) == stored


def test_a_cache_is_in_the_database_or_redis():
    assert read_cache("")["BACKEND"].endswith("DatabaseCache")
    assert read_cache("valkey://host:6379/0")["LOCATION"] == "redis://host:6379/0"
    with pytest.raises(ImproperlyConfigured, match="CACHE_URL"):
        read_cache("memcached://host")


@pytest.mark.parametrize("at", ["/admin/signup/", "/admin/accounts/signup/", "/accounts/signup/"])
def test_nobody_signs_up(db, at):
    form = {"username": "eve", "email": "eve@example.org", "password1": PASSWORD}
    Client().post(at, form | {"password2": PASSWORD})
    assert not User.objects.filter(username="eve").exists()
