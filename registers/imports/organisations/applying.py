"""What a check of organisations found is saved: all of it, within a transaction."""

from __future__ import annotations

import datetime
from collections.abc import Callable

from registers.changes.journal import Step
from registers.changes.transaction import Touched
from registers.changes.wanted_organisations import write_organisations
from registers.imports.organisations.plan import OrganisationPlan
from registers.imports.spreadsheet.applying import Terms, gathering, make_findable
from registers.imports.spreadsheet.plan import Plan, Progress, Work


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
