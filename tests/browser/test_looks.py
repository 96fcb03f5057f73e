"""Paper, other colours, large letters and windows of a width between."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import axe_finds
from tests.browser.chromium import DESKTOP, PHONE
from tests.browser.looking import look

pytestmark = pytest.mark.browser

# A4, less the margins that Chromium leaves.
PAPER = {"width": 718, "height": 1047}
LIST = "/?theme=health-and-wellbeing&organisation=essex-county-council"


@pytest.mark.parametrize(
    "path", ["/", LIST, "/protocols/0036/", "/organisations/essex-county-council/"]
)
def test_large_letters_lose_nothing(reader, reader_on_a_phone, register, path):
    reader.goto(register + path)
    reader_on_a_phone.goto(register + path)
    for summary in reader_on_a_phone.locator("main summary").all():
        summary.click()
    wide = look(reader, "texts", "main")
    narrow = look(reader_on_a_phone, "texts", "main")
    assert len(wide) > 50
    # A row's first cell is what the row is about: it needs no word before it.
    first_columns = set(look(reader, "texts", "thead th:first-child"))
    # A telephone shows no picture: the list above it says the same. Beside a theme stands its
    # number alone.
    picture = set(look(reader, "texts", ".register-picture"))
    assert set(wide) - set(narrow) <= first_columns | picture | {"protocols"}


def test_a_window_of_a_width_between_keeps_margins_and_whole_words(opened, register):
    page = opened(viewport=DESKTOP)
    page.goto(register)
    for width in (641, 768, 800, 880, 881, 1024, 1183, 1184, 1230):
        page.set_viewport_size({"width": width, "height": 800})
        assert look(page, "sticking_out") == [], width
        assert look(page, "broken_words", "th, .govuk-tag, .register-nav") == [], width
        for box in boxes(page, ".govuk-width-container"):
            assert box["left"] >= 15, width
            assert box["right"] <= width - 15, width
        edge = boxes(page, ".register-columns__results")[0]["right"]
        assert all(tag["right"] <= edge for tag in boxes(page, ".govuk-tag")), width


@pytest.mark.parametrize(
    ("window", "lowest", "tallest"),
    [(PHONE, 285, (9_000, 9_000)), ({"width": 1280, "height": 720}, 450, (5_500, 6_000))],
    ids=["phone", "desktop"],
)
def test_the_home_page_begins_with_its_search_box(opened, register, window, lowest, tallest):
    page = opened(viewport=window, java_script_enabled=False)
    page.goto(register, wait_until="load")
    assert boxes(page, "#q")[0]["top"] < lowest
    assert boxes(page, "body")[0]["height"] < tallest[0]
    assert look(page, "sticking_out") == []
    page.get_by_role("link", name="Show as a table").click()
    expect(page).to_have_url(f"{register}/?view=table#results")
    expect(page.locator("thead").first).to_be_attached()
    assert boxes(page, "body")[0]["height"] < tallest[1]
    assert look(page, "sticking_out") == []


@pytest.mark.parametrize("path", ["/", "/sharing/", "/organisations/essex-county-council/"])
def test_a_first_visit_is_small(browser, register, path):
    sent = []
    # A window that nothing is stored for, as the others have it.
    with browser.new_context(viewport=DESKTOP) as window:
        page = window.new_page()
        page.on("requestfinished", lambda request: sent.append(request.sizes()["responseBodySize"]))
        page.goto(register + path, wait_until="networkidle")
    # The page, two style sheets and perhaps the icon.
    assert len(sent) >= 3
    assert sum(sent) < 60_000


def boxes(page: Page, selector: str) -> list[dict[str, float]]:
    measure = "all => all.map(each => each.getBoundingClientRect().toJSON())"
    return page.locator(selector).evaluate_all(measure)


def test_a_printed_list_is_the_list_alone(opened, register):
    page = opened(viewport=PAPER)
    page.goto(f"{register}{LIST}&view=table")
    page.emulate_media(media="print")
    for gone in (".register-nav", "form", ".register-downloads", ".govuk-skip-link"):
        expect(page.locator(gone).first).to_be_hidden()
    words = look(page, "texts", "main")
    assert "Other organisations involved" in words
    assert any(each.startswith("This supports 3rd party access") for each in words)
    assert "Health and Wellbeing" in " ".join(words)
    assert look(page, "sticking_out") == []
    assert look(page, "broken_words", "thead th, .govuk-tag") == []
    # A row is a row, and a link's address is not written after it.
    row = page.locator("tbody tr").first
    cells = [cell.bounding_box() for cell in row.locator("th, td").all()]
    assert len({round(cell["y"]) for cell in cells}) == 1
    after = "link => getComputedStyle(link, '::after').content"
    assert page.locator("main a").evaluate_all(f"links => links.map({after})").count("none") > 10


def test_a_printed_protocol_has_its_purpose_and_its_parties(opened, register):
    page = opened(viewport=PAPER)
    page.goto(f"{register}/protocols/0036/")
    page.emulate_media(media="print")
    expect(page.locator(".govuk-breadcrumbs")).to_be_hidden()
    for gone in ("Tell us what you know", "History", "calendar"):
        expect(page.get_by_text(gone, exact=True)).to_be_hidden()
    expect(page.get_by_text("This supports 3rd party access")).to_be_visible()
    expect(page.locator(".register-parties li")).to_have_count(27)
    expect(page.get_by_text("‘Dept. for Works & Pensions’")).to_be_visible()
    expect(page.get_by_text(f"from {register}/protocols/0036/")).to_be_visible()
    assert look(page, "sticking_out") == []


def test_a_protocol_of_which_little_is_recorded_is_short_on_a_phone(reader_on_a_phone, register):
    page = reader_on_a_phone
    page.goto(f"{register}/protocols/0036/")
    assert page.locator("html").evaluate("html => html.scrollHeight") < 2500


@pytest.mark.parametrize(("path", "most"), [("/", 8), ("/protocols/0036/", 1), ("/reviews/", 6)])
def test_a_pdf_is_made_of_few_pages(opened, register, path, most):
    page = opened(viewport=DESKTOP)
    page.goto(register + path)
    made = page.pdf(format="A4")
    assert made.startswith(b"%PDF")
    assert 1 <= len(re.findall(rb"/Type\s*/Page\b", made)) <= most


def test_forced_colours_keep_the_lines_and_the_words(opened, register):
    page = opened(viewport=DESKTOP, forced_colors="active")
    page.goto(register + LIST)
    lines = (".register-filters", ".register-chips__tag", "#q", ".govuk-button")
    for selector in lines:
        style = styles(page, selector)
        assert style["borderTopStyle"] == "solid", selector
        assert style["borderTopWidth"] >= "1px", selector
        assert style["borderTopColor"] != styles(page, "body")["backgroundColor"], selector
    for selector in (*lines, "h1", "main p", ".register-nav__link", ".register-header__name"):
        style = styles(page, selector)
        assert style["color"] not in {style["backgroundColor"], "rgba(0, 0, 0, 0)"}, selector
    current, other = (
        styles(page, f".register-nav__item{which} a")["borderBottomColor"]
        for which in ("--current", ":not(.register-nav__item--current)")
    )
    assert current != other


def test_a_tag_has_an_edge_where_colours_are_forced(opened, full_register):
    page = opened(viewport=DESKTOP, forced_colors="active")
    page.goto(f"{full_register}/?status=withdrawn")
    tag = styles(page, ".govuk-tag")
    assert (tag["borderTopStyle"], tag["borderTopWidth"]) == ("solid", "1px")
    assert tag["backgroundColor"] not in {tag["borderTopColor"], tag["color"]}


def styles(page: Page, selector: str) -> dict[str, str]:
    return page.locator(selector).first.evaluate("element => ({...getComputedStyle(element)})")


REVIEWS = "/reviews/?on=2022-06-30"
PATTERNS = ("overdue", "due-soon", "none")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pictures_of_reviews_are_told_apart_without_colours(opened, register, scheme):
    page = opened(viewport=DESKTOP, forced_colors="active", color_scheme=scheme)
    page.goto(register + REVIEWS)
    ground, ink = (styles(page, "body")[each] for each in ("backgroundColor", "color"))
    assert {styles(page, f"#review-{each} .register-pattern-ink")["fill"] for each in PATTERNS} == {
        ink
    }
    assert styles(page, "#review-in-date .register-pattern-ground")["fill"] == ground
    for selector in (
        ".register-bar",
        ".register-swatch rect",
        ".register-review-years__picture path",
    ):
        assert styles(page, selector)["stroke"] == ink, selector
    link = styles(page, "main p a")["color"]
    assert styles(page, ".register-review-years__picture > text")["fill"] == ink
    assert styles(page, ".register-review-years__picture a text")["fill"] == link != ground
    drawn = "all => all.map(each => each.getAttribute('fill'))"
    assert set(page.locator(".register-bar").evaluate_all(drawn)) == {
        "url(#review-overdue)",
        "url(#review-due-soon)",
        "url(#review-in-date)",
    }
    assert axe_finds(page, colours=True) == []


HEIGHTS = {
    "/organisations/essex-county-council/": 8_000,
    "/organisations/essex-county-council/with/essex-police/": 2_500,
    "/reviews/?organisation=essex-county-council": 7_200,
    "/sharing/?organisation=essex-police": 3_000,
}


@pytest.mark.parametrize(("path", "most"), HEIGHTS.items())
def test_a_page_is_not_too_high_on_a_telephone(reader_on_a_phone, register, path, most):
    reader_on_a_phone.goto(register + path)
    assert reader_on_a_phone.evaluate("document.documentElement.scrollHeight") < most


def test_a_bar_is_a_link_for_the_mouse(opened, register):
    page = opened(viewport=DESKTOP, java_script_enabled=False)
    page.goto(register + REVIEWS)
    bar = page.locator(".register-review-years__picture a[href*='review_from=2022-06']")
    assert bar.locator("text").text_content() == "6"
    bar.click()
    expect(page.get_by_role("heading", name="6 protocols", exact=True)).to_be_visible()


def test_reviews_can_be_read_at_every_width(opened, register):
    page = opened(viewport=DESKTOP)
    page.goto(register + REVIEWS)
    page.locator(".register-numbers summary").click()
    for width in (320, 480, 640, 641, 768, 1024, 1183, 1184, 1280, 1920):
        page.set_viewport_size({"width": width, "height": 800})
        assert look(page, "sticking_out") == [], width
        assert look(page, "broken_words", "main") == [], width
        # What is written in a picture is large enough to be read.
        for box in boxes(page, ".register-review-years__picture text"):
            assert box["height"] >= 11, width


def test_printed_reviews_are_the_pictures_with_their_numbers(opened, register):
    page = opened(viewport=PAPER)
    page.goto(register + REVIEWS)
    page.emulate_media(media="print")
    for gone in (".register-nav", "form", ".register-numbers"):
        expect(page.locator(gone).first).to_be_hidden()
    words = look(page, "texts", "main")
    assert {"How they stand on 30 June 2022", "How long overdue", "By theme"} <= {*words}
    assert {"17", "6", "2"} <= {*words}
    assert look(page, "sticking_out") == []


def test_a_wish_for_more_contrast_does_no_harm(opened, register):
    page = opened(viewport=DESKTOP, contrast="more")
    page.goto(register + LIST)
    assert axe_finds(page) == []
    assert look(page, "sticking_out") == []


def test_nothing_moves_when_movement_is_not_wanted(opened, register):
    page = opened(viewport=DESKTOP, reduced_motion="reduce")
    page.goto(register + LIST)
    page.get_by_label("Safer Community").check()
    page.get_by_role("button", name="Show protocols").hover()
    assert page.evaluate("document.getAnimations().length") == 0
