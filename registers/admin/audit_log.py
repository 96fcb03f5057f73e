"""The audit log of an object: every save of it and its parts, as simple-history keeps them."""

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

ENTRIES_PER_PAGE = 100
ACTIONS = {"+": "Added", "~": "Changed", "-": "Removed"}


@dataclass(frozen=True, kw_only=True)
class AuditSource:
    """A history table: the rows of one object, or of one kind of its parts (`kind`)."""

    model: type[models.Model]
    owner: str  # the column with the key of the object
    key: Any
    kind: str = ""

    @property
    def all_rows(self) -> models.QuerySet[Any]:
        """The saves of all objects."""
        rows: models.QuerySet[Any] = self.model.history.order_by()  # type: ignore[attr-defined]  # simple_history's
        return rows

    def rows(self) -> models.QuerySet[Any]:
        """Return the saves of this object."""
        return self.all_rows.filter(**{self.owner: self.key})


@dataclass(frozen=True, kw_only=True)
class AuditEntry:
    """One save as it is shown. `part` is empty where the object itself was saved."""

    at: datetime.datetime
    when: str
    done: str
    by: str
    part: str
    differences: list[Difference]


def audit_sources(request: HttpRequest, model: type[models.Model], key: Any) -> list[AuditSource]:
    """Return the history tables of an object, and of the parts that this user may view."""
    pk = model._meta.pk
    own = AuditSource(model=model, owner=pk.attname if pk else "", key=key)
    parts = PARTS[model] | ({"contact": (Contact, "organisation")} if model is Organisation else {})
    return [
        own,
        *(
            AuditSource(model=part, owner=f"{owner}_id", key=key, kind=kind)
            for kind, (part, owner) in parts.items()
            if _may_view(request, part)
        ),
    ]


def _may_view(request: HttpRequest, part: type[models.Model]) -> bool:
    name = part._meta.model_name
    return any(request.user.has_perm(f"registers.{do}_{name}") for do in ("view", "change"))


def audit_page(sources: Sequence[AuditSource], number: str | None) -> Page[Any]:
    """Return a page of all saves, newest first, as (time, index in `sources`, key)."""
    first, *others = (
        source.rows()
        .annotate(table=models.Value(index, output_field=models.IntegerField()))
        .values_list("history_date", "table", "history_id")
        for index, source in enumerate(sources)
    )
    together = first.union(*others, all=True) if others else first
    # Of what was saved at the same time, the parts were saved after the object.
    ordered = together.order_by("-history_date", "-table", "-history_id")
    return Paginator(ordered, ENTRIES_PER_PAGE).get_page(number)


def audit_entries(
    sources: Sequence[AuditSource], page: Iterable[tuple[Any, int, int]]
) -> list[AuditEntry]:
    """Return the saves of a page in words. The number of queries does not grow with them."""
    found_on_page = list(page)
    keys = defaultdict(list)
    for _, index, key in found_on_page:
        keys[index].append(key)
    rows = {index: _rows(sources[index], of_it) for index, of_it in keys.items()}
    previous_rows = {
        index: sources[index].all_rows.in_bulk([row.before for row in found.values() if row.before])
        for index, found in rows.items()
    }
    names = _RelatedNames()
    for index, found in rows.items():
        for row in (*found.values(), *previous_rows[index].values()):
            names.ask(sources[index], row)
    names.find()
    times = format_times(at for at, _, _ in found_on_page)
    return [
        _entry(sources[index], names, rows[index][key], previous_rows[index], when)
        for (_, index, key), when in zip(found_on_page, times, strict=True)
    ]


def _rows(source: AuditSource, keys: list[int]) -> dict[int, Any]:
    """Return saves by their keys. `before` is the key of the previous save of the same row."""
    pk = source.model._meta.pk
    name = pk.attname if pk else ""
    earlier = source.all_rows.filter(
        models.Q(history_date__lt=models.OuterRef("history_date"))
        | models.Q(
            history_date=models.OuterRef("history_date"), pk__lt=models.OuterRef("history_id")
        ),
        **{name: models.OuterRef(name)},
    ).order_by("-history_date", "-history_id")
    before = models.Subquery(earlier.values("history_id")[:1])
    found = source.all_rows.select_related("history_user").annotate(before=before)
    return {row.pk: row for row in found.filter(pk__in=keys)}


class _RelatedNames:
    """The names of the objects that saves refer to: today's, or the last one if it is deleted."""

    def __init__(self) -> None:
        self._asked: dict[type[models.Model], set[Any]] = defaultdict(set)
        self._found: dict[tuple[type[models.Model], Any], str] = {}

    def ask(self, source: AuditSource, row: Any) -> None:
        """Note which objects a save refers to."""
        for field in _relations(source):
            self._asked[field.related_model].add(getattr(row, field.attname))

    def find(self) -> None:
        """Fetch the names of all that were noted."""
        for model, keys in self._asked.items():
            pk = model._meta.pk
            found = model._default_manager.in_bulk(list(keys))
            gone = {f"{pk.attname}__in": keys - set(found)} if pk else {}
            last = model.history.filter(**gone).order_by("history_date", "history_id")  # type: ignore[attr-defined]  # simple_history's
            for thing in (*(row.instance for row in last), *found.values()):
                self._found[model, thing.pk] = str(thing)

    def values(self, source: AuditSource, row: Any) -> Values:
        """Return the values of a save as a snapshot holds them, without the owner."""
        values = {
            field.name: to_json(getattr(row, field.attname))
            for field in source.model._meta.concrete_fields
            if field.attname != source.owner
        }
        for field in _relations(source):
            key = getattr(row, field.attname)
            says = self._found.get((field.related_model, key), "No longer in this register")
            values[field.name] = {"key": key, "says": says}
        return values


def _relations(source: AuditSource) -> list[Any]:
    return [
        field
        for field in source.model._meta.concrete_fields
        if field.is_relation and field.attname != source.owner
    ]


def _entry(
    source: AuditSource, names: _RelatedNames, row: Any, previous_rows: dict[int, Any], when: str
) -> AuditEntry:
    before = previous_rows.get(row.before)
    values = names.values(source, row)
    found = []
    if before and row.history_type == "~":
        sides = (names.values(source, each) for each in (before, row))
        found = differences(source.model, *({"fields": side, "parts": {}} for side in sides))
    return AuditEntry(
        at=row.history_date,
        when=when,
        done=_action(source, row, before),
        by=str(row.history_user or "not recorded"),
        part=_part_text(source.kind, values) if source.kind else "",
        differences=found,
    )


def _action(source: AuditSource, row: Any, before: Any) -> str:
    if before and row.history_type == "~":
        if getattr(before, source.owner) != getattr(row, source.owner):
            return "Moved here"
        off = getattr(row, "taken_off", None)
        if getattr(before, "taken_off", None) != off:
            return "Taken off" if off else "Put back"
    return ACTIONS[row.history_type]


def _part_text(kind: str, values: Values) -> str:
    """Return a part in words, such as 'Approver: Caldicott Guardian'."""
    if kind == "contact":
        return f"Contact for reminders: {values['email']}"
    part_kind = next(each for each in PART_KINDS[kind] if each.includes(values))
    return f"{part_kind.label}: {part_kind.text(values)}"


def format_times(times: Iterable[datetime.datetime]) -> list[str]:
    """Return times in words, with seconds where two of them share a minute."""
    local = [timezone.localtime(time) for time in times]
    words = [date_format(time, "j F Y, H:i") for time in local]
    count = Counter(words)
    return [
        date_format(time, "j F Y, H:i:s") if count[word] > 1 else word
        for time, word in zip(local, words, strict=True)
    ]
