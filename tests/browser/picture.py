"""`python -m tests.browser.picture FILE`: the home page, wide and on a telephone."""

from __future__ import annotations

import os
import sys
from base64 import b64encode
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser, ViewportSize, sync_playwright

from tests.browser.chromium import ARGUMENTS, DESKTOP, PHONE
from tests.browser.serving import Served, prepare, served

PAGE = """
<style>
  body {{ display: flex; align-items: flex-start; gap: 40px }}
  body {{ margin: 0; padding: 40px; background: #d5dfe1 }}
  img {{ display: block; border: 1px solid #7d979d }}
</style>
<img src="data:image/png;base64,{}" alt=""><img src="data:image/png;base64,{}" alt="">
"""


def photograph(browser: Browser, address: str, size: ViewportSize) -> str:
    """Return what a window of the size shows, as base64."""
    page = browser.new_page(viewport=size, color_scheme="light")
    page.goto(address, wait_until="networkidle")
    return b64encode(page.screenshot()).decode()


def main(file: Path) -> None:
    """Serve the real register, and write the picture of its home page."""
    with TemporaryDirectory() as folder, Served(Path(folder)) as place, sync_playwright() as driver:
        prepare(place)
        address = served(place)
        browser = driver.chromium.launch(
            executable_path=os.environ["CHROMIUM"], args=list(ARGUMENTS), chromium_sandbox=False
        )
        shown = [photograph(browser, f"{address}/", size) for size in (DESKTOP, PHONE)]
        page = browser.new_page(viewport={"width": 1724, "height": 982})
        page.set_content(PAGE.format(*shown))
        page.screenshot(path=file)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
