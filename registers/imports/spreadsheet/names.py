"""Every name in a file, once, with what it was matched to and where it stands first."""

from __future__ import annotations

from registers.imports.spreadsheet.choices import Choices
from registers.imports.spreadsheet.matching import Match, Organisations, Themes
from registers.imports.spreadsheet.plan import KeptName, Named, Whom
from registers.imports.spreadsheet.row import RowOf
from registers.models import ImportName
from registers.models.words import key_of


class Names:
    """Every name in the file, once, with what it was matched to and where it stands first."""

    def __init__(self, choices: Choices) -> None:
        self.organisations, self.themes = Organisations(choices), Themes(choices)
        self.choices = choices
        self.found: dict[tuple[str, str], Named] = {}
        self._row: RowOf | None = None

    def at(self, row: RowOf) -> None:
        """Say which row is read next."""
        self._row = row

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
            row.text(column),
        )

    def kept(self, used: dict[str, Whom]) -> list[KeptName]:
        """Return the names that a person chose to keep, of those in `used`, by their keys."""
        organisations = self.organisations
        return [
            KeptName(
                used[key], self.found[ImportName.Kind.ORGANISATION, key].written, choice.kept_as
            )
            for key, choice in sorted(self.choices.organisations.items())
            if choice.kept_as
            and key in used
            and not organisations.has_name(key)
            and key not in organisations.new
        ]
