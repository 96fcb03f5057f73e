"""The columns that every table of protocols is published with: their names, order and values."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from registers.models import Party, Protocol


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where and when a protocol is written down.

    `site` is the register's address without a slash at its end; `on` is the
    day, a date in Europe/London, on which reviews are judged. What people keep
    or follow also says the register's name, the partnership's that publishes it,
    and the moment `at`, in Europe/London, at which it was made.
    """

    site: str
    on: datetime.date
    register: str = ""
    publisher: str = ""
    at: datetime.datetime | None = None


class Kind(Enum):
    """What a column's values are. The order has no meaning."""

    TEXT = "text"  # never a number, a formula or a link, whatever it looks like
    DAY = "day"  # 2024-03-31, or nothing
    MONTH = "month"  # 2024-03, or nothing


@dataclass(frozen=True)
class Column:
    """A published column: its name, how a protocol's value is written, and what it means.

    `width` is how many characters of it a workbook shows on a line.
    """

    name: str
    write: Callable[[Protocol, Place], str]
    meaning: str
    kind: Kind = Kind.TEXT
    width: int = 16


def month(day: datetime.date | None) -> str:
    """Return a review month as it is published: 2024-03, or nothing."""
    return day.isoformat()[:7] if day else ""


def day(day: datetime.date | None) -> str:
    """Return a day as it is published: 2024-03-31, or nothing."""
    return day.isoformat() if day else ""


def status(protocol: Protocol) -> str:
    """Return the status in the words of the query string: current or withdrawn."""
    return "withdrawn" if protocol.status == Protocol.Status.WITHDRAWN else "current"


def url(protocol: Protocol, place: Place) -> str:
    """Return the whole address of the protocol's page."""
    return f"{place.site}{protocol.get_absolute_url()}"


def party_with_note(party: Party) -> str:
    """Return the organisation's official name, with the note in brackets behind it."""
    return f"{party.organisation.name} ({party.note})" if party.note else party.organisation.name


COLUMNS = (
    Column(
        "reference",
        lambda protocol, _: protocol.reference,
        "The protocol's number. It never changes, and is never used again.",
    ),
    Column("title", lambda protocol, _: protocol.title, "What it is called.", width=45),
    Column("version", lambda protocol, _: protocol.version, "Its version, as written in it."),
    Column(
        "theme",
        lambda protocol, _: protocol.theme.name,
        "The heading under which it is published.",
        width=24,
    ),
    Column("purpose", lambda protocol, _: protocol.purpose, "Why information is shared.", width=60),
    Column("summary", lambda protocol, _: protocol.summary, "The same in plain English.", width=45),
    Column(
        "information_items",
        lambda protocol, _: protocol.information_items,
        "What information is shared.",
        width=45,
    ),
    Column(
        "data_subjects",
        lambda protocol, _: protocol.data_subjects,
        "Whose information it is.",
        width=30,
    ),
    Column(
        "lawful_basis",
        lambda protocol, _: protocol.lawful_basis,
        "Why the law allows the sharing.",
        width=45,
    ),
    Column(
        "lead_organisation",
        lambda protocol, _: protocol.lead.organisation.name if protocol.lead else "",
        "The organisation that leads it, by its official name.",
        width=32,
    ),
    Column(
        "other_organisations",
        lambda protocol, _: "; ".join(party_with_note(party) for party in protocol.partners),
        "The others that take part, with a semicolon between, and a note in brackets.",
        width=60,
    ),
    Column(
        "parties_note",
        lambda protocol, _: protocol.parties_note,
        "How to find those who take part and are not listed.",
        width=30,
    ),
    Column(
        "review_date",
        lambda protocol, _: month(protocol.review_date),
        "The month in which it is to be reviewed, by its last day.",
        Kind.MONTH,
    ),
    Column(
        "review_status",
        lambda protocol, place: protocol.review_status(place.on).value,
        "How its review stood on the day of this file: overdue, due-soon (within 3 months),"
        " in-date, or none (no review date is recorded).",
    ),
    Column(
        "status",
        lambda protocol, _: status(protocol),
        "current: in force. withdrawn: no longer in force.",
    ),
    Column(
        "published",
        lambda protocol, _: day(protocol.published_on),
        "The day on which it was first published.",
        Kind.DAY,
    ),
    Column(
        "updated",
        lambda protocol, _: day(protocol.updated_on),
        "The day of its last official change.",
        Kind.DAY,
    ),
    Column("url", url, "The address of its page, which is the one that counts.", width=48),
)

# What the same columns are called where they are typed by hand: on the partnership's own page.
TYPED_HEADINGS = {
    "theme": "Theme",
    "title": "Title",
    "purpose": "Purpose",
    "lead_organisation": "Lead Organisation",
    "other_organisations": "Other Organisations Involved",
    "review_date": "Review date",
}
# What the register works out by itself: it is written, and never read.
WORKED_OUT = ("review_status", "updated", "url")


def column_named(heading: str) -> str | None:
    """Return the published name of the column with this heading, however it is typed, or None."""
    return _NAMES.get(_as_compared(heading))


def _as_compared(heading: str) -> str:
    return " ".join(heading.replace("_", " ").casefold().split()).rstrip(":*")


_NAMES = {_as_compared(column.name): column.name for column in COLUMNS} | {
    _as_compared(heading): name for name, heading in TYPED_HEADINGS.items()
}
