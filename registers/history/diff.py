"""How two records of a thing differ, field by field: what was said before, and what after.

A thing in another table, such as an organisation, is the same while its key
is: that it was renamed meanwhile is no difference of what names it.
"""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import models

from registers.history.snapshot import KINDS, Kind, Record, Values, bare, file_words, said
from registers.models import Change, Organisation, Protocol

# The text piece by piece, each with whether the other side lacks it.
Side = tuple[tuple[str, bool], ...]

LABELS = {"slug": "Address"}
LONG = 120  # from so many characters on, the words that differ are marked
MOST_WORDS = 2_000  # beyond, comparing would be slow, and marks help nobody
MOST_PAIRS = 50_000  # of one word on both sides: a few words again and again are as slow

# Of what has a record, how the lines of `statement` begin: their words stand in the record too.
IN_THE_RECORD: dict[type[models.Model], tuple[str, ...]] = {
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
class Told:
    """One change: how the records differ, and in its own words what they do not tell."""

    change: Change
    differences: list[Difference]
    words: list[str]


def told(model: type[models.Model], changes: Sequence[Change], *, most: int) -> list[Told]:
    """Tell the first `most` changes of a thing of `model`, given newest first.

    Each is told beside the next in the list that is of the same thing: a merge
    moves the changes of one organisation among those of another. Where no
    record was kept of either, the change's own words stand alone.
    """
    return [
        _told(model, change, _before(model, change, changes[place:]))
        for place, change in enumerate(changes[:most], start=1)
    ]


def whose(model: type[models.Model], change: Change) -> Any:
    """Return the key of the thing that a change was made to; None where no record says it."""
    pk = model._meta.pk
    return change.record["fields"].get(pk.name) if change.record and pk else None


def _before(model: type[models.Model], change: Change, earlier: Sequence[Change]) -> Change | None:
    """Return the newest of the earlier ones that is of the same thing, or may be."""
    key = whose(model, change)
    same = (each for each in earlier if not each.record or whose(model, each) == key)
    return next(same, None)


def _told(model: type[models.Model], change: Change, before: Change | None) -> Told:
    lines = change.what.splitlines()
    found: list[Difference] = []
    if before and before.record and change.record:
        found = differences(model, before.record, change.record)
    words = [line for line in lines if not (found and line.startswith(IN_THE_RECORD[model]))]
    return Told(change=change, differences=found, words=words)


def differences(model: type[models.Model], before: Record, after: Record) -> list[Difference]:
    """Return how two records of a `model` differ: first its own fields, then its parts."""
    found = list(_fields(model, before["fields"], after["fields"]))
    for name in after["parts"]:
        old, new = before["parts"].get(name, []), after["parts"][name]
        for kind in KINDS[name]:
            found += _parts(kind, list(filter(kind.chosen, old)), list(filter(kind.chosen, new)))
    return found


def _fields(model: type[models.Model], before: Values, after: Values) -> Iterator[Difference]:
    for field in model._meta.fields:
        name = field.name
        # What no editor writes follows from the rest, as the day of the last update.
        if field.primary_key or not field.editable or name not in after:
            continue
        old, new = before.get(name), after[name]
        if bare(old) != bare(new):
            is_file = isinstance(field, models.FileField)
            sides = (
                (file_words(before), file_words(after))
                if is_file
                else (
                    said(field, old),
                    said(field, new),
                )
            )
            yield _difference(LABELS.get(name, str(field.verbose_name).capitalize()), *sides)


def _parts(kind: Kind, old: list[Values], new: list[Values]) -> Iterator[Difference]:
    """Give what went, what was altered and what came, and whether the others changed places."""
    was, now = ({kind.same(part): part for part in parts} for parts in (old, new))
    for key in was | now:
        one, other = was.get(key), now.get(key)
        if not (one and other and kind.said(one) == kind.said(other)):
            yield _difference(kind.label, *(kind.words(p) if p else "" for p in (one, other)))
    if kind.order and [key for key in was if key in now] != [key for key in now if key in was]:
        lists = ("; ".join(kind.words(part) for part in parts) for parts in (old, new))
        yield _difference(kind.order, *lists)


def _difference(label: str, before: str, after: str) -> Difference:
    # Another file can have the name and the size of the one before.
    old, new = pieces(before, after if after != before else f"{after}, another one")
    return Difference(field=label, before=old, after=new)


def pieces(before: str, after: str) -> tuple[Side, Side]:
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
