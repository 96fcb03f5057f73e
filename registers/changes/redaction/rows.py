"""The stored rows that hold marked texts: found one after the other, and read again to be cleaned.

A row that is found keeps no more than what a preview shows of it: there can be thousands.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models.functions import Cast

from registers.changes.redaction.files import texts_of_file
from registers.changes.redaction.marked import Marked
from registers.changes.redaction.places import (
    BY_MODEL,
    ENCODED,
    FOUND_BY_TEXT,
    KEY_OF,
    How,
    all_models,
    fields_of,
)
from registers.changes.redaction.values import SUBJECTS, Model, cleaned_values, structure
from registers.history.snapshot import PARTS
from registers.models import Change, EarlierVersion, ImportJob, Organisation, Proposal, Slug

MOST_CONDITIONS = 500  # SQLite refuses 1,000, nested as they are: then each row is read
AROUND = 40  # characters of the context that a preview shows
OWNERS: dict[Model, tuple[Model, str]] = {
    part: (owner, field) for owner, parts in PARTS.items() for part, field in parts.values()
} | {Slug: (Organisation, "organisation")}
# What must be read beside the fields that hold the words, to know whose a row is.
_BESIDE: dict[Model, set[str]] = {
    Change: {"subject_type", "subject_key"},
    Proposal: {"subject_type", "subject_key"},
    EarlierVersion: {"document__protocol", "resource"},
}
SEARCHED = FOUND_BY_TEXT | ENCODED
UNCHANGED = {How.ROW, How.ACCOUNT, How.REFUSED}  # not cleaned: whether words are in it counts


@dataclass(frozen=True, kw_only=True)
class Row:
    """A stored row that holds marked texts: which of its fields, and the words around the first.

    `owner` is the thing whose changes tell of it, by model and key; None where nothing does.
    `texts` are those of the marked texts that each field holds. `digest` differs as soon as
    those fields say something else.
    """

    model: Model
    key: Any
    fields: dict[str, How]
    contexts: dict[str, str]
    texts: dict[str, list[str]]
    owner: tuple[Model, Any] | None
    digest: str = ""

    def cleaned(self, marked: Marked) -> dict[str, Any]:
        """Return the values to store, by the names of fields; none where the row is gone."""
        beside = _BESIDE.get(self.model, set())
        source = KEY_OF.get(self.model._meta.label_lower)
        names = {*self.fields, *beside, *({source, "key"} if source else ())}
        stored = self.model._base_manager.filter(pk=self.key).values(*names).first()
        if stored is None:  # a session, or the draft of a form
            return {}
        values = cleaned_values(self.model, stored, marked)
        return {name: values[name] for name in names - beside}


def find_rows(marked: Marked) -> Iterator[Row]:
    """Yield each row of the database that holds any of the marked texts, or names a file."""
    for model in all_models():
        how = {name: each for name, each in fields_of(model).items() if each in SEARCHED}
        if how:
            yield from _found(model, how, marked)
    yield from _imports(marked)


class _Like(models.Func):
    """Whether a text holds pieces in their order."""

    template, arg_joiner, output_field = "(%(expressions)s)", " LIKE ", models.BooleanField()


def _candidates(model: Model, how: dict[str, How], marked: Marked) -> models.QuerySet[Any]:
    """Return rows that may hold any: all of them where no search for a text would find them."""
    rows, hints = model._base_manager.order_by("pk"), marked.hints()
    if hints is None or len(hints) * len(how) > MOST_CONDITIONS or ENCODED & set(how.values()):
        return rows
    condition = models.Q()
    for name in how:
        rows = rows.alias(**{f"{name}_as_text": Cast(name, models.TextField())})
        for pieces in hints:
            if len(pieces) == 1:
                condition |= models.Q(**{f"{name}_as_text__icontains": pieces[0]})
            else:
                pattern = models.Value(f"%{'%'.join(pieces)}%")
                condition |= models.Q(_Like(models.F(f"{name}_as_text"), pattern))
    return rows.filter(condition)


def _found(model: Model, how: dict[str, How], marked: Marked) -> Iterator[Row]:
    owner, field = OWNERS.get(model, (model, "pk"))
    columns = {field} | _BESIDE.get(model, set())
    rows = _candidates(model, how, marked).values("pk", *how, *columns)
    for stored in rows.iterator(chunk_size=200):
        if fields := _fields_with(model, stored, how, marked):
            # A session, or the draft of a form, may change at any time.
            digested = [stored[name] for name in sorted(fields) if fields[name] not in ENCODED]
            yield Row(
                model=model,
                key=stored["pk"],
                fields=fields,
                contexts={name: _context(stored[name], marked) for name in fields},
                texts=_texts(model, stored, fields, marked.singles),
                owner=_owner(model, owner, stored, stored[field]),
                digest=_digest(digested),
            )


def _fields_with(
    model: Model, stored: dict[str, Any], how: dict[str, How], marked: Marked
) -> dict[str, How]:
    """Return those of the fields that hold any of the marked texts."""
    cleaned = cleaned_values(model, stored, marked)
    return {
        name: each
        for name, each in how.items()
        if cleaned[name] != stored[name] or (each in UNCHANGED and _is_in(stored[name], marked))
    }


def _texts(
    model: Model, stored: dict[str, Any], how: dict[str, How], singles: list[Marked]
) -> dict[str, list[str]]:
    """Return which of the marked texts each of the fields holds."""
    found = [(one.texts[0], _fields_with(model, stored, how, one)) for one in singles]
    return {name: [text for text, fields in found if name in fields] for name in how}


def _is_in(value: Any, marked: Marked) -> bool:
    return any(map(marked.is_in, _texts_in(value)))


def _context(value: Any, marked: Marked) -> str:
    """Return the words around the first that are marked; of JSON, of the text that holds them."""
    text = next((text for text in _texts_in(value) if marked.is_in(text)), str(value))
    return marked.context(text, AROUND)


def _texts_in(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from _texts_in([*value, *value.values()])
    elif isinstance(value, list):
        for each in value:
            yield from _texts_in(each)


def _digest(values: list[Any]) -> str:
    return hashlib.sha256(json.dumps(values, cls=DjangoJSONEncoder).encode()).hexdigest()


def _owner(
    model: Model, owner: Model, stored: dict[str, Any], key: Any
) -> tuple[Model, Any] | None:
    if model is Change:
        subject = SUBJECTS.get(stored["subject_type"])
        if subject is None:
            return None
        return subject, subject._meta.pk.to_python(stored["subject_key"])
    if model is EarlierVersion:
        protocol, resource = stored["document__protocol"], stored["resource"]
        name, key = ("protocol", protocol) if protocol else ("resource", resource)
        return SUBJECTS[name], key
    return (owner, key) if owner in SUBJECTS.values() else None


def _imports(marked: Marked) -> Iterator[Row]:
    """Yield each uploaded spreadsheet that holds any: itself, or what was found in it."""
    for key, name in ImportJob.objects.order_by("pk").values_list("pk", "name"):
        found = [each for each in _values_of_import(key) if _contains(each, marked)]
        if found:
            texts = [
                one.texts[0]
                for one in marked.singles
                if any(_contains(each, one) for each in found)
            ]
            yield Row(
                model=ImportJob,
                key=key,
                fields={"content": How.IMPORT},
                contexts={"content": name},
                texts={"content": texts},
                owner=None,
            )


def _contains(value: Any, marked: Marked) -> bool:
    return bool(marked.clean_json(value, structure()) != value)


def _values_of_import(key: int) -> Iterator[Any]:
    """Yield what an uploaded spreadsheet says, and the values that were found in it."""
    for content in ImportJob.objects.filter(pk=key).values_list("content", flat=True):
        yield from texts_of_file(bytes(content))
    for label in BY_MODEL:
        model = apps.get_model(label)
        ways = fields_of(model).items()
        names = [name for name, how in ways if how == How.IMPORT and name != "content"]
        rows = model._base_manager.filter(**{"pk" if model is ImportJob else "job": key})
        yield from map(list, rows.values_list(*names).iterator())
