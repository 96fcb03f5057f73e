"""Two officers who save one thing: they meet on the page with both versions."""

from __future__ import annotations

from typing import Any

from django.test import Client

from tests.admin.typing_in import Page, address, boxes, send

EDIT = address("protocol", "change", "0046")


def differing(response: Any) -> dict[str, Any]:
    """Return what differs on the page with both versions, by its label."""
    assert response.status_code == 409
    return {each.label: each for each in response.context["differences"]}


def choose(door: Client, response: Any, button: str = "_settle", **more: Any) -> Any:
    """Press a button of the page with both versions, with what is chosen beforehand and `more`."""
    page = Page(response.content.decode())
    return door.post(response.request["PATH_INFO"], page.boxes | more | {button: "x"}, follow=True)


def meet(mine: Client, theirs: Client, typed: Any, changed: Any, url: str = EDIT) -> Any:
    """Open a form, let another save `changed` meanwhile, and save what was `typed`."""
    form = boxes(mine, url)
    assert send(theirs, url, **changed).status_code == 200
    return mine.post(url, form | typed, follow=True)
