"""Where texts are stored: each field of each installed model, and how it is cleaned.

Text and JSON fields are cleaned alike, so that a new model needs nothing. A field of a type
that is not known here, with bytes, with a file, or a key that is text, is refused with
LookupError until it stands in BY_FIELD: tests/changes/test_redaction.py asks for all.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any

from django.apps import apps
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db import models
from django.db.models.functions import Cast

from registers.changes.redaction.marked import Marked
from registers.history.snapshot import PARTS
from registers.models import Change, EarlierVersion, Import, Organisation, Slug
from registers.models.keys import key_of
from registers.models.references import ReferenceKeyField


class How(Enum):
    """How a field is cleaned. The order has no meaning."""

    TEXT = "text"  # the marker stands where the words stood
    JSON = "json"  # the same, in each text of it
    SLUG = "slug"  # another address; the old one leads nowhere
    KEY = "key"  # made anew from the text that it is the key of
    SESSION = "session"  # decoded, cleaned as JSON, encoded
    ROW = "row"  # nothing is left without it: the row goes, with what belongs to it
    IMPORT = "import"  # the uploaded spreadsheet goes
    PAPER = "paper"  # only a whole file can be taken out, and only where it is asked for
    SEARCH = "search"  # written anew from the record
    CODE = "code"  # what the program writes: a choice, a hash, a name of its own
    ACCOUNT = "account"  # an account of a colleague: told, and altered under People
    REFUSED = "refused"  # it can never change: nothing is taken out


BY_FIELD = {
    "registers.protocol.reference": How.REFUSED,
    "registers.gap.reference": How.REFUSED,
    "registers.usedreference.reference": How.REFUSED,
    "registers.name.key": How.KEY,
    "registers.theme.key": How.KEY,
    "registers.searchentry.title_key": How.SEARCH,
    "registers.vocabularyword.text": How.SEARCH,
    "registers.contact.email": How.ROW,
    "registers.document.file": How.PAPER,
    "registers.resource.file": How.PAPER,
    "registers.earlierversion.file": How.PAPER,
    "registers.formdraftfile.file": How.PAPER,  # deleted after some days
    "registers.proposedfile.file": How.PAPER,
    "registers.change.subject_type": How.CODE,
    "registers.change.subject_key": How.CODE,
    "registers.registerversion.token": How.CODE,
    "registers.try.visitor": How.CODE,
    "sessions.session.session_key": How.CODE,
    "sessions.session.session_data": How.SESSION,
    "usersessions.usersession.session_key": How.CODE,
}
BY_MODEL = {
    "registers.import": How.IMPORT,
    "registers.importline": How.IMPORT,
    "registers.importname": How.IMPORT,
}
BY_APP = {
    "contenttypes": How.CODE,
    # Of a second factor, encrypted keys and the names of passkeys: one altered would lock out.
    **dict.fromkeys(("auth", "account", "mfa"), How.ACCOUNT),
}
KEY_OF = {"registers.name": "text", "registers.theme": "name"}
BY_TYPE: tuple[tuple[type[models.Field[Any, Any]], How | None], ...] = (
    (ReferenceKeyField, How.CODE),
    (models.SlugField, How.SLUG),
    (models.CharField, How.TEXT),
    (models.TextField, How.TEXT),
    (models.JSONField, How.JSON),
    *(
        (kind, None)
        for kind in (
            models.IntegerField,
            models.BooleanField,
            models.DateField,
            models.TimeField,
            models.DurationField,
            models.FloatField,
            models.DecimalField,
            models.UUIDField,
            models.GenericIPAddressField,
            models.ForeignKey,
        )
    ),
)
FOUND_BY_TEXT = {How.TEXT, How.JSON, How.SLUG, How.KEY, How.ROW, How.ACCOUNT, How.REFUSED}


def how_cleaned(field: models.Field[Any, Any]) -> How | None:
    """Return how a field is cleaned; None for what is no text. Raises LookupError: see above."""
    label = field.model._meta.label_lower
    if listed := BY_FIELD.get(f"{label}.{field.name}"):
        return listed
    whole = BY_MODEL.get(label) or BY_APP.get(field.model._meta.app_label)
    for kind, how in BY_TYPE:
        if not isinstance(field, kind):
            continue
        if how == How.TEXT and field.flatchoices:
            return How.CODE
        if how is not None and field.primary_key and not whole:
            raise LookupError(f"{label}.{field.name} is a key: say in BY_FIELD how it is cleaned.")
        return how and (whole or how)
    if whole:
        return whole
    raise LookupError(f"{label}.{field.name} is of a new type: say in BY_FIELD how it is cleaned.")


def fields_of(model: type[models.Model]) -> dict[str, How]:
    """Return how each field of a model that can hold text is cleaned."""
    found = {field.name: how_cleaned(field) for field in model._meta.concrete_fields}
    return {name: how for name, how in found.items() if how is not None}


def all_models() -> list[type[models.Model]]:
    """Return every installed model with a table of its own."""
    every = apps.get_models(include_auto_created=True)
    return [model for model in every if not model._meta.proxy and model._meta.managed]


OWNERS: dict[type[models.Model], tuple[type[models.Model], str]] = {
    part: (owner, field) for owner, parts in PARTS.items() for part, field in parts.values()
} | {Slug: (Organisation, "organisation")}


@dataclass(frozen=True, kw_only=True)
class Row:
    """A stored row that holds marked texts: which fields, and what they become.

    `owner` is the thing whose changes tell of it, by model and key; None where nothing does.
    """

    model: type[models.Model]
    key: Any
    fields: dict[str, How]
    stored: dict[str, Any]
    owner: tuple[type[models.Model], Any] | None

    def cleaned(self, marked: Marked) -> dict[str, Any]:
        """Return the values to store, by name. None of a key: it follows from its text."""
        values: dict[str, Any] = {}
        for name, how in self.fields.items():
            field: Any = self.model._meta.get_field(name)
            longest = field.max_length
            before = self.stored[name]
            if how == How.TEXT:
                values[name] = marked.clean(before, longest)
            elif how == How.JSON:
                values[name] = marked.clean_json(before)
            elif how == How.SLUG:
                values[name] = marked.clean_slug(before, longest)
            elif how == How.SESSION:
                store = SessionStore()
                values[name] = store.encode(marked.clean_json(store.decode(before)))
        if source := KEY_OF.get(self.model._meta.label_lower):
            values["key"] = key_of(values.get(source, self.stored[source]))
        return values

    def text_of(self, name: str, marked: Marked) -> str:
        """Return what a field says: of JSON, the first text in it that holds a marked one."""
        value = self.stored[name]
        return next((text for text in _texts_in(value) if marked.is_in(text)), str(value))


def _texts_in(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | dict):
        for each in value:
            yield from _texts_in(each)
        if isinstance(value, dict):
            yield from _texts_in(list(value.values()))


def find_rows(marked: Marked) -> Iterator[Row]:
    """Yield each row of the database that holds any of the marked texts, or names a file."""
    for model in all_models():
        how = fields_of(model)
        wanted = {name: each for name, each in how.items() if each in FOUND_BY_TEXT}
        if wanted:
            yield from _found(model, wanted, marked)
    yield from _sessions(marked)
    yield from _imports(marked)


def _found(model: type[models.Model], how: dict[str, How], marked: Marked) -> Iterator[Row]:
    rows, hints = model._base_manager.order_by("pk"), marked.hints()
    if hints is not None:
        condition = models.Q()
        for name in how:
            rows = rows.alias(**{f"{name}_as_text": Cast(name, models.TextField())})
            for hint in hints:
                condition |= models.Q(**{f"{name}_as_text__icontains": hint})
        rows = rows.filter(condition)
    owner, field = OWNERS.get(model, (model, "pk"))
    columns = {field} | ({"subject_type", "subject_key"} if model is Change else set())
    if model is EarlierVersion:
        columns |= {"document__protocol", "resource"}
    for stored in rows.values("pk", *how, *columns).iterator(chunk_size=200):
        fields = {name: each for name, each in how.items() if _differs(each, stored[name], marked)}
        if fields:
            whose = _owner(model, owner, stored, stored[field])
            yield Row(model=model, key=stored["pk"], fields=fields, stored=stored, owner=whose)


def _differs(how: How, value: Any, marked: Marked) -> bool:
    if how == How.JSON or isinstance(value, list | dict):
        return bool(marked.clean_json(value) != value)
    text = value or ""  # what may be null
    return marked.clean_slug(text) != text if how == How.SLUG else marked.is_in(text)


# What has changes of its own.
SUBJECTS = {
    each: apps.get_model("registers", each)
    for each in (
        *("protocol", "organisation", "theme", "news", "resource", "gap"),
        *("synonymset", "abbreviation"),
    )
}


def _owner(
    model: type[models.Model], owner: type[models.Model], stored: dict[str, Any], key: Any
) -> tuple[type[models.Model], Any] | None:
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


def _sessions(marked: Marked) -> Iterator[Row]:
    store = SessionStore()
    for key, data in Session.objects.values_list("pk", "session_data"):
        value = store.decode(data)
        if marked.clean_json(value) != value:
            stored = {"session_data": data}
            yield Row(
                model=Session,
                key=key,
                fields={"session_data": How.SESSION},
                stored=stored,
                owner=None,
            )


def _imports(marked: Marked) -> Iterator[Row]:
    """Yield each uploaded spreadsheet that holds any: itself, or what was found in it."""
    for key in Import.objects.values_list("pk", flat=True):
        for content in Import.objects.filter(pk=key).values_list("content", flat=True):
            if marked.is_in_file(bytes(content)) or _in_results(key, marked):
                stored = {"content": "an uploaded spreadsheet"}
                fields = {"content": How.IMPORT}
                yield Row(model=Import, key=key, fields=fields, stored=stored, owner=None)


def _in_results(key: int, marked: Marked) -> bool:
    for label in BY_MODEL:
        model = apps.get_model(label)
        names = [name for name in fields_of(model) if name != "content"]
        rows = model._base_manager.filter(**{"pk" if model is Import else "brought": key})
        for values in rows.values_list(*names).iterator():
            if marked.clean_json(list(values)) != list(values):
                return True
    return False
