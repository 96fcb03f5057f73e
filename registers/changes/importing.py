"""Many protocols become official at once, as a spreadsheet brings them.

Each is as if it had been saved within an `official_change` of its own. It
takes a few queries for some hundred of them, where one after the other would
take a few dozen each. What was touched is published by whoever opened
`published_at_its_end`, or `gathered` it.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError

from registers.changes.many import batches, official_changes
from registers.changes.rows import alter_rows, make_rows, remove_rows
from registers.models import Gap, Organisation, Party, Protocol, RegisterVersion
from registers.models.protocol import GAP_TOLD
from registers.models.references import every_way


@dataclass(frozen=True, slots=True)
class Part:
    """The part that a stored organisation, by its key, is to have in a protocol."""

    organisation: int
    role: str
    written: str
    note: str


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
    at: datetime.datetime,
    by: User | None = None,
    why: str = "",
    published_before: bool = False,
) -> Iterator[int]:
    """Save protocols with their parts, each as an official change; give how many are done.

    A draft stays one, and nothing is told of it. A part of an organisation that
    stays keeps its key, the name as published and the day of signing.
    `published_before` says of new protocols that they were published elsewhere,
    so that their days stay as they come. Raises ValidationError, and the
    database's own refusals. Within a transaction.
    """
    done = 0
    for some in batches(incoming):
        references = [each.reference for each in some]
        with official_changes(
            Protocol, references, at=at, by=by, why=why, published_before=published_before
        ):
            _save_protocols(some, by)
            _save_parts([each for each in some if each.parts is not None], by)
        done += len(some)
        yield done


def _save_protocols(incoming: Sequence[Incoming], by: User | None) -> None:
    stored = Protocol.objects.in_bulk([each.reference for each in incoming if not each.new])
    new = [Protocol(reference=i.reference, **i.values) for i in incoming if i.new]
    _refuse_told_numbers(new)
    make_rows(new, by=by)
    altered = []
    for each in incoming:
        if not each.new and each.values:
            protocol = stored[each.reference]
            for name, value in each.values.items():
                setattr(protocol, name, value)
            altered.append((protocol, each.values.keys()))
    alter_rows(altered, by=by)


def _refuse_told_numbers(new: Sequence[Protocol]) -> None:
    """Raise ValidationError where the number book says that no protocol has the number."""
    numbers = [int(protocol.pk) for protocol in new]
    for gap in Gap.objects.filter(pk__in=every_way(numbers))[:1]:
        raise ValidationError(
            GAP_TOLD.format(reference=gap.pk, fate=gap.get_fate_display().lower())
        )


def _save_parts(incoming: Sequence[Incoming], by: User | None) -> None:
    """Let each protocol have the parts that come, and no other."""
    stored: dict[str, list[Party]] = {each.reference: [] for each in incoming}
    for party in Party.objects.filter(protocol__in=stored):
        stored[party.protocol_id].append(party)
    removed: list[Party] = []
    altered: list[tuple[Party, list[str]]] = []
    made: list[Party] = []
    for each in incoming:
        there = _staying(each.parts or (), stored[each.reference])
        removed += [party for party in stored[each.reference] if party not in there.values()]
        for position, part in enumerate(each.parts or ()):
            values = {"role": part.role, "note": part.note, "position": position}
            stays = there.get(position)
            if stays is None:
                made.append(
                    Party(
                        protocol_id=each.reference,
                        organisation_id=part.organisation,
                        name_as_published=part.written,
                        **values,
                    )
                )
            elif differ := [name for name in values if getattr(stays, name) != values[name]]:
                for name in differ:
                    setattr(stays, name, values[name])
                altered.append((stays, differ))
    # First what makes room: a protocol has one lead at most.
    remove_rows(removed, by=by)
    for role in (Party.Role.PARTNER, Party.Role.LEAD):
        alter_rows([pair for pair in altered if pair[0].role == role], by=by)
    make_rows(made, by=by)


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


def hold(references: Iterable[str], organisations: Iterable[int]) -> RegisterVersion:
    """Let nobody else save these, nor anything official, until the transaction ends.

    Protocols come first with their parties, then organisations, then the
    version, which is returned: so does everybody who saves. Nothing is waited
    for: raises OperationalError where somebody else holds one of them. SQLite
    writes one transaction after the other, so that there it holds by itself.
    """
    for model, field, keys in (
        (Protocol, "pk", sorted(references)),
        (Party, "protocol", sorted(references)),
        (Organisation, "pk", sorted(organisations)),
    ):
        rows = model._default_manager.select_for_update(no_key=True, nowait=True)
        for some in batches(keys):
            list(rows.filter(**{f"{field}__in": some}).order_by("pk").values_list("pk"))
    list(RegisterVersion.objects.select_for_update(nowait=True).filter(pk=RegisterVersion.ONLY))
    return RegisterVersion.now()
