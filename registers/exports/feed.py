"""Feed (Atom, RFC 4287): what changed about the protocols of a finding, the newest first."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from io import StringIO
from typing import Any
from urllib.parse import urlencode

from django.utils.feedgenerator import Atom1Feed

from registers.exports.columns import Place, url
from registers.exports.feed_common import USUAL_STATUS, host_of, name_of
from registers.exports.plain_text import one_line, plain
from registers.history.summary import kind_of
from registers.models import Change, Protocol
from registers.search.recent_changes import newest_changes
from registers.search.results import Finding

CONTENT_TYPE = Atom1Feed.content_type
PATH = "/protocols.atom"
MOST = 100
# When a feed without entries was updated: it must be said, and always be the same.
NEVER = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)


class _Feed(Atom1Feed):
    """Django's, with plain text as the entries' content, and a fixed time when it is empty."""

    def latest_post_date(self) -> datetime.datetime:
        return super().latest_post_date() if self.items else NEVER

    def add_item_elements(self, handler: Any, item: dict[str, Any]) -> None:
        super().add_item_elements(handler, item | {"description": None})
        handler.addQuickElement("content", item["description"], {"type": "text"})


def write(finding: Finding, place: Place) -> Iterator[bytes]:
    """Give the feed, which is small: the MOST newest changes to the protocols of `finding`."""
    here = _address(place, PATH, _query(finding))
    feed = _Feed(
        title=f"Changes: {name_of(finding, place)}",
        subtitle=f"The {MOST} newest changes, with what was added and withdrawn.",
        link=_address(place, "/", finding.query(sort=None)),
        feed_url=here,
        feed_guid=here,
        author_name=one_line(place.publisher),
        author_link=f"{place.site}/",
        description="",
        language="en-GB",
    )
    for change, protocol in newest_changes(finding.found, MOST):
        _add(feed, change, protocol, place)
    text = StringIO()
    feed.write(text, "utf-8")
    yield text.getvalue().encode()


def _query(finding: Finding) -> str:
    """Return the one query string of this question for this ending.

    It is not the register's own, in which no status stands for those in force.
    """
    status = finding.question["status"]
    own = {} if status == USUAL_STATUS else {"status": status}
    return "&".join(filter(None, [finding.query(sort=None, status=None), urlencode(own)]))


def _address(place: Place, path: str, query: str) -> str:
    return f"{place.site}{path}?{query}" if query else f"{place.site}{path}"


def _add(feed: _Feed, change: Change, protocol: Protocol, place: Place) -> None:
    """Add an entry: which protocol, what happened to it in a word, then in all its words."""
    words = f"{change.what}\n\nWhy: {change.why}" if change.why else change.what
    made_at = change.made_at.astimezone(datetime.UTC)
    feed.add_item(
        title=f"{one_line(str(protocol))}: {kind_of(change.what)}",
        link=url(protocol, place),
        description=plain(words).strip(),
        # Built from what never changes, and not from an address: see RFC 4151.
        unique_id=f"tag:{host_of(place)},{made_at:%Y-%m-%d}:change/{change.pk}",
        pubdate=made_at,
        updateddate=made_at,
        categories=[one_line(protocol.theme.name)],
    )
