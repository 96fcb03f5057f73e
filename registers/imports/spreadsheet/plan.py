"""What a spreadsheet would do to the register: the check makes a plan, and applying does it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from registers.models import ImportLine, ImportName, Party, Protocol
from registers.models.completeness import lacking_to_publish

Outcome = ImportLine.Outcome
How = ImportName.How
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Progress:
    """How far some work has come: `done` of `of`, of what `words` say ('rows checked')."""

    words: str
    done: int
    of: int


# Work that says now and then how far it has come, and returns something at its end.
Work = Generator[Progress, None, T]

# Which organisation or theme: the key of one that is stored, or the name's key of a new one.
Whom = int | str


def place_of(sheet: str, row: int) -> str:
    """Return where something stands, in words; a CSV has no sheets."""
    return f"sheet '{sheet}', row {row}" if sheet else f"row {row}"


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a row is refused: at which column's letter, what is wrong, and what to do.

    There is no letter where the file does not have the column.
    """

    column: str
    wrong: str
    fix: str


@dataclass(frozen=True, slots=True)
class Edit:
    """One cell that differs: a published column's name, with the text before and after."""

    column: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Part:
    """One organisation's part in a protocol, as the file has it."""

    organisation: Whom
    role: str
    written: str
    note: str
    # What it is in law, and whether it gives or receives. None: as it is stored.
    legal_role: str | None = None
    flow: str | None = None


@dataclass(slots=True)
class Line:
    """One row, and what would become of it.

    `values` are the protocol's own fields that differ, by their names; a new
    theme's key stands under `theme`. `parts` are all its parts in their order;
    None where they stay as they are.
    """

    sheet: str
    row: int
    outcome: Outcome
    reference: str = ""
    title: str = ""
    edits: list[Edit] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    values: dict[str, Any] = field(default_factory=dict)
    parts: list[Part] | None = None

    @property
    def is_new_protocol(self) -> bool:
        """Whether a protocol would be made of it: an organisation has no reference."""
        return self.outcome == Outcome.NEW and bool(self.reference)

    @property
    def lacks(self) -> list[str]:
        """What a new protocol lacks to be published, in words; of another row nothing."""
        if not self.is_new_protocol or self.values.get("status") == Protocol.Status.WITHDRAWN:
            return []
        return lacking_to_publish(
            theme=self.values.get("theme_id", self.values.get("theme")),
            purpose=self.values.get("purpose", ""),
            lead=any(part.role == Party.Role.LEAD for part in self.parts or ()),
        )


def keeps_draft(lacks: Iterable[str], *, published_before: bool) -> list[str]:
    """Return what keeps a new protocol a draft, of what it lacks.

    One that was published elsewhere lacks here what it lacked there, but a theme.
    """
    return [each for each in lacks if not published_before or each == "theme"]


@dataclass(slots=True)
class Named:
    """A name as the file has it, what it was matched to and how, and where it stands first."""

    kind: ImportName.Kind
    key: str
    written: str
    how: How
    whom: Whom | None
    becomes: str
    uses: int
    sheet: str
    row: int
    cell: str


@dataclass(frozen=True, slots=True)
class NewOrganisation:
    """An organisation that the register would get. `key` is its name's, `group` says its kind."""

    key: str
    name: str
    group: bool


@dataclass(frozen=True, slots=True)
class KeptName:
    """A name as published that an organisation is to be known by from now on."""

    organisation: Whom
    text: str
    kind: str


@dataclass(slots=True)
class Plan:
    """All that one file would do. `said` are sentences about the whole file.

    `version` is the register's when the check began: as long as it is the same, so is the plan.
    '' where nobody knows.
    """

    lines: list[Line]
    names: list[Named]
    new_organisations: list[NewOrganisation]
    new_themes: dict[str, str]  # names by their keys
    kept_names: list[KeptName]
    said: list[str]
    digest: str
    # How many rows and new names hold words that may be about a person.
    personal: int = 0
    version: str = ""
    # What may be meant in a file of organisations, by the keys of its names: whether it can be a
    # new one, and the names of others.
    near: dict[str, list[Any]] | None = None

    @property
    def locks(self) -> tuple[set[str], set[int]]:
        """The references of what is changed, and the keys of the organisations named there."""
        lines = [line for line in self.lines if line.outcome in {Outcome.NEW, Outcome.CHANGED}]
        named = {part.organisation for line in lines for part in line.parts or []}
        named |= {name.organisation for name in self.kept_names}
        changed = {line.reference for line in lines if line.outcome == Outcome.CHANGED}
        return changed, {each for each in named if isinstance(each, int)}

    def count(self) -> Counter[str]:
        """Return how many rows have each outcome."""
        return Counter(line.outcome.value for line in self.lines)

    @property
    def does_something(self) -> bool:
        """Whether applying it would change the register."""
        return any(line.outcome in {Outcome.NEW, Outcome.CHANGED} for line in self.lines)
