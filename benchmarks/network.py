"""What a first visit brings over the network, counted by a real browser."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import sync_playwright

SETTLED = 1000  # milliseconds: an icon is asked for after the page has loaded


@dataclass(frozen=True, kw_only=True)
class Visit:
    """Bytes as they came over the network, headers too; and every host that was asked."""

    bytes: int
    requests: int
    hosts: list[str]


def first_visit(chromium: Path, address: str) -> Visit:
    """Return what a browser that was never there brings for `address`."""
    lengths: list[float] = []
    hosts: set[str] = set()
    with sync_playwright() as playwright:
        # A new headless Chromium asks for the icon too; the old one does not.
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--headless=new"]
        )
        page = browser.new_page()
        session = page.context.new_cdp_session(page)
        session.on("Network.loadingFinished", lambda e: lengths.append(e["encodedDataLength"]))
        session.on(
            "Network.requestWillBeSent",
            lambda e: hosts.add(urlsplit(e["request"]["url"]).netloc),
        )
        session.send("Network.enable")
        page.goto(address, wait_until="networkidle")
        page.wait_for_timeout(SETTLED)
        browser.close()
    return Visit(bytes=round(sum(lengths)), requests=len(lengths), hosts=sorted(hosts))
