"""Ask the page what a person would see on it."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

from playwright.sync_api import ElementHandle, Error, Page

SOURCE = (Path(__file__).parent / "looking.js").read_text(encoding="utf-8")
CALL = f"([name, argument]) => {{ const looking = {SOURCE}; return looking[name](argument); }}"


def wait_until_loaded(page: Page) -> None:
    """Wait for the whole document and its style sheets: a click returns when it has begun.

    Playwright's own wait never ends on a page whose own next step was aborted.
    """
    for _ in range(1500):
        # The page that is asked may give way to the next one before it answers.
        with suppress(Error):
            if page.evaluate("document.readyState") == "complete":
                return
        page.wait_for_timeout(20)
    raise AssertionError(f"{page.url} is not loaded.")


def look(page: Page, name: str, argument: str | ElementHandle | None = None) -> Any:
    """Return what the function `name` of looking.js says of the page, once that is loaded."""
    wait_until_loaded(page)
    return page.evaluate(CALL, [name, argument])


def document_width(page: Page) -> int:
    """Return how wide the page is, in CSS pixels, with whatever stands out of its window."""
    wait_until_loaded(page)
    return int(page.locator("html").evaluate("html => html.scrollWidth"))
