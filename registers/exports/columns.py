"""The published columns of protocols: their names, order and values, for every export format."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from registers.models import Party, Protocol


@dataclass(frozen=True, kw_only=True)
class ExportContext:
    """Where and when an export is made.

    `site` is the register's address without a slash at the end; `on` is the day, a
    date in Europe/London, of review statuses. Files and feeds also show the name of
    the register, its publisher (the partnership), and the time `at` in Europe/London.
    """

    site: str
    on: datetime.date
    register: str = ""
    publisher: str = ""
    at: datetime.datetime | None = None


class Kind(Enum):
    """The type of a column's values. The order has no meaning."""

    TEXT = "text"  # never a number, a formula or a link, whatever it looks like
    DAY = "day"  # 2024-03-31, or empty
    MONTH = "month"  # 2024-03, or empty


@dataclass(frozen=True)
class Column:
    """A published column: its name, how a protocol's value is written, and what it means.

    `width` is its width in a workbook, in characters.
    """

    name: str
    write: Callable[[Protocol, ExportContext], str]
    meaning: str
    kind: Kind = Kind.TEXT
    width: int = 16


def month(day: datetime.date | None) -> str:
    """Return a review month as it is published: 2024-03, or empty."""
    return day.isoformat()[:7] if day else ""


def day(day: datetime.date | None) -> str:
    """Return a day as it is published: 2024-03-31, or empty."""
    return day.isoformat() if day else ""


def status(protocol: Protocol) -> str:
    """Return the status in the words of the query string: current or withdrawn."""
    return "withdrawn" if protocol.status == Protocol.Status.WITHDRAWN else "current"


def url(protocol: Protocol, context: ExportContext) -> str:
    """Return the absolute URL of the protocol's page."""
    return f"{context.site}{protocol.get_absolute_url()}"


def party_with_note(party: Party) -> str:
    """Return the organisation's official name, followed by the note in brackets."""
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
        "The other organisations that take part, separated by semicolons, with any note in"
        " brackets.",
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
        "The month of its next review, which is due by the last day of that month.",
        Kind.MONTH,
    ),
    Column(
        "review_status",
        lambda protocol, context: protocol.review_status(context.on).value,
        "The review status on the day this file was made: overdue, due-soon (within 3 months),"
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
    Column(
        "url",
        url,
        "The address of its page in the register. Rely on that page, not on this copy.",
        width=48,
    ),
)

# The headings of the same columns on the partnership's own page, which imports accept too.
PAGE_HEADINGS = {
    "theme": "Theme",
    "title": "Title",
    "purpose": "Purpose",
    "lead_organisation": "Lead Organisation",
    "other_organisations": "Other Organisations Involved",
    "review_date": "Review date",
}
# Computed by the register: exported, and ignored by imports.
COMPUTED_COLUMNS = ("review_status", "updated", "url")


def find_column(heading: str) -> str | None:
    """Return the published name of the column with this heading in any spelling, or None."""
    return _NAMES.get(_normalise(heading))


def _normalise(heading: str) -> str:
    return " ".join(heading.replace("_", " ").casefold().split()).rstrip(":*")


_NAMES = {_normalise(column.name): column.name for column in COLUMNS} | {
    _normalise(heading): name for name, heading in PAGE_HEADINGS.items()
}
