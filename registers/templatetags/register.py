"""Template tags and filters: reviews, highlighted words, Markdown, export formats."""

from __future__ import annotations

import datetime
from functools import lru_cache
from html import escape

from django import template
from django.conf import settings
from django.template.loader import render_to_string
from django.utils.formats import date_format
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import get_text_list

from registers.exports import feed
from registers.exports.markdown import as_html, strip_markdown
from registers.models import Protocol
from registers.models.review_dates import ReviewStatus, review_status
from registers.public.charts import LinkedCount, months_in_words
from registers.public.exports import FORMATS
from registers.search.facets import Choice
from registers.search.listed import ListedProtocol
from registers.search.text.highlight import Segments
from registers.search.text.highlight import highlight as split_at_matches
from registers.search.text.search import Search
from weisf.partnership import Partnership

register = template.Library()
register.filter("review_on", Protocol.review_status)
register.filter("markdown", as_html)
register.filter("strip_markdown", strip_markdown)


@register.filter
def has_ended(protocol: Protocol, on: datetime.date) -> bool:
    """Return whether the last day of the agreement is recorded, and has passed on the day `on`."""
    return bool(protocol.has_ended(on))


@register.filter
def overdue_for(protocol: Protocol, on: datetime.date) -> str:
    """Return for how long its review has been overdue: '4 years', '5 months', 'under a month'."""
    return months_in_words(protocol.months_overdue(on), units=1)


@register.simple_tag
def export_formats() -> list[tuple[str, str]]:
    """Return the name and media type of every export format but the feed."""
    return [
        (name, module.CONTENT_TYPE.partition(";")[0])
        for name, module in FORMATS.items()
        if module is not feed
    ]


@register.filter
def highlighted(segments: Segments) -> SafeString:
    """Return the segments as HTML, each match in a <mark>."""
    return SafeString(
        "".join(f"<mark>{escape(text)}</mark>" if hit else escape(text) for text, hit in segments)
    )


@register.filter
def highlight(text: str, search: Search | None) -> SafeString:
    """Return `text` as HTML, with each match of `search` in a <mark>."""
    if not search:
        return conditional_escape(text)
    segments = split_at_matches(text, search.terms)
    return (
        highlighted(segments) if any(match for _, match in segments) else conditional_escape(text)
    )


@register.simple_tag
def review(protocol: Protocol | ListedProtocol, on: datetime.date) -> SafeString:
    """Return the review month of a row of a list, with the review status on the day `on`."""
    return _review(settings.PARTNERSHIP, protocol.review_date, protocol.review_note, on)


@lru_cache(maxsize=1_000)
def _review(
    _: Partnership, month: datetime.date | None, note: str, on: datetime.date
) -> SafeString:
    """Render it: the same for all protocols with the same month, by the same rule."""
    context = {"protocol": Protocol(review_date=month, review_note=note), "on": on}
    return mark_safe(render_to_string("components/review_cell.html", context))  # noqa: S308 (rendered by a template)


def review_in_list(
    protocol: Protocol | ListedProtocol, on: datetime.date
) -> tuple[ReviewStatus, SafeString]:
    """Return how the review of a row of a list stands: 'Review overdue since August 2019'."""
    return _review_in_list(settings.PARTNERSHIP, protocol.review_date, protocol.review_note, on)


@register.filter
def review_in_words(protocol: Protocol, on: datetime.date) -> SafeString:
    """Return the words of that alone."""
    return review_in_list(protocol, on)[1]


@lru_cache(maxsize=1_000)
def _review_in_list(
    _: Partnership, month: datetime.date | None, note: str, on: datetime.date
) -> tuple[ReviewStatus, SafeString]:
    status = review_status(month, on)
    if month is None:
        words = format_html("Review: {}", note) if note else SafeString("No review date recorded")
        return status, words
    stands = {
        ReviewStatus.OVERDUE: "Review overdue since",
        ReviewStatus.DUE_SOON: "Review due soon, in",
        ReviewStatus.IN_DATE: "Review due in",
    }[status]
    written = f"{date_format(month, 'F')} {month.year}"
    time = format_html('<time datetime="{}">{}</time>', f"{month:%Y-%m}", written)
    return status, format_html("{} {}", stands, time)


def empty_choices(choices: list[Choice], name: str) -> str:
    """Return the choices of the facet `name` that find nothing, to end a sentence with.

    Themes by their names; of reviews 'due soon, in date or without a review date'.
    """
    labels = [choice.label for choice in choices if choice.is_empty]
    if name != "theme":
        none = ReviewStatus.NONE.label
        labels = [each.lower() if each != none else "without a review date" for each in labels]
    return get_text_list(labels, "or")


@register.filter
def linked(number: LinkedCount) -> SafeString:
    """Return a count as a link to the list that it counts; without a link if there is none."""
    if not number.href:
        return SafeString(number.count)
    # Not format_html, which takes three times as long: a page can have hundreds.
    return SafeString(
        '<a class="govuk-link govuk-link--no-visited-state"'
        f' href="{conditional_escape(number.href)}" rel="nofollow">{number.count}</a>'
    )
