"""The columns of a spreadsheet of organisations: what each is, and the rows below them."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

from registers.imports.cells import Refused, says_nothing, text_of, visible
from registers.imports.dates import Order, day_order
from registers.imports.mapping.layout import Layout, find_layouts, headings_of
from registers.imports.mapping.mapping import LEFT_OUT, ColumnMapping, MappingError, heading_key
from registers.imports.mapping.suggest import REMARK, REPEATED
from registers.imports.reading.read import Row, Sheet, Value, letter
from registers.imports.spreadsheet.plan import Problem
from registers.models import Identifier, Name

WORDS = Path(__file__).with_name("headings.toml")
NAME, KIND, APPROVERS, CONTACT, GROUPS = "name", "kind", "approvers", "contact", "groups"
FROM_DAY, TO_DAY = DAYS = ("from_day", "to_day")
OTHER_NAMES: dict[str, str] = {
    Name.Kind.ACRONYM: "Acronym",
    Name.Kind.ALIAS: "Also known as",
    Name.Kind.FORMER: "Former names",
    Name.Kind.MISSPELLING: "Misspellings",
}
SCHEMES: dict[str, str] = dict(Identifier.Scheme.choices)
# What a column can be, and what it is headed in the template: in that order.
COLUMNS: dict[str, str] = {
    NAME: "Official name",
    **OTHER_NAMES,
    KIND: "Body or group",
    **SCHEMES,
    APPROVERS: "Approvers",
    CONTACT: "Contact e-mail",
    GROUPS: "Member of",
    FROM_DAY: "Member from",
    TO_DAY: "Member to",
}
# Of these a file has one column at most.
SINGLE = {NAME, KIND, CONTACT, *DAYS}
EXAMPLE_SHEET = "Example"
MOST_ROWS = 10_000
NO_NAME = (
    "No column is taken for the official name. Choose the one that names the organisations, or one"
    " with an identifier of theirs."
)
NO_ROWS = (
    "No row of headings with organisations below it was found in this file. One row must name the"
    " columns, such as: Official name, Acronym, ODS code, Approvers."
)
TOO_MANY = "This file has {:,} rows, and {:,} is the most that is taken. Divide it."


@cache
def _known_headings() -> dict[str, str]:
    words = tomllib.loads(WORDS.read_text(encoding="utf-8"))
    known = {heading_key(word): use for use, some in words.items() for word in some}
    return known | {heading_key(label): use for use, label in COLUMNS.items()}


def use_of_heading(heading: str) -> str:
    """Return what a column is by its heading: a key of COLUMNS, or '' where no word is known."""
    known = _known_headings()
    plain = REMARK.sub("", REPEATED.sub("", heading))
    return known.get(heading_key(heading)) or known.get(heading_key(plain)) or ""


@dataclass(slots=True)
class OrganisationRow:
    """A row: the texts of its cells by what their columns are, and what is wrong in it."""

    sheet: str
    number: int
    texts: dict[str, list[str]] = field(default_factory=dict)
    letters: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def text(self, use: str) -> str:
        """Return what the row says under a column, in one line; nothing where it is empty."""
        return " ".join(" ".join(self.texts.get(use, ())).split())

    def items(self, use: str) -> list[str]:
        """Return the things in a cell: line ends part them, or else semicolons."""
        pieces = [
            piece
            for text in self.texts.get(use, ())
            for piece in text.split("\n" if "\n" in text else ";")
        ]
        return list(dict.fromkeys(filter(None, (" ".join(each.split()) for each in pieces))))

    def refuse(self, use: str, wrong: str, fix: str) -> None:
        """Note what is wrong under a column, and what to do."""
        self.problems.append(Problem(self.letters.get(use, ""), wrong, fix))


@dataclass(kw_only=True)
class OrganisationTable:
    """A file: what each heading was taken for ('' for one that is to be chosen), and its rows."""

    columns: dict[str, str]
    rows: list[OrganisationRow]
    said: list[str]
    orders: dict[str, Order] = field(default_factory=dict)


def read_table(sheets: Iterable[Sheet], chosen: Mapping[str, str]) -> OrganisationTable:
    """Return the rows of a file. `chosen` says what columns are, by their headings.

    Raises MappingError where it cannot be read so.
    """
    sheets = [sheet for sheet in sheets if sheet.name != EXAMPLE_SHEET]
    mapping = ColumnMapping(columns=dict(chosen))
    layouts, said = find_layouts(
        sheets, mapping, lambda text: bool(mapping.use_of(text) or use_of_heading(text))
    )
    number = sum(len(layout.rows) for layout in layouts)
    if not number:
        raise MappingError(NO_ROWS)
    if number > MOST_ROWS:
        raise MappingError(TOO_MANY.format(number, MOST_ROWS))
    columns = {each: mapping.use_of(each) or use_of_heading(each) for each in headings_of(layouts)}
    table = OrganisationTable(columns=columns, rows=[], said=said)
    for layout in layouts:
        table.said += layout.said
    return replace(table, orders=_orders(layouts, columns), rows=_rows(layouts, columns))


def refuse_columns(columns: Mapping[str, str]) -> None:
    """Raise MappingError where columns are taken for what they cannot be together."""
    problems = []
    for use in SINGLE:
        same = [f"‘{heading}’" for heading, each in columns.items() if each == use]
        if len(same) > 1:
            problems.append(f"{' and '.join(same)} are taken for ‘{COLUMNS[use]}’. Choose one.")
    if not {NAME, *OTHER_NAMES, *SCHEMES} & set(columns.values()):
        problems.append(NO_NAME)
    if problems:
        raise MappingError(*problems)


def _orders(layouts: Sequence[Layout], columns: Mapping[str, str]) -> dict[str, Order]:
    """Return whether the day or the month stands first in each column of days."""
    found: dict[str, Order] = {}
    for heading, use in columns.items():
        if use in DAYS:
            order = day_order(_values(layouts, heading))
            if order.verdict == "ask" and order.month_first:
                raise MappingError(f"{heading}: {order.sentence} Write the months as words.")
            found[use] = order.order or "day"
    return found


def _values(layouts: Sequence[Layout], heading: str) -> list[Value]:
    return [
        row.values[at]
        for layout in layouts
        for at in [at for at, each in enumerate(layout.headings) if each == heading]
        for row in layout.rows
        if at < len(row.values)
    ]


def _rows(layouts: Sequence[Layout], columns: Mapping[str, str]) -> list[OrganisationRow]:
    return [_row(layout, row, columns) for layout in layouts for row in layout.rows]


def _row(layout: Layout, row: Row, columns: Mapping[str, str]) -> OrganisationRow:
    found = OrganisationRow(layout.name, row.number)
    for at, heading in enumerate(layout.headings):
        use = columns[heading]
        if use not in {"", LEFT_OUT}:
            found.letters.setdefault(use, letter(at))
            try:
                text = visible(text_of(row.values[at] if at < len(row.values) else None))
            except Refused as refusal:
                found.problems.append(Problem(letter(at), refusal.wrong, refusal.fix))
            else:
                if text and not says_nothing(text):
                    found.texts.setdefault(use, []).append(text)
    return found
