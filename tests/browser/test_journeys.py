"""What people come for, in a browser without JavaScript."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.looking import wait_until_loaded
from tests.browser.serving import BASE
from tests.exports.reading import read_calendar

pytestmark = pytest.mark.browser

REGISTER = json.loads((BASE / "fixtures/weisf/register.json").read_text(encoding="utf-8"))
ECC = "/organisations/essex-county-council/"


def purpose_of(reference: str) -> str:
    found = [p["purpose"] for p in REGISTER["protocols"] if p["reference"] == reference]
    return " ".join(found[0].split())


def heading(page: Page) -> Locator:
    """The heading that says how many protocols are found."""
    return page.get_by_role("heading", name=re.compile(r"^\d+ protocols?$"))


def found(page: Page) -> int:
    """The number in that heading, which is also that of the rows below it."""
    wait_until_loaded(page)
    number = int(heading(page).inner_text().split()[0])
    assert page.locator(".register-columns__results .register-row").count() == number
    return number


def number_beside(page: Page, choice: str) -> int:
    """The number beside a choice of the filter panel."""
    label = page.locator("label").filter(has_text=choice)
    return int(re.search(r"(\d+)$", label.inner_text().strip())[1])


def test_there_is_no_javascript(reader, register):
    reader.goto(register)
    reader.set_content("<p>Off</p><script>document.querySelector('p').textContent = 'On'</script>")
    expect(reader.locator("p")).to_have_text("Off")


def test_a_newcomer_finds_in_three_clicks_what_two_organisations_share(reader, register):
    reader.goto(register)
    main_links = reader.get_by_role("navigation", name="Main")
    main_links.get_by_role("link", name="Organisations").click()
    reader.get_by_role("main").get_by_role("link", name="Essex Police", exact=True).click()
    others = reader.locator(".register-name-counts")
    others.get_by_role("link", name="Essex County Council", exact=True).click()
    expect(reader.get_by_role("main")).to_contain_text("Named together in 1 protocol.")
    expect(reader.get_by_role("heading", level=2, name="0036 3rd Party Access ISP")).to_be_visible()
    expect(reader.get_by_role("main")).to_contain_text(purpose_of("0036"))
    article = reader.get_by_role("article")
    expect(article).to_contain_text(re.compile(r"Leads\s*Essex County Council"))
    expect(article).to_contain_text(re.compile(r"Partners\s*Essex Police"))


def test_filters_are_chosen_counted_taken_away_and_kept_by_the_back_button(reader, register):
    reader.goto(register)
    assert found(reader) == len(REGISTER["protocols"])
    alone = number_beside(reader, "Health and Wellbeing")
    reader.get_by_label("Health and Wellbeing").check()
    reader.get_by_label("Essex County Council").check()
    reader.get_by_role("button", name="Show protocols").click()

    both = found(reader)
    assert 0 < both < alone
    assert number_beside(reader, "Health and Wellbeing") == both
    expect(reader.get_by_label("Health and Wellbeing")).to_be_checked()
    expect(reader.get_by_label("Essex County Council")).to_be_checked()

    reader.get_by_role("link", name="Remove the filter Organisation: Essex County Council").click()
    assert found(reader) == alone
    expect(reader.get_by_label("Essex County Council")).not_to_be_checked()

    reader.go_back()
    assert found(reader) == both
    reader.get_by_role("link", name="Clear all filters").click()
    assert found(reader) == len(REGISTER["protocols"])


def test_every_number_beside_a_theme_is_that_of_the_list_it_leads_to(reader, register):
    reader.goto(f"{register}/themes/")
    themes = [theme["name"] for theme in REGISTER["themes"]]
    for theme in themes:
        title = reader.get_by_role("heading", level=2).filter(has_text=theme)
        number = int(re.search(r"\((\d+)\)$", title.inner_text())[1])
        title.get_by_role("link").click()
        expect(reader.locator(".register-row")).to_have_count(number)
        reader.go_back()


def test_words_and_an_acronym_are_searched_for(reader, register):
    reader.goto(register)
    main = reader.get_by_role("main")
    main.get_by_label("Search the register").fill("EPUT")
    main.get_by_role("button", name="Search").click()
    assert found(reader)
    expect(main.get_by_label("Search the register")).to_have_value("EPUT")
    expect(main.locator(".register-chips__tag")).to_contain_text("EPUT")


def test_a_month_that_cannot_be_is_told_and_kept_and_no_list_is_shown(reader, register):
    reader.goto(register)
    months = reader.get_by_role("group", name="From")
    months.get_by_label("Month").fill("13")
    months.get_by_label("Year").fill("2024")
    reader.get_by_role("button", name="Show protocols").click()
    summary = reader.get_by_role("alert")
    expect(summary).to_contain_text("month must be a number from 1 to 12")
    summary.get_by_role("link").click()
    field = reader.locator(":target")
    expect(field).to_have_value("13")
    expect(field).to_have_accessible_description(re.compile("must be a number from 1 to 12"))
    expect(reader.locator(".register-row")).to_have_count(0)


def test_an_acronym_in_the_box_leads_to_what_both_are_named_in(reader, register):
    reader.goto(register + ECC)
    others = reader.locator(".register-name-counts > li")
    eput = others.filter(has_text="Essex Partnership University NHS Foundation Trust")
    number = int(re.search(r"(\d+)$", eput.inner_text())[1])
    reader.get_by_role("textbox", name="Another organisation").fill("EPUT")
    reader.get_by_role("button", name="Show", exact=True).click()
    expect(reader.get_by_role("article")).to_have_count(number)


def test_two_boxes_on_the_first_page_lead_to_what_both_are_named_in(reader, register):
    reader.goto(register)
    ask_for(reader, "ECC", "Barnado's")
    expect(reader).to_have_url(f"{register}/organisations/barnardos/with/essex-county-council/")


def test_nonsense_in_a_box_is_said_beside_it_and_kept(reader, register):
    reader.goto(f"{register}/sharing/")
    ask_for(reader, "ECC", "Ministry of Magic")
    summary = reader.get_by_role("alert")
    expect(summary).to_contain_text("called ‘Ministry of Magic’")
    summary.get_by_role("link").click()
    field = reader.locator(":target").and_(reader.get_by_label("Another organisation"))
    expect(field).to_have_value("Ministry of Magic")
    expect(field).to_have_accessible_description(re.compile("called ‘Ministry of Magic’"))
    expect(reader.get_by_label("One organisation")).to_have_value("ECC")


def test_part_of_several_names_in_a_box_gives_a_choice(reader, register):
    reader.goto(f"{register}/sharing/")
    ask_for(reader, "ECC", "hospital")
    choices = reader.get_by_role("group", name="Did you mean").get_by_role("radio")
    expect(choices.nth(1)).to_be_visible()
    chosen = choices.first.get_attribute("value")
    choices.first.check()
    reader.get_by_role("button", name="Show", exact=True).click()
    expect(reader).to_have_url(re.compile(f"/organisations/.*{chosen}"))


def test_the_table_of_pairs_is_sorted_by_a_heading(reader, register):
    reader.goto(f"{register}/sharing/")
    reader.get_by_role("columnheader", name="Named with").get_by_role("link").click()
    reader.wait_for_url("**sort=**")
    names = reader.locator("tbody th").all_inner_texts()
    assert names == sorted(names, key=str.casefold)
    expect(reader.locator("#pairs")).to_be_in_viewport()


def ask_for(page: Page, one: str, other: str) -> None:
    page.locator("#one").fill(one)
    page.locator("#other").fill(other)
    page.get_by_role("button", name="Show", exact=True).click()


def test_an_old_address_of_an_organisation_ends_at_its_page(reader, register):
    answer = reader.goto(f"{register}/organisations/eput/")
    name = "Essex Partnership University NHS Foundation Trust"
    assert reader.url == f"{register}/organisations/{name.lower().replace(' ', '-')}/"
    assert answer.request.redirected_from.response().status == 301
    expect(reader.get_by_role("heading", level=1)).to_have_text(name)


def test_two_organisations_have_one_address_whichever_comes_first(reader, register):
    answer = reader.goto(f"{register}/organisations/essex-police/with/essex-county-council/")
    assert reader.url == f"{register}{ECC}with/essex-police/"
    assert answer.request.redirected_from.response().status == 301


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("", "protocols"),
        (
            "?theme=learning-and-education&review=overdue",
            "protocols-overdue-under-learning-and-education",
        ),
    ],
)
def test_the_spreadsheet_has_as_many_rows_as_the_heading_says(
    reader, register, tmp_path, query, named
):
    reader.goto(f"{register}/{query}")
    number = found(reader)
    with reader.expect_download() as download:
        reader.get_by_role("link", name="CSV").click()
    assert re.fullmatch(rf"{named}-\d{{4}}-\d\d-\d\d\.csv", download.value.suggested_filename)
    download.value.save_as(tmp_path / "protocols.csv")
    with Path(tmp_path / "protocols.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == number
    listed = reader.locator(".register-row__reference").all_inner_texts()
    assert sorted(row["reference"] for row in rows) == sorted(listed)


def test_the_calendar_has_as_many_events_as_the_heading_says(reader, register, tmp_path):
    reader.goto(f"{register}/?theme=learning-and-education&review=overdue")
    number = found(reader)
    with reader.expect_download() as download:
        reader.get_by_role("link", name="Add to your calendar").click()
    named = "protocol-reviews-overdue-under-learning-and-education.ics"
    assert download.value.suggested_filename == named
    download.value.save_as(tmp_path / "reviews.ics")
    read = read_calendar([(tmp_path / "reviews.ics").read_bytes()])
    assert len(read["events"]) == number
    assert read["calendar"]["x-wr-calname"].endswith("(Learning and Education, Overdue)")


def test_whoever_follows_a_list_can_first_read_how(reader, register):
    reader.goto(f"{register}{ECC}")
    reader.get_by_role("link", name="How to do this").first.click()
    expect(reader).to_have_url(re.compile("/about/#follow$"))
    expect(reader.locator("#follow")).to_be_in_viewport()
    reader.go_back()
    follow = reader.get_by_role("link", name="Follow what changes")
    answer = reader.goto(register + follow.get_attribute("href"))
    assert answer.headers["content-type"] == "application/xml; charset=utf-8"
    # It opens as a page, with a style sheet and links.
    expect(reader).to_have_title(re.compile("^Changes: "))
    expect(reader.locator("entry").first).to_have_css("display", "block")
    expect(reader.locator("feed > id")).to_be_hidden()
    reader.locator("feed > p > a").click()
    expect(reader).to_have_url(re.compile(r"organisation=essex-county-council"))
