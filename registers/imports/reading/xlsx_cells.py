"""The cells of one sheet of an XLSX, looked at for errors and for formulas without a result.

Part of the program that reads files, so there is no Django in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from xml.parsers import expat

from registers.imports.reading.cell_names import column
from registers.imports.reading.errors import cell_error, is_error_value
from registers.imports.reading.limits import DAMAGED, NOT_WORKED_OUT, Unreadable
from registers.imports.reading.messages import Value

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
