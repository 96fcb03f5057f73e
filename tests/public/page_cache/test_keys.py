"""One page for one question, and nothing of one visitor in the page of another."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.public.asking import ask, cached
from tests.public.page_cache.keeping import from_memory, made_afresh
from weisf.page_cache import PageCache

pytestmark = pytest.mark.usefixtures("real_register")


# One address for all the ways to write a question --------------------------------------------

THE_SAME = {
    "another order": "/?review=overdue&q=essex&theme=health-and-wellbeing&theme=safer-community",
    "values in another order": "/?q=essex&theme=safer-community&theme=health-and-wellbeing"
    "&review=overdue",
    "a value twice": "/?q=essex&theme=safer-community&theme=safer-community"
    "&theme=health-and-wellbeing&review=overdue",
    "what is passed over": "/?q=essex&theme=safer-community&theme=health-and-wellbeing"
    "&review=overdue&utm_source=x&fbclid=y&gclid=&mc_cid=z&_=1",
    "one value twice": "/?q=essex&q=essex+&q=essex&theme=safer-community"
    "&theme=health-and-wellbeing&review=overdue&review=overdue",
    "other escapes": "/?q=%65ssex&theme=safer%2dcommunity&theme=health-and-wellbeing"
    "&review=overdue",
}


@pytest.mark.parametrize("address", THE_SAME.values(), ids=THE_SAME.keys())
def test_one_question_is_kept_once(site, address):
    written = "/?q=essex&theme=health-and-wellbeing&theme=safer-community&review=overdue"
    first = ask(site, written)
    with from_memory():
        assert ask(site, address) == first
    assert len(site.store) == 1


ALSO = {
    "markup": "x=y&%3Cscript%3E=1&a%22b%26=1",
    "like a known one": "them=y",
    "the place of the notice": "%3C!--+notice+--%3E=1&q=%3C!--+notice+--%3E",
    "a value that is not read": "sort=theme",
    "several": "&".join(f"{'x' * 50}{number}=1" for number in range(9)),
}


@pytest.mark.parametrize("also", ALSO.values(), ids=ALSO)
@pytest.mark.parametrize("coding", ["", "br", "gzip"])
def test_what_was_left_out_is_put_into_the_stored_page(site, also, coding):
    address = f"/?status=all&{also}&sort=title"
    question = "&".join(["status=all&sort=title", *(x for x in also.split("&") if x[:2] == "q=")])
    plain = ask(site, f"/?{question}", accept_encoding=coding)
    ask(site, f"/?{question}")  # not compressed: what the notice is put into
    with from_memory():
        said = ask(site, address, accept_encoding=coding)
    with from_memory():
        head = ask(site, address, "HEAD", accept_encoding=coding)
    by_django = Client(headers={"host": "localhost"}).get(address).content.decode()
    assert said.plain.split() == by_django.split()
    assert said.plain.count('id="left-out"') == 1
    assert "<script>" not in said.plain
    assert said.headers["content-length"] == str(len(said.body))
    assert (head.headers, head.body) == (said.headers, b"")
    same = set(plain.headers) - {"etag", "content-length"}
    assert {name: said.headers[name] for name in same} == {
        name: plain.headers[name] for name in same
    }
    tags = said.headers["etag"], plain.headers["etag"]
    for wanted, statuses in ((address, (304, 200)), (f"/?{question}", (200, 304))):
        assert tuple(ask(site, wanted, if_none_match=tag).status for tag in tags) == statuses
    with from_memory():
        assert ask(site, f"/?{question}", accept_encoding=coding) == plain


@pytest.mark.parametrize(("address", "status"), [("/?theme=x", 400), ("/?page=99", 404)])
@pytest.mark.parametrize("coding", ["", "br"])
def test_an_error_says_what_was_left_out_too(site, address, status, coding):
    got = ask(site, f"{address}&colour=red", accept_encoding=coding)
    assert got.status == status
    assert "‘colour’" in got.plain
    assert "left-out" not in ask(site, address, accept_encoding=coding).plain
    assert len(site.store) == 0


def test_a_page_that_takes_no_parameter_is_kept_once(site):
    for number in range(20):
        assert "left-out" not in ask(site, f"/about/?x={number}&y=").plain
        ask(site, f"/protocols/0036/?utm_source={number}")
    assert len(site.store) == 2


EMPTY = {
    "/?q=essex&theme=safer-community&theme=&review=overdue&organisation=&page=": (
        "/?q=essex&theme=safer-community&review=overdue"
    ),
    "/?q=essex&q=": "/?q=essex",
    "/?q=+": "/",
    "/?q=&role=&status=current&sort=theme&page=1": "/",
    "/?q=&status=all&sort=title": "/?status=all&sort=title",
    "/?q=&x=y%26z&x=": "/?x=y%26z",
    "/?q=&sort=title&x=y&sort=theme": "/?sort=title&sort=theme&x=y",
    "/reviews/?organisation=&role=&on=2022-06-30": "/reviews/?on=2022-06-30",
    "/organisations/essex-county-council/?with=": "/organisations/essex-county-council/",
}


@pytest.mark.parametrize(("address", "short"), EMPTY.items())
def test_empty_values_lead_to_the_short_address(site, address, short):
    ask(site, short)
    for method in ("GET", "HEAD"):
        answer = ask(site, address, method)
        assert (answer.status, answer.headers["location"]) == (302, short)
        assert "cache-control" not in answer.headers
    assert ask(site, short).status == 200


def test_a_file_is_the_same_with_empty_values(site):
    first = ask(site, "/organisations.csv?letter=e")
    with from_memory():
        assert ask(site, "/organisations.csv?letter=&page=&letter=e&letter=&x=") == first


STRANGE = {
    "a thousand fields": ("/?" + "&".join(["a"] * 1_501), 400),
    "a long word": (f"/?q={'x' * 1_500}", 400),
    "no address of ours": ("/nothing/", 404),
    "two slashes": ("//", 404),
    "two slashes before": ("//about/", 404),
    "bytes that are no UTF-8": ("/%ff/", 404),
    "Latin-1 in the query string": ("/?q=Stra\xdfe", 400),
}


@pytest.mark.parametrize(("address", "status"), STRANGE.values(), ids=STRANGE.keys())
def test_what_is_strange_goes_to_django_as_it_came(site, address, status):
    got = ask(site, address)
    assert got.status == status
    assert len(site.store) == 0


def test_raw_utf_8_is_read_as_if_it_was_escaped(site):
    first = ask(site, "/?q=Stra%C3%9Fe&status=all")
    with from_memory():
        assert ask(site, "/?status=all&q=Stra\xc3\x9fe") == first


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
    assert len(site.store) == 1


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
    assert len(site.store) == 0


def test_an_editor_s_browser_may_keep_styles(site, cookie, settings):
    got = ask(site, f"{settings.STATIC_URL}nothing.css", cookie=cookie)
    assert "private" not in got.headers.get("cache-control", "")


@pytest.mark.parametrize("address", ["/healthz", "/readyz", "/sitemap.xml", "/protocols/"])
def test_what_the_host_or_the_moment_shapes_is_not_kept(site, address):
    got = ask(site, address)
    assert "etag" not in got.headers
    assert len(site.store) == 0


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
    assert len(site.store) == 1


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
    clean = ask(cached(), address)
    assert (poisoned.status, poisoned.plain) == (200, clean.plain)
    with from_memory():
        assert ask(site, address) == poisoned


@pytest.fixture
def https_site(settings, db) -> PageCache:
    """The site behind a proxy that serves HTTPS."""
    settings.SITE_URL = "https://localhost"
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_HSTS_SECONDS = 60
    return cached()


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
