"""Summaries: what a row shows to the public, a text for each field, and their differences in words.

It takes one query for each kind of part, however many rows there are.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from typing import Any

from django.db import models
from django.utils.formats import date_format
from django.utils.timezone import localtime

from registers.models import (
    Approver,
    Document,
    Gap,
    Name,
    Organisation,
    Overarching,
    Party,
    Protocol,
    Review,
    Succession,
)
from registers.models.document import Paper

# A field's words, or the words of each thing that stands under it.
Summary = dict[str, str | tuple[str, ...]]

# What is not the public's: notes for administrators, and columns that serve the machine.
EXCLUDED_FIELDS = {"admin_note", "key", "position", "updated_on"}
# What `_file` says in one.
EXCLUDED_PAPER_FIELDS = {"file", "name", "size", "uploaded_at"}
LONG = 120
ADDED = "Added to this register."


def summary(thing: models.Model) -> Summary | None:
    """Return what the stored `thing` shows to the public, by field; None if it is not public.

    A draft is not public, nor is what is not stored. A gap is public also before
    anything is explained of it: the number itself is then its summary.
    """
    said = summaries(type(thing), [thing.pk]).get(thing.pk)
    if said is None and isinstance(thing, Gap):
        return _own_words([Gap(reference=thing.reference)])[thing.pk]
    return said


def summaries(model: type[models.Model], keys: Collection[Any]) -> dict[Any, Summary]:
    """Return the summaries of several stored things of one model, by primary key.

    It takes one query for each kind of part, however many things there are.
    What is not public is left out.
    """
    stored = model._default_manager.filter(pk__in=keys)
    if issubclass(model, Protocol):
        stored = stored.exclude(status=Protocol.Status.DRAFT)
    relations = [field.name for field in model._meta.fields if field.is_relation]
    things = list(stored.select_related(*relations) if relations else stored)
    said = _own_words(things)
    for field, words in part_summaries(model, things).items():
        for key, own in said.items():
            own[field] = words.get(key, ())
    return said


def _own_words(things: Sequence[models.Model]) -> dict[Any, Summary]:
    """Return what each of several things of one kind says in its own fields."""
    fields = [
        (str(field.verbose_name).capitalize(), field)
        for field in (things[0]._meta.fields if things else ())
        if not isinstance(field, models.AutoField)
        and field.name
        not in EXCLUDED_FIELDS | (EXCLUDED_PAPER_FIELDS if isinstance(things[0], Paper) else set())
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


def describe_difference(before: Summary | None, after: Summary | None) -> str:
    """Return how two summaries differ, a line for each field, with the value before."""
    if before is None:
        return ADDED
    if after is None:
        return "Taken out of this register."
    return "\n".join(
        _difference(field, before.get(field, ""), value)
        for field, value in after.items()
        if before.get(field, "") != value
    )


def kind_of_change(what: str) -> str:
    """Return 'added', 'withdrawn', 'in force again' or 'changed' for a change, by its words.

    The words were written when it happened, so later changes do not alter it.
    """
    published, withdrawn = Protocol.Status.PUBLISHED.label, Protocol.Status.WITHDRAWN.label
    kinds = {
        ADDED: "added",
        _difference("Status", published, withdrawn): "withdrawn",
        _difference("Status", withdrawn, published): "in force again",
    }
    return next((kinds[line] for line in what.splitlines() if line in kinds), "changed")


def value_before(what: str, field: str, now: str) -> str:
    """Return the value of `field` before a change, read from the change's words.

    `now` is its value after the change, and is returned where the words do not name the field.
    """
    for line in what.splitlines():
        for begins, ends in (
            (f"{field} changed from ", f" to {one_line(now)}."),
            (f"{field} changed. It was: ", "."),
        ):
            if line.startswith(begins) and line.endswith(ends):
                return line.removeprefix(begins).removesuffix(ends)
    return now


def _difference(field: str, old: str | tuple[str, ...], new: str | tuple[str, ...]) -> str:
    """Return one line. Of several things under a field, those that came or went are named."""
    if isinstance(old, tuple) and isinstance(new, tuple) and max(len(old), len(new)) > 1:
        return _came_and_went(field, old, new)
    was, now = one_line(old), one_line(new)
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


ROLES = {"Lead organisation": Party.Role.LEAD, "Other organisations": Party.Role.PARTNER}

# By the words for a kind of part, what each thing has of it, by the things' keys.
Parts = dict[str, dict[Any, str | tuple[str, ...]]]


def part_summaries(model: type[models.Model], things: Sequence[Any]) -> Parts:
    """Return what stands in other tables and belongs to the things, which are of one kind."""
    if model is Protocol:
        return _parts_of_protocols([thing.pk for thing in things])
    if model is Organisation:
        return _parts_of_organisations([thing.pk for thing in things])
    if issubclass(model, Paper):
        return {"File": {thing.pk: _file(thing) for thing in things}}
    return {}


def _parts_of_protocols(keys: Collection[str]) -> Parts:
    parties = _grouped(Party.objects.select_related("organisation"), "protocol", keys)
    over = Overarching.objects.order_by("overarching")
    documents = _grouped(Document.objects.listed(), "protocol", keys)
    reviews = _grouped(Review.objects.all(), "protocol", keys)
    return {
        **{
            words: {
                key: tuple(_party(party) for party in theirs if party.role == role)
                for key, theirs in parties.items()
            }
            for words, role in ROLES.items()
        },
        "Comes under": _words(_grouped(over, "protocol", keys), lambda each: each.overarching_id),
        "Documents": _words(documents, lambda paper: f"{paper.title} ({_file(paper)})"),
        "Review": _words(reviews, _review),
    }


def _parts_of_organisations(keys: Collection[int]) -> Parts:
    successions = Succession.objects.select_related("successor")
    approvers = Approver.objects.order_by("job_title")
    return {
        "Names": _words(_grouped(Name.objects.all(), "organisation", keys), _name),
        "Became part of": _words(_grouped(successions, "organisation", keys), _succession),
        "Approvers": _words(
            _grouped(approvers, "organisation", keys), lambda approver: approver.job_title
        ),
    }


def _grouped(
    parts: models.QuerySet[Any], owner: str, keys: Collection[Any]
) -> dict[Any, list[Any]]:
    """Return parts in their order by whose they are: one query for all."""
    found = defaultdict(list)
    for part in parts.filter(**{f"{owner}__in": keys}):
        found[getattr(part, f"{owner}_id")].append(part)
    return found


def _words(
    parts: dict[Any, list[Any]], say: Callable[[Any], str]
) -> dict[Any, str | tuple[str, ...]]:
    return {key: tuple(map(say, several)) for key, several in parts.items()}


def _file(paper: Paper) -> str:
    """Return the name of a paper's file, and when it came: the next may have the same name."""
    if not paper.file:
        return ""
    at = paper.uploaded_at and date_format(localtime(paper.uploaded_at), "j F Y, H:i:s")
    return paper.file_name + (f", uploaded {at}" if at else "")


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
    return words + (f"; note: {one_line(review.note)}" if review.note else "")


def _succession(succession: Succession) -> str:
    words = succession.successor.name
    if succession.happened_on:
        words += f" on {date_format(succession.happened_on, 'j F Y')}"
    return words + (f" ({succession.source})" if succession.source else "")


def one_line(value: str | tuple[str, ...]) -> str:
    """Return a value on one line, without a full stop at its end."""
    words = value if isinstance(value, str) else "; ".join(value)
    return " ".join(words.split()).removesuffix(".")
