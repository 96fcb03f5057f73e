"""One row of a table: its cells by their columns, and what is wrong in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from registers.imports.cells import Refused, text_of
from registers.imports.dates import Order
from registers.imports.mapping.kinds import OTHERS
from registers.imports.mapping.mapping import TICKS, is_tick
from registers.imports.reading.read import Row, Value, letter
from registers.imports.spreadsheet.plan import Problem
from registers.imports.spreadsheet.tables import JOINED, Table

T = TypeVar("T")
DOUBTFUL = (
    "The title stands alone: it can be a theme with no protocol below it, or a protocol.",
    "Write its purpose or its reference if it is a protocol. If it is a theme, delete the row.",
)


class RowOf:
    """A row of `table`. Problems are gathered, so that a person learns of all of them at once."""

    def __init__(self, table: Table, row: Row) -> None:
        self.table, self.number = table, row.number
        self._values = row.values
        self.problems: list[Problem] = []
        self._kept: frozenset[str] = frozenset()
        self._joined = table.joined.get(row.number, ())
        if row.number in table.doubts:
            self.refuse("title", *DOUBTFUL)
        for name, column in table.columns.items() if table.merged else ():
            if whole := table.merged.get((row.number, column)):
                self.refuse(
                    name,
                    f"This cell is one with {whole}: it is merged.",
                    "Take the merged cells apart, and write the text in each row.",
                )

    def has(self, column: str) -> bool:
        """Say whether the file has this column, or says by default what is not recorded."""
        return column not in self._kept and self.table.has(column)

    def keep(self, recorded: Mapping[str, str]) -> None:
        """Let defaults say nothing of what is `recorded` of the row's protocol, by its columns."""
        self._kept = frozenset(
            each for each in self.table.defaults if recorded.get(each) and self.is_default(each)
        )

    def is_default(self, column: str) -> bool:
        """Say whether a person said this of all rows, and the row itself says nothing of it."""
        has_band = column == "theme" and bool(self.table.themes.get(self.number))
        return column in self.table.defaults and not has_band

    def value(self, column: str) -> Value:
        """Return what stands in the cell, or is so for all rows; None if nothing is said."""
        at = self.table.columns.get(column)
        if at is not None:
            return self._values[at] if at < len(self._values) else None
        if column in self._kept:
            return None
        if column == "theme":
            return self.table.themes.get(self.number) or self.table.given.get("theme")
        return self.table.given.get(column)

    def text(self, column: str) -> str:
        """Return what the cell says; nothing where it is refused."""
        if not self._joined and column != OTHERS:  # nearly always, and asked of every cell
            return self.read(column, text_of) or ""
        texts = self.texts(column)
        return texts[0] if len(texts) == 1 else "\n".join(dict.fromkeys(filter(None, texts)))

    def texts(self, column: str) -> list[str]:
        """Return what each cell says of which the column is made, those of its further rows too."""
        texts = [self.read(column, text_of) or ""]
        if self._joined and column in JOINED and column in self.table.columns:
            texts += [self._text_of_joined(row, column) for row in self._joined]
        if column == OTHERS:
            texts += [self._text_at(at) for at in self.table.several]
            texts += self._ticked()
        return texts

    def note_in(self, before: str) -> str:
        """Return a note for administrators with what the columns of notes say, a line each.

        A line that begins with the same heading is replaced: 'Officer: J. Smith'. Others stay.
        """
        lines = before.splitlines()
        for at, heading in self.table.notes.items():
            if text := " ".join(self._text_at(at).split()):
                begins = [line.startswith(f"{heading}:") for line in lines]
                place = begins.index(True) if True in begins else len(lines)
                lines[place : place + 1] = [f"{heading}: {text}"]
        return before if lines == before.splitlines() else "\n".join(lines)

    def _ticked(self) -> list[str]:
        """Return the organisations that take part by a tick in their own columns."""
        names = []
        for at, heading in self.table.ticks.items():
            text = self._text_at(at)
            if text.casefold() in TICKS:
                names.append(heading)
            elif not is_tick(text):
                self._refuse_at(
                    at,
                    f"'{text[:50]}' does not say whether {heading} takes part.",
                    "Enter x or yes, or nothing.",
                )
        return names

    def _text_of_joined(self, row: Row, column: str) -> str:
        at = self.table.columns[column]
        try:
            return text_of(row.values[at] if at < len(row.values) else None)
        except Refused as refusal:
            self.refuse(column, f"Row {row.number}: {refusal.wrong}", refusal.fix)
            return ""

    def _text_at(self, at: int) -> str:
        try:
            return text_of(self._values[at] if at < len(self._values) else None)
        except Refused as refusal:
            self._refuse_at(at, refusal.wrong, refusal.fix)
            return ""

    def read(self, column: str, how: Callable[[Value], T]) -> T | None:
        """Return what `how` reads in the cell, or None where it refuses it."""
        try:
            return how(self.value(column))
        except Refused as refusal:
            self.refuse(column, refusal.wrong, refusal.fix)
            return None

    def read_date(self, column: str, how: Callable[[Value, Order | None], T]) -> T | None:
        """Return the date that `how` reads in the cell, or None where it refuses it."""
        return self.read(column, lambda value: how(value, self.table.orders.get(column)))

    def is_refused(self, column: str) -> bool:
        """Return whether something is wrong at the column already: then its text is not known."""
        if not self.problems:  # of nearly all rows
            return False
        at = self.table.letter(column)
        return self.has(column) and any(problem.column == at for problem in self.problems)

    def refuse(self, column: str, wrong: str, fix: str) -> None:
        """Note what is wrong at a column, once, and what to do."""
        self._note_problem(Problem(self.table.letter(column), wrong, fix))

    def _refuse_at(self, at: int, wrong: str, fix: str) -> None:
        self._note_problem(Problem(letter(at), wrong, fix))

    def _note_problem(self, problem: Problem) -> None:
        if problem not in self.problems:
            self.problems.append(problem)
