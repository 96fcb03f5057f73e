"""Words that templates need: how a review stands on a day, and for how long."""

from __future__ import annotations

import datetime
from functools import lru_cache

from django import template
from django.template.loader import render_to_string
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from registers.exports import feed
from registers.exports.markdown import as_html, as_words
from registers.models import Protocol
from registers.models.review_dates import ReviewStatus
from registers.public.charts import Number
from registers.public.exports import FORMATS
from registers.search.text.highlight import Segments
from registers.search.text.highlight import highlight as cut
from registers.search.text.search import Search

register = template.Library()
MONTHS = 12


@register.filter
def review_on(protocol: Protocol, on: datetime.date) -> ReviewStatus:
    """Return how the protocol's review stands on the day `on`."""
    return protocol.review_status(on)


@register.filter
def overdue_for(protocol: Protocol, on: datetime.date) -> str:
    """Return for how long its review has been overdue: '4 years', '5 months', 'under a month'."""
    months = protocol.months_overdue(on)
    years = months // MONTHS
    if years:
        return "1 year" if years == 1 else f"{years} years"
    if months:
        return "1 month" if months == 1 else f"{months} months"
    return "under a month"


@register.simple_tag
def data_endings() -> list[tuple[str, str]]:
    """Return every ending of a list but the feed, each with its media type."""
    return [
        (ending, form.CONTENT_TYPE.partition(";")[0])
        for ending, form in FORMATS.items()
        if form is not feed
    ]


@register.filter
def marks(pieces: Segments) -> SafeString:
    """Return the pieces as HTML, each hit in a <mark>."""
    return format_html_join("", "{}", ((_piece(text, hit=hit),) for text, hit in pieces))


def _piece(text: str, *, hit: bool) -> SafeString:
    return format_html("<mark>{}</mark>" if hit else "{}", text)


@register.filter
def marked(text: str, search: Search | None) -> SafeString:
    """Return `text` as HTML, with what `search` found in a <mark>."""
    if not search:
        return conditional_escape(text)
    pieces = cut(text, search.terms)
    return marks(pieces) if any(hit for _, hit in pieces) else conditional_escape(text)


@register.simple_tag
def review(protocol: Protocol, on: datetime.date) -> SafeString:
    """Return the review month of a line of a list, and how the review stands on the day `on`."""
    return _review(protocol.review_date, protocol.review_note, on)


@lru_cache(maxsize=1_000)
def _review(month: datetime.date | None, note: str, on: datetime.date) -> SafeString:
    """Render it: the same for all with the same month."""
    context = {"protocol": Protocol(review_date=month, review_note=note), "on": on}
    return mark_safe(render_to_string("components/review.html", context))  # noqa: S308 (a template's own words)


@register.filter
def linked(number: Number) -> SafeString:
    """Return a number as a link to the list that it counts; just the number if that is empty."""
    if not number.href:
        return SafeString(number.count)
    # Not format_html, which takes three times as long: a page can have hundreds.
    return SafeString(
        '<a class="govuk-link govuk-link--no-visited-state"'
        f' href="{conditional_escape(number.href)}">{number.count}</a>'
    )


@register.filter
def markdown(text: str) -> SafeString:
    """Return a text with marks as HTML, to stand below a page's heading."""
    return as_html(text)


@register.filter
def unmarked(text: str) -> str:
    """Return the words of a text without its marks."""
    return as_words(text)


@register.filter
def minus(number: int, other: int) -> int:
    """Return `number` less `other`."""
    return number - other


@register.simple_tag(takes_context=True)
def here(context: template.Context, path: str) -> bool:
    """Say whether the page stands at `path` or below it."""
    current = context["request"].path if "request" in context else ""
    return current == path or (path != "/" and current.startswith(path))
