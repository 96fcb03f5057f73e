"""Markdown, rendered as safe HTML or as plain text.

Plain text from before Markdown was supported looks the same: line breaks are kept,
and indented lines or lines of dashes are ordinary text.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from typing import Any

import nh3
from django.utils.html import linebreaks
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import OptionsDict

# Longer texts are shown without Markdown. No page of news is as long.
MAX_LENGTH = 20_000
MAX_HTML_LENGTH = 500_000  # a table of many empty cells grows a hundredfold
LINK = re.compile(r"(https?://|mailto:)[^\\\s]+|/(?![/\\])[^\\\s]*", re.IGNORECASE)
RULES = (
    *("blockquote", "emphasis", "escape", "heading", "link", "list", "table"),
    *("newline", "normalize", "block", "inline", "paragraph", "text", "balance_pairs"),
    *("fragments_join", "text_join"),
)
PAGE_HEADING, LAST_HEADING = 1, 6
CLASSES = {
    "a": "govuk-link",
    "ul": "govuk-list govuk-list--bullet",
    "ol": "govuk-list govuk-list--number",
    "blockquote": "govuk-inset-text",
    "table": "govuk-table register-words-table",
    "thead": "govuk-table__head",
    "tbody": "govuk-table__body",
    "tr": "govuk-table__row",
    "th": "govuk-table__header",
    "td": "govuk-table__cell",
    "h2": "govuk-heading-m",
}
HEADING = "govuk-heading-s"
TAGS = {*CLASSES, "h3", "h4", "h5", "h6", "p", "br", "strong", "em", "li"}
ATTRIBUTES = {"*": {"class"}, "a": {"href"}, "ol": {"start"}, "th": {"scope"}}


class Renderer(RendererHTML):
    """Renders with the classes of the design system, and headings below that of the page."""

    def render(self, tokens: Sequence[Token], options: OptionsDict, env: Any) -> str:
        """Return the HTML."""
        _set_heading_levels(tokens)
        for token in tokens:
            _undo_empty_links(token.children or [])
            for each in (token, *(token.children or ())):
                _add_classes(each)
        return str(super().render(tokens, options, env))


def _set_heading_levels(tokens: Sequence[Token]) -> None:
    """Set the level of each heading: below that of the page, and without skipping a level."""
    above: list[int] = []
    for token in tokens:
        if token.type == "heading_open":
            wanted = int(token.tag[1:])
            while above and above[-1] >= wanted:
                above.pop()
            above.append(wanted)
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(PAGE_HEADING + len(above), LAST_HEADING)}"


def _undo_empty_links(tokens: Sequence[Token]) -> None:
    """Show a link without an address as it was typed: a browser would open the page itself."""
    is_empty = False  # a link holds no other
    for token in tokens:
        if token.type == "link_open":
            is_empty = not token.attrs.get("href")
        if is_empty and token.type in {"link_open", "link_close"}:
            token.content = "[" if token.nesting == 1 else "]()"
            token.type, token.tag, token.nesting = "text", "", 0


def _add_classes(token: Token) -> None:
    """Add CSS classes to opening tags, since the policy allows no inline styles."""
    if token.nesting != 1:
        return
    style = token.attrs.pop("style", "")
    css_class = CLASSES.get(token.tag, HEADING if re.fullmatch("h[3-6]", token.tag) else "")
    if css_class:
        numeric = f" {css_class}--numeric" if style == "text-align:right" else ""
        token.attrSet("class", css_class + numeric)
    if token.tag == "th":
        token.attrSet("scope", "col")


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"breaks": True, "html": False}, renderer_cls=Renderer)
    parser.enable("table")
    known = {name for rules in parser.get_all_rules().values() for name in rules}
    parser.disable(sorted(known - set(RULES)))
    parser.validateLink = lambda href: bool(LINK.fullmatch(href))  # type: ignore[assignment,method-assign]
    return parser


PARSER = _parser()


def as_html(text: str) -> SafeString:
    """Return Markdown as safe HTML, to be placed under the heading of a page."""
    made = PARSER.render(text) if len(text) <= MAX_LENGTH else None
    if made is None or len(made) > MAX_HTML_LENGTH:
        return mark_safe(linebreaks(text, autoescape=True))  # noqa: S308 (it escapes)
    # The renderer makes nothing else. This is a second barrier, should it have a fault.
    clean = nh3.clean(
        made,
        tags=TAGS,
        attributes=ATTRIBUTES,
        url_schemes={"http", "https", "mailto"},
        link_rel=None,
    )
    return mark_safe(clean)  # noqa: S308 (cleaned just now)


BLOCK_END = re.compile(r"</(?:p|li|tr|h[1-6])>|<br ?/?>")


def as_text(text: str) -> str:
    """Return the plain text of Markdown, a line for each of its blocks."""
    words = html.unescape(nh3.clean(BLOCK_END.sub("\n", as_html(text)), tags=set()))
    lines = (" ".join(line.split()) for line in words.splitlines())
    return "\n".join(line for line in lines if line)


def strip_markdown(text: str) -> str:
    """Return the plain text of Markdown, on one line."""
    return " ".join(html.unescape(nh3.clean(as_html(text), tags=set())).split())
