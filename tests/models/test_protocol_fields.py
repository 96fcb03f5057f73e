"""The one list of what a protocol holds: it fits the model, and each reader takes what it says."""

from __future__ import annotations

import pytest

from registers.exports.columns import ExportContext, column_of
from registers.history.snapshot import EXCLUDED_FIELDS
from registers.models import Protocol
from registers.models.protocol_fields import (
    PROTOCOL_FIELDS,
    FormSection,
    Kind,
    PageSection,
    ProtocolField,
)
from registers.public.schemas import column_schema
from tests.makers import DAY

CONTEXT = ExportContext(site="", on=DAY)
BY_NAME = {field.name: field for field in PROTOCOL_FIELDS}


def test_each_field_of_the_model_has_one_record():
    names = [field.name for field in PROTOCOL_FIELDS if field.model_field]
    assert sorted(names) == sorted(
        field.name for field in Protocol._meta.fields if field.name not in EXCLUDED_FIELDS
    )
    assert len(BY_NAME) == len(PROTOCOL_FIELDS)


def test_no_two_columns_have_one_name():
    columns = [field.column for field in PROTOCOL_FIELDS if field.column]
    assert len(set(columns)) == len(columns)
    assert all(field.meaning for field in PROTOCOL_FIELDS if field.column)


def test_every_section_has_a_field():
    assert {field.form for field in PROTOCOL_FIELDS} == {None, *FormSection}
    assert {field.page for field in PROTOCOL_FIELDS} == {None, *PageSection}


def test_what_is_not_public_is_nowhere_public():
    private = [field for field in PROTOCOL_FIELDS if not field.public]
    assert [field.name for field in private] == ["admin_note"]
    assert not any(field.page or field.column for field in private)


def test_a_form_has_what_an_editor_can_write():
    for field in PROTOCOL_FIELDS:
        if field.form:
            assert field.model_field
            assert field.model_field.editable


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("version", Kind.TEXT),
        ("purpose", Kind.TEXT),
        ("status", Kind.TEXT),
        ("theme", Kind.TEXT),
        ("parties_complete", Kind.BOOLEAN),
        ("published_on", Kind.DAY),
        ("review_date", Kind.MONTH),
        ("documents", Kind.TEXT),
    ],
)
def test_the_model_says_of_what_kind_it_is(name, kind):
    assert BY_NAME[name].kind is kind


@pytest.mark.parametrize(
    ("value", "text", "data"), [(True, "yes", True), (False, "no", False), (None, "", None)]
)
def test_yes_and_no_are_words_in_a_table_and_booleans_in_json(value, text, data):
    column = column_of(ProtocolField("parties_complete", meaning="Whether it is."))
    protocol = Protocol(parties_complete=value)
    assert column.write(protocol, CONTEXT) == text
    assert column.value(protocol, CONTEXT) is data
    assert column_schema(column)["type"] == ["boolean", "null"]


def test_choices_are_described_by_their_values():
    field = ProtocolField("status", meaning="Where it is in its life.", column_name="stage")
    assert field.display(Protocol(status="withdrawn")) == "Withdrawn"
    assert field.display(Protocol(status="unheard-of")) == "unheard-of"
    assert column_of(field).write(Protocol(status="withdrawn"), CONTEXT) == "withdrawn"
    assert column_schema(column_of(field)) == {
        "type": ["string", "null"],
        "enum": ["draft", "published", "withdrawn", None],
        "description": "Where it is in its life.",
    }


def test_a_page_has_the_label_of_the_model_or_a_heading_of_its_own():
    assert BY_NAME["lawful_basis"].title == "Lawful basis for sharing"
    assert BY_NAME["summary"].title == "In plain English"


@pytest.mark.parametrize(
    "shown",
    [{"meaning": "A secret."}, {"page": PageSection.RECORD}, {"searched": True}],
    ids=["in exports", "on the page", "in the search"],
)
def test_what_is_not_public_is_shown_and_found_nowhere(shown):
    with pytest.raises(ValueError, match="retention is not public"):
        ProtocolField("retention", FormSection.NOTES, public=False, **shown)
