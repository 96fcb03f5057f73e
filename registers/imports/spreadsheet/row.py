"""One row of a table: its cells by their columns, and what is wrong in them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from registers.imports.cells import Refused, text_of
from registers.imports.reading.read import Row, Value
from registers.imports.spreadsheet.plan import Problem
from registers.imports.spreadsheet.tables import Table

T = TypeVar("T")


class RowOf:
    """A row of `table`. Problems are gathered, so that a person learns of all of them at once."""

    def __init__(self, table: Table, row: Row) -> None:
        self.table, self.number = table, row.number
        self._values = row.values
        self.problems: list[Problem] = []
        for name, column in table.columns.items():
            if whole := table.merged.whole(row.number, column):
                self.refuse(
                    name,
                    f"This cell is one with {whole}: it is merged.",
                    "Take the merged cells apart, and write the text in each row.",
                )

    def has(self, column: str) -> bool:
        """Say whether the file has this column."""
        return column in self.table.columns

    def value(self, column: str) -> Value:
        """Return what stands in the cell; None if nothing does, or there is no such column."""
        at = self.table.columns.get(column)
        return None if at is None or at >= len(self._values) else self._values[at]

    def text(self, column: str) -> str:
        """Return what the cell says; nothing where it is refused."""
        return self.read(column, text_of) or ""

    def read(self, column: str, how: Callable[[Value], T]) -> T | None:
        """Return what `how` reads in the cell, or None where it refuses it."""
        try:
            return how(self.value(column))
        except Refused as refusal:
            self.refuse(column, refusal.wrong, refusal.fix)
            return None

    def is_refused(self, column: str) -> bool:
        """Return whether something is wrong at the column already: then its text is not known."""
        at = self.table.letter(column)
        return self.has(column) and any(problem.column == at for problem in self.problems)

    def refuse(self, column: str, wrong: str, fix: str) -> None:
        """Note what is wrong at a column, once, and what to do."""
        problem = Problem(self.table.letter(column), wrong, fix)
        if problem not in self.problems:
            self.problems.append(problem)
