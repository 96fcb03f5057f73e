"""A password alone opens nothing: codes of an app, recovery codes, and setting them up."""

from __future__ import annotations

import re
import time

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
)
from django.contrib import admin
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import Client

from registers.accounts.sessions import reset_second_factor
from tests.admin.typing_in import Page
from tests.cast import PASSWORD, door_of, somebody
from tests.permissions import TABLE

LOG_IN, FACTOR = "/admin/login/", "/admin/second-factor/authenticate/"
SET_UP, CODES = "/admin/second-factor/totp/activate/", "/admin/second-factor/recovery-codes/"
OVERVIEW = "/admin/second-factor/"


@pytest.fixture(autouse=True)
def clock(settings, quick_passwords):
    settings.SECOND_FACTOR = True
    with time_machine.travel("2026-11-23T09:00:00+00:00", tick=False) as clock:
        yield clock


@pytest.fixture
def edith(db) -> User:
    return somebody("edith", "Editor", password=PASSWORD)


def with_password(name: str = "edith", **more: str) -> Client:
    """Return a browser in which somebody has given the password and no more."""
    door = Client()
    door.post(LOG_IN, {"login": name, "password": PASSWORD, **more})
    return door


@pytest.fixture
def app(edith) -> tuple[str, list[str]]:
    """What Edith has set up on an earlier day: the key of an app, and recovery codes."""
    secret = generate_totp_secret()
    TOTP.activate(edith, secret)
    return secret, RecoveryCodes.activate(edith).generate_codes()


@pytest.fixture
def door(app) -> Client:
    return with_password()


def code_of(secret: str, *, steps: int = 0) -> str:
    """Return what an app with the secret shows, some steps of 30 seconds from now."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + steps))


def secret_in(door: Client) -> str:
    found = re.search(r'qr-letters">([A-Z2-7 ]+)<', door.get(SET_UP).content.decode())
    assert found
    return found[1].replace(" ", "")


def set_up(door: Client) -> tuple[str, list[str]]:
    """Set an app up as a person does; return its secret and the recovery codes."""
    secret = secret_in(door)
    page = door.post(SET_UP, {"code": code_of(secret)}, follow=True)
    found = re.findall(r"<code>([0-9 ]{19})</code>", page.content.decode())
    assert len(found) == 10
    return secret, found


def test_a_wrong_code_of_a_new_app_sets_nothing_up(edith):
    door = with_password()
    right = code_of(secret_in(door))
    page = door.post(SET_UP, {"code": f"{(int(right) + 1) % 10**6:06}"})
    assert "six digits" in str(page.context["form"].errors["code"])
    assert not Authenticator.objects.filter(user=edith).exists()


def is_in(door: Client) -> bool:
    return door.get("/admin/").status_code == 200


@pytest.mark.parametrize("what", ["factor", "password"])
def test_a_log_in_half_way_ends_when_an_administrator_resets(door, edith, app, what):
    if what == "factor":
        reset_second_factor(edith)
    else:
        edith.set_password("another of these tests")
        edith.save()
    door.post(FACTOR, {"code": app[1][0]})
    assert not is_in(door)
    assert door.get(LOG_IN).status_code == 200


def test_nothing_opens_to_a_password_alone(door):
    for route, row in TABLE.items():
        if not route.startswith("admin/") or re.search(
            "log|second-factor|password_(re)?set", route
        ):
            continue
        address = re.sub("{[a-z_]+}", "1", row.at)
        for method in (door.get, door.post):
            answer = method(address, row.sends)
            assert answer.headers["Location"].startswith(LOG_IN), address


@pytest.mark.both_databases
@pytest.mark.django_db(transaction=True)
def test_who_has_none_sets_one_up_before_anything_else(edith):
    door = with_password()
    for address in ("/admin/", "/admin/registers/protocol/", "/admin/sessions/", CODES):
        assert door.get(address).headers["Location"] == OVERVIEW
    assert "Add a passkey" in door.get(OVERVIEW).content.decode()
    page = door.get(SET_UP).content.decode()
    assert "<svg" in page
    assert not Page(page).inline
    _, codes = set_up(door)
    assert is_in(door)
    again = door.get(CODES).content.decode()
    assert not any(code in again for code in codes)


def test_a_code_lets_in_once(edith, app, door, clock):
    code = code_of(app[0])
    answer = door.post(FACTOR, {"code": f" {code[:3]} {code[3:]} "})
    assert answer.status_code == 302
    assert is_in(door)
    second = with_password()
    assert second.post(FACTOR, {"code": code}).context["form"].errors["code"]
    assert not is_in(second)
    clock.shift(60)
    assert second.post(FACTOR, {"code": code}).status_code == 200
    second.post(FACTOR, {"code": code_of(app[0])})
    assert is_in(second)


def test_it_leads_on_to_the_page_that_was_asked_for(app):
    door = with_password(next="/admin/registers/protocol/")
    answer = door.post(FACTOR, {"code": code_of(app[0])})
    assert answer.headers["Location"] == "/admin/registers/protocol/"


@pytest.mark.parametrize(
    "wanted",
    [
        "https://elsewhere.example/",
        "//elsewhere.example",
        "javascript:alert(1)",
        "\\\\x",
        "http://localhost:9999/",
    ],
)
def test_it_leads_nowhere_else(app, wanted):
    door = with_password(next=wanted)
    assert door.post(FACTOR, {"code": code_of(app[0])}).headers["Location"] == "/admin/"


@pytest.mark.parametrize("steps", [-3, 3])
def test_a_code_of_another_time_is_wrong(door, app, steps):
    door.post(FACTOR, {"code": code_of(app[0], steps=steps)})
    assert not is_in(door)


@pytest.mark.both_databases
def test_a_recovery_code_lets_in_once(app, door, clock):
    code = app[1][0]
    door.post(FACTOR, {"code": f"{code[:8]}-{code[8:]}"})
    assert is_in(door)
    assert "9 recovery codes left" in door.get(OVERVIEW).content.decode()
    clock.shift(600)
    second = with_password()
    second.post(FACTOR, {"code": code})
    assert not is_in(second)


def test_neither_key_nor_codes_can_be_read_from_a_back_up(app):
    stored = str(list(Authenticator.objects.values_list("data", flat=True)))
    assert not any(secret in stored for secret in (app[0], *app[1]))


def test_a_replaced_secret_key_lets_nobody_in(app, settings):
    settings.SECRET_KEY = "another" * 10
    door = with_password()
    for code in (code_of(app[0]), app[1][0], "000000"):
        door.post(FACTOR, {"code": code})
    assert not is_in(door)


def test_recovery_codes_are_made_anew(app, door):
    door.post(FACTOR, {"code": app[1][0]})
    page = door.post(f"{CODES}generate/", follow=True).content.decode()
    new = re.findall(r"<code>([0-9 ]{19})</code>", page)
    assert len(set(new) - set(app[1])) == 10
    second = with_password()
    second.post(FACTOR, {"code": app[1][1]})
    assert not is_in(second)


@pytest.mark.parametrize(
    "code", ["", "000000", "1", "x" * 4100, "٠٠٠٠٠٠", "-1", "1e5", "½", "null", "a" * 20]
)
def test_what_is_no_code_lets_nobody_in(door, code):
    assert door.post(FACTOR, {"code": code}).status_code == 200
    assert not is_in(door)


@pytest.mark.parametrize(
    "credential",
    ["", "null", "[]", "{}", "{", '{"response": 1}', '{"id": "AA", "rawId": "AA", "response": {}}'],
)
@pytest.mark.parametrize("page", [FACTOR, "/admin/second-factor/webauthn/login/"])
def test_what_is_no_passkey_lets_nobody_in(door, page, credential):
    answer = door.post(page, {"credential": credential})
    assert answer.status_code in {200, 302}
    assert not is_in(door)


def why(answer) -> str:
    """Return why a code is refused."""
    (error,) = answer.context["form"].errors.as_data()["code"]
    return error.code


def test_wrong_codes_lock_the_codes_of_this_user_everywhere(app, door, clock):
    answers = [why(door.post(FACTOR, {"code": "000000"})) for _ in range(10)]
    assert answers == ["incorrect_code"] * 10
    elsewhere = with_password()
    answer = elsewhere.post(FACTOR, {"code": app[1][0]}, REMOTE_ADDR="192.0.2.9")
    assert why(answer) == "too_many_login_attempts"
    clock.shift(15 * 60 + 1)
    third = with_password()
    third.post(FACTOR, {"code": app[1][0]})
    assert is_in(third)


def test_a_code_before_a_change_of_the_factor_is_counted_too(app, door, clock):
    door.post(FACTOR, {"code": app[1][0]})
    clock.shift(600)
    answer = door.get("/admin/second-factor/totp/deactivate/")
    assert "reauthenticate" in answer.headers["Location"]
    url = "/admin/second-factor/reauthenticate/"
    answers = [door.post(url, {"code": "000000"}) for _ in range(11)]
    assert why(answers[9]) == "incorrect_code"
    assert answers[10].status_code == 429


@pytest.mark.both_databases
@pytest.mark.django_db(transaction=True)
def test_a_session_of_before_sets_nothing_up_once_there_is_one(edith):
    """Two browsers were given the password, and one was quicker."""
    one, other = with_password(), with_password()
    secret = secret_in(other)
    set_up(one)
    answer = other.post(SET_UP, {"code": code_of(secret)})
    assert answer.headers["Location"].startswith(LOG_IN)
    assert not is_in(other)
    assert Authenticator.objects.filter(type="totp").count() == 1


def test_who_removes_the_last_one_must_set_up_another(app, door):
    door.post(FACTOR, {"code": app[1][0]})
    door.post("/admin/second-factor/totp/deactivate/")
    assert not Authenticator.objects.exists()
    assert door.get("/admin/").headers["Location"] == OVERVIEW


def test_who_is_half_in_can_leave(edith):
    door = with_password()
    assert "Log out" in door.get(OVERVIEW).content.decode()
    key = door.session.session_key
    page = door.get("/admin/logout/")
    assert "account/logout.html" in {each.origin.template_name for each in page.templates}
    assert "Sign Out" not in page.content.decode()
    assert door.post("/admin/logout/").headers["Location"] == LOG_IN
    assert not Session.objects.filter(pk=key).exists()


@pytest.mark.parametrize("page", [FACTOR, SET_UP, CODES, OVERVIEW, "/admin/sessions/"])
def test_a_stranger_and_a_reader_are_sent_to_the_log_in(db, page):
    for door in (door_of(None), door_of(User.objects.create_user("rita"))):
        for method in (door.get, door.post):
            assert method(page).headers["Location"].startswith(LOG_IN)


def test_no_secret_of_anybody_is_in_admin(app):
    shown = {model._meta.app_label for model in admin.site._registry}
    assert shown == {"auth", "registers"}


def test_where_it_is_not_required_the_password_is_enough(edith, settings):
    settings.SECOND_FACTOR = False
    assert is_in(with_password())


@pytest.mark.parametrize(("minutes_between", "requests"), [(121, 1), (118, 7)])
def test_a_session_ends_when_it_is_idle_and_after_twelve_hours(
    edith, settings, clock, minutes_between, requests
):
    settings.SECOND_FACTOR = False
    door = with_password()
    for _ in range(requests - 1):
        clock.shift(minutes_between * 60)
        assert is_in(door)
    clock.shift(minutes_between * 60)
    assert door.get("/admin/").headers["Location"].startswith(LOG_IN)


def test_the_own_other_sessions_are_listed_and_ended(edith, settings):
    settings.SECOND_FACTOR = False
    here, elsewhere = with_password(), with_password()
    page = here.get("/admin/sessions/").content.decode()
    assert page.count("127.0.0.1") == 2
    here.post("/admin/sessions/")
    assert is_in(here)
    assert not is_in(elsewhere)
