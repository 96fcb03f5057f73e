"""An officer at a form: reads the page as a browser does, types into it, and sends it off."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

from django.test import Client
from django.urls import reverse


class Page(HTMLParser):
    """What the boxes of a page hold, and what could not run under a strict policy."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.boxes: dict[str, str] = {}
        self.inline: list[str] = []
        self._select = self._textarea = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        # What is disabled is never sent.
        name = "" if "disabled" in given else given.get("name") or ""
        value = given.get("value") or ""
        if (
            tag == "style"
            or (tag == "script" and "src" not in given and given.get("type") != "application/json")
            or any(key == "style" or key.startswith("on") for key in given)
        ):
            self.inline.append(self.get_starttag_text() or tag)
        if tag == "input" and name:
            kind = given.get("type")
            chosen = kind not in {"checkbox", "radio"} or "checked" in given
            if kind not in {"submit", "file"} and chosen:
                ticked = kind == "checkbox" and "value" not in given
                self.boxes[name] = "on" if ticked else value
        if tag == "select":
            self._select = name
        if tag == "option" and "selected" in given and self._select:
            self.boxes[self._select] = value
        if tag == "textarea" and name:
            self._textarea = name
            self.boxes[name] = ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self._textarea:
            # A browser takes the first line end of a text box for layout.
            self.boxes[self._textarea] = self.boxes[self._textarea].removeprefix("\n")
            self._textarea = ""

    def handle_data(self, data: str) -> None:
        if self._textarea:
            self.boxes[self._textarea] += data


def address(noun: str, page: str, *args: Any) -> str:
    return reverse(f"admin:registers_{noun}_{page}", args=args)


def boxes(door: Client, url: str) -> dict[str, str]:
    return Page(door.get(url).content.decode()).boxes


def send(door: Client, url: str, **typed: Any) -> Any:
    """Open the form at `url`, type over what stands there, and save."""
    return door.post(url, boxes(door, url) | typed, follow=True)


def add_row(door: Client, url: str, parts: str, /, **typed: Any) -> dict[str, Any]:
    """Return what is typed in one more row of `parts`, which the page's own link would add."""
    held = boxes(door, url)
    total = int(held[f"{parts}-TOTAL_FORMS"])
    empty, row = f"{parts}-__prefix__-", f"{parts}-{total}-"
    proposed = {
        name.replace(empty, row): value for name, value in held.items() if name.startswith(empty)
    }
    written = {f"{row}{field}": value for field, value in typed.items()}
    return {f"{parts}-TOTAL_FORMS": total + 1} | proposed | written


def row_of(door: Client, url: str, parts: str, field: str, value: Any) -> str:
    """Return how the boxes of that row of `parts` begin whose `field` holds `value`."""
    return next(
        name.removesuffix(field)
        for name, held in boxes(door, url).items()
        if name.startswith(f"{parts}-") and name.endswith(f"-{field}") and held == str(value)
    )


def errors(response: Any) -> str:
    """Return every sentence of refusal on the page; nothing was saved."""
    context = response.context
    assert "adminform" in context, "It was saved."
    sentences = [str(context["adminform"].form.errors)]
    for inline in context.get("inline_admin_formsets", ()):
        sentences += [str(inline.formset.non_form_errors()), *map(str, inline.formset.errors)]
    return " ".join(sentences).replace("&#x27;", "'")


def messages(response: Any) -> str:
    return " ".join(str(message) for message in response.context["messages"])
