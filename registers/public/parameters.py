"""The query string of the register and its endings: each parameter in words and as a schema.

What may be asked stands once, in ProtocolFilter. Here it is said to people and machines.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import QueryDict

from registers.search.question import (
    ManyField,
    MonthField,
    OneField,
    OrganisationsField,
    PageField,
    ProtocolFilter,
)

# ECMA-262's way to write it, which is JSON Schema's. The year 0 is in no calendar.
MONTH = "^(?!0000)[0-9]{4}-(0[1-9]|1[0-2])$"
READABLE = "^[^\\u0000\\ufffd]*$"

MEANINGS = {
    "q": "Words, a reference or an acronym. “Words in quotes” are a phrase; -word is left out.",
    "theme": "The end of a theme’s address: under any of these themes.",
    "organisation": "The end of an organisation’s address, or any name that it has or had:"
    " any of these takes part.",
    "role": "Which part the organisations asked for take; without any, whether somebody has it.",
    "review": "How the review stands today: any of these.",
    "review_from": "Reviews due in this month or later.",
    "review_to": "Reviews due in this month or earlier.",
    "status": "In force, withdrawn, or both. The calendar and the feed have both unless asked.",
    "sort": "The order. The calendar has its own, by reference, and the feed the newest first.",
    "page": "The page, from 1. Only JSON has pages; each other file has everything.",
}


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """One parameter: what it means, what one value may be, and whether it can be repeated."""

    name: str
    meaning: str
    schema: dict[str, Any]
    several: bool

    @property
    def choices(self) -> list[str]:
        """The values to choose from, where they are few and known."""
        return list(self.schema.get("enum", []))

    @property
    def values(self) -> str:
        """What one value may be, in words, where it is none of a few."""
        if self.schema["type"] == "integer":
            return "A whole number from 1"
        if self.schema.get("pattern") == MONTH:
            return "A month, such as 2024-03"
        longest = self.schema.get("maxLength")
        return f"Text, of {longest} characters at most" if longest else "Text"

    @property
    def usual(self) -> str:
        """The value that stands for none, if there is one."""
        return str(self.schema.get("default", ""))


def parameters(*, on: datetime.date) -> list[Parameter]:
    """Return them all, in the order in which the register writes them."""
    fields = ProtocolFilter(QueryDict(), on=on).form.fields
    return [
        Parameter(
            name=name,
            meaning=MEANINGS[name],
            schema=_schema(field),
            several=isinstance(field, ManyField),
        )
        for name, field in fields.items()
    ]


def _schema(field: forms.Field) -> dict[str, Any]:
    """Return what one value that is not empty may be."""
    match field:
        case OrganisationsField():
            return {"type": "string", "minLength": 1}
        case OneField() | ManyField():
            usual = getattr(field, "absent", "")
            return _choice(field) | ({"default": usual} if usual else {})
        case MonthField():
            return {"type": "string", "pattern": MONTH}
        case PageField():
            return {"type": "integer", "minimum": 1, "default": 1}
    most = getattr(field, "max_length", None)
    return {"type": "string", "maxLength": most, "pattern": READABLE}


def _choice(field: Any) -> dict[str, Any]:
    return {"type": "string", "enum": [str(value) for value, _ in field.choices if value]}
