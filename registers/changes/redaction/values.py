"""Stored values without the marked texts: each as its field needs it, also within JSON.

A snapshot, a proposal and the journal of a merge hold rows as JSON, and they are cleaned as the
rows are: so what is put back or undone later is what is stored.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache
from pathlib import PurePath
from typing import Any, TypeAlias

from django.apps import apps
from django.contrib.sessions.backends.db import SessionStore
from django.core import signing
from django.core.exceptions import ValidationError
from django.db import models

from registers.changes.locking import EDIT_TOKEN
from registers.changes.redaction.marked import WORD_MARKER, Marked
from registers.changes.redaction.places import (
    KEY_OF,
    How,
    all_models,
    how_cleaned,
    is_code,
    unique_texts,
)
from registers.history.snapshot import PARTS
from registers.models.document import StoredFile, clear_name
from registers.models.keys import key_of

OF_LOGIN = ("_auth", "account_", "mfa_", "socialaccount_")  # how names in sessions begin
Model = type[models.Model]
Values = Mapping[str, Any]
Field: TypeAlias = "models.Field[Any, Any]"

# What has changes of its own.
SUBJECTS: dict[str, Model] = {
    each: apps.get_model("registers", each)
    for each in (
        *("protocol", "organisation", "theme", "news", "resource", "gap"),
        *("synonymset", "abbreviation", "option"),
    )
}


@cache
def structure() -> frozenset[str]:
    """Return the names that JSON has as the keys of its objects, and that are no words."""
    names = {"fields", "parts", "steps", "says", "of"}
    for model in all_models():
        for field in model._meta.concrete_fields:
            names.update((field.name, field.attname))
    return frozenset(names.union(*PARTS.values()))


@cache
def _models() -> dict[str, Model]:
    """Return the models by the names that changes and journals have for them."""
    return {str(m._meta.model_name): m for m in apps.get_app_config("registers").get_models()}


def cleaned_values(model: Model, values: Values, marked: Marked) -> dict[str, Any]:
    """Return the values of a row by the names of its fields or columns, cleaned.

    Of a row in JSON, a file that is taken out is named no longer.
    """
    fields = _fields(model)
    cleaned = {
        name: _cleaned(fields[name], values, value, marked)
        if name in fields
        else marked.clean_json(value, structure())
        for name, value in values.items()
    }
    source = KEY_OF.get(model._meta.label_lower, "")
    if {source, "key"} <= cleaned.keys() and cleaned != values:
        cleaned["key"] = key_of(cleaned[source])
    return marked.without_files(cleaned)


@cache
def _fields(model: Model) -> dict[str, Field]:
    every = model._meta.concrete_fields
    return {field.attname: field for field in every} | {field.name: field for field in every}


def _cleaned(field: Field, values: Values, value: Any, marked: Marked) -> Any:
    if isinstance(value, dict) and field.is_relation:
        return _cleaned_relation(value, marked)
    clean = _BY_HOW.get(how_cleaned(field))
    return clean(field, values, value, marked) if clean and value is not None else value


def _cleaned_text(field: Field, values: Values, text: str, marked: Marked) -> str:
    cleaned, one_word = marked.clean(text, field.max_length), False
    if cleaned != text and _accepts(field, text) and not _accepts(field, cleaned):
        if field.blank:
            return ""  # an address of a web page, which could never be saved again
        one_word = _accepts(field, WORD_MARKER)  # an abbreviation
        cleaned = marked.clean(text, field.max_length, one_word=one_word)
    if (field.model, field.name) in unique_texts():
        marked.keep_apart(text, field.max_length, one_word=one_word)
    if cleaned != text and field.name == "name" and issubclass(field.model, StoredFile):
        ending = PurePath(text).suffix
        return clear_name(cleaned.removesuffix(ending) + ending)  # a reader saves it under it
    return cleaned


def _cleaned_slug(field: Field, values: Values, slug: str, marked: Marked) -> str:
    return marked.clean_slug(slug, field.max_length)


def _accepts(field: Field, text: str) -> bool:
    with suppress(ValidationError):
        field.run_validators(text)
        return True
    return False


def _cleaned_relation(value: Values, marked: Marked) -> dict[str, Any]:
    """Return what a snapshot says of another thing: its key, its words and its address's end."""
    cleaned = {**value, "says": marked.clean(value["says"])}
    return cleaned | ({"slug": marked.clean_slug(value["slug"])} if "slug" in value else {})


def cleaned_snapshot(about: Values, snapshot: Any, marked: Marked) -> Any:
    """Return a snapshot, or the base or wish of a proposal, cleaned. `about` names its subject."""
    model = _models().get(about["subject_type"])
    if not (model and isinstance(snapshot, dict)):
        return marked.clean_json(snapshot, structure())
    cleaned = {name: marked.clean_json(each, structure()) for name, each in snapshot.items()}
    if "fields" in snapshot:
        cleaned["fields"] = cleaned_values(model, snapshot["fields"], marked)
    kinds = PARTS.get(model, {})
    for kind, rows in snapshot.get("parts", {}).items():
        if kind in kinds:
            part = kinds[kind][0]
            stay = [row for row in rows if not goes_whole(part, row, marked)]
            cleaned["parts"][kind] = [cleaned_values(part, row, marked) for row in stay]
    return cleaned


def goes_whole(model: Model, row: Values, marked: Marked) -> bool:
    """Return whether a row is removed with the words, since nothing is left without them."""
    fields = _fields(model)
    return any(
        isinstance(value, str) and how_cleaned(fields[name]) == How.ROW and marked.is_in(value)
        for name, value in row.items()
        if name in fields
    )


def _cleaned_journal(about: Values, moved: Any, marked: Marked) -> Any:
    """Return the journal of a merge, cleaned: its steps are rows before and after.

    A step of a row that is removed with the words goes too: nothing of it could be put back.
    """
    steps = []
    for table, key, *states in moved.get("steps", ()):
        model = _models()[table]
        if not any(goes_whole(model, state or {}, marked) for state in states):
            cleaned = (state and cleaned_values(model, state, marked) for state in states)
            steps.append([table, key, *cleaned])
    rest = {name: value for name, value in moved.items() if name != "steps"}
    return marked.clean_json(rest, structure()) | ({"steps": steps} if steps else {})


_SHAPES: dict[str, Callable[[Values, Any, Marked], Any]] = {
    "registers.change.snapshot": cleaned_snapshot,
    "registers.proposal.base": cleaned_snapshot,
    "registers.proposal.wanted": cleaned_snapshot,
    "registers.merge.moved": _cleaned_journal,
}


def _cleaned_json(field: Field, values: Values, value: Any, marked: Marked) -> Any:
    shape = _SHAPES.get(f"{field.model._meta.label_lower}.{field.name}")
    return shape(values, value, marked) if shape else marked.clean_json(value, structure())


def _cleaned_session(field: Field, values: Values, data: str, marked: Marked) -> str:
    """Return a stored session, cleaned. What says who is logged in is no text of a person.

    Nor are names in it: the log-in reads them.
    """
    store = SessionStore()
    session = store.decode(data)
    cleaned = {
        name: value if name.startswith(OF_LOGIN) else marked.clean_json(value, None)
        for name, value in session.items()
    }
    return data if cleaned == session else store.encode(cleaned)


def _cleaned_boxes(field: Field, values: Values, boxes: Any, marked: Marked) -> Any:
    """Return the names and values of a form, cleaned, and the record that it was made from."""
    cleaned = []
    for name, value in boxes:
        if name == EDIT_TOKEN:
            cleaned.append([name, _cleaned_token(value, marked)])
        elif is_code(name.rpartition("-")[2], value):
            cleaned.append([name, value])
        else:
            cleaned.append([name, marked.clean_json(value)])
    return cleaned


def _cleaned_token(token: str, marked: Marked) -> str:
    """Return an edit token without the words in its values; '' where it cannot be read."""
    try:
        *of, values, base = signing.loads(token, salt=EDIT_TOKEN)
    except signing.BadSignature:
        return ""
    cleaned = [_cleaned_form(each, marked) for each in (values, base)]
    if cleaned == [values, base]:
        return token
    return signing.dumps([*of, *cleaned], salt=EDIT_TOKEN, compress=True)


def _cleaned_form(value: Any, marked: Marked) -> Any:
    """Return the values of a form as an edit token has them, cleaned."""
    if isinstance(value, dict) and "says" in value:
        return _cleaned_relation(value, marked)
    if isinstance(value, dict):
        return {
            name: each if is_code(name, each) else _cleaned_form(each, marked)
            for name, each in value.items()
        }
    if isinstance(value, list):
        return [_cleaned_form(each, marked) for each in value]
    return marked.clean_json(value)


_BY_HOW: dict[How | None, Callable[[Field, Values, Any, Marked], Any]] = {
    **dict.fromkeys((How.TEXT, How.KEY, How.ROW), _cleaned_text),
    How.SLUG: _cleaned_slug,
    How.JSON: _cleaned_json,
    How.DRAFT: _cleaned_boxes,
    How.SESSION: _cleaned_session,
}
