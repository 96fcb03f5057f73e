"""How an earlier state of a thing is put back: as a new official change, or not at all.

Each function raises ValidationError for what cannot be, with a sentence that names it.

What is equal already is left alone. The reference, the day of the last update,
reviews and notes for administrators are not put back: they stand beside what
was said, not in it.
"""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils.text import capfirst

from registers.changes.locking import promise_of
from registers.changes.record import official_change, remove, save, taken_back
from registers.history.diff import Difference, differences
from registers.history.snapshot import PARTS, Snapshot, snapshot_of, to_python
from registers.models import (
    Document,
    EarlierVersion,
    Merge,
    Name,
    Organisation,
    Party,
    Protocol,
    Resource,
)
from registers.models.keys import key_of

Values = dict[str, Any]

PART_GONE = "{says} is not in this register any longer."
NO_FILE = "The file of ‘{title}’ as it was then is not kept here any longer."
FILE = ("name", "size", "uploaded_at")  # what is recorded beside a paper's file
# By kind of part: the fields by which one is known again, beside whose it is.
KNOWN_BY = {
    "parties": ("organisation", "role"),
    "overarching": ("overarching",),
    "successions": ("successor",),
    "approvers": ("job_title",),
}


def put_back_parts(thing: models.Model, record: Snapshot, at: datetime.datetime) -> None:
    """Let the parts of `thing` be as in `record` again. `at` is the time of this change."""
    for kind, rows in record["parts"].items():
        if kind == "documents":
            _put_back_documents(cast(Protocol, thing), rows, at)
        elif kind == "names":
            _put_back_names(cast(Organisation, thing), rows)
        else:
            _put_back_part(thing, kind, rows)


def resolve(field: models.Field[Any, Any], recorded: Any) -> Any:
    """Return the value of a recorded field; of another thing its key today, which may differ."""
    if not isinstance(recorded, dict):
        return to_python(field, recorded)
    model = cast(type[models.Model], field.related_model)
    things = model._default_manager.all()
    found = things.filter(pk=recorded["key"]).first()
    if found is None and model is Organisation:
        found = Organisation.objects.at(recorded["slug"]).first()
    if found is None:
        raise ValidationError(PART_GONE.format(says=recorded["says"]))
    return found.pk


def _put_back_part(thing: models.Model, kind: str, rows: list[Values]) -> None:
    """Take off what was not there, put right what differs, and add what is missing."""
    model, owner = PARTS[type(thing)][kind]
    fields = {field.name: field for field in model._meta.fields}
    wanted: dict[tuple[Any, ...], Values] = {}
    for row in rows:
        values = {
            fields[name].attname: resolve(fields[name], value)
            for name, value in row.items()
            if name in fields and not fields[name].primary_key
        }
        # Two that were merged since are one: what was said of the first stands.
        wanted.setdefault(tuple(values[fields[name].attname] for name in KNOWN_BY[kind]), values)
    there = {}
    for part in model._default_manager.filter(**{owner: thing.pk}):
        key = tuple(getattr(part, fields[name].attname) for name in KNOWN_BY[kind])
        if key in wanted:
            there[key] = part
        else:
            # First, so that the lead's place is free.
            remove(part)
    if model is Party:
        _place(list(wanted), wanted, there)
    for key, values in wanted.items():
        _put(there.get(key) or model(**{owner: thing}), values)


def _place(
    order: list[tuple[Any, ...]],
    wanted: dict[tuple[Any, ...], Values],
    there: dict[tuple[Any, ...], models.Model],
) -> None:
    """Leave parties where they stand if their order is right, else number them as recorded."""
    if order == list(there):
        for key, values in wanted.items():
            values["position"] = there[key].position  # type: ignore[attr-defined]  # a party's
        return
    places = [values["position"] for values in wanted.values()]
    if places != sorted(set(places)):
        # Equal places leave the order to keys, and a party that comes back has a new one.
        for place, values in enumerate(wanted.values()):
            values["position"] = place


def _put(part: models.Model, values: Values) -> None:
    """Save a part with these values, unless it has them all."""
    if part.pk and all(getattr(part, name) == value for name, value in values.items()):
        return
    for name, value in values.items():
        setattr(part, name, value)
    with _naming(part):
        save(part)


def _put_back_names(organisation: Organisation, rows: list[Values]) -> None:
    """Put back every name but the official one, which the organisation's own has brought.

    What it was officially called since stays as a former name: every name that
    was published stays findable.
    """
    wanted = {key_of(row["text"]): row for row in rows}
    kept = {Name.Kind.OFFICIAL, Name.Kind.FORMER}
    for name in organisation.names.exclude(key__in=wanted).exclude(kind__in=kept):
        remove(name)
    there = {name.key: name for name in organisation.names.all()}
    for key, row in wanted.items():
        values = {name: row[name] for name in ("text", "kind", "also_written")}
        _put(there.get(key) or Name(organisation=organisation), values)


def _put_back_documents(protocol: Protocol, rows: list[Values], at: datetime.datetime) -> None:
    """Put papers back as they were, with their files, and take off those that were not there.

    They were checked when they came, so they are saved as they are.
    """
    there = {document.pk: document for document in protocol.documents.all()}
    wanted = {row["id"] for row in rows}
    for document in there.values():
        if document.pk not in wanted and not document.taken_off:
            document.taken_off = True
            document.save()
    for row in rows:
        document = there.get(row["id"]) or Document(pk=row["id"], protocol=protocol)
        was = (document.title, document.file.name, document.taken_off)
        put_file(document, row, at)
        document.title, document.taken_off = row["title"], False
        if was != (document.title, document.file.name, document.taken_off):
            document.save()


def put_file(paper: Document | Resource, row: Values, at: datetime.datetime) -> None:
    """Let a paper have its recorded file again; the file that it has becomes an earlier version.

    The paper itself is not saved.
    """
    same = (paper.file.name or "") == row["file"]
    if same and not getattr(paper, "taken_off", False):
        return
    if row["file"] and not paper.file.storage.exists(row["file"]):
        raise ValidationError(NO_FILE.format(title=row["title"]))
    if same:
        return
    if paper.file:
        its = {"document": paper} if isinstance(paper, Document) else {"resource": paper}
        about = {name: getattr(paper, name) for name in FILE} | {"replaced_at": at}
        # One that came back is an earlier version already: its address stays.
        EarlierVersion.objects.get_or_create(**its, file=paper.file.name, defaults=about)
    paper.file = row["file"]
    for field in paper._meta.fields:
        if field.name in FILE:
            setattr(paper, field.name, to_python(field, row[field.name]))


@contextmanager
def _naming(part: models.Model) -> Iterator[None]:
    """Let what is refused within say which part it is about."""
    try:
        yield
    except ValidationError as refusal:
        kind = capfirst(str(part._meta.verbose_name))
        sentences = [f"{kind} '{part}': {sentence}" for sentence in refusal.messages]
        raise ValidationError(sentences) from refusal


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

    differences: list[Difference] = dataclasses.field(default_factory=list)
    refusals: list[str] = dataclasses.field(default_factory=list)
    promise: str = ""


def restore(
    thing: models.Model,
    record: Snapshot,
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
    record: Snapshot,
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


def _record(thing: models.Model) -> Snapshot:
    """Return what is recorded of a thing that is official, and so no draft."""
    return cast(Snapshot, snapshot_of(thing))


def is_of_another(thing: models.Model, record: Snapshot | None) -> bool:
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
    thing: models.Model, record: Snapshot, said_at: datetime.datetime | None
) -> None:
    if is_of_another(thing, record):
        raise ValidationError(OF_ANOTHER)
    if said_at and (merge := merged_after(merges_into(thing), said_at)):
        raise ValidationError(MERGED_SINCE.format(gone=merge.gone_name, stays=thing))


def _put_back(thing: models.Model, record: Snapshot, at: datetime.datetime) -> None:
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


def _told(record: Snapshot) -> Any:
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


def _promise(before: Snapshot, after: Snapshot) -> str:
    return promise_of([_told(before), _told(after)])
