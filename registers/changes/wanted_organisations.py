"""Many organisations become official at once, with all that a spreadsheet says of them.

Each is one change of its own, and so is what each group gets of members.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.db import models

from registers.changes.bulk_import import IncomingOrganisation, import_organisations
from registers.changes.bulk_writes import create_rows, delete_rows
from registers.changes.journal import Step, column_values
from registers.changes.locking import batches
from registers.changes.members import write_members
from registers.changes.record import record_change
from registers.changes.writes import save
from registers.history.snapshot import Snapshot
from registers.models import Approver, Contact, Identifier, Membership, Name, Organisation, Slug
from registers.models.keys import key_of

# The key of a stored organisation, or the key of the name of one that is new too.
Who = int | str
# What is written whole: the kind of part, and the fields by which two are the same one.
WHOLE: tuple[tuple[str, type[models.Model], tuple[str, ...]], ...] = (
    ("identifiers", Identifier, ("scheme", "value")),
    ("approvers", Approver, ("job_title",)),
    ("contact", Contact, ("email",)),
)


@dataclass(frozen=True, kw_only=True)
class WantedMembership:
    """A membership that is to be added; or, with the key `stored`, one that gets a last day."""

    group: Who
    from_day: datetime.date | None
    to_day: datetime.date | None
    stored: int | None = None


@dataclass(kw_only=True)
class WantedOrganisation:
    """An organisation as it is stored, and as it is wanted, in snapshots. A new one has no key."""

    key: int | None
    before: Snapshot
    after: Snapshot
    memberships: Sequence[WantedMembership] = ()

    @property
    def who(self) -> Who:
        """By what memberships call it."""
        return key_of(self.after["fields"]["name"] or "") if self.key is None else self.key

    @property
    def is_altered(self) -> bool:
        """Whether its own name, kind or contact for rights differs."""
        return self.key is not None and self.before["fields"] != self.after["fields"]


def write_organisations(
    rows: Iterable[WantedOrganisation],
    *,
    at: datetime.datetime,
    by: User | None = None,
    why: str = "",
    journal: list[Step],
) -> Iterator[int]:
    """Save organisations as they are wanted; give after each step how many are saved.

    What was done comes into `journal`, row by row, to be undone; but what belongs to a new
    organisation goes with it. The caller updates search with what was touched. Raises
    ValidationError, and the database's own refusals. Within a transaction.
    """
    how: dict[str, Any] = {"at": at, "by": by, "why": why}
    # One that is renamed takes a free address: after those of the others are given.
    rows = sorted(rows, key=lambda row: (row.is_altered, row.key is not None))
    stored = [row.key for row in rows if row.key is not None]
    groups = {each.group for row in rows for each in row.memberships if isinstance(each.group, int)}
    left, keys, made = iter(rows), list[int](), list[Step]()
    before = _values_of(stored, groups)
    for some in import_organisations(
        [_incoming(row) for row in rows],
        **how,
        journal=made,
        also=lambda some: _write([(key, next(left)) for key in some]),
    ):
        keys += some
        yield len(keys)
    by_who: dict[Who, int] = {row.who: key for row, key in zip(rows, keys, strict=True)}
    _write_memberships(rows, by_who, how)
    after = _values_of(stored, groups)
    journal += [step for step in made if step.table == "organisation"]
    journal += [
        _step(row, before.get(row), after.get(row))
        for row in before | after
        if before.get(row) != after.get(row)
    ]


def _step(row: tuple[str, Any], before: Any, after: Any) -> Step:
    """Return what happened to a row: of one that was altered, the columns that differ."""
    if before and after:
        owners = {"organisation_id", "group_id"} & after.keys()
        names = {name for name in after if before[name] != after[name]} | owners
        before, after = ({name: side[name] for name in sorted(names)} for side in (before, after))
    return Step(table=row[0], key=row[1], before=before, after=after)


def _values_of(stored: Sequence[int], groups: Iterable[int]) -> dict[tuple[str, Any], Any]:
    """Return the values of all rows that may be written, by their tables and keys."""
    found: dict[tuple[str, Any], Any] = {}
    for model, owner, keys in (
        (Organisation, "pk", stored),
        *((model, "organisation", stored) for model in (Name, Slug, Identifier)),
        *((model, "organisation", stored) for model in (Approver, Contact)),
        (Membership, "group", sorted(groups)),
    ):
        for some in batches(keys):
            for row in model._default_manager.filter(**{f"{owner}__in": some}):
                found[str(model._meta.model_name), row.pk] = column_values(row)
    return found


def _incoming(row: WantedOrganisation) -> IncomingOrganisation:
    there = {key_of(name["text"]) for name in row.before["parts"]["names"]}
    names = [
        (name["text"], name["kind"])
        for name in row.after["parts"]["names"]
        if key_of(name["text"]) not in there and name["kind"] != Name.Kind.OFFICIAL
    ]
    if row.key is not None:
        return IncomingOrganisation(names=names, stored=row.key)
    fields = row.after["fields"]
    rights_contact = fields["rights_contact"] or ""
    return IncomingOrganisation(fields["name"], fields["kind"], names, rights_contact)


def _write(pairs: Sequence[tuple[int, WantedOrganisation]]) -> None:
    """Write what differs, beside names, of organisations whose keys are given."""
    for kind, model, identity in WHOLE:
        gone: list[int] = []
        new: list[models.Model] = []
        for key, row in pairs:
            before, after = (
                {tuple(part[name] for name in identity): part for part in side["parts"][kind]}
                for side in (row.before, row.after)
            )
            gone += [part["id"] for values, part in before.items() if values not in after]
            new += [
                model(organisation_id=key, **dict(zip(identity, values, strict=True)))
                for values in after
                if values not in before
            ]
        for some in batches(gone):
            delete_rows(list(model._default_manager.filter(pk__in=some)))
        create_rows(new, check=True)
    for key, row in pairs:
        if row.is_altered:
            organisation = Organisation.objects.get(pk=key)
            organisation.name = row.after["fields"]["name"]
            organisation.kind = row.after["fields"]["kind"]
            organisation.rights_contact = row.after["fields"]["rights_contact"]
            save(organisation)


def _write_memberships(
    rows: Sequence[WantedOrganisation], by_who: dict[Who, int], how: dict[str, Any]
) -> None:
    """Write the memberships, group by group."""
    wanted = defaultdict[int, list[tuple[int, WantedMembership]]](list)
    for row in rows:
        for each in row.memberships:
            key = each.group if isinstance(each.group, int) else by_who[each.group]
            wanted[key].append((by_who[row.who], each))
    for key, some in sorted(wanted.items()):
        group = Organisation.objects.get(pk=key)
        add, alter = _memberships(group, some)
        with record_change(group, **how):
            write_members(group, add=add, alter=alter)


def _memberships(
    group: Organisation, wanted: Sequence[tuple[int, WantedMembership]]
) -> tuple[list[Membership], list[Membership]]:
    members: dict[int, Organisation] = {}
    for some in batches([key for key, _ in wanted]):
        members |= Organisation.objects.in_bulk(some)
    rows = {row.pk: row for row in group.members.select_related("member")}
    add, alter = [], []
    for key, each in wanted:
        if each.stored is None:
            days = {"from_day": each.from_day, "to_day": each.to_day}
            add.append(Membership(group=group, member=members[key], **days))
        else:
            row = rows[each.stored]
            row.to_day = each.to_day
            alter.append(row)
    return add, alter
