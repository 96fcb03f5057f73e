"""The feed of the news: what a feed parser reads of it."""

from __future__ import annotations

import datetime
from dataclasses import replace
from xml.etree import ElementTree

import feedparser
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import example, given, settings

from registers.exports.atom import CONTENT_TYPE
from registers.exports.news_feed import MAX_ENTRIES, write
from registers.models import News
from tests.exports.test_calendar import HOSTILE, visible
from tests.exports.test_feed import ATOM, HERE, HTML
from tests.makers import DAY
from tests.models.making import NOW, saved
from tests.public.pages import links

pytestmark = pytest.mark.django_db
HOUR = datetime.timedelta(hours=1)
WEEK = datetime.timedelta(days=7)


@pytest.fixture(autouse=True)
def none(empty_register) -> None:
    News.objects.all().delete()


def entries(on: datetime.date = DAY) -> list[feedparser.FeedParserDict]:
    whole = write(replace(HERE, on=on))
    read = feedparser.parse(whole, response_headers={"content-type": CONTENT_TYPE})
    assert not read.bozo, read.bozo_exception
    assert read.version == "atom10"
    return read.entries


def an_item(slug: str, **fields) -> News:
    return News(**{"title": slug.title(), "slug": slug, "published_on": DAY} | fields)


def test_all_that_is_said_of_an_item():
    item = saved(an_item("first", title="First & best", body="**Words** and\n\n- one\n- two"))
    (entry,) = entries()
    assert entry.title == "First & best"
    assert entry.link == "https://register.example/news/first/"
    assert entry.id == f"tag:register.example,2026:news/{item.pk}"
    assert entry.published == "2026-11-22T00:00:00+00:00"
    assert entry.updated == "2026-11-22T09:00:00+00:00"
    (content,) = entry.content
    assert (content.type, content.value) == ("text/plain", "Words and\none\ntwo")


def test_an_edit_is_an_update_of_the_same_entry():
    item = saved(an_item("first"))
    (before,) = entries()
    item.body = "More."
    saved(item, at=NOW + HOUR)
    (after,) = entries()
    assert (after.id, after.published) == (before.id, before.published)
    assert (before.updated, after.updated) == (
        "2026-11-22T09:00:00+00:00",
        "2026-11-22T10:00:00+00:00",
    )


def test_the_newest_come_first_and_none_before_its_day():
    for slug, day in (
        ("undated", None),
        ("old", DAY - WEEK),
        ("new", DAY),
        ("tomorrow", DAY + WEEK),
    ):
        saved(an_item(slug, published_on=day))
    assert [entry.title for entry in entries()] == ["New", "Old", "Undated"]
    later = entries(on=DAY + WEEK)
    assert later[0].title == "Tomorrow"
    assert later[0].updated == later[0].published == "2026-11-29T00:00:00+00:00"
    assert "published" not in later[-1]


def test_what_nobody_made_official_is_as_old_as_can_be():
    News.objects.create(title="By hand", slug="by-hand")
    (entry,) = entries()
    assert entry.updated == "1970-01-01T00:00:00+00:00"


def test_a_register_without_news_has_an_empty_feed():
    assert entries() == []


def test_it_holds_the_newest_and_no_more_in_two_queries():
    News.objects.bulk_create(an_item(f"n{number}") for number in range(MAX_ENTRIES + 1))
    with CaptureQueriesContext(connection) as queries:
        assert len(entries()) == MAX_ENTRIES
    assert len(queries) == 2


@example(title="]]><b>", body="<script>&amp;\r\n\x1b")
@given(title=HOSTILE, body=HOSTILE)
@settings(max_examples=50)
def test_hostile_words_break_nothing(none, title, body):
    News.objects.all().delete()
    News.objects.create(title=title, slug="hostile", body=body)
    entry = ElementTree.fromstring(write(HERE)).find(f"{ATOM}entry")
    assert entry.findtext(f"{ATOM}title") == visible(title)
    assert entry.find(f"{HTML}p/{HTML}a").text == f"Read ‘{visible(title)}’"


def test_the_news_pages_lead_to_it(client: Client):
    saved(an_item("first"))
    for address in ("/news/", "/news/first/"):
        page = client.get(address)
        alternate = '<link rel="alternate" type="application/atom+xml" title="News" href="'
        assert f'{alternate}/news.atom">' in page.content.decode()
        assert ("/news.atom", "Follow the news") in links(page)
    answer = client.get("/news.atom")
    assert answer["Content-Type"] == CONTENT_TYPE
    assert b"First" in answer.content
