"""A real Chromium, and the register as gunicorn serves it.

None of these tests asks the database: a running browser and Django's ORM do not go
together in one process. So the browser is stopped when the last test of this folder ends.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Page,
    Playwright,
    expect,
    sync_playwright,
)

from tests.browser import axe
from tests.browser.chromium import ARGUMENTS, DESKTOP
from tests.browser.guarded import OLIVE
from tests.browser.serving import BASE, Served, prepare, run, served

NAMES = ("chromium", "chromium-browser", "google-chrome")
NO_CHROMIUM = (
    "The browser tests need Chromium, which is not here. Install it (on Debian: sudo apt-get "
    "install chromium), or name it: make browser CHROMIUM=/path/to/chromium"
)
# A machine may have much else to do.
TIMEOUT = 60_000
expect.set_options(timeout=TIMEOUT)
FILL = "from tests.browser.filling import fill; fill()"
NO_AXE = "The browser tests need axe-core, which is not here. Run: make setup-dev"


def give_up(words: str) -> None:
    """Fail; or skip, where somebody has asked for that on a machine of their own."""
    if os.environ.get("BROWSER_TESTS") == "skip" and os.environ.get("CI") != "true":
        pytest.skip(words)
    pytest.fail(words, pytrace=False)


@pytest.fixture(scope="session")
def chromium() -> str:
    """Where Chromium is, looked for as weisf/steps/setup.sh does."""
    names = [os.environ.get("CHROMIUM", ""), *NAMES]
    found = next(filter(None, (shutil.which(name) for name in names if name)), None)
    if not found:
        give_up(NO_CHROMIUM)
    if not axe.FILE.is_file():
        give_up(NO_AXE)
    return str(found)


@pytest.fixture(scope="session")
def static_files() -> None:
    """Gather the style sheets as they are now."""
    if not (BASE / "var/govuk/govuk-frontend.css").is_file():
        pytest.fail("The design system's style sheet is not here. Run: make setup", pytrace=False)
    subprocess.run(["sh", "weisf/steps/setup.sh", "static"], cwd=BASE, check=True)


@pytest.fixture(scope="session")
def register(static_files, tmp_path_factory) -> Iterator[str]:
    """The address of the real register, as it is after its first set-up."""
    with Served(tmp_path_factory.mktemp("register")) as place:
        prepare(place)
        yield served(place)


@pytest.fixture(scope="session")
def full_register(static_files, tmp_path_factory) -> Iterator[str]:
    """The address of the register with what the real one does not hold yet."""
    with Served(tmp_path_factory.mktemp("full")) as place:
        prepare(place)
        run(place, "manage.py", "shell", "--command", FILL)
        yield served(place)


@pytest.fixture(scope="session")
def kept_register(static_files, tmp_path_factory) -> Iterator[str]:
    """The address of the real register, which Olive keeps: several journeys change it."""
    with Served(tmp_path_factory.mktemp("kept")) as place:
        prepare(place, command=OLIVE)
        yield served(place)


@pytest.fixture(scope="session")
def broken_register(static_files, tmp_path_factory) -> Iterator[str]:
    """The address of a register whose database has no tables."""
    with Served(tmp_path_factory.mktemp("broken")) as place:
        yield served(place)


@pytest.fixture(scope="package")
def playwright(chromium) -> Iterator[Playwright]:
    """Playwright, until the last test of this folder has ended."""
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="package")
def browser(playwright: Playwright, chromium: str) -> Iterator[Browser]:
    """One Chromium for all."""
    as_root = ["--no-sandbox"] if os.geteuid() == 0 else []
    started = playwright.chromium.launch(executable_path=chromium, args=[*ARGUMENTS, *as_root])
    yield started
    started.close()


@pytest.fixture(scope="package")
def contexts(browser: Browser) -> Iterator[Callable[..., BrowserContext]]:
    """Browser windows that are used again: one for each set of options."""
    kept: dict[str, BrowserContext] = {}

    def context(**options: object) -> BrowserContext:
        key = repr(sorted(options.items()))
        if key not in kept:
            kept[key] = browser.new_context(**options)
            kept[key].set_default_timeout(TIMEOUT)
        return kept[key]

    yield context
    for each in kept.values():
        each.close()


@pytest.fixture
def opened(contexts) -> Iterator[Callable[..., Page]]:
    """Open a page in a window with the options given: `opened(viewport=PHONE)`."""
    pages: list[Page] = []

    def page(**options: object) -> Page:
        pages.append(contexts(**options).new_page())
        return pages[-1]

    yield page
    for each in pages:
        each.close()


@pytest.fixture
def reader(opened) -> Page:
    """A page in a wide window without JavaScript."""
    return opened(viewport=DESKTOP, java_script_enabled=False)


@pytest.fixture
def reader_on_a_phone(opened) -> Page:
    """A page as narrow as a small telephone, or as a wide window at 400 % zoom."""
    return opened(viewport={"width": 320, "height": 256}, java_script_enabled=False)
