"""The differences of two snapshots, field by field, with the value before and after.

A row that a snapshot points at, such as an organisation, is compared by its key:
that it was renamed in the meantime is no difference of what points at it.
"""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import models

from registers.history.snapshot import (
    PART_KINDS,
    PartKind,
    Snapshot,
    Values,
    comparable_value,
    display,
    file_text,
)
from registers.models import Change, Organisation, Protocol

# The text piece by piece, each with whether the other side lacks it.
Side = tuple[tuple[str, bool], ...]

LABELS = {"slug": "Address"}
LONG = 120  # from so many characters on, the words that differ are marked
MOST_WORDS = 2_000  # beyond, comparing would be slow, and marks help nobody
MOST_PAIRS = 50_000  # of one word on both sides: a few words again and again are as slow

# How lines of a summary begin that a snapshot says too, by model: they are not shown twice.
SNAPSHOT_LABELS: dict[type[models.Model], tuple[str, ...]] = {
    model: tuple(
        f"{label} "
        for label in (*(str(f.verbose_name).capitalize() for f in model._meta.fields), *parts)
    )
    for model, parts in {
        Protocol: ("Lead organisation", "Other organisations", "Comes under", "Documents"),
        Organisation: ("Names", "Became part of", "Approvers"),
    }.items()
}


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One field, or one thing that stands under it, before and after. An empty side: nothing."""

    field: str
    before: Side
    after: Side


@dataclass(frozen=True, kw_only=True)
class ChangeDescription:
    """One change: how the snapshots differ, and the lines of its summary that they do not show."""

    change: Change
    differences: list[Difference]
    words: list[str]


def describe(
    model: type[models.Model], changes: Sequence[Change], *, most: int
) -> list[ChangeDescription]:
    """Describe the first `most` changes of a row of `model`, given newest first.

    Each is compared with the next in the list that is of the same row: a merge
    moves the changes of one organisation among those of another. Where either
    has no snapshot, the change's own summary is all that is shown.
    """
    return [
        _describe(model, change, _before(model, change, changes[place:]))
        for place, change in enumerate(changes[:most], start=1)
    ]


def subject_key(model: type[models.Model], change: Change) -> Any:
    """Return the primary key of the row that a change was made to; None without a snapshot."""
    pk = model._meta.pk
    return change.record["fields"].get(pk.name) if change.record and pk else None


def _before(model: type[models.Model], change: Change, earlier: Sequence[Change]) -> Change | None:
    """Return the newest of the earlier ones that is of the same thing, or may be."""
    key = subject_key(model, change)
    same = (each for each in earlier if not each.record or subject_key(model, each) == key)
    return next(same, None)


def _describe(
    model: type[models.Model], change: Change, before: Change | None
) -> ChangeDescription:
    lines = change.what.splitlines()
    found: list[Difference] = []
    if before and before.record and change.record:
        found = differences(model, before.record, change.record)
    words = [line for line in lines if not (found and line.startswith(SNAPSHOT_LABELS[model]))]
    return ChangeDescription(change=change, differences=found, words=words)


def differences(model: type[models.Model], before: Snapshot, after: Snapshot) -> list[Difference]:
    """Return how two snapshots of a `model` differ: first its own fields, then its parts."""
    found = list(_fields(model, before["fields"], after["fields"]))
    for name in after["parts"]:
        old, new = before["parts"].get(name, []), after["parts"][name]
        for kind in PART_KINDS[name]:
            found += _parts(
                kind, list(filter(kind.includes, old)), list(filter(kind.includes, new))
            )
    return found


def _fields(model: type[models.Model], before: Values, after: Values) -> Iterator[Difference]:
    for field in model._meta.fields:
        name = field.name
        # What no editor writes follows from the rest, as the day of the last update.
        if field.primary_key or not field.editable or name not in after:
            continue
        old, new = before.get(name), after[name]
        if comparable_value(old) != comparable_value(new):
            is_file = isinstance(field, models.FileField)
            sides = (
                (file_text(before), file_text(after))
                if is_file
                else (
                    display(field, old),
                    display(field, new),
                )
            )
            yield _difference(LABELS.get(name, str(field.verbose_name).capitalize()), *sides)


def _parts(kind: PartKind, old: list[Values], new: list[Values]) -> Iterator[Difference]:
    """Give what went, what was altered and what came, and whether the others changed places."""
    was, now = ({kind.identity(part): part for part in parts} for parts in (old, new))
    for key in was | now:
        one, other = was.get(key), now.get(key)
        if not (one and other and kind.compared_values(one) == kind.compared_values(other)):
            yield _difference(kind.label, *(kind.text(p) if p else "" for p in (one, other)))
    if kind.order and [key for key in was if key in now] != [key for key in now if key in was]:
        lists = ("; ".join(kind.text(part) for part in parts) for parts in (old, new))
        yield _difference(kind.order, *lists)


def _difference(label: str, before: str, after: str) -> Difference:
    # Another file can have the name and the size of the one before.
    old, new = split_at_differences(before, after if after != before else f"{after}, another one")
    return Difference(field=label, before=old, after=new)


def split_at_differences(before: str, after: str) -> tuple[Side, Side]:
    """Cut two texts where they differ, in whole words. Short ones, and one alone, stay whole."""
    if not before or not after or max(len(before), len(after)) <= LONG:
        return _whole(before), _whole(after)
    old, new = (re.findall(r"\s*\S+\s*|\s+", text) for text in (before, after))
    if len(old) + len(new) > MOST_WORDS:
        return _whole(before), _whole(after)
    was, now = ([word.strip() for word in text] for text in (old, new))
    counts = Counter(now)
    if sum(counts[word] for word in was) > MOST_PAIRS:
        return _whole(before), _whole(after)
    steps = difflib.SequenceMatcher(None, was, now, autojunk=False).get_opcodes()
    return (
        _side((old[a:b], step != "equal") for step, a, b, _, _ in steps),
        _side((new[c:d], step != "equal") for step, _, _, c, d in steps),
    )


def _whole(text: str) -> Side:
    return ((text, False),) if text else ()


def _side(cuts: Iterable[tuple[list[str], bool]]) -> Side:
    return tuple(("".join(words), differs) for words, differs in cuts if words)
