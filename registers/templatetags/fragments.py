"""Parts of pages, each rendered once by its template, and then put together from strings.

A part is remembered by all that shapes it: nothing else of the page, and no other text. Where
most of what it shows is text that differs from page to page, it is rendered once with a place
for each text, which are put in afterwards.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Hashable, Iterable, Mapping
from functools import lru_cache, partial
from html import escape
from typing import Any
from urllib.parse import urlencode

from django import template
from django.conf import settings
from django.http import HttpRequest
from django.template.loader import get_template
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.text import capfirst

from registers.models import Protocol
from registers.models.review_dates import ReviewStatus
from registers.search.rows import Row
from registers.search.text.search import Search
from registers.templatetags.register import highlight, highlighted, review_in_list
from weisf.partnership import Partnership

register = template.Library()

MAX_REMEMBERED = 5_000  # of 2 kB; a row of a table holds its texts twice
SHORT_TEXT = 100
_PLACE = re.compile("@@([a-z_0-9]+)@@")


@register.simple_tag
def fragment(template_name: str, **shape: Hashable) -> SafeString:
    """Return a template rendered with `shape`, the partnership, and nothing else of the page."""
    return fragment_with({}, template_name, **shape)


@register.simple_tag
def fragment_with(texts: Mapping[str, str], template_name: str, **shape: Hashable) -> SafeString:
    """Return the same with some texts in it, by their names in the template.

    The template sees of a text only whether it is empty.
    """
    for name, text in texts.items():
        shape[name] = f"@@{name}@@" if text else ""
    # A developer sees each change of a template at once.
    parts_of = _parts.__wrapped__ if settings.DEBUG else _parts
    parts = parts_of(template_name, settings.PARTNERSHIP, tuple(shape.items()))
    # Every other one is the name of a text, or what only looks like one in a title.
    filled = list(parts)
    filled[1::2] = [
        _escaped(texts[name]) if name in texts else f"@@{name}@@" for name in parts[1::2]
    ]
    return SafeString("".join(filled))


def _escaped(text: str) -> str:
    """Return what `conditional_escape` does, in a third of the time: it looks for lazy texts."""
    if isinstance(text, SafeString):
        return text
    return (_escaped_short if len(text) <= SHORT_TEXT else escape)(text)


# The same labels, numbers and names stand on many pages.
_escaped_short = lru_cache(maxsize=10_000)(escape)


@lru_cache(maxsize=MAX_REMEMBERED)
def _parts(
    template_name: str, partnership: Partnership, shape: tuple[tuple[str, Hashable], ...]
) -> list[str]:
    """Return a rendered template, cut where texts are to be put in, and the names of these."""
    found: Any = get_template(template_name)  # of Django's own engine
    context = template.Context({"partnership": partnership, **dict(shape)})
    return _PLACE.split(found.template.render(context))


@register.simple_tag(takes_context=True)
def header(context: template.Context, *, has_search: bool = False) -> SafeString:
    """Return the header of a page. In its menu the first part of the page's path is marked."""
    request: HttpRequest | None = context.get("request")
    path = request.path if request else ""
    first = path.split("/", 2)[1:2]
    section = f"/{first[0]}/" if first and first[0] else path
    if section == "/protocols/":  # their list is the first page
        section = "/"
    return fragment(
        "components/header.html",
        has_search=has_search,
        # Of paths that lead nowhere there are too many to remember.
        section=section if request and request.resolver_match else "",
        is_section_itself=path == section,
    )


@register.simple_tag(takes_context=True)
def footer(context: template.Context) -> SafeString:
    """Return the footer of a page: on paper with its address, where it has one, and the day."""
    address = str(context.get("canonical_url", ""))
    day = date_format(context["today"], "j F Y") if address else ""
    # Without the page's address where it may be a secret link.
    page = urlencode({"page": address.removeprefix(settings.SITE_URL)}) if address else ""
    texts = {"canonical_url": address, "day": day, "page": page}
    request = context.get("request")
    is_form = request is not None and request.path == reverse("suggestion")
    takes = settings.SUGGESTIONS and not is_form
    return fragment_with(texts, "components/footer.html", takes_suggestions=takes)


@register.simple_tag(takes_context=True)
def export_links(
    context: template.Context, count: int, query: str, *, is_past: bool = False
) -> SafeString:
    """Return the links to the files and feeds of the `count` results of a query string.

    A list of a day that `is_past` has no calendar and no feed.
    """
    return fragment_with(
        {"query": query, "count": str(count)},
        "components/export_links.html",
        is_one=count == 1,
        is_past=is_past,
        webcal_url=context["webcal_url"],
    )


@register.simple_tag
def with_query(query: str, template_name: str, **shape: Hashable) -> SafeString:
    """Return a fragment with links that end with a query string, which may be empty."""
    return fragment_with({"query": query}, template_name, **shape)


@register.simple_tag
def protocol_lines(
    rows: Iterable[Row], search: Search | None, on: datetime.date, usual: str, day_query: str
) -> SafeString:
    """Return the rows of a list."""
    return SafeString("".join(_line(row, search, on, usual, day_query) for row in rows))


def _line(
    row: Row, search: Search | None, on: datetime.date, usual: str, day_query: str
) -> SafeString:
    """Return a row of a list, with the words of the search marked, if there is one."""
    protocol = row.listed
    if protocol is None:  # deleted in the database by hand
        return SafeString()
    lead, partners = protocol.lead, protocol.partners
    status, review = review_in_list(protocol, on)
    withdrawn = protocol.status == Protocol.Status.WITHDRAWN
    says_status = usual and not withdrawn and status not in {usual, ReviewStatus.NONE}
    found = row.is_purpose_found
    marked = partial(highlight, search=search) if search else str
    texts: dict[str, str] = {
        "reference": marked(protocol.reference),
        "address": protocol.address,
        "day_query": day_query,
        "title": marked(protocol.title),
        "purpose": "" if found else protocol.purpose,
        "lead": marked(lead.name) if lead else "",
        "partner": marked(partners[0].name) if len(partners) == 1 else "",
        "partners": str(len(partners)) if partners else "",
        "parties_note": "" if partners else protocol.parties_note,
        "review": review,
    }
    shape: dict[str, Hashable] = {
        "withdrawn": withdrawn,
        "status": status if says_status else None,
        "purpose_missing": not protocol.purpose and not found,
    }
    if row.passages:
        shape["passages"] = tuple(
            ("" if each.label == "Purpose" else each.label, f"@@passage{at}@@")
            for at, each in enumerate(row.passages)
        )
        texts |= {f"passage{at}": highlighted(p.segments) for at, p in enumerate(row.passages)}
    for place, own in (("through", False), ("own", True)):
        words = [capfirst(each.words) for each in row.shown_through if each.own == own]
        if words:
            shape[place] = tuple(f"@@{place}{at}@@" for at in range(len(words)))
            texts |= {f"{place}{at}": each for at, each in enumerate(words)}
    return fragment_with(texts, "components/protocol_line.html", **shape)


@register.simple_tag
def protocol_row(
    row: Row, search: Search | None, on: datetime.date, show_theme: Any, day_query: str
) -> SafeString:
    """Return a row of a table, with the words of the search marked, if there is one."""
    protocol = row.listed
    if protocol is None:
        return SafeString()
    shown: dict[str, Any] = {
        "protocol": protocol,
        "theme": row.theme if show_theme else "",
        "through": tuple(capfirst(each.words) for each in row.shown_through),
        "on": on,
        "day_query": day_query,
    }
    name = "components/protocol_row.html"
    if not search:
        return fragment(name, passages=(), search=None, **shown)
    found: Any = get_template(name)
    context = template.Context({**shown, "passages": row.passages, "search": search})
    return SafeString(found.template.render(context))
