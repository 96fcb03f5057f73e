"""What other things were called at a time of the past: organisations, protocols, themes."""

from __future__ import annotations

import datetime
from collections.abc import Collection
from typing import Any

from django.db import models
from django.db.models.fields.json import KT

from registers.history.summary import was
from registers.models import Change, Organisation, Protocol, Theme

# The field of a change that points at such a thing, the field with its name, and that in words.
NAMED: dict[type[models.Model], tuple[str, str, str]] = {
    Organisation: ("organisation", "name", "Official name"),
    Protocol: ("protocol", "title", "Title"),
}


def called(
    model: type[models.Model], keys: Collection[Any], at: datetime.datetime
) -> dict[Any, str]:
    """Return by key what things of `model` were called just before `at`.

    The last record by then says so. Where none was kept by then, today's name is
    followed back through the words of all changes since. What is gone is left out.
    """
    subject, field, label = NAMED[model]
    recorded = (
        Change.objects.filter(**{subject: models.OuterRef("pk")}, made_at__lt=at)
        .filter(record__isnull=False)
        .annotate(said=KT(f"record__fields__{field}"))
    )
    things = (
        model._default_manager.filter(pk__in=keys)
        .annotate(said=models.Subquery(recorded.values("said")[:1]))
        .values_list("pk", field, "said")
    )
    names: dict[Any, str] = {}
    unsure: dict[Any, str] = {}
    for key, today, said in things:
        (unsure if said is None else names)[key] = today if said is None else said
    if unsure:
        since = Change.objects.filter(**{f"{subject}__in": unsure}, made_at__gte=at)
        told = since.filter(what__contains=f"{label} changed").values_list(subject, "what")
        for key, what in told:  # the newest first
            unsure[key] = was(what, label, unsure[key])
    return names | unsure


def theme_called(theme: Theme, at: datetime.datetime) -> str:
    """Return what a theme was called just before `at`: no change points at it, but its words do."""
    name = theme.name
    since = Change.objects.filter(protocol=None, organisation=None, made_at__gte=at)
    for what in since.filter(what__contains="Name changed").values_list("what", flat=True):
        begins = f"Theme '{name}': "
        if what.startswith(begins):
            name = was(what.removeprefix(begins), "Name", name)
    return name
