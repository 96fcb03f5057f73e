"""A page that was made once is served from memory until the register changes, and no longer."""

from __future__ import annotations

import datetime
import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier

import pytest
import time_machine
from django.contrib.auth.models import User
from django.core.handlers.wsgi import WSGIHandler
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from registers import changes
from registers.models import Protocol, RegisterVersion
from registers.public import endings
from registers.public.stored import moments, wsgi
from registers.public.stored.wsgi import StoredPages
from tests.public.asking import ask

pytestmark = pytest.mark.usefixtures("real_register")


@pytest.fixture
def site(db) -> StoredPages:
    """The site in one worker that has just started."""
    return StoredPages(WSGIHandler())


@contextmanager
def from_memory():
    """Within, one query tells that nothing has changed, and no page is made."""
    with CaptureQueriesContext(connection) as queries:
        yield
    assert [query["sql"] for query in queries] == [moments.VERSION]


@contextmanager
def made_afresh():
    """Within, a page is made."""
    with CaptureQueriesContext(connection) as queries:
        yield
    assert len(queries) > 1


def rename(reference: str, title: str) -> None:
    protocol = Protocol.objects.get(pk=reference)
    protocol.title = title
    with changes.official_change(protocol, at=timezone.now()):
        changes.save(protocol)


# Until the register changes ------------------------------------------------------------------

KEPT = [
    "/",
    "/?theme=safer-community&review=overdue",
    "/protocols/0036/",
    "/protocols/0036/?on=2022-06-30",
    "/protocols/0036/changes/",
    "/themes/",
    "/themes/health-and-wellbeing/",
    "/organisations/",
    "/organisations/?letter=e",
    "/organisations/essex-county-council/",
    "/organisations/essex-county-council/with/essex-police/",
    "/reviews/",
    "/reviews/?organisation=eput&on=2022-06-30",
    "/approvers/",
    "/news/",
    "/news/overarching-isp-and-template/",
    "/resources/",
    "/resources/review-template/",
    "/about/",
    "/accessibility/",
    "/privacy/",
    "/robots.txt",
    "/.well-known/security.txt",
]


@pytest.mark.parametrize("address", KEPT)
def test_a_page_is_made_once_and_costs_one_light_query_from_then_on(site, address):
    first = ask(site, address, accept_encoding="br")
    assert first.status == 200
    with from_memory():
        assert ask(site, address, accept_encoding="br") == first
    assert first.plain == Client(headers={"host": "localhost"}).get(address).content.decode()


def test_a_change_shows_on_the_next_request(site):
    assert "Renamed" not in ask(site, "/").plain
    ask(site, "/about/")
    rename("0036", "Renamed")
    assert "Renamed" in ask(site, "/").plain
    assert "Renamed" in ask(site, "/protocols/0036/").plain
    with from_memory():
        assert "Renamed" in ask(site, "/").plain


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
        assert first.headers["etag"] != last.headers["etag"]


def test_what_is_overdue_today_was_not_yesterday(site):
    protocol = Protocol.objects.get(pk="0036")
    protocol.review_date = datetime.date(2027, 6, 1)
    with changes.official_change(protocol, at=timezone.now()):
        changes.save(protocol)
    with time_machine.travel(datetime.datetime(2027, 6, 30, 22, 59, tzinfo=datetime.UTC)) as clock:
        assert "Overdue" not in ask(site, "/protocols/0036/").plain
        clock.shift(datetime.timedelta(minutes=2))
        assert "Overdue" in ask(site, "/protocols/0036/").plain


# Tags, HEAD and what proxies are told --------------------------------------------------------


def test_who_has_the_page_is_told_so_even_when_no_worker_has_it_in_memory(site):
    got = ask(site, "/", accept_encoding="br")
    tag = got.headers["etag"]
    another_worker = StoredPages(WSGIHandler())
    for worker in (site, another_worker):
        for said in (tag, tag.removeprefix("W/"), f'"a", {tag}', f'W/"b" ,{tag}, "c"'):
            with from_memory():
                again = ask(worker, "/", accept_encoding="br", if_none_match=said)
            assert (again.status, again.body) == (304, b"")
            assert again.headers == {
                name: got.headers[name] for name in ("etag", "cache-control", "vary")
            }
    assert ask(site, "/", if_none_match="*").status == 304
    assert ask(another_worker, "/", if_none_match="*").status == 304


def test_a_tag_of_before_of_another_page_or_coding_gets_the_page(site):
    tag = ask(site, "/", accept_encoding="br").headers["etag"]
    assert ask(site, "/about/", accept_encoding="br", if_none_match=tag).status == 200
    assert ask(site, "/", accept_encoding="gzip", if_none_match=tag).status == 200
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
    site = StoredPages(WSGIHandler())
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
    assert len(site.memory) == 0


def test_the_answer_to_a_question_that_cannot_be_right_still_shows_what_was_typed(site):
    page = ask(site, "/?q=jobs&review_from=2024-13&theme=nonsense&utm=x").plain
    assert 'value="2024-13"' in page
    assert 'value="jobs"' in page
    assert "‘nonsense’ is not one of the choices" in page


# One address for all the ways to write a question --------------------------------------------

THE_SAME = {
    "another order": "/?review=overdue&q=essex&theme=health-and-wellbeing&theme=safer-community",
    "values in another order": "/?q=essex&theme=safer-community&theme=health-and-wellbeing"
    "&review=overdue",
    "a value twice": "/?q=essex&theme=safer-community&theme=safer-community"
    "&theme=health-and-wellbeing&review=overdue",
    "an unknown parameter": "/?q=essex&theme=safer-community&theme=health-and-wellbeing"
    "&review=overdue&utm_source=x&fbclid=y",
    "an empty one": "/?q=essex&theme=safer-community&theme=&theme=health-and-wellbeing"
    "&review=overdue&organisation=&page=",
    "an earlier value that is not read": "/?q=jobs&q=essex&theme=safer-community"
    "&theme=health-and-wellbeing&review=overdue",
    "other escapes": "/?q=%65ssex&theme=safer%2dcommunity&theme=health-and-wellbeing"
    "&review=overdue",
}


@pytest.mark.parametrize("address", THE_SAME.values(), ids=THE_SAME.keys())
def test_one_question_is_kept_once(site, address):
    written = "/?q=essex&theme=health-and-wellbeing&theme=safer-community&review=overdue"
    first = ask(site, written)
    with from_memory():
        assert ask(site, address) == first
    assert len(site.memory) == 1


def test_what_a_visitor_added_is_in_no_other_s_page(site):
    first = ask(site, "/?status=all&x=%3Cscript%3E&sort=title")
    assert "script%3E" not in first.plain
    assert ask(site, "/?sort=title&status=all") == first


def test_a_page_that_knows_no_parameter_is_kept_once(site):
    for number in range(20):
        ask(site, f"/about/?x={number}")
        ask(site, f"/protocols/0036/?page={number}")
    assert len(site.memory) == 2


def test_the_last_of_several_empty_values_is_as_if_absent(site):
    first = ask(site, "/")
    with from_memory():
        assert ask(site, "/?q=essex&q=") == first


STRANGE = {
    "a thousand fields": ("/?" + "&".join(["a"] * 1_001), 400),
    "a long word": (f"/?q={'x' * 1_500}", 400),
    "no address of ours": ("/nothing/", 404),
    "two slashes": ("//", 404),
    "two slashes before": ("//about/", 404),
    "bytes that are no UTF-8": ("/%ff/", 404),
}


@pytest.mark.parametrize(("address", "status"), STRANGE.values(), ids=STRANGE.keys())
def test_what_is_strange_goes_to_django_as_it_came(site, address, status):
    got = ask(site, address)
    assert got.status == status
    assert len(site.memory) == 0


def test_a_word_that_is_no_utf_8_is_kept_as_what_is_read(site):
    assert ask(site, "/?q=%ff").status == ask(site, "/?q=%EF%BF%BD").status == 400


# Whom nothing is kept for --------------------------------------------------------------------


@pytest.fixture
def cookie(db) -> str:
    """The cookie of an editor who is signed in."""
    browser = Client(headers={"host": "localhost"})
    browser.force_login(User.objects.create_superuser("olive"))
    return f"a=b; sessionid={browser.cookies['sessionid'].value}"


def test_an_editor_gets_nothing_from_memory_and_leaves_nothing_there(site, cookie):
    shown = ask(site, "/", accept_encoding="br")
    with made_afresh():
        got = ask(site, "/", cookie=cookie, if_none_match=shown.headers["etag"])
    assert got.status == 200
    assert got.headers["cache-control"] == "private, no-store"
    assert "etag" not in got.headers
    ask(site, "/about/", cookie=cookie)
    assert len(site.memory) == 1


@pytest.mark.parametrize("address", ["/admin/", "/admin/registers/protocol/"])
def test_admin_is_kept_nowhere(site, cookie, address):
    signed_in = ask(site, address, cookie=cookie, accept_encoding="br")
    assert signed_in.status == 200
    assert signed_in.headers["cache-control"] == "private, no-store"
    assert signed_in.headers["content-encoding"] == "br"
    stranger = ask(site, address)
    assert stranger.status == 302
    assert "no-store" in stranger.headers["cache-control"]
    assert "no-store" in ask(site, "/admin/login/").headers["cache-control"]
    assert len(site.memory) == 0


def test_an_editor_s_browser_may_keep_styles(site, cookie, settings):
    got = ask(site, f"{settings.STATIC_URL}nothing.css", cookie=cookie)
    assert "private" not in got.headers.get("cache-control", "")


@pytest.mark.parametrize("address", ["/healthz", "/readyz", "/sitemap.xml", "/protocols/"])
def test_what_the_host_or_the_moment_shapes_is_not_kept(site, address):
    got = ask(site, address)
    assert "etag" not in got.headers
    assert len(site.memory) == 0


def test_other_methods_go_to_django(site):
    ask(site, "/")
    assert ask(site, "/", "POST").status == 405
    assert ask(site, "/", "POST", x_http_method_override="GET").status == 405


# What must not be mixed up -------------------------------------------------------------------


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost, evil.example", "x" * 2_000, "", "a b"]
)
def test_a_host_that_django_refuses_gets_no_page_from_memory(site, host):
    ask(site, "/")
    assert ask(site, "/", host=host).status == 400
    assert len(site.memory) == 1


POISON = {
    "host": "localhost:666",
    "x_forwarded_host": "evil.example",
    "x_forwarded_proto": "https",
    "x_forwarded_port": "666",
    "x_original_url": "/admin/",
    "x_rewrite_url": "/admin/",
    "x_http_method_override": "DELETE",
    "range": "bytes=0-9",
    "accept_language": "cy",
    "accept": "application/json",
    "cookie": "csrftoken=x; messages=y; theme=dark",
    "user_agent": "evil",
    "content_type": "text/html; charset=utf-16",
    "content_length": "13",
}


@pytest.mark.parametrize(("name", "value"), POISON.items())
def test_nothing_else_in_a_request_shapes_a_page(site, name, value):
    address = "/?q=essex"
    poisoned = ask(site, address, **{name: value})
    clean = ask(StoredPages(WSGIHandler()), address)
    assert (poisoned.status, poisoned.plain) == (200, clean.plain)
    with from_memory():
        assert ask(site, address) == poisoned


@pytest.fixture
def https_site(settings, db) -> StoredPages:
    """The site behind a proxy that serves HTTPS."""
    settings.SITE_URL = "https://localhost"
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_HSTS_SECONDS = 60
    return StoredPages(WSGIHandler())


def test_who_comes_by_http_is_sent_to_https_though_the_page_is_in_memory(https_site):
    assert ask(https_site, "/", x_forwarded_proto="https").status == 200
    with from_memory():
        got = ask(https_site, "/", x_forwarded_proto="https")
    assert got.headers["strict-transport-security"] == "max-age=60"
    for others in ({}, {"x_forwarded_proto": "http"}, {"x_forwarded_proto": "https-not"}):
        sent_on = ask(https_site, "/", **others)
        assert (sent_on.status, sent_on.headers["location"]) == (301, "https://localhost/")


def test_a_kept_page_has_every_header_of_a_made_one(site):
    made = Client(headers={"host": "localhost"}).get("/").headers
    kept = ask(site, "/").headers
    assert {name.lower() for name in made} | {"etag", "cache-control", "vary"} == set(kept)


# Compressed once -----------------------------------------------------------------------------

ACCEPTED = {
    "": "identity",
    "br": "br",
    "gzip, deflate, br, zstd": "br",
    "gzip": "gzip",
    "GZIP;q=0.5": "gzip",
    "br;q=0.5, gzip": "gzip",
    "br;q=0, gzip;q=0": "identity",
    "*": "br",
    "*;q=0": "identity",
    "br;q=0, *": "gzip",
    "identity": "identity",
    "identity, gzip;q=0.5": "identity",
    "identity;q=0, gzip": "gzip",
    "br;q=many": "identity",
    "deflate": "identity",
    "gzip;q=0.001": "gzip",
    "x" * 3_000 + ", br": "identity",
}


@pytest.mark.parametrize(("accepted", "coding"), ACCEPTED.items())
def test_a_reader_gets_what_it_takes(site, accepted, coding):
    page = Client(headers={"host": "localhost"}).get("/").content.decode()
    for _ in range(2):
        got = ask(site, "/", accept_encoding=accepted)
        assert got.headers.get("content-encoding", "identity") == coding
        assert got.headers["content-length"] == str(len(got.body))
        assert got.plain == page


def test_each_coding_is_made_once_and_has_a_tag_of_its_own(site):
    got = [ask(site, "/", accept_encoding=coding) for coding in ("br", "gzip", "")]
    assert len({each.headers["etag"] for each in got}) == 3
    for coding, first in zip(("br", "gzip", ""), got, strict=True):
        with from_memory():
            assert ask(site, "/", accept_encoding=coding).body == first.body
    assert len(site.memory) == 1


def test_a_csv_is_compressed_on_its_way_and_not_kept(site):
    packed, plain = ask(site, "/protocols.csv", accept_encoding="br"), ask(site, "/protocols.csv")
    assert packed.headers["content-encoding"] == "br"
    assert packed.plain == plain.plain
    assert len(packed.body) * 3 < len(plain.body)
    assert len(site.memory) == 0
    tag = packed.headers["etag"]
    with from_memory():
        got = ask(site, "/protocols.csv", accept_encoding="br", if_none_match=tag)
    assert got.status == 304


def test_a_long_csv_is_sent_in_blocks(site, monkeypatch):
    whole = ask(site, "/protocols.csv").body
    monkeypatch.setattr(endings, "BLOCK", 1_000)
    assert ask(site, "/protocols.csv").body == whole


def test_an_error_is_compressed(site):
    got = ask(site, "/?theme=nonsense", accept_encoding="gzip")
    assert got.headers["content-encoding"] == "gzip"
    assert "‘nonsense’" in got.plain


# Memory --------------------------------------------------------------------------------------


def test_memory_is_bounded_and_gives_up_what_was_used_least(site):
    site.memory.most = 60_000
    for letter in "abcdefghijklmnopqrstuvwxyz":
        ask(site, "/", accept_encoding="br")
        ask(site, f"/organisations/?letter={letter}", accept_encoding="br")
        ask(site, f"/organisations/?letter={letter}", accept_encoding="gzip")
        assert site.memory.size <= 60_000
    assert 3 < len(site.memory) < 20
    with from_memory():
        ask(site, "/", accept_encoding="br")
    with made_afresh():
        ask(site, "/organisations/?letter=a")


def test_each_form_of_a_page_counts(site):
    sizes = []
    for coding in ("br", "gzip", ""):
        ask(site, "/", accept_encoding=coding)
        sizes.append(site.memory.size)
    assert sizes[1] - sizes[0] > 5_000
    assert sizes[2] - sizes[1] > 50_000


def test_a_change_frees_all_at_once(site):
    for address in KEPT:
        ask(site, address)
    rename("0036", "Renamed")
    ask(site, "/about/")
    assert len(site.memory) == 1
    assert site.memory.size < 100_000


def test_no_memory_is_a_choice(settings):
    settings.PAGE_MEMORY_MB = 0
    site = StoredPages(WSGIHandler())
    tag = ask(site, "/").headers["etag"]
    with made_afresh():
        assert ask(site, "/").status == 200
    assert (len(site.memory), site.memory.size) == (0, 0)
    assert ask(site, "/", if_none_match=tag).status == 304


def test_a_huge_page_is_sent_and_not_kept(site, monkeypatch):
    monkeypatch.setattr(wsgi, "LARGEST_PAGE", 2_000)
    assert ask(site, "/").status == 200
    assert len(site.memory) == 0


# What a view can still say -------------------------------------------------------------------


def answering(**headers: str):
    def application(environ, start):
        start("200 OK", [("Content-Length", "4"), *headers.items()])
        return [b"page"]

    return StoredPages(application)


@pytest.mark.parametrize(
    "headers", [{"Set-Cookie": "a=b"}, {"Cache-Control": "no-store"}, {"Content-Encoding": "br"}]
)
def test_an_answer_for_one_visitor_is_never_kept(headers, db):
    site = answering(**headers)
    got = ask(site, "/")
    assert len(site.memory) == 0
    for name, value in headers.items():
        assert got.headers[name.lower()] == value
    if "Content-Encoding" not in headers:
        assert "public" not in got.headers.get("cache-control", "")


# When things go wrong ------------------------------------------------------------------------


def test_a_failure_is_kept_nowhere(site, monkeypatch):
    monkeypatch.setattr("registers.public.protocols.place", lambda: 1 / 0)
    got = ask(site, "/")
    assert (got.status, got.headers["cache-control"]) == (500, "no-store")
    assert len(site.memory) == 0


def test_a_failure_of_what_is_no_page_is_kept_nowhere_either(db):
    def failing(environ, start):
        start("503 Service Unavailable", [("Content-Length", "0")])
        return []

    got = ask(StoredPages(failing), "/readyz")
    assert (got.status, got.headers["cache-control"]) == (503, "no-store")


@pytest.mark.django_db(transaction=True)
def test_without_the_version_django_answers_and_nothing_is_kept(site, real_register):
    shown = ask(site, "/about/")
    table = connection.ops.quote_name(RegisterVersion._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} RENAME TO elsewhere")
        try:
            got = ask(site, "/about/")
        finally:
            cursor.execute(f"ALTER TABLE elsewhere RENAME TO {table}")
    assert (got.status, got.body) == (200, shown.body)
    assert "etag" not in got.headers
    assert ask(site, "/about/").headers["etag"] == shown.headers["etag"]


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no server to start again")
@pytest.mark.django_db(transaction=True)
def test_no_reader_sees_that_postgresql_was_started_again(site, real_register):
    shown = ask(site, "/about/")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (broken,) = cursor.fetchone()

    def end_it():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [broken])
        connection.close()

    with ThreadPoolExecutor(1) as other:
        other.submit(end_it).result()
    assert ask(site, "/about/") == shown


def test_a_register_without_a_version_is_a_version_too(site):
    RegisterVersion.objects.all().delete()
    ask(site, "/about/")
    assert ask(site, "/about/").status == 200
    assert len(site.memory) == 1


# Many at once --------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_many_visitors_at_once_get_one_page_that_is_made_once(real_register):
    made = []
    django = WSGIHandler()

    def counting(environ, start):
        made.append(environ["PATH_INFO"])
        return django(environ, start)

    site, together = StoredPages(counting), Barrier(8)

    def visit(_):
        together.wait()
        try:
            return ask(site, "/about/", accept_encoding="br")
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as visitors:
        got = list(visitors.map(visit, range(8)))
    assert len({each.body for each in got}) == 1
    assert made == ["/about/"]


# The code's version --------------------------------------------------------------------------


def test_other_code_words_or_styles_are_another_version(settings, tmp_path):
    for folder in ("registers", "weisf", "templates/pages", "static"):
        (tmp_path / folder).mkdir(parents=True)
    settings.BASE_DIR, settings.STATIC_ROOT = tmp_path, tmp_path / "static"
    versions = [moments.code_version()]
    assert moments.code_version() == versions[0]
    for path in (
        *("registers/a.py", "weisf/b.py", "templates/pages/c.html"),
        *("requirements.txt", "static/staticfiles.json"),
    ):
        (tmp_path / path).write_text("x")
        versions.append(moments.code_version())
    settings.SITE_URL = "https://other.example"
    versions.append(moments.code_version())
    assert len(set(versions)) == len(versions)
    assert re.fullmatch("[0-9a-f]{32}", versions[-1])
