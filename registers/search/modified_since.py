"""What was officially changed since a day or a time: for programs that keep a copy up to date."""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils import timezone

from registers.models import Change, OrganisationAltered, ProtocolAltered
from registers.search.fields import TextField, shorten
from registers.search.index import Mask
from registers.search.query_string import ProtocolFilter, parameter

# With the space that a plus sign is in a query string.
OFFSET = re.compile(r" (?=[0-9]{2}:[0-9]{2}\Z)")
WRITTEN = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9:.]+(Z|[+-][0-9]{2}:[0-9]{2})?)?", re.I)
# Nothing was changed outside these, and times of other offsets can be worked out within.
FIRST = datetime.datetime(2, 1, 1, tzinfo=datetime.UTC)
LAST = datetime.datetime(9998, 12, 31, tzinfo=datetime.UTC)


@dataclass(frozen=True)
class Moment:
    """A moment as it was written. A day stands for its beginning in Europe/London."""

    text: str
    at: datetime.datetime

    def __str__(self) -> str:
        return self.text


class MomentField(TextField):
    """A day such as 2026-11-22, or a time such as 2026-11-22T09:00:00Z.

    A time without an offset is one in Europe/London.
    """

    def clean(self, value: Any) -> Moment | None:
        """Return the moment, or None. Raises ValidationError."""
        text = OFFSET.sub("+", super().clean(value))
        if not text:
            return None
        try:
            at = datetime.datetime.fromisoformat(text.upper()) if WRITTEN.fullmatch(text) else None
        except ValueError:
            at = None
        if at is None:
            raise ValidationError(
                f"{self.label}: ‘{shorten(text)}’ is not a date or a time. Enter it like"
                " 2026-11-22 or 2026-11-22T09:00:00Z."
            )
        return Moment(text, _aware(at))


def _aware(at: datetime.datetime) -> datetime.datetime:
    if at.year < FIRST.year:
        return FIRST
    if at.year > LAST.year:
        return LAST
    return at if at.tzinfo else timezone.make_aware(at)


def modified_since(
    moment: Moment, owner: str, key: str, altered: type[ProtocolAltered | OrganisationAltered]
) -> QuerySet[Any, Any]:
    """Return the column `key` of what was officially changed at that moment or since.

    That is by a change of its own, or by one of another that altered what is public of it.
    `owner` is what has the changes: 'protocol' or 'organisation'. What has no search entry
    gives a null.
    """
    own = Change.objects.public()
    found = [
        each.filter(made_at__gte=moment.at, **{f"{owner}__isnull": False})
        for each in (own.order_by(), altered._default_manager.order_by())
    ]
    columns = [each.values_list(f"{owner}__{key}", flat=True) for each in found]
    return columns[0].union(columns[1])


class JsonFilter(ProtocolFilter):
    """The parameters of lists of protocols in JSON: the same, and one for programs."""

    modified_since = parameter(MomentField, "Modified since")

    @cached_property
    def _masks(self) -> dict[str, Mask]:
        masks, moment = super()._masks, self.cleaned.get("modified_since")
        if moment is None:
            return masks
        entries = modified_since(moment, "protocol", "search_entry__id", ProtocolAltered)
        positions = np.fromiter((key for key in entries if key is not None), np.int64)
        modified = np.zeros(self.index.size, bool)
        # One that was added since the index was read has no position there.
        modified[positions[positions < self.index.size]] = True
        return masks | {"modified_since": modified}
