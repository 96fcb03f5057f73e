"""The page for developers: what data there is, at which addresses, and examples to copy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from registers.exports.columns import COLUMNS
from registers.public.doors import place
from registers.public.openapi import document
from registers.public.organisation_endings import A_PAGE
from registers.public.parameters import parameters
from registers.public.schemas import ORGANISATION
from registers.search.results import PAGE_LENGTH

# Each is a file of templates/pages/examples/, and is run by the tests as it stands on the page.
EXAMPLES = {
    "file.sh": "Everything as a file, with curl",
    "new.sh": "Again, but only if something has changed, with curl",
    "pages.py": "Every page of what is overdue, with Python",
    "table.py": "Who leads most, from the table, with Python",
    "page.js": "On a page of your own, with JavaScript",
}


def data(request: HttpRequest) -> HttpResponse:
    """Say to developers what there is, and what they can rely on."""
    here = place()
    context = {
        "addresses": list(_addresses(document(here))),
        "examples": list(_examples()),
        "parameters": parameters(on=here.on),
        "columns": COLUMNS,
        "organisation_columns": [
            {"name": name, "meaning": schema["description"]}
            for name, schema in ORGANISATION.items()
        ],
        "page_length": PAGE_LENGTH,
        "organisations_length": A_PAGE,
    }
    return render(request, "pages/data.html", context)


def _addresses(described: dict[str, Any]) -> Iterator[dict[str, str]]:
    """Give every address of data, as the description has it."""
    for path, item in described["paths"].items():
        if "{" not in path:
            media = next(iter(item["get"]["responses"]["200"]["content"]))
            yield {"path": path, "what": item["get"]["summary"], "media": media}


def _examples() -> Iterator[dict[str, str]]:
    """Give each example with its text, in which the register has its own address."""
    site = {"site_url": settings.SITE_URL}
    for name, title in EXAMPLES.items():
        text = render_to_string(f"pages/examples/{name}.txt", site)
        yield {"name": name.replace(".", "-"), "title": title, "text": text.rstrip()}
