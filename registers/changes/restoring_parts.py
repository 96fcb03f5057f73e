"""How the parts of an earlier state are put back: parties, names, papers, and the others.

Each function raises ValidationError for what cannot be, with a sentence that names it.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.text import capfirst

from registers.changes.official import remove, save
from registers.history.snapshot import PARTS, Record, value_for
from registers.models import (
    Document,
    EarlierVersion,
    Name,
    Organisation,
    Party,
    Protocol,
    Resource,
)
from registers.models.words import key_of

Values = dict[str, Any]

GONE = "{says} is not in this register any longer."
NO_FILE = "The file of ‘{title}’ as it was then is not kept here any longer."
FILE = ("name", "size", "uploaded_at")  # what is recorded beside a paper's file
# By kind of part: the fields by which one is known again, beside whose it is.
KNOWN_BY = {
    "parties": ("organisation", "role"),
    "overarching": ("overarching",),
    "successions": ("successor",),
    "approvers": ("job_title",),
}


def put_back_parts(thing: models.Model, record: Record, at: datetime.datetime) -> None:
    """Let the parts of `thing` be as in `record` again. `at` is the time of this change."""
    for kind, rows in record["parts"].items():
        if kind == "documents":
            _put_back_documents(cast(Protocol, thing), rows, at)
        elif kind == "names":
            _put_back_names(cast(Organisation, thing), rows)
        else:
            _put_back(thing, kind, rows)


def resolve(field: models.Field[Any, Any], recorded: Any) -> Any:
    """Return the value of a recorded field; of another thing its key today, which may differ."""
    if not isinstance(recorded, dict):
        return value_for(field, recorded)
    model = cast(type[models.Model], field.related_model)
    things = model._default_manager.all()
    found = things.filter(pk=recorded["key"]).first()
    if found is None and model is Organisation:
        found = Organisation.objects.at(recorded["slug"]).first()
    if found is None:
        raise ValidationError(GONE.format(says=recorded["says"]))
    return found.pk


def _put_back(thing: models.Model, kind: str, rows: list[Values]) -> None:
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
            setattr(paper, field.name, value_for(field, row[field.name]))


@contextmanager
def _naming(part: models.Model) -> Iterator[None]:
    """Let what is refused within say which part it is about."""
    try:
        yield
    except ValidationError as refusal:
        kind = capfirst(str(part._meta.verbose_name))
        sentences = [f"{kind} '{part}': {sentence}" for sentence in refusal.messages]
        raise ValidationError(sentences) from refusal
