"""Restore an earlier state of a row and its parts: as a new official change, or not at all.

Each function raises ValidationError for what is not possible, with a sentence that names it.

What is equal already is left alone. The reference, the day of the last update,
reviews, contacts and notes for administrators stay as they are.
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

from registers.changes.locking import batches, lock_one, plan_digest
from registers.changes.members import COLUMNS, put_members
from registers.changes.record import record_change
from registers.changes.transaction import dry_run
from registers.changes.writes import remove, save
from registers.history.diff import Difference, differences
from registers.history.snapshot import PARTS, Snapshot, snapshot_of, to_python
from registers.models import (
    Document,
    EarlierVersion,
    Membership,
    Merge,
    Name,
    Organisation,
    Party,
    Protocol,
    Resource,
)
from registers.models.keys import key_of
from registers.models.organisation import NO_APPROVAL
from registers.models.pages import PAGE_PUBLISH_FIELDS, PublishedPage
from registers.models.protocol_fields import PRIVATE_FIELDS

Values = dict[str, Any]

PART_GONE = "{says} is not in this register any more."
NO_FILE = "The earlier file of ‘{title}’ is not kept here any more."
FILE = ("name", "size", "uploaded_at")  # what is recorded beside a paper's file
# What stays as it is: the fields and kinds of parts.
NOT_RESTORED = {"slug", "admin_note", "reviews", "contact", *PRIVATE_FIELDS}
# By kind of part: the fields by which one is known again, beside whose it is.
KNOWN_BY = {
    "parties": ("organisation", "role"),
    "overarching": ("overarching",),
    "taken_on": ("predecessor", "successor"),
    "successions": ("successor",),
    "approvers": ("job_title",),
    "identifiers": ("scheme", "value"),
}
# Of a name; what an old snapshot does not say stays as it is.
NAME_FIELDS = ("text", "kind", "also_written", "source")


def put_back_parts(thing: models.Model, record: Snapshot, at: datetime.datetime) -> None:
    """Restore the parts of `thing` to the snapshot `record`. `at` is the time of this change."""
    for kind, rows in record["parts"].items():
        if kind in NOT_RESTORED:
            continue
        if kind == "documents":
            put_back_documents(cast(Protocol, thing), rows, at)
        elif kind == "names":
            _put_back_names(cast(Organisation, thing), rows)
        elif kind == "members":
            put_back_members(cast(Organisation, thing), rows)
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
        if model is Party:
            # A day that an older snapshot says has nothing of the approval of today.
            values = NO_APPROVAL | values
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
        put_part(there.get(key) or model(**{owner: thing}), values)


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


def put_part(part: models.Model, values: Values) -> None:
    """Save a part with these values, unless it has them all."""
    if part.pk and all(getattr(part, name) == value for name, value in values.items()):
        return
    for name, value in values.items():
        setattr(part, name, value)
    with _naming(part):
        save(part)


def _put_back_names(organisation: Organisation, rows: list[Values]) -> None:
    """Put back every name but the official one, which the saved organisation has already.

    What it was officially called since stays as a former name: every name that
    was published stays findable.
    """
    wanted = {key_of(row["text"]): row for row in rows}
    kept = {Name.Kind.OFFICIAL, Name.Kind.FORMER}
    for name in organisation.names.exclude(key__in=wanted).exclude(kind__in=kept):
        remove(name)
    there = {name.key: name for name in organisation.names.all()}
    for key, row in wanted.items():
        values = {name: row[name] for name in NAME_FIELDS if name in row}
        put_part(there.get(key) or Name(organisation=organisation), values)


def put_back_members(group: Organisation, rows: list[Values]) -> None:
    """Let a group have the members that are recorded: there can be a thousand."""
    fields = {field.name: field for field in Membership._meta.fields}
    found: dict[int, Organisation] = {}
    for some in batches([row["member"]["key"] for row in rows]):
        found |= Organisation.objects.in_bulk(some)
    wanted = []
    for row in rows:
        member = found.get(row["member"]["key"])
        if member is None:  # it was merged since
            member = Organisation.objects.get(pk=resolve(fields["member"], row["member"]))
        values = {name: to_python(fields[name], row[name]) for name in COLUMNS}
        wanted.append(Membership(group=group, member=member, **values))
    put_members(group, wanted)


def put_back_documents(protocol: Protocol, rows: list[Values], at: datetime.datetime) -> None:
    """Put papers back as they were, with their files, and take off those that were not there.

    They were checked when they came, so they are saved as they are.
    """
    there = {document.pk: document for document in protocol.documents.all()}
    wanted = {row["id"] for row in rows}
    for document in there.values():
        if document.pk not in wanted and not document.taken_off:
            document.taken_off = True
            document.save()
    # A file that was taken out cannot come back: what is there in its place stays.
    for row in (row for row in rows if row["file"]):
        document = there.get(row["id"]) or Document(pk=row["id"], protocol=protocol)
        was = (document.title, document.file.name, document.taken_off)
        put_file(document, row, at)
        document.title, document.taken_off = row["title"], False
        if was != (document.title, document.file.name, document.taken_off):
            document.save()


def put_file(paper: Document | Resource, row: Values, at: datetime.datetime) -> None:
    """Let a paper have its recorded file again; the file that it has becomes an earlier version.

    The paper itself is not saved. A recorded file that was taken out, of which a name alone
    is left, cannot come back: the present one stays.
    """
    if row.get("name") and not row["file"]:
        return
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


CHANGED_SINCE = (
    "Nothing was put back. The register changed after you opened this page. This is what would"
    " happen now."
)
GONE = "This is not in the register any more. Somebody may have merged or deleted it."
OF_ANOTHER = "That is the state of another organisation. It cannot be put back here."
MERGED_SINCE = (
    "{gone} was merged into {stays} after that state. Undo the merge first, so that what came"
    " with it is not lost."
)


@dataclass(frozen=True, kw_only=True)
class RestorePreview:
    """What restoring a state would do, field by field, or why it is refused.

    With neither it would do nothing. `digest` is for the page that shows it to carry.
    """

    differences: list[Difference] = dataclasses.field(default_factory=list)
    refusals: list[str] = dataclasses.field(default_factory=list)
    digest: str = ""


def restore(
    thing: models.Model,
    record: Snapshot,
    *,
    at: datetime.datetime,
    by: User | None = None,
    why: str = "",
    said_at: datetime.datetime | None = None,
    expected_digest: str | None = None,
) -> bool:
    """Restore the official `thing` to the snapshot `record`, as one official change, made `at`.

    `said_at` is the time of the snapshot, where that is known: an organisation
    cannot be restored to before a merge. Returns False where it is in that state
    already: then nothing is changed. Raises ValidationError, with sentences, for
    what is not possible, and where something else would happen now than the preview
    with `expected_digest` showed. Then nothing is kept.
    """
    with transaction.atomic():
        held = _locked(thing)
        _refuse_of_others(held, record, said_at)
        before = _record(held)
        with record_change(held, at=at, by=by, why=why, stays_complete=True):
            _put_back(held, record, at)
            after = _record(held)
            if expected_digest is not None and _digest(before, after) != expected_digest:
                raise ValidationError(CHANGED_SINCE)
        return bool(_compared(before) != _compared(after))


def preview_restore(
    thing: models.Model,
    record: Snapshot,
    *,
    at: datetime.datetime,
    said_at: datetime.datetime | None = None,
) -> RestorePreview:
    """Return what restoring `record` would do, by doing it and rolling it back."""
    try:
        with dry_run():
            before = _record(_locked(thing))
            restore(thing, record, at=at, said_at=said_at)
            after = _record(thing)
    except ValidationError as refusal:
        return RestorePreview(refusals=list(refusal.messages))
    return RestorePreview(
        differences=differences(type(thing), before, after, private=True),
        digest=_digest(before, after),
    )


def _locked(thing: models.Model) -> models.Model:
    """Lock the thing until the transaction ends, and return it as it is now.

    Raises ValidationError where it is gone: somebody may have merged it.
    """
    held = lock_one(thing)
    if held is None:
        raise ValidationError(GONE)
    return held


def _record(thing: models.Model) -> Snapshot:
    """Return the snapshot of a thing that is official, and so not a draft."""
    return cast(Snapshot, snapshot_of(thing))


def is_of_other_row(thing: models.Model, record: Snapshot | None) -> bool:
    """Return whether a snapshot among those of an organisation came there with a merge."""
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
    if is_of_other_row(thing, record):
        raise ValidationError(OF_ANOTHER)
    if said_at and (merge := merged_after(merges_into(thing), said_at)):
        raise ValidationError(MERGED_SINCE.format(gone=merge.gone_name, stays=thing))


def _put_back(thing: models.Model, record: Snapshot, at: datetime.datetime) -> None:
    """Put back the thing's own fields, and then its parts."""
    before = _values(thing)
    # What is public would not be, until a day that was to come in that state.
    publishes = PAGE_PUBLISH_FIELDS if isinstance(thing, PublishedPage) else ()
    not_restored = NOT_RESTORED.union(publishes)
    if _becomes_body(thing, record):
        # First: what has members cannot become one body.
        put_members(cast(Organisation, thing), [])
    for each in thing._meta.fields:
        # What no editor writes follows from the rest. An address stays.
        theirs = each.editable and not each.primary_key and each.name not in not_restored
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


def _becomes_body(thing: models.Model, record: Snapshot) -> bool:
    if not isinstance(thing, Organisation) or thing.kind == Organisation.Kind.BODY:
        return False
    return bool(record["fields"]["kind"] == Organisation.Kind.BODY)


def _values(thing: models.Model) -> dict[str, Any]:
    return {each.attname: getattr(thing, each.attname) for each in thing._meta.concrete_fields}


def _compared(record: Snapshot) -> Any:
    """Return a snapshot for comparison: without row ids, positions and the day of the update.

    A part that comes back has another id, and positions matter by their order
    alone, in which the lead has no part.
    """

    def without(values: dict[str, Any], *names: str) -> dict[str, Any]:
        return {name: value for name, value in values.items() if name not in names}

    rows = record["parts"].items()
    parts = {
        kind: [without(part, "id", "position") for part in sorted(parts, key=_is_no_lead)]
        for kind, parts in rows
    }
    return [without(record["fields"], "updated_on"), parts]


def _is_no_lead(part: dict[str, Any]) -> bool:
    return bool(part.get("role") != Party.Role.LEAD)


def _digest(before: Snapshot, after: Snapshot) -> str:
    return plan_digest([_compared(before), _compared(after)])
