"""XLSX: read by calamine, and searched for errors and formulas, which calamine does not give.

Part of the program that reads files, so there is no Django in it.

That is, errors such as '#REF!' and formulas whose result nobody has worked out,
which it gives as empty cells; and cells so far apart that it would make room
for thousands of millions between them.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from posixpath import join
from xml.etree import ElementTree
from xml.parsers import expat
from zipfile import ZipFile

from registers.imports.reading.archive import Archive
from registers.imports.reading.calamine import head, lines, open_workbook, sheets
from registers.imports.reading.cell_names import column, letter, shown_name
from registers.imports.reading.errors import cell_error, is_error_value, with_errors
from registers.imports.reading.limits import (
    COLUMNS,
    DAMAGED,
    NOT_WORKED_OUT,
    SPANNED_CELLS,
    Unreadable,
)
from registers.imports.reading.messages import CellError, Head, Line, Value

NAME = re.compile(r"([A-Za-z]{1,3})([0-9]{1,7})")


@dataclass(slots=True)
class Told:
    """Of cells by (row, column), counted from 0: what each error says, and what has no result."""

    errors: dict[tuple[int, int], Value] = field(default_factory=dict)


def tell(pieces: Iterable[bytes]) -> Told:
    """Return what a sheet's XML has that calamine leaves out. Raises Unreadable."""
    cells = _Cells()
    try:
        for piece in pieces:
            cells.parser.Parse(piece, False)  # noqa: FBT003 (expat takes it so)
        cells.parser.Parse(b"", True)  # noqa: FBT003
    except (expat.ExpatError, ValueError) as problem:
        raise Unreadable(DAMAGED) from problem
    return cells.told


class _Cells:
    """Listens to a parser. Rows and cells without a name follow the one before."""

    def __init__(self) -> None:
        self.told = Told()
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self._row = self._column = -1
        self._kind = ""
        self._formula = False
        self._value: str | None = None  # None outside a <v>

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        tag = tag.rpartition(":")[2]
        if tag == "c":
            self._begin_cell(attributes)
        elif tag == "row":
            self._row = int(attributes.get("r", self._row + 2)) - 1
            self._column = -1
        elif tag == "f":
            self._formula = True
        elif tag == "v":
            self._value = ""

    def _begin_cell(self, attributes: dict[str, str]) -> None:
        self._column += 1
        if named := NAME.fullmatch(attributes.get("r", "")):
            self._row, self._column = int(named[2]) - 1, column(named[1])
        self._kind = attributes.get("t", "")
        self._formula, self._value = False, None

    def _text(self, text: str) -> None:
        if self._value is not None:
            self._value += text

    def _end(self, tag: str) -> None:
        if tag.rpartition(":")[2] != "c":
            return
        place = self._row, self._column
        value = (self._value or "").strip()
        if self._kind == "e" or (self._formula and is_error_value(value)):
            self.told.errors[place] = cell_error(value)
        elif self._formula and not value and self._kind != "str":
            self.told.errors[place] = NOT_WORKED_OUT
        self._value = None


ROOT_RELATIONS = "_rels/.rels"
# A cell with something in it, and its name: as any program writes it, and as most do,
# which is found three times as fast.
CELL = re.compile(
    rb"""<(?:\w+:)?c\s(?:[^<>]*?\s)?r\s*=\s*["']([A-Za-z]{1,3})([0-9]{1,7})["'][^<>]*(?<!/)>"""
)
USUAL_CELL = re.compile(rb'<c r="([A-Z]{1,3})([0-9]{1,7})"[^<>]*(?<!/)>')
FORMULA = re.compile(rb"<(?:\w+:)?f[\s/>]")
# The text of a cell with an error.
ERROR_TEXT = re.compile(
    rb"""(<(?:\w+:)?c\s[^<>]*?\bt\s*=\s*["']e["'][^<>]*(?<!/)>"""
    rb"""(?:(?!</?(?:\w+:)?c[\s/>]).)*?<(?:\w+:)?v(?:\s[^<>]*)?(?<!/)>)[^<]*""",
    re.DOTALL,
)
# calamine takes a file with another one for damaged.
KNOWN_ERRORS = {"#DIV/0!", "#N/A", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!", ""}
TAG_BYTES = 100_000  # no tag of a spreadsheet is as long as this

FAR_APART = (
    "The cells of sheet '{name}' stand too far apart: from {first} to {last}. Delete the rows and"
    " columns that it does not need, save it and choose it again."
)
TOO_WIDE = (
    f"Sheet '{{name}}' has something in column {{letter}}, and {COLUMNS} columns are the most"
    f" that is read, up to {letter(COLUMNS - 1)}. Delete what stands beyond, or copy the columns"
    " that you need into a new spreadsheet."
)


def read_xlsx(path: Path) -> Iterator[Head | Line]:
    """Give each sheet of an XLSX, followed by its rows. Raises Unreadable."""
    with Archive(path) as archive:
        parts = _sheet_parts(archive)
        told = _told(archive, parts)
        unknown = {part for part, name in parts.items() if _has_unknown(told.get(name, Told()))}
        source = _with_known_errors(archive, unknown) if unknown else path
    for about, sheet in sheets(open_workbook(source)):
        yield head(about, sheet)
        yield from with_errors(lines(sheet), told.get(about.name, Told()).errors)


def _told(archive: Archive, parts: dict[str, str]) -> dict[str, Told]:
    """Return what calamine leaves out, by the names of the sheets. Raises Unreadable."""
    told = {}
    for part in archive:
        # Each part is unpacked once, even those that are no sheets, to know that it can be.
        pieces = archive.pieces(part)
        if part in parts:
            traces = _traces(pieces)
            _refuse_far_apart(parts[part], traces)
            told[parts[part]] = tell(archive.pieces(part)) if traces.more else Told()
        else:
            deque(pieces, maxlen=0)
    return told


def _has_unknown(told: Told) -> bool:
    return any(
        error.shown not in KNOWN_ERRORS
        for error in told.errors.values()
        if isinstance(error, CellError)
    )


def _with_known_errors(archive: Archive, parts: set[str]) -> BytesIO:
    """Return the archive with an error that calamine knows in place of each in these parts."""
    file = BytesIO()
    with ZipFile(file, "w") as written:
        for part in archive:
            content = b"".join(archive.pieces(part))
            if part in parts:
                content = ERROR_TEXT.sub(rb"\1#N/A", content)
            written.writestr(part, content)
    file.seek(0)
    return file


@dataclass(slots=True)
class _Traces:
    """Which rows and columns have something in them, and whether there is more to be told."""

    columns: set[bytes] = field(default_factory=set)
    rows: set[bytes] = field(default_factory=set)
    more: bool = False

    def see(self, text: bytes) -> None:
        """Look at whole tags. Rows follow each other, so the first and the last are enough."""
        usual = text.count(b"<c ") == text.count(b"<c r=") and b":c " not in text
        if found := (USUAL_CELL if usual else CELL).findall(text):
            self.columns.update({columns for columns, _ in found})
            self.rows.update((found[0][1], found[-1][1]))
        error = b'"e"' in text or b"'e'" in text
        formula = (b"<f" in text or b":f" in text) and FORMULA.search(text)
        self.more = self.more or bool(error or formula)


def _traces(pieces: Iterator[bytes]) -> _Traces:
    """Return what a sheet's XML shows at a glance: a parser would take ten times as long."""
    traces = _Traces()
    rest = b""
    for piece in pieces:
        text = rest + piece
        end = text.rfind(b">") + 1
        traces.see(text[:end])
        # No tag is so long. What is left of one is taken along to the next piece.
        rest = text[end:][:TAG_BYTES]
    return traces


def _refuse_far_apart(sheet: str, traces: _Traces) -> None:
    """Raise Unreadable where there are too many places between the first cell and the last."""
    if not traces.rows:
        return
    columns = sorted(column(each.decode()) for each in traces.columns)
    rows = sorted(map(int, traces.rows))
    if columns[-1] >= COLUMNS:
        raise Unreadable(TOO_WIDE.format(name=shown_name(sheet), letter=letter(columns[-1])))
    if (rows[-1] - rows[0] + 1) * (columns[-1] - columns[0] + 1) > SPANNED_CELLS:
        first, last = f"{letter(columns[0])}{rows[0]}", f"{letter(columns[-1])}{rows[-1]}"
        raise Unreadable(FAR_APART.format(name=shown_name(sheet), first=first, last=last))


def _sheet_parts(archive: Archive) -> dict[str, str]:
    """Return the names of the sheets, by the names of the parts that hold them."""
    book = "xl/workbook.xml"
    if ROOT_RELATIONS in archive:
        for kind, target in _relations(archive, ROOT_RELATIONS).values():
            if kind.endswith("/officeDocument"):
                book = target.removeprefix("/")
    folder, _, file = book.rpartition("/")
    relations = _relations(archive, join(folder, "_rels", f"{file}.rels"))
    parts = {}
    for each in _xml(archive, book).iter():
        if each.tag.endswith("}sheet"):
            keys = (value for key, value in each.items() if key.endswith("}id"))
            _, target = relations.get(next(keys, ""), ("", ""))
            parts[_resolved(folder, target)] = each.get("name", "")
    return parts


def _resolved(folder: str, target: str) -> str:
    path = target.removeprefix("/") if target.startswith("/") else join(folder, target)
    return path.lower()


def _relations(archive: Archive, name: str) -> dict[str, tuple[str, str]]:
    """Return the type and the target of each relation in a part, by its key."""
    return {
        each.get("Id", ""): (each.get("Type", ""), each.get("Target", ""))
        for each in _xml(archive, name)
    }


def _xml(archive: Archive, name: str) -> ElementTree.Element:
    text = b"".join(archive.pieces(name))
    if b"<!DOCTYPE" in text:  # Office writes none, and entities could grow without end
        raise Unreadable(DAMAGED)
    try:
        return ElementTree.fromstring(text)  # noqa: S314 (no entities)
    except ElementTree.ParseError as problem:
        raise Unreadable(DAMAGED) from problem
