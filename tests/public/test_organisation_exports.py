"""The organisations as a table and as data: their names, and the numbers of their pages."""

from __future__ import annotations

import csv
import datetime
import io
import json
import re
from typing import Any

import pytest
from django.test import Client

from registers import changes
from registers.models import Name, Organisation, Succession
from registers.public import exports
from tests.makers import NO_PART, OrganisationFactory, make_protocols
from tests.public.asking import ask, cached
from tests.public.pages import found, links, text
from tests.search.conftest import make

pytestmark = pytest.mark.usefixtures("real_register")
COLUMNS = [
    *("name", "slug", "kind", "other_names", "leads", "partner_in", "protocols"),
    *("became", "note", "url", "official_name_source", "identifiers", "rights_contact"),
]
ENDINGS = ["csv", "json"]


def table(client: Client, query: str = "") -> list[dict[str, str]]:
    answer = client.get(f"/organisations.csv?{query}")
    return list(csv.DictReader(io.StringIO(answer.content.decode(), newline=""), strict=True))


def data(client: Client, query: str = "") -> dict[str, Any]:
    return client.get(f"/organisations.json?{query}").json()


def everyone(client: Client, query: str = "") -> list[dict[str, Any]]:
    """All pages, by the way to the next."""
    results, page = [], data(client, query)
    while True:
        results += page["results"]
        if page["next"] is None:
            return results
        page = client.get(page["next"].removeprefix("http://localhost:8000")).json()


def test_they_have_every_organisation_by_the_alphabet(client: Client):
    wanted = list(Name.objects.filter(kind="official").order_by("key").values_list("text"))
    assert [(row["name"],) for row in table(client)] == wanted
    assert [(one["name"],) for one in data(client)["results"]] == wanted
    assert data(client)["count"] == len(wanted) == Organisation.objects.count()


def test_the_columns_are_those_of_both(client: Client):
    assert list(table(client)[0]) == COLUMNS
    facts = ["approvers", "came_from", "groups", "group_rule", "modified"]
    assert list(data(client)["results"][0]) == [*COLUMNS, *facts]


def test_one_is_told_in_full(client: Client):
    (row,) = (row for row in table(client) if row["slug"] == "west-essex-ccg")
    (one,) = (one for one in data(client)["results"] if one["slug"] == "west-essex-ccg")
    organisation = Organisation.objects.get(slug="west-essex-ccg")
    (succession,) = organisation.successions.all()
    assert one["became"] == [
        {
            "name": succession.successor.name,
            "slug": succession.successor.slug,
            "on": "2022-07-01",
            "source": succession.source,
        }
    ]
    assert row["became"] == f"{succession.successor.name} (2022-07-01)"
    assert row["url"] == one["url"] == "http://localhost:8000/organisations/west-essex-ccg/"
    assert (row["kind"], one["kind"]) == ("body", "body")


@pytest.mark.both_databases
@pytest.mark.parametrize(
    ("days", "said"),
    [(0, "Provide (2026-11-22)"), (-1, "Provide (2026-11-21)"), (1, ""), (None, "Provide")],
)
def test_the_table_says_what_became_of_one_from_its_day(client: Client, today, days, said):
    council, provide = (
        Organisation.objects.get(slug=slug) for slug in ("essex-county-council", "provide")
    )
    day = None if days is None else today + datetime.timedelta(days)
    changes.save(Succession(organisation=council, successor=provide, happened_on=day))
    (row,) = (row for row in table(client) if row["slug"] == council.slug)
    (one,) = (one for one in data(client, "letter=e")["results"] if one["slug"] == council.slug)
    assert row["became"] == said
    assert [each["on"] for each in one["became"]] == [day.isoformat() if day else None]


def test_other_names_are_told_with_their_kinds(client: Client):
    provide = Organisation.objects.get(slug="provide")
    provide.names.exclude(kind="official").delete()
    Name.objects.filter(organisation=provide).update(also_written="PROVIDE")
    for name, kind in (("Slip", "misspelling"), ("Central", "former"), ("PCIC", "acronym")):
        changes.save(Name(organisation=provide, text=name, kind=kind))
    Name.objects.filter(text="PCIC").update(also_written="Pcic", source="its own site")
    (row,) = (row for row in table(client) if row["slug"] == "provide")
    (one,) = (one for one in data(client)["results"] if one["slug"] == "provide")
    assert row["other_names"] == "PCIC (acronym); Central (former); Slip (misspelling)"
    assert one["other_names"] == [
        {"name": "PCIC", "kind": "acronym", "also_written": "Pcic", "source": "its own site"},
        {"name": "Central", "kind": "former", "also_written": None, "source": None},
        {"name": "Slip", "kind": "misspelling", "also_written": None, "source": None},
    ]


def test_what_is_not_recorded_is_empty_in_the_table_and_null_as_data(client: Client):
    bare = OrganisationFactory(name="Bare")
    became = Organisation.objects.get(slug="provide")
    gone = OrganisationFactory(name="Gone", kind="group", note="=1+1")
    changes.save(Succession(organisation=gone, successor=became))
    rows = {row["name"]: row for row in table(client)}
    ones = {one["name"]: one for one in data(client)["results"]}
    assert rows["Bare"] == dict.fromkeys(COLUMNS, "") | {
        "name": "Bare",
        "slug": bare.slug,
        "kind": "body",
        **dict.fromkeys(("leads", "partner_in", "protocols"), "0"),
        "url": "http://localhost:8000/organisations/bare/",
    }
    assert [ones["Bare"][name] for name in ("other_names", "became", "identifiers")] == [[], [], []]
    assert ones["Bare"]["note"] is None
    assert (rows["Gone"]["kind"], rows["Gone"]["note"], ones["Gone"]["note"]) == (
        "group",
        "'=1+1",  # no spreadsheet program runs it
        "=1+1",
    )
    assert rows["Gone"]["became"] == became.name
    assert (ones["Gone"]["became"][0]["on"], ones["Gone"]["became"][0]["source"]) == (None, None)


# Counts agree ---------------------------------------------------------------------------------


def numbers(one: dict[str, Any]) -> tuple[int, int, int]:
    return int(one["leads"]), int(one["partner_in"]), int(one["protocols"])


def test_counts_are_those_of_the_organisation_s_page_and_of_its_lists(client: Client):
    make(1)  # withdrawn ones, drafts, and some that are lead and partner of one protocol
    rows = table(client)
    assert [numbers(row) for row in rows] == [numbers(one) for one in everyone(client)]
    some = [row for row in rows if numbers(row)[2]]
    assert any(sum(numbers(row)[:2]) > numbers(row)[2] for row in some)
    for row in [*some, *(row for row in rows if row["name"] == NO_PART)]:
        page = text(client.get(f"/organisations/{row['slug']}/"))
        leads, partner_in, protocols = numbers(row)
        assert (f"Bound by {protocols} protocol" in page) == bool(protocols)
        asked = f"/?organisation={row['slug']}"
        assert found(client.get(asked)) == protocols
        assert found(client.get(f"{asked}&role=lead")) == leads
        assert found(client.get(f"{asked}&role=partner")) == partner_in


# The query string ------------------------------------------------------------------------------


def test_a_letter_leaves_those_with_any_such_name(client: Client):
    names = Name.objects.filter(key__startswith="e").values_list("organisation__slug", flat=True)
    for letter in ("e", "E"):
        assert {row["slug"] for row in table(client, f"letter={letter}")} == set(names)
        assert data(client, f"letter={letter}")["count"] == len(set(names))
    assert data(client, "letter=%C3%BF") == {
        "count": 0,
        "next": None,
        "previous": None,
        "results": [],
    }
    assert len(table(client, "letter=&page=")) == Organisation.objects.count()


def test_json_has_pages_and_the_table_has_not(client: Client, monkeypatch):
    monkeypatch.setattr(exports, "ORGANISATIONS_PER_PAGE", 3)
    whole = [row["slug"] for row in table(client, "letter=e&page=2")]
    assert [one["slug"] for one in everyone(client, "letter=e")] == whole
    assert len(whole) > 6
    here = "http://localhost:8000/organisations.json"
    first, second = data(client, "letter=e"), data(client, "letter=e&page=2")
    assert (first["previous"], first["next"]) == (None, f"{here}?letter=e&page=2")
    assert (second["previous"], second["next"]) == (f"{here}?letter=e", f"{here}?letter=e&page=3")
    assert data(client, "page=2")["previous"] == here
    assert [len(page["results"]) for page in (first, second)] == [3, 3]
    last = -(-len(whole) // 3)
    assert data(client, f"letter=e&page={last}")["next"] is None
    beyond = client.get(f"/organisations.json?letter=e&page={last + 1}")
    assert (beyond.status_code, beyond["Content-Type"]) == (404, "application/problem+json")
    assert json.loads(beyond.content)["errors"] == {"page": f"The last is {last}."}


WRONG = {
    "two letters": ("letter=ab", "letter"),
    "a sign": ("letter=-", "letter"),
    "NUL": ("letter=%00", "letter"),
    "half a letter": ("letter=%c3", "letter"),
    "page 0": ("page=0", "page"),
    "no number": ("letter=e&page=x", "page"),
}


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize(("query", "field"), WRONG.values(), ids=WRONG)
def test_what_cannot_be_right_is_refused(client: Client, ending, query, field):
    answer = client.get(f"/organisations.{ending}?{query}")
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
    assert list(json.loads(answer.content)["errors"]) == [field]


def test_an_unknown_ending_is_told_of_those_there_are(client: Client):
    answer = client.get("/organisations.xlsx")
    assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")
    assert json.loads(answer.content)["detail"] == "Use csv or json."


def test_one_that_asks_too_much_gets_problem_json(client: Client):
    answer = client.get("/organisations.csv?" + "letter=e&" * 1501)
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")


@pytest.mark.parametrize(("page", "query"), [("", ""), ("?letter=e", "?letter=E")])
def test_the_page_of_all_names_offers_them_with_their_number(client: Client, page, query):
    shown = client.get(f"/organisations/{page}")
    offered = {words: address for address, words in links(shown)}
    assert offered["CSV"] == f"/organisations.csv{query}"
    assert offered["data (JSON)"] == f"/organisations.json{query}"
    number = len(table(client, offered["CSV"].partition("?")[2]))
    assert f"Download {number} organisations, a row each" in text(shown)


def test_a_letter_of_no_name_offers_nothing(client: Client):
    assert "Download" not in text(client.get("/organisations/?letter=z"))


# How they are sent -----------------------------------------------------------------------------


@pytest.mark.parametrize("ending", ENDINGS)
def test_they_are_only_read(client: Client, ending):
    assert client.post(f"/organisations.{ending}").status_code == 405
    assert client.head(f"/organisations.{ending}").status_code == 200


def test_they_say_what_they_are(client: Client, today: datetime.date):
    as_table, as_data = (client.get(f"/organisations.{ending}") for ending in ENDINGS)
    assert as_table["Content-Type"] == "text/csv; charset=utf-8"
    assert as_table["Content-Disposition"] == 'attachment; filename="organisations-2026-11-22.csv"'
    assert as_data["Content-Type"] == "application/json"
    assert "Content-Disposition" not in as_data


@pytest.mark.parametrize("ending", ENDINGS)
def test_they_are_kept_until_the_register_changes(db, ending):
    site = cached()
    before = ask(site, f"/organisations.{ending}", accept_encoding="br")
    assert before.headers["content-encoding"] == "br"
    assert len(site.store) == 1
    OrganisationFactory(name="Entirely New")
    changes.save(Organisation.objects.get(name="Entirely New"))
    after = ask(site, f"/organisations.{ending}", accept_encoding="br")
    assert "Entirely New" not in before.plain
    assert "Entirely New" in after.plain


@pytest.mark.parametrize("ending", ENDINGS)
def test_the_number_of_queries_does_not_grow_by_the_organisation(
    client: Client, ending, django_assert_max_num_queries
):
    make_protocols(1, parties=[OrganisationFactory() for _ in range(20)])
    client.get("/")
    with django_assert_max_num_queries(10):
        body = client.get(f"/organisations.{ending}").content.decode()
    assert len(re.findall(r"http://localhost:8000/organisations/organisation-\d+/", body)) == 20
