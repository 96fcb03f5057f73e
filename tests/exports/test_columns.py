"""The published columns: their names, their order, and how each value is written."""

from __future__ import annotations

import datetime

import pytest

from registers.exports.columns import COLUMNS, ExportContext
from registers.models import Protocol
from tests.exports.promised import LATER, PROMISED
from tests.makers import (
    DAY,
    OrganisationFactory,
    PartyFactory,
    ProtocolFactory,
    ThemeFactory,
    withdrawn,
)

pytestmark = pytest.mark.django_db
HERE = ExportContext(site="https://register.example", on=DAY)


def written(reference: str, context: ExportContext = HERE) -> dict[str, str]:
    protocol = Protocol.public.get(reference=reference)
    return {column.name: column.write(protocol, context) for column in COLUMNS}


def test_the_columns_are_those_promised_in_order():
    assert [column.name for column in COLUMNS] == [*PROMISED, *LATER]


def test_every_column_is_written():
    protocol = ProtocolFactory(
        reference="9001",
        title="Growth",
        version="V2.0",
        theme=ThemeFactory(name="Housing"),
        purpose="To grow.",
        summary="Growth for all.",
        information_items="Names",
        data_subjects="Children in care",
        lawful_basis="Public task",
        parties_note="Please ask.",
        review_date=datetime.date(2024, 3, 1),
        review_note="Under review",
        published_on=datetime.date(2020, 1, 2),
        updated_on=datetime.date(2021, 12, 31),
        admin_note="Never public",
        **withdrawn(),
    )
    for position, (name, role, note) in enumerate(
        (("Cedar", "partner", "Temp workers"), ("Ashdown", "lead", "x"), ("Birch", "partner", ""))
    ):
        organisation = OrganisationFactory(name=name)
        PartyFactory(
            protocol=protocol,
            organisation=organisation,
            role=role,
            note=note,
            name_as_published=f"{name} as published",
            position=position,
        )

    assert written("9001") == dict.fromkeys(LATER, "") | {
        "reference": "9001",
        "title": "Growth",
        "version": "V2.0",
        "theme": "Housing",
        "purpose": "To grow.",
        "summary": "Growth for all.",
        "information_items": "Names",
        "data_subjects": "Children in care",
        "lawful_basis": "Public task",
        "lead_organisation": "Ashdown",
        "other_organisations": "Cedar (Temp workers); Birch",
        "parties_note": "Please ask.",
        "review_date": "2024-03",
        "review_status": "overdue",
        "status": "withdrawn",
        "published": "2020-01-02",
        "updated": "2021-12-31",
        "url": "https://register.example/protocols/9001/",
    }


def test_what_is_not_recorded_is_empty():
    ProtocolFactory(reference="9002", title="Bare", theme=ThemeFactory(name="Housing"))
    assert written("9002") == dict.fromkeys([*PROMISED, *LATER], "") | {
        "reference": "9002",
        "title": "Bare",
        "theme": "Housing",
        "review_status": "none",
        "status": "current",
        "url": "https://register.example/protocols/9002/",
    }


@pytest.mark.parametrize(
    ("day", "status"),
    [
        (datetime.date(2026, 11, 30), "due-soon"),
        (datetime.date(2026, 12, 1), "overdue"),
        (datetime.date(2026, 8, 29), "in-date"),
    ],
)
def test_a_review_is_judged_on_the_place_s_day(day, status):
    ProtocolFactory(reference="9003", review_date=datetime.date(2026, 11, 1))
    assert written("9003", ExportContext(site="", on=day))["review_status"] == status


def test_an_early_year_keeps_its_four_digits():
    ProtocolFactory(reference="9004", review_date=datetime.date(203, 1, 1))
    assert written("9004")["review_date"] == "0203-01"
