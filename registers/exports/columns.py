"""The published columns of protocols: their names, order and values, for every export format."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from registers.models import Party, Protocol
from registers.models.options import BETWEEN, in_one_line
from registers.models.protocol_fields import (
    DOES_NOT_APPLY,
    PROTOCOL_FIELDS,
    Kind,
    ProtocolField,
    text_with_composed,
)
from registers.search.binding import Through
from registers.search.protocol_values import AnyProtocol, PartyValues


@dataclass(frozen=True, kw_only=True)
class ExportContext:
    """Where and when an export is made.

    `site` is the register's address without a slash at the end; `on` is the day, a
    date in Europe/London, of review statuses. Files and feeds also show the name of
    the register, its publisher (the partnership) with the `email` address that it
    publishes, and the time `at` in Europe/London. `through` says how a protocol binds the
    organisations that were asked for; None where none was.
    """

    site: str
    on: datetime.date
    register: str = ""
    publisher: str = ""
    email: str = ""
    at: datetime.datetime | None = None
    through: Callable[[AnyProtocol], list[Through] | None] = lambda _: None


Write = Callable[[AnyProtocol, ExportContext], str]


@dataclass(frozen=True)
class Column:
    """A published column: its name, how a protocol's value is written, and what it means.

    `values` are all that it can have, besides none; empty where it is free. `width`
    is its width in a workbook, in characters. `may_not_apply`: a cell can say so.
    """

    name: str
    write: Write
    meaning: str
    kind: Kind
    values: tuple[str, ...]
    width: int
    may_not_apply: bool = False

    def value(self, protocol: AnyProtocol, context: ExportContext) -> str | bool | list[str] | None:
        """Return the value for JSON: None where it is not recorded, or does not apply."""
        text = self.write(protocol, context)
        if self.may_not_apply and text == DOES_NOT_APPLY:
            return None
        if self.kind is Kind.OPTIONS:
            return text.split(BETWEEN) if text else None
        return BOOLEANS.get(text) if self.kind is Kind.BOOLEAN else text or None


BOOLEANS = {"yes": True, "no": False}


def month(day: datetime.date | None) -> str:
    """Return a review month as it is published: 2024-03, or empty."""
    return day.isoformat()[:7] if day else ""


def day(day: datetime.date | None) -> str:
    """Return a day as it is published: 2024-03-31, or empty."""
    return day.isoformat() if day else ""


def yes_or_no(value: bool | None) -> str:  # noqa: FBT001 (a value, no switch)
    """Return a boolean as it is published: yes or no, or empty."""
    return next((text for text, each in BOOLEANS.items() if each is value), "")


def status(protocol: AnyProtocol) -> str:
    """Return the status in the words of the query string: current or withdrawn."""
    return "withdrawn" if protocol.status == Protocol.Status.WITHDRAWN else "current"


def url(protocol: AnyProtocol, context: ExportContext) -> str:
    """Return the absolute URL of the protocol's page."""
    return f"{context.site}{protocol.get_absolute_url()}"


def lead_name(protocol: AnyProtocol) -> str:
    """Return the official name of the lead organisation, or nothing."""
    lead = protocol.lead
    return lead.organisation_name if lead else ""


def party_with_note(party: Party | PartyValues) -> str:
    """Return the organisation's official name, followed by the note in brackets."""
    name = party.organisation_name
    return f"{name} ({party.note})" if party.note else name


ROLE_WORDS = {value: str(label).lower() for value, label in Party.LegalRole.choices}
FLOW_WORDS = {value: str(label).lower() for value, label in Party.Flow.choices}


def party_role(party: Party | PartyValues) -> str:
    """Return what a party is in law and whether it gives: 'Riverside: controller, receives'."""
    words = (ROLE_WORDS.get(party.legal_role), FLOW_WORDS.get(party.flow))
    return f"{party.organisation_name}: {', '.join(filter(None, words))}"


def through_in_words(through: Sequence[Through]) -> str:
    """Return in one line how a protocol binds an organisation."""
    return "; ".join(each.words for each in through)


# How a value of each kind is written.
WRITERS: dict[Kind, Callable[[Any], str]] = {
    Kind.TEXT: str,
    Kind.BOOLEAN: yes_or_no,
    Kind.DAY: day,
    Kind.MONTH: month,
    Kind.OPTIONS: in_one_line,
    Kind.LINK: str,
}
# The columns of what is no plain field.
OWN_WRITERS: dict[str, Write] = {
    "theme": lambda protocol, _: protocol.theme_name,
    "lead_organisation": lambda protocol, _: lead_name(protocol),
    "other_organisations": lambda protocol, _: "; ".join(map(party_with_note, protocol.partners)),
    "review_status": lambda protocol, context: protocol.review_status(context.on).value,
    "status": lambda protocol, _: status(protocol),
    "party_roles": lambda protocol, _: BETWEEN.join(
        [party_role(party) for party in protocol.all_parties if party.legal_role or party.flow]
    ),
    "has_ended": lambda protocol, context: yes_or_no(protocol.has_ended(context.on)),
    "url": url,
    "through": lambda protocol, context: through_in_words(context.through(protocol) or []),
}


def column_of(field: ProtocolField) -> Column:
    """Return the column of a field that has one."""
    return Column(
        name=field.column,
        write=OWN_WRITERS.get(field.column) or _writer(field),
        meaning=field.meaning,
        kind=field.kind,
        values=() if field.column in OWN_WRITERS else tuple(field.choices),
        width=field.width,
        may_not_apply=field.may_not_apply,
    )


def _writer(field: ProtocolField) -> Write:
    name, write = field.name, WRITERS[field.kind]
    if field.composed:
        return lambda protocol, _: text_with_composed(protocol, field)
    if not field.may_not_apply:
        return lambda protocol, _: write(getattr(protocol, name))

    read = attrgetter(name)

    def write_or_say(protocol: AnyProtocol, _: ExportContext) -> str:
        value = read(protocol)
        if value or value is False:
            return write(value)
        # No name of a field is a part of another's.
        return DOES_NOT_APPLY if name in protocol.does_not_apply else ""

    return write_or_say


COLUMNS = tuple(column_of(field) for field in PROTOCOL_FIELDS if field.column)
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
COMPUTED_COLUMNS = tuple(
    field.column for field in PROTOCOL_FIELDS if field.column and not field.imported
)


def find_column(heading: str) -> str | None:
    """Return the published name of the column with this heading in any spelling, or None."""
    return _NAMES.get(_normalise(heading))


def _normalise(heading: str) -> str:
    return " ".join(heading.replace("_", " ").casefold().split()).rstrip(":*")


_NAMES = {_normalise(column.name): column.name for column in COLUMNS} | {
    _normalise(heading): name for name, heading in PAGE_HEADINGS.items()
}
