"""Ask the page what a person would see on it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.sync_api import ElementHandle, Page

SOURCE = (Path(__file__).parent / "looking.js").read_text(encoding="utf-8")
CALL = f"([name, argument]) => {{ const looking = {SOURCE}; return looking[name](argument); }}"


def look(page: Page, name: str, argument: str | ElementHandle | None = None) -> Any:
    """Return what the function `name` of looking.js says of the page, once that has a body."""
    page.locator("body").wait_for(state="attached")
    return page.evaluate(CALL, [name, argument])


def document_width(page: Page) -> int:
    """Return how wide the page is, in CSS pixels, with whatever stands out of its window.

    After a click the next document may have begun and have no element yet, so it is waited for.
    """
    page.locator("body").wait_for(state="attached")
    return int(page.locator("html").evaluate("html => html.scrollWidth"))
