"""Calendar (iCalendar, RFC 5545): the day on which each review falls due, with two alarms.

It says nothing that depends on today: a calendar keeps what it has read.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator

from django.utils.formats import date_format
from icalendar import Alarm, Calendar, Event

from registers.exports.columns import Place, url
from registers.exports.feed import Changed, host_of, how_changed, name_of
from registers.exports.plain_text import one_line
from registers.models import Protocol
from registers.search.results import Results

CONTENT_TYPE = "text/calendar; charset=utf-8"
DAY = datetime.timedelta(days=1)
ALARMS = (90, 30)  # days before
LONGEST_PURPOSE = 300
# Of what was saved by hand, nobody knows when.
UNKNOWN = Changed(times=0, last=datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC))


def write(results: Results, place: Place) -> Iterator[bytes]:
    """Give the head, an event for each protocol of `results` with a review date, and the end."""
    head, end = _calendar(results, place).to_ical().split(b"END:VCALENDAR")
    yield head
    for protocols in results.protocols.chunks():
        changed = how_changed(protocol.reference for protocol in protocols)
        for protocol in protocols:
            due = protocol.review_due_on
            if due:
                how = changed.get(protocol.reference, UNKNOWN)
                yield _event(protocol, due, how, place).to_ical()
    yield b"END:VCALENDAR" + end


def _calendar(results: Results, place: Place) -> Calendar:
    """Return the calendar without its events."""
    name = f"Reviews: {name_of(results, place)}"
    calendar = Calendar()
    calendar.add("prodid", f"-//{host_of(place)}//Register of information sharing protocols//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    for names in ("name", "x-wr-calname"):  # the standard's, and what most programs read
        calendar.add(names, name)
    calendar.add("refresh-interval", DAY, parameters={"value": "DURATION"})
    calendar.add("x-published-ttl", "P1D")
    return calendar


def _event(protocol: Protocol, due: datetime.date, changed: Changed, place: Place) -> Event:
    """Return the event of the day `due`. A withdrawn protocol's is cancelled."""
    withdrawn = protocol.status == Protocol.Status.WITHDRAWN
    name = one_line(str(protocol))
    event = Event()
    event.add("uid", f"{protocol.reference}@{host_of(place)}")
    # Not the time at which it is written down: the same state has the same bytes.
    event.add("dtstamp", changed.last)
    event.add("last-modified", changed.last)
    event.add("sequence", changed.times)
    event.add("dtstart", due)
    if due < datetime.date.max:  # after the last day there is, none can be written
        event.add("dtend", due + DAY)
    event.add("transp", "TRANSPARENT")
    event.add("status", "CANCELLED" if withdrawn else "CONFIRMED")
    event.add("summary", f"{'Withdrawn' if withdrawn else 'Review due'}: {name}")
    event.add("description", "\n".join(_description(protocol, place)))
    event.add("categories", [one_line(protocol.theme.name)])
    event.add("url", url(protocol, place))
    for days in () if withdrawn else ALARMS:
        event.add_component(_alarm(days, name))
    return event


def _description(protocol: Protocol, place: Place) -> Iterator[str]:
    """Give the lines that say what the event is about."""
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
    yield f"Purpose: {_shortened(protocol.purpose) or 'Not recorded'}"
    yield f"Page: {url(protocol, place)}"


def _shortened(text: str) -> str:
    line = one_line(text)
    if len(line) <= LONGEST_PURPOSE:
        return line
    return f"{line[: LONGEST_PURPOSE - 1].rstrip()}…"


def _alarm(days: int, name: str) -> Alarm:
    """Return an alarm some days before."""
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("trigger", datetime.timedelta(days=-days))
    alarm.add("description", f"Review due in {days} days: {name}")
    return alarm
