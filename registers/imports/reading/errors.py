"""The error values that a cell shows in place of what it should hold: '#N/A', '#REF!'.

Part of the program that reads files, so there is no Django in it.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping

from registers.imports.reading.cell_names import shown_name
from registers.imports.reading.messages import CellError, Line, Value

# Excel's old ones and new ones (#SPILL!, #CALC!, #BUSY!), Google's #ERROR!, LibreOffice's Err:502.
ERROR_VALUE = re.compile(r"#N/A|#[A-Z][A-Z0-9/_]*[!?]|#GETTING_DATA|Err:[0-9]{3}")
LONGEST = 40  # so that a sentence can hold what a damaged file may have there
LAST_ROW = 10_000_000  # beyond the last of any program


def is_error_value(text: str) -> bool:
    """Return whether a text is an error value and nothing else."""
    return bool(ERROR_VALUE.fullmatch(text.strip()))


def cell_error(text: str) -> CellError:
    """Return the error of a cell that shows this text."""
    return CellError(shown_name(text)[:LONGEST])


def with_errors(found: Iterator[Line], errors: Mapping[tuple[int, int], Value]) -> Iterator[Line]:
    """Give rows with their errors, by (row, column) counted from 0, in the cells that have them.

    Rows that have nothing but errors are given too.
    """
    by_row: dict[int, dict[int, Value]] = {}
    for (row, column), error in errors.items():
        by_row.setdefault(row + 1, {})[column] = error
    ahead = sorted(by_row, reverse=True)
    for number, values in itertools.chain(found, [(LAST_ROW, [])]):
        while ahead and ahead[-1] < number:
            alone = ahead.pop()
            yield alone, _filled([], by_row[alone])
        if ahead and ahead[-1] == number:
            yield number, _filled(values, by_row[ahead.pop()])
        elif values:
            yield number, values


def _filled(values: list[Value], errors: dict[int, Value]) -> list[Value]:
    wide = values + [None] * (max(errors) + 1 - len(values))
    for column, error in errors.items():
        wide[column] = error
    return wide
