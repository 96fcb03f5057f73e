"""Two editors on one protocol, in a real browser: the second one chooses what is kept."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.chromium import DESKTOP, PHONE
from tests.browser.test_reviewing import check, come_in

pytestmark = pytest.mark.browser

EDIT = "/admin/registers/protocol/0036/change/"
NO_SCRIPTS = {"viewport": DESKTOP, "java_script_enabled": False}


def type_into(page: Page, **typed: str) -> None:
    for name, text in typed.items():
        page.fill(f"#id_{name.replace('__', '-')}", text)


def save(page: Page) -> None:
    page.click("input[name=_save]:visible")


def meet(mine: Page, theirs: Page, register: str, version: str) -> None:
    """Let both open the protocol, and `theirs` save another `version` before `mine`."""
    for page in (mine, theirs):
        come_in(page, register, EDIT)
    type_into(theirs, title=f"{version} as they say it", version=version)
    type_into(theirs, parties__1__note=version)
    theirs.check("#id_parties-2-DELETE")
    save(theirs)
    expect(theirs.get_by_text("was changed successfully")).to_be_visible()
    type_into(
        mine, title=f"{version} as I say it", purpose="What I typed. " * 30, why="They asked."
    )
    type_into(mine, parties__1__note="Mine")
    save(mine)
    expect(mine.get_by_role("heading", level=1)).to_have_text(
        "Somebody saved this while you were writing"
    )
    mine.wait_for_load_state()


@pytest.mark.parametrize("window", [PHONE, DESKTOP], ids=["telephone", "desktop"])
def test_everybody_can_use_the_page(opened, kept_register, window):
    mine, theirs = opened(viewport=window), opened(viewport=DESKTOP)
    version = f"V{window['width']}"
    meet(mine, theirs, kept_register, version)
    check(mine, window["width"])
    mine.get_by_role("button", name="Save what I chose").click()
    expect(mine.get_by_text("Nothing has been saved. Make a choice")).to_be_visible()
    check(mine, window["width"])
    mine.get_by_role("button", name="Leave it as it is stored").click()
    expect(mine.locator("#id_title")).to_have_value(f"{version} as they say it")


def test_a_choice_is_kept_without_scripts(opened, kept_register):
    mine, theirs = opened(**NO_SCRIPTS), opened(viewport=DESKTOP)
    meet(mine, theirs, kept_register, "V9")
    title = mine.get_by_role("group", name="Title")
    expect(title).to_contain_text("V9 as they say it")
    expect(title).to_contain_text("V9 as I say it")
    title.get_by_label("Use mine").check()
    for group in mine.get_by_role("group").all():
        if "Both of you changed this" in group.inner_text():
            group.get_by_label("Use mine").check()
    mine.get_by_role("button", name="Save what I chose").click()
    expect(mine.get_by_text("was changed successfully")).to_be_visible()
    mine.goto(f"{kept_register}/protocols/0036/")
    expect(mine.get_by_role("heading", level=1)).to_contain_text("V9 as I say it")
    expect(mine.get_by_role("main")).to_contain_text("V9")
