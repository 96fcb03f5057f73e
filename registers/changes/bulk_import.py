"""Many protocols, organisations and themes become official at once, as a spreadsheet has them.

Each is as if it had been saved within a `record_change` of its own. It takes a
few queries for some hundred of them, where one after the other would take a few
dozen each. The caller, who opened `update_search_and_version` or
`collect_touched`, updates search with what was touched.

Each adds to `journal` what it does, row by row, so that it can be undone. What belongs
to a new protocol or organisation is not in it: that goes where the new one goes.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db.models import Max

from registers.changes.bulk_writes import (
    column_defaults,
    create_rows,
    delete_rows,
    insert_values,
    update_rows,
)
from registers.changes.journal import Step, create_step, delete_step, update_step
from registers.changes.locking import batches
from registers.changes.record import record_change, record_changes
from registers.changes.writes import save, slug_candidates, wanted_slug
from registers.models import Gap, Name, Organisation, Party, Protocol, Slug, Theme
from registers.models.keys import key_of, slug_of
from registers.models.organisation import KEY_LENGTH
from registers.models.protocol import GAP_EXPLAINED
from registers.models.references import check_new_reference, reference_key

PARTY_COLUMNS = (
    *("protocol_id", "organisation_id", "name_as_published"),
    *("role", "note", "position", "legal_role", "flow"),
)


@dataclass(frozen=True, slots=True)
class Part:
    """The part that a stored organisation, by its key, is to have in a protocol."""

    organisation: int
    role: str
    written: str
    note: str
    # None leaves these as they are.
    legal_role: str | None = None
    flow: str | None = None


@dataclass(frozen=True, slots=True)
class Incoming:
    """A protocol as it comes: new, or to be altered.

    `values` are those that are to be written, by the names of their columns.
    `parts` are all of its parts in their order; None leaves them as they are.
    """

    reference: str
    new: bool
    values: Mapping[str, Any]
    parts: Sequence[Part] | None = None


def import_protocols(
    incoming: Sequence[Incoming],
    *,
    journal: list[Step],
    at: datetime.datetime,
    by: User | None = None,
    why: str = "",
    published_before: bool = False,
) -> Iterator[int]:
    """Save protocols with their parts, each as an official change; give how many are done.

    A draft stays one, and no change is recorded of it. A part of an organisation that
    stays keeps its key, the name as published and the day of signing.
    `published_before` says of new protocols that they were published elsewhere,
    so that their days stay as they come. Raises ValidationError, and the
    database's own refusals. Within a transaction.
    """
    done = 0
    for some in batches(incoming):
        references = [each.reference for each in some]
        with record_changes(
            Protocol, references, at=at, by=by, why=why, published_before=published_before
        ):
            journal += _save_protocols(some)
            journal += _save_parts([each for each in some if each.parts is not None])
        done += len(some)
        yield done


def _save_protocols(incoming: Sequence[Incoming]) -> list[Step]:
    stored = Protocol.objects.in_bulk([each.reference for each in incoming if not each.new])
    new = [each for each in incoming if each.new]
    _create_protocols(new)
    altered = []
    # Its values are those of the file, and may be long: to know it is enough.
    steps = [Step(table="protocol", key=i.reference, before=None, after={}) for i in new]
    for each in incoming:
        if not each.new and each.values:
            protocol = stored[each.reference]
            steps.append(update_step(protocol, **each.values))
            for name, value in each.values.items():
                setattr(protocol, name, value)
            altered.append((protocol, each.values.keys()))
    update_rows(altered, check=True)
    return steps


def _create_protocols(incoming: Sequence[Incoming]) -> None:
    keys = [reference_key(each.reference) for each in incoming]
    for each in incoming:
        check_new_reference(each.reference)
    _refuse_explained_gaps(keys)
    blank = column_defaults(Protocol)
    rows = [
        {**blank, **each.values, "reference": each.reference, "reference_key": key}
        for each, key in zip(incoming, keys, strict=True)
    ]
    insert_values(Protocol, [*blank], [[*row.values()] for row in rows], check=True)


def _refuse_explained_gaps(keys: Sequence[str]) -> None:
    """Raise ValidationError where the reference log says that no protocol has such a reference."""
    for gap in Gap.objects.filter(reference_key__in=keys)[:1]:
        raise ValidationError(
            GAP_EXPLAINED.format(reference=gap.pk, fate=gap.get_fate_display().lower())
        )


def _save_parts(incoming: Sequence[Incoming]) -> list[Step]:
    """Let each protocol have the parts that come, and no other."""
    new = {each.reference for each in incoming if each.new}
    stored: dict[str, list[Party]] = {each.reference: [] for each in incoming if not each.new}
    for party in Party.objects.filter(protocol__in=stored):
        stored[party.protocol_id].append(party)
    removed: list[Party] = []
    altered: list[tuple[Party, list[str]]] = []
    made: list[tuple[Any, ...]] = []
    steps: list[Step] = []
    for each in incoming:
        known = stored.get(each.reference, [])
        there = _staying(each.parts or (), known)
        removed += [party for party in known if party not in there.values()]
        for position, part in enumerate(each.parts or ()):
            values = {"role": part.role, "note": part.note, "position": position}
            said = {"legal_role": part.legal_role, "flow": part.flow}
            values |= {name: value for name, value in said.items() if value is not None}
            stays = there.get(position)
            if stays is None:
                own = (part.role, part.note, position, part.legal_role or "", part.flow or "")
                made.append((each.reference, part.organisation, part.written, *own))
            elif differ := {n: new for n, new in values.items() if getattr(stays, n) != new}:
                steps.append(update_step(stays, protocol_id=each.reference, **differ))
                for name, value in differ.items():
                    setattr(stays, name, value)
                altered.append((stays, [*differ]))
    steps += map(delete_step, removed)
    # First what makes room: a protocol has one lead at most.
    delete_rows(removed)
    for role in (Party.Role.PARTNER, Party.Role.LEAD):
        update_rows([pair for pair in altered if pair[0].role == role], check=True)
    if all(reference in new for reference, *_ in made):
        insert_values(Party, PARTY_COLUMNS, made, check=True)
        return steps
    # The steps name the keys of those that stored protocols get.
    parties = [Party(**dict(zip(PARTY_COLUMNS, values, strict=True))) for values in made]
    create_rows(parties, check=True)
    return steps + [create_step(party) for party in parties if party.protocol_id not in new]


def _staying(parts: Sequence[Part], stored: Sequence[Party]) -> dict[int, Party]:
    """Return which of the stored parts each of `parts` is, by its place among them.

    One that has another role now is the same where the organisation has no other.
    """
    left = {(party.organisation_id, party.role): party for party in stored}
    found: dict[int, Party] = {}
    for place, part in enumerate(parts):
        if party := left.pop((part.organisation, part.role), None):
            found[place] = party
    others = {key[0]: key for key in left}
    for place, part in enumerate(parts):
        if place not in found and (key := others.pop(part.organisation, None)):
            found[place] = left.pop(key)
    return found


@dataclass(frozen=True, slots=True)
class IncomingOrganisation:
    """A new organisation, or names for the stored one with the key `stored`.

    `names` are those that it gets beside its official one: texts and kinds.
    """

    name: str = ""
    kind: str = Organisation.Kind.BODY
    names: Sequence[tuple[str, str]] = ()
    rights_contact: str = ""
    stored: int | None = None


def import_organisations(
    incoming: Sequence[IncomingOrganisation],
    *,
    journal: list[Step],
    at: datetime.datetime,
    by: User | None = None,
    why: str = "",
    also: Callable[[list[int]], None] = lambda keys: None,
) -> Iterator[list[int]]:
    """Save organisations with their names, each as an official change; give their keys, in order.

    They come some at a time. `also` is called with their keys within the changes, to save more
    of them. Raises ValidationError, and the database's own refusals, such as of a name that
    another has. Within a transaction.
    """
    addresses = _Addresses()
    for some in batches(incoming):
        stored = [each.stored for each in some if each.stored is not None]
        with record_changes(Organisation, stored, at=at, by=by, why=why) as keys:
            new, slugs = [], list[list[str]]()
            for each in some:
                slug, kept = addresses.of(each)
                slugs.append(kept)
                if each.stored is None:
                    said = {"kind": each.kind, "rights_contact": each.rights_contact}
                    new.append(Organisation(name=each.name, slug=slug, **said))
            create_rows(new, check=True)
            made = iter(new)
            keys[:] = [next(made).pk if each.stored is None else each.stored for each in some]
            names = [
                _name(key, *name)
                for key, each in zip(keys, some, strict=True)
                for name in _names(each)
            ]
            create_rows(names, check=True)
            rows = [
                Slug(organisation_id=key, text=text)
                for key, texts in zip(keys, slugs, strict=True)
                for text in texts
            ]
            create_rows(rows)
            also(keys)
        journal += map(create_step, new)
        journal += [create_step(name) for name in names if name.organisation_id in stored]
        journal += [create_step(slug) for slug in rows if slug.organisation_id in stored]
        yield keys


class _Addresses:
    """Every address that leads to an organisation, with those that come."""

    def __init__(self) -> None:
        self.taken = set(Slug.objects.values_list("text", flat=True))
        # By the address that is wanted, the ones that are still to be tried.
        self.tried: dict[str, Iterator[str]] = {}

    def of(self, incoming: IncomingOrganisation) -> tuple[str, list[str]]:
        """Return the own address of a new organisation, and all that are to lead to it."""
        slug, kept = "", []
        if incoming.stored is None:
            wanted = wanted_slug(incoming.name)
            tried = self.tried.setdefault(wanted, slug_candidates(wanted))
            slug = next(each for each in tried if each not in self.taken)
            kept = [slug_of(incoming.name), slug]
        kept = [each for each in (*kept, *(slug_of(text) for text, _ in incoming.names)) if each]
        kept = [each for each in dict.fromkeys(kept) if each not in self.taken]
        self.taken.update(kept)
        return slug, kept


def _names(incoming: IncomingOrganisation) -> list[tuple[str, str]]:
    """Return the names that are new, the official one of a new organisation first."""
    official = [] if incoming.stored is not None else [(incoming.name, Name.Kind.OFFICIAL.value)]
    return [*official, *incoming.names]


def _name(organisation: int, text: str, kind: str) -> Name:
    key = key_of(text)
    if not key or len(key) > KEY_LENGTH:
        raise ValidationError(f"The name '{text}' is empty, or too long.")
    return Name(organisation_id=organisation, text=text, key=key, kind=kind)


LONGEST = 90  # so that there is room for a number behind it
LAST_POSITION = 32_767


def import_theme(
    name: str,
    *,
    journal: list[Step],
    at: datetime.datetime,
    by: User | None = None,
    why: str = "",
) -> Theme:
    """Save a new theme behind all others, under the first free address; return it.

    Raises ValidationError.
    """
    wanted = slug_of(name)[:LONGEST] or "theme"
    taken = set(Theme.objects.filter(slug__startswith=wanted).values_list("slug", flat=True))
    slug = next(each for each in slug_candidates(wanted) if each not in taken)
    last = Theme.objects.aggregate(last=Max("position"))["last"]
    position = 0 if last is None else min(last + 1, LAST_POSITION)
    theme = Theme(name=name, slug=slug, position=position)
    with record_change(theme, at=at, by=by, why=why):
        save(theme)
    journal.append(create_step(theme))
    return theme
