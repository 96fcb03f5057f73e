"""A page that was made once is served from memory until the register changes, and no longer."""

from __future__ import annotations

import datetime

import pytest
import time_machine
from django.db import transaction
from django.test import Client
from django.utils import timezone

from registers import changes
from registers.models import Protocol
from tests.models.making import NOW
from tests.public.asking import ask, cached
from tests.public.page_cache.keeping import KEPT, from_memory, made_afresh, rename

pytestmark = pytest.mark.usefixtures("real_register")


ALL = [
    *KEPT,
    *("/organisations.csv", "/organisations.json", "/?q=jobs", "/?sort=title", "/?status=all"),
    *("/protocols/0012/", "/protocols/0012/changes/", "/organisations/essex-police/"),
    *("/reviews/?organisation=ecc", "/themes/safer-community/"),
]

# Until the register changes ------------------------------------------------------------------


@pytest.mark.parametrize("address", KEPT)
def test_a_page_is_made_once_and_costs_one_light_query_from_then_on(site, address):
    first = ask(site, address, accept_encoding="br")
    assert first.status == 200
    with from_memory():
        assert ask(site, address, accept_encoding="br") == first
    assert first.plain == Client(headers={"host": "localhost"}).get(address).content.decode()


@pytest.mark.both_databases
def test_a_change_shows_on_the_next_request(site):
    assert "Renamed" not in ask(site, "/").plain
    ask(site, "/about/")
    rename("0036", "Renamed")
    assert "Renamed" in ask(site, "/").plain
    assert "Renamed" in ask(site, "/protocols/0036/").plain
    with from_memory():
        assert "Renamed" in ask(site, "/").plain


@pytest.mark.both_databases
def test_a_change_that_is_undone_leaves_no_page_of_what_never_was(site):
    before = ask(site, "/")
    with transaction.atomic():
        rename("0036", "Never was")
        assert "Never was" in ask(site, "/").plain
        transaction.set_rollback(True)
    assert ask(site, "/") == before


def test_at_midnight_in_london_pages_are_made_afresh(site):
    # 23:00 UTC on a day in June is the next day's midnight in London.
    with time_machine.travel(datetime.datetime(2026, 6, 30, 22, 59, tzinfo=datetime.UTC)) as clock:
        last = ask(site, "/")
        with from_memory():
            ask(site, "/")
        clock.shift(datetime.timedelta(minutes=2))
        with made_afresh():
            first = ask(site, "/")
        # The day that stands on paper is all that differs.
        assert first.plain != last.plain
        assert first.plain == last.plain.replace("30 June 2026", "1 July 2026")


def test_what_is_overdue_today_was_not_yesterday(site):
    protocol = Protocol.objects.get(pk="0036")
    protocol.review_date = datetime.date(2027, 6, 1)
    with changes.record_change(protocol, at=timezone.now()):
        changes.save(protocol)
    with time_machine.travel(datetime.datetime(2027, 6, 30, 22, 59, tzinfo=datetime.UTC)) as clock:
        assert "overdue" not in ask(site, "/protocols/0036/").plain
        clock.shift(datetime.timedelta(minutes=2))
        assert "overdue" in ask(site, "/protocols/0036/").plain


# Tags, HEAD and what proxies are told --------------------------------------------------------


def test_who_has_the_page_gets_304_from_every_worker(site):
    got = ask(site, "/", accept_encoding="br")
    tag = got.headers["etag"]
    another_worker = cached()
    for worker in (site, another_worker):
        for method in ("GET", "HEAD"):
            for said in (tag, tag.removeprefix("W/"), f'"a", {tag}', f'W/"b" ,{tag}, "c"', "*"):
                again = ask(worker, "/", method, accept_encoding="br", if_none_match=said)
                assert (again.status, again.body) == (304, b"")
                assert again.headers == {
                    name: got.headers[name] for name in ("etag", "cache-control", "vary")
                }
    with from_memory():
        assert ask(site, "/", accept_encoding="br", if_none_match=tag).status == 304
    assert ask(cached(), "/", if_none_match="*").status == 304


def test_the_etag_is_of_the_content_whatever_the_coding(site):
    tag = ask(site, "/", accept_encoding="br").headers["etag"]
    for coding in ("gzip", "zstd", ""):
        assert ask(site, "/", accept_encoding=coding, if_none_match=tag).status == 304


@pytest.mark.parametrize("said", ["", '"other"', "W/", "abc", '""', '"*"', "If-None-Match"])
def test_a_header_without_the_etag_gets_the_page(site, said):
    tag = ask(site, "/").headers["etag"]
    for header in (said, tag.strip('W/"'), tag[:-2] + '"'):
        assert ask(site, "/", if_none_match=header).status == 200


def test_a_date_decides_nothing(site):
    """Pages have no `Last-Modified`, so `If-Modified-Since` must be ignored (RFC 9110, 13.1.3)."""
    for _ in range(2):
        got = ask(site, "/", if_modified_since="Sun, 01 Jan 2040 00:00:00 GMT")
        assert got.status == 200
        assert "last-modified" not in got.headers


def test_an_edit_leaves_304_for_each_page_that_it_did_not_change(site):
    addresses = [address for address in ALL if "page=99" not in address]
    before = {address: ask(site, address) for address in addresses}
    rename("0036", "Renamed")
    after = {address: ask(site, address) for address in addresses}
    changed = {each for each in addresses if before[each].plain != after[each].plain}
    for address in addresses:
        again = ask(site, address, if_none_match=before[address].headers["etag"])
        assert (again.status == 200) == (address in changed), address
    assert {"/", "/protocols/0036/", "/organisations/essex-police/"} <= changed
    assert {"/about/", "/news/", "/protocols/0012/", "/organisations/"} <= set(addresses) - changed
    assert all("Renamed" in after[each].plain for each in changed)


def test_midnight_changes_the_day_for_paper_and_leaves_304_for_the_rest(site):
    days, unchanged = ("25 November 2026", "26 November 2026"), set()
    with time_machine.travel(datetime.datetime(2026, 11, 25, 23, 59, tzinfo=datetime.UTC)) as clock:
        before = {address: ask(site, address) for address in ALL}
        clock.shift(datetime.timedelta(minutes=2))
        for address in ALL:
            again = ask(site, address, if_none_match=before[address].headers["etag"])
            if again.status == 304:
                unchanged.add(address)
            else:
                assert again.plain == before[address].plain.replace(*days), address
                assert f"on {days[1]}</p>" in again.plain, address
    assert {"/organisations.csv", "/organisations.json"} <= unchanged


def test_an_etag_of_before_or_of_another_page_gets_the_page(site):
    tag = ask(site, "/", accept_encoding="br").headers["etag"]
    assert ask(site, "/about/", accept_encoding="br", if_none_match=tag).status == 200
    rename("0036", "Renamed")
    again = ask(site, "/", accept_encoding="br", if_none_match=tag)
    assert again.status == 200
    assert "Renamed" in again.plain


@pytest.mark.parametrize(
    "address", ["/", "/about/", "/protocols.csv", "/protocols/9999/", "/?theme=x"]
)
@pytest.mark.parametrize("coding", ["", "br"])
def test_head_tells_what_get_would_and_sends_nothing(site, address, coding):
    head = ask(site, address, "HEAD", accept_encoding=coding)
    got = ask(site, address, accept_encoding=coding)
    assert head.body == b""
    assert head.status == got.status
    assert head.headers | {"x-noise": ""} == got.headers | {"x-noise": ""}
    if address != "/protocols.csv":
        assert head.headers["content-length"] == str(len(got.body))


def test_proxies_may_show_a_page_for_some_seconds_and_for_a_day_while_we_are_down(settings):
    settings.SHARED_CACHE_SECONDS = 7
    site = cached()
    for address in ("/", "/protocols.csv", "/protocols.json?theme=safer-community"):
        got = ask(site, address, accept_encoding="br")
        assert got.headers["cache-control"] == (
            "public, max-age=0, s-maxage=7, stale-while-revalidate=7, stale-if-error=86400"
        )
        assert got.headers["vary"] == "Accept-Encoding"
        assert got.headers["content-encoding"] == "br"
        assert got.headers["etag"].startswith('W/"')


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/protocols/9999/", 404),
        ("/?page=99", 404),
        ("/?theme=nonsense", 400),
        ("/protocols.csv?review=never", 400),
        ("/protocols/36/", 301),
        ("/organisations/essex-county-council/?with=essex%20police", 302),
    ],
)
def test_what_is_no_page_is_not_kept_and_proxies_forget_it_soon(site, address, status):
    got = ask(site, address, accept_encoding="br")
    assert got.status == status
    assert got.headers["cache-control"] == "public, max-age=0, s-maxage=5"
    assert "etag" not in got.headers
    assert len(site.store) == 0


def test_what_is_gone_is_as_what_never_was(site):
    changes.explain_gaps(["0013"], fate="withdrawn", at=NOW)
    got = ask(site, "/protocols/0013/", accept_encoding="br")
    assert got.status == 410
    assert got.headers["cache-control"] == "public, max-age=0, s-maxage=5"
    assert "etag" not in got.headers
    changes.clear_gaps(["0013"], at=NOW)
    assert ask(site, "/protocols/0013/").status == 404


def test_the_answer_to_a_question_that_cannot_be_right_still_shows_what_was_typed(site):
    page = ask(site, "/?q=jobs&review_from=2024-13&theme=nonsense&utm=x").plain
    assert 'value="2024"' in page
    assert 'value="13"' in page
    assert 'value="jobs"' in page
    assert "‘nonsense’ is not one of the options" in page
