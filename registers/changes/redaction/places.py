"""How each field of each installed model is cleaned of words that are taken out.

Text and JSON fields are cleaned alike, so that a new model needs nothing. A field of a type
that is not known here, with bytes, with a file, or a key that is text, is refused with
LookupError until it stands in BY_FIELD: tests/changes/test_redaction.py asks for all.
"""

from __future__ import annotations

import re
from enum import Enum
from functools import cache
from typing import Any

from django.apps import apps
from django.db import models

from registers.models.references import ReferenceKeyField


class How(Enum):
    """How a field is cleaned. The order has no meaning."""

    TEXT = "text"  # the marker stands where the words stood
    JSON = "json"  # the same, in each text of it
    SLUG = "slug"  # another address; the old one leads nowhere
    KEY = "key"  # made anew from the text that it is the key of
    SESSION = "session"  # decoded, cleaned as JSON, encoded
    DRAFT = "draft"  # a form's boxes as JSON, one of which is encoded
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
    "registers.identifier.value": How.ROW,  # no words are an identifier
    "registers.document.file": How.PAPER,
    "registers.resource.file": How.PAPER,
    "registers.earlierversion.file": How.PAPER,
    "registers.formdraftfile.file": How.PAPER,  # deleted after some days
    "registers.proposedfile.file": How.PAPER,
    "registers.leaddraft.file": How.PAPER,
    "registers.change.subject_type": How.CODE,
    "registers.change.subject_key": How.CODE,
    "registers.proposal.subject_type": How.CODE,
    "registers.proposal.subject_key": How.CODE,
    "registers.formdraft.page": How.CODE,
    "registers.formdraft.key": How.CODE,
    "registers.formdraft.values": How.DRAFT,
    "registers.formdraftfile.field": How.CODE,
    "registers.synonymset.code": How.CODE,
    "registers.protocol.does_not_apply": How.CODE,  # names of fields
    "registers.layout.positions": How.CODE,  # keys and numbers
    "registers.registerversion.token": How.CODE,
    "registers.try.visitor": How.CODE,
    "sessions.session.session_key": How.CODE,
    "sessions.session.session_data": How.SESSION,
    "usersessions.usersession.session_key": How.CODE,
}
BY_MODEL = {
    "registers.importjob": How.IMPORT,
    "registers.importline": How.IMPORT,
    "registers.importname": How.IMPORT,
    "registers.importsteps": How.IMPORT,
}
BY_APP = {
    "contenttypes": How.CODE,
    # Keys, names of passkeys, subjects of a directory: one altered would lock out.
    **dict.fromkeys(("auth", "account", "mfa", "socialaccount"), How.ACCOUNT),
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
ENCODED = {How.SESSION, How.DRAFT}  # no search for a text finds it
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


@cache
def unique_texts() -> frozenset[tuple[type[models.Model], str]]:
    """Return the fields of text of which no two rows, or none of one owner, may have the same."""
    found = set()
    for model in all_models():
        meta = model._meta
        unique = {field.name for field in meta.concrete_fields if field.unique}
        for constraint in meta.constraints:
            unique.update(getattr(constraint, "fields", ()))
        fields = fields_of(model)
        if fields.get("key") == How.KEY:
            found.add((model, KEY_OF[meta.label_lower]))
        found.update((model, name) for name in unique if fields.get(name) == How.TEXT)
    return frozenset(found)


@cache
def names_of_codes() -> frozenset[str]:
    """Return the names under which JSON has no text of a person: days, choices, structure.

    That is names of fields that hold no text, unless a field with text has the same.
    """
    text = set[str]()
    other = {"TOTAL_FORMS", "INITIAL_FORMS", "MIN_NUM_FORMS", "MAX_NUM_FORMS"}
    for model in all_models():
        ways = fields_of(model)
        for field in model._meta.concrete_fields:
            is_text = ways.get(field.name, How.CODE) not in {How.CODE, How.REFUSED, How.PAPER}
            (text if is_text else other).update((field.name, field.attname))
    return frozenset(other - text)


# What the boxes of numbers, days, months and ticks hold. A telephone number has more digits.
_CODE = re.compile(r"\d{0,9}|\d{4}-\d\d(?:-\d\d)?|True|False|on")


def is_code(name: str, value: Any) -> bool:
    """Return whether a value of that name, as a form has it, is no text that somebody typed."""
    if not isinstance(value, str) or name not in names_of_codes():
        return False
    return _CODE.fullmatch(value) is not None or value in _choices().get(name, ())


@cache
def _choices() -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for model in all_models():
        for field in model._meta.concrete_fields:
            found.setdefault(field.name, set()).update(str(key) for key, _ in field.flatchoices)
    return found
