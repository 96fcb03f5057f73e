"""A spreadsheet goes in: read row by row, applied, seen by readers, and uploaded again."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import axe_finds
from tests.browser.chromium import DESKTOP
from tests.browser.guarded import editor, log_in
from tests.browser.looking import document_width
from tests.browser.serving import Served, prepare, served
from tests.browser.test_accessibility import nothing
from tests.browser.test_keyboard import tab_to
from tests.imports.uploading import ADD, LIST, a_row, typed

pytestmark = pytest.mark.browser

NARROW = {"width": 320, "height": 640}
EDITS = {
    "0012": ("title", "SELEP (ECC) DSA with the ESFA V3.0"),
    "0046": ("other_organisations", "All Essex Schools; Essex Police (at night)"),
    "0061": ("review_date", "2031-05"),
}
NOTHING = "Nothing changes: every row says what the register says."


@pytest.fixture(scope="module")
def place(static_files, tmp_path_factory) -> Iterator[str]:
    with Served(tmp_path_factory.mktemp("imports")) as made:
        prepare(made, command=editor("paula", "Publisher"))
        yield served(made)


@pytest.fixture
def opens(browser, place) -> Iterator[Callable[..., Page]]:
    """Open a window in which Paula is logged in."""
    windows = []

    def page(**options: object) -> Page:
        windows.append(browser.new_context(**options))
        opened = windows[-1].new_page()
        opened.goto(f"{place}/admin/login/")
        log_in(opened, "paula")
        return opened

    yield page
    for each in windows:
        each.close()


def export(page: Page, place: str, ending: str) -> bytes:
    answer = page.request.get(f"{place}/protocols.{ending}?status=all")
    assert answer.ok
    return answer.body()


def edited(content: bytes) -> bytes:
    """Return the CSV with three cells that say something else."""
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    for row in rows:
        if row["reference"] in EDITS:
            column, text = EDITS[row["reference"]]
            row[column] = text
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, rows[0])
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def upload(page: Page, file: Path) -> None:
    page.get_by_label("Spreadsheet").set_input_files(file)
    page.get_by_role("button", name="Check the spreadsheet").click()


def stands_well(page: Page) -> None:
    """See that nothing stands out of the window, and that axe finds nothing of ours."""
    assert document_width(page) <= page.viewport_size["width"]
    assert page.locator("h1:visible").count() == 1
    nothing(axe_finds(page), "is found by axe")


def test_the_export_with_three_edited_cells(opens, reader, place, tmp_path):
    page = opens(viewport=DESKTOP)
    page.goto(f"{place}/admin/registers/protocol/")
    page.get_by_role("link", name="Import a spreadsheet").click()
    stands_well(page)
    file = tmp_path / "live.csv"
    file.write_bytes(edited(export(page, place, "csv")))
    upload(page, file)

    # The page that grew leads on by itself, and 'back' does not lead to it.
    expect(page).to_have_url(re.compile(rf"{LIST}\d+/$"))
    address = page.url
    expect(
        page.get_by_text("3 of 25 rows would change the register: 3 changed. 22 are unchanged.")
    ).to_be_visible()
    changes = page.locator("section.change")
    expect(changes).to_have_count(3)
    for section, (reference, (_, after)) in zip(changes.all(), EDITS.items(), strict=True):
        expect(section.get_by_role("heading")).to_contain_text(reference)
        expect(section.locator("tbody tr")).to_have_count(1)
        expect(section.locator("tbody td").nth(1)).to_contain_text(after)
    expect(changes.first.locator("tbody td").first).to_contain_text("V2.0")
    stands_well(page)

    page.get_by_label("Why does the register change?").fill("The spreadsheet of November.")
    page.get_by_role("button", name="Apply 3 rows").click()
    expect(page.get_by_text("3 of 25 rows changed the register: 3 changed.")).to_be_visible()
    expect(page).to_have_url(address)
    stands_well(page)
    page.go_back()
    expect(page).to_have_url(address)

    page.get_by_role("link", name="history of 0012").click()
    newest = page.locator("section.change").first
    expect(newest).to_contain_text("By: paula. Why: The spreadsheet of November.")
    reader.goto(f"{place}/protocols/0012/")
    expect(reader.get_by_role("heading", level=1)).to_have_text(EDITS["0012"][1])
    reader.goto(f"{place}/protocols/0046/")
    expect(reader.get_by_role("main")).to_contain_text("at night")
    reader.goto(f"{place}/protocols/0061/changes/")
    expect(reader.get_by_role("main")).to_contain_text("Why: The spreadsheet of November.")

    for content in (edited(export(page, place, "csv")), export(page, place, "csv")):
        page.goto(f"{place}{ADD}")
        file.write_bytes(content)
        upload(page, file)
        expect(page.get_by_text(NOTHING)).to_be_visible()
        expect(page.get_by_role("button", name="Apply")).to_have_count(0)
    stands_well(page)


def undo(page: Page) -> None:
    page.get_by_role("link", name="Undo this import").click()
    expect(page.get_by_text("New protocols, which are withdrawn")).to_be_visible()
    stands_well(page)
    tab_to(page, "input[value='Undo this import']")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Undone on")).to_be_visible()
    stands_well(page)


def test_one_round_by_keyboard_alone_in_a_narrow_window(opens, place, tmp_path):
    page = opens(viewport=NARROW)
    page.on("filechooser", lambda _: None)  # from here on the browser opens no box of its own
    file = tmp_path / "typed.csv"
    file.write_bytes(typed(a_row("Night buses", others="Essex Polcie, Flood Forum")))
    page.goto(f"{place}{ADD}")
    stands_well(page)
    # What the keyboard opens is the system's own box for files.
    tab_to(page, "#id_file")
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Enter")
    chooser.value.set_files(file)
    tab_to(page, "#id_published_0")
    tab_to(page, "input[value='Check the spreadsheet']")
    page.keyboard.press("Enter")
    expect(page.get_by_text("2 names are not known.")).to_be_visible()
    stands_well(page)

    tab_to(page, "a.button")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Names that are not known")
    stands_well(page)
    # The ways of a name are one stop; the arrows choose among them.
    tab_to(page, "#name-0 input[type=radio]")
    while not page.get_by_role("radio", name="Essex Police", exact=True).first.is_checked():
        page.keyboard.press("ArrowDown")
    tab_to(page, "#name-1 input[type=radio]")
    new = page.locator("#name-1 input[value=new]")
    while not new.is_checked():
        page.keyboard.press("ArrowDown")
    tab_to(page, "#id_1-new")
    page.keyboard.press("Control+A")
    page.keyboard.type("Essex Flood Forum")
    tab_to(page, "input[value='Keep these choices and check again']")
    page.keyboard.press("Enter")
    expect(page.get_by_text("1 of 1 row would change the register: 1 new.")).to_be_visible()
    expect(page.get_by_text("Essex Flood Forum").first).to_be_visible()
    stands_well(page)

    tab_to(page, "#id_why")
    tab_to(page, "#id_publish_0")
    page.keyboard.press("ArrowDown")
    tab_to(page, "input[value='Apply 1 row']")
    page.keyboard.press("Enter")
    expect(page.get_by_text("1 of 1 row changed the register: 1 new.")).to_be_visible()
    stands_well(page)
    tab_to(page, "section.change a")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Night buses")

    page.go_back()
    undo(page)


def test_without_scripts_the_lines_are_the_progress(opens, place, tmp_path):
    page = opens(viewport=DESKTOP, java_script_enabled=False)
    file = tmp_path / "same.csv"
    file.write_bytes(export(page, place, "csv"))
    page.goto(f"{place}{ADD}")
    upload(page, file)
    expect(page.get_by_text(NOTHING)).to_be_visible()
    expect(page).to_have_url(re.compile(rf"{LIST}\d+/$"))


def test_a_bar_moves_and_tenths_are_read_out(opens, place, tmp_path):
    page = opens(viewport=DESKTOP)
    # So that it stays where it is, as it looks before it leads on.
    page.route(re.compile(rf"{LIST}\d+/$"), lambda route: route.abort("aborted"))
    file = tmp_path / "many.csv"
    file.write_bytes(typed(*[a_row(f"Bus {number}") for number in range(1200)]))
    page.goto(f"{place}{ADD}")
    upload(page, file)
    bar = page.get_by_role("progressbar", name="How far it is")
    expect(bar).to_have_attribute("value", "1200")
    expect(bar).to_be_visible()
    expect(page.locator("#import-words")).to_contain_text("1,200 of 1,200 rows checked")
    log = page.get_by_role("log")
    expect(log).to_contain_text("500 of 1,200 rows checked")
    # It is there for screen readers alone.
    assert log.locator("p[data-of]").first.bounding_box()["width"] <= 1
    expect(log.get_by_role("link", name="Go on")).to_be_visible()
    for window in (DESKTOP, NARROW):
        page.set_viewport_size(window)
        stands_well(page)


OWN_HEADINGS = ("Ref", "Name of agreement", "Parties", "Next review", "State")


def own(*rows: tuple[str, ...]) -> bytes:
    return typed(("Register of agreements",), (), OWN_HEADINGS, *rows, headings=("Northvale",))


@pytest.mark.parametrize("window", [NARROW, DESKTOP], ids=["narrow", "wide"])
def test_own_headings_are_said_once_and_next_month_nothing_is_asked(opens, place, tmp_path, window):
    number, name = (8000, "Narrow") if window is NARROW else (8100, "Wide")
    page = opens(viewport=window)
    file = tmp_path / "october.csv"
    file.write_bytes(own((f"{number}", "Empty homes", "Essex Police", "03/04/2031", "Running")))
    page.goto(f"{place}{ADD}")
    upload(page, file)
    expect(page.get_by_role("heading", level=1)).to_have_text("Say which column is what")
    stands_well(page)
    page.get_by_label("Keep this as").fill(name)
    page.get_by_role("button", name="Check the spreadsheet").click()
    alert = page.get_by_role("alert")
    alert.get_by_role("link").first.click()
    stands_well(page)
    page.get_by_label("The month: ‘03/04/2031’ is 4 March 2031").check()
    page.get_by_label("‘Running’ means").select_option("In force")
    page.get_by_label("One theme for all rows", exact=True).fill("Safer Community")
    page.get_by_role("button", name="Check the spreadsheet").click()
    expect(page.get_by_text("1 of 1 row would change the register: 1 new.")).to_be_visible()
    stands_well(page)
    page.get_by_role("button", name="Apply 1 row").click()
    expect(page.get_by_text("1 of 1 row changed the register: 1 new.")).to_be_visible()

    # The next month: choose the file, check, apply.
    page.goto(f"{place}{ADD}")
    file.write_bytes(own((f"{number}", "Empty homes", "Essex Police", "05/06/2032", "running")))
    upload(page, file)
    expect(page.get_by_text(f"Read as ‘{name}’, as on")).to_be_visible()
    expect(page.get_by_text("1 of 1 row would change the register: 1 changed.")).to_be_visible()
    page.get_by_role("button", name="Apply 1 row").click()
    expect(page.get_by_text("1 of 1 row changed the register: 1 changed.")).to_be_visible()
    page.goto(f"{place}{LIST}mappings/")
    stands_well(page)
    page.get_by_role("link", name=f"Delete ‘{name}’").click()
    stands_well(page)
    page.get_by_role("button", name=f"Delete ‘{name}’").click()
    expect(page.get_by_text(f"‘{name}’ is deleted.")).to_be_visible()
