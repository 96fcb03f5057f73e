"""News as an Atom feed, the newest first."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from django.db.models import Max
from django.urls import reverse
from django.utils import timezone

from registers.exports.atom import NEVER, AtomFeed
from registers.exports.columns import ExportContext
from registers.exports.feed import host_of
from registers.exports.markdown import as_text
from registers.exports.plain_text import one_line, plain
from registers.models import Change, News

MAX_ENTRIES = 100


def write(context: ExportContext) -> bytes:
    """Return the feed of the MAX_ENTRIES newest items that are published on the day: two queries.

    An item taken over without a day has no day in it either.
    """
    feed = AtomFeed(
        context=context,
        title=f"News: {one_line(context.register)}",
        subtitle=f"What {one_line(context.publisher)} has published as news.",
        link=f"{context.site}{reverse('news')}",
        link_text="See all news.",
        feed_url=f"{context.site}{reverse('news-feed')}",
    )
    items = list(News.objects.published(context.on)[:MAX_ENTRIES])
    changed = _last_changed(items)
    for item in items:
        published = _start_of(item.published_on) if item.published_on else None
        feed.add_item(
            title=one_line(item.title),
            link=f"{context.site}{item.get_absolute_url()}",
            link_text=f"Read ‘{one_line(item.title)}’",
            description=plain(as_text(item.body)).strip(),
            # A tag URI (RFC 4151): it must never change, and an address can.
            unique_id=f"tag:{host_of(context)},2026:news/{item.pk}",
            pubdate=published,
            updateddate=max(published or NEVER, changed.get(str(item.pk), NEVER)),
        )
    return feed.as_bytes()


def _last_changed(items: Sequence[News]) -> dict[str, datetime.datetime]:
    """Return the time of the last change of each item that has any, by its key as text."""
    changes = Change.objects.filter(
        subject_type=News._meta.model_name, subject_key__in=[str(item.pk) for item in items]
    )
    last = changes.order_by().values("subject_key").annotate(last=Max("made_at"))
    return {row["subject_key"]: row["last"].astimezone(datetime.UTC) for row in last}


def _start_of(day: datetime.date) -> datetime.datetime:
    midnight = timezone.make_aware(datetime.datetime.combine(day, datetime.time()))
    return midnight.astimezone(datetime.UTC)
