"""What people follow: the calendar and the feed of a list, offered with it and asked for again."""

from __future__ import annotations

import csv
import datetime
import re
from itertools import chain
from xml.etree import ElementTree

import pytest
from django.conf import settings as site
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given, settings

from registers import changes
from registers.models import Change, Protocol
from registers.public.cache_key import VERSION_SQL
from tests.exports.reading import read_calendar
from tests.exports.test_feed import ATOM
from tests.lengths import times
from tests.models.making import NOW
from tests.public.asking import ask, cached
from tests.public.pages import links
from tests.search.conftest import make
from tests.search.questions import query_string, questions

pytestmark = pytest.mark.usefixtures("real_register")
FOLLOWED = ["ics", "atom"]
COUNCIL = "essex-county-council"


def rows(client: Client, query: str) -> list[dict[str, str]]:
    answer = client.get(f"/protocols.csv?{query}")
    return list(csv.DictReader(answer.getvalue().decode().splitlines()))


def references(client: Client, ending: str, query: str) -> list[str]:
    """The protocols that an ending speaks of, sorted; each as often as it does."""
    whole = client.get(f"/protocols.{ending}?{query}").getvalue()
    if ending == "ics":
        return sorted(re.findall(r"^UID:(\d+)@localhost\r$", whole.decode(), re.M))
    found = ElementTree.fromstring(whole).findall(f"{ATOM}entry/{ATOM}link")
    return sorted(re.search(r"/protocols/(\d+)/$", link.get("href"))[1] for link in found)


def withdraw(reference: str) -> Protocol:
    protocol = Protocol.objects.get(pk=reference)
    protocol.status, protocol.withdrawn_reason = "withdrawn", "It ended."
    protocol.withdrawn_on = datetime.date(2026, 11, 22)
    with changes.record_change(protocol, at=timezone.now()):
        changes.save(protocol)
    return protocol


# What they speak of ----------------------------------------------------------------------------


@pytest.fixture
def told_register(real_register) -> None:
    """A rich register, in which one change is told of each protocol."""
    make(1)
    public = Protocol.objects.exclude(status="draft")
    Change.objects.bulk_create(
        Change(protocol=each, public=True, made_at=NOW, what="New") for each in public
    )


@pytest.mark.parametrize("ending", FOLLOWED)
@given(asked=questions())
@settings(max_examples=times(20, long=300))
@pytest.mark.has_long_form
def test_they_speak_of_exactly_the_protocols_of_the_list(told_register, ending, asked):
    client = Client(headers={"host": "localhost"})
    # Where no status is asked for, they mean both.
    listed = rows(client, query_string({"status": "all"} | asked))
    wanted = [row for row in listed if ending == "atom" or row["review_date"]]
    assert references(client, ending, query_string(asked)) == sorted(
        row["reference"] for row in wanted
    )


@pytest.mark.parametrize("ending", FOLLOWED)
@pytest.mark.parametrize(
    ("query", "is_told"),
    {
        "no status": ("", True),
        "an empty status": ("status=", True),
        "an empty one after another": ("status=current&status=", False),
        "all": ("status=all", True),
        "withdrawn": ("status=withdrawn", True),
        "those in force": ("status=current", False),
    }.values(),
)
def test_whoever_follows_hears_of_a_withdrawal(client: Client, ending, query, is_told):
    withdraw("0012")
    assert ("0012" in references(client, ending, query)) == is_told
    assert ("0036" in references(client, ending, query)) == (query != "status=withdrawn")


def test_the_other_endings_keep_to_what_is_in_force(client: Client):
    withdraw("0012")
    assert "0012" not in {row["reference"] for row in rows(client, "")}
    assert "0012" not in client.get("/protocols.json").getvalue().decode()


def test_a_withdrawal_cancels_the_event_and_is_told_by_the_feed(client: Client):
    withdraw("0012")
    read = read_calendar(client.get("/protocols.ics?theme=growing-essex-economy"))
    states = {event["uid"]: event["status"] for event in read["events"]}
    assert len(states) == 3
    assert states["0012@localhost"] == "CANCELLED"
    of_a_day = read_calendar(client.get(f"/protocols.ics?on={timezone.localdate()}"))["events"]
    assert of_a_day
    assert "0012@localhost" not in {event["uid"] for event in of_a_day}
    feed = client.get("/protocols.atom?theme=growing-essex-economy").getvalue()
    title = ElementTree.fromstring(feed).findtext(f"{ATOM}entry/{ATOM}title")
    assert title == "0012 - SELEP (ECC) DSA with the ESFA V2.0: withdrawn"


@pytest.mark.parametrize("ending", FOLLOWED)
def test_no_address_of_a_person_or_a_mailbox_is_in_them(client: Client, ending):
    whole = client.get(f"/protocols.{ending}").getvalue().decode()
    mailboxes = set(re.findall(r"[\w.+-]+@[\w.-]+", whole.replace("\r\n ", "")))
    found = {address for address in mailboxes if not re.fullmatch(r"\d+@localhost", address)}
    # The partnership's own, which every page shows, stands for the organizer.
    assert found == ({site.PARTNERSHIP.email} if ending == "ics" else set())


# How they are sent -----------------------------------------------------------------------------


def test_a_calendar_can_be_saved_and_subscribed_to(client: Client):
    answer = client.get("/protocols.ics")
    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    assert answer["Content-Disposition"] == 'inline; filename="protocol-reviews.ics"'
    assert answer.streaming


def test_a_feed_is_sent_as_one(client: Client):
    answer = client.get("/protocols.atom")
    assert answer["Content-Type"] == "application/xml; charset=utf-8"
    assert "Content-Disposition" not in answer
    whole = answer.getvalue().decode()
    assert "<name>Whole Essex Information Sharing Framework</name>" in whole
    assert "<title>Changes: Information Sharing Protocols</title>" in whole


@pytest.mark.parametrize("ending", FOLLOWED)
@pytest.mark.parametrize("coding", ["", "gzip", "br"])
def test_who_asks_again_is_told_that_nothing_changed_until_something_does(db, ending, coding):
    site = cached()
    address = f"/protocols.{ending}?organisation=ecc"
    first = ask(site, address, accept_encoding=coding)
    assert first.headers.get("content-encoding", "") == coding
    tag = first.headers["etag"]
    # Another worker says the same, and nothing is made for it.
    with CaptureQueriesContext(connection) as queries:
        again = ask(cached(), address, accept_encoding=coding, if_none_match=tag)
    assert (again.status, again.body, again.headers["etag"]) == (304, b"", tag)
    assert [query["sql"] for query in queries] == [VERSION_SQL]

    withdraw("0012")
    after = ask(site, address, accept_encoding=coding, if_none_match=tag)
    assert after.status == 200
    assert "It ended." in after.plain.replace("\r\n ", "")
    assert after.headers["etag"] != tag


# Where they are offered ------------------------------------------------------------------------

# By page: the questions of its lists, and that of its feed.
LISTS = {
    "/": ([""], ""),
    "/?q=children&review=overdue&sort=title&page=1": (
        ["?q=children&review=overdue&sort=title"],
        "?q=children&review=overdue&sort=title",
    ),
    "/themes/safer-community/": (["?theme=safer-community"], "?theme=safer-community"),
    "/reviews/": ([""], ""),
    "/organisations/essex-county-council/": (
        [f"?organisation={COUNCIL}"],
        f"?organisation={COUNCIL}",
    ),
}


def feed_link(page: HttpResponse) -> str | None:
    (head,) = re.findall(r"<head>(.*)</head>", page.content.decode(), re.S)
    link = re.search(
        r'<link rel="alternate" type="application/atom\+xml" [^>]*href="([^"]*)"', head
    )
    return link[1].replace("&amp;", "&") if link else None


@pytest.mark.parametrize(("address", "lists", "feed"), [(a, *of) for a, of in LISTS.items()])
def test_every_list_offers_them(client: Client, address, lists, feed):
    page = client.get(address)
    hrefs = [href for href, _ in links(page)]
    calendars = [f"/protocols.ics{query}" for query in lists]
    files = {
        "csv": [f"/protocols.csv{query}" for query in lists],
        "xlsx": [f"/protocols.xlsx{query}" for query in lists],
        "ods": [f"/protocols.ods{query}" for query in lists],
        "json": [f"/protocols.json{query}" for query in lists],
        "ics": [*calendars, *(f"webcal:{site.SITE_URL[5:]}{each}" for each in calendars)],
        "atom": [f"/protocols.atom{query}" for query in lists],
    }
    for ending, addresses in files.items():
        offered = [href for href in hrefs if f"/protocols.{ending}" in href]
        assert sorted(offered) == sorted(addresses)
    assert hrefs.count("/about/#follow") == len(lists)
    assert feed_link(page) == f"/protocols.atom{feed}"
    for href in {*chain(*files.values()), feed_link(page)}:
        assert href.startswith("webcal:") or client.get(href).status_code == 200


def test_the_files_of_one_page_are_told_apart(client: Client):
    page = client.get(f"/reviews/?organisation={COUNCIL}")
    words = [words for href, words in links(page) if re.match(r"(webcal:.*)?/protocols\.", href)]
    assert words
    assert len(set(words)) == len(words)


@pytest.mark.parametrize("body", [COUNCIL, "west-essex-ccg", "all-essex-schools"])
def test_an_organisation_s_file_has_as_many_rows_as_its_heading_says(client: Client, body):
    page = client.get(f"/organisations/{body}/").content.decode()
    number = int(re.search(r'id="protocols">(\d+) protocol', page)[1])
    assert f"Download or follow {'it' if number == 1 else f'these {number}'}" in page
    assert len(rows(client, f"organisation={body}")) == number


@pytest.mark.parametrize("address", ["/?theme=nonsense", "/about/", "/themes/"])
def test_what_is_no_list_has_no_feed(client: Client, address):
    assert feed_link(client.get(address)) is None


def test_a_list_of_one_is_spoken_of_as_one(client: Client):
    words = re.sub(r"<[^>]*>", "", client.get("/?q=0012").content.decode())
    assert "Add to your calendar, or subscribe" in words
    assert "Download 1 row as Excel (XLSX)" in words


def test_the_about_page_says_how_to_do_it(client: Client):
    about = client.get("/about/")
    assert 'id="follow"' in about.content.decode()
    assert ("/protocols.ics", "All review dates") in links(about)
    assert ("/protocols.atom", "all changes") in links(about)
