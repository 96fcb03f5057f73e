"""The rows of a file that hold protocols, their cells by our columns, and merged cells."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from registers.imports.dates import Order
from registers.imports.mapping.bands import find_bands
from registers.imports.mapping.kinds import LEFT_OUT, NOTE, OTHERS, REASON_HEADING, TICK
from registers.imports.mapping.layout import Layout, headings_of, merged_area
from registers.imports.mapping.mapping import ColumnMapping, refuse_mapping
from registers.imports.mapping.suggest import day_orders, lay_out, suggest
from registers.imports.reading.read import Row, Sheet, Value, letter

# So many merged cells at most are named in a sheet: more are in a file that was made to harm.
MOST_MERGED = 300_000


def _merged_cells(
    ranges: Iterable[str], columns: Sequence[int], rows: Iterable[Row]
) -> dict[tuple[int, int], str]:
    """Return the name of the cell with which each is merged, by its row and column.

    That one keeps its text. A merged cell that is larger than any table says nothing.
    """
    there, found, left_over = (
        sorted(row.number for row in rows),
        dict[tuple[int, int], str](),
        MOST_MERGED,
    )
    for left, top, right, bottom, whole in filter(None, map(merged_area, ranges)):
        numbers = there[bisect_left(there, top) : bisect_right(there, bottom)]
        across = [at for at in columns if left <= at <= right]
        left_over -= len(numbers) * len(across)
        if left_over < 0:
            break
        found |= {(row, at): whole for row in numbers for at in across if (row, at) != (top, left)}
    return found


ONLY_HEADINGS = "This file has headings and no rows below them. There is nothing to import."


# A protocol may have several rows, which differ in these alone.
JOINED = (OTHERS, "information_items", "data_subjects", "lawful_basis")


class NotATable(ValueError):  # noqa: N818 (a sentence for a person)
    """Nothing in the file can be imported. Its sentence says why, and what to do."""


@dataclass(slots=True)
class Table:
    """A sheet whose columns are known: their places by their published names.

    `places` are those of all columns of one use, `ticks` those of columns that name an organisation
    in their heading, and `notes` those of notes, with their headings. `given` is what is the same
    for all rows, and `defaults` which of it a person said. `joined` holds the rows that are one
    protocol with a row above, and `themes` the theme of each row that stands under one, by the
    rows' numbers; `doubts` are those that may name a theme themselves. `own` are the columns
    headed exactly as the register heads them in its own files. `orders` says of columns of dates
    whether the day or the month stands first.
    """

    sheet: str
    mapping: ColumnMapping
    headings: list[str]
    columns: dict[str, int]
    rows: list[Row]
    merged: dict[tuple[int, int], str]
    places: dict[str, list[int]] = field(default_factory=dict)
    ticks: dict[int, str] = field(default_factory=dict)
    notes: dict[int, str] = field(default_factory=dict)
    given: dict[str, str] = field(default_factory=dict)
    defaults: frozenset[str] = frozenset()
    own: frozenset[str] = frozenset()
    orders: dict[str, Order | None] = field(default_factory=dict)
    joined: dict[int, list[Row]] = field(default_factory=dict)
    themes: dict[int, str] = field(default_factory=dict)
    doubts: set[int] = field(default_factory=set)

    @property
    def several(self) -> Sequence[int]:
        """The places of further columns of other organisations."""
        return self.places.get(OTHERS, [])[1:]

    def letter(self, column: str) -> str:
        """Return the letter of a column; nothing where the file has none such."""
        return letter(self.columns[column]) if column in self.columns else ""

    def has(self, column: str) -> bool:
        """Return whether each row says something of a column, in a cell or otherwise."""
        is_others = column == OTHERS and bool(self.ticks)
        return column in self.columns or column in self.given or is_others


@dataclass(slots=True)
class Tables:
    """All tables of a file, and sentences about what was left out of it."""

    mapping: ColumnMapping
    tables: list[Table] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return sum(len(table.rows) for table in self.tables)


def read_tables(sheets: list[Sheet], mapping: ColumnMapping) -> Tables:
    """Return the sheets that hold rows, read by a mapping; as is likely by one without columns.

    Raises NotATable where none does, and MappingError for a mapping that cannot be followed.
    """
    no_headings = NotATable(mapping.row_kind.no_headings)
    if not mapping.columns:
        suggestion = suggest(sheets, mapping)
        if suggestion.is_guess:
            raise no_headings
        mapping, layouts, said = suggestion.mapping, suggestion.layouts, suggestion.said
        for heading, order in suggestion.day_orders.items():
            if order.verdict == "ask" and order.month_first and not mapping.order_of(heading):
                raise NotATable(f"{heading}: {order.sentence}")
    else:
        layouts, said = lay_out(sheets, mapping)
    if not layouts:
        raise no_headings
    refuse_mapping(mapping, headings_of(layouts))
    orders = {
        heading: mapping.order_of(heading) or order.order
        for heading, order in day_orders(layouts, mapping).items()
    }
    tables = [_table(layout, mapping, orders) for layout in layouts]
    found = Tables(mapping, tables, [*said])
    for layout, table in zip(layouts, found.tables, strict=True):
        found.said += [*layout.said, *_left_out(layout, mapping), *_joined(layout, table)]
    if not found.rows:
        raise NotATable(ONLY_HEADINGS)
    return found


def _table(layout: Layout, mapping: ColumnMapping, orders: dict[str, Order | None]) -> Table:
    uses = [mapping.use_of(heading) or LEFT_OUT for heading in layout.headings]
    columns: dict[str, int] = {}
    places: dict[str, list[int]] = {}
    for at, use in enumerate(uses):
        columns.setdefault(use, at)
        places.setdefault(use, []).append(at)
    for use in (LEFT_OUT, TICK, NOTE):
        columns.pop(use, None)
    for at, heading in enumerate(layout.headings):
        if name := mapping.row_kind.computed_column(heading):
            columns.setdefault(name, at)
    given = {column: text for column, text in mapping.defaults.items() if column not in columns}
    defaults = frozenset(given)
    if "theme" not in columns and mapping.theme_from == "sheet":
        given["theme"] = layout.name
        defaults -= {"theme"}
    read = [at for at, use in enumerate(uses) if use != LEFT_OUT]
    table = Table(
        sheet=layout.name,
        mapping=mapping,
        headings=layout.headings,
        columns=columns,
        places=places,
        ticks={at: layout.headings[at] for at in places.get(TICK, ())},
        notes={at: layout.headings[at] for at in places.get(NOTE, ())},
        given=given,
        defaults=defaults,
        orders={use: orders.get(layout.headings[at]) for use, at in columns.items()},
        own=frozenset(use for use, at in columns.items() if layout.headings[at] == use),
        rows=layout.rows,
        merged=_merged_cells(layout.sheet.merged, read, layout.rows),
    )
    if "theme" not in columns and mapping.theme_from == "band":
        _take_bands(layout, table)
    _join_rows(table)
    return table


def _take_bands(layout: Layout, table: Table) -> None:
    """Take the rows that name a theme alone, for the rows below each."""
    bands, rows, theme = find_bands(layout, table.mapping), [], ""
    for row in layout.rows:
        if row.number in bands.themes:
            theme = bands.themes[row.number]
        else:
            table.themes[row.number] = theme
            rows.append(row)
    table.rows, table.doubts = rows, bands.doubts
    layout.said += bands.sentences(layout.where)
    table.given.setdefault("theme", "")


def _join_rows(table: Table) -> None:
    """Join the rows of one protocol that differ in a partner, or in what is shared, alone.

    Those below the names of different themes are different protocols.
    """
    columns = table.columns
    places = [columns[each] for each in JOINED if each in columns]
    read = {*columns.values(), *table.several, *table.ticks, *table.notes}
    same = sorted(read - set(places))
    named = {columns[each] for each in ("reference", "title") if each in columns}
    names = [_at(row, named) for row in table.rows]
    often = Counter(names)
    first: dict[tuple[tuple[Value, ...], str], Row] = {}
    seen: set[tuple[int, tuple[Value, ...]]] = set()
    rows: list[Row] = []
    for row, name in zip(table.rows, names, strict=True):
        is_repeated = any(name) and often[name] > 1
        key = (_at(row, same), table.themes.get(row.number, ""))
        above = first.setdefault(key, row) if is_repeated else row
        differs = (above.number, _at(row, places) if is_repeated else ())
        if above is row or differs in seen:
            rows.append(row)
        else:
            table.joined.setdefault(above.number, []).append(row)
        seen.add(differs)
    table.rows = rows


def _at(row: Row, places: Iterable[int]) -> tuple[Value, ...]:
    return tuple(row.values[at] if at < len(row.values) else None for at in places)


def _joined(layout: Layout, table: Table) -> list[str]:
    if not table.joined:
        return []
    number = sum(len(rows) + 1 for rows in table.joined.values())
    return [
        f"{layout.where}{number:,} rows are {len(table.joined):,}"
        f" protocol{'s' if len(table.joined) > 1 else ''} with several rows, for each party or for"
        " each part of what is shared."
    ]


def _left_out(layout: Layout, mapping: ColumnMapping) -> list[str]:
    """Return sentences about columns that are not read, but for those with nothing in them."""
    kind = mapping.row_kind
    left = [
        (at, heading)
        for at, heading in enumerate(layout.headings)
        if mapping.use_of(heading) in {LEFT_OUT, None}
    ]
    said = []
    for at, heading in left:
        has_name = heading != f"Column {letter(at)}"
        is_known = kind.computed_column(heading) or heading == REASON_HEADING
        if not is_known and (has_name or any(_at(row, [at]) != (None,) for row in layout.rows)):
            named = f"'{heading[:100]}'" if has_name else "which has no heading"
            said.append(f"{layout.where}column {letter(at)}, {named}, was left out.")
    worked_out = [name for _, heading in left if (name := kind.computed_column(heading))]
    if worked_out:
        said.append(
            f"{layout.where}{', '.join(worked_out)}: the register works this out by itself, so it"
            " was not read."
        )
    return said
