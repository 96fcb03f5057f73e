"""So many tries a minute from one address, and no more; of the address nothing is kept."""

from __future__ import annotations

import datetime

import pytest
from django.db import connection
from django.db.models.signals import post_save

from registers.models import Try
from registers.reminders.links import MOST_TRIES, seconds_to_wait, visitor_hash

pytestmark = [pytest.mark.both_databases, pytest.mark.django_db]
NOW = datetime.datetime(2026, 11, 22, 12, 0, tzinfo=datetime.UTC)
HOME, OTHER = "192.0.2.1", "192.0.2.2"


def after(seconds: float) -> datetime.datetime:
    return NOW + datetime.timedelta(seconds=seconds)


def tries(address: str, *seconds: float) -> list[int]:
    return [seconds_to_wait(address, at=after(each)) for each in seconds]


def test_twenty_are_let_in_and_the_next_waits():
    assert tries(HOME, *range(MOST_TRIES)) == [0] * MOST_TRIES
    # The first was at 0 seconds, so there is room again at 60.
    assert tries(HOME, 20, 30, 59, 59.5) == [40, 30, 1, 1]
    assert tries(HOME, 60) == [0]
    assert tries(HOME, 60.5) == [1]
    assert tries(HOME, 61) == [0]


def test_who_meets_another_at_the_limit_waits_and_is_not_counted():
    tries(HOME, *range(MOST_TRIES - 1))

    def another_worker(sender, instance, **_):
        if instance.at == after(30):
            Try.objects.create(visitor=instance.visitor, at=after(29))

    post_save.connect(another_worker, sender=Try)
    try:
        assert tries(HOME, 30) == [30]
    finally:
        post_save.disconnect(another_worker, sender=Try)
    assert Try.objects.count() == MOST_TRIES
    assert {str(each) for each in Try.objects.all()} >= {str(after(29))}
    assert not Try.objects.filter(at=after(30)).exists()


def test_another_address_has_tries_of_its_own():
    tries(HOME, *[0] * MOST_TRIES)
    assert tries(HOME, 1) == [59]
    assert tries(OTHER, 1) == [0]


def test_whoever_goes_on_trying_is_let_in_after_a_minute_all_the_same():
    tries(HOME, *[0] * MOST_TRIES)
    assert 0 not in tries(HOME, *range(1, 60))
    assert tries(HOME, *[60] * MOST_TRIES) == [0] * MOST_TRIES


@pytest.mark.parametrize("step", [0.7, 1.9, 2.9, 3.0, 3.1, 7.3])
def test_the_window_slides_as_a_plain_count_says(step):
    let_in: list[float] = []
    for number in range(150):
        at = number * step
        room = sum(1 for each in let_in if each > at - 60) < MOST_TRIES
        assert (tries(HOME, at) == [0]) is room, at
        if room:
            let_in.append(at)


def test_the_wait_is_as_long_as_is_said():
    tries(HOME, *(number * 1.37 for number in range(MOST_TRIES)))
    [wait] = tries(HOME, 41.1)
    assert 0 not in tries(HOME, 41.1 + wait - 1)
    assert tries(HOME, 41.1 + wait) == [0]


def test_what_is_older_than_a_minute_is_deleted_at_the_next_try_of_anybody():
    tries(HOME, *range(5))
    assert Try.objects.count() == 5
    tries(OTHER, 62)
    assert {each.at for each in Try.objects.all()} == {after(3), after(4), after(62)}


def test_no_address_is_written_anywhere():
    address = "2001:db8:1:2:3:4:5:6"
    tries(address, 0)
    kept = Try.objects.get().visitor
    assert len(kept) == 64
    assert int(kept, 16)
    assert kept != visitor_hash(HOME)


def test_the_hash_wants_the_secret_key(settings):
    before = visitor_hash(HOME)
    settings.SECRET_KEY = "another" * 10
    assert visitor_hash(HOME) != before


# By what is said of two addresses: whether they are one visitor.
PAIRS = {
    "one address": ("192.0.2.1", "192.0.2.1", True),
    "two of IPv4": ("192.0.2.1", "192.0.2.2", False),
    "one home of IPv6": ("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", True),
    "one address of IPv6, written in two ways": ("2001:DB8::1", "2001:db8:0:0::1", True),
    "two homes of IPv6": ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
    "IPv4 as IPv6 has it": ("::ffff:192.0.2.1", "192.0.2.1", True),
    "two of IPv4 as IPv6 has them": ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
    "with a zone": ("fe80::1%eth0", "fe80::2%eth1", True),
    "nothing, and no address": ("", "unknown", True),
    "a name, and an address with a port": ("example.org", "192.0.2.1:80", False),
    "an address with a port, and without": ("192.0.2.1:80", "192.0.2.1", True),
    "a home of IPv6 with a port, and without": ("[2001:db8:1:2::1]:443", "2001:db8:1:2::9", True),
    "NUL, and 100 kB": ("\0", "1" * 100_000, True),
    "no address, and one": ("unknown", "192.0.2.1", False),
}


@pytest.mark.parametrize(("one", "other", "same"), PAIRS.values(), ids=PAIRS)
def test_who_is_one_visitor(one, other, same):
    assert (visitor_hash(one) == visitor_hash(other)) is same


def test_where_tries_cannot_be_kept_nobody_is_turned_away(caplog):
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE registers_try RENAME TO registers_try_away")
    assert tries(HOME, *[0] * (MOST_TRIES + 5)) == [0] * (MOST_TRIES + 5)
    assert "A try could not be counted" in caplog.text
    assert HOME not in caplog.text
