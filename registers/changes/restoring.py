"""How an earlier state of a thing is put back: as a new official change, or not at all.

What is equal already is left alone. The reference, the day of the last update,
reviews and notes for administrators are not put back: they stand beside what
was said, not in it.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from typing import Any, cast

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import models, transaction

from registers.changes.official import official_change, save, taken_back
from registers.changes.promises import promise_of
from registers.changes.restoring_parts import put_back_parts, put_file, resolve
from registers.history.diff import Difference, differences
from registers.history.snapshot import Record, record_of
from registers.models import Merge, Organisation, Party, Resource

CHANGED_MEANWHILE = (
    "Nothing was put back: something changed after you were shown what would happen. This is what"
    " would happen by now."
)
GONE = "This is not in the register any more. It may have been merged or deleted meanwhile."
OF_ANOTHER = "That is the state of another organisation. It cannot be put back here."
MERGED_SINCE = (
    "{gone} was merged into {stays} after that state. Undo the merge first: else what came with it"
    " would be lost."
)


@dataclass(frozen=True, kw_only=True)
class Foreseen:
    """What putting a state back would do, field by field, or why it is refused.

    With neither it would do nothing. `promise` is a short text that differs as
    soon as anything of this differs.
    """

    differences: list[Difference] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    promise: str = ""


def restore(
    thing: models.Model,
    record: Record,
    *,
    at: datetime.datetime,
    by: User | None = None,
    why: str = "",
    said_at: datetime.datetime | None = None,
    promised: str | None = None,
) -> bool:
    """Let the official `thing` say again what `record` says, as one official change, made `at`.

    `said_at` is when it said so, where that is known: an organisation cannot go
    back behind a merge. Returns False where it says so already: then nothing is
    changed. Raises ValidationError, with sentences, for what cannot be; with the
    `promise` of what was foreseen, also where something else would happen by
    now. Then nothing is kept.
    """
    with transaction.atomic():
        held = _held(thing)
        _refuse_of_others(held, record, said_at)
        before = _record(held)
        with official_change(held, at=at, by=by, why=why):
            _put_back(held, record, at)
        after = _record(held)
        if promised is not None and _promise(before, after) != promised:
            raise ValidationError(CHANGED_MEANWHILE)
        return bool(_told(before) != _told(after))


def foresee_restoring(
    thing: models.Model,
    record: Record,
    *,
    at: datetime.datetime,
    said_at: datetime.datetime | None = None,
) -> Foreseen:
    """Say what putting `record` back would do. It is done, and taken back: nothing is kept."""
    try:
        with taken_back():
            before = _record(_held(thing))
            restore(thing, record, at=at, said_at=said_at)
            after = _record(thing)
    except ValidationError as refusal:
        return Foreseen(refusals=list(refusal.messages))
    return Foreseen(
        differences=differences(type(thing), before, after),
        promise=_promise(before, after),
    )


def _held(thing: models.Model) -> models.Model:
    """Return the thing as it is now, and hold it to the transaction's end.

    Raises ValidationError where it is gone: somebody may have merged it meanwhile.
    """
    things = type(thing)._default_manager.select_for_update(no_key=True)
    held = things.filter(pk=thing.pk).first()
    if held is None:
        raise ValidationError(GONE)
    return held


def _record(thing: models.Model) -> Record:
    """Return what is recorded of a thing that is official, and so no draft."""
    return cast(Record, record_of(thing))


def is_of_another(thing: models.Model, record: Record | None) -> bool:
    """Say whether a record among those of an organisation came there with a merge."""
    other = isinstance(thing, Organisation) and record and record["fields"].get("id", thing.pk)
    return bool(other) and other != thing.pk


def merges_into(thing: models.Model) -> list[Merge]:
    """Return the merges into a thing that are not undone, the newest first."""
    if not isinstance(thing, Organisation):
        return []
    merges = Merge.objects.filter(stays_key=thing.pk, undone_at=None)
    return list(merges.defer("moved").select_related("change"))


def merged_after(merges: list[Merge], said_at: datetime.datetime) -> Merge | None:
    """Return the newest of the merges that was done after a state, if any."""
    return next((merge for merge in merges if merge.change.made_at > said_at), None)


def _refuse_of_others(
    thing: models.Model, record: Record, said_at: datetime.datetime | None
) -> None:
    if is_of_another(thing, record):
        raise ValidationError(OF_ANOTHER)
    if said_at and (merge := merged_after(merges_into(thing), said_at)):
        raise ValidationError(MERGED_SINCE.format(gone=merge.gone_name, stays=thing))


def _put_back(thing: models.Model, record: Record, at: datetime.datetime) -> None:
    """Put back the thing's own fields, and then its parts."""
    before = _values(thing)
    for each in thing._meta.fields:
        # What no editor writes follows from the rest. An address stays.
        theirs = each.editable and not each.primary_key and each.name != "slug"
        if theirs and each.name in record["fields"] and not isinstance(each, models.FileField):
            setattr(thing, each.attname, resolve(each, record["fields"][each.name]))
    if isinstance(thing, Resource):
        put_file(thing, record["fields"], at)
    if _values(thing) != before:
        save(thing)
    if isinstance(thing, Organisation) and thing.slug != record["fields"]["slug"]:
        # One of its own: after a rename, a saving has made another from the name.
        thing.slug = record["fields"]["slug"]
        save(thing)
    put_back_parts(thing, record, at)


def _values(thing: models.Model) -> dict[str, Any]:
    return {each.attname: getattr(thing, each.attname) for each in thing._meta.concrete_fields}


def _told(record: Record) -> Any:
    """Return what is compared of a record: all but keys of rows, places, and the day of the update.

    A part that comes back has another key, and places matter by their order
    alone, which the lead has no part in.
    """

    def bare(values: dict[str, Any], *untold: str) -> dict[str, Any]:
        return {name: value for name, value in values.items() if name not in untold}

    rows = record["parts"].items()
    parts = {
        kind: [bare(part, "id", "position") for part in sorted(parts, key=_is_no_lead)]
        for kind, parts in rows
    }
    return [bare(record["fields"], "updated_on"), parts]


def _is_no_lead(part: dict[str, Any]) -> bool:
    return bool(part.get("role") != Party.Role.LEAD)


def _promise(before: Record, after: Record) -> str:
    return promise_of([_told(before), _told(after)])
