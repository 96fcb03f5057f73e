"""The differences of two snapshots, field by field, with the value before and after.

A row that a snapshot points at, such as an organisation, is compared by its key:
that it was renamed in the meantime is no difference of what points at it.
"""

from __future__ import annotations

import datetime
import difflib
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.formats import date_format

from registers.history.parts import PART_KINDS, PartKind, file_text
from registers.history.snapshot import Snapshot, Values, blank_snapshot, comparable_value
from registers.models import Change, protocol_fields
from registers.models.options import BETWEEN, LinesField, lines_of

# The text piece by piece, each with whether the other side lacks it.
Side = tuple[tuple[str, bool], ...]

LABELS = {"slug": "Address"}
LONG = 120  # from so many characters on, the words that differ are marked
MOST_WORDS = 2_000  # beyond, comparing would be slow, and marks help nobody
MOST_PARTS = 100  # that differ: of more, as when a group gets a thousand members, the number
MOST_PAIRS = 50_000  # of one word on both sides: a few words again and again are as slow

# What the public does not read: notes for administrators, where a page stands among its
# like, and the mailboxes that are reminded of reviews.
PRIVATE_FIELDS = {"admin_note", "position", *protocol_fields.PRIVATE_FIELDS}
PRIVATE_PARTS = {"contact"}
# The days that stand for their month.
MONTHS = {each.name for each in protocol_fields.PROTOCOL_FIELDS if each.month}


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One field, or one thing that stands under it, as text. An empty one: nothing.

    `group` is the name of all the things under a field of which there can be more than
    one; empty for a field that has one value. `is_list` says that there are, or were,
    several of them.
    """

    field: str
    was: str
    now: str
    group: str = ""
    is_list: bool = False

    @property
    def before(self) -> Side:
        """The text before, cut where it differs."""
        return self._sides[0]

    @property
    def after(self) -> Side:
        """The text after, cut where it differs."""
        return self._sides[1]

    @cached_property
    def _sides(self) -> tuple[Side, Side]:
        return split_at_differences(self.was, self.now)


@dataclass(frozen=True, kw_only=True)
class ChangeDescription:
    """One change: how the snapshots differ, and the lines of its words that they do not say."""

    change: Change
    differences: list[Difference]
    words: list[str]


def describe(
    model: type[models.Model],
    changes: Sequence[Change],
    *,
    most: int,
    private: bool = False,
    hidden: Collection[str] = (),
) -> list[ChangeDescription]:
    """Describe the first `most` changes of a row of `model`, given newest first.

    Each is compared with the next in the list that is of the same row: a merge
    moves the changes of one organisation among those of another. Where either
    has no snapshot, the change's own words are all that is shown. `private` and
    `hidden` are as for `differences`; with `private` all that was there when a row was
    added is a difference too.
    """
    described = []
    for place, change in enumerate(changes[:most], start=1):
        before = _before(change, changes[place:])
        was = before.snapshot if before else None
        if private and change.kind == Change.Kind.ADDED and not was:
            was = blank_snapshot(model)
        found: list[Difference] = []
        if was and change.snapshot:
            found = differences(model, was, change.snapshot, private=private, hidden=hidden)
        words = (change.event if found else change.what).splitlines()
        if was and change.snapshot and not found:
            found = list(filter(None, map(_taken_out, words)))
            words = [line for line in words if not _taken_out(line)]
        described.append(ChangeDescription(change=change, differences=found, words=words))
    return described


def _taken_out(line: str) -> Difference | None:
    """Return the difference of which a line tells, if what differed was taken out of both sides."""
    field, _, sides = line.removesuffix(".").partition(" changed from ")
    side = sides[: (len(sides) - len(" to ")) // 2]
    is_alike = bool(side) and sides == f"{side} to {side}"
    return Difference(field=field, was=side, now=side) if is_alike else None


def _before(change: Change, earlier: Sequence[Change]) -> Change | None:
    """Return the newest of the earlier ones that is of the same thing, or may be."""
    same = (e for e in earlier if not e.snapshot or e.subject_key == change.subject_key)
    return next(same, None)


def differences(
    model: type[models.Model],
    before: Snapshot,
    after: Snapshot,
    *,
    private: bool = False,
    hidden: Collection[str] = (),
) -> list[Difference]:
    """Return how two snapshots of a `model` differ: first its own fields, then its parts.

    `private` adds what only editors read, but for the kinds of parts in `hidden`. Public
    parts of a kind that one of the snapshots is too old to know are left out.
    """
    found = list(_fields(model, before["fields"], after["fields"], private=private))
    for name, kinds in PART_KINDS.items():
        is_private = name in PRIVATE_PARTS
        if name in hidden or (is_private and not private):
            continue
        if not is_private and not (name in before["parts"] and name in after["parts"]):
            continue
        old, new = (each["parts"].get(name, []) for each in (before, after))
        for kind in kinds if old != new else ():
            found += _parts(
                kind, list(filter(kind.includes, old)), list(filter(kind.includes, new))
            )
    return found


def _fields(
    model: type[models.Model], before: Values, after: Values, *, private: bool
) -> Iterator[Difference]:
    for field in model._meta.fields:
        name = field.name
        # What no editor writes follows from the rest, as the day of the last update.
        if field.primary_key or not field.editable or name not in after:
            continue
        if name in PRIVATE_FIELDS and not private:
            continue
        old, new = before.get(name), after[name]
        if old != new and comparable_value(old) != comparable_value(new):
            is_file = isinstance(field, models.FileField)
            sides = (
                (file_text(before), file_text(after))
                if is_file
                else (display(field, old), display(field, new))
            )
            yield _difference(field_label(field), *sides)


def field_label(field: models.Field[Any, Any]) -> str:
    """Return what a field is called where its differences are shown."""
    return LABELS.get(field.name, str(field.verbose_name).capitalize())


def _parts(kind: PartKind, old: list[Values], new: list[Values]) -> Iterator[Difference]:
    """Give what went, what was altered and what came, and whether the others changed places."""
    was, now = ({kind.identity(part): part for part in parts} for parts in (old, new))
    is_list = max(len(old), len(new)) > 1
    special = kind.label_of_list if is_list else ""
    label, group = special or kind.label, kind.several
    pairs = [
        (one, other)
        for one, other in ((was.get(key), now.get(key)) for key in was | now)
        if not (one and other and kind.are_alike(one, other))
    ]
    for pair in pairs[:MOST_PARTS]:
        texts = (kind.text(part) if part else "" for part in pair)
        yield _difference(label, *texts, group=group, is_list=is_list)
    rest = pairs[MOST_PARTS:]
    if rest:
        numbers = (sum(part is not None for part in side) for side in zip(*rest, strict=True))
        more = [f"{each:,} more" if each else "" for each in numbers]
        yield Difference(field=label, was=more[0], now=more[1], group=group, is_list=is_list)
    if kind.order and [key for key in was if key in now] != [key for key in now if key in was]:
        lists = ("; ".join(kind.text(part) for part in parts) for parts in (old, new))
        yield _difference(kind.order, *lists)


def _difference(
    label: str, before: str, after: str, *, group: str = "", is_list: bool = False
) -> Difference:
    # Another file can have the name and the size of the one before.
    after = after if after != before else f"{after}, another one"
    return Difference(field=label, was=before, now=after, group=group, is_list=is_list)


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


def words_of(found: Iterable[Difference]) -> str:
    """Return differences as text, a line for each field, with the value before."""
    grouped = groupby(found, key=lambda each: each.group or each.field)
    return "\n".join(_line(field, list(several)) for field, several in grouped)


def _line(field: str, found: list[Difference]) -> str:
    if found[0].is_list:
        pairs = [(_text(each.was), _text(each.now)) for each in found]
        several = {
            "added": [now for was, now in pairs if not was],
            # Of more than are listed, both sides are a number.
            "changed": [
                now if was == now else f"{was}, now {now}" for was, now in pairs if was and now
            ],
            "taken out": [was for was, now in pairs if not now],
        }
        said = [f"{did}: {'; '.join(texts)}" for did, texts in several.items() if texts]
        return f"{field} {', and '.join(said)}."
    was, now = (
        "; ".join(filter(None, map(_text, sides)))
        for sides in zip(*((each.was, each.now) for each in found), strict=True)
    )
    if not was:
        return f"{field} recorded: {now}."
    if not now:
        return f"{field} taken out; it was: {was}."
    if max(len(was), len(now)) > LONG:
        return f"{field} changed. It was: {was}."
    return f"{field} changed from {was} to {now}."


def _text(side: str) -> str:
    """Return a side on one line, without a full stop at its end."""
    return " ".join(side.split()).removesuffix(".")


def display(field: models.Field[Any, Any], value: Any) -> str:
    """Return a snapshot's value of `field` as it is displayed; empty where there is none."""
    if value is None or value == "":
        return ""
    if isinstance(value, dict):
        return str(value["says"])
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(field, LinesField):
        labels = {each.name: each.label for each in protocol_fields.PROTOCOL_FIELDS}
        return BETWEEN.join(labels.get(line, line) for line in lines_of(value))
    if isinstance(field, models.DateField):
        return _date(field, value)
    return str(dict(field.flatchoices).get(value, value))


def _date(field: models.DateField[Any, Any], value: str) -> str:
    if isinstance(field, models.DateTimeField):
        moment = timezone.localtime(datetime.datetime.fromisoformat(value))
        return date_format(moment, "j F Y, H:i")
    day = datetime.date.fromisoformat(value)
    return date_format(day, "F Y" if field.name in MONTHS else "j F Y")
