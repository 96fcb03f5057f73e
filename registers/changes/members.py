"""Write many members of one group at once, within a `record_change` of the group."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from django.core.exceptions import ValidationError

from registers.changes.bulk_writes import create_rows, delete_rows, update_rows
from registers.changes.transaction import update_search_and_version
from registers.models import Membership, Organisation
from registers.models.links import NO_GROUP, OWN_MEMBER, refuse_rings

COLUMNS = ("from_day", "to_day", "source")
ENDS_BEFORE = "{member}: the last day must not be before the first day."
TWICE = "{member} is a member from this day already."
OVERLAP = "{member} is a member on some of these days already."


def write_members(
    group: Organisation,
    *,
    add: Sequence[Membership] = (),
    alter: Sequence[Membership] = (),
    remove: Sequence[Membership] = (),
) -> None:
    """Store new, altered and removed memberships of `group`, in few queries.

    The members of each must be loaded. Raises ValidationError, whose sentences name the
    member, and then nothing is kept.
    """
    with update_search_and_version(savepoint=True) as touched:
        _refuse(group, [*add, *alter])
        _refuse_twice(group, [*add, *alter], remove)
        # First what makes room.
        delete_rows(remove)
        update_rows(((row, COLUMNS) for row in alter), check=True)
        create_rows(add, check=True)
        for row in (*add, *alter, *remove):
            touched.add(row)
        # Now too: a preview is rolled back before the transaction looks.
        refuse_rings(successions=(), groups=touched.groups & {group.pk})


def _refuse(group: Organisation, rows: Iterable[Membership]) -> None:
    for row in rows:
        if group.kind != Organisation.Kind.GROUP:
            raise ValidationError(NO_GROUP.format(organisation=group))
        if row.member_id == group.pk:
            raise ValidationError(OWN_MEMBER)
        if row.from_day and row.to_day and row.to_day < row.from_day:
            raise ValidationError(ENDS_BEFORE.format(member=row.member))


def _refuse_twice(
    group: Organisation, rows: Sequence[Membership], remove: Sequence[Membership]
) -> None:
    stored = group.members.order_by().in_bulk()
    for row in (*rows, *remove):
        stored.pop(row.pk, None)
    seen = defaultdict[int, list[Membership]](list)
    for row in stored.values():
        seen[row.member_id].append(row)
    for row in rows:
        for other in seen[row.member_id]:
            if other.from_day == row.from_day:
                raise ValidationError(TWICE.format(member=row.member))
            if _begins(other) <= _ends(row) and _begins(row) <= _ends(other):
                raise ValidationError(OVERLAP.format(member=row.member))
        seen[row.member_id].append(row)


def _begins(row: Membership) -> datetime.date:
    return row.from_day or datetime.date.min


def _ends(row: Membership) -> datetime.date:
    return row.to_day or datetime.date.max


def put_members(group: Organisation, wanted: Iterable[Membership]) -> None:
    """Let `group` have exactly the memberships `wanted`, which are not saved.

    One from the same day is the same one, and keeps its row. Raises ValidationError.
    """
    left = {_known_by(row): row for row in group.members.select_related("member")}
    add, alter = [], []
    for row in {_known_by(row): row for row in reversed(list(wanted))}.values():
        stored = left.pop(_known_by(row), None)
        if stored is None:
            add.append(row)
        elif _columns(stored) != _columns(row):
            for name in COLUMNS:
                setattr(stored, name, getattr(row, name))
            alter.append(stored)
    if add or alter or left:
        write_members(group, add=add[::-1], alter=alter, remove=list(left.values()))


def _known_by(row: Membership) -> tuple[Any, ...]:
    return row.member_id, row.from_day


def _columns(row: Membership) -> list[Any]:
    return [getattr(row, name) for name in COLUMNS]
