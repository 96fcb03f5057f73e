"""What a thing says to the public, field by field, and how two such statements differ, in words."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any

from django.db import models
from django.utils.formats import date_format
from django.utils.timezone import localtime

from registers.models import Gap, Name, Organisation, Party, Protocol, Review, Succession
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
    stored = type(thing)._default_manager.filter(pk=thing.pk).first()  # noqa: SLF001 (Django's own)
    if stored is None and isinstance(thing, Gap):
        stored = Gap(reference=thing.reference)
    if stored is None or (isinstance(stored, Protocol) and stored.status == Protocol.Status.DRAFT):
        return None
    unsaid = UNSAID | (UNSAID_OF_PAPERS if isinstance(stored, Paper) else set())
    said = {
        str(field.verbose_name).capitalize(): _said(stored, field)
        for field in stored._meta.fields  # noqa: SLF001 (Django's own)
        if field.name not in unsaid and not isinstance(field, models.AutoField)
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
        return {
            **parties_said(list(thing.parties.select_related("organisation"))),
            "Comes under": tuple(thing.comes_under.values_list("reference", flat=True)),
            "Documents": tuple(
                f"{paper.title} ({_file(paper)})" for paper in thing.documents.listed()
            ),
            "Review": tuple(_review(review) for review in thing.reviews.all()),
        }
    if isinstance(thing, Paper):
        return {"File": _file(thing)}
    if isinstance(thing, Organisation):
        return {
            "Names": tuple(_name(name) for name in thing.names.all()),
            "Became part of": tuple(
                _succession(s) for s in thing.successions.select_related("successor")
            ),
            "Approvers": tuple(thing.approvers.values_list("job_title", flat=True)),
        }
    return {}


def _file(paper: Paper) -> str:
    """Return the name of a paper's file, and when it came: the next may have the same name."""
    if not paper.file:
        return ""
    at = paper.uploaded_at and date_format(localtime(paper.uploaded_at), "j F Y, H:i:s")
    return paper.file_name + (f", uploaded {at}" if at else "")


def parties_said(parties: Sequence[Party]) -> Statement:
    """Return what a protocol's statement says of its parties, given in their order."""
    return {
        "Lead organisation": tuple(_party(p) for p in parties if p.role == Party.Role.LEAD),
        "Other organisations": tuple(_party(p) for p in parties if p.role != Party.Role.LEAD),
    }


def _party(party: Party) -> str:
    words = party.organisation.name + (f" ({party.note})" if party.note else "")
    if party.name_as_published not in {"", party.organisation.name}:
        words += f", published as {party.name_as_published}"
    return words + (f", signed {date_format(party.signed_on, 'j F Y')}" if party.signed_on else "")


def _name(name: Name) -> str:
    also = f", also written {name.also_written}" if name.also_written else ""
    return f"{name.text} ({name.get_kind_display().lower()}{also})"


def _review(review: Review) -> str:
    words = f"{date_format(review.reviewed_on, 'j F Y')}, {review.get_outcome_display().lower()}"
    words += f"; decided by: {review.job_title}"
    # On one line, as a line is one thing that changed.
    return words + (f"; note: {_folded(review.note)}" if review.note else "")


def _succession(succession: Succession) -> str:
    words = succession.successor.name
    if succession.happened_on:
        words += f" on {date_format(succession.happened_on, 'j F Y')}"
    return words + (f" ({succession.source})" if succession.source else "")


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
            (f"{field} changed from ", f" to {_folded(now)}."),
            (f"{field} changed. It was: ", "."),
        ):
            if line.startswith(begins) and line.endswith(ends):
                return line.removeprefix(begins).removesuffix(ends)
    return now


def _difference(field: str, old: str | tuple[str, ...], new: str | tuple[str, ...]) -> str:
    """Return one line. Of several things under a field, those that came or went are named."""
    if isinstance(old, tuple) and isinstance(new, tuple) and max(len(old), len(new)) > 1:
        return _came_and_went(field, old, new)
    was, now = _folded(old), _folded(new)
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


def _folded(value: str | tuple[str, ...]) -> str:
    """Return a value on one line, without a full stop at its end."""
    words = value if isinstance(value, str) else "; ".join(value)
    return " ".join(words.split()).removesuffix(".")
