"""Workbooks as programs by others read them, two for each format."""

from __future__ import annotations

import datetime
import io
from collections.abc import Callable, Iterable
from typing import Any

import odfdo
import openpyxl
import python_calamine

Sheets = dict[str, list[list[Any]]]


def by_calamine(whole: bytes) -> Sheets:
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(whole))
    return {
        name: [list(map(_value, row)) for row in book.get_sheet_by_name(name).to_python()]
        for name in book.sheet_names
    }


def by_openpyxl(whole: bytes) -> Sheets:
    book = openpyxl.load_workbook(io.BytesIO(whole))
    return {
        sheet.title: [list(map(_value, row)) for row in sheet.iter_rows(values_only=True)]
        for sheet in book.worksheets
    }


def by_odfdo(whole: bytes) -> Sheets:
    book = odfdo.Document(io.BytesIO(whole))
    return {
        table.name: [list(map(_value, row)) for row in table.get_values()]
        for table in book.body.get_tables()
    }


def _value(value: Any) -> Any:
    """One way to say that a cell is empty, and one to say a day."""
    if isinstance(value, datetime.datetime) and value.time() == datetime.time():
        return value.date()
    return "" if value is None else value


READERS: dict[str, dict[str, Callable[[bytes], Sheets]]] = {
    "xlsx": {"calamine": by_calamine, "openpyxl": by_openpyxl},
    "ods": {"calamine": by_calamine, "odfdo": by_odfdo},
}
EVERY_WAY = [(ending, reader) for ending, readers in READERS.items() for reader in readers]


def read(ending: str, reader: str, pieces: Iterable[bytes]) -> Sheets:
    return READERS[ending][reader](b"".join(pieces))
