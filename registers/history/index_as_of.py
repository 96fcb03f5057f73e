"""The index of a past day: today's, with the snapshots of what changed since laid over it.

So what it takes follows the number of protocols that changed since that day, and not the
size of the register. Organisations and themes are called as they were then.
"""

from __future__ import annotations

import datetime
from collections import OrderedDict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from itertools import groupby
from threading import Lock

import numpy as np
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.formats import date_format

from registers.history.as_of import INSTANT, end_of, made_from, names_as_of, register_began
from registers.history.snapshot import Snapshot
from registers.models import (
    Change,
    Organisation,
    Protocol,
    Slug,
    Theme,
)
from registers.models.references import reference_key
from registers.search.index import (
    OPTION_FIELDS,
    ROLES,
    STATUSES,
    Index,
    Mask,
    OptionKey,
    current_index,
    day_number,
    month_number,
    option_rows,
)
from registers.search.listed import ListedProtocol, listed
from registers.search.protocol_values import Reader
from registers.search.reference_order import NOWHERE
from registers.search.titles import TitleOrder, title_key

CHUNK = 500  # protocols, or snapshots, read at a time


@dataclass(frozen=True, kw_only=True)
class Record:
    """What was recorded of a public protocol that has changed since.

    `absent`: it was not public yet. Without `known`, its state of that day is not kept,
    and the snapshot is the earliest that is; None if nothing but today's state is.
    """

    snapshot: Snapshot | None
    known: bool = True
    absent: bool = False


STANDS = Record(snapshot=None)  # of a protocol that did not change since
MAX_CACHED = 4  # indexes of past days: each holds as much memory as today's


@dataclass(frozen=True, kw_only=True)
class IndexAsOf(Index):
    """The public register as it was recorded just before the moment `end`.

    `changed` are the references of the protocols that changed since. `names` and
    `theme_names` are what organisations and themes that changed since were called, by id.
    `merged` are the organisations of today that those became which are gone, by id.
    """

    end: datetime.datetime
    changed: frozenset[str]
    names: Mapping[int, str]
    theme_names: Mapping[int, str]
    merged: Mapping[int, int]
    themes_gone: tuple[Theme, ...]
    uncertain: Mask
    title_rows: list[tuple[str, str, int]]
    today: Index

    @cached_property
    def themes(self) -> list[Theme]:
        """The themes in order, as they were called, and at the end those that are gone since."""
        there = list(Theme.objects.all())
        for theme in there:
            theme.name = self.theme_names.get(theme.pk, theme.name)
        there.sort(key=lambda theme: (theme.position, theme.name))
        return [*there, *self.themes_gone]

    @cached_property
    def titles(self) -> TitleOrder:
        """The order of the titles that the protocols had."""
        return self.today.titles.replaced(self.title_rows, number=self.number)

    def fetch(self, references: list[str]) -> dict[str, Protocol]:
        """Return protocols by reference as they were, with their theme and parties: five queries.

        Those that did not change since are read as they stand.
        """
        found = super().fetch(references)
        for protocol in found.values():
            self._rename(protocol)
        stale = [reference for reference in references if reference in self.changed]
        records = dict(records_at(stale, self.end))
        said = {key: each.snapshot for key, each in records.items() if each.snapshot is not None}
        organisations = self._names_in(said.values())
        themes = {theme.pk: theme.name for theme in self.themes}
        for reference, snapshot in said.items():
            made = made_from(snapshot, themes=themes, organisations=organisations)
            for party in made.all_parties:
                # Under its name of then: only so is it known what it is bound through.
                key = self.merged.get(party.organisation_id, party.organisation_id)
                party.organisation.pk = party.organisation_id = key
            found[reference] = made
        return {key: each for key, each in found.items() if not records.get(key, STANDS).absent}

    def reader(self) -> Reader:
        """Return a function that reads protocols as they were."""
        return self.fetch

    def _names_in(self, snapshots: Iterable[Snapshot]) -> dict[int, str]:
        """Return what the parties of snapshots were called: one query. Those gone are left out."""
        keys = {
            row["organisation"]["key"]
            for snapshot in snapshots
            for row in snapshot["parts"]["parties"]
        }
        unchanged = Organisation.objects.filter(pk__in=keys - self.names.keys())
        return {**dict(unchanged.values_list("pk", "name")), **self.names} if keys else {}

    def _rename(self, protocol: Protocol) -> None:
        """Call the theme and the parties of a protocol as they were called."""
        theme = protocol.theme
        theme.name = self.theme_names.get(theme.pk, theme.name)
        for party in protocol.all_parties:
            organisation = party.organisation
            organisation.name = self.names.get(organisation.pk, organisation.name)

    def listed(self, positions: Mapping[str, int]) -> dict[str, ListedProtocol]:
        """Return protocols as they were, as lists show them."""
        return {key: listed(each) for key, each in self.fetch(list(positions)).items()}

    def _read_organisations(self, keys: list[int]) -> dict[int, Organisation]:
        """Return organisations by id, as they were called. What is gone since is left out."""
        found = super()._read_organisations(keys)
        for key, organisation in found.items():
            organisation.name = self.names.get(key, organisation.name)
        return found


def index_as_of(on: datetime.date) -> IndexAsOf:
    """Return the index of the register as it was recorded at the end of the past day `on`.

    Raises ValidationError if the register began later. It is cached for the last
    change until then, so that quiet days share one.
    """
    began = register_began()
    if began is None or on < began:
        raise ValidationError(_before(began))
    today = current_index()
    last = Change.objects.filter(made_at__lt=end_of(on)).values_list("pk", "made_at")[0]
    key = (today.version, last[0])
    with _lock:
        if key not in _cached:
            for old in [each for each in _cached if each[0] != today.version]:
                del _cached[old]
            _cached[key] = _made(today, last[1] + INSTANT, name=f"{today.token}-{last[0]}")
            if len(_cached) > MAX_CACHED:
                _cached.popitem(last=False)
        _cached.move_to_end(key)
        return _cached[key]


_lock = Lock()
_cached: OrderedDict[tuple[str, int], IndexAsOf] = OrderedDict()


def _before(began: datetime.date | None) -> str:
    if began is None:
        return "Day: the register has no record of any day before today. Leave it empty."
    day = date_format(began, "j F Y")
    return (
        f"Day: the register has been kept here since {day}, so what was before is not known."
        f" Enter that day or a later one, like {began.isoformat()}."
    )


def changed_since(end: datetime.datetime) -> list[str]:
    """Return the references of the protocols that changed officially since the moment `end`."""
    changes = Change.objects.public().filter(made_at__gte=end, protocol__isnull=False)
    return sorted(changes.order_by().values_list("protocol", flat=True).distinct())


def records_at(references: Collection[str], end: datetime.datetime) -> Iterator[tuple[str, Record]]:
    """Yield what those of `references` that changed since had said just before `end`.

    What is not yielded stands as it did then. Two queries for each CHUNK.
    """
    every = list(references)
    for first in range(0, len(every), CHUNK):
        yield from _records(every[first : first + CHUNK], end)


def _records(references: list[str], end: datetime.datetime) -> Iterator[tuple[str, Record]]:
    is_bare = models.ExpressionWrapper(
        models.Q(snapshot__isnull=True), output_field=models.BooleanField()
    )
    changes = Change.objects.filter(protocol__in=references).annotate(is_bare=is_bare)
    rows = changes.order_by("protocol", "made_at", "pk").values_list(
        "protocol", "pk", "made_at", "is_bare"
    )
    chosen: dict[str, tuple[int | None, bool]] = {}
    for reference, group in groupby(rows, lambda row: row[0]):
        several = list(group)
        before = [(pk, is_bare) for _, pk, made_at, is_bare in several if made_at < end]
        if len(before) == len(several):
            continue
        if not before:
            yield reference, Record(snapshot=None, absent=True)
            continue
        last, is_bare = before[-1]
        earliest = next((pk for _, pk, _, is_bare in several if not is_bare), None)
        chosen[reference] = (earliest, False) if is_bare else (last, True)
    keys = [key for key, _ in chosen.values() if key is not None]
    snapshots = dict(Change.objects.filter(pk__in=keys).values_list("pk", "snapshot"))
    for reference, (key, known) in chosen.items():
        snapshot = None if key is None else snapshots[key]
        yield reference, Record(snapshot=snapshot, known=known)


def _made(today: Index, end: datetime.datetime, *, name: str) -> IndexAsOf:
    """Return `today` with what changed since the moment `end` as it was then.

    `name` stands for its token, since caches must not take one for the other.
    """
    changed = changed_since(end)
    positions = dict(zip(changed, today.references.positions_of(changed).tolist(), strict=True))
    overlay = _Overlay(today)
    for reference, record in records_at(changed, end):
        # One that was added since `today` was read has no position there, nor a record.
        if positions[reference] != NOWHERE:
            overlay.add(positions[reference], reference, record)
    merged = overlay.merged()
    laid = overlay.laid(merged, name=name)
    return IndexAsOf(
        **{field.name: getattr(laid, field.name) for field in fields(Index)},
        end=end,
        changed=frozenset(changed),
        names=_names(Organisation, end),
        theme_names=_names(Theme, end),
        merged=merged,
        themes_gone=overlay.themes_gone(),
        uncertain=overlay.uncertain,
        title_rows=overlay.titles,
        today=today,
    )


def _names(model: type[models.Model], end: datetime.datetime) -> dict[int, str]:
    """Return what those that changed since `end` were called, by id."""
    changes = Change.objects.filter(subject_type=model._meta.model_name, made_at__gte=end)
    keys = sorted({int(key) for key in changes.order_by().values_list("subject_key", flat=True)})
    named: dict[int, str] = {}
    for first in range(0, len(keys), CHUNK):
        named |= names_as_of(model, keys[first : first + CHUNK], end)
    return named


class _Overlay:
    """What is laid over an index: entries and parties in the form that `Index.updated` takes."""

    def __init__(self, today: Index) -> None:
        self.today = today
        self.entries: list[tuple[int, int, int, int, int]] = []
        self.options: list[tuple[int, OptionKey, str]] = []
        self.parties: list[tuple[int, int, int]] = []
        self.titles: list[tuple[str, str, int]] = []
        self.uncertain = np.zeros(today.size, bool)
        self._themes: dict[int, Theme] = {}
        self._slugs: dict[int, str] = {}  # of organisations, by the id that was recorded

    def add(self, position: int, reference: str, record: Record) -> None:
        """Add what was recorded of the protocol at `position`."""
        self.uncertain[position] = not record.known
        if record.absent:
            self.entries.append((position, 0, 0, month_number(None), day_number(None)))
        elif record.snapshot is not None:
            self._add_snapshot(position, reference, record.snapshot)

    def _add_snapshot(self, position: int, reference: str, snapshot: Snapshot) -> None:
        said = snapshot["fields"]
        theme, month = said["theme"], said["review_date"]
        end = said.get("ends_on")  # older snapshots do not know it, nor the options
        texts = (said.get(name) or "" for name in OPTION_FIELDS.values())
        self.options += option_rows(position, texts)
        if theme["key"] not in self._themes:
            made = Theme(pk=theme["key"], name=theme["says"], slug=theme["slug"])
            self._themes[theme["key"]] = made
        self.titles.append((title_key(said["title"]), reference_key(reference), position))
        self.entries.append(
            (
                position,
                theme["key"],
                STATUSES.get(said["status"], 0),
                month_number(month and datetime.date.fromisoformat(month)),
                day_number(end and datetime.date.fromisoformat(end)),
            )
        )
        for row in snapshot["parts"]["parties"]:
            other = row["organisation"]
            self._slugs[other["key"]] = other["slug"]
            self.parties.append((position, other["key"], ROLES[row["role"]]))

    def laid(self, merged: Mapping[int, int], *, name: str) -> Index:
        """Return today's index with all of it."""
        parties = [(position, merged.get(key, key), role) for position, key, role in self.parties]
        return self.today.updated(
            number=self.today.number,
            token=name,
            entries=np.array(self.entries, np.int64).reshape(-1, 5),
            parties=np.array(parties, np.int64).reshape(-1, 3),
            options=self.options,
        )

    def merged(self) -> dict[int, int]:
        """Return for organisations that are gone where their addresses lead today, by id."""
        there: set[int] = set()
        keys = sorted(self._slugs)
        for first in range(0, len(keys), CHUNK):
            some = Organisation.objects.filter(pk__in=keys[first : first + CHUNK])
            there.update(some.values_list("pk", flat=True))
        gone = {key: slug for key, slug in self._slugs.items() if key not in there}
        lead_to = dict(
            Slug.objects.filter(text__in=gone.values()).values_list("text", "organisation")
        )
        return {key: lead_to[slug] for key, slug in gone.items() if slug in lead_to}

    def themes_gone(self) -> tuple[Theme, ...]:
        """Return the themes of then that are gone, by name."""
        there = set(Theme.objects.filter(pk__in=self._themes).values_list("pk", flat=True))
        gone = [theme for key, theme in self._themes.items() if key not in there]
        for theme in gone:
            theme.is_gone = True
        return tuple(sorted(gone, key=lambda theme: theme.name))
