"""What a spreadsheet of organisations would do to the register, and how that is saved."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from registers.changes.journal import Step
from registers.changes.transaction import Touched
from registers.changes.wanted_organisations import (
    WantedMembership,
    WantedOrganisation,
    write_organisations,
)
from registers.imports.organisations.matching import OrganisationRow
from registers.imports.spreadsheet.applying import Terms, gathering, make_findable
from registers.imports.spreadsheet.plan import Outcome, Plan, Progress, Work


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


def save_organisations(
    plan: Plan, terms: Terms, *, at: datetime.datetime, keep: Callable[[list[Step]], None]
) -> Work[None]:
    """Save all of a plan that can be applied, and let search find it. Within a transaction.

    `keep` is called with what was done. Raises ValidationError, and the database's own refusals.
    """
    assert isinstance(plan, OrganisationPlan)  # noqa: S101 (its own check made it)
    touched, journal, rows = Touched(), list[Step](), plan.changing
    saving = write_organisations(rows, at=at, by=terms.by, why=terms.why, journal=journal)
    for done in gathering(touched, saving):
        yield Progress("organisations saved", done, len(rows))
    keep(journal)
    touched.refuse_rings()
    yield from make_findable(touched)
