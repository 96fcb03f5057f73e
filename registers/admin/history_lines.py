"""The lines of a history: each official change, whose it was, and whether it can be put back."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.formats import date_format

from registers.changes.restore import is_of_another, merged_after, merges_into
from registers.history.diff import Told, told, whose
from registers.models import Change, Merge, Organisation

NO_RECORD = "No record of this state was kept, so it cannot be put back."
OF_ANOTHER = "This is the state of another organisation, so it cannot be put back here."
BEHIND_A_MERGE = "{gone} was merged into this one after it, so it cannot be put back."
TODAY = "This is how it stands today."


@dataclass(frozen=True, kw_only=True)
class Line:
    """One change as it is shown. `other`: the name of the organisation that it was made to.

    `instead` says why the state cannot be put back; empty where nothing but
    what a person may do stands in its way.
    """

    told: Told
    when: str
    other: str
    instead: str


def lines(thing: models.Model, changes: models.QuerySet[Change], page: Any) -> list[Line]:
    """Return the lines of a page of all the `changes` of `thing`, the newest first."""
    first, most = page.start_index() - 1, page.paginator.per_page
    # One more, for the last of the page to be compared with.
    shown = list(changes[first : first + most + 1])
    beyond = _beyond(type(thing), shown, changes[first + most + 1 :], most)
    on_page = told(type(thing), [*shown, *beyond], most=most)
    others = _names_of_others(thing, shown[:most])
    merges = merges_into(thing)
    whens = moments(each.change.made_at for each in on_page)
    return [
        Line(
            told=each,
            when=when,
            other=others.get(whose(type(thing), each.change), ""),
            instead=_instead(thing, each.change, merges, newest=first + place == 0),
        )
        for place, (each, when) in enumerate(zip(on_page, whens, strict=True))
    ]


def moments(times: Iterable[datetime.datetime]) -> list[str]:
    """Return times in words, with the seconds of those that share a minute with another."""
    local = [timezone.localtime(time) for time in times]
    words = [date_format(time, "j F Y, H:i") for time in local]
    count = Counter(words)
    return [
        date_format(time, "j F Y, H:i:s") if count[word] > 1 else word
        for time, word in zip(local, words, strict=True)
    ]


def _beyond(
    model: type[models.Model],
    shown: Sequence[Change],
    rest: models.QuerySet[Change],
    most: int,
) -> list[Change]:
    """Return what those are compared with whose like does not stand in `shown`, newest first."""
    if len(shown) <= most or shown[-1].record is None:
        return []
    wanted = {whose(model, change) for change in shown} - {whose(model, shown[-1]), None}
    found = []
    if wanted:
        for pk, key in rest.values_list("pk", "record__fields__id"):
            if not wanted or key is None:
                break
            if key in wanted:
                wanted.remove(key)
                found.append(pk)
    stored = Change.objects.in_bulk(found)
    return [stored[pk] for pk in found]


def _names_of_others(thing: models.Model, shown: Iterable[Change]) -> dict[Any, str]:
    """Return the names of the organisations that were merged into `thing`, by their keys."""
    if not isinstance(thing, Organisation):
        return {}
    # The oldest of the page last: where no merge says it, the newest name counts.
    names = {
        each.record["fields"]["id"]: each.record["fields"]["name"]
        for each in reversed(list(shown))
        if each.record and is_of_another(thing, each.record)
    }
    merges = Merge.objects.filter(gone_key__in=list(names)).order_by("pk")
    return names | dict(merges.values_list("gone_key", "gone_name"))


def _instead(thing: models.Model, change: Change, merges: list[Merge], *, newest: bool) -> str:
    if change.record is None:
        return NO_RECORD
    if is_of_another(thing, change.record):
        return OF_ANOTHER
    if newest:
        return TODAY
    merge = merged_after(merges, change.made_at)
    return BEHIND_A_MERGE.format(gone=merge.gone_name) if merge else ""
