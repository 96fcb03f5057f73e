"""What the answers in JSON hold, as JSON Schema: every key, always, and nothing else."""

from __future__ import annotations

from typing import Any

from registers.exports.columns import COLUMNS, Kind
from registers.models import Name, Organisation
from registers.models.review_dates import ReviewStatus
from registers.public.organisation_endings import A_PAGE as ORGANISATIONS_A_PAGE
from registers.public.parameters import MONTH
from registers.search.results import PAGE_LENGTH

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
SLUG: Schema = {"type": "string", "description": "The end of its address.", "minLength": 1}
ADDRESS: Schema = {"type": "string", "format": "uri"}
NUMBER: Schema = {"type": "integer", "minimum": 0}
OFFICIAL: Schema = {"type": "string", "description": "Its official name."}


def or_null(schema: Schema) -> Schema:
    """Return the schema of such a value, or of null where it is not recorded."""
    return schema | {"type": [schema["type"], "null"]}


def thing(properties: dict[str, Schema], **more: Any) -> Schema:
    """Return the schema of an object that has exactly these properties."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    } | more


def ref(name: str, kind: str = "schemas") -> dict[str, str]:
    """Return the way to what is described once."""
    return {"$ref": f"#/components/{kind}/{name}"}


PUBLISHED_AS = or_null(
    {"type": "string", "description": "Its name in the protocol, where another was written there."}
)
PARTY = {"name": OFFICIAL, "slug": SLUG, "name_as_published": PUBLISHED_AS}
PARTNER = PARTY | {
    "note": or_null({"type": "string", "description": "A public note on its part."}),
    "signed": or_null(
        {"type": "string", "format": "date", "description": "When its approver signed."}
    ),
}
KINDS: dict[Kind, Schema] = {
    Kind.TEXT: TEXT,
    Kind.DAY: {"type": "string", "format": "date"},
    Kind.MONTH: {"type": "string", "pattern": MONTH},
}
ORGANISATION: dict[str, Schema] = {
    "name": OFFICIAL,
    "slug": SLUG,
    "kind": {
        "type": "string",
        "enum": Organisation.Kind.values,
        "description": "body: one body, which can sign. group: several, that are not listed here.",
    },
    "other_names": {
        "type": "array",
        "description": "What else it is or was called.",
        "items": thing(
            {
                "name": TEXT,
                "kind": {
                    "type": "string",
                    "enum": [kind for kind in Name.Kind.values if kind != Name.Kind.OFFICIAL],
                },
                "also_written": or_null(TEXT | {"description": "The same in other capitals."}),
            }
        ),
    },
    "leads": NUMBER | {"description": "How many protocols in force it leads."},
    "partner_in": NUMBER | {"description": "In how many it is a partner."},
    "protocols": NUMBER | {"description": "In how many it takes part."},
    "became": {
        "type": "array",
        "description": "What it became, where it is no more.",
        "items": thing(
            {
                "name": OFFICIAL,
                "slug": SLUG,
                "on": or_null({"type": "string", "format": "date"}),
                "source": or_null(TEXT | {"description": "Where that is written."}),
            }
        ),
    },
    "note": or_null(TEXT | {"description": "A public note about it."}),
    "url": ADDRESS | {"description": "The address of its page."},
}
# What is never unknown. All other columns may be null.
KNOWN: dict[str, Schema] = {
    "reference": {"type": "string", "pattern": "^[0-9]{4,8}$"},
    "title": TEXT,
    "theme": ref("Theme"),
    "other_organisations": {"type": "array", "items": ref("Partner")},
    "review_status": {"type": "string", "enum": ReviewStatus.values},
    "status": {"type": "string", "enum": ["current", "withdrawn"]},
    "url": ADDRESS,
}
OBJECT_OR_NULL: dict[str, Schema] = {
    "lead_organisation": {"anyOf": [ref("Lead"), {"type": "null"}]},
}


def protocol() -> Schema:
    """Return the schema of one protocol, from the published columns."""
    properties = {}
    for column in COLUMNS:
        known = KNOWN.get(column.name) or OBJECT_OR_NULL.get(column.name)
        schema = known or or_null(KINDS[column.kind])
        properties[column.name] = schema | {"description": column.meaning}
    return thing(properties, description="One information sharing protocol.")


def page_of(name: str, *, most: int) -> Schema:
    """Return the schema of a page of such things, `most` at the most."""
    return thing(
        {
            "count": NUMBER | {"description": "How many there are on all pages."},
            "next": or_null(ADDRESS | {"description": "The page after this one."}),
            "previous": or_null(ADDRESS | {"description": "The page before this one."}),
            "results": {"type": "array", "items": ref(name), "maxItems": most},
        },
        description="One page of what is asked for.",
    )


def schemas() -> dict[str, Schema]:
    """Return the schemas of all that is answered in JSON, by their names."""
    return {
        "Protocols": page_of("Protocol", most=PAGE_LENGTH),
        "Protocol": protocol(),
        "Organisations": page_of("Organisation", most=ORGANISATIONS_A_PAGE),
        "Organisation": thing(ORGANISATION, description="One organisation of the register."),
        "Theme": thing({"name": TEXT, "slug": SLUG}),
        "Lead": thing(PARTY, description="The organisation that leads."),
        "Partner": thing(PARTNER, description="Another organisation that takes part."),
        "Problem": PROBLEM,
    }


PROBLEM = thing(
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
