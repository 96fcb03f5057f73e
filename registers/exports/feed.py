"""Feed (Atom, RFC 4287): what changed about the protocols of a result, the newest first."""

from __future__ import annotations

import datetime
import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import StringIO
from itertools import count, islice
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.db.models import Count, Max
from django.utils.feedgenerator import Atom1Feed

from registers.exports.columns import Place, url
from registers.exports.plain_text import one_line, plain
from registers.history.summary import kind_of_change
from registers.models import Change, Protocol
from registers.search.results import Results
from registers.search.rows import ProtocolList

NARROW = 2_000  # so few protocols are named to the database
FIRST_STEP = 2_000
TIMES_LONGER = 4


@dataclass(frozen=True, kw_only=True)
class Changed:
    """How often one protocol has changed, and the aware time of the last change."""

    times: int
    last: datetime.datetime


def how_changed(references: Iterable[str]) -> dict[str, Changed]:
    """Return by reference how often each of a few protocols has changed, and when last: a query.

    A protocol that was saved by hand, past all that is official, is not there.
    """
    changes = Change.objects.filter(protocol__in=list(references)).order_by()
    counted = changes.values("protocol").annotate(times=Count("pk"), last=Max("made_at"))
    return {
        row["protocol"]: Changed(times=row["times"], last=row["last"].astimezone(datetime.UTC))
        for row in counted
    }


def newest_changes(found: ProtocolList, most: int) -> list[tuple[Change, Protocol]]:
    """Return the `most` newest changes of all that is found, newest first, with their protocols.

    Where little is found the database is asked for its changes. Where much is,
    that would be dear, and some of the newest changes are sure to be of it: so
    all are read from the newest on until there are enough.
    """
    # What was recorded with each is long, and its words say what changed.
    changes = Change.objects.select_related("protocol__theme").defer("record")
    if len(found) > NARROW:
        brought = changes.in_bulk(list(islice(_from_the_newest(found), most)))
    else:
        parts = (changes.filter(protocol__in=part)[:most] for part in found.references())
        brought = {change.pk: change for part in parts for change in part}
    newest = heapq.nlargest(most, brought.values(), key=lambda each: (each.made_at, each.pk))
    return [(change, change.protocol) for change in newest if change.protocol]


def _from_the_newest(found: ProtocolList) -> Iterator[int]:
    """Give the keys of the changes of what is found, newest first.

    They are read in steps that grow, so that few queries reach the oldest. One
    that is made meanwhile moves the others on: what is read twice is given once.
    """
    changes = Change.objects.filter(protocol__isnull=False).values_list("pk", "protocol")
    seen: set[int] = set()
    first = 0
    for turn in count():
        last = first + FIRST_STEP * TIMES_LONGER**turn
        step = list(changes[first:last])
        wanted = found.contains(reference for _, reference in step)
        for (key, _), is_wanted in zip(step, wanted, strict=True):
            if is_wanted and key not in seen:
                seen.add(key)
                yield key
        if len(step) < last - first:
            return
        first = last


# Whoever follows a list must hear that a protocol was withdrawn, and it would leave a list
# of those in force without a word. So where no status is asked for, these endings have both.
USUAL_STATUS = "all"


def host_of(place: Place) -> str:
    """Return the name of the site's host, without a port."""
    return urlsplit(place.site).hostname or ""


def name_of(results: Results, place: Place) -> str:
    """Return the register's name, and in brackets what was asked for."""
    usual = ("Status", dict(results.filters.form.fields["status"].choices)[USUAL_STATUS])
    labels = [tag.label for tag in results.tags if (tag.name, tag.label) != usual]
    return one_line(f"{place.register} ({', '.join(labels)})" if labels else place.register)


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


def write(results: Results, place: Place) -> Iterator[bytes]:
    """Give the feed, which is small: the MOST newest changes to the protocols of `results`."""
    here = _address(place, PATH, _query(results))
    feed = _Feed(
        title=f"Changes: {name_of(results, place)}",
        subtitle=f"The {MOST} newest changes, with what was added and withdrawn.",
        link=_address(place, "/", results.query(sort=None)),
        feed_url=here,
        feed_guid=here,
        author_name=one_line(place.publisher),
        author_link=f"{place.site}/",
        description="",
        language="en-GB",
    )
    for change, protocol in newest_changes(results.protocols, MOST):
        _add(feed, change, protocol, place)
    text = StringIO()
    feed.write(text, "utf-8")
    yield text.getvalue().encode()


def _query(results: Results) -> str:
    """Return the one query string of this question for this ending.

    It is not the register's own, in which no status stands for those in force.
    """
    status = results.values["status"]
    own = {} if status == USUAL_STATUS else {"status": status}
    return "&".join(filter(None, [results.query(sort=None, status=None), urlencode(own)]))


def _address(place: Place, path: str, query: str) -> str:
    return f"{place.site}{path}?{query}" if query else f"{place.site}{path}"


def _add(feed: _Feed, change: Change, protocol: Protocol, place: Place) -> None:
    """Add an entry: which protocol, what happened to it in a word, then in all its words."""
    words = f"{change.what}\n\nWhy: {change.why}" if change.why else change.what
    made_at = change.made_at.astimezone(datetime.UTC)
    feed.add_item(
        title=f"{one_line(str(protocol))}: {kind_of_change(change.what)}",
        link=url(protocol, place),
        description=plain(words).strip(),
        # Built from what never changes, and not from an address: see RFC 4151.
        unique_id=f"tag:{host_of(place)},{made_at:%Y-%m-%d}:change/{change.pk}",
        pubdate=made_at,
        updateddate=made_at,
        categories=[one_line(protocol.theme.name)],
    )
