"""Ask the page what a person would see on it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.sync_api import ElementHandle, Page

SOURCE = (Path(__file__).parent / "looking.js").read_text(encoding="utf-8")
CALL = f"([name, argument]) => {{ const looking = {SOURCE}; return looking[name](argument); }}"


def look(page: Page, name: str, argument: str | ElementHandle | None = None) -> Any:
    """Return what the function `name` of looking.js says of the page."""
    return page.evaluate(CALL, [name, argument])
