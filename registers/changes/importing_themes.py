"""A theme that a spreadsheet brings becomes official."""

from __future__ import annotations

import datetime

from django.contrib.auth.models import User
from django.db.models import Max
from django.utils.text import slugify

from registers.changes.official import official_change, save, slugs_like
from registers.models import Theme

LONGEST = 90  # so that there is room for a number behind it
LAST_POSITION = 32_767


def import_theme(
    name: str, *, at: datetime.datetime, by: User | None = None, why: str = ""
) -> Theme:
    """Save a new theme behind all others, under the first free address; return it.

    Raises ValidationError.
    """
    wanted = slugify(name)[:LONGEST] or "theme"
    taken = set(Theme.objects.filter(slug__startswith=wanted).values_list("slug", flat=True))
    slug = next(each for each in slugs_like(wanted) if each not in taken)
    last = Theme.objects.aggregate(last=Max("position"))["last"]
    position = 0 if last is None else min(last + 1, LAST_POSITION)
    theme = Theme(name=name, slug=slug, position=position)
    with official_change(theme, at=at, by=by, why=why):
        theme._history_user = by  # type: ignore[attr-defined]
        save(theme)
    return theme
