"""Texts with marks, as Markdown has them: a safe piece of a page, or its words alone.

What stood there before marks were known looks as it did: a line's end stays a
line's end, and indented lines or lines of dashes are words like any other.
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

# Longer texts are shown as they are typed. No page of news is as long.
LONGEST = 20_000
LONGEST_HTML = 500_000  # a table of many empty cells grows a hundredfold
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
    """The design system's classes, and an outline that fits under the page's heading."""

    def render(self, tokens: Sequence[Token], options: OptionsDict, env: Any) -> str:
        """Return the HTML."""
        _put_in_outline(tokens)
        for token in tokens:
            for each in (token, *(token.children or ())):
                _dress(each)
        return str(super().render(tokens, options, env))


def _put_in_outline(tokens: Sequence[Token]) -> None:
    """Give each heading its level: the first is a part of the page, and none skips a level."""
    above: list[int] = []
    for token in tokens:
        if token.type == "heading_open":
            wanted = int(token.tag[1:])
            while above and above[-1] >= wanted:
                above.pop()
            above.append(wanted)
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(PAGE_HEADING + len(above), LAST_HEADING)}"


def _dress(token: Token) -> None:
    """Put classes on what is opened; a policy without inline styles asks for no others."""
    if token.nesting != 1:
        return
    style = token.attrs.pop("style", "")
    named = CLASSES.get(token.tag, HEADING if re.fullmatch("h[3-6]", token.tag) else "")
    if named:
        numeric = f" {named}--numeric" if style == "text-align:right" else ""
        token.attrSet("class", named + numeric)
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
    """Return a text with marks as HTML that can do no harm, to stand below a page's heading."""
    made = PARSER.render(text) if len(text) <= LONGEST else None
    if made is None or len(made) > LONGEST_HTML:
        return mark_safe(linebreaks(text, autoescape=True))  # noqa: S308 (it escapes)
    # Nothing else can have come of it. Should a fault ever let it, it goes no further.
    clean = nh3.clean(
        made,
        tags=TAGS,
        attributes=ATTRIBUTES,
        url_schemes={"http", "https", "mailto"},
        link_rel=None,
    )
    return mark_safe(clean)  # noqa: S308 (cleaned just now)


def as_words(text: str) -> str:
    """Return the words of a text without its marks, on one line."""
    return " ".join(html.unescape(nh3.clean(as_html(text), tags=set())).split())
