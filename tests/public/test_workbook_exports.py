"""The workbooks at their addresses: the list's own protocols, a name for the file, the moment."""

from __future__ import annotations

import csv

import pytest
from django.test import Client
from hypothesis import given, settings

from tests.exports.spreadsheets import EVERY_WAY, by_calamine, read
from tests.lengths import times
from tests.public.asking import ask, cached
from tests.public.pages import found
from tests.search.conftest import make
from tests.search.questions import query_string, questions

pytestmark = pytest.mark.usefixtures("real_register")
WORKBOOKS = ["xlsx", "ods"]


def references(client: Client, ending: str, query: str) -> list[str]:
    whole = client.get(f"/protocols.{ending}?{query}").getvalue()
    if ending == "csv":
        return [row["reference"] for row in csv.DictReader(whole.decode().splitlines())]
    return [row[0] for row in by_calamine(whole)["Protocols"][1:]]


@pytest.fixture
def rich_register(real_register) -> None:
    make(1)


@pytest.mark.parametrize("ending", WORKBOOKS)
@given(asked=questions())
@settings(max_examples=times(15, long=300))
@pytest.mark.has_long_form
def test_they_have_exactly_the_protocols_of_the_csv(rich_register, ending, asked):
    client = Client(headers={"host": "localhost"})
    query = query_string(asked)
    assert references(client, ending, query) == references(client, "csv", query)


@pytest.mark.parametrize(("ending", "reader"), EVERY_WAY)
@pytest.mark.parametrize("query", ["", "organisation=eput", "theme=safer-community&review=overdue"])
def test_there_are_as_many_as_the_page_counts(client: Client, ending, reader, query):
    whole = client.get(f"/protocols.{ending}?{query}").getvalue()
    assert len(read(ending, reader, [whole])["Protocols"]) == 1 + found(client.get(f"/?{query}"))


@pytest.mark.parametrize(
    ("ending", "kind"),
    [
        ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        ("ods", "application/vnd.oasis.opendocument.spreadsheet"),
    ],
)
def test_they_are_saved_under_a_name_with_the_day(client: Client, today, ending, kind):
    answer = client.get(f"/protocols.{ending}")
    assert answer.streaming
    assert answer["Content-Type"] == kind
    assert answer["Content-Disposition"] == (
        f'attachment; filename="protocols-2026-11-22.{ending}"'
    )
    said = dict(by_calamine(answer.getvalue())["About this file"])
    assert said["Made"] == "22 November 2026, 12:00, UK time"
    assert said["Register"] == (
        "Information Sharing Protocols, published by Whole Essex Information Sharing Framework"
    )


@pytest.mark.parametrize("ending", WORKBOOKS)
def test_they_are_packed_once_and_kept_nowhere(db, ending):
    site = cached()
    got = ask(site, f"/protocols.{ending}?organisation=ecc", accept_encoding="gzip, br")
    assert got.status == 200
    assert "content-encoding" not in got.headers
    assert len(by_calamine(got.body)["Protocols"]) > 1
    assert len(site.store) == 0
    tag = got.headers["etag"]
    again = ask(
        site,
        f"/protocols.{ending}?organisation=ecc",
        accept_encoding="gzip, br",
        if_none_match=tag,
    )
    assert (again.status, again.body) == (304, b"")
