"""What a person chose for the names in a file that the register does not know."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from registers.models import ImportName
from registers.models.keys import key_of


@dataclass(frozen=True, slots=True)
class Choice:
    """What one name stands for. Exactly one of the first four is said.

    `name` is the official name of an organisation, or a theme's: one that is
    there under any of its names, or with `new` one to be made. `note` says
    that the words name nobody, and are a note on the parties. `longer` is the
    whole name, of which the words are a piece, and `several` says that the words
    are names with 'and', '&', '/' or '|' between them. `kept_as` is the kind of name
    (acronym, former, alias, misspelling) as which the words are kept with the
    organisation; empty where they stand with the protocols alone.
    """

    name: str = ""
    note: bool = False
    longer: str = ""
    several: bool = False
    new: bool = False
    group: bool = False
    kept_as: str = ""


@dataclass(slots=True)
class Choices:
    """Every choice for one file, by the keys of the names as they are written."""

    organisations: dict[str, Choice] = field(default_factory=dict)
    themes: dict[str, Choice] = field(default_factory=dict)
    # Every organisation that is not known is made, under the name as written. A name with a sign
    # that may part two waits.
    all_new: bool = False
    # And so is every theme.
    all_new_themes: bool = False

    def of(self, kind: str) -> dict[str, Choice]:
        """Return those for names of one kind."""
        return self.themes if kind == ImportName.Kind.THEME else self.organisations

    def choose(self, written: str, choice: Choice) -> None:
        """Choose for an organisation's name."""
        self.organisations[key_of(written)] = choice

    def choose_theme(self, written: str, choice: Choice) -> None:
        """Choose for a theme's name."""
        self.themes[key_of(written)] = choice

    def plain(self) -> dict[str, Any]:
        """Return them as plain data, to be kept."""
        return asdict(self)

    @classmethod
    def read(cls, plain: dict[str, Any]) -> Choices:
        """Return what `plain` gave."""
        return cls(
            organisations={k: Choice(**v) for k, v in plain.get("organisations", {}).items()},
            themes={k: Choice(**v) for k, v in plain.get("themes", {}).items()},
            all_new=plain.get("all_new", False),
            all_new_themes=plain.get("all_new_themes", False),
        )
