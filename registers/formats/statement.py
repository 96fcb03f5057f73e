"""What a thing says to the public, field by field, and how two such statements differ, in words."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import Any

from django.db import models
from django.utils.formats import date_format

from registers.models import Name, Organisation, Party, Protocol, Succession

Statement = dict[str, str]

# What is not the public's: notes for administrators, and columns that serve the machine.
UNSAID = {"admin_note", "key", "position", "updated_on"}
LONG = 120


def statement(thing: models.Model) -> Statement | None:
    """Return what the stored `thing` says in public, by field; None if it says nothing there.

    A draft says nothing, nor does a thing that is not stored.
    """
    stored = type(thing)._default_manager.filter(pk=thing.pk).first()  # noqa: SLF001 (Django's own)
    if stored is None or (isinstance(stored, Protocol) and stored.status == Protocol.Status.DRAFT):
        return None
    said = {
        str(field.verbose_name).capitalize(): _said(stored, field)
        for field in stored._meta.fields  # noqa: SLF001 (Django's own)
        if field.name not in UNSAID and not isinstance(field, models.AutoField)
    }
    return said | _parts(stored)


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


def _parts(thing: models.Model) -> Statement:
    """Return what stands in other tables and belongs to the thing."""
    if isinstance(thing, Protocol):
        parties = list(thing.parties.select_related("organisation"))
        return {
            "Lead organisation": _lines(_party(p) for p in parties if p.role == Party.Role.LEAD),
            "Other organisations": _lines(_party(p) for p in parties if p.role != Party.Role.LEAD),
            "Comes under": _lines(thing.comes_under.values_list("reference", flat=True)),
            "Documents": _lines(f"{d.title} ({d.file.name})" for d in thing.documents.all()),
        }
    if isinstance(thing, Organisation):
        return {
            "Names": _lines(_name(name) for name in thing.names.all()),
            "Became part of": _lines(
                _succession(s) for s in thing.successions.select_related("successor")
            ),
            "Approvers": _lines(thing.approvers.values_list("job_title", flat=True)),
        }
    return {}


def _party(party: Party) -> str:
    words = party.organisation.name + (f" ({party.note})" if party.note else "")
    if party.name_as_published not in {"", party.organisation.name}:
        words += f", published as {party.name_as_published}"
    return words + (f", signed {date_format(party.signed_on, 'j F Y')}" if party.signed_on else "")


def _name(name: Name) -> str:
    also = f", also written {name.also_written}" if name.also_written else ""
    return f"{name.text} ({name.get_kind_display().lower()}{also})"


def _succession(succession: Succession) -> str:
    words = succession.successor.name
    if succession.happened_on:
        words += f" on {date_format(succession.happened_on, 'j F Y')}"
    return words + (f" ({succession.source})" if succession.source else "")


def _lines(values: Iterable[str]) -> str:
    return "; ".join(values)


def what_changed(before: Statement | None, after: Statement | None) -> str:
    """Return how two statements differ, a line for each field; short values are quoted whole."""
    if before is None:
        return "Added to this register."
    if after is None:
        return "Taken out of this register."
    return "\n".join(
        _difference(field, before.get(field, ""), value)
        for field, value in after.items()
        if before.get(field, "") != value
    )


def _difference(field: str, old: str, new: str) -> str:
    if max(len(old), len(new)) > LONG or "\n" in old + new:
        return f"{field} changed."
    old, new = old.removesuffix("."), new.removesuffix(".")
    if not old:
        return f"{field} recorded: {new}."
    if not new:
        return f"{field} taken out; it was: {old}."
    return f"{field} changed from {old} to {new}."
