"""The groups that the organisations of a file belong to, with the days where these are given."""

from __future__ import annotations

import datetime
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

from django.utils.formats import date_format

from registers.changes.wanted_organisations import Who
from registers.imports.cells import Refused, day_of
from registers.imports.mapping.kinds import DAYS, GROUPS, TO_DAY
from registers.imports.organisations.matching import KnownOrganisations
from registers.imports.organisations.plan import PlannedMembership, PlannedOrganisation
from registers.models import Membership, Organisation
from registers.models.keys import key_of
from registers.models.links import GROUP_RING, OVERLAP, OWN_MEMBER, ring_through

# 'All Essex Schools (from 2022-07-01 to 2024-03-31)'.
WITH_DAYS = re.compile(
    r"(?P<name>.*?)\s*\(\s*(?:from\s+(?P<from>[^()]+?))?\s*(?:\bto\s+(?P<to>[^()]+?))?\s*\)",
    re.IGNORECASE,
)
NO_GROUP = "No group is called ‘{}’."
ADD_GROUP = "Correct the name, or write the group in a row of its own."
IS_BODY = "{} is one body, so it has no members."
MAKE_GROUP = "Make it a group first, by ‘group’ under ‘Body or group’ in a row of its own."
ENDS_BEFORE = ("The last day is before the first day.", "Correct the days.")
FIX = "Correct the days, or take the group out of the cell."
GROUP = Organisation.Kind.GROUP
Days = tuple[datetime.date | None, datetime.date | None]


class Memberships:
    """Reads the groups of all rows: a row's group can be another row of the file."""

    def __init__(self, known: KnownOrganisations, rows: Sequence[PlannedOrganisation]) -> None:
        self._known, self._rows = known, rows
        self._new = {key_of(row.name): row for row in rows if row.key is None and row.name}
        self._kinds = {row.key: row.after["fields"]["kind"] for row in rows}
        self._stored = defaultdict[tuple[Who, Who], list[Membership]](list)
        for each in Membership.objects.order_by("from_day", "pk"):
            self._stored[each.group_id, each.member_id].append(each)

    def plan(self) -> None:
        """Note the memberships of each row that are to be added, or end on another day."""
        for row in self._rows:
            for name, days in self._groups_of(row):
                self._take(row, name, days)
        self._refuse_rings()

    def _groups_of(self, planned: PlannedOrganisation) -> Iterator[tuple[str, Days]]:
        row = planned.row
        of_row = [self._day(planned, use, row.line(use)) for use in DAYS]
        for written in row.items(GROUPS):
            found = None if self._group(written) else WITH_DAYS.fullmatch(written)
            if found and (found["from"] or found["to"]):
                first, last = (
                    self._day(planned, GROUPS, found[name] or "") for name in ("from", "to")
                )
                yield found["name"], (first, last)
            else:
                yield written, (of_row[0], of_row[1])

    def _day(self, planned: PlannedOrganisation, use: str, text: str) -> datetime.date | None:
        try:
            return day_of(text, planned.row.table.orders.get(use))
        except Refused as refusal:
            planned.row.refuse(use, refusal.wrong, refusal.fix)
            return None

    def _group(self, name: str) -> tuple[Who, str, str] | None:
        """Return the key, the name and the kind of the organisation that is called so."""
        key = self._known.named(name)
        if key is not None:
            return key, self._known.names[key], self._kinds.get(key) or self._known.kinds[key]
        row = self._new.get(key_of(name))
        return (key_of(name), row.name, row.after["fields"]["kind"]) if row else None

    def _take(self, planned: PlannedOrganisation, name: str, days: Days) -> None:
        refuse, found = planned.row.refuse, self._group(name)
        if found is None:
            refuse(GROUPS, NO_GROUP.format(name[:60]), ADD_GROUP)
        elif found[0] == planned.who:
            refuse(GROUPS, OWN_MEMBER, FIX)
        elif found[2] != GROUP:
            refuse(GROUPS, IS_BODY.format(found[1]), MAKE_GROUP)
        elif days[0] and days[1] and days[1] < days[0]:
            refuse(TO_DAY if planned.row.has(TO_DAY) else GROUPS, *ENDS_BEFORE)
        else:
            self._add(
                planned, found[0], found[1], days, self._stored.get((found[0], planned.who), ())
            )

    def _add(
        self,
        planned: PlannedOrganisation,
        group: Who,
        name: str,
        days: Days,
        stored: Sequence[Membership],
    ) -> None:
        """Note what is not recorded yet. Where no day is given, one that is recorded is meant."""
        first, last = days
        same = next((each for each in stored if each.from_day == first), None)
        if same is None and not first and len(stored) == 1:
            same = stored[0]
        if (same and last in {None, same.to_day}) or (stored and not first and not last):
            return
        there = [(each.from_day, each.to_day) for each in stored]
        there += [(e.from_day, e.to_day) for e in planned.memberships if e.group == group]
        said = f"{name}{_in_words(same.from_day if same else first, last)}"
        if same:
            planned.memberships.append(
                PlannedMembership(
                    group=group, words=said, from_day=same.from_day, to_day=last, stored=same.pk
                )
            )
        elif any(_overlap(days, each) for each in there):
            planned.row.refuse(GROUPS, f"{name}: {OVERLAP}", FIX)
        else:
            planned.memberships.append(
                PlannedMembership(group=group, words=said, from_day=first, to_day=last)
            )

    def _refuse_rings(self) -> None:
        """Refuse the rows by which groups would contain each other in a ring."""
        nexts: dict[Who, list[Who]] = defaultdict(list)
        for group, member in self._stored:
            nexts[group].append(member)
        for row in self._rows:
            who = row.who
            for each in row.memberships if row.after["fields"]["kind"] == GROUP else ():
                if way := ring_through(who, each.group, nexts):  # type: ignore[arg-type]
                    names = [self._called(key) for key in [each.group, *way]]
                    ring = " contains ".join(names)
                    row.row.refuse(GROUPS, GROUP_RING.format(ring=ring), FIX)
                nexts[each.group].append(who)

    def _called(self, key: Who) -> str:
        return self._known.names[key] if isinstance(key, int) else self._new[key].name


def _overlap(one: Days, other: Days) -> bool:
    def begins(days: Days) -> datetime.date:
        return days[0] or datetime.date.min

    def ends(days: Days) -> datetime.date:
        return days[1] or datetime.date.max

    return begins(one) <= ends(other) and begins(other) <= ends(one)


def _in_words(first: datetime.date | None, last: datetime.date | None) -> str:
    """Return days as ' from 1 July 2022 to 31 March 2024'; nothing where none is known."""
    words = f" from {date_format(first, 'j F Y')}" if first else ""
    return words + (f" to {date_format(last, 'j F Y')}" if last else "")
