"""Atom (RFC 4287), as every feed of the register is written.

A browser shows a feed as a page that people can read, by a style sheet. Atom has no
links that can be followed there: so a few elements of HTML stand beside its own, which
feed readers pass over (RFC 4287, 6.3).
"""

from __future__ import annotations

import datetime
from io import StringIO
from typing import Any
from xml.sax.xmlreader import AttributesImpl

from django.conf import settings
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.feedgenerator import Atom1Feed, Stylesheet
from django.utils.formats import date_format
from django.utils.xmlutils import SimplerXMLGenerator

from registers.exports.columns import ExportContext
from registers.exports.plain_text import one_line

# Chromium shows application/atom+xml as its source, whatever the style sheet says, and
# other browsers offer to save it. Feed readers take either.
CONTENT_TYPE = "application/xml; charset=utf-8"
# The required `updated` of a feed without entries, which must not vary.
NEVER = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
HTML = {"xmlns:h": "http://www.w3.org/1999/xhtml"}
FIT_TO_SCREEN = {"name": "viewport", "content": "width=device-width, initial-scale=1"}
FOR_PEOPLE = (
    "This is a feed. To see what is new, copy this page’s address into a feed reader, or into"
    " the RSS folder of Outlook."
)


def style_sheets() -> list[str]:
    """Return the addresses of the style sheet of feeds, and of the partnership's colours."""
    own = settings.PARTNERSHIP.style_sheet
    return [static("feed.css"), *([reverse("branding", args=[own.name])] if own else [])]


class AtomFeed(Atom1Feed):
    """A feed with plain text as content of entries, that a browser shows as a page.

    `link` is the page of the list that it follows, and `link_text` what leads there.
    """

    def __init__(
        self,
        *,
        context: ExportContext,
        title: str,
        subtitle: str,
        link: str,
        link_text: str,
        feed_url: str,
    ) -> None:
        super().__init__(
            title=title,
            subtitle=subtitle,
            link=link,
            feed_url=feed_url,
            feed_guid=feed_url,
            author_name=one_line(context.publisher),
            author_link=f"{context.site}/",
            description="",
            language="en-GB",
            stylesheets=[
                Stylesheet(address, "text/css", media="all") for address in style_sheets()
            ],
            link_text=link_text,
        )

    def as_bytes(self) -> bytes:
        """Return the whole feed."""
        text = StringIO()
        self.write(text, "utf-8")
        return text.getvalue().encode()

    def write(self, outfile: Any, encoding: str) -> None:
        """Write it. Django's writes no style sheet."""
        handler = SimplerXMLGenerator(outfile, encoding, short_empty_elements=True)
        handler.startDocument()
        for stylesheet in self.feed["stylesheets"]:
            handler.processingInstruction("xml-stylesheet", str(stylesheet))
        handler.startElement("feed", AttributesImpl(self.root_attributes() | HTML))
        self.add_root_elements(handler)
        self.write_items(handler)
        handler.endElement("feed")

    def latest_post_date(self) -> datetime.datetime:
        """Return the newest time, or a fixed one if the feed is empty."""
        return super().latest_post_date() if self.items else NEVER

    def add_root_elements(self, handler: Any) -> None:
        """Add what stands before the entries."""
        super().add_root_elements(handler)
        handler.addQuickElement("h:title", self.feed["title"])
        handler.addQuickElement("h:meta", "", FIT_TO_SCREEN)
        handler.startElement("h:p", AttributesImpl({}))
        handler.characters(f"{FOR_PEOPLE} ")
        handler.addQuickElement("h:a", self.feed["link_text"], {"href": self.feed["link"]})
        handler.endElement("h:p")

    def add_item_elements(self, handler: Any, item: dict[str, Any]) -> None:
        """Add what an entry holds; `link_text` is what leads to its page."""
        super().add_item_elements(handler, item | {"description": None})
        handler.addQuickElement("content", item["description"], {"type": "text"})
        handler.startElement("h:p", AttributesImpl({}))
        if item["pubdate"] is not None:
            day = timezone.localdate(item["pubdate"])
            handler.characters(f"{date_format(day, 'j F Y')}. ")
        handler.addQuickElement("h:a", item["link_text"], {"href": item["link"]})
        handler.endElement("h:p")
