"""What a change of one thing alters in what the public reads of others.

A protocol that gets another partner alters that organisation's numbers, and those of its
successors and members; a new name alters each protocol that names the organisation. What
a change alters in its own subject is not here.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from django.db import models

from registers.changes.locking import batches
from registers.history.snapshot import Snapshot, comparable_value, is_public
from registers.models import (
    Membership,
    Organisation,
    OrganisationAltered,
    Overarching,
    Party,
    Protocol,
    ProtocolAltered,
    Review,
    Succession,
    TakenOn,
    Theme,
)


@dataclass(kw_only=True)
class Altered:
    """The primary keys of what the changes of one transaction altered, the last of them at `at`.

    `bound` are organisations whose numbers of protocols changed: those that take their place
    or belong to them are altered too. Of what is `titled`, `named`, `succeeded` or a theme
    in `themes`, that which names it is altered.
    """

    protocols: set[str] = field(default_factory=set)
    bound: set[int] = field(default_factory=set)
    titled: set[str] = field(default_factory=set)
    named: set[int] = field(default_factory=set)
    succeeded: set[int] = field(default_factory=set)
    themes: set[int] = field(default_factory=set)
    at: datetime.datetime | None = None

    def add(
        self,
        model: type[models.Model],
        key: Any,
        states: tuple[Snapshot | None, Snapshot | None],
        *,
        at: datetime.datetime,
    ) -> None:
        """Add what a change of the row of `model` from one state to the next alters."""
        if model in _ALTERED_BY:
            self.at = max(self.at or at, at)
            _ALTERED_BY[model](self, key, states)

    def add_protocol(self, key: str, states: tuple[Snapshot | None, Snapshot | None]) -> None:
        """Add the organisations and protocols of which it says, or said, something else."""
        was, now = (each if is_public(each) else None for each in states)
        status = [_said(each, "status") for each in (was, now)]
        for kind, names in (
            ("parties", ("organisation", "role")),
            ("taken_on", ("predecessor", "successor")),
        ):
            before, after = (
                {(state, *row) for row in _rows(each, kind, *names)}
                for state, each in zip(status, (was, now), strict=True)
            )
            self.bound.update(end for row in before ^ after for end in row if isinstance(end, int))
        for _, other in _links(was) ^ _links(now):
            self.protocols.update(filter(None, [other]))
        stored_before, _ = states
        if stored_before and _said(was, "title") != _said(now, "title"):
            self.titled.add(key)

    def add_organisation(self, key: int, states: tuple[Snapshot | None, Snapshot | None]) -> None:
        """Add its successors and members that differ, and what names it."""
        for kind, names in (
            ("successions", ("successor", "happened_on", "source")),
            ("members", ("member", "from_day", "to_day", "source")),
        ):
            before, after = (_rows(each, kind, *names) for each in states)
            ends = {row[0] for row in before ^ after}
            self.bound |= ends
            if ends and kind == "successions":
                self.succeeded.add(key)
        if len({_said(each, "kind") for each in states}) > 1:
            self.bound.add(key)
        if all(states) and len({(_said(s, "name"), _said(s, "slug")) for s in states}) > 1:
            self.named.add(key)

    def add_theme(self, key: int, states: tuple[Snapshot | None, Snapshot | None]) -> None:
        """Add the theme, where it has another name or address."""
        if len({each and (_said(each, "name"), _said(each, "slug")) for each in states}) > 1:
            self.themes.add(key)

    def store(self) -> None:
        """Store when each of them was altered. While nobody else can move the version."""
        organisations = self._reached() | set(_other_ends(self.named))
        _store(OrganisationAltered, organisations, self.at)
        protocols = self.protocols | set(self._naming())
        _store(ProtocolAltered, protocols, self.at)

    def _reached(self) -> set[int]:
        """Return all that are bound by what binds those that are `bound`."""
        reached, rim = set[int](), self.bound
        while rim:
            reached |= rim
            edges = chain(
                _values(Succession, "successor_id", "organisation", rim),
                _values(Membership, "member_id", "group", rim),
            )
            rim = set(edges) - reached
        return reached

    def _naming(self) -> Iterable[str]:
        """Give the references of the protocols that say of others what is different now."""
        for name in ("predecessor", "successor"):
            yield from _values(TakenOn, "protocol_id", name, self.named | self.succeeded)
        yield from _values(Party, "protocol_id", "organisation", self.named)
        yield from _values(Protocol, "pk", "theme", self.themes)
        yield from _values(Protocol, "replaced_by_id", "pk", self.titled)
        yield from _values(Protocol, "pk", "replaced_by", self.titled)
        yield from _values(Overarching, "protocol_id", "overarching", self.titled)
        yield from _values(Overarching, "overarching_id", "protocol", self.titled)
        yield from _values(Review, "protocol_id", "replaced_by", self.titled)


_ALTERED_BY: dict[type[models.Model], Callable[..., None]] = {
    Protocol: Altered.add_protocol,
    Organisation: Altered.add_organisation,
    Theme: Altered.add_theme,
}


def _said(snapshot: Snapshot | None, name: str) -> Any:
    return comparable_value(snapshot["fields"][name]) if snapshot else None


def _rows(snapshot: Snapshot | None, kind: str, *names: str) -> set[tuple[Any, ...]]:
    rows = snapshot["parts"][kind] if snapshot else ()
    return {tuple(comparable_value(row[name]) for name in names) for row in rows}


def _links(snapshot: Snapshot | None) -> set[tuple[Any, ...]]:
    """Return the protocols that one names, each with how."""
    broader = {("comes_under", key) for (key,) in _rows(snapshot, "overarching", "overarching")}
    return broader | {("replaced_by", _said(snapshot, "replaced_by"))}


def _values(
    model: type[models.Model], wanted: str, name: str, keys: Iterable[Any]
) -> Iterable[Any]:
    """Give a column of the rows of which the column `name` is one of the keys."""
    for some in batches(sorted(keys)):
        rows = model._default_manager.filter(**{f"{name}__in": some})
        yield from rows.exclude(**{wanted: None}).order_by().values_list(wanted, flat=True)


def _other_ends(keys: Iterable[int]) -> Iterable[int]:
    """Give the organisations that one of these is linked with, on either side."""
    for model in (Succession, Membership):
        one, other = model.EDGE
        yield from _values(model, f"{other}_id", one, keys)
        yield from _values(model, f"{one}_id", other, keys)


def _store(table: Any, keys: set[Any], at: datetime.datetime | None) -> None:
    if keys:
        table.objects.bulk_create(
            [table(pk=key, made_at=at) for key in sorted(keys)],
            update_conflicts=True,
            unique_fields=["pk"],
            update_fields=["made_at"],
        )
