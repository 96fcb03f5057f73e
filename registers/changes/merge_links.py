"""The steps of a merge for what links organisations: successions, members, protocols taken on."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models

from registers.changes.journal import Step, delete_step, update_step
from registers.models import Membership, Organisation, Succession, TakenOn
from registers.models.links import ring_in_words, ring_through

BODY_WITH_MEMBERS = (
    "{goes} is a group with members, and {stays} is one body, which has none. Make {stays} a group"
    " first, or merge the other way round."
)
RING = "After the merge these would stand in a ring: {ring}. Remove one of the links first."
# What can be filled in the row that stays, where two become one.
Filled = Callable[[Any, Any], dict[str, Any]]


@dataclass(frozen=True, kw_only=True)
class LinkSteps:
    """Two organisations that are to be one. Sentences that warn stand in `notes` afterwards."""

    stays: Organisation
    goes: Organisation
    notes: list[str] = field(default_factory=list)

    def successions(self) -> Iterator[Step]:
        """Let what it became, and what became it, be said of the one that stays."""
        rows = self._rows(Succession)
        self._refuse_ring(Succession.objects.all(), "became part of")
        yield from self._moved(rows, _empty_ones("happened_on", "source"))

    def memberships(self) -> Iterator[Step]:
        """Let its groups and its members be those of the one that stays.

        Raises ValidationError where one body would have members, or groups stand in a ring.
        """
        rows = self._rows(Membership)
        has_members = any(row.group_id == self.goes.pk for row in rows)
        if has_members and self.stays.kind != Organisation.Kind.GROUP:
            raise ValidationError(BODY_WITH_MEMBERS.format(goes=self.goes, stays=self.stays))
        among_groups = Membership.objects.filter(member__kind=Organisation.Kind.GROUP)
        self._refuse_ring(among_groups, "contains")
        yield from self._joined(rows)

    def _joined(self, rows: list[Membership]) -> Iterator[Step]:
        """Give the steps by which memberships that then share days become one, with all of them."""
        by_ends = defaultdict[tuple[int, ...], list[Membership]](list)
        for row in rows:
            by_ends[self._instead(_ends(row))].append(row)
        updates: list[Step] = []
        for (group, member), several in by_ends.items():
            if group == member:
                for row in several:
                    yield self._without(row)
                continue
            for some in _overlapping(several):
                kept = min(some, key=lambda row: (self.goes.pk in _ends(row), row.pk))
                days = {
                    "from_day": min(some, key=_first).from_day,
                    "to_day": max(some, key=_last).to_day,
                    "source": kept.source or next((r.source for r in some if r.source), ""),
                }
                said = {name: value for name, value in days.items() if value != getattr(kept, name)}
                yield from (delete_step(row) for row in some if row is not kept)
                if said or self.goes.pk in _ends(kept):
                    updates.append(update_step(kept, group_id=group, member_id=member, **said))
        yield from updates

    def _without(self, row: Any) -> Step:
        """Return the step that removes a link from one that stays to itself, and say so."""
        self.notes.append(
            f"The register records: {row}. After the merge the two are one organisation,"
            " so this will be removed."
        )
        return delete_step(row)

    def taken_on(self) -> Iterator[Step]:
        """Let the protocols that it took on, or that others did, be said of the one that stays."""
        yield from self._moved(self._rows(TakenOn), _empty_ones(), "protocol_id", named=True)

    def _rows(self, model: Any) -> list[Any]:
        """Return the rows that name one of the two, at either end."""
        one, other = model.EDGE
        both = [self.stays, self.goes]
        either = models.Q(**{f"{one}__in": both}) | models.Q(**{f"{other}__in": both})
        return list(model.objects.filter(either).select_related(one, other).order_by("pk"))

    def _moved(
        self, rows: list[Any], filled: Filled, *also: str, named: bool = False
    ) -> Iterator[Step]:
        """Give the steps that name the one that stays in place of the one that goes.

        Rows are the same where both ends and the columns `also` are; then one stays, and
        what `filled` gives for it is written there. `named` says that each step names
        these columns too.
        """
        kept: dict[tuple[Any, ...], Any] = {}
        for row in rows:
            if self.goes.pk not in _ends(row):
                kept[self._key(row, also)] = row
        moves: list[Step] = []
        fills: list[Step] = []
        for row in rows:
            if self.goes.pk not in _ends(row):
                continue
            one, other, *_ = key = self._key(row, also)
            values = {name: getattr(row, name) for name in also if named}
            if one == other:
                yield self._without(row)
            elif twin := kept.get(key):
                yield delete_step(row)
                if said := filled(twin, row):
                    fills.append(update_step(twin, **said))
            else:
                kept[key] = row
                start, end = (f"{name}_id" for name in row.EDGE)
                moves.append(update_step(row, **{start: one, end: other}, **values))
        yield from (*moves, *fills)

    def _key(self, row: Any, also: tuple[str, ...]) -> tuple[Any, ...]:
        return (*self._instead(_ends(row)), *(getattr(row, name) for name in also))

    def _instead(self, ends: Iterable[int]) -> tuple[int, ...]:
        return tuple(self.stays.pk if end == self.goes.pk else end for end in ends)

    def _refuse_ring(self, edges: models.QuerySet[Any], words: str) -> None:
        """Raise ValidationError where the one that stays would stand in a ring."""
        nexts: dict[int, list[int]] = {}
        one, other = edges.model.EDGE
        for pair in edges.order_by("pk").values_list(f"{one}_id", f"{other}_id"):
            start, end = self._instead(pair)
            if start != end:
                nexts.setdefault(start, []).append(end)
        if ring := ring_through(self.stays.pk, self.stays.pk, nexts):
            raise ValidationError(RING.format(ring=ring_in_words(ring, words)))


def _ends(row: Any) -> tuple[int, int]:
    one, other = row.EDGE
    return getattr(row, f"{one}_id"), getattr(row, f"{other}_id")


def _empty_ones(*names: str) -> Filled:
    """Return what fills those of these columns that are empty in the row that stays."""

    def filled(kept: Any, gone: Any) -> dict[str, Any]:
        return {
            name: getattr(gone, name)
            for name in names
            if getattr(gone, name) and not getattr(kept, name)
        }

    return filled


def _overlapping(rows: Iterable[Membership]) -> list[list[Membership]]:
    """Return memberships of one member in one group, those that share days together."""
    found: list[list[Membership]] = []
    for row in sorted(rows, key=lambda each: (_first(each), each.pk)):
        if found and _first(row) <= max(map(_last, found[-1])):
            found[-1].append(row)
        else:
            found.append([row])
    return found


def _first(row: Membership) -> datetime.date:
    return row.from_day or datetime.date.min


def _last(row: Membership) -> datetime.date:
    return row.to_day or datetime.date.max
