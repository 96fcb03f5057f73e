"""XLSX: read by calamine, and searched for what calamine does not give.

Part of the program that reads files, so there is no Django in it.

That is, errors such as '#REF!' and formulas whose result nobody has worked out,
which it gives as empty cells; which rows and columns are hidden; and cells so far
apart that it would make room for thousands of millions between them.
"""

from __future__ import annotations

import datetime
import heapq
import re
from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError
from zipfile import ZipFile

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from registers.files.archives import UNREADABLE, Archive, main_part, related
from registers.imports.reading.cell_names import cell_name, column, letter
from registers.imports.reading.limits import (
    COLUMNS,
    DAMAGED,
    NOT_WORKED_OUT,
    SPANNED_CELLS,
    TOO_WIDE,
    UNPACKED_BYTES,
    Unreadable,
)
from registers.imports.reading.messages import Head, Line, Sheets, Value
from registers.imports.reading.values import cell_error, moment, number, span

SPOILT: tuple[type[Exception], ...] = (Unreadable, CalamineError, ParseError)
SPOILT += UNREADABLE
TRUE, TEXTS = {"1", "true"}, {"str", "inlineStr"}
NAME = re.compile(r"([A-Za-z]{1,3})([0-9]{1,7})")
# A cell with something in it, and its name: as any program writes it, and as most do,
# which is found three times as fast.
CELL = re.compile(
    rb"""<(?:\w+:)?c\s(?:[^<>]*?\s)?r\s*=\s*["']([A-Za-z]{1,3})([0-9]{1,7})["'][^<>]*(?<!/)>"""
)
USUAL_CELL = re.compile(rb'<c r="([A-Z]{1,3})([0-9]{1,7})"[^<>]*(?<!/)>')
# What calamine does not give: an error, a formula, what is hidden. And its signs, found faster.
MORE = re.compile(rb"""["']e["']|<(?:\w+:)?f[\s/>]|\shidden\s*=\s*["'](?:1|true)["']""")
SIGNS = (b'"e"', b"'e'", b"<f", b":f", b"hidden")
ERROR_CELL = re.compile(rb"""(<(?:\w+:)?c\s[^<>]*?\bt\s*=\s*["'])e(?=["'])""")
# calamine takes a file with another one for damaged.
KNOWN_ERRORS = {"#DIV/0!", "#N/A", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!", ""}
TAG_BYTES = 100_000  # no tag of a spreadsheet is as long as this

FAR_APART = (
    "Its cells stand too far apart: from {first} to {last}. Delete the rows and columns that it"
    " does not need, save it and choose it again."
)


@dataclass(slots=True)
class _Beside:
    """What calamine does not give of a sheet: what stands in its cells instead, row by row.

    Rows are counted from 1, columns from 0. With a `problem`, the sheet is not read.
    """

    cells: defaultdict[int, dict[int, Value]] = field(default_factory=lambda: defaultdict(dict))
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)
    problem: Exception | None = None
    unknown_error: bool = False


def read_xlsx(path: Path) -> Sheets:
    """Give each sheet of an XLSX, and its rows. Raises Unreadable or one of UNREADABLE."""
    with path.open("rb") as file:
        archive = Archive(file)
        parts = _sheet_parts(archive)
        beside = _all_beside(archive, set(parts))
        rewrites = archive.has_backslashes or any(each.unknown_error for each in beside.values())
        source = _rewritten(archive, beside) if rewrites else path
    workbook = CalamineWorkbook.from_object(source)
    about = workbook.sheets_metadata
    # calamine would give the first of two with one name twice.
    if len(about) != len(parts) or len(about) != len({each.name for each in about}):
        raise Unreadable(DAMAGED)
    for each, part in zip(about, parts, strict=True):
        if each.typ == SheetTypeEnum.WorkSheet:
            hidden = each.visible != SheetVisibleEnum.Visible
            yield _sheet(workbook, Head(each.name, hidden), beside.get(part, _Beside()))


def _sheet(workbook: CalamineWorkbook, head: Head, beside: _Beside) -> tuple[Head, Iterator[Line]]:
    head.hidden_rows, head.hidden_columns = beside.hidden_rows, beside.hidden_columns
    try:
        if beside.problem:  # its cells may be so far apart that calamine dies of them
            raise beside.problem
        sheet = workbook.get_sheet_by_name(head.name)
    except SPOILT as problem:
        head.problem = problem
        return head, iter(())
    head.merged = [
        f"{cell_name(*first)}:{cell_name(*last)}" for first, last in sheet.merged_cell_ranges or []
    ]
    lines = _lines(sheet)
    return head, _with_cells(lines, beside.cells) if beside.cells else lines


def _lines(sheet: CalamineSheet) -> Iterator[Line]:
    """Give the rows of a sheet, with their numbers. Cells before the first column are empty."""
    if sheet.start is None:
        return
    before: list[Value] = [None] * sheet.start[1]
    for row, cells in enumerate(sheet.iter_rows(), 1):
        if any(cell != "" for cell in cells):
            yield (
                row,
                before
                + [(cell or None) if isinstance(cell, str) else _value(cell) for cell in cells],
            )


def _with_cells(lines: Iterator[Line], cells: dict[int, dict[int, Value]]) -> Iterator[Line]:
    """Give rows with these in their cells, also where a row has nothing else."""
    row_of = itemgetter(0)
    alone: Iterator[Line] = ((row, []) for row in sorted(cells))
    for row, same in groupby(heapq.merge(lines, alone, key=row_of), row_of):
        values = max((values for _, values in same), key=len)
        more = cells.get(row, {})
        values += [None] * (max(more, default=0) + 1 - len(values))
        for at, value in more.items():
            values[at] = value
        yield row, values


def _value(cell: Value | datetime.timedelta) -> Value:
    """Return what a person sees in a cell that is no text."""
    if isinstance(cell, float):
        return number(cell)
    if isinstance(cell, datetime.datetime):
        return moment(cell)
    if isinstance(cell, datetime.timedelta):
        return span(cell)
    return cell


def _all_beside(archive: Archive, parts: set[str]) -> dict[str, _Beside]:
    """Return what calamine leaves out of sheets, by the parts that hold them."""
    found: dict[str, _Beside] = {}
    for part in archive:
        # Each part is unpacked once, even those that are no sheets, to know that it can be.
        if part not in parts:
            deque(archive.pieces(part), maxlen=0)
            continue
        try:
            is_all = _is_all_given(archive.pieces(part))
            found[part] = _Beside() if is_all else _beside(archive.elements(part))
        except SPOILT as problem:
            found[part] = _Beside(problem=problem)
    return found


def _is_all_given(pieces: Iterator[bytes]) -> bool:
    """Return whether calamine gives all of a sheet, by a glance at its XML.

    A parser would take ten times as long. Raises Unreadable where cells stand too far apart.
    """
    columns: set[bytes] = set()
    rows: set[bytes] = set()
    is_all, rest = True, b""
    for piece in pieces:
        tags, end, rest = (rest + piece).rpartition(b">")
        tags, rest = tags + end, rest[:TAG_BYTES]
        usual = tags.count(b"<c ") == tags.count(b"<c r=") and b":c " not in tags
        if found := (USUAL_CELL if usual else CELL).findall(tags):
            columns.update({letters for letters, _ in found})
            rows.update((found[0][1], found[-1][1]))  # they follow each other
        is_all = is_all and not (any(each in tags for each in SIGNS) and MORE.search(tags))
    if rows:
        _refuse_far_apart({column(each.decode()) for each in columns}, {*map(int, rows)})
    return is_all


def _refuse_far_apart(columns: set[int], rows: set[int]) -> None:
    """Raise Unreadable where there are too many places between the first cell and the last."""
    left, right, top, bottom = min(columns), max(columns), min(rows), max(rows)
    if right >= COLUMNS:
        raise Unreadable(TOO_WIDE.format(letter=letter(right)))
    if (bottom - top + 1) * (right - left + 1) > SPANNED_CELLS:
        first, last = cell_name(top - 1, left), cell_name(bottom - 1, right)
        raise Unreadable(FAR_APART.format(first=first, last=last))


def _beside(elements: Iterator[Element]) -> _Beside:
    """Return what a sheet's XML has that calamine leaves out. Raises ParseError or ValueError."""
    beside, row = _Beside(), 0
    for element in elements:
        if element.tag.endswith("}row"):
            row = _row_number(element, row)
            if element.get("hidden") in TRUE:
                beside.hidden_rows.add(row)
            _tell_row(element, row, beside)
            element.clear()
        elif element.tag.endswith("}col") and element.get("hidden") in TRUE:
            first, last = int(element.attrib["min"]) - 1, int(element.attrib["max"])
            beside.hidden_columns.update(range(first, min(last, COLUMNS)))
    return beside


def _row_number(row: Element, before: int) -> int:
    """Return the number of a row, which it, its first cell or the row before it says."""
    named = NAME.fullmatch(row[0].get("r", "")) if len(row) else None
    return int(row.get("r") or (named[2] if named else before + 1))


def _tell_row(row: Element, number: int, beside: _Beside) -> None:
    for at, cell in enumerate(row):
        kind = cell.get("t", "")
        if kind == "e":
            error = cell_error(_child(cell, "v") or "")
            beside.cells[number][_column(row, at)] = error
            beside.unknown_error |= error.shown not in KNOWN_ERRORS
        elif kind in TEXTS or _child(cell, "v"):
            continue
        elif _child(cell, "f") is not None:
            beside.cells[number][_column(row, at)] = NOT_WORKED_OUT


def _column(row: Element, at: int) -> int:
    """Return the column of a cell. Those without a name follow the one before."""
    for back in range(at + 1):
        if named := NAME.fullmatch(row[at - back].get("r", "")):
            return column(named[1]) + back
    return at


def _child(cell: Element, tag: str) -> str | None:
    """Return the text of what stands in a cell, or None where it does not."""
    for each in cell:
        if each.tag[-1] == tag:
            return (each.text or "").strip()
    return None


def _rewritten(archive: Archive, beside: dict[str, _Beside]) -> BytesIO:
    """Return the archive without odd names, and with texts for the errors of some sheets."""
    file = BytesIO()
    with ZipFile(file, "w") as written:
        for part in archive:
            sheet = beside.get(part, _Beside())
            content = b"" if sheet.problem else b"".join(archive.pieces(part))
            if sheet.unknown_error:
                content = ERROR_CELL.sub(rb"\1str", content)
            written.writestr(part, content)
    file.seek(0)
    return file


def _sheet_parts(archive: Archive) -> list[str]:
    """Return the names of the parts that hold the sheets, in their order."""
    book = main_part(archive)
    relations = related(archive, book)
    parts = []
    for each in archive.xml(book, UNPACKED_BYTES).iter():
        if each.tag.endswith("}sheet"):
            keys = (value for key, value in each.items() if key.endswith("}id"))
            _, part = relations.get(next(keys, ""), ("", ""))
            parts.append(part)
    return parts
