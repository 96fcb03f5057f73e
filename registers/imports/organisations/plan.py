"""What a spreadsheet of organisations would do to the register: the check makes it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from registers.changes.locking import plan_digest
from registers.changes.wanted_organisations import WantedMembership, WantedOrganisation
from registers.imports.organisations.columns import OrganisationRow
from registers.models import ImportLine
from registers.models.keys import key_of

Outcome = ImportLine.Outcome
NEW, RENAMED = "new", " renamed"


@dataclass(frozen=True, kw_only=True)
class OrganisationChoices:
    """What a person said of rows and columns.

    `columns` by their headings. `rows`, by the key of the name in the file: NEW for a new
    organisation, or the key of the one that is meant, with RENAMED behind it where it is called
    so now; else that is another name of it.
    """

    columns: dict[str, str] = field(default_factory=dict)
    rows: dict[str, str] = field(default_factory=dict)

    def is_new(self, name: str) -> bool:
        """Return whether a name in the file was chosen to be of a new organisation."""
        return self.rows.get(key_of(name)) == NEW

    def meant_by(self, name: str) -> int | None:
        """Return the key of the organisation that was chosen for a name in the file."""
        key = self.rows.get(key_of(name), "").removesuffix(RENAMED)
        return int(key) if key.isdecimal() else None

    def renames(self, name: str) -> bool:
        """Return whether that organisation is called so now."""
        return self.rows.get(key_of(name), "").endswith(RENAMED)


@dataclass(frozen=True, kw_only=True)
class PlannedMembership(WantedMembership):
    """A membership in words too, as it is to be: 'All Essex Schools from 1 July 2022'."""

    words: str


@dataclass(kw_only=True)
class PlannedOrganisation(WantedOrganisation):
    """What becomes of one row.

    `near` are the names of those that may be meant, by their keys; one that is in the file too
    has a key below 0. `remarks` are sentences that are no refusals.
    """

    row: OrganisationRow
    name: str
    memberships: list[PlannedMembership] = field(default_factory=list)
    outcome: Outcome = Outcome.UNCHANGED
    near: Mapping[int, str] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)
    personal: bool = False


@dataclass(kw_only=True)
class OrganisationPlan:
    """All that one file would do. `said` are sentences about the whole file."""

    rows: list[PlannedOrganisation]
    columns: dict[str, str]
    said: list[str]

    @property
    def changing(self) -> list[PlannedOrganisation]:
        """The rows that would change the register."""
        return [row for row in self.rows if row.outcome in {Outcome.NEW, Outcome.CHANGED}]

    @property
    def keys(self) -> set[int]:
        """The keys of the stored organisations and groups that would be changed."""
        named: set[int | str | None] = {row.key for row in self.changing}
        named |= {each.group for row in self.changing for each in row.memberships}
        return {key for key in named if isinstance(key, int)}

    @property
    def personal(self) -> int:
        """How many of these hold words that may be about a person."""
        return sum(row.personal for row in self.changing)

    def count(self) -> Counter[str]:
        """Return how many rows have each outcome."""
        return Counter(row.outcome.value for row in self.rows)

    @cached_property
    def digest(self) -> str:
        """A short text that differs as soon as anything that would be done differs."""
        return plan_digest(
            [
                [row.key, row.before, row.after, [str(each) for each in row.memberships]]
                for row in self.changing
            ]
        )
