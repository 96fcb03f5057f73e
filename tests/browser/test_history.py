"""An officer finds in the history what went wrong, and puts the earlier state back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.chromium import DESKTOP, PHONE
from tests.browser.guarded import OLIVE
from tests.browser.serving import Served, prepare, served
from tests.browser.test_reviewing import check, come_in

pytestmark = pytest.mark.browser

SLIP = """
import datetime
from registers import changes
from registers.models import Party, Protocol
protocol = Protocol.objects.get(pk="0046")
at = datetime.datetime.now(datetime.UTC)
with changes.record_change(protocol, at=at, why="A slip."):
    protocol.title = "Flood alerts"
    protocol.purpose = f"{protocol.purpose} And " + "long" * 60
    changes.save(protocol)
    changes.remove(protocol.partners[0])
"""
HISTORY = "/admin/registers/protocol/0046/history/"


@pytest.fixture(scope="module")
def kept_register(static_files, tmp_path_factory) -> Iterator[str]:
    """The address of a real register of its own, in which something went wrong."""
    with Served(tmp_path_factory.mktemp("kept")) as place:
        prepare(place, command=OLIVE + SLIP)
        yield served(place)


@pytest.mark.parametrize("window", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_from_the_history_to_the_public_page(opened, kept_register, window):
    page = opened(viewport=window)
    come_in(page, kept_register, HISTORY)
    expect(page.get_by_role("heading", level=1)).to_contain_text("History: 0046")
    check(page, window["width"])
    page.goto(f"{kept_register}/admin/registers/protocol/0046/saves/")
    check(page, window["width"])
    page.goto(f"{kept_register}{HISTORY}")
    page.get_by_role("link", name="Put this state back").last.click()
    check(page, window["width"])
    if window == PHONE:
        # The other window has put it back.
        expect(page.get_by_text("so there is nothing to put back")).to_be_visible()
        return
    page.get_by_label("Why do you put it back?").fill("It was a slip.")
    page.get_by_role("button", name="Put this state back").click()
    expect(page).to_have_url(f"{kept_register}{HISTORY}")
    page.goto(f"{kept_register}/protocols/0046/changes/")
    expect(page.get_by_text("Why: It was a slip.")).to_be_visible()
    check(page, window["width"])
