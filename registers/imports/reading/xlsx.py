"""XLSX: read by calamine, and searched for what calamine does not give.

Part of the program that reads files, so there is no Django in it.

That is, errors such as '#REF!' and formulas whose result nobody has worked out,
which it gives as empty cells; which rows and columns are hidden; and cells so far
apart that it would make room for thousands of millions between them.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from xml.parsers import expat
from zipfile import ZipFile

from registers.files.archives import UNREADABLE, Archive, main_part, related
from registers.imports.reading.calamine import Beside, open_workbook, read_workbook
from registers.imports.reading.cell_names import column, letter
from registers.imports.reading.errors import cell_error
from registers.imports.reading.limits import (
    COLUMNS,
    NOT_WORKED_OUT,
    SPANNED_CELLS,
    TOO_WIDE,
    UNPACKED_BYTES,
    Unreadable,
)
from registers.imports.reading.messages import CellError, Sheets

NAME = re.compile(r"([A-Za-z]{1,3})([0-9]{1,7})")


def tell(pieces: Iterable[bytes]) -> Beside:
    """Return what a sheet's XML has that calamine leaves out. Raises expat.ExpatError."""
    cells = _Cells()
    for piece in pieces:
        cells.parser.Parse(piece, False)  # noqa: FBT003 (expat takes it so)
    cells.parser.Parse(b"", True)  # noqa: FBT003
    return cells.told


class _Cells:
    """Listens to a parser. Rows and cells without a name follow the one before."""

    def __init__(self) -> None:
        self.told = Beside()
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
            if attributes.get("hidden") in TRUE:
                self.told.hidden_rows.add(self._row + 1)
        elif tag == "col" and attributes.get("hidden") in TRUE:
            first, last = int(attributes["min"]) - 1, int(attributes["max"])
            self.told.hidden_columns.update(range(first, min(last, COLUMNS)))
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
        if self._kind == "e":
            self.told.cells[place] = cell_error(value)
        elif self._formula and not value and self._kind not in TEXTS:
            self.told.cells[place] = NOT_WORKED_OUT
        self._value = None


SPOILT: tuple[type[Exception], ...] = (Unreadable, expat.ExpatError, *UNREADABLE)
TRUE, TEXTS = {"1", "true"}, {"str", "inlineStr"}
# A cell with something in it, and its name: as any program writes it, and as most do,
# which is found three times as fast.
CELL = re.compile(
    rb"""<(?:\w+:)?c\s(?:[^<>]*?\s)?r\s*=\s*["']([A-Za-z]{1,3})([0-9]{1,7})["'][^<>]*(?<!/)>"""
)
USUAL_CELL = re.compile(rb'<c r="([A-Z]{1,3})([0-9]{1,7})"[^<>]*(?<!/)>')
FORMULA = re.compile(rb"<(?:\w+:)?f[\s/>]")
HIDDEN = re.compile(rb"""\shidden\s*=\s*["'](?:1|true)["']""")
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
    "Its cells stand too far apart: from {first} to {last}. Delete the rows and columns that it"
    " does not need, save it and choose it again."
)


def read_xlsx(path: Path) -> Sheets:
    """Give each sheet of an XLSX, and its rows. Raises Unreadable or one of UNREADABLE."""
    with path.open("rb") as file:
        archive = Archive(file)
        parts = _sheet_parts(archive)
        beside = _beside(archive, set(parts))
        rewrites = archive.has_backslashes or any(map(_has_unknown, beside.values()))
        source = _rewritten(archive, beside) if rewrites else path
    yield from read_workbook(open_workbook(source), [beside.get(each, Beside()) for each in parts])


def _beside(archive: Archive, parts: set[str]) -> dict[str, Beside]:
    """Return what calamine leaves out of sheets, by the parts that hold them."""
    beside: dict[str, Beside] = {}
    for part in archive:
        # Each part is unpacked once, even those that are no sheets, to know that it can be.
        if part not in parts:
            deque(archive.pieces(part), maxlen=0)
            continue
        try:
            traces = _traces(archive.pieces(part))
            _refuse_far_apart(traces)
            beside[part] = tell(archive.pieces(part)) if traces.more else Beside()
        except SPOILT as problem:
            beside[part] = Beside(problem=problem)
    return beside


def _has_unknown(beside: Beside) -> bool:
    return any(
        value.shown not in KNOWN_ERRORS
        for value in beside.cells.values()
        if isinstance(value, CellError)
    )


def _rewritten(archive: Archive, beside: dict[str, Beside]) -> BytesIO:
    """Return the archive with an error that calamine knows in place of each, without odd names."""
    file = BytesIO()
    with ZipFile(file, "w") as written:
        for part in archive:
            sheet = beside.get(part, Beside())
            content = b"" if sheet.problem else b"".join(archive.pieces(part))
            if _has_unknown(sheet):
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
        hidden = b"hidden" in text and HIDDEN.search(text)
        self.more = self.more or bool(error or formula or hidden)


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


def _refuse_far_apart(traces: _Traces) -> None:
    """Raise Unreadable where there are too many places between the first cell and the last."""
    if not traces.rows:
        return
    columns = sorted(column(each.decode()) for each in traces.columns)
    rows = sorted(map(int, traces.rows))
    if columns[-1] >= COLUMNS:
        raise Unreadable(TOO_WIDE.format(letter=letter(columns[-1])))
    if (rows[-1] - rows[0] + 1) * (columns[-1] - columns[0] + 1) > SPANNED_CELLS:
        first, last = f"{letter(columns[0])}{rows[0]}", f"{letter(columns[-1])}{rows[-1]}"
        raise Unreadable(FAR_APART.format(first=first, last=last))


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
