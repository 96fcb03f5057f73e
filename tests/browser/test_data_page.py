"""The examples on the page for developers, taken from it and run as they stand."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.error import HTTPError
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page

from tests.browser.chromium import DESKTOP, PHONE

pytestmark = pytest.mark.browser

THE_END = "the end of what is said"
WAYS = {"sh": ["sh", "-e", "-u"], "py": [sys.executable, "-W", "error", "-I"]}


@pytest.fixture
def examples(opened, register) -> dict[str, str]:
    """The text of each example, by its name, as somebody copies it."""
    page = opened(viewport=DESKTOP)
    page.goto(f"{register}/about/data/")
    boxes = page.locator(".register-code")
    found = {box.get_attribute("aria-labelledby"): box.inner_text() for box in boxes.all()}
    assert {name.rpartition("-")[2] for name in found} == {"sh", "py", "js"}
    return found


def run(name: str, text: str, folder) -> str:
    """Run a programme in an empty folder, and return what it printed."""
    path = folder / name
    path.write_text(text)
    done = subprocess.run(
        [*WAYS[name.rpartition("-")[2]], str(path)],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def asked(register: str, query: str) -> dict:
    with urllib.request.urlopen(f"{register}/protocols.json?{query}") as answer:
        return json.load(answer)


def test_every_example_is_run_here(examples):
    assert list(examples) == ["file-sh", "new-sh", "pages-py", "table-py", "page-js"]


def test_everything_as_a_file(examples, register, tmp_path):
    assert run("file-sh", examples["file-sh"], tmp_path) == ""
    with (tmp_path / "protocols.csv").open(encoding="utf-8", newline="") as file:
        assert len(list(csv.DictReader(file))) == asked(register, "status=all")["count"]


def test_again_but_only_what_is_new(examples, register, tmp_path):
    expected = asked(register, "")
    for status in ("200", "304", "304"):
        assert run("new-sh", examples["new-sh"], tmp_path) == f"{status}\n"
        # What is there already stays there.
        assert json.loads((tmp_path / "protocols.json").read_text()) == expected


def test_every_page_of_what_is_overdue(examples, register, tmp_path):
    lines = run("pages-py", examples["pages-py"], tmp_path).splitlines()
    results = asked(register, "review=overdue&sort=review")["results"]
    assert [line.split()[0] for line in lines] == [each["reference"] for each in results]
    assert len(lines) > 20


def test_who_leads_most(examples, register, tmp_path):
    lines = run("table-py", examples["table-py"], tmp_path).splitlines()
    numbers = [int(line.split()[0]) for line in lines]
    assert numbers == sorted(numbers, reverse=True)
    assert 0 < sum(numbers) <= asked(register, "")["count"]
    assert any("Essex County Council" in line for line in lines)


class Blank(BaseHTTPRequestHandler):
    """A site with one empty page, which forbids its own scripts nothing."""

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<title>Elsewhere</title>")

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture
def elsewhere(opened) -> Iterator[Page]:
    """An empty page of another origin, with all that a browser forbids it."""
    # A page that Playwright makes up may not ask this machine for anything, whatever its origin.
    with ThreadingHTTPServer(("127.0.0.1", 0), Blank) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        page = opened(viewport=DESKTOP)
        page.goto(f"http://127.0.0.1:{server.server_port}/")
        yield page
        server.shutdown()
        thread.join()


def in_a_page(page: Page, programme: str) -> list[str]:
    """Run a programme as a script of the page, and return what it wrote to the console."""
    said: list[str] = []
    page.on("console", lambda each: said.append(each.text) if each.type == "log" else None)
    with page.expect_console_message(lambda each: each.text == THE_END):
        page.evaluate(f"(async () => {{ {programme}\nconsole.log('{THE_END}') }})()")
    return [each for each in said if each != THE_END]


def test_on_a_page_of_another_origin(examples, register, elsewhere):
    said = in_a_page(elsewhere, examples["page-js"])
    expected = asked(register, "review=overdue")
    assert said[0] == f"{expected['count']} protocols are overdue for review"
    assert [line.split()[0] for line in said[1:]] == [
        each["reference"] for each in expected["results"]
    ]


def test_another_origin_reads_errors_and_headers_and_asks_for_what_is_new(register, elsewhere):
    said = in_a_page(
        elsewhere,
        f"""
        const wrong = await fetch("{register}/protocols.json?review_from=2024-13");
        console.log(wrong.status, (await wrong.json()).errors.review_from);
        const right = await fetch("{register}/protocols.csv");
        await right.text();
        const tag = right.headers.get("ETag");
        console.log(right.headers.get("Link").includes("service-desc"),
                    right.headers.get("Content-Disposition"));
        // A header of its own: the browser asks beforehand whether it may.
        const again = await fetch("{register}/protocols.csv", {{
          headers: {{ "If-None-Match": tag }}, cache: "no-store",
        }});
        console.log(again.status);
        """,
    )
    assert said[0] == "400 Review from: month must be a number from 1 to 12"
    assert said[1].startswith('true attachment; filename="protocols-')
    assert said[2] == "304"


@pytest.mark.parametrize("path", ["/", "/protocols/0036/", "/about/data/", "/admin/login/"])
def test_another_origin_reads_no_page(register, elsewhere, path):
    tried = f"fetch('{register}{path}').then(() => 'read', () => 'refused')"
    assert elsewhere.evaluate(tried) == "refused"


def test_a_long_line_scrolls_in_its_own_box_with_the_keyboard(opened, register):
    page = opened(viewport=PHONE, java_script_enabled=False)
    page.goto(f"{register}/about/data/")
    box = page.locator(".register-code").nth(2)
    box.focus()
    assert box.evaluate("each => each.scrollWidth > each.clientWidth")
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    page.wait_for_function("each => each.scrollLeft > 0", arg=box.element_handle())
    assert page.evaluate("window.scrollX") == 0


@pytest.mark.parametrize(("length", "status"), [(8_000, 400), (8_191, 414)])
def test_an_address_that_is_too_long_is_said_to_be(register, length, status):
    query = "q=".ljust(length - len("GET /protocols.csv? HTTP/1.1"), "x")
    with pytest.raises(HTTPError) as answer:
        urllib.request.urlopen(f"{register}/protocols.csv?{query}")
    answer.value.close()
    assert answer.value.status == status


def test_its_addresses_are_those_of_the_site(opened, register):
    page = opened(viewport=DESKTOP)
    page.goto(f"{register}/about/data/")
    assert urlsplit(page.get_by_role("link", name="openapi.json").first.get_attribute("href")).path
    for text in page.locator(".register-code").all_inner_texts():
        assert f"{register}/protocols." in text
