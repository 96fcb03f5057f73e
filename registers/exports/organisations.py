"""The published columns of organisations, for CSV and JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from registers.exports.columns import ExportContext, day
from registers.exports.csv import csv_rows
from registers.exports.facts import succession_facts
from registers.models import Identifier, Name
from registers.search.organisations import OrganisationRow


@dataclass(frozen=True)
class Column:
    """A published column: its name, and its value in JSON and, if that differs, in CSV."""

    name: str
    value: Callable[[OrganisationRow, ExportContext], Any]
    words: Callable[[OrganisationRow, ExportContext], str] | None = None

    def write(self, row: OrganisationRow, context: ExportContext) -> str:
        """Return the value in CSV."""
        return self.words(row, context) if self.words else str(self.value(row, context))


def _named(name: Name) -> dict[str, Any]:
    return {
        "name": name.text,
        "kind": name.kind,
        "also_written": name.also_written or None,
        "source": name.source or None,
    }


def _in_words(name: Name) -> str:
    return f"{name.text} ({name.kind})"


def _identified(identifier: Identifier) -> dict[str, str]:
    return {"scheme": identifier.scheme, "value": identifier.value}


def _became_in_words(row: OrganisationRow, context: ExportContext) -> str:
    # A heading in the past tense: what is to come is left out until its day.
    past = [each for each in row.became if not each.happened_on or each.happened_on <= context.on]
    return "; ".join(
        f"{each.successor.name} ({day(each.happened_on)})"
        if each.happened_on
        else each.successor.name
        for each in past
    )


COLUMNS = (
    Column("name", lambda row, _: row.organisation.name),
    Column("slug", lambda row, _: row.organisation.slug),
    Column("kind", lambda row, _: row.organisation.kind),
    Column(
        "other_names",
        lambda row, _: [_named(name) for name in row.names],
        lambda row, _: "; ".join(map(_in_words, row.names)),
    ),
    Column("leads", lambda row, _: row.counts.leads),
    Column("partner_in", lambda row, _: row.counts.partner_in),
    Column("protocols", lambda row, _: row.counts.protocols),
    Column(
        "became",
        lambda row, _: [succession_facts(each, each.successor) for each in row.became],
        _became_in_words,
    ),
    Column(
        "note", lambda row, _: row.organisation.note or None, lambda row, _: row.organisation.note
    ),
    Column("url", lambda row, context: f"{context.site}{row.organisation.get_absolute_url()}"),
    Column("official_name_source", lambda row, _: row.source or None, lambda row, _: row.source),
    Column(
        "identifiers",
        lambda row, _: [_identified(each) for each in row.identifiers],
        lambda row, _: "; ".join(f"{each.value} ({each.scheme})" for each in row.identifiers),
    ),
    Column(
        "rights_contact",
        lambda row, _: row.organisation.rights_contact or None,
        lambda row, _: row.organisation.rights_contact,
    ),
)


def as_csv(organisations: Iterable[OrganisationRow], context: ExportContext) -> Iterator[bytes]:
    """Yield the heading row and a row for each organisation, in UTF-8."""
    rows = ([column.write(row, context) for column in COLUMNS] for row in organisations)
    yield from csv_rows([column.name for column in COLUMNS], rows)


def record(row: OrganisationRow, context: ExportContext) -> dict[str, Any]:
    """Return one organisation for JSON. A value that is not recorded is null or an empty list."""
    return {column.name: column.value(row, context) for column in COLUMNS}
