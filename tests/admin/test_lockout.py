"""Failures lock an address, and a name from one address, for a while; a name alone never."""

from __future__ import annotations

import datetime
import io
import re
import time

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.core.management import call_command
from django.db import connection
from django.test import Client

from registers.accounts.adapter import MOST_SLOWED, SLOWED_BY
from tests.cast import PASSWORD, door_of, somebody

LOG_IN = "/admin/login/"
MOST_BY_ADDRESS = 30
CLIENT = Client()
START = datetime.datetime(2026, 11, 23, 9, 0, tzinfo=datetime.UTC)


@pytest.fixture(autouse=True)
def clock(quick_passwords):
    with time_machine.travel(START, tick=False) as clock:
        yield clock


@pytest.fixture(autouse=True)
def waits(monkeypatch):
    """Return how long each try was slowed, which the tests do not wait for."""
    waited = []
    monkeypatch.setattr(time, "sleep", waited.append)
    return waited


@pytest.fixture
def edith(db):
    return somebody("edith", "Editor", password=PASSWORD)


def try_in(name="edith", password="wrong", *, address="192.0.2.1", **headers):
    form = {"login": name, "password": password}
    # Nothing of the time before is in the browser, which is set up only once.
    CLIENT.cookies.clear()
    return CLIENT.post(LOG_IN, form, REMOTE_ADDR=address, **headers)


def refused(answer):
    """Return why somebody is not let in: 'wrong' or 'locked'."""
    (error,) = answer.context["form"].non_field_errors().as_data()
    return {"username_password_mismatch": "wrong", "too_many_login_attempts": "locked"}[error.code]


def fail(times, **how):
    return [refused(try_in(**how)) for _ in range(times)]


def is_locked(**how):
    """Say whether even the right password is refused."""
    answer = try_in(password=PASSWORD, **how)
    return answer.status_code == 200 and refused(answer) == "locked"


@pytest.mark.both_databases
def test_ten_failures_lock_and_the_right_one_is_not_counted(edith, clock):
    assert fail(9) == ["wrong"] * 9
    clock.shift(1)  # the right one is known by its time
    assert not is_locked()
    assert fail(1) == ["wrong"]
    assert is_locked()


@pytest.mark.both_databases
def test_ten_strangers_at_ten_addresses_keep_nobody_out(edith, waits):
    for stranger in range(10):
        fail(10, address=f"198.51.100.{stranger}")
        assert is_locked(address=f"198.51.100.{stranger}")
    assert waits
    waits.clear()
    assert not is_locked(address="203.0.113.9")
    assert waits == [SLOWED_BY]


def test_a_name_that_nobody_fails_with_is_not_slowed(edith, waits):
    assert not is_locked()
    assert not waits


def test_who_is_locked_out_is_not_slowed(edith, waits):
    fail(10)
    waits.clear()
    assert fail(3) == ["locked"] * 3
    assert not waits


def test_only_some_are_slowed_at_once(edith, monkeypatch):
    fail(10)
    slowed = []

    def sleep(_):
        slowed.append(True)
        if len(slowed) < MOST_SLOWED + 2:
            fail(1, address=f"203.0.113.{len(slowed)}")

    monkeypatch.setattr(time, "sleep", sleep)
    for _ in range(2):  # who was slowed makes room
        slowed.clear()
        assert fail(1, address="198.51.100.1") == ["wrong"]
        assert len(slowed) == MOST_SLOWED


@pytest.mark.both_databases
def test_names_that_a_database_finds_alike_are_counted_together(edith):
    # PostgreSQL compares by UPPER, which makes an I of the letter without a dot.
    for number in range(10):
        fail(1, name=("ed\u0131th", "edith", "EDITH")[number % 3])
    assert is_locked()


@pytest.mark.both_databases
def test_the_own_code_does_not_let_an_address_begin_anew(edith, clock):
    TOTP.activate(edith, generate_totp_secret())
    RecoveryCodes.activate(edith)
    code = Authenticator.objects.get(user=edith, type="recovery_codes").wrap().get_unused_codes()[0]
    tried = [fail(1, name=f"nobody-{number}")[0] for number in range(MOST_BY_ADDRESS - 1)]
    assert set(tried) == {"wrong"}
    clock.shift(1)  # the right one is known by its time
    try_in(password=PASSWORD)
    answer = CLIENT.post("/admin/second-factor/authenticate/", {"code": code})
    assert answer.headers["Location"] == "/admin/"
    assert fail(2, name="nobody") == ["wrong", "locked"]


def test_a_lock_ends_by_itself(edith, clock):
    fail(10)
    clock.move_to(START + datetime.timedelta(minutes=15, seconds=-1))
    assert is_locked()
    clock.move_to(START + datetime.timedelta(minutes=15, seconds=1))
    assert not is_locked()


def test_tries_while_it_is_locked_do_not_prolong_it(edith, clock):
    fail(10)
    clock.shift(14 * 60)
    assert fail(3) == ["locked"] * 3
    clock.shift(61)
    assert not is_locked()


@pytest.mark.both_databases
def test_failures_far_apart_do_not_lock(edith, clock):
    for _ in range(20):
        assert fail(1) == ["wrong"]
        clock.shift(101)
    assert not is_locked()


@pytest.mark.both_databases
@pytest.mark.parametrize("name", ["Edith", " edith", "EDITH  "])
def test_other_capitals_are_the_same_name(edith, name):
    assert try_in(name, PASSWORD).status_code == 302
    fail(10, name=name)
    assert is_locked()


@pytest.mark.both_databases
def test_two_that_differ_in_capitals_go_by_their_own(edith):
    somebody("Edith", "Editor", password="another of these tests")
    assert try_in("edith", PASSWORD).status_code == 302
    assert try_in("Edith", "another of these tests").status_code == 302
    assert refused(try_in("EDITH", PASSWORD)) == "wrong"


@pytest.mark.parametrize(
    "headers",
    [
        {"HTTP_X_FORWARDED_FOR": "203.0.113.{}"},
        {"HTTP_FORWARDED": "for=203.0.113.{}"},
        {"HTTP_X_REAL_IP": "203.0.113.{}"},
        {"HTTP_X_CLIENT_IP": "203.0.113.{}"},
        {"HTTP_CF_CONNECTING_IP": "203.0.113.{}"},
        {"HTTP_USER_AGENT": "browser {}"},
        {"HTTP_ACCEPT": "text/{}"},
        {"HTTP_X_REQUESTED_WITH": "XMLHttpRequest", "HTTP_X_FORWARDED_FOR": "203.0.113.{}"},
    ],
    ids=" ".join,
)
def test_no_header_leads_round_the_lock_of_an_address(edith, headers):
    for number in range(MOST_BY_ADDRESS):
        sent = {name: value.format(number) for name, value in headers.items()}
        try_in(f"nobody-{number}", **sent)
    sent = {name: value.format(99) for name, value in headers.items()}
    try_in(password=PASSWORD, **sent)
    assert "_auth_user_id" not in CLIENT.session


@pytest.mark.parametrize(
    ("proxies", "believed", "forged"),
    [
        (0, "192.0.2.1", "203.0.113.{}"),
        (1, "198.51.100.7", "203.0.113.{}, 198.51.100.7"),
        (2, "198.51.100.7", "203.0.113.{}, 198.51.100.7, 10.0.0.1"),
    ],
)
def test_behind_proxies_what_each_of_them_added_counts(edith, settings, proxies, believed, forged):
    settings.BEHIND_PROXY, settings.PROXY_COUNT = bool(proxies), proxies
    for number in range(10):
        try_in(HTTP_X_FORWARDED_FOR=forged.format(number))
    assert is_locked(HTTP_X_FORWARDED_FOR=forged.format(77))
    other = {"HTTP_X_FORWARDED_FOR": forged.replace(believed, "198.51.100.8").format(1)}
    assert not is_locked(address="192.0.2.1" if proxies else "192.0.2.2", **other)


def test_an_address_begins_only_some_log_ins_by_passkey(db):
    ask = {"REMOTE_ADDR": "192.0.2.1", "HTTP_X_REQUESTED_WITH": "XMLHttpRequest"}
    answers = [CLIENT.get("/admin/second-factor/webauthn/login/", **ask) for _ in range(31)]
    assert [each.status_code for each in answers] == [200] * 30 + [429]
    other = ask | {"REMOTE_ADDR": "192.0.2.2"}
    assert CLIENT.get("/admin/second-factor/webauthn/login/", **other).status_code == 200


def test_one_network_is_one_visitor(edith):
    for number in range(10):
        try_in(address=f"2001:db8:1:2::{number}")
    assert is_locked(address="2001:db8:1:2:ffff::1")
    assert not is_locked(address="2001:db8:1:3::1")


def test_who_has_an_account_does_not_begin_anew_with_it(edith):
    somebody("ivan", "Editor", password=PASSWORD)
    fail(10)
    assert not is_locked(name="ivan")
    assert is_locked()


def test_a_name_that_nobody_has_is_locked_alike(edith):
    known, unknown = fail(11), fail(11, name="nobody", address="198.51.100.1")
    assert known == unknown


def test_basic_authentication_opens_no_other_door(edith):
    answer = Client().get("/admin/", HTTP_AUTHORIZATION="Basic ZWRpdGg6cGFzc3dvcmQ=")
    assert answer.headers["Location"].startswith(LOG_IN)


@pytest.mark.parametrize("is_active", [True, False])
def test_who_is_no_editor_is_counted_and_learns_nothing(db, is_active):
    somebody("rita", password=PASSWORD, is_staff=not is_active, is_active=is_active)
    answers = [refused(try_in("rita", PASSWORD)) for _ in range(11)]
    assert answers == ["wrong"] * 10 + ["locked"]


def test_the_old_password_is_no_way_to_guess(edith):
    door = door_of(edith)
    new = {"password1": "another of these tests", "password2": "another of these tests"}
    url = "/admin/password_change/"
    answers = [door.post(url, {"oldpassword": "wrong", **new}) for _ in range(11)]
    assert [answer.status_code for answer in answers] == [200] * 10 + [429]
    answer = door.post(url, {"oldpassword": PASSWORD, **new})
    assert answer.status_code == 429
    assert "Django administration" not in answer.content.decode()


def test_what_is_stored_says_nothing_about_anybody(edith):
    try_in(HTTP_USER_AGENT="Browser of Edith", HTTP_ACCEPT="text/html")
    try_in("a password in the wrong box", "secret-word")
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM register_cache")
        stored = cursor.fetchall()
    assert stored
    assert not re.search(r"edith|Edith|192\.0|wrong|secret|html|login", str(stored))


def test_no_log_names_anybody(edith, caplog):
    caplog.set_level("INFO")
    fail(10)
    is_locked()
    said = [record.event for record in caplog.records if record.name == "security"]
    assert said == ["login_failed"] * 10 + ["login_locked"]
    assert not re.search(
        "edith|192.0.2",
        caplog.text + str([vars(each) for each in caplog.records if each.name == "security"]),
    )


@pytest.mark.both_databases
def test_an_operator_unlocks(edith):
    fail(10)
    call_command("unlock_log_in", stdout=io.StringIO())
    assert not is_locked()
