"""Snapshots: everything public that is stored of a row and its parts, as JSON values.

A change keeps one, so that a past day can be shown and an earlier state
restored. history/summary.py says the same in words.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from django.db import models
from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.formats import date_format

from registers.models import (
    Approver,
    Document,
    Name,
    Organisation,
    Overarching,
    Party,
    Protocol,
    Succession,
)
from registers.models.keys import key_of

# {"fields": {name: value}, "parts": {kind: [{name: value}, ...]}}. A value is text, a number,
# yes or no, a day as 2027-03-31, or for another thing its key, its words and its address's end.
Snapshot = dict[str, Any]

# Notes for administrators are never public; keys follow from names.
EXCLUDED_FIELDS = {"admin_note", "key"}

# What stands in other tables and belongs to a thing, with the field that says whose it is.
PARTS: dict[type[models.Model], dict[str, tuple[type[models.Model], str]]] = {
    Protocol: {
        "parties": (Party, "protocol"),
        "overarching": (Overarching, "protocol"),
        "documents": (Document, "protocol"),
    },
    Organisation: {
        "names": (Name, "organisation"),
        "successions": (Succession, "organisation"),
        "approvers": (Approver, "organisation"),
    },
}


def snapshot_of(thing: models.Model) -> Snapshot | None:
    """Return the snapshot of the stored `thing`; None if it is not stored, or is a draft."""
    return snapshots_of([thing]).get(thing.pk)


def snapshots_of(things: Sequence[models.Model]) -> dict[Any, Snapshot]:
    """Return the snapshots of several stored things of one model, by primary key.

    It takes one query for each kind of part, however many things there are.
    Drafts and what is not stored are left out.
    """
    if not things:
        return {}
    model = type(things[0])
    keys = [thing.pk for thing in things]
    stored = model._default_manager.filter(pk__in=keys)
    relations = [field.name for field in model._meta.fields if field.is_relation]
    records: dict[Any, Snapshot] = {
        thing.pk: {"fields": field_values(thing), "parts": {}}
        for thing in (stored.select_related(*relations) if relations else stored)
        if not (isinstance(thing, Protocol) and thing.status == Protocol.Status.DRAFT)
    }
    for kind, (_, owner) in PARTS.get(model, {}).items():
        for record in records.values():
            record["parts"][kind] = []
        for part in _parts_of_each(model, kind, list(records)):
            values = field_values(part, without=frozenset({owner}))
            records[getattr(part, f"{owner}_id")]["parts"][kind].append(values)
    return records


def _parts_of_each(
    whose: type[models.Model], kind: str, keys: Sequence[Any]
) -> models.QuerySet[Any]:
    model, owner = PARTS[whose][kind]
    parts = model._default_manager.filter(**{f"{owner}__in": keys})
    if model is Document:
        parts = parts.filter(taken_off=False)
    if model is Overarching:
        parts = parts.order_by("overarching")
    others = [
        field.name for field in model._meta.fields if field.is_relation and field.name != owner
    ]
    return parts.select_related(*others) if others else parts


def field_values(thing: models.Model, *, without: frozenset[str] = frozenset()) -> dict[str, Any]:
    """Return the values of a thing's own fields by their names, but for those in `without`."""
    return {
        field.name: _json_value(thing, field)
        for field in thing._meta.fields
        if field.name not in EXCLUDED_FIELDS | without
    }


def _json_value(thing: models.Model, field: models.Field[Any, Any]) -> Any:
    value = getattr(thing, field.name)
    if isinstance(value, models.Model):
        other = {"key": value.pk, "says": str(value)}
        return other | ({"slug": value.slug} if hasattr(value, "slug") else {})
    if isinstance(field, models.FileField):
        return value.name or ""
    return to_json(value)


def to_json(value: Any) -> Any:
    """Return a value for JSON: a date or a time as ISO 8601 text, all else as it is."""
    return value.isoformat() if hasattr(value, "isoformat") else value


def to_python(field: models.Field[Any, Any], recorded: Any) -> Any:
    """Return a snapshot's value as the field has it in Python; of a relation, the key."""
    return recorded["key"] if isinstance(recorded, dict) else field.to_python(recorded)


Values = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class PartKind:
    """How parts of one kind are compared and described.

    `label` heads a difference, `identity` returns what makes two parts the same
    one, `compared` names the values that can differ, and `text` describes a part.
    `order` is the label for a change of their order alone; empty where the order
    says nothing. `includes` picks the parts that this kind describes.
    """

    label: str
    identity: Callable[[Values], Any]
    compared: tuple[str, ...]
    text: Callable[[Values], str]
    order: str = ""
    includes: Callable[[Values], bool] = lambda part: True

    def compared_values(self, part: Values) -> list[Any]:
        """Return the values of a part that are compared."""
        return [comparable_value(part.get(name)) for name in self.compared]


def comparable_value(value: Any) -> Any:
    """Return a value for comparison: of a relation its key, of an empty text None."""
    value = value.get("key") if isinstance(value, dict) else value
    return None if value == "" else value


def display(field: models.Field[Any, Any], value: Any) -> str:
    """Return a snapshot's value of `field` as it is displayed; empty where there is none."""
    if value is None or value == "":
        return ""
    if isinstance(value, dict):
        return str(value["says"])
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(field, models.DateField):
        return _date(field, value)
    return str(dict(field.flatchoices).get(value, value))


def _date(field: models.DateField[Any, Any], value: str) -> str:
    if isinstance(field, models.DateTimeField):
        moment = timezone.localtime(datetime.datetime.fromisoformat(value))
        return date_format(moment, "j F Y, H:i")
    day = datetime.date.fromisoformat(value)
    return date_format(day, "F Y" if field.name == "review_date" else "j F Y")


def party_text(party: Values) -> str:
    """Return the text that describes a party."""
    words = str(party["organisation"]["says"])
    words += f" ({party['note']})" if party["note"] else ""
    words += f", published as {party['name_as_published']}" if party["name_as_published"] else ""
    return words + (f", signed {_day(party['signed_on'])}" if party["signed_on"] else "")


def file_text(paper: Values) -> str:
    """Return the name of a paper's file, or else its kind, with its size where that is known."""
    file = paper.get("name") or PurePath(paper["file"]).suffix.lstrip(".").upper()
    size = paper.get("size")
    return ", ".join(
        filter(None, [file, filesizeformat(size).replace("\xa0", " ") if size else ""])
    )


def _document(document: Values) -> str:
    about = file_text(document)
    return f"{document['title']} ({about})" if about else str(document["title"])


def _name(name: Values) -> str:
    kind = str(dict(Name.Kind.choices)[name["kind"]]).lower()
    also = f", also written {name['also_written']}" if name["also_written"] else ""
    return f"{name['text']} ({kind}{also})"


def _succession(succession: Values) -> str:
    words = str(succession["successor"]["says"])
    words += f" on {_day(succession['happened_on'])}" if succession["happened_on"] else ""
    return words + (f" ({succession['source']})" if succession["source"] else "")


def _day(day: str) -> str:
    return date_format(datetime.date.fromisoformat(day), "j F Y")


def is_lead(party: Values) -> bool:
    """Say whether a recorded party is the lead."""
    return bool(party["role"] == Party.Role.LEAD)


PARTY = ("organisation", "name_as_published", "note", "signed_on")
# By kind of part, as in a record.
PART_KINDS: dict[str, list[PartKind]] = {
    "parties": [
        PartKind(
            label="Lead organisation",
            identity=is_lead,  # one at most: another lead stands in its place
            compared=PARTY,
            text=party_text,
            includes=is_lead,
        ),
        PartKind(
            label="Other organisation",
            identity=lambda party: comparable_value(party["organisation"]),
            compared=PARTY,
            text=party_text,
            order="Order of the organisations",
            includes=lambda party: not is_lead(party),
        ),
    ],
    "overarching": [
        PartKind(
            label="Comes under",
            identity=lambda each: comparable_value(each["overarching"]),
            compared=("overarching",),
            text=lambda each: str(each["overarching"]["says"]),
        )
    ],
    "documents": [
        PartKind(
            label="Document",
            identity=lambda document: document["id"],
            compared=("title", "file"),
            text=_document,
        )
    ],
    "names": [
        PartKind(
            label="Name",
            identity=lambda name: key_of(name["text"]),
            compared=("text", "kind", "also_written"),
            text=_name,
        )
    ],
    "successions": [
        PartKind(
            label="Became part of",
            identity=lambda succession: comparable_value(succession["successor"]),
            compared=("successor", "happened_on", "source"),
            text=_succession,
        )
    ],
    "approvers": [
        PartKind(
            label="Approver",
            identity=lambda approver: approver["job_title"],
            compared=("job_title",),
            text=lambda approver: str(approver["job_title"]),
        )
    ],
}
