"""What a thing says to the public, field by field, and how two such statements differ, in words."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Sequence
from typing import Any

from django.db import models
from django.utils.formats import date_format

from registers.history.summary_parts import folded, parts_of_each
from registers.models import Gap, Protocol
from registers.models.document import Paper

# A field's words, or the words of each thing that stands under it.
Statement = dict[str, str | tuple[str, ...]]

# What is not the public's: notes for administrators, and columns that serve the machine.
UNSAID = {"admin_note", "key", "position", "updated_on"}
# What `_file` says in one.
UNSAID_OF_PAPERS = {"file", "name", "size", "uploaded_at"}
LONG = 120
ADDED = "Added to this register."


def statement(thing: models.Model) -> Statement | None:
    """Return what the stored `thing` says in public, by field; None if it says nothing there.

    A draft says nothing, nor does a thing that is not stored. But a number that
    nobody has told of is there all the same: it is no part of the register.
    """
    said = statements(type(thing), [thing.pk]).get(thing.pk)
    if said is None and isinstance(thing, Gap):
        return _own_words([Gap(reference=thing.reference)])[thing.pk]
    return said


def statements(model: type[models.Model], keys: Collection[Any]) -> dict[Any, Statement]:
    """Return what `statement` does of each stored thing of one kind, by their keys.

    It asks once for each kind of part, however many things there are. What
    says nothing in public is left out.
    """
    stored = model._default_manager.filter(pk__in=keys)
    if issubclass(model, Protocol):
        stored = stored.exclude(status=Protocol.Status.DRAFT)
    relations = [field.name for field in model._meta.fields if field.is_relation]
    things = list(stored.select_related(*relations) if relations else stored)
    said = _own_words(things)
    for field, words in parts_of_each(model, things).items():
        for key, statement in said.items():
            statement[field] = words.get(key, ())
    return said


def _own_words(things: Sequence[models.Model]) -> dict[Any, Statement]:
    """Return what each of several things of one kind says in its own fields."""
    fields = [
        (str(field.verbose_name).capitalize(), field)
        for field in (things[0]._meta.fields if things else ())
        if not isinstance(field, models.AutoField)
        and field.name not in UNSAID | (UNSAID_OF_PAPERS if isinstance(things[0], Paper) else set())
    ]
    return {thing.pk: {words: _said(thing, field) for words, field in fields} for thing in things}


def _said(thing: models.Model, field: models.Field[Any, Any]) -> str:
    """Return a field's value as a reader would say it."""
    value = getattr(thing, field.name)
    if value is None or value == "":
        return ""
    if field.choices:
        return str(dict(field.flatchoices)[value])
    if field.name == "review_date":
        return date_format(value, "F Y")
    if isinstance(value, datetime.date):
        return date_format(value, "j F Y")
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def what_changed(before: Statement | None, after: Statement | None) -> str:
    """Return how two statements differ, a line for each field. What was there before is quoted."""
    if before is None:
        return ADDED
    if after is None:
        return "Taken out of this register."
    return "\n".join(
        _difference(field, before.get(field, ""), value)
        for field, value in after.items()
        if before.get(field, "") != value
    )


def kind_of(what: str) -> str:
    """Return in a word what the words of a change say: added, withdrawn, in force again, changed.

    The words were written when it happened, so later changes do not alter it.
    """
    published, withdrawn = Protocol.Status.PUBLISHED.label, Protocol.Status.WITHDRAWN.label
    kinds = {
        ADDED: "added",
        _difference("Status", published, withdrawn): "withdrawn",
        _difference("Status", withdrawn, published): "in force again",
    }
    return next((kinds[line] for line in what.splitlines() if line in kinds), "changed")


def was(what: str, field: str, now: str) -> str:
    """Return what `field` said before a change, by the change's words; `now` if they tell nothing.

    `now` is what it said after the change.
    """
    for line in what.splitlines():
        for begins, ends in (
            (f"{field} changed from ", f" to {folded(now)}."),
            (f"{field} changed. It was: ", "."),
        ):
            if line.startswith(begins) and line.endswith(ends):
                return line.removeprefix(begins).removesuffix(ends)
    return now


def _difference(field: str, old: str | tuple[str, ...], new: str | tuple[str, ...]) -> str:
    """Return one line. Of several things under a field, those that came or went are named."""
    if isinstance(old, tuple) and isinstance(new, tuple) and max(len(old), len(new)) > 1:
        return _came_and_went(field, old, new)
    was, now = folded(old), folded(new)
    if not was:
        return f"{field} recorded: {now}."
    if not now:
        return f"{field} taken out; it was: {was}."
    if max(len(was), len(now)) > LONG:
        return f"{field} changed. It was: {was}."
    return f"{field} changed from {was} to {now}."


def _came_and_went(field: str, old: tuple[str, ...], new: tuple[str, ...]) -> str:
    came = "; ".join(one for one in new if one not in old)
    went = "; ".join(one for one in old if one not in new)
    said = [f"added: {came}" if came else "", f"taken out: {went}" if went else ""]
    return f"{field} " + (", and ".join(filter(None, said)) or "put in another order") + "."
