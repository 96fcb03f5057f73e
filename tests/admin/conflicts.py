"""Two editors who save one object, so that the second one sees the conflict page."""

from __future__ import annotations

from typing import Any

from django.test import Client

from tests.admin.typing_in import Page, address, boxes, send

EDIT = address("protocol", "change", "0046")


def differing(response: Any) -> dict[str, Any]:
    """Return the differences on the conflict page, by label."""
    assert response.status_code == 409
    return {each.label: each for each in response.context["differences"]}


def choose(door: Client, response: Any, button: str = "_resolve", **more: Any) -> Any:
    """Press a button of the conflict page, with the default choices and `more`."""
    page = Page(response.content.decode())
    return door.post(response.request["PATH_INFO"], page.boxes | more | {button: "x"}, follow=True)


def save_both(mine: Client, theirs: Client, typed: Any, changed: Any, url: str = EDIT) -> Any:
    """Open a form, let another editor save `changed`, and save what was `typed`."""
    form = boxes(mine, url)
    assert send(theirs, url, **changed).status_code == 200
    return mine.post(url, form | typed, follow=True)
