"""After the button Back, the form says what the list beside it was asked for."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

pytestmark = pytest.mark.browser

FORMS = {"/": "Show protocols", "/reviews/": "Show reviews"}
# A tick, another choice, a text and an order: each is a kind of box of its own.
FILLED = {"theme": "safer-community", "role": "lead"}
TYPED = {
    "/": {"q": "school", "review_from-year": "2019", "review_from-month": "1"},
    "/reviews/": {"on-day": "31", "on-month": "1", "on-year": "2024"},
}


def state(page: Page) -> dict[str, list[str]]:
    """What the form holds now."""
    script = """() => [...new FormData(document.querySelector('form:has([name="theme"])'))]"""
    found: dict[str, list[str]] = {}
    for name, value in page.evaluate(script):
        found.setdefault(name, []).append(value)
    return found


@pytest.mark.parametrize("path", FORMS)
def test_the_form_is_that_of_the_list(register, opened, path):
    page = opened(viewport={"width": 1280, "height": 900})
    page.goto(f"{register}{path}")
    asked = state(page)
    form = page.locator('form:has([name="theme"])')
    if path == "/reviews/":
        form.locator("summary").click()
    for name, value in FILLED.items():
        form.locator(f'input[name="{name}"][value="{value}"]').check()
    for name, text in TYPED[path].items():
        page.locator(f'main input[name="{name}"]').fill(text)
    if path == "/":
        page.locator("#sort").select_option("title")
    page.get_by_role("button", name=FORMS[path]).click()
    page.wait_for_url("**theme=safer-community**")
    # The address is short: nothing empty, and nothing that goes without saying.
    assert "=&" not in f"{page.url}&"
    assert "status=" not in page.url
    narrowed = state(page)
    assert narrowed != asked
    page.go_back()
    assert page.url == f"{register}{path}"
    assert state(page) == asked
    page.go_forward()
    assert state(page) == narrowed
