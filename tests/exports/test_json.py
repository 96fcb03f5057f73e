"""JSON: the promised keys, a page at a time, valid whatever the words."""

from __future__ import annotations

import datetime
import inspect
import json
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st

from registers.exports.columns import COLUMNS, ExportContext
from registers.exports.json import CONTENT_TYPE, write
from registers.models import Organisation, Party, Protocol
from tests.exports.promised import LATER
from tests.makers import (
    DAY,
    OrganisationFactory,
    PartyFactory,
    ProtocolFactory,
    ThemeFactory,
    make_protocols,
    withdrawn,
)
from tests.search.questions import results_of

pytestmark = pytest.mark.django_db
SITE = "https://register.example"
HERE = ExportContext(site=SITE, on=DAY)
HOSTILE = st.lists(
    st.sampled_from(['"', "\\", "/", "</script>", "\n", "\r", "\t", "\x01", "\u2028", "é", "😀"])
    | st.characters(exclude_categories=["Cs"], exclude_characters="\0"),
    min_size=1,
    max_size=8,
).map("".join)


APPROVAL = ("approved_by", "approved_version", "approval_source")
LINKS = ("taken_on", "replaces", "comes_under", "covers", "reviews", "documents")


def answer(query: str):
    return json.loads(b"".join(write(results_of(query), HERE)).decode("utf-8"))


def references(given) -> list[str]:
    return [each["reference"] for each in given["results"]]


@pytest.fixture
def housing(empty_register):
    return ThemeFactory(name="Housing")


def test_all_that_is_recorded(housing):
    protocol = ProtocolFactory(
        reference="9001",
        title="Growth",
        version="V2.0",
        theme=housing,
        purpose="To grow.",
        summary="Growth for all.",
        information_items="Names",
        data_subjects="Children in care",
        lawful_basis="Public task",
        parties_note="Please ask.",
        review_date=datetime.date(2024, 3, 1),
        published_on=datetime.date(2020, 1, 2),
        updated_on=datetime.date(2021, 12, 31),
        **withdrawn(),
    )
    for position, (name, role, rest) in enumerate(
        (
            ("Cedar", "partner", {"note": "Temp workers", "signed_on": datetime.date(2020, 1, 1)}),
            ("Ashdown", "lead", {"name_as_published": "Ashdown CC", "note": "Not shown"}),
            ("Birch", "partner", {"name_as_published": "Birches"}),
        )
    ):
        organisation = OrganisationFactory(name=name)
        PartyFactory(
            protocol=protocol, organisation=organisation, role=role, position=position, **rest
        )

    assert answer("status=all") == {
        "count": 1,
        "next": None,
        "previous": None,
        "results": [
            dict.fromkeys(LATER)
            | {
                "reference": "9001",
                "title": "Growth",
                "version": "V2.0",
                "theme": {"name": "Housing", "slug": "housing"},
                "purpose": "To grow.",
                "summary": "Growth for all.",
                "information_items": "Names",
                "data_subjects": "Children in care",
                "lawful_basis": "Public task",
                "lead_organisation": {
                    "name": "Ashdown",
                    "slug": "ashdown",
                    "name_as_published": "Ashdown CC",
                },
                "other_organisations": [
                    {
                        "name": "Cedar",
                        "slug": "cedar",
                        "name_as_published": None,
                        "note": "Temp workers",
                        "signed": "2020-01-01",
                    },
                    {
                        "name": "Birch",
                        "slug": "birch",
                        "name_as_published": "Birches",
                        "note": None,
                        "signed": None,
                    },
                ],
                "parties_note": "Please ask.",
                "review_date": "2024-03",
                "review_status": "overdue",
                "status": "withdrawn",
                "published": "2020-01-02",
                "updated": "2021-12-31",
                "url": f"{SITE}/protocols/9001/",
                "review_note": None,
                "parties_complete": None,
                "withdrawn": "2026-11-22",
                "withdrawn_reason": "It ended.",
                "modified": None,
                "parties": [
                    {
                        "name": "Cedar",
                        "slug": "cedar",
                        "role": "partner",
                        "name_as_published": None,
                        "note": "Temp workers",
                        "signed": "2020-01-01",
                        **dict.fromkeys(APPROVAL),
                        "legal_role": None,
                        "flow": None,
                    },
                    {
                        "name": "Ashdown",
                        "slug": "ashdown",
                        "role": "lead",
                        "name_as_published": "Ashdown CC",
                        "note": "Not shown",
                        "signed": None,
                        **dict.fromkeys(APPROVAL),
                        "legal_role": None,
                        "flow": None,
                    },
                    {
                        "name": "Birch",
                        "slug": "birch",
                        "role": "partner",
                        "name_as_published": "Birches",
                        "note": None,
                        "signed": None,
                        **dict.fromkeys(APPROVAL),
                        "legal_role": None,
                        "flow": None,
                    },
                ],
                "does_not_apply": None,
                "replaced_by": None,
                **{name: [] for name in LINKS},
            }
        ],
    }


def test_what_is_not_recorded_is_null(housing):
    ProtocolFactory(reference="9002", title="Bare", theme=housing)
    (record,) = answer("")["results"]
    columns = [column.name for column in COLUMNS]
    assert list(record)[: len(columns)] == columns
    assert {name for name, value in record.items() if value is None} == {
        *("version", "purpose", "summary", "information_items", "data_subjects", "lawful_basis"),
        *("lead_organisation", "parties_note", "review_date", "published", "updated"),
        *LATER,
        *("review_note", "parties_complete", "withdrawn", "withdrawn_reason", "modified"),
        *("does_not_apply", "replaced_by"),
    }
    assert [record[name] for name in ("other_organisations", "parties", *LINKS)] == [[]] * 8
    assert (record["review_status"], record["status"]) == ("none", "current")


def test_its_keys_stand_in_the_promised_order(real_register):
    given = answer("")
    assert list(given) == ["count", "next", "previous", "results"]
    (keys,) = {tuple(record) for record in given["results"]}
    assert keys[: len(COLUMNS)] == tuple(column.name for column in COLUMNS)


QUESTIONS = ["", "organisation=eput", "sort=-review", "q=children&sort=title", "status=withdrawn"]


@pytest.mark.parametrize("query", QUESTIONS)
def test_it_has_the_protocols_of_the_list(real_register, query):
    given, results = answer(query), results_of(query)
    assert references(given) == [each.reference for each in results.page_protocols]
    assert given["count"] == results.count == len(given["results"])


def test_the_pages_lead_to_each_other_until_all_is_read(housing):
    make_protocols(120, theme=housing)
    pages = [answer("theme=housing&sort=reference")]
    while address := pages[-1]["next"]:
        assert address.startswith(f"{SITE}/protocols.json?")
        pages.append(answer(urlsplit(address).query))
    assert [len(page["results"]) for page in pages] == [50, 50, 20]
    assert {page["count"] for page in pages} == {120}
    read = [reference for page in pages for reference in references(page)]
    results = results_of("theme=housing&sort=reference")
    assert read == [each.reference for each in results.iterator()]

    first = f"{SITE}/protocols.json?theme=housing&sort=reference"
    assert [page["previous"] for page in pages] == [None, first, f"{first}&page=2"]
    assert [page["next"] for page in pages] == [f"{first}&page=2", f"{first}&page=3", None]


def test_the_way_back_to_a_plain_first_page_has_no_query_string(housing):
    make_protocols(51, theme=housing)
    assert answer("page=2")["previous"] == f"{SITE}/protocols.json"


@pytest.fixture
def hostile(housing) -> Protocol:
    """One protocol with a lead and a partner, to be given hostile words."""
    protocol = ProtocolFactory(theme=housing)
    for role in ("lead", "partner"):
        PartyFactory(protocol=protocol, organisation=OrganisationFactory(name=role), role=role)
    return protocol


@given(title=HOSTILE, name=HOSTILE, note=HOSTILE)
@settings(max_examples=50)
def test_hostile_words_are_read_again(hostile, title, name, note):
    Protocol.objects.update(title=title)
    Organisation.objects.update(name=name)
    Party.objects.update(note=note, name_as_published=note)
    (record,) = answer("")["results"]
    assert record["title"] == title
    assert record["lead_organisation"]["name"] == name
    assert record["lead_organisation"]["name_as_published"] == note
    assert record["other_organisations"][0]["note"] == note


def test_it_is_utf_8(housing):
    ProtocolFactory(title="Children’s – first", theme=housing)
    assert CONTENT_TYPE == "application/json"
    assert "Children’s – first".encode() in b"".join(write(results_of(""), HERE))


def test_it_is_written_a_protocol_at_a_time(housing):
    make_protocols(60, theme=housing)
    chunks = write(results_of(""), HERE)
    assert inspect.isgenerator(chunks)
    assert next(chunks).startswith(b'{"count": 60, ')
    assert [chunk.count(b'"reference"') for chunk in chunks] == [1] * 50 + [0]


def queries_to_write() -> int:
    with CaptureQueriesContext(connection) as queries:
        answer("")
    return len(queries)


def test_the_number_of_queries_does_not_grow_by_the_protocol(housing):
    organisations = [OrganisationFactory() for _ in range(3)]
    make_protocols(10, theme=housing, parties=organisations)
    queries_to_write()  # it reads the register
    few = queries_to_write()
    make_protocols(50, theme=housing, parties=organisations)
    queries_to_write()
    assert queries_to_write() == few
