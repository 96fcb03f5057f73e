"""What JSON says beside the published columns, as JSON Schema: registers/exports/facts.py."""

from __future__ import annotations

from typing import Any

from registers.exports.facts import COMPARED_WITH_TODAY, PLAIN_FIELDS, UNKNOWN_OF_THE_PAST
from registers.models import Party, Review
from registers.models.protocol_fields import Kind

Schema = dict[str, Any]

# ECMA-262's way to write it, which is JSON Schema's. The year 0 is in no calendar.
MONTH = "^(?!0000)[0-9]{4}-(0[1-9]|1[0-2])$"
TEXT: Schema = {"type": "string"}
SLUG: Schema = {"type": "string", "description": "The end of its address.", "minLength": 1}
ADDRESS: Schema = {"type": "string", "format": "uri"}
NUMBER: Schema = {"type": "integer", "minimum": 0}
OFFICIAL: Schema = {"type": "string", "description": "Its official name."}
DAY: Schema = {"type": "string", "format": "date"}
TIME: Schema = {"type": "string", "format": "date-time"}
KINDS: dict[Kind, Schema] = {
    Kind.TEXT: TEXT,
    Kind.BOOLEAN: {"type": "boolean"},
    Kind.DAY: DAY,
    Kind.MONTH: {"type": "string", "pattern": MONTH},
    Kind.OPTIONS: {"type": "array", "items": TEXT},
    Kind.LINK: ADDRESS,
}


def nullable(schema: Schema) -> Schema:
    """Return the schema of such a value, or of null where it is not recorded."""
    return schema | {"type": [schema["type"], "null"]}


def closed_object(properties: dict[str, Schema], **more: Any) -> Schema:
    """Return the schema of an object that has exactly these properties."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    } | more


def list_of(items: Schema, words: str) -> Schema:
    """Return the schema of a list, which is empty where nothing is recorded."""
    return {"type": "array", "items": items, "description": words}


def ref(name: str, kind: str = "schemas") -> dict[str, str]:
    """Return the way to what is described once."""
    return {"$ref": f"#/components/{kind}/{name}"}


MODIFIED = nullable(
    TIME
    | {
        "description": "When a change, its own or another's, last altered this answer."
        " `modified_since` is about this. In a list of a past day, its own last change by then."
    }
)
SOURCE = nullable(TEXT | {"description": "Where that is written."})
NAMED = {"name": OFFICIAL, "slug": SLUG}
FILE = {
    "file_name": TEXT,
    "bytes": nullable(NUMBER),
    "uploaded": nullable(TIME),
    "url": ADDRESS | {"description": "Where it is downloaded."},
}
MEMBERSHIP = {
    "from": nullable(DAY | {"description": "The first day; null: always."}),
    "to": nullable(DAY | {"description": "The last day; null: without end."}),
    "source": SOURCE,
}


def _choice(values: Any, words: str) -> Schema:
    return nullable(TEXT | {"enum": [*values.values, None], "description": words})


def plain_schema(name: str) -> Schema:
    """Return the schema of a field without a column, by its key."""
    field = PLAIN_FIELDS[name]
    help_text = str(getattr(field.model_field, "help_text", ""))
    return nullable(KINDS[field.kind] | {"description": help_text or field.title})


PROTOCOL_FACTS: dict[str, Schema] = {
    **{name: plain_schema(name) for name in PLAIN_FIELDS},
    "modified": MODIFIED,
    "parties": list_of(ref("Party"), "All that take part, the lead too, in the published order."),
    "taken_on": list_of(
        closed_object(
            {
                "from": ref("NamedOrganisation"),
                "by": ref("NamedOrganisation"),
                "on": nullable(
                    DAY
                    | {
                        "description": "The day of the split. Until a day to come, the protocol"
                        " binds `from` alone."
                    }
                ),
            }
        ),
        "Who took, or will take, the place of an organisation that was split, in this protocol.",
    ),
    "replaced_by": {
        "anyOf": [ref("ProtocolLink"), {"type": "null"}],
        "description": "The protocol that replaced it.",
    },
    "replaces": list_of(ref("ProtocolLink"), "The protocols that it replaced."),
    "comes_under": list_of(ref("ProtocolLink"), "The broader protocols that it comes under."),
    "covers": list_of(ref("ProtocolLink"), "The protocols that come under it."),
    "reviews": list_of(ref("Review"), "Its reviews, the newest first."),
    "documents": list_of(ref("Document"), "Its documents."),
}
for _name in (*UNKNOWN_OF_THE_PAST, *COMPARED_WITH_TODAY):
    _when = ", where it was another" if _name in COMPARED_WITH_TODAY else ""
    _words = f"{PROTOCOL_FACTS[_name]['description']} Null in a list of a past day{_when}."
    PROTOCOL_FACTS[_name] = nullable(PROTOCOL_FACTS[_name] | {"description": _words})
ORGANISATION_FACTS: dict[str, Schema] = {
    "approvers": list_of(TEXT, "The job titles that approve protocols for it."),
    "came_from": list_of(
        closed_object(NAMED | {"on": nullable(DAY), "source": SOURCE}),
        "Whose place it took, or will take on a day to come.",
    ),
    "groups": list_of(
        closed_object(NAMED | MEMBERSHIP), "The groups that it belongs to, or once did."
    ),
    "group_rule": nullable(TEXT | {"description": "Of a group: who belongs to it, in words."}),
    "modified": MODIFIED,
}
MEMBERS = list_of(
    closed_object(NAMED | MEMBERSHIP),
    "The members of a group. Only here; in lists, each member says to which groups it belongs.",
)
FACT_SCHEMAS: dict[str, Schema] = {
    "NamedOrganisation": closed_object(NAMED),
    "ProtocolLink": closed_object(
        {"reference": TEXT, "title": TEXT, "url": ADDRESS}, description="Another protocol."
    ),
    "Party": closed_object(
        NAMED
        | {
            "role": {"type": "string", "enum": Party.Role.values},
            "name_as_published": nullable(TEXT),
            "note": nullable(TEXT),
            "signed": nullable(DAY | {"description": "When its approver signed."}),
            "approved_by": nullable(TEXT | {"description": "The job title that approved."}),
            "approved_version": nullable(TEXT | {"description": "The version that it approved."}),
            "approval_source": _choice(
                Party.ApprovalSource,
                "By its approver's link, or from paper. Null: the day alone is recorded.",
            ),
            "legal_role": _choice(
                Party.LegalRole, "What it is in law: a controller, a joint one, or a processor."
            ),
            "flow": _choice(Party.Flow, "Whether it gives or receives information."),
        },
        description="An organisation's part in a protocol.",
    ),
    "Review": closed_object(
        {
            "reviewed": DAY,
            "outcome": {"type": "string", "enum": Review.Outcome.values},
            "next_review": nullable({"type": "string", "pattern": MONTH}),
            "replaced_by": {"anyOf": [ref("ProtocolLink"), {"type": "null"}]},
            "job_title": TEXT | {"description": "The job title that decided."},
            "note": nullable(TEXT),
        },
        description="What was decided about a protocol.",
    ),
    "Document": closed_object(
        FILE
        | {
            "title": TEXT,
            "earlier_versions": list_of(closed_object(FILE), "Its files before, newest first."),
        },
        description="A document of a protocol.",
    ),
}
