"""A crawler that obeys what the register says to it reads the demonstration, and ends."""

from __future__ import annotations

import re
from collections import deque
from html.parser import HTMLParser
from urllib.parse import parse_qs, urljoin, urlsplit
from urllib.robotparser import RobotFileParser
from xml.etree import ElementTree

import pytest
import time_machine
from django.test import Client

from tests.conftest import TODAY

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("demonstration")]

SITE = "http://localhost:8000"
PROTOCOLS = 90
MOST = 1_200
PAIR = re.compile(r"/organisations/[^/]+/with/[^/]+/")


class Reader(HTMLParser):
    """What a crawler reads of a page: its links, and what is said to crawlers."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.followed: list[str] = []
        self.others: list[str] = []
        self.canonical: list[str] = []
        self.robots = ""
        self.feed(source)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        rel = given.get("rel", "").split()
        if tag == "a" and "href" in given:
            (self.others if "nofollow" in rel else self.followed).append(given["href"])
        elif tag == "link" and "canonical" in rel:
            self.canonical.append(given["href"])
        elif tag == "meta" and given.get("name") == "robots":
            self.robots += given["content"]


def path_of(address: str, base: str) -> str | None:
    """The path and the query of a link within the site."""
    parts = urlsplit(urljoin(f"{SITE}{base}", address))
    if f"{parts.scheme}://{parts.netloc}" != SITE:
        return None
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def sitemap(client: Client) -> list[str]:
    """Every address that the sitemap names."""

    def read(address: str) -> list[str]:
        tree = ElementTree.fromstring(client.get(address).content)
        found = (str(each.text) for each in tree.iter() if each.tag.endswith("}loc"))
        return [each.removeprefix("http://testserver") for each in found]

    return [page for part in read("/sitemap.xml") for page in read(part)]


@pytest.fixture(scope="module")
def crawled(django_db_blocker, demonstration) -> dict[str, Reader | None]:
    """Each address that was asked for, with its page; None for what is no page."""
    client = Client()
    with django_db_blocker.unblock(), time_machine.travel(f"{TODAY}T12:00:00+00:00", tick=False):
        robots = RobotFileParser()
        robots.parse(client.get("/robots.txt").content.decode().splitlines())
        seen: dict[str, Reader | None] = {}
        waiting = deque(["/", *sitemap(client)])
        while waiting:
            path = waiting.popleft()
            if path in seen or not robots.can_fetch("*", f"{SITE}{path}"):
                continue
            assert len(seen) < MOST, f"{MOST} addresses, and no end: {path}"
            answer = client.get(path)
            assert answer.status_code in {200, 301, 302}, path
            seen[path] = None
            if answer.status_code != 200:
                waiting.append(str(path_of(answer["Location"], path)))
            elif "text/html" in answer["Content-Type"]:
                page = seen[path] = Reader(answer.content.decode())
                if "nofollow" not in page.robots:
                    found = (path_of(link, path) for link in page.followed)
                    waiting.extend(each for each in found if each)
            answer.close()
    return seen


def test_it_ends(crawled):
    pages = [page for page in crawled.values() if page]
    assert 100 < len(pages) <= len(crawled) < MOST


def test_it_finds_everything_that_has_a_page(crawled):
    protocols = [path for path in crawled if re.fullmatch(r"/protocols/[^/]+/", path)]
    assert len(protocols) == PROTOCOLS
    assert "/?page=2" in crawled


def test_every_page_has_one_address(crawled):
    for path, page in crawled.items():
        if page:
            (canonical,) = page.canonical
            assert path_of(canonical, path) == path


def test_it_is_led_to_nothing_that_is_left_out_of_search_engines(crawled):
    assert [path for path, page in crawled.items() if page and page.robots] == []


def test_files_pairs_and_narrowed_lists_are_not_followed(crawled):
    others = {path_of(link, path) for path, page in crawled.items() if page for link in page.others}
    for path in crawled:
        narrowed = set(parse_qs(urlsplit(path).query)) - {"page"}
        assert not narrowed, path
        assert not PAIR.match(path), path
        assert not re.search(r"\.(csv|xlsx|ods|json|ics|atom)$", urlsplit(path).path), path
    for kind in (r"/\?.*organisation=", r"/protocols\.csv", PAIR.pattern, r"/reviews/\?"):
        assert any(re.match(kind, each or "") for each in others), kind
