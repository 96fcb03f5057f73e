"""What is said of an import: how many rows would do what, and what became of it."""

from __future__ import annotations

from django.utils.text import get_text_list

from registers.models import Import, ImportLine

Fate = ImportLine.Fate
NOTHING = "Nothing changes: every row says what the register says."
# What rows that change nothing are, before and after it is applied, of one and of many.
OTHERS = {
    Fate.UNCHANGED: (("is unchanged", "are unchanged"), ("was unchanged", "were unchanged")),
    Fate.WAITING: (
        ("waits for a choice", "wait for a choice"),
        (
            "was left out, since a name in it was not known",
            "were left out, since a name in each was not known",
        ),
    ),
    Fate.REFUSED: (("is refused", "are refused"), ("was refused", "were refused")),
}


def counts(brought: Import) -> dict[Fate, int]:
    """Return how many rows have each fate, by the check."""
    found = brought.found.get("counts", {})
    return {fate: int(found.get(fate.value, 0)) for fate in Fate}


def changing(brought: Import) -> int:
    """Return how many rows would change the register, or have changed it."""
    numbers = counts(brought)
    return numbers[Fate.NEW] + numbers[Fate.CHANGED]


def sentence(brought: Import) -> str:
    """Return what a check found, in numbers; or of what was applied, what was done."""
    numbers, rows = counts(brought), sum(counts(brought).values())
    is_applied = brought.status == Import.Status.APPLIED
    if numbers[Fate.UNCHANGED] == rows:
        return NOTHING
    changed = changing(brought)
    if changed:
        verb = "changed" if is_applied else "would change"
        fates = [fate for fate in (Fate.NEW, Fate.CHANGED) if numbers[fate]]
        each = [f"{numbers[fate]:,} {fate.value}" for fate in fates]
        said = f"{changed:,} of {rows:,} row{_s(rows)} {verb} the register: {', '.join(each)}."
    else:
        said = f"Nothing would change: none of the {rows:,} row{_s(rows)} can be applied as it is."
    others = [
        f"{numbers[fate]:,} {OTHERS[fate][is_applied][numbers[fate] != 1]}"
        for fate in OTHERS
        if numbers[fate]
    ]
    return f"{said} {_capital(get_text_list(others, 'and'))}." if others else said


def became(brought: Import) -> str:
    """Return what became of an import, in a few words."""
    if brought.status == Import.Status.APPLIED:
        number = changing(brought)
        return f"Applied: {number:,} row{_s(number)} changed the register"
    if brought.status == Import.Status.CHECKED:
        number = changing(brought)
        if number:
            return f"Checked, not applied: {number:,} row{_s(number)} would change the register"
        return "Checked: nothing to apply"
    return "Not checked yet"


def _s(number: int) -> str:
    return "" if number == 1 else "s"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
