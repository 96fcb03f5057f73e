"""The columns that every table of protocols is published with: their names, order and values."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass

from registers.models import Party, Protocol


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where and when a protocol is written down.

    `site` is the register's address without a slash at its end; `on` is the
    day, a date in Europe/London, on which reviews are judged. What people
    follow also says the register's name, and the partnership's that publishes it.
    """

    site: str
    on: datetime.date
    register: str = ""
    publisher: str = ""


@dataclass(frozen=True)
class Column:
    """A published column: its name, and how a protocol's value is written in a table's cell."""

    name: str
    write: Callable[[Protocol, Place], str]


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
    Column("reference", lambda protocol, _: protocol.reference),
    Column("title", lambda protocol, _: protocol.title),
    Column("version", lambda protocol, _: protocol.version),
    Column("theme", lambda protocol, _: protocol.theme.name),
    Column("purpose", lambda protocol, _: protocol.purpose),
    Column("summary", lambda protocol, _: protocol.summary),
    Column("information_items", lambda protocol, _: protocol.information_items),
    Column("data_subjects", lambda protocol, _: protocol.data_subjects),
    Column("lawful_basis", lambda protocol, _: protocol.lawful_basis),
    Column(
        "lead_organisation",
        lambda protocol, _: protocol.lead.organisation.name if protocol.lead else "",
    ),
    Column(
        "other_organisations",
        lambda protocol, _: "; ".join(party_with_note(party) for party in protocol.partners),
    ),
    Column("parties_note", lambda protocol, _: protocol.parties_note),
    Column("review_date", lambda protocol, _: month(protocol.review_date)),
    Column("review_status", lambda protocol, place: protocol.review_status(place.on).value),
    Column("status", lambda protocol, _: status(protocol)),
    Column("published", lambda protocol, _: day(protocol.published_on)),
    Column("updated", lambda protocol, _: day(protocol.updated_on)),
    Column("url", url),
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
