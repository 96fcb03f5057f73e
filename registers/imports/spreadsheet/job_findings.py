"""What the check of a spreadsheet found is kept with its import, to be shown page by page."""

from __future__ import annotations

import datetime
from collections import Counter
from dataclasses import asdict
from typing import Any

from registers.changes.bulk_writes import insert_values
from registers.imports.spreadsheet.applying import Terms
from registers.imports.spreadsheet.plan import Line, Named, Plan, keeps_draft
from registers.imports.spreadsheet.report import refusals
from registers.models import ImportJob, ImportLine, ImportName, Name

BATCH = 2_000
LINE_COLUMNS = (
    *("sheet", "row", "outcome", "reference", "title"),
    *("edits", "problems", "lacks", "remarks"),
)


def keep_found(job: ImportJob, plan: Plan, at: datetime.datetime) -> None:
    """Keep what a check found, at `at`: its rows, its names, and what is said of the whole file."""
    _keep_lines(job, plan)
    _keep_names(job, plan)
    job.found, job.digest = _found(job, plan), plan.digest
    job.checked_at, job.status = at, ImportJob.Status.CHECKED
    job.save(update_fields=["found", "digest", "checked_at", "status"])


def _keep_lines(job: ImportJob, plan: Plan) -> None:
    for start in range(0, len(plan.lines), BATCH):
        some = enumerate(plan.lines[start : start + BATCH], start)
        rows = [(job.pk, position, *_line_values(job, line)) for position, line in some]
        insert_values(ImportLine, ("job_id", "position", *LINE_COLUMNS), rows)


def _line_values(job: ImportJob, line: Line) -> tuple[Any, ...]:
    """Return the values of LINE_COLUMNS."""
    edits = [[each.column, each.before, each.after] for each in line.edits]
    problems = [[each.column, each.wrong, each.fix] for each in line.problems]
    lacks = keeps_draft(line.lacks, published_before=job.published_before)
    said = (line.outcome.value, line.reference, line.title)
    return line.sheet[:255], line.row, *said, edits, problems, lacks, line.remarks


def _keep_names(job: ImportJob, plan: Plan) -> None:
    names = [_name(job, place, named) for place, named in enumerate(plan.names)]
    ImportName.objects.bulk_create(names, BATCH)


def _name(job: ImportJob, position: int, named: Named) -> ImportName:
    values = asdict(named) | {"sheet": named.sheet[:255]}
    del values["whom"]
    return ImportName(job=job, position=position, **values)


def _found(job: ImportJob, plan: Plan) -> dict[str, Any]:
    """Return what is said of the whole file."""
    terms = Terms(publish=True, published_before=job.published_before)
    becomes = {named.whom: named.becomes for named in plan.names}
    return {
        "counts": dict(plan.count()),
        "does_something": plan.does_something,
        "personal": plan.personal,
        # How many new protocols get which status where those that may be are published.
        "new": dict(Counter(terms.status_of(x) for x in plan.lines if x.is_new_protocol)),
        # How many organisations that are there would be changed, get a member, or are named.
        "known_organisations": len(plan.locks[1]),
        "near": plan.near,
        "said": plan.said,
        "refusals": [asdict(each) for each in refusals(plan.lines)],
        "new_organisations": [
            [new.name, "a group of bodies" if new.group else ""] for new in plan.new_organisations
        ],
        "new_themes": list(plan.new_themes.values()),
        # What the words become: 'MEHT', acronym, of which organisation.
        "kept_names": [
            [kept.text, Name.Kind(kept.kind).label, becomes[kept.organisation]]
            for kept in plan.kept_names
        ],
    }
