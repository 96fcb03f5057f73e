"""Calendar (iCalendar, RFC 5545): the day on which each review is due, with two alarms.

Nothing in it depends on the current day: calendar programs store what they read.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator

from django.utils.formats import date_format
from icalendar import Alarm, Calendar, Event

from registers.exports.columns import ExportContext, url
from registers.exports.feed import ChangeCount, change_counts, host_of, title_of
from registers.exports.plain_text import one_line
from registers.models import Protocol
from registers.search.results import Results

CONTENT_TYPE = "text/calendar; charset=utf-8"
DAY = datetime.timedelta(days=1)
ALARMS = (90, 30)  # days before
LONGEST_PURPOSE = 300
# Of a protocol without official changes.
NEVER_CHANGED = ChangeCount(times=0, last=datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC))


def write(results: Results, context: ExportContext) -> Iterator[bytes]:
    """Yield the head, an event for each protocol of `results` with a review date, and the end."""
    head, end = _calendar(results, context).to_ical().split(b"END:VCALENDAR")
    yield head
    for protocols in results.protocols.chunks():
        counts = change_counts(protocol.reference for protocol in protocols)
        for protocol in protocols:
            due = protocol.review_due_on
            if due:
                count = counts.get(protocol.reference, NEVER_CHANGED)
                yield _event(protocol, due, count, context).to_ical()
    yield b"END:VCALENDAR" + end


def _calendar(results: Results, context: ExportContext) -> Calendar:
    """Return the calendar without its events."""
    name = f"Reviews: {title_of(results, context)}"
    calendar = Calendar()
    calendar.add("prodid", f"-//{host_of(context)}//Register of information sharing protocols//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    for names in ("name", "x-wr-calname"):  # the standard name, and the one that most programs read
        calendar.add(names, name)
    calendar.add("refresh-interval", DAY, parameters={"value": "DURATION"})
    calendar.add("x-published-ttl", "P1D")
    return calendar


def _event(
    protocol: Protocol, due: datetime.date, count: ChangeCount, context: ExportContext
) -> Event:
    """Return the event of the day `due`. A withdrawn protocol's is cancelled."""
    withdrawn = protocol.status == Protocol.Status.WITHDRAWN
    name = one_line(str(protocol))
    event = Event()
    event.add("uid", f"{protocol.reference}@{host_of(context)}")
    # Not the time of the export: the same state must have the same bytes.
    event.add("dtstamp", count.last)
    event.add("last-modified", count.last)
    event.add("sequence", count.times)
    event.add("dtstart", due)
    if due < datetime.date.max:  # Python has no day after the last
        event.add("dtend", due + DAY)
    event.add("transp", "TRANSPARENT")
    event.add("status", "CANCELLED" if withdrawn else "CONFIRMED")
    event.add("summary", f"{'Withdrawn' if withdrawn else 'Review due'}: {name}")
    event.add("description", "\n".join(_description(protocol, context)))
    event.add("categories", [one_line(protocol.theme.name)])
    event.add("url", url(protocol, context))
    for days in () if withdrawn else ALARMS:
        event.add_component(_alarm(days, name))
    return event


def _description(protocol: Protocol, context: ExportContext) -> Iterator[str]:
    """Yield the lines of the description."""
    if protocol.withdrawn_on:
        day = date_format(protocol.withdrawn_on, "j F Y")
        yield f"Withdrawn on {day}, so no review is due. {one_line(protocol.withdrawn_reason)}"
        if protocol.replaced_by_id:
            yield f"Replaced by: {protocol.replaced_by_id}"
    else:
        yield "The review of this information sharing protocol is due by the end of this day."
        if protocol.review_note:
            yield f"Note: {one_line(protocol.review_note)}"
    lead = protocol.lead
    yield f"Lead organisation: {one_line(lead.organisation.name) if lead else 'Not recorded'}"
    yield f"Theme: {one_line(protocol.theme.name)}"
    yield f"Purpose: {_truncated(protocol.purpose) or 'Not recorded'}"
    yield f"Page: {url(protocol, context)}"


def _truncated(text: str) -> str:
    line = one_line(text)
    if len(line) <= LONGEST_PURPOSE:
        return line
    return f"{line[: LONGEST_PURPOSE - 1].rstrip()}…"


def _alarm(days: int, name: str) -> Alarm:
    """Return an alarm `days` before the event."""
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("trigger", datetime.timedelta(days=-days))
    alarm.add("description", f"Review due in {days} days: {name}")
    return alarm
