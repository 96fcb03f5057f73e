"""What a protocol said on a day of the past, and what others were called then."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, cast

from django.db import models
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Coalesce
from django.utils import timezone

from registers.history.diff import PRIVATE_FIELDS
from registers.history.parts import APPROVAL, file_text
from registers.history.snapshot import Snapshot, Values, snapshot_of, to_python
from registers.models import (
    Change,
    Document,
    EarlierVersion,
    Organisation,
    Party,
    Protocol,
    Review,
    Theme,
)
from registers.models.references import reference_key

PARTY = ("role", "name_as_published", "note", *APPROVAL, "legal_role", "flow", "position")
INSTANT = datetime.timedelta(microseconds=1)


@dataclass(frozen=True, kw_only=True)
class DocumentAsOf:
    """A document as it was. `about` is the name or kind of its file, and its size.

    Today its file is that of `document`, or of its earlier `version`, or is published no more.
    """

    title: str
    about: str
    document: Document | None
    version: EarlierVersion | None


@dataclass(frozen=True, kw_only=True)
class ProtocolAsOf:
    """A protocol, not saved, as it was recorded at the end of a day or, before all that, at first.

    `known` says that it is what stood here on the day that was asked for, and
    `absent` that the register was kept on that day without this protocol.
    `recorded_on` is the day since which it stood so, `kept_since` the register's
    first. `reviews` are all that were recorded by then, in their words of today.
    """

    protocol: Protocol
    known: bool
    absent: bool
    recorded_on: datetime.date
    kept_since: datetime.date
    reviews: list[Review]
    documents: list[DocumentAsOf]
    replaced_by: list[Protocol]
    comes_under: list[Protocol]


def end_of(day: datetime.date) -> datetime.datetime:
    """Return the moment at which a day ends in Europe/London."""
    next_day = datetime.datetime.combine(day + datetime.timedelta(days=1), datetime.time())
    return timezone.make_aware(next_day)


def register_began() -> datetime.date | None:
    """Return the day of the first official change: what was before is not known here."""
    changes = Change.objects.public().order_by("made_at").values_list("made_at", flat=True)
    began = changes.first()
    return began and timezone.localdate(began)


def as_of(protocol: Protocol, on: datetime.date) -> ProtocolAsOf | None:
    """Return the public `protocol` as it was at the end of the past day `on` (Europe/London).

    None where nothing official is recorded of it at all.
    """
    end, last = end_of(on), protocol.changes.first()
    if last is None:
        return None
    change = protocol.changes.filter(made_at__lt=end).first()
    known = change is not None and (change.snapshot is not None or change == last)
    absent = change is None
    if change is None or not known:
        change = protocol.changes.filter(snapshot__isnull=False).last() or last
    # The last change may be of before records were kept: nothing has happened since.
    record = cast(Snapshot, change.snapshot or snapshot_of(protocol))
    at = end if known else change.made_at + INSTANT
    kept_since = cast(datetime.date, register_began())
    return ProtocolAsOf(
        protocol=_protocol(record, at),
        known=known,
        absent=absent and on >= kept_since,
        recorded_on=timezone.localdate(change.made_at),
        kept_since=kept_since,
        reviews=list(
            protocol.reviews.filter(recorded_at__lt=at).select_related("replaced_by", "answer")
        ),
        documents=_documents(protocol, record),
        **_linked(record, at),
    )


def _protocol(record: Snapshot, at: datetime.datetime) -> Protocol:
    """Return the protocol as recorded, with its theme and parties as they were called then."""
    theme, rows = record["fields"]["theme"], record["parts"]["parties"]
    return made_from(
        record,
        themes=names_as_of(Theme, [theme["key"]], at),
        organisations=names_as_of(Organisation, {row["organisation"]["key"] for row in rows}, at),
    )


def made_from(
    record: Snapshot, *, themes: Mapping[Any, str], organisations: Mapping[Any, str]
) -> Protocol:
    """Return a protocol, not saved, as a snapshot says, with its theme and parties.

    `themes` and `organisations` are what these were called then, by key. What is in
    neither is called as the snapshot says. The snapshot itself is its attribute `recorded`.
    """
    made = Protocol()
    made.__dict__["recorded"] = record
    for field in Protocol._meta.fields:
        if field.name in record["fields"] and field.name not in PRIVATE_FIELDS:
            value = to_python(field, record["fields"][field.name])
            setattr(made, field.attname, value)
    theme = record["fields"]["theme"]
    made.theme = Theme(
        pk=theme["key"], name=themes.get(theme["key"]) or theme["says"], slug=theme["slug"]
    )
    rows = record["parts"]["parties"]
    made.__dict__["prefetched_parties"] = [_party(made, row, organisations) for row in rows]
    return made


def _party(protocol: Protocol, row: Values, names: Mapping[Any, str]) -> Party:
    """Return a party as recorded. What is gone since is called as its record says."""
    other = row["organisation"]
    organisation = Organisation(
        pk=other["key"], name=names.get(other["key"], other["says"]), slug=other["slug"]
    )
    fields = {
        field.attname: to_python(field, row[field.name])
        for field in Party._meta.fields
        if field.name in PARTY and field.name in row  # older snapshots lack some
    }
    return Party(protocol=protocol, organisation=organisation, **fields)


def _linked(record: Snapshot, at: datetime.datetime) -> dict[str, list[Protocol]]:
    """Return the protocols that it named, with their titles as they were then."""
    newer = record["fields"]["replaced_by"]
    keys = {
        "replaced_by": [newer["key"]] if newer else [],
        "comes_under": [row["overarching"]["key"] for row in record["parts"]["overarching"]],
    }
    named = [key for each in keys.values() for key in each]
    titles = names_as_of(Protocol, named, at) if named else {}
    return {
        name: [
            Protocol(reference=key, title=titles[key]) for key in sorted(each, key=reference_key)
        ]
        for name, each in keys.items()
    }


def _documents(protocol: Protocol, record: Snapshot) -> list[DocumentAsOf]:
    rows = record["parts"]["documents"]
    today = {document.pk: document for document in protocol.documents.listed()} if rows else {}
    return [_document(row, today.get(row["id"])) for row in rows]


def _document(row: Values, today: Document | None) -> DocumentAsOf:
    """Return a document as recorded, with where its file is today, if it still is published."""
    versions = today.earlier_versions.all() if today else []
    is_current = today is not None and today.file.name == row["file"]
    return DocumentAsOf(
        title=row["title"],
        about=file_text(row),
        document=today if is_current else None,
        version=next((v for v in versions if v.file.name == row["file"]), None),
    )


# The field with its name, by model.
NAME_FIELDS: dict[type[models.Model], str] = {
    Organisation: "name",
    Protocol: "title",
    Theme: "name",
}


def names_as_of(
    model: type[models.Model], keys: Collection[Any], at: datetime.datetime
) -> dict[Any, str]:
    """Return by key what rows of `model` were called just before `at`.

    The last snapshot by then says so or, before all snapshots, the first one: it is
    of before the first change. A row without any was never renamed. What is gone is
    left out.
    """
    field = NAME_FIELDS[model]
    subject = Cast(models.OuterRef("pk"), models.CharField(max_length=40))
    snapshots = Change.objects.filter(
        subject_type=model._meta.model_name, subject_key=subject, snapshot__isnull=False
    )
    if model is Protocol:
        # What a draft was called is nobody's but its editors'.
        snapshots = snapshots.public()
    named = snapshots.annotate(said=KT(f"snapshot__fields__{field}")).values("said")
    things = model._default_manager.filter(pk__in=keys).annotate(
        said=Coalesce(
            models.Subquery(named.filter(made_at__lt=at)[:1]),
            models.Subquery(named.order_by("made_at", "pk")[:1]),
            models.F(field),
            output_field=models.TextField(),
        )
    )
    return dict(things.values_list("pk", "said"))
