"""What is said of an import: how many rows would do what, and what became of it."""

from __future__ import annotations

from django.utils import timezone
from django.utils.text import get_text_list

from registers.models import ImportJob, ImportLine

Outcome = ImportLine.Outcome
NOTHING = "Nothing changes: every row says what the register says."
# What rows that change nothing are, before and after it is applied, of one and of many.
OTHERS = {
    Outcome.UNCHANGED: (("is unchanged", "are unchanged"), ("was unchanged", "were unchanged")),
    Outcome.WAITING: (
        ("waits for a choice", "wait for a choice"),
        (
            "was left out, since a name in it was not known",
            "were left out, since a name in each was not known",
        ),
    ),
    Outcome.REFUSED: (("is refused", "are refused"), ("was refused", "were refused")),
}


def counts(job: ImportJob) -> dict[Outcome, int]:
    """Return how many rows have each outcome, by the check."""
    found = job.found.get("counts", {})
    return {outcome: int(found.get(outcome.value, 0)) for outcome in Outcome}


def read_as(job: ImportJob) -> str:
    """Return which mapping a file was read by: a saved one, when that was used before, or none."""
    if name := job.mapping.get("name"):
        used = job.mapping_used_at and timezone.localtime(job.mapping_used_at)
        return f"Read as ‘{name}’" + (f", as on {used:%-d %B %Y}." if used else ".")
    return "Read as you chose." if job.mapping else "Read as this register’s own columns."


def changing(job: ImportJob) -> int:
    """Return how many rows would change the register, or have changed it."""
    numbers = counts(job)
    return numbers[Outcome.NEW] + numbers[Outcome.CHANGED]


def sentence(job: ImportJob) -> str:
    """Return what a check found, in numbers; or of what was applied, what was done."""
    numbers, rows = counts(job), sum(counts(job).values())
    if numbers[Outcome.UNCHANGED] == rows:
        return NOTHING
    changed = changing(job)
    if changed:
        verb = "changed" if job.is_applied else "would change"
        outcomes = [outcome for outcome in (Outcome.NEW, Outcome.CHANGED) if numbers[outcome]]
        each = [f"{numbers[outcome]:,} {outcome.value}" for outcome in outcomes]
        said = f"{changed:,} of {rows:,} row{_s(rows)} {verb} the register: {', '.join(each)}."
    elif numbers[Outcome.UNCHANGED]:
        said = "Nothing would change."
    else:
        none = "the one row cannot" if rows == 1 else f"none of the {rows:,} rows can"
        said = f"Nothing would change: {none} be applied as it is."
    others = [
        f"{numbers[outcome]:,} {OTHERS[outcome][job.is_applied][numbers[outcome] != 1]}"
        for outcome in OTHERS
        if numbers[outcome]
    ]
    return f"{said} {_capital(get_text_list(others, 'and'))}." if others else said


def became(job: ImportJob) -> str:
    """Return what became of an import, in a few words."""
    if job.status == ImportJob.Status.UNDONE:
        return "Applied, and undone"
    if job.is_applied:
        number = changing(job)
        return f"Applied: {number:,} row{_s(number)} changed the register"
    if job.status == ImportJob.Status.CHECKED:
        number = changing(job)
        if number:
            return f"Checked, not applied: {number:,} row{_s(number)} would change the register"
        return "Checked: nothing to apply"
    return "Not checked yet"


def _s(number: int) -> str:
    return "" if number == 1 else "s"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
