"""Feed: what an independent feed parser reads is what changed, in words, the newest first."""

from __future__ import annotations

import datetime
import inspect
import re
from xml.etree import ElementTree

import feedparser
import pytest
from django.db import connection
from django.templatetags.static import static
from django.test.utils import CaptureQueriesContext
from hypothesis import example, given, settings

from registers.exports.columns import ExportContext
from registers.exports.feed import CONTENT_TYPE, MAX_ENTRIES, write
from registers.models import Change, Organisation, Protocol, Theme
from tests.exports.test_calendar import HOSTILE, visible
from tests.makers import DAY, ProtocolFactory, ThemeFactory, make_protocols, withdrawn
from tests.models.making import NOW, saved
from tests.search.questions import results_of

pytestmark = pytest.mark.django_db
HERE = ExportContext(
    site="https://register.example", on=DAY, register="Protocols", publisher="Us & Co"
)
HOUR = datetime.timedelta(hours=1)
ATOM = "{http://www.w3.org/2005/Atom}"
HTML = "{http://www.w3.org/1999/xhtml}"


def feed_of(query: str = "status=all", context: ExportContext = HERE) -> feedparser.FeedParserDict:
    whole = b"".join(write(results_of(query), context))
    ElementTree.fromstring(whole)
    read = feedparser.parse(whole, response_headers={"content-type": CONTENT_TYPE})
    assert not read.bozo, read.bozo_exception
    assert (read.version, read.encoding) == ("atom10", "utf-8")
    return read


def entries(query: str = "status=all") -> list[feedparser.FeedParserDict]:
    return feed_of(query).entries


def links_of(thing: feedparser.FeedParserDict) -> dict[str, str]:
    return {link.rel: link.href for link in thing.links}


@pytest.fixture
def growth(empty_register) -> Protocol:
    return saved(
        ProtocolFactory.build(
            reference="9001", title="Growth & more", theme=ThemeFactory(name="Health & Wealth")
        ),
        why="It was signed.",
    )


def test_all_that_is_said_of_a_change(growth):
    (entry,) = entries()
    key = Change.objects.get().pk
    assert entry.title == "9001 - Growth & more: added"
    assert entry.title_detail.type == "text/plain"
    assert entry.id == f"tag:register.example,2026-11-22:change/{key}"
    assert links_of(entry) == {"alternate": "https://register.example/protocols/9001/"}
    assert entry.updated == entry.published == "2026-11-22T09:00:00+00:00"
    assert [tag.term for tag in entry.tags] == ["Health & Wealth"]
    (content,) = entry.content
    assert content.type == "text/plain"
    assert content.value == "Added to this register.\n\nWhy: It was signed."
    # Its summary would be read as HTML.
    assert "<summary" not in b"".join(write(results_of(""), HERE)).decode()


def test_the_feed_says_what_it_is(growth):
    assert CONTENT_TYPE == "application/xml; charset=utf-8"
    feed = feed_of().feed
    assert feed.title == "Changes: Protocols"
    assert feed.subtitle == "The 100 newest changes, with what was added and withdrawn."
    assert feed.language == "en-GB"
    assert feed.author_detail == {"name": "Us & Co", "href": "https://register.example/"}
    assert feed.updated == "2026-11-22T09:00:00+00:00"
    assert feed.id == "https://register.example/protocols.atom"


def test_a_browser_is_given_a_style_sheet_and_links(growth):
    """A Python parser of XML drops what stands before the root, so it is looked for in the text."""
    whole = b"".join(write(results_of(""), HERE)).decode()
    sheet = re.search(r'<\?xml-stylesheet href="([^"]*)" [^?]*type="text/css"\?><feed ', whole)
    assert sheet[1] == static("feed.css")
    feed = ElementTree.fromstring(whole)
    assert [link.get("href") for link in feed.iter(f"{HTML}a")] == [
        "https://register.example/",
        "https://register.example/protocols/9001/",
    ]
    # Feed readers do not take them for the feed's own.
    assert feed_of().feed.title == "Changes: Protocols"
    assert feed.findtext(f"{HTML}title") == "Changes: Protocols"
    assert len(feed.findall(f"{ATOM}entry")) == 1


# By the query string: its one address, that of the list, and what the title says of it.
ADDRESSES = {
    "both statuses, the usual": ("status=all", "", "status=all", ""),
    "one status": ("status=withdrawn", "status=withdrawn", "status=withdrawn", " (Withdrawn)"),
    "the register's usual status": ("status=current", "status=current", "", ""),
    "a theme, in an order, on a page": (
        "page=3&sort=title&theme=health-wealth&status=all",
        "theme=health-wealth",
        "theme=health-wealth&status=all",
        " (Health & Wealth)",
    ),
    "of those in force": (
        "status=current&q=x&theme=health-wealth",
        "q=x&theme=health-wealth&status=current",
        "q=x&theme=health-wealth",
        " (x, Health & Wealth)",
    ),
    "a control character": ("q=a%01b&status=all", "q=a%01b", "q=a%01b&status=all", " (ab)"),
}


@pytest.mark.parametrize(("asked", "own", "listed", "said"), ADDRESSES.values(), ids=ADDRESSES)
def test_its_addresses_are_the_one_way_to_ask(growth, asked, own, listed, said):
    feed = feed_of(asked).feed
    own = f"https://register.example/protocols.atom{f'?{own}' if own else ''}"
    listed = f"https://register.example/{f'?{listed}' if listed else ''}"
    assert feed.id == own
    assert links_of(feed) == {"self": own, "alternate": listed}
    assert feed.title == f"Changes: Protocols{said}"


def test_a_feed_of_nothing_is_always_the_same(growth):
    read = feed_of("status=withdrawn")
    assert (read.entries, read.feed.updated) == ([], "1970-01-01T00:00:00+00:00")


# As the register changes -----------------------------------------------------------------------


def test_every_change_is_told_in_its_own_words_the_newest_first(growth):
    growth.title = "Growth"
    saved(growth, at=NOW + HOUR)
    for name, value in withdrawn().items():
        setattr(growth, name, value)
    saved(growth, at=NOW + 2 * HOUR, why="Nobody needs it.")
    growth.status, growth.withdrawn_on, growth.withdrawn_reason = "published", None, ""
    saved(growth, at=NOW + 3 * HOUR)

    told = [(entry.title, entry.content[0].value.splitlines()[0]) for entry in entries()]
    assert told == [
        ("9001 - Growth: in force again", "Status changed from Withdrawn to Published."),
        ("9001 - Growth: withdrawn", "Status changed from Published to Withdrawn."),
        ("9001 - Growth: changed", "Title changed from Growth & more to Growth."),
        ("9001 - Growth: added", "Added to this register."),
    ]
    assert feed_of().feed.updated == "2026-11-22T12:00:00+00:00"
    assert entries()[1].content[0].value == (
        "Status changed from Published to Withdrawn.\n"
        "Withdrawn on recorded: 22 November 2026.\n"
        "Withdrawn reason recorded: It ended.\n\n"
        "Why: Nobody needs it."
    )


def test_an_old_entry_stays_as_it_is(growth):
    (before,) = entries()
    growth.summary = "Growing."
    saved(growth, at=NOW + HOUR)
    newest, after = entries()
    assert after == before
    assert newest.id != before.id


def test_what_is_no_protocol_s_change_is_not_told(growth):
    saved(Organisation(name="Ashdown"))
    saved(growth.theme)
    assert len(entries()) == 1


def test_the_newest_are_told_and_no_more(growth):
    Change.objects.bulk_create(
        Change(protocol=growth, public=True, made_at=NOW + number * HOUR, what=f"{number}")
        for number in range(1, MAX_ENTRIES + 2)
    )
    assert [entry.content[0].value for entry in entries()] == [
        str(number) for number in range(MAX_ENTRIES + 1, 1, -1)
    ]


def test_the_port_of_the_server_is_in_no_id(growth):
    context = ExportContext(site="http://localhost:8000", on=DAY, register="R", publisher="P")
    read = feed_of("", context)
    assert read.entries[0].id.startswith("tag:localhost,2026-11-22:")
    assert links_of(read.entries[0])["alternate"] == "http://localhost:8000/protocols/9001/"


# Whatever the words ----------------------------------------------------------------------------


@example(title="]]><b>", what="<script>&amp;\r\n\x1b", why="", name="\x0b")
@given(title=HOSTILE, what=HOSTILE, why=HOSTILE, name=HOSTILE)
@settings(max_examples=100)
def test_hostile_words_break_nothing_and_are_read_again(growth, title, what, why, name):
    Protocol.objects.update(title=title)
    Theme.objects.update(name=name)
    Change.objects.update(what=what, why=why)
    whole = b"".join(write(results_of(""), HERE))
    entry = ElementTree.fromstring(whole).find(f"{ATOM}entry")
    assert entry.findtext(f"{ATOM}title") == f"{visible(f'9001 - {title}')}: added"
    assert entry.find(f"{ATOM}category").get("term") == visible(name)
    said = entry.findtext(f"{ATOM}content")
    assert visible(said) == visible(f"{what} Why: {why}" if why else what)
    assert not feedparser.parse(whole).bozo


def test_lines_stay_lines(growth):
    Change.objects.update(what="One.\r\nTwo.\rThree.\u2028Four.\x0bFive.", why="")
    said = entries()[0].content[0].value
    assert said == "One.\nTwo.\nThree.\nFour.\nFive."


# Through what a protocol binds -------------------------------------------------------------------

ICB = "nhs-hertfordshire-and-west-essex-integrated-care-board"
BINDS = {
    "in its own name": ("organisation=west-essex-ccg", "in its own name"),
    "through another": (
        f"organisation={ICB}",
        "through West Essex CCG, whose place it took on 1 July 2022",
    ),
    "of two": (
        f"organisation={ICB}&organisation=west-essex-ccg&q=0045",
        "NHS Hertfordshire and West Essex Integrated Care Board through West Essex CCG, whose",
    ),
    "of nobody": ("q=0045", None),
}


@pytest.mark.both_databases
@pytest.mark.parametrize(("query", "words"), BINDS.values(), ids=BINDS)
def test_it_says_through_what_each_binds_the_organisation(real_register, query, words):
    (entry, *others) = entries(query)
    said = entry.content[0].value
    assert not others or "organisation=west-essex-ccg" in query
    assert "How it binds" not in said if words is None else f"How it binds: {words}" in said


def test_what_it_says_of_binding_takes_the_same_few_queries(real_register):
    named, bound = "organisation=west-essex-ccg", f"organisation={ICB}"
    lead = Organisation.objects.get(slug="west-essex-ccg")
    make_protocols(3, theme=Theme.objects.first(), parties=[lead])
    few = queries_to_write(bound)
    # The protocols with their parties, and the names on the way.
    assert few == queries_to_write(named) + 3
    Change.objects.bulk_create(
        Change(protocol=each, public=True, made_at=NOW, what="New")
        for each in Protocol.objects.filter(parties__organisation=lead)
        for _ in range(20)
    )
    assert queries_to_write(bound) == few


# The real register, and a large one ------------------------------------------------------------


def test_a_feed_parser_takes_the_real_register(real_register):
    read = entries("")
    assert len(read) == 25
    assert {entry.title for entry in read} == {f"{each}: added" for each in Protocol.objects.all()}


def queries_to_write(query: str = "") -> int:
    assert results_of(query).protocols is not None  # the register is read
    with CaptureQueriesContext(connection) as queries:
        for _ in write(results_of(query), HERE):
            pass
    return len(queries)


def test_it_takes_one_query_more_than_the_question(growth):
    make_protocols(60, theme=growth.theme)
    saved(ProtocolFactory.build(theme=growth.theme))
    assert inspect.isgenerator(write(results_of(""), HERE))
    queries_to_write()  # it reads the register
    with CaptureQueriesContext(connection) as asked:
        len(results_of("").protocols)
    assert queries_to_write() == len(asked) + 1
