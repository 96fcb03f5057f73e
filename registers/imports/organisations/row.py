"""One row of a file of organisations: the texts of its cells by what the columns are."""

from __future__ import annotations

from registers.imports.cells import says_nothing, visible
from registers.imports.spreadsheet.row import RowOf


class OrganisationRow(RowOf):
    """A row of a table of organisations. Several columns can be one thing."""

    def texts(self, column: str) -> list[str]:
        """Return what each cell says that is filled, of all columns of a use."""
        texts = [visible(self._text_at(at)) for at in self.table.places.get(column, ())]
        return [text for text in texts if text and not says_nothing(text)]

    def line(self, column: str) -> str:
        """Return what the row says under a column, in one line; nothing where it is empty."""
        return " ".join(" ".join(self.texts(column)).split())

    def items(self, column: str) -> list[str]:
        """Return the things in a cell: line ends part them, or else semicolons."""
        pieces = [
            piece
            for text in self.texts(column)
            for piece in text.split("\n" if "\n" in text else ";")
        ]
        return list(dict.fromkeys(filter(None, (" ".join(each.split()) for each in pieces))))
