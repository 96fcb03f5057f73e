"""What a spreadsheet of organisations would do to the register: the check makes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from registers.changes.wanted_organisations import WantedMembership, WantedOrganisation
from registers.imports.organisations.row import OrganisationRow
from registers.imports.spreadsheet.plan import Outcome, Plan


@dataclass(frozen=True, kw_only=True)
class PlannedMembership(WantedMembership):
    """A membership in words too, as it is to be: 'All Essex Schools from 1 July 2022'."""

    words: str


@dataclass(kw_only=True)
class PlannedOrganisation(WantedOrganisation):
    """What becomes of one row, which calls its organisation `written`.

    `near` are the names of those that may be meant, by their keys; one that is in the file too
    has a key below 0. `remarks` are sentences that are no refusals.
    """

    row: OrganisationRow
    name: str
    written: str
    memberships: list[PlannedMembership] = field(default_factory=list)
    outcome: Outcome = Outcome.UNCHANGED
    near: Mapping[int, str] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)
    personal: bool = False

    @property
    def is_applied(self) -> bool:
        """Whether it would change the register."""
        return self.outcome in {Outcome.NEW, Outcome.CHANGED}


@dataclass(slots=True)
class OrganisationPlan(Plan):
    """All that one file of organisations would do; `changing` are the rows that do something."""

    changing: list[PlannedOrganisation] = field(default_factory=list)

    @property
    def locks(self) -> tuple[set[str], set[int]]:
        """No references, and the keys of the organisations and groups that would be changed."""
        named: set[int | str | None] = {row.key for row in self.changing}
        named |= {each.group for row in self.changing for each in row.memberships}
        return set(), {key for key in named if isinstance(key, int)}
