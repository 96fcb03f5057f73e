"""Pages in memory: compressed once, bounded, and right when things go wrong."""

from __future__ import annotations

import dataclasses
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.db import connection
from django.test import Client

from registers.models import RegisterVersion
from registers.public import exports
from registers.public.cache_key import code_version
from tests.public.asking import ask, cached
from tests.public.page_cache.keeping import KEPT, from_memory, made_afresh, rename
from tests.threads import close_connection
from weisf import page_cache

pytestmark = [
    pytest.mark.both_databases,
    pytest.mark.usefixtures("real_register"),
]


# Compressed once -----------------------------------------------------------------------------

ACCEPTED = {
    "": "identity",
    "br": "br",
    "gzip, deflate, br": "br",
    "gzip, deflate, br, zstd": "zstd",
    "gzip": "gzip",
    "gzip;q=0.5": "gzip",
    "br;q=0.5, gzip": "gzip",
    "br;q=0, gzip;q=0": "identity",
    "*": "identity",
    "*;q=0": "identity",
    "br;q=0, gzip": "gzip",
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


CODINGS = ("zstd", "br", "gzip", "")


def test_each_coding_is_stored_and_all_have_one_etag(site):
    got = [ask(site, "/", accept_encoding=coding) for coding in CODINGS]
    assert len({each.headers["etag"] for each in got}) == 1
    assert len({each.body for each in got}) == len(CODINGS)
    for coding, first in zip(CODINGS, got, strict=True):
        with from_memory():
            assert ask(site, "/", accept_encoding=coding).body == first.body
    assert len(site.store) == len(CODINGS)


def test_a_csv_is_compressed_on_its_way_and_not_kept(site):
    packed, plain = ask(site, "/protocols.csv", accept_encoding="br"), ask(site, "/protocols.csv")
    assert packed.headers["content-encoding"] == "br"
    assert packed.plain == plain.plain
    assert len(packed.body) * 3 < len(plain.body)
    assert len(site.store) == 0
    tag = packed.headers["etag"]
    with from_memory():
        got = ask(site, "/protocols.csv", accept_encoding="br", if_none_match=tag)
    assert got.status == 304


def test_a_long_csv_is_sent_in_blocks(site, monkeypatch):
    whole = ask(site, "/protocols.csv").body
    monkeypatch.setattr(exports, "BLOCK", 1_000)
    assert ask(site, "/protocols.csv").body == whole


def test_an_error_is_compressed(site):
    got = ask(site, "/?theme=nonsense", accept_encoding="gzip")
    assert got.headers["content-encoding"] == "gzip"
    assert "‘nonsense’" in got.plain


# Memory --------------------------------------------------------------------------------------


def test_memory_is_bounded_and_gives_up_what_was_used_least(site):
    site.store.max_size = 60_000
    for letter in "abcdefghijklmnopqrstuvwxyz":
        ask(site, "/", accept_encoding="br")
        ask(site, f"/organisations/?letter={letter}", accept_encoding="br")
        ask(site, f"/organisations/?letter={letter}", accept_encoding="gzip")
        assert site.store.size <= 60_000
    assert 3 < len(site.store) < 20
    with from_memory():
        ask(site, "/", accept_encoding="br")
    with made_afresh():
        ask(site, "/organisations/?letter=a")


def test_each_form_of_a_page_counts(site):
    sizes = []
    for coding in ("br", "gzip", ""):
        ask(site, "/", accept_encoding=coding)
        sizes.append(site.store.size)
    assert sizes[1] - sizes[0] > 5_000
    assert sizes[2] - sizes[1] > 40_000


def test_a_page_takes_the_place_of_the_one_before_a_change(site):
    for address in KEPT:
        ask(site, address)
    number, size = len(site.store), site.store.size
    rename("0036", "Renamed")
    for address in KEPT:
        ask(site, address)
    assert len(site.store) == number == len(KEPT)
    assert abs(site.store.size - size) < 50_000


def test_no_memory_is_a_choice(settings):
    settings.PAGE_MEMORY_MB = 0
    site = cached()
    tag = ask(site, "/").headers["etag"]
    with made_afresh():
        assert ask(site, "/").status == 200
    assert (len(site.store), site.store.size) == (0, 0)
    assert ask(site, "/", if_none_match=tag).status == 304


def test_a_huge_page_is_sent_and_not_kept(site, monkeypatch):
    monkeypatch.setattr(page_cache, "MAX_PAGE_SIZE", 2_000)
    assert ask(site, "/").status == 200
    assert len(site.store) == 0


# When things go wrong ------------------------------------------------------------------------


def test_a_failure_is_kept_nowhere(site, monkeypatch):
    monkeypatch.setattr("registers.public.protocols.Results", lambda *_, **__: 1 / 0)
    got = ask(site, "/")
    assert (got.status, got.headers["cache-control"]) == (500, "no-store")
    assert len(site.store) == 0


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
        close_connection()

    with ThreadPoolExecutor(1) as other:
        other.submit(end_it).result()
    assert ask(site, "/about/") == shown


def test_a_register_without_a_version_is_a_version_too(site):
    RegisterVersion.objects.all().delete()
    ask(site, "/about/")
    assert ask(site, "/about/").status == 200
    assert len(site.store) == 1


# Many at once --------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_many_visitors_at_once_get_one_page_that_is_made_once(real_register):
    made = []

    class Slow(WSGIHandler):
        def __call__(self, environ, start):
            made.append(environ["PATH_INFO"])
            time.sleep(0.3)  # the others come while it is made
            return super().__call__(environ, start)

    site, together = cached(Slow()), Barrier(8)

    def visit(_):
        together.wait()
        try:
            return ask(site, "/about/", accept_encoding="br")
        finally:
            close_connection()

    with ThreadPoolExecutor(8) as visitors:
        got = list(visitors.map(visit, range(8)))
    assert len({each.body for each in got}) == 1
    assert made == ["/about/"]


# The code's version --------------------------------------------------------------------------


def test_other_code_packages_or_settings_are_another_version(settings, tmp_path):
    (tmp_path / "registers" / "exports").mkdir(parents=True)
    settings.BASE_DIR = tmp_path
    versions = [code_version()]
    assert code_version() == versions[0]
    for path in ("registers/a.py", "registers/exports/b.py", "requirements.txt"):
        (tmp_path / path).write_text("x")
        versions.append(code_version())
    settings.SITE_URL = "https://other.example"
    versions.append(code_version())
    settings.PARTNERSHIP = dataclasses.replace(settings.PARTNERSHIP, name="Another")
    versions.append(code_version())
    assert len(set(versions)) == len(versions)
