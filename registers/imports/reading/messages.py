"""What the reading program sends to the caller: a line of JSON a message.

JSON, because whatever a hostile file may make of the reading program, a text of
JSON can only ever be read as plain values. Each message is a list whose first
item says what it is.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from registers.imports.reading.cell_names import shown_name


@dataclass(frozen=True, slots=True)
class CellError:
    """What a cell shows in place of a value: '#N/A'. '' where that is not known."""

    shown: str


# What a file has in a cell. '' is never given: that is None.
Value = (
    str | int | float | bool | datetime.date | datetime.datetime | datetime.time | CellError | None
)
Line = tuple[int, list[Value]]  # the number of a row, and what is in it

SHEET, ROWS, LEFT_OUT, UNREADABLE, END = "sheet", "rows", "left out", "unreadable", "end"


@dataclass(slots=True)
class Head:
    """What is known of a sheet beside its rows. `merged` holds ranges: 'B3:B7'.

    `hidden_rows` are numbers of rows, `hidden_columns` are counted from 0. `separator` and
    `encoding` are those of a CSV. With a `problem`, the sheet cannot be read.
    """

    name: str = ""
    hidden: bool = False
    merged: list[str] = field(default_factory=list)
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)
    separator: str = ""
    encoding: str = ""
    problem: Exception | None = None

    def told(self) -> list[Any]:
        """Return what the caller is told of it: the fields of read.Sheet behind its rows."""
        name, hidden = shown_name(self.name), sorted(self.hidden_columns)
        return [name, self.hidden, self.merged, hidden, self.separator, self.encoding]


# Each sheet, and its rows. Whatever reading these raises is wrong with this sheet alone.
Sheets = Iterator[tuple[Head, Iterator[Line]]]


def pack(what: str, *content: Any) -> str:
    """Return a message as one line of text."""
    return json.dumps([what, *content], default=_as_object, ensure_ascii=False) + "\n"


def unpack(line: str | bytes) -> list[Any]:
    """Return a message, with dates, times and errors as such. Raises ValueError."""
    message: list[Any] = json.loads(line, object_hook=_from_object)
    return message


def _as_object(value: datetime.date | datetime.time | CellError) -> dict[str, str]:
    text = value.shown if isinstance(value, CellError) else value.isoformat()
    return {type(value).__name__: text}


def _from_object(value: dict[str, str]) -> datetime.date | datetime.time | CellError:
    (kind, text), *_ = value.items()
    if kind == CellError.__name__:
        return CellError(text)
    if kind == "time":
        return datetime.time.fromisoformat(text)
    return (datetime.datetime if kind == "datetime" else datetime.date).fromisoformat(text)
