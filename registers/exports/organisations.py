"""The organisations of the register as a table and as data, by the same columns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from registers.exports.columns import Place, day
from registers.exports.csv import lines as csv_lines
from registers.models import Name, Succession
from registers.search.organisations import OrganisationRow


@dataclass(frozen=True)
class Column:
    """A published column: its name, and its value as data and, if that differs, as words."""

    name: str
    value: Callable[[OrganisationRow, Place], Any]
    words: Callable[[OrganisationRow], str] | None = None

    def write(self, line: OrganisationRow, place: Place) -> str:
        """Return the value as a table's cell has it."""
        return self.words(line) if self.words else str(self.value(line, place))


def _named(name: Name) -> dict[str, Any]:
    return {"name": name.text, "kind": name.kind, "also_written": name.also_written or None}


def _in_words(name: Name) -> str:
    return f"{name.text} ({name.kind})"


def _became(succession: Succession) -> dict[str, Any]:
    return {
        "name": succession.successor.name,
        "slug": succession.successor.slug,
        "on": day(succession.happened_on) or None,
        "source": succession.source or None,
    }


def _became_in_words(succession: Succession) -> str:
    on = day(succession.happened_on)
    return f"{succession.successor.name} ({on})" if on else succession.successor.name


COLUMNS = (
    Column("name", lambda line, _: line.organisation.name),
    Column("slug", lambda line, _: line.organisation.slug),
    Column("kind", lambda line, _: line.organisation.kind),
    Column(
        "other_names",
        lambda line, _: [_named(name) for name in line.names],
        lambda line: "; ".join(map(_in_words, line.names)),
    ),
    Column("leads", lambda line, _: line.counts.leads),
    Column("partner_in", lambda line, _: line.counts.partner_in),
    Column("protocols", lambda line, _: line.counts.protocols),
    Column(
        "became",
        lambda line, _: [_became(each) for each in line.became],
        lambda line: "; ".join(map(_became_in_words, line.became)),
    ),
    Column(
        "note", lambda line, _: line.organisation.note or None, lambda line: line.organisation.note
    ),
    Column("url", lambda line, place: f"{place.site}{line.organisation.get_absolute_url()}"),
)


def as_csv(lines: Iterable[OrganisationRow], place: Place) -> Iterator[bytes]:
    """Give the heading row and then a row for each organisation, in UTF-8."""
    rows = ([column.write(line, place) for column in COLUMNS] for line in lines)
    yield from csv_lines([column.name for column in COLUMNS], rows)


def record(line: OrganisationRow, place: Place) -> dict[str, Any]:
    """Return one organisation as data. What is not recorded is null, or an empty list."""
    return {column.name: column.value(line, place) for column in COLUMNS}
