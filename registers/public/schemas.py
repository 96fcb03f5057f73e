"""The query string and the answers in JSON, as JSON Schema, with each parameter in words.

What may be asked stands once, in ProtocolFilter. Here it is said to people and machines.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import QueryDict

from registers.exports.columns import COLUMNS, Column
from registers.exports.pairs import COLUMNS as PAIR_COLUMNS
from registers.models import Identifier, Name, Organisation
from registers.models.review_dates import ReviewStatus
from registers.public.exports import ORGANISATIONS_PER_PAGE
from registers.public.fact_schemas import (
    ADDRESS,
    DAY,
    FACT_SCHEMAS,
    KINDS,
    MEMBERS,
    MONTH,
    NAMED,
    NUMBER,
    ORGANISATION_FACTS,
    PROTOCOL_FACTS,
    SLUG,
    SOURCE,
    TEXT,
    Schema,
    closed_object,
    list_of,
    nullable,
    ref,
)
from registers.public.sharing import PAIRS_PER_PAGE
from registers.search.fields import (
    DayField,
    MonthField,
    MultipleField,
    OrganisationsField,
    PageField,
    SingleField,
)
from registers.search.pairs import MOST_PAIRS
from registers.search.query_string import ProtocolFilter
from registers.search.results import PAGE_LENGTH

READABLE = "^[^\\u0000\\ufffd]*$"

DESCRIPTIONS = {
    "q": "Words, a reference or an acronym. “Words in quotes” are found side by side, as they are"
    " written, without synonyms; -word is left out. Only what has every word is found.",
    "theme": "The end of a theme’s web address. Finds protocols under any of these themes.",
    "organisation": "The end of an organisation’s web address, or any name that it has or had."
    " Finds protocols that bind any of these: in its own name, through a body whose place it took,"
    " or through a group that it belongs to. The column `through` says which.",
    "role": "Which part the organisations that you name take. If you name none, finds protocols in"
    " which any organisation takes that part.",
    "with": "The end of another organisation’s web address, or any of its names. Each of these must"
    " take part too, as another party: with `organisation`, finds what both are named in. What"
    " nobody decided after a split is left out.",
    "through": "own: only protocols that name the organisations themselves.",
    "review": "The review status today: any of these.",
    "review_from": "Reviews due in this month or later.",
    "review_to": "Reviews due in this month or earlier.",
    "kind": "The kind of agreement: any of these.",
    "basis": "The basis in UK GDPR Article 6: any of these.",
    "special": "The special category data that is shared: any of these.",
    "people": "The categories of people whose information it is: any of these.",
    "ended": "Whether the last day of the agreement has passed. Nothing is withdrawn by it.",
    "record": "What the records in force lack or leave open: any of these. Only of today.",
    "status": "In force, withdrawn, or both. The calendar and the feed have both unless you choose"
    " one; a calendar of a past day, by `on`, has what was in force.",
    "on": "The register as it was recorded at the end of this day, with the review statuses of that"
    " day. Cannot be asked for with words.",
    "sort": "The order. The calendar has its own, by reference, and the feed the newest first.",
    "view": "How the register’s own page shows the rows. Files and data are the same with any.",
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
            meaning=DESCRIPTIONS[name],
            schema=_schema(field),
            several=isinstance(field, MultipleField),
        )
        for name, field in fields.items()
    ]


def _schema(field: forms.Field) -> dict[str, Any]:
    """Return what one value that is not empty may be."""
    match field:
        case OrganisationsField():
            return {"type": "string", "minLength": 1}
        case SingleField() | MultipleField():
            usual = getattr(field, "default", "")
            return _choice(field) | ({"default": usual} if usual else {})
        case MonthField():
            return {"type": "string", "pattern": MONTH}
        case DayField():
            return {"type": "string", "format": "date"}
        case PageField():
            return {"type": "integer", "minimum": 1, "default": 1}
    most = getattr(field, "max_length", None)
    return {"type": "string", "maxLength": most, "pattern": READABLE}


def _choice(field: Any) -> dict[str, Any]:
    return {"type": "string", "enum": [str(value) for value, _ in field.choices if value]}


PUBLISHED_AS = nullable(
    TEXT | {"description": "Its name in the protocol, where another was written there."}
)
PARTY = NAMED | {"name_as_published": PUBLISHED_AS}
PARTNER = PARTY | {
    "note": nullable(TEXT | {"description": "A public note on its part."}),
    "signed": nullable(DAY | {"description": "When its approver signed."}),
}
THROUGH = {
    "name": TEXT | {"description": "The organisation that the protocol names."},
    "slug": SLUG,
    "words": TEXT | {"description": "How it binds the one that was asked for."},
    "undecided": {
        "type": "boolean",
        "description": "It was split, and who took the protocol on is not recorded.",
    },
}
ORGANISATION: dict[str, Schema] = NAMED | {
    "kind": {
        "type": "string",
        "enum": Organisation.Kind.values,
        "description": "body: one body, which can sign. group: several bodies under one name.",
    },
    "other_names": list_of(
        closed_object(
            {
                "name": TEXT,
                "kind": TEXT | {"enum": [k for k in Name.Kind.values if k != Name.Kind.OFFICIAL]},
                "also_written": nullable(TEXT | {"description": "The same in other capitals."}),
                "source": nullable(TEXT | {"description": "Where this name can be read."}),
            }
        ),
        "What else it is or was called.",
    ),
    "leads": NUMBER
    | {
        "description": "How many protocols in force it leads, itself or in the place of one that"
        " did. What a group leads, its members do not lead."
    },
    "partner_in": NUMBER
    | {"description": "In how many it takes part otherwise: as a partner or through a group."},
    "protocols": NUMBER | {"description": "In how many it takes part."},
    "became": list_of(
        closed_object(NAMED | {"on": nullable(DAY), "source": SOURCE}),
        "What it became, if it no longer exists; what it will become, where the day `on` is to"
        " come.",
    ),
    "note": nullable(TEXT | {"description": "A public note about it."}),
    "url": ADDRESS | {"description": "The address of its page."},
    "official_name_source": nullable(
        TEXT | {"description": "Where its official name can be read."}
    ),
    "identifiers": {
        "type": "array",
        "description": "What it is called in registers of others.",
        "items": closed_object(
            {
                "scheme": {
                    "type": "string",
                    "enum": Identifier.Scheme.values,
                    "description": ". ".join(
                        f"{value}: {label}" for value, label in Identifier.Scheme.choices
                    ),
                },
                "value": TEXT,
            }
        ),
    },
    "rights_contact": nullable(TEXT | {"description": "Whom people ask about their rights."}),
}
PAIR: dict[str, Schema] = {
    "organisation": closed_object(NAMED, description="The first organisation."),
    "with": closed_object(NAMED, description="The organisation that it is named with."),
    "protocols": {
        "type": "integer",
        "minimum": 1,
        "description": PAIR_COLUMNS["protocols"],
    },
    "url": ADDRESS | {"description": PAIR_COLUMNS["url"]},
}
COMPLETE: Schema = {
    "type": "boolean",
    "description": f"Whether these are all pairs. Of all organisations only the {MOST_PAIRS:,}"
    " pairs with the most protocols are here; of one organisation there are all.",
}
# What is never unknown. All other columns may be null.
NEVER_NULL: dict[str, Schema] = {
    "reference": {"type": "string", "pattern": "^(?=.*[0-9])[0-9A-Za-z._/-]{1,40}$"},
    "title": TEXT,
    "theme": ref("Theme"),
    "other_organisations": {"type": "array", "items": ref("Partner")},
    "review_status": {"type": "string", "enum": ReviewStatus.values},
    "status": {"type": "string", "enum": ["current", "withdrawn"]},
    "url": ADDRESS,
}
NULLABLE_OBJECTS: dict[str, Schema] = {
    "lead_organisation": {"anyOf": [ref("Lead"), {"type": "null"}]},
    "through": {"type": ["array", "null"], "items": ref("Through"), "minItems": 1},
}


def protocol() -> Schema:
    """Return the schema of one protocol, from the published columns."""
    properties = {column.name: column_schema(column) for column in COLUMNS}
    return closed_object(
        properties | PROTOCOL_FACTS, description="One information sharing protocol."
    )


def column_schema(column: Column) -> Schema:
    """Return the schema of the values of a column."""
    known = NEVER_NULL.get(column.name) or NULLABLE_OBJECTS.get(column.name)
    schema = known or nullable(KINDS[column.kind])
    choices = {"enum": [*column.values, None]} if column.values else {}
    return schema | choices | {"description": column.meaning}


def page_schema(name: str, *, most: int, **more: Schema) -> Schema:
    """Return the schema of a page of such things, `most` at the most, with further keys."""
    return closed_object(
        {
            "count": NUMBER | {"description": "How many there are on all pages."},
            **more,
            "next": nullable(ADDRESS | {"description": "The page after this one."}),
            "previous": nullable(ADDRESS | {"description": "The page before this one."}),
            "results": {"type": "array", "items": ref(name), "maxItems": most},
        },
        description="One page of what is asked for.",
    )


def schemas() -> dict[str, Schema]:
    """Return the schemas of all that is answered in JSON, by their names."""
    return {
        "Protocols": page_schema("Protocol", most=PAGE_LENGTH),
        "Protocol": protocol(),
        "Organisations": page_schema("Organisation", most=ORGANISATIONS_PER_PAGE),
        "Organisation": closed_object(
            ORGANISATION | ORGANISATION_FACTS, description="One organisation of the register."
        ),
        "Pairs": page_schema("Pair", most=PAIRS_PER_PAGE, complete=COMPLETE),
        "Pair": closed_object(PAIR, description="Two organisations that are named together."),
        "OrganisationRecord": closed_object(
            ORGANISATION | ORGANISATION_FACTS | {"members": MEMBERS},
            description="One organisation, with the members of a group.",
        ),
        **FACT_SCHEMAS,
        "Theme": closed_object({"name": TEXT, "slug": SLUG}),
        "Lead": closed_object(PARTY, description="The organisation that leads."),
        "Partner": closed_object(PARTNER, description="Another organisation that takes part."),
        "Through": closed_object(
            THROUGH, description="How a protocol binds an organisation that was asked for."
        ),
        "Problem": PROBLEM,
    }


PROBLEM = closed_object(
    {
        "type": {"type": "string", "const": "about:blank"},
        "title": TEXT,
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string", "description": "All that is wrong, in sentences."},
        "errors": {
            "type": "object",
            "description": "A sentence for each parameter that is wrong.",
            "additionalProperties": TEXT,
            "minProperties": 1,
        },
    },
    description="What went wrong, as RFC 9457 has it.",
)
DESCRIPTION = {"type": "object", "required": ["openapi", "info", "paths", "components"]}
