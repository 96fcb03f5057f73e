"""What an attacker would try at the page for answers, and how often."""

from __future__ import annotations

import datetime
import re
from urllib.parse import quote, urlencode

import pytest
import time_machine
from django.test import Client

from registers.models import Answer
from registers.reminders.answers import make_token
from registers.reminders.links import MOST_TRIES
from tests.admin.typing_in import Page
from tests.public.answering import DOOR, GOOD, URLENCODED, link_to, send
from tests.public.asking import ask, cached
from tests.public.pages import text
from tests.reminders.lines import NOW, TITLE, a_line
from weisf.page_cache import PageCache

pytestmark = pytest.mark.usefixtures("real_register", "today")


@pytest.fixture
def site(db) -> PageCache:
    """The site in one worker that has just started."""
    return cached()


MARKUP = "<script>alert(1)</script><b onclick='x'>\"&amp;"


def test_markup_is_shown_as_text(client: Client):
    link = link_to(a_line())
    refused = send(client, link, choice="ended", job_title=MARKUP, note="")
    assert Page(refused.content.decode()).boxes["job_title"] == MARKUP
    refused = send(client, link, choice="<b>", job_title="", note=f"</textarea>{MARKUP}")
    assert Page(refused.content.decode()).boxes["note"] == f"</textarea>{MARKUP}"
    send(client, link, choice="changing", job_title=MARKUP, note=MARKUP)
    thanked = client.get(link)
    for page in (refused, thanked):
        assert "<script>" not in page.content.decode()
        assert "<b onclick" not in page.content.decode()
    assert MARKUP in text(thanked)


def test_the_link_is_only_written_where_the_two_pages_lead_to_each_other(client: Client):
    line = a_line()
    answer, complete = link_to(line), link_to(line).replace("answer/?", "answer/record/?")
    token = re.escape(urlencode({"link": make_token(line)}).partition("%3A")[2])
    for page in (client.get(answer), send(client, answer, choice=""), client.get(complete)):
        html = page.content.decode()
        to_the_other = re.findall(rf'href="/reviews/answer/(?:record/)?\?link=[^"]*{token}"', html)
        assert len(to_the_other) == len(re.findall(token, html)) == 1


def test_other_fields_are_not_read(client: Client, officer):
    link = link_to(a_line())
    extra = {"status": "accepted", "reminded": "1", "decided_by": str(officer.pk), "review": "1"}
    assert send(client, link, **GOOD | extra).status_code == 303
    answer = Answer.objects.get()
    assert (answer.status, answer.decided_by, answer.review) == ("waiting", None, None)


def test_the_last_of_two_choices_is_the_one(client: Client):
    link = link_to(a_line())
    body = f"choice=unchanged&choice=ended&job_title={quote(TITLE)}&note=Over."
    assert client.post(link, body, URLENCODED).status_code == 303
    assert Answer.objects.get().choice == "ended"


# By what is wrong with the body: itself, and its kind.
BODIES = {
    "huge": ("choice=unchanged&note=" + "x" * 3_000_000, URLENCODED),
    "of 2,000 fields": ("&".join(["a=1"] * 2_000), URLENCODED),
    "of a file": ('--x\r\nContent-Disposition: form-data; name="note"\r\n\r\na\r\n--x--\r\n', "x"),
    "of several parts": ("--x\r\n", "multipart/form-data; boundary=x"),
    "of several parts without a bound": ("--x\r\n", "multipart/form-data"),
    "JSON": ('{"choice": "ended"}', "application/json"),
    "text": ("choice=ended", "text/plain"),
}


@pytest.mark.parametrize(("body", "kind"), BODIES.values(), ids=BODIES)
def test_a_body_that_cannot_be_read_gets_the_registers_own_page(client: Client, body, kind):
    page = client.post(link_to(a_line()), body, kind)
    assert page.status_code == 400
    assert "This page cannot be shown" in text(page)
    assert page["Cache-Control"] == "no-store, private"
    assert not Answer.objects.exists()


def test_a_question_of_1501_parameters_gets_the_registers_own_page(client: Client):
    page = client.get(DOOR + "?" + "a=1&" * 1_501)
    assert (page.status_code, page["Cache-Control"]) == (400, "no-store, private")


def test_no_body_is_read_without_a_good_link(site):
    class Unread:
        def read(self, *_: int) -> bytes:
            raise AssertionError("The body was read.")

        readline = read

    def application(environ, start):
        return site(environ | {"wsgi.input": Unread()}, start)

    got = ask(
        application, f"{DOOR}?link=x", "POST", content_type=URLENCODED, content_length="2000000"
    )
    assert got.status == 404


@pytest.mark.parametrize("method", ["put", "patch", "delete", "options", "trace"])
def test_no_other_method_is_taken(client: Client, method):
    answer = getattr(client, method)(link_to(a_line()))
    assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD, POST")
    assert answer["Cache-Control"] == "no-store, private"


# So many tries a minute ----------------------------------------------------------------------


def test_the_21st_try_of_a_minute_waits(client: Client):
    link = link_to(a_line())
    for number in range(MOST_TRIES):
        ways = (client.get, client.head, lambda each: send(client, each, choice=""))
        address = link if number % 2 else f"{DOOR}?link={number}"
        assert ways[number % 3](address).status_code in {200, 400, 404}
    page = client.get(link)
    assert (page.status_code, page["Retry-After"]) == (429, "60")
    assert "Wait a minute, then try again" in text(page)
    assert "was not saved" not in text(page)
    page = send(client, link, **GOOD)
    assert page.status_code == 429
    assert "What you have just sent was not saved: wait a minute" in text(page)
    assert not Answer.objects.exists()
    with time_machine.travel(NOW + datetime.timedelta(seconds=60), tick=False):
        assert send(client, link, **GOOD).status_code == 303


def statuses(client: Client, number: int, **headers: str) -> set[int]:
    return {client.get(DOOR, **headers).status_code for _ in range(number)}


def test_tries_are_counted_by_the_address_of_the_visitor(client: Client):
    assert statuses(client, MOST_TRIES, REMOTE_ADDR="192.0.2.1") == {404}
    assert statuses(client, 1, REMOTE_ADDR="192.0.2.1") == {429}
    assert statuses(client, 1, REMOTE_ADDR="192.0.2.2") == {404}
    # Nobody believes a visitor who says to come from elsewhere.
    lie = {"HTTP_X_FORWARDED_FOR": "198.51.100.9", "HTTP_FORWARDED": "for=198.51.100.9"}
    assert statuses(client, 1, REMOTE_ADDR="192.0.2.1", **lie) == {429}


def test_behind_a_proxy_its_word_is_taken_and_not_the_visitors(client: Client, settings):
    settings.BEHIND_PROXY = True
    mine = {"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "203.0.113.9, 192.0.2.1"}
    assert statuses(client, MOST_TRIES, **mine) == {404}
    for forged in ("192.0.2.1", "198.51.100.1,192.0.2.1", "x, 10.0.0.1,  192.0.2.1 "):
        assert statuses(client, 1, **mine | {"HTTP_X_FORWARDED_FOR": forged}) == {429}
    other = mine | {"HTTP_X_FORWARDED_FOR": "192.0.2.1, 192.0.2.2"}
    assert statuses(client, 1, **other) == {404}


def test_behind_a_proxy_that_says_nothing_all_are_one(client: Client, settings):
    settings.BEHIND_PROXY = True
    assert statuses(client, MOST_TRIES, REMOTE_ADDR="192.0.2.1") == {404}
    assert statuses(client, 1, REMOTE_ADDR="192.0.2.2", HTTP_X_FORWARDED_FOR="unknown") == {429}
