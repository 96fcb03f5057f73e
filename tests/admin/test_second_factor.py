"""A password alone opens nothing: codes from a telephone, recovery codes, and setting them up."""

from __future__ import annotations

import re
import time

import pytest
import time_machine
from django.contrib import admin
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import Client
from django_otp.oath import TOTP
from django_otp.plugins.otp_static.models import StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from registers.accounts.second_factor import letters
from tests.cast import PASSWORD, door_of, somebody
from tests.permissions import TABLE

FACTOR, ENROL, CODES = (
    "/admin/second-factor/",
    "/admin/second-factor/enrol/",
    "/admin/second-factor/codes/",
)


@pytest.fixture(autouse=True)
def clock(settings, quick_passwords):
    settings.SECOND_FACTOR = True
    with time_machine.travel("2026-11-23T09:00:00+00:00", tick=False) as clock:
        yield clock


@pytest.fixture
def edith(db) -> User:
    return somebody("edith", "Editor", password=PASSWORD)


@pytest.fixture
def door(edith) -> Client:
    """A browser in which Edith has given her password and no more."""
    return door_of(edith)


def code_of(secret: str, *, steps: int = 0) -> str:
    """Return what a telephone with the secret shows, some steps of 30 seconds from now."""
    totp = TOTP(bytes.fromhex(secret))
    totp.time = time.time() + 30 * steps
    return f"{totp.token():06d}"


def secret_in(door: Client) -> str:
    return door.session["second_factor_secret"]


def set_up(door: Client) -> tuple[str, list[str]]:
    """Set a telephone up as a person does; return its secret and the recovery codes."""
    door.get(ENROL)
    secret = secret_in(door)
    page = door.post(ENROL, {"code": code_of(secret)}, follow=True)
    found = re.findall(r"<code>([a-z0-9-]{24})</code>", page.content.decode())
    assert len(found) == 10
    door.post(CODES, {"kept": "yes"})
    return secret, found


@pytest.fixture
def phone(edith) -> tuple[str, list[str]]:
    """What Edith has set up on an earlier day."""
    with time_machine.travel("2026-11-20T09:00:00+00:00", tick=False):
        return set_up(door_of(edith))


def is_in(door: Client) -> bool:
    return door.get("/admin/").status_code == 200


def test_nothing_opens_to_a_password_alone(door, phone):
    for route, row in TABLE.items():
        if not route.startswith("admin/") or "second" in route or route == "admin/logout/":
            continue
        address = re.sub("{[a-z]+}", "1", row.at)
        for method in (door.get, door.post):
            answer = method(address, row.sends)
            if route != "admin/login/":
                assert answer.headers["Location"].startswith("/admin/login/"), address
            elif method == door.get:
                assert answer.headers["Location"].startswith(FACTOR)
    assert door.get("/admin/logout/").status_code == 405
    assert door.post("/admin/logout/").status_code == 200


def test_the_first_log_in_sets_it_up(edith):
    door = Client()
    form = {"username": "edith", "password": PASSWORD, "next": "/admin/registers/protocol/"}
    page = door.post("/admin/login/", form, follow=True)
    assert page.redirect_chain[-1][0].startswith(ENROL)
    assert not TOTPDevice.objects.exists()
    held, html = secret_in(door), page.content.decode()
    assert letters(held) in html
    assert "<svg" in html
    assert "style=" not in html
    key = door.session.session_key
    asked = f"{ENROL}?next=/admin/registers/protocol/"
    page = door.post(asked, {"code": code_of(held)}, follow=True)
    assert door.session.session_key != key
    assert TOTPDevice.objects.get(confirmed=True).user == edith
    assert page.content.decode().count("<li><code>") == 10
    text = door.get("/admin/second-factor/codes.txt")
    assert text.headers["Content-Disposition"].startswith("attachment")
    assert len(re.findall("(?m)^[a-z0-9-]{24}", text.content.decode())) == 10
    on = door.post(CODES, {"kept": "yes", "next": "/admin/registers/protocol/"})
    assert on.headers["Location"] == "/admin/registers/protocol/"
    assert "second_factor_secret" not in door.session
    assert door.get("/admin/second-factor/codes.txt").status_code == 404
    assert "10 recovery codes left" in door.get(CODES).content.decode()


def test_a_code_lets_in_once(edith, door, phone, clock):
    secret, _ = phone
    key = door.session.session_key
    code = code_of(secret)
    answer = door.post(FACTOR, {"code": f" {code[:3]} {code[3:]} ", "next": "/admin/auth/"})
    assert answer.headers["Location"] == "/admin/auth/"
    assert door.session.session_key != key
    assert is_in(door)
    second = door_of(edith)
    assert "is wrong, or was used" in second.post(FACTOR, {"code": code}).content.decode()
    assert not is_in(second)
    clock.shift(60)
    second.post(FACTOR, {"code": code_of(secret)})
    assert is_in(second)


@pytest.mark.parametrize("steps", [-3, 3])
def test_a_code_of_another_time_is_wrong(door, phone, steps):
    door.post(FACTOR, {"code": code_of(phone[0], steps=steps)})
    assert not is_in(door)


def test_a_recovery_code_lets_in_once(edith, door, phone):
    code = phone[1][0]
    door.post(FACTOR, {"code": code.upper().replace("-", " ")})
    assert is_in(door)
    assert StaticToken.objects.count() == 9
    assert "9 recovery codes left" in door.get(FACTOR).content.decode()
    second = door_of(edith)
    second.post(FACTOR, {"code": code})
    assert not is_in(second)


def test_recovery_codes_cannot_be_read_back(phone):
    kept = set(StaticToken.objects.values_list("token", flat=True))
    assert not kept & {code.replace("-", "") for code in phone[1]}
    assert not any(token in code for token in kept for code in phone[1])


def test_recovery_codes_are_made_anew(edith, door, phone, clock):
    secret, old = phone
    door.post(FACTOR, {"code": old[0]})
    assert "is wrong" in door.post(CODES, {"code": "000000"}).content.decode()
    clock.shift(2)
    page = door.post(CODES, {"code": code_of(secret)}, follow=True).content.decode()
    new = re.findall(r"<code>([a-z0-9-]{24})</code>", page)
    assert len(new) == 10
    assert not set(new) & set(old)
    assert is_in(door)
    second = door_of(edith)
    second.post(FACTOR, {"code": old[1]})
    assert not is_in(second)


@pytest.mark.parametrize(
    "code", ["", "000000", "1", "x" * 41, "٠٠٠٠٠٠", "-1", "1e5", "½", "null", "a" * 20]
)
def test_what_is_no_code_lets_nobody_in(door, phone, code):
    assert door.post(FACTOR, {"code": code}).status_code == 200
    assert not is_in(door)


def test_wrong_codes_are_slowed_down_and_then_locked(edith, door, phone, clock):
    page = door.post(FACTOR, {"code": "000000"}).content.decode()
    assert "in 1 seconds" in page or "in 2 seconds" in page
    answers = [door.post(FACTOR, {"code": "000000"}).status_code for _ in range(10)]
    assert answers[-1] == 429
    assert door.post(FACTOR, {"code": phone[1][0]}).status_code == 429
    # It is the lock of the log-in: her name is locked from everywhere.
    form = {"username": "edith", "password": PASSWORD}
    assert Client().post("/admin/login/", form, REMOTE_ADDR="192.0.2.1").status_code == 429


@pytest.mark.parametrize(("page", "box"), [(ENROL, "code"), (CODES, "code")])
def test_guessing_on_the_other_pages_is_counted_too(edith, page, box):
    door = door_of(edith)
    if page == CODES:
        set_up(door)
    else:
        door.get(ENROL)
    answers = [door.post(page, {box: "000000"}).status_code for _ in range(11)]
    assert answers[-1] == 429


@pytest.mark.parametrize(
    "wanted", ["https://elsewhere.example/", "//elsewhere.example", "javascript:alert(1)", "\\\\x"]
)
def test_it_leads_nowhere_else(door, phone, wanted):
    answer = door.post(FACTOR, {"code": phone[1][0], "next": wanted})
    assert answer.headers["Location"] == "/admin/"
    assert "elsewhere" not in door.get(f"{FACTOR}?next={wanted}").content.decode()


def test_nobody_sets_up_another_with_the_password_alone(door, phone):
    for method in (door.get, door.post):
        assert method(ENROL).headers["Location"].startswith(FACTOR)
    assert "second_factor_secret" not in door.session


def test_another_telephone_needs_the_one_before(edith, door, phone, clock):
    secret, old = phone
    door.post(FACTOR, {"code": old[0]})
    door.get(ENROL)
    new = secret_in(door)
    page = door.post(ENROL, {"old": "000000", "code": code_of(new)}).content.decode()
    assert "is wrong" in page
    page = door.post(ENROL, {"old": old[1], "code": "000000"}).content.decode()
    assert "is wrong" in page
    assert TOTPDevice.objects.get().key == secret
    page = door.post(ENROL, {"old": old[2], "code": code_of(new)}, follow=True)
    assert page.content.decode().count("<li><code>") == 10
    assert TOTPDevice.objects.get().key == new
    clock.shift(60)
    second = door_of(edith)
    second.post(FACTOR, {"code": code_of(secret)})
    assert not is_in(second)
    second.post(FACTOR, {"code": old[3]})
    assert not is_in(second)


def test_of_two_who_set_up_at_once_one_wins(edith):
    one, other = door_of(edith), door_of(edith)
    for door in (one, other):
        door.get(ENROL)
    held = secret_in(other)
    set_up(one)
    answer = other.post(ENROL, {"code": code_of(held)})
    assert answer.headers["Location"].startswith(FACTOR)
    assert not is_in(other)
    assert TOTPDevice.objects.count() == 1


def test_a_secret_is_of_one_session(edith):
    one, other = door_of(edith), door_of(edith)
    secrets = []
    for door in (one, other):
        door.get(ENROL)
        secrets.append(secret_in(door))
    assert secrets[0] != secrets[1]
    one.get(ENROL)
    assert secret_in(one) == secrets[0]
    assert "is wrong" in other.post(ENROL, {"code": code_of(secrets[0])}).content.decode()
    # Whoever comes in by the same browser next is shown another.
    one.force_login(somebody("paul", "Publisher"))
    one.get(ENROL)
    assert secret_in(one) != secrets[0]


def test_a_form_without_a_page_before_sets_nothing_up(door):
    assert "is wrong" in door.post(ENROL, {"code": "000000"}).content.decode()
    assert not TOTPDevice.objects.exists()


def test_whoever_is_half_in_can_leave(door, phone):
    assert "Log out" in door.get(FACTOR).content.decode()
    key = door.session.session_key
    answer = door.post("/admin/logout/")
    assert answer.status_code == 200
    assert "You are logged out</h1>" in answer.content.decode()
    assert not Session.objects.filter(pk=key).exists()
    assert door.get(FACTOR).headers["Location"].startswith("/admin/login/")


@pytest.mark.parametrize("page", [FACTOR, ENROL, CODES, f"{CODES[:-1]}.txt"])
def test_a_stranger_and_a_reader_are_sent_to_the_log_in(db, page):
    for door in (door_of(None), door_of(User.objects.create_user("rita"))):
        for method in (door.get, door.post):
            assert method(page).headers["Location"].startswith("/admin/login/")


def test_a_new_password_in_the_same_session_asks_again(edith, door, phone):
    door.post(FACTOR, {"code": phone[1][0]})
    assert is_in(door)
    key = door.session.session_key
    door.post("/admin/login/", {"username": "edith", "password": PASSWORD})
    assert door.session.session_key != key
    assert not is_in(door)


def test_no_secret_of_anybody_is_in_admin(phone):
    shown = {model._meta.app_label for model in admin.site._registry}
    assert shown == {"auth", "registers"}


def test_where_it_is_not_asked_for_the_pages_lead_on(door, settings):
    settings.SECOND_FACTOR = False
    assert is_in(door)
    assert door.get(FACTOR).headers["Location"] == "/admin/"
    assert "Second factor" not in door.get("/admin/").content.decode()
