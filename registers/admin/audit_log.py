"""Every save of a thing and of its parts, in one list by time, as simple-history keeps them."""

from __future__ import annotations

import datetime
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page, Paginator
from django.db import models
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format

from registers.history.diff import Difference, differences
from registers.history.snapshot import PART_KINDS, PARTS, Values, to_json
from registers.models import Contact, Organisation

SAVES_A_PAGE = 100
DONE = {"+": "Added", "~": "Changed", "-": "Removed"}


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where saves are kept: of one model, those of one thing. `kind` is empty for its own."""

    model: type[models.Model]
    owner: str  # the column that says whose it is
    key: Any
    kind: str = ""

    @property
    def kept(self) -> models.QuerySet[Any]:
        """All saves, of this thing and of others."""
        rows: models.QuerySet[Any] = self.model.history.order_by()  # type: ignore[attr-defined]  # simple_history's
        return rows

    def rows(self) -> models.QuerySet[Any]:
        """Return the saves of this thing."""
        return self.kept.filter(**{self.owner: self.key})


@dataclass(frozen=True, kw_only=True)
class Save:
    """One save as it is shown. `part` is empty where the thing itself was saved."""

    at: datetime.datetime
    when: str
    done: str
    by: str
    part: str
    differences: list[Difference]


def sources(request: HttpRequest, model: type[models.Model], key: Any) -> list[Source]:
    """Return where the saves of a thing are kept, and of those of its parts that a person sees."""
    pk = model._meta.pk
    own = Source(model=model, owner=pk.attname if pk else "", key=key)
    parts = PARTS[model] | ({"contact": (Contact, "organisation")} if model is Organisation else {})
    return [
        own,
        *(
            Source(model=part, owner=f"{owner}_id", key=key, kind=kind)
            for kind, (part, owner) in parts.items()
            if _may_see(request, part)
        ),
    ]


def _may_see(request: HttpRequest, part: type[models.Model]) -> bool:
    name = part._meta.model_name
    return any(request.user.has_perm(f"registers.{do}_{name}") for do in ("view", "change"))


def page_of(whence: Sequence[Source], number: str | None) -> Page[Any]:
    """Return a page of (time, source, key) of all saves, the newest first."""
    first, *others = (
        source.rows()
        .annotate(place=models.Value(place, output_field=models.IntegerField()))
        .values_list("history_date", "place", "history_id")
        for place, source in enumerate(whence)
    )
    together = first.union(*others, all=True) if others else first
    # What was saved in one moment: the parts came after the thing.
    ordered = together.order_by("-history_date", "-place", "-history_id")
    return Paginator(ordered, SAVES_A_PAGE).get_page(number)


def saves_of(whence: Sequence[Source], page: Iterable[tuple[Any, int, int]]) -> list[Save]:
    """Return the saves of a page in words. However many they are, it asks as often."""
    places = list(page)
    keys = defaultdict(list)
    for _, place, key in places:
        keys[place].append(key)
    rows = {place: _rows(whence[place], of_it) for place, of_it in keys.items()}
    befores = {
        place: whence[place].kept.in_bulk([row.before for row in found.values() if row.before])
        for place, found in rows.items()
    }
    names = _Names()
    for place, found in rows.items():
        for row in (*found.values(), *befores[place].values()):
            names.ask(whence[place], row)
    names.find()
    whens = times_in_words(at for at, _, _ in places)
    return [
        _save(whence[place], names, rows[place][key], befores[place], when)
        for (_, place, key), when in zip(places, whens, strict=True)
    ]


def _rows(source: Source, keys: list[int]) -> dict[int, Any]:
    """Return saves by their keys, each with the key of the one before it of the same row."""
    pk = source.model._meta.pk
    name = pk.attname if pk else ""
    earlier = source.kept.filter(
        models.Q(history_date__lt=models.OuterRef("history_date"))
        | models.Q(
            history_date=models.OuterRef("history_date"), pk__lt=models.OuterRef("history_id")
        ),
        **{name: models.OuterRef(name)},
    ).order_by("-history_date", "-history_id")
    before = models.Subquery(earlier.values("history_id")[:1])
    found = source.kept.select_related("history_user").annotate(before=before)
    return {row.pk: row for row in found.filter(pk__in=keys)}


class _Names:
    """What other things are called that saves name by their keys: today, or when they went."""

    def __init__(self) -> None:
        self._asked: dict[type[models.Model], set[Any]] = defaultdict(set)
        self._found: dict[tuple[type[models.Model], Any], str] = {}

    def ask(self, source: Source, row: Any) -> None:
        """Remember what a save names."""
        for field in _others(source):
            self._asked[field.related_model].add(getattr(row, field.attname))

    def find(self) -> None:
        """Ask for all that is remembered."""
        for model, keys in self._asked.items():
            pk = model._meta.pk
            found = model._default_manager.in_bulk(list(keys))
            gone = {f"{pk.attname}__in": keys - set(found)} if pk else {}
            last = model.history.filter(**gone).order_by("history_date", "history_id")  # type: ignore[attr-defined]  # simple_history's
            for thing in (*(row.instance for row in last), *found.values()):
                self._found[model, thing.pk] = str(thing)

    def values(self, source: Source, row: Any) -> Values:
        """Return what a save says, as a record would: all but whose it is."""
        values = {
            field.name: to_json(getattr(row, field.attname))
            for field in source.model._meta.concrete_fields
            if field.attname != source.owner
        }
        for field in _others(source):
            key = getattr(row, field.attname)
            says = self._found.get((field.related_model, key), "Not in this register any more")
            values[field.name] = {"key": key, "says": says}
        return values


def _others(source: Source) -> list[Any]:
    return [
        field
        for field in source.model._meta.concrete_fields
        if field.is_relation and field.attname != source.owner
    ]


def _save(source: Source, names: _Names, row: Any, befores: dict[int, Any], when: str) -> Save:
    before = befores.get(row.before)
    values = names.values(source, row)
    found = []
    if before and row.history_type == "~":
        sides = (names.values(source, each) for each in (before, row))
        found = differences(source.model, *({"fields": side, "parts": {}} for side in sides))
    return Save(
        at=row.history_date,
        when=when,
        done=_done(source, row, before),
        by=str(row.history_user or "not recorded"),
        part=_part(source.kind, values) if source.kind else "",
        differences=found,
    )


def _done(source: Source, row: Any, before: Any) -> str:
    if before and row.history_type == "~":
        if getattr(before, source.owner) != getattr(row, source.owner):
            return "Moved here"
        off = getattr(row, "taken_off", None)
        if getattr(before, "taken_off", None) != off:
            return "Taken off" if off else "Put back"
    return DONE[row.history_type]


def _part(kind: str, values: Values) -> str:
    """Return what a part said then, behind what it is."""
    if kind == "contact":
        return f"Contact for reminders: {values['email']}"
    part_kind = next(each for each in PART_KINDS[kind] if each.includes(values))
    return f"{part_kind.label}: {part_kind.text(values)}"


def times_in_words(times: Iterable[datetime.datetime]) -> list[str]:
    """Return times in words, with the seconds of those that share a minute with another."""
    local = [timezone.localtime(time) for time in times]
    words = [date_format(time, "j F Y, H:i") for time in local]
    count = Counter(words)
    return [
        date_format(time, "j F Y, H:i:s") if count[word] > 1 else word
        for time, word in zip(local, words, strict=True)
    ]
