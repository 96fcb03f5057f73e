"""What stands in other tables and belongs to a thing, as the thing says it to the public.

It asks once for each kind of part, however many things there are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from typing import Any

from django.db import models
from django.utils.formats import date_format
from django.utils.timezone import localtime

from registers.models import (
    Approver,
    Document,
    Name,
    Organisation,
    Overarching,
    Party,
    Protocol,
    Review,
    Succession,
)
from registers.models.document import Paper

ROLES = {"Lead organisation": Party.Role.LEAD, "Other organisations": Party.Role.PARTNER}

# By the words for a kind of part, what each thing has of it, by the things' keys.
Parts = dict[str, dict[Any, str | tuple[str, ...]]]


def parts_of_each(model: type[models.Model], things: Sequence[Any]) -> Parts:
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
    return words + (f"; note: {folded(review.note)}" if review.note else "")


def _succession(succession: Succession) -> str:
    words = succession.successor.name
    if succession.happened_on:
        words += f" on {date_format(succession.happened_on, 'j F Y')}"
    return words + (f" ({succession.source})" if succession.source else "")


def folded(value: str | tuple[str, ...]) -> str:
    """Return a value on one line, without a full stop at its end."""
    words = value if isinstance(value, str) else "; ".join(value)
    return " ".join(words.split()).removesuffix(".")
