"""Atom feed (RFC 4287): the changes of the protocols in the results, the newest first."""

from __future__ import annotations

import datetime
import heapq
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import count, islice
from urllib.parse import urlencode, urlsplit

from django.db.models import Count, Max

from registers.exports import atom
from registers.exports.columns import ExportContext, through_in_words, url
from registers.exports.plain_text import one_line, plain
from registers.history.as_of import end_of
from registers.models import Change, Protocol
from registers.models.change import ChangeQuerySet
from registers.search.query_string import with_query
from registers.search.results import Results
from registers.search.rows import ProtocolList

FEW_PROTOCOLS = 2_000  # up to so many are passed to the database by reference
FIRST_STEP = 2_000
TIMES_LONGER = 4


@dataclass(frozen=True, kw_only=True)
class ChangeCount:
    """The number of changes of one protocol, and the aware time of the last."""

    times: int
    last: datetime.datetime


def changes_of(results: Results) -> ChangeQuerySet:
    """Return the changes that were recorded by the day of the results."""
    if not results.is_past:
        return Change.objects.all()
    return Change.objects.filter(made_at__lt=end_of(results.on))


def change_counts(results: Results, references: Iterable[str]) -> dict[str, ChangeCount]:
    """Return the change count of each of a few protocols by reference: one query.

    A protocol without official changes, which was changed in the database, is missing.
    """
    changes = changes_of(results).filter(protocol__in=list(references)).order_by()
    rows = changes.values("protocol").annotate(times=Count("pk"), last=Max("made_at"))
    return {
        row["protocol"]: ChangeCount(times=row["times"], last=row["last"].astimezone(datetime.UTC))
        for row in rows
    }


def newest_changes(results: Results, most: int) -> list[tuple[Change, Protocol]]:
    """Return the `most` newest changes of the results, newest first, with their protocols.

    Changes of few protocols are queried by reference. For many that would be slow, and
    some of the newest changes are certainly theirs: so all changes are read from the
    newest on until there are enough.
    """
    protocols = results.protocols
    every = changes_of(results)
    # The snapshot is long, and not shown.
    changes = every.select_related("protocol__theme").defer("snapshot")
    if len(protocols) > FEW_PROTOCOLS:
        found = changes.in_bulk(list(islice(_newest_first(protocols, every), most)))
    else:
        parts = (changes.filter(protocol__in=part)[:most] for part in protocols.references())
        found = {change.pk: change for part in parts for change in part}
    newest = heapq.nlargest(most, found.values(), key=lambda each: (each.made_at, each.pk))
    if not results.is_past:
        return [(change, change.protocol) for change in newest if change.protocol]
    as_recorded = results.filters.index.fetch(sorted({str(each.protocol_id) for each in newest}))
    return [(change, as_recorded[str(change.protocol_id)]) for change in newest]


def _newest_first(protocols: ProtocolList, every: ChangeQuerySet) -> Iterator[int]:
    """Yield the ids of those of `every` change that are of `protocols`, newest first.

    They are read in growing steps, so that few queries reach the oldest. A change made
    in the meantime shifts the others: what is read twice is yielded once.
    """
    changes = every.filter(protocol__isnull=False).values_list("pk", "protocol")
    seen: set[int] = set()
    first = 0
    for turn in count():
        last = first + FIRST_STEP * TIMES_LONGER**turn
        step = list(changes[first:last])
        wanted = protocols.contains(reference for _, reference in step)
        for (key, _), is_wanted in zip(step, wanted, strict=True):
            if is_wanted and key not in seen:
                seen.add(key)
                yield key
        if len(step) < last - first:
            return
        first = last


# Subscribers must learn that a protocol was withdrawn, and it would just disappear from a
# list of those in force. So without a status, feed and calendar include both.
DEFAULT_STATUS = "all"


def host_of(context: ExportContext) -> str:
    """Return the name of the site's host, without a port."""
    return urlsplit(context.site).hostname or ""


def title_of(results: Results, context: ExportContext) -> str:
    """Return the register's name, and the filters in brackets."""
    default = ("Status", dict(results.filters.form.fields["status"].choices)[DEFAULT_STATUS])
    labels = [tag.label for tag in results.tags if (tag.name, tag.label) != default]
    return one_line(f"{context.register} ({', '.join(labels)})" if labels else context.register)


CONTENT_TYPE = atom.CONTENT_TYPE
PATH = "/protocols.atom"
MAX_ENTRIES = 100


def write(results: Results, context: ExportContext) -> Iterator[bytes]:
    """Yield the feed: the MAX_ENTRIES newest changes of the protocols of `results`."""
    feed = atom.AtomFeed(
        context=context,
        title=f"Changes: {title_of(results, context)}",
        subtitle=f"The {MAX_ENTRIES} newest changes, with what was added and withdrawn.",
        link=with_query(f"{context.site}/", results.query(sort=None)),
        link_text="See these protocols in the register.",
        feed_url=with_query(f"{context.site}{PATH}", _query(results)),
    )
    newest = newest_changes(results, MAX_ENTRIES)
    through = _through(results, [protocol.reference for _, protocol in newest])
    for change, protocol in newest:
        _add(feed, change, protocol, through(protocol.reference), context)
    yield feed.as_bytes()


def _through(results: Results, references: Iterable[str]) -> Callable[[str], str]:
    """Return a function from each reference to how its protocol binds the organisations asked for.

    That is in words, and '' where none was asked for. Parties are fetched only where they
    make a difference: three queries for all references.
    """
    explanation = results.explanation
    if explanation is None:
        return lambda _: ""
    if explanation.is_plain:
        return lambda _: through_in_words(explanation.plain)
    protocols = results.filters.index.fetch(sorted(set(references)))
    words = {key: through_in_words(explanation.of(each)) for key, each in protocols.items()}
    return lambda reference: words.get(reference, "")


def _query(results: Results) -> str:
    """Return the canonical query string for the feed.

    It differs from that of the list, in which no status means in force.
    """
    status = results.values["status"]
    status_query = {} if status == DEFAULT_STATUS else {"status": status}
    return "&".join(filter(None, [results.query(sort=None, status=None), urlencode(status_query)]))


def _add(
    feed: atom.AtomFeed, change: Change, protocol: Protocol, through: str, context: ExportContext
) -> None:
    """Add an entry: the protocol, the kind of change, its text, and how the protocol binds."""
    words = f"{change.what}\n\nWhy: {change.why}" if change.why else change.what
    words += f"\n\nHow it binds: {through}" if through else ""
    made_at = change.made_at.astimezone(datetime.UTC)
    feed.add_item(
        title=f"{one_line(str(protocol))}: {change.get_kind_display().lower()}",
        link=url(protocol, context),
        link_text=f"Protocol {protocol.reference}",
        description=plain(words).strip(),
        # A tag URI (RFC 4151): it must never change, and an address can.
        unique_id=f"tag:{host_of(context)},{made_at:%Y-%m-%d}:change/{change.pk}",
        pubdate=made_at,
        updateddate=made_at,
        categories=[one_line(protocol.theme.name)],
    )
