"""Ten failures in fifteen minutes lock a name, or an address, for fifteen minutes."""

from __future__ import annotations

import datetime
import io
import re

import pytest
import time_machine
from axes.models import AccessAttempt
from django.core.management import call_command
from django.test import Client

from tests.cast import PASSWORD, door_of, somebody

LOG_IN = "/admin/login/"
CLIENT = Client()
START = datetime.datetime(2026, 11, 23, 9, 0, tzinfo=datetime.UTC)


@pytest.fixture(autouse=True)
def clock(quick_passwords):
    with time_machine.travel(START, tick=False) as clock:
        yield clock


@pytest.fixture
def edith(db):
    return somebody("edith", "Editor", password=PASSWORD)


def try_in(name="edith", password="wrong", *, address="192.0.2.1", **headers):
    form = {"username": name, "password": password}
    # Nothing of the time before is in the browser, which is set up only once.
    CLIENT.cookies.clear()
    return CLIENT.post(LOG_IN, form, REMOTE_ADDR=address, **headers)


def fail(times, **how):
    return [try_in(**how).status_code for _ in range(times)]


def is_locked(**how):
    """Say whether even the right password is refused."""
    answer = try_in(password=PASSWORD, **how)
    assert answer.status_code in {302, 429}
    return answer.status_code == 429


@pytest.mark.both_databases
def test_nine_failures_are_forgiven_and_ten_are_not(edith):
    assert fail(9) == [200] * 9
    assert not is_locked()
    assert fail(1) == [429]
    assert is_locked()


def test_it_is_told_in_words_and_ends_by_itself(edith, clock):
    fail(10)
    clock.shift(60)
    answer = try_in(password=PASSWORD)
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == str(14 * 60)
    assert "no-store" in answer.headers["Cache-Control"]
    assert "Locked for a while</h1>" in answer.content.decode()
    assert "Django administration" not in answer.content.decode()
    clock.move_to(START + datetime.timedelta(minutes=15, seconds=-1))
    assert is_locked()
    clock.move_to(START + datetime.timedelta(minutes=15, seconds=1))
    assert not is_locked()


def test_a_new_lock_needs_ten_new_failures(edith, clock):
    fail(10)
    clock.shift(15 * 60 + 1)
    assert fail(9) == [200] * 9
    assert not is_locked()


def test_tries_while_it_is_locked_do_not_prolong_it(edith, clock):
    fail(10)
    clock.shift(14 * 60)
    assert fail(3) == [429] * 3
    clock.shift(61)
    assert not is_locked()


@pytest.mark.both_databases
def test_failures_far_apart_do_not_lock(edith, clock):
    for _ in range(30):
        assert fail(1) == [200]
        clock.shift(101)
    assert not is_locked()


@pytest.mark.both_databases
@pytest.mark.parametrize(
    "name", ["Edith", " edith", "edith.", "ｅｄｉｔｈ", "e\u200bdith", "EDITH  "]
)
def test_another_spelling_of_the_name_is_the_same(edith, name):
    for number in range(10):
        try_in(name, address=f"198.51.100.{number}")
    assert is_locked(address="203.0.113.9")


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
def test_no_header_leads_round_it(edith, headers):
    for number in range(10):
        told = {name: value.format(number) for name, value in headers.items()}
        try_in(f"nobody-{number}", **told)
    assert is_locked(**{name: value.format(99) for name, value in headers.items()})


def test_behind_a_proxy_its_word_counts_and_what_came_before_does_not(edith, settings):
    settings.BEHIND_PROXY = True
    for number in range(10):
        try_in(f"nobody-{number}", HTTP_X_FORWARDED_FOR=f"203.0.113.{number}, 198.51.100.7")
    assert is_locked(HTTP_X_FORWARDED_FOR="203.0.113.77, 198.51.100.7")
    assert not is_locked(HTTP_X_FORWARDED_FOR="203.0.113.77, 198.51.100.8")


def test_one_network_is_one_visitor(edith):
    for number in range(10):
        try_in(f"nobody-{number}", address=f"2001:db8:1:2::{number}")
    assert is_locked(address="2001:db8:1:2:ffff::1")
    assert not is_locked(address="2001:db8:1:3::1")


def test_whoever_has_an_account_does_not_begin_anew_with_it(edith):
    somebody("ivan", "Editor", password=PASSWORD)
    fail(9)
    assert not is_locked(name="ivan")
    assert fail(1) == [429]


def test_another_name_from_elsewhere_is_not_locked(edith):
    somebody("paul", "Editor", password=PASSWORD)
    fail(10)
    assert not is_locked(name="paul", address="198.51.100.1")
    assert is_locked(name="paul")


def test_a_name_that_nobody_has_is_locked_alike(edith):
    known, unknown = (
        fail(11),
        [try_in("nobody", address="198.51.100.1").status_code for _ in range(11)],
    )
    assert known == unknown


def test_one_browser_with_its_session_is_counted_too(edith):
    client = Client()
    form = {"username": "edith", "password": "wrong"}
    assert [client.post(LOG_IN, form).status_code for _ in range(10)] == [200] * 9 + [429]


def test_basic_authentication_opens_no_other_door(edith):
    answer = Client().get("/admin/", HTTP_AUTHORIZATION="Basic ZWRpdGg6cGFzc3dvcmQ=")
    assert answer.headers["Location"].startswith(LOG_IN)


def test_whoever_is_no_editor_is_counted_and_told_nothing(db):
    somebody("rita", password=PASSWORD, is_staff=False)
    answers = [try_in("rita", PASSWORD) for _ in range(10)]
    assert [answer.status_code for answer in answers] == [200] * 10
    assert try_in("rita", PASSWORD).status_code == 429
    assert "is wrong, or may not come in" in answers[0].content.decode()


def test_the_old_password_is_no_way_to_guess(edith):
    door = door_of(edith)
    new = {"new_password1": "another of these tests", "new_password2": "another of these tests"}
    url = "/admin/password_change/"
    answers = [door.post(url, {"old_password": "wrong", **new}) for _ in range(11)]
    assert [answer.status_code for answer in answers] == [200] * 10 + [429]
    assert door.post(url, {"old_password": PASSWORD, **new}).status_code == 429
    assert is_locked(address="198.51.100.1")


def test_a_slip_in_the_new_password_is_no_failure(edith):
    door = door_of(edith)
    typed = {"old_password": PASSWORD, "new_password1": "one", "new_password2": "other"}
    for _ in range(11):
        assert door.post("/admin/password_change/", typed).status_code == 200
    assert not AccessAttempt.objects.exists()


def test_what_is_kept_says_nothing_about_anybody(edith):
    try_in(HTTP_USER_AGENT="Browser of Edith", HTTP_ACCEPT="text/html")
    try_in("a password in the wrong box", "secret-word")
    kept = " ".join(map(str, AccessAttempt.objects.values_list()))
    assert not re.search(r"edith|Edith|192\.0|wrong|secret|html|login", kept)


@pytest.mark.both_databases
def test_what_is_old_is_cleared(edith, clock):
    fail(9)
    clock.shift(31 * 60)
    fail(1)
    assert AccessAttempt.objects.count() == 1


def test_no_log_names_anybody(edith, caplog):
    fail(10)
    is_locked()
    assert not re.search("edith|192.0.2", caplog.text)


@pytest.mark.both_databases
@pytest.mark.parametrize(
    "command",
    [("axes_reset",), ("axes_reset_username", "EDITH"), ("axes_reset_ip", "192.0.2.1")],
    ids=" ".join,
)
def test_an_operator_unlocks(edith, command):
    fail(10)
    call_command(*command, stdout=io.StringIO())
    assert not AccessAttempt.objects.exists()
    assert not is_locked()
