"""Calendar (iCalendar, RFC 5545): an event of the day on which each review is due.

An overdue review is an event of the day of the export, since nobody looks at past years
of a calendar. A program that reads the calendar again moves it on to that day.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache

from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format
from icalendar import Calendar, Event, vCalAddress

from registers.exports.columns import ExportContext, through_in_words, url
from registers.exports.feed import ChangeCount, change_counts, host_of, title_of
from registers.exports.plain_text import one_line
from registers.models import Protocol
from registers.search.protocol_values import AnyProtocol
from registers.search.results import Results

CONTENT_TYPE = "text/calendar; charset=utf-8"
DAY = datetime.timedelta(days=1)
EPOCH = datetime.date(1970, 1, 1)
LONGEST_PURPOSE = 300
# Of a protocol without official changes.
NEVER_CHANGED = ChangeCount(times=0, last=datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC))


def write(results: Results, context: ExportContext) -> Iterator[bytes]:
    """Yield the head, an event for each protocol of `results` with a review date, and the end."""
    head, end = _calendar(results, context).to_ical().split(b"END:VCALENDAR")
    context = replace(context, through=results.through)
    organizer = _organizer(context)
    yield head
    for protocols in results.protocols.chunks():
        counts = change_counts(results, (protocol.reference for protocol in protocols))
        for protocol in protocols:
            due = protocol.review_due_on
            if due:
                count = counts.get(protocol.reference, NEVER_CHANGED)
                lines = _event(protocol, due, count, context, organizer)
                yield b"".join(map(fold, lines))
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
    protocol: AnyProtocol,
    due: datetime.date,
    count: ChangeCount,
    context: ExportContext,
    organizer: str,
) -> Iterator[str]:
    """Yield the lines of the event of a review that is or was due on the day `due`.

    An overdue one stands on the day of the export. A withdrawn protocol's is cancelled.
    They are the bytes that icalendar makes of it, in a tenth of its time.
    """
    withdrawn = protocol.status == Protocol.Status.WITHDRAWN
    overdue = due < context.on and not withdrawn
    day = context.on if overdue else due
    revised = max(count.last, _start_of(day)) if overdue else count.last
    # Not the time of the export: the same state has the same bytes all day.
    stamp = f"{revised:%Y%m%dT%H%M%SZ}"
    name = one_line(str(protocol))
    state = _state(due, withdrawn=withdrawn, overdue=overdue)
    yield "BEGIN:VEVENT"
    yield f"SUMMARY:{escape_text(f'{state}: {name}')}"
    yield f"DTSTART;VALUE=DATE:{_digits(day)}"
    if day < datetime.date.max:  # Python has no day after the last
        yield f"DTEND;VALUE=DATE:{_digits(day + DAY)}"
    yield f"DTSTAMP:{stamp}"
    yield f"UID:{escape_text(f'{protocol.reference}@{host_of(context)}')}"
    yield f"SEQUENCE:{_sequence(count, revised)}"
    yield f"CATEGORIES:{escape_text(one_line(protocol.theme_name))}"
    yield f"DESCRIPTION:{escape_text(LINE_END.join(_description(protocol, due, context)))}"
    yield f"LAST-MODIFIED:{stamp}"
    yield organizer
    yield f"STATUS:{'CANCELLED' if withdrawn else 'CONFIRMED'}"
    yield "TRANSP:TRANSPARENT"
    yield f"URL:{url(protocol, context)}"
    for days in () if withdrawn or overdue else settings.PARTNERSHIP.review.reminder_days:
        yield "BEGIN:VALARM"
        yield "ACTION:DISPLAY"
        yield f"DESCRIPTION:{escape_text(f'Review due in {days} days: {name}')}"
        yield f"TRIGGER:-P{days}D"
        yield "END:VALARM"
    yield "END:VEVENT"


LINE_END = "\n"
# How a text is written (RFC 5545, 3.3.11). As icalendar does, \N becomes a line end.
ESCAPES = (("\\N", LINE_END), ("\\", "\\\\"), (";", "\\;"), (",", "\\,"), (LINE_END, "\\n"))


def escape_text(text: str) -> str:
    """Return a value of the type TEXT as a line has it."""
    for written, escaped in ESCAPES:
        text = text.replace(written, escaped)
    return text


def _digits(day: datetime.date) -> str:
    return day.isoformat().replace("-", "")


MOST_OCTETS = 74  # in a line: RFC 5545 allows 75, and one is the space before what goes on
CONTINUES, CONTINUATION = 0xC0, 0x80  # the bits of an octet inside a character of UTF-8


def fold(line: str) -> bytes:
    """Return the line with its end, folded between two characters where it is long."""
    octets, first, parts = line.encode(), 0, list[bytes]()
    if len(octets) <= MOST_OCTETS:
        return octets + b"\r\n"
    while len(octets) - first > MOST_OCTETS:
        last = first + MOST_OCTETS
        while octets[last] & CONTINUES == CONTINUATION:
            last -= 1
        if octets[last - 1] in b"\\^":  # the next character belongs to it
            last -= 1
        parts.append(octets[first:last])
        first = last
    return b"\r\n ".join([*parts, octets[first:]]) + b"\r\n"


@lru_cache
def _start_of(day: datetime.date) -> datetime.datetime:
    """Return the moment at which a day begins in Europe/London."""
    midnight = timezone.make_aware(datetime.datetime.combine(day, datetime.time()))
    return midnight.astimezone(datetime.UTC)


def _sequence(count: ChangeCount, revised: datetime.datetime) -> int:
    """Return a number that only rises: with each change, and with each day of an overdue review.

    The number of changes alone would not do: an event that moved on for years would fall
    back to it when its review is recorded, and programs pass over what is older.
    """
    return count.times + (timezone.localdate(revised) - EPOCH).days


def _organizer(context: ExportContext) -> str:
    """Return who publishes the calendar: RFC 5546 asks for it in each event of METHOD:PUBLISH."""
    organizer = vCalAddress(f"mailto:{context.email}" if context.email else f"{context.site}/")
    organizer.params["CN"] = one_line(context.publisher)
    return str(Event().content_line("ORGANIZER", organizer))


def _state(due: datetime.date, *, withdrawn: bool, overdue: bool) -> str:
    """Return what the summary begins with."""
    if withdrawn:
        return "Withdrawn"
    return f"Overdue since {_month(due)}" if overdue else "Review due"


def _description(
    protocol: AnyProtocol, due: datetime.date, context: ExportContext
) -> Iterator[str]:
    """Yield the lines of the description of a review that is or was due on the day `due`."""
    if protocol.withdrawn_on:
        reason = one_line(protocol.withdrawn_reason)
        yield f"Withdrawn on {_day(protocol.withdrawn_on)}, so no review is due. {reason}"
        if protocol.replaced_by_id:
            yield f"Replaced by: {protocol.replaced_by_id}"
    else:
        if due < context.on:
            yield f"The review of this information sharing protocol was due on {_day(due)}."
        else:
            yield "The review of this information sharing protocol is due by the end of this day."
        if protocol.review_note:
            yield f"Note: {one_line(protocol.review_note)}"
    lead = protocol.lead
    yield f"Lead organisation: {one_line(lead.organisation_name) if lead else 'Not recorded'}"
    yield f"Theme: {one_line(protocol.theme_name)}"
    yield f"Purpose: {_truncated(protocol.purpose) or 'Not recorded'}"
    through = context.through(protocol)
    if through:
        yield f"How it binds: {one_line(through_in_words(through))}"
    yield f"Page: {url(protocol, context)}"


@lru_cache
def _day(day: datetime.date) -> str:
    return date_format(day, "j F Y")


@lru_cache
def _month(day: datetime.date) -> str:
    return date_format(day, "F Y")


def _truncated(text: str) -> str:
    line = one_line(text)
    if len(line) <= LONGEST_PURPOSE:
        return line
    return f"{line[: LONGEST_PURPOSE - 1].rstrip()}…"
