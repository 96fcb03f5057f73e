"""Every name in a file, once, with what it was matched to and where it stands first."""

from __future__ import annotations

from collections.abc import Iterable

from registers.imports.spreadsheet.choices import Choices
from registers.imports.spreadsheet.matching import Match, Organisations, Themes
from registers.imports.spreadsheet.plan import KeptName, Named, Part
from registers.imports.spreadsheet.row import RowOf
from registers.models import ImportName
from registers.models.keys import key_of


class Names:
    """Every name in the file, once, with what it was matched to and where it stands first."""

    def __init__(self, choices: Choices) -> None:
        self.organisations, self.themes = Organisations(choices), Themes(choices)
        self.choices = choices
        self.found: dict[tuple[str, str], Named] = {}
        self._row: RowOf | None = None
        # The row's cells in which names stood, by their columns.
        self._cells: dict[str, list[str]] = {}

    def at(self, row: RowOf) -> None:
        """Say which row is read next."""
        self._row, self._cells = row, {}

    def tell(self, written: str, match: Match, column: str) -> None:
        """Remember a name, and count it."""
        kind = ImportName.Kind.THEME if column == "theme" else ImportName.Kind.ORGANISATION
        key = key_of(written)
        named = self.found.get((kind, key))
        if named:
            named.uses += 1
            return
        row = self._row
        assert row is not None  # noqa: S101 (names are told of within a row)
        if column not in self._cells:
            self._cells[column] = row.texts(column)
        becomes = "" if match.is_note else match.becomes
        self.found[kind, key] = Named(
            kind,
            key,
            written,
            match.how,
            match.whom,
            becomes,
            1,
            row.table.sheet,
            row.number,
            _around(written, self._cell(column, written)),
        )

    def _cell(self, column: str, written: str) -> str:
        """Return the one of the column's cells in which a name stands."""
        cells = self._cells[column]
        return next((cell for cell in cells if written in cell), "\n".join(filter(None, cells)))

    def kept(self, parts: Iterable[Part]) -> list[KeptName]:
        """Return the names that a person chose to keep, of those that `parts` are written with."""
        organisations = self.organisations
        chosen = [(k, c) for k, c in sorted(self.choices.organisations.items()) if c.kept_as]
        used = {key_of(part.written): part.organisation for part in parts} if chosen else {}
        return [
            KeptName(
                used[key], self.found[ImportName.Kind.ORGANISATION, key].written, choice.kept_as
            )
            for key, choice in chosen
            if key in used and not organisations.has_name(key) and key not in organisations.new
        ]


def _around(written: str, cell: str) -> str:
    """Return the cell in which a name stands; of a long one what is around the name."""
    if len(cell) <= ImportName.MOST_OF_CELL:
        return cell
    spare = max(0, ImportName.MOST_OF_CELL - len(written)) // 2
    start = max(0, min(_place(written, cell) - spare, len(cell) - ImportName.MOST_OF_CELL))
    end = start + ImportName.MOST_OF_CELL
    return ("…" if start else "") + cell[start:end] + ("…" if end < len(cell) else "")


def _place(written: str, cell: str) -> int:
    """Return where a name stands, and not where it is a part of another word."""
    at = cell.find(written)
    while at >= 0 and _is_in_a_word(cell, at, at + len(written)):
        at = cell.find(written, at + 1)
    return max(0, at)


def _is_in_a_word(cell: str, start: int, end: int) -> bool:
    return cell[max(0, start - 1) : start].isalnum() or cell[end : end + 1].isalnum()
