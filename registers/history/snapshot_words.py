"""What a record says in words: the value of a field, and the parts of a thing, one by one."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from django.db import models
from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.formats import date_format

from registers.models import Name, Party
from registers.models.words import key_of

Values = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Kind:
    """How parts of one kind are told: under which label, which are the same one, what one says.

    `order` is the label under which it is told that they stand in another
    order; empty where that says nothing. `chosen` are those told so.
    """

    label: str
    same: Callable[[Values], Any]
    compared: tuple[str, ...]
    words: Callable[[Values], str]
    order: str = ""
    chosen: Callable[[Values], bool] = lambda part: True

    def said(self, part: Values) -> list[Any]:
        """Return what is compared of a part."""
        return [bare(part.get(name)) for name in self.compared]


def bare(value: Any) -> Any:
    """Return what is compared of a value: of another thing its key; of nothing, nothing."""
    value = value.get("key") if isinstance(value, dict) else value
    return None if value == "" else value


def said(field: models.Field[Any, Any], value: Any) -> str:
    """Return a recorded value of `field` as a reader would say it; empty where there is none."""
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


def party_words(party: Values) -> str:
    """Return what an organisation's part in a protocol says."""
    words = str(party["organisation"]["says"])
    words += f" ({party['note']})" if party["note"] else ""
    words += f", published as {party['name_as_published']}" if party["name_as_published"] else ""
    return words + (f", signed {_day(party['signed_on'])}" if party["signed_on"] else "")


def file_words(paper: Values) -> str:
    """Return the name of a paper's file, or else its kind, with its size where that is known."""
    file = paper.get("name") or PurePath(paper["file"]).suffix.lstrip(".").upper()
    size = paper.get("size")
    return ", ".join(
        filter(None, [file, filesizeformat(size).replace("\xa0", " ") if size else ""])
    )


def _document(document: Values) -> str:
    about = file_words(document)
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
KINDS: dict[str, list[Kind]] = {
    "parties": [
        Kind(
            label="Lead organisation",
            same=is_lead,  # one at most: another lead stands in its place
            compared=PARTY,
            words=party_words,
            chosen=is_lead,
        ),
        Kind(
            label="Other organisation",
            same=lambda party: party["organisation"]["key"],
            compared=PARTY,
            words=party_words,
            order="Order of the organisations",
            chosen=lambda party: not is_lead(party),
        ),
    ],
    "overarching": [
        Kind(
            label="Comes under",
            same=lambda each: each["overarching"]["key"],
            compared=("overarching",),
            words=lambda each: str(each["overarching"]["says"]),
        )
    ],
    "documents": [
        Kind(
            label="Document",
            same=lambda document: document["id"],
            compared=("title", "file"),
            words=_document,
        )
    ],
    "names": [
        Kind(
            label="Name",
            same=lambda name: key_of(name["text"]),
            compared=("text", "kind", "also_written"),
            words=_name,
        )
    ],
    "successions": [
        Kind(
            label="Became part of",
            same=lambda succession: succession["successor"]["key"],
            compared=("successor", "happened_on", "source"),
            words=_succession,
        )
    ],
    "approvers": [
        Kind(
            label="Approver",
            same=lambda approver: approver["job_title"],
            compared=("job_title",),
            words=lambda approver: str(approver["job_title"]),
        )
    ],
}
