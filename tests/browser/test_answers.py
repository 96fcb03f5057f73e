"""A lead who has never seen the register answers by the link in an e-mail."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from itertools import count

import pytest
from playwright.sync_api import Page, expect

from registers.reminders.links import MOST_TRIES
from tests.browser.addresses import Example
from tests.browser.axe import axe_finds
from tests.browser.chromium import DESKTOP, PHONE
from tests.browser.looking import look
from tests.browser.reminding import FILE
from tests.browser.serving import Served, prepare, run, served
from tests.browser.test_accessibility import check, nothing
from tests.browser.test_keyboard import FOCUSED, tab_to

pytestmark = pytest.mark.browser
REMIND = "from tests.browser.reminding import remind; remind()"
TITLE = "Information Governance Manager"
WINDOWS = pytest.mark.parametrize("window", [DESKTOP, PHONE], ids=["1280", "320"])
homes = count(1)


class BehindAProxy(Served):
    """A place that takes a visitor's address from a header, so that each test has its own tries."""

    @property
    def environment(self) -> dict[str, str]:
        return super().environment | {"BEHIND_PROXY": "true"}


@pytest.fixture(scope="module")
def place(static_files, tmp_path_factory) -> Iterator[BehindAProxy]:
    with BehindAProxy(tmp_path_factory.mktemp("answers")) as made:
        prepare(made)
        run(made, "manage.py", "shell", "--command", REMIND)
        served(made)
        yield made


@pytest.fixture(scope="module")
def links(place) -> dict[str, str]:
    """The path of a link for each state."""
    return json.loads((place.folder / FILE).read_text())


@pytest.fixture
def visitor(opened) -> Callable[..., Page]:
    """Open a page of somebody who has not been here in the last minute."""

    def page(**options: object) -> Page:
        address = {"X-Forwarded-For": f"192.0.2.{next(homes)}"}
        return opened(**{"viewport": DESKTOP} | options, extra_http_headers=address)

    return page


def no_cookie(page: Page) -> None:
    nothing([str(cookie) for cookie in page.context.cookies()], "is a cookie")
    nothing(look(page, "kept"), "is kept on the device")


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("wide", 200),
        ("narrow", 200),
        ("answered", 200),
        ("waiting", 200),
        ("expired", 410),
        ("withdrawn", 410),
        ("reviewed", 410),
        ("moved", 410),
    ],
)
def test_a_page_for_answers_keeps_every_promise(visitor, place, links, name, status):
    check(visitor(), place.url, Example(path=links[name], status=status))


@pytest.mark.parametrize("width", [320, 600, 1280])
def test_what_an_answer_does_stands_by_its_own_button(visitor, place, links, width):
    page = visitor(viewport={"width": width, "height": 900})
    page.goto(f"{place.url}{links['open']}")
    items = page.locator(".register-choices__item").all()
    buttons = [item.get_by_role("button").bounding_box() for item in items]
    words = [item.locator(".register-choices__does").bounding_box() for item in items]
    assert len(items) == 4
    for button, does, following in zip(buttons, words, buttons[1:], strict=False):
        assert does["y"] - (button["y"] + button["height"]) < 15
        assert following["y"] - max(does["y"] + does["height"], button["y"] + button["height"]) > 20


def test_the_page_for_whoever_tries_too_often_keeps_every_promise(visitor, place, links):
    page = visitor()
    for _ in range(MOST_TRIES):
        assert page.request.get(f"{place.url}/reviews/answer/?link=x").status == 404
    check(page, place.url, Example(path=links["open"], status=429))


@WINDOWS
def test_the_errors_of_an_answer_are_found_and_put_right(visitor, place, links, window):
    page = visitor(viewport=window)
    page.goto(place.url + links["wide"])
    page.get_by_label("Your job title").fill("jane@example.org")
    page.get_by_role("button", name="No longer needed").click()
    expect(page).to_have_title("Error: Is protocol 0046 still needed? - WEISF")
    nothing(look(page, "sticking_out"), "stands out of the window")
    nothing(axe_finds(page), "is found by axe")
    summary = page.get_by_role("alert")
    summary.get_by_role("link", name="Job title: Remove the e-mail address").click()
    expect(page.locator(":target")).to_have_value("jane@example.org")
    note = page.get_by_label("Note")
    summary.get_by_role("link", name="Enter in the note why").click()
    expect(note).to_be_focused()
    expect(note).to_have_accessible_description(re.compile("Enter in the note why"))
    expect(page.get_by_role("main")).to_contain_text("You pressed ‘No longer needed’.")
    no_cookie(page)


@WINDOWS
def test_the_keys_alone_answer_and_the_enter_key_alone_does_not(visitor, place, links, window):
    page = visitor(viewport=window, java_script_enabled=False)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.method))
    address = place.url + links["open" if window == DESKTOP else "narrow"]
    page.goto(address)
    tab_to(page, "#job_title")
    page.keyboard.type(TITLE)
    # Whoever presses Enter too early has sent nothing, least of all the first answer.
    page.keyboard.press("Enter")
    page.wait_for_timeout(500)
    assert "POST" not in sent
    expect(page.get_by_label("Your job title")).to_have_value(TITLE)
    # From the box it is one stop to the note, and one to each of the four buttons.
    for name in ("note", "choice", "choice", "choice", "choice"):
        page.keyboard.press("Tab")
        assert page.locator(FOCUSED).get_attribute("name") == name
        assert not look(page, "stop")["unseen"]
    expect(page.locator(FOCUSED)).to_have_text("Not ours")
    for _ in range(2):
        page.keyboard.press("Shift+Tab")
    expect(page.locator(FOCUSED)).to_have_text("Still needed, changes coming")
    page.keyboard.press("Space")

    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you")
    assert sent.count("POST") == 1
    main = page.get_by_role("main")
    expect(main).to_contain_text("Still needed, changes coming")
    expect(main).to_contain_text(TITLE)
    # Neither loading it again nor going back sends anything.
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you")
    assert sent.count("POST") == 1
    no_cookie(page)


def test_no_page_that_is_opened_from_there_is_told_the_link(visitor, place, links):
    page = visitor()
    told: list[str] = []
    page.on("request", lambda request: told.append(request.headers.get("referer", "")))
    page.goto(place.url + links["wide"])
    page.get_by_role("main").get_by_role("link", name="0046").click()
    expect(page.get_by_role("heading", level=1)).not_to_have_text("Is this protocol still needed?")
    page.wait_for_load_state()
    assert len(told) > 2
    assert [each for each in told if "answer" in each or "link=" in each] == []
