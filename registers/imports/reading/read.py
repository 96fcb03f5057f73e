"""Any spreadsheet as rows of cells: XLSX, XLS, ODS or CSV, whatever is in the file.

A file can be made to harm whoever reads it, so a process of its own reads it
(reader.py), and whatever becomes of that, the caller gets rows or a sentence.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Timer
from typing import Literal

from registers.imports.reading.cell_names import letter, shown_name
from registers.imports.reading.limits import DAMAGED, SECONDS, TOO_DEAR, Unreadable
from registers.imports.reading.messages import END, LEFT_OUT, SHEET, UNREADABLE, Value, unpack
from registers.imports.reading.messages import ROWS as ROWS_MESSAGE
from registers.imports.reading.sniff import kind_of_sheets

__all__ = ["Row", "Sheet", "Unreadable", "Value", "letter", "read_sheets"]

READER = "registers.imports.reading.reader"
ROOT = Path(__file__).parents[3]  # where Python finds the program


@dataclass(frozen=True, slots=True)
class Row:
    """A row with something in it. Its number is the one that a spreadsheet program shows.

    Where a cell is empty the value is None, and none stands at the end. It is hidden where
    somebody hid it, or a filter did.
    """

    number: int
    values: tuple[Value, ...]
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet with something in it. A CSV is one sheet, with the name of its file.

    Names are as sentences can hold them (cell_names.shown_name).
    `merged` holds the ranges of cells that are drawn as one, such as 'B3:B7', and
    `hidden_columns` the columns that are hidden, counted from 0. Of a CSV, `separator` and
    `encoding` are what it was read with (keys of csv.SEPARATORS and csv.ENCODINGS).
    Where `left_out` is a sentence, the sheet could not be read, and has no rows.
    """

    name: str
    rows: list[Row]
    kind: Literal["csv", "workbook"]
    hidden: bool
    merged: list[str]
    hidden_columns: list[int] = field(default_factory=list)
    separator: str = ""
    encoding: str = ""
    left_out: str = ""


def read_sheets(path: Path, name: str, *, separator: str = "", encoding: str = "") -> list[Sheet]:
    """Return the sheets of a file that have something in them, in their order.

    `name` is what the file was called: only its content says what it is. A CSV is read with
    this separator and encoding, where they are not ''. A sheet that cannot be read is left out.
    Raises Unreadable where none can, whose sentence says why, and what to do.
    """
    kind = kind_of_sheets(path, name)
    options = [separator, encoding] if kind == "csv" else []
    with _reader(kind, path, options) as reader:
        found = _received(reader, name, kind)
    sheets = [sheet for sheet in found if sheet.rows or sheet.left_out]
    if sheets and all(sheet.left_out for sheet in sheets):
        raise Unreadable(sheets[0].left_out)
    return sheets


def _received(reader: subprocess.Popen[bytes], name: str, kind: str) -> list[Sheet]:
    """Return the sheets that the program tells of. Raises Unreadable, also where it died."""
    sheets: list[Sheet] = []
    for line in reader.stdout or ():
        if not line.endswith(b"\n"):
            break  # it died within a message
        what, *content = unpack(line)
        if what == UNREADABLE:
            raise Unreadable(content[0])
        if what == END:
            return sheets
        if what == SHEET:
            title, *about = content
            if kind == "csv":
                sheets.append(Sheet(shown_name(name), [], "csv", *about))
            else:
                sheets.append(Sheet(shown_name(title), [], "workbook", *about))
        elif what == ROWS_MESSAGE:
            sheets[-1].rows.extend(
                Row(number, tuple(values), hidden) for number, hidden, *values in content[0]
            )
        elif what == LEFT_OUT:
            sheets[-1] = _left_out(sheets[-1], content[0])
    raise Unreadable(TOO_DEAR if reader.wait() < 0 else DAMAGED)


def _left_out(sheet: Sheet, why: str) -> Sheet:
    which = "" if sheet.kind == "csv" else f"Sheet '{sheet.name}' was left out. "
    return replace(sheet, rows=[], left_out=f"{which}{why}")


@contextmanager
def _reader(kind: str, path: Path, options: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    """Start the program that reads, and be sure that it has ended.

    It is told nothing of this process: no setting, no secret, no open file.
    """
    command = [sys.executable, "-m", READER, kind, str(path.resolve()), *options]
    with subprocess.Popen(  # noqa: S603 (the program is ours, and the file only an argument)
        command,
        cwd=ROOT,
        env={},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        timer = Timer(SECONDS, process.kill)
        timer.start()
        try:
            yield process
        finally:
            timer.cancel()
            process.kill()
