"""The tasks of readers, from the first page by what each page offers, in a few steps."""

from __future__ import annotations

import re

import pytest
from django.http import HttpResponse
from django.test import Client

from tests.exports.reading import read_calendar
from tests.exports.spreadsheets import read
from tests.public.pages import facts, found, links, listed

pytestmark = pytest.mark.django_db
ECC = "essex-county-council"


@pytest.fixture(autouse=True)
def noon(real_register, today) -> None:
    pass


class Reader:
    """Somebody who starts at the first page, and follows and fills in only what is there."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.page = client.get("/")
        self.steps = 0

    def follow(self, address: str) -> HttpResponse:
        assert address in [href for href, _ in links(self.page)]
        return self._open(address)

    def fill_in(self, action: str, **boxes: str) -> HttpResponse:
        source = self.page.content.decode()
        assert re.search(rf'<form [^>]*action="{action}', source)
        for name in boxes:
            assert re.search(rf'<input [^>]*name="{name}"', source)
        self.steps += len(boxes)
        return self._open(action, boxes)

    def _open(self, address: str, boxes: dict[str, str] | None = None) -> HttpResponse:
        self.steps += 1
        self.page = self.client.get(address.partition("#")[0], boxes, follow=True)
        assert self.page.status_code == 200
        return self.page


@pytest.fixture
def reader(client: Client) -> Reader:
    return Reader(client)


def test_a_parent_finds_what_is_shared_about_children(reader: Reader):
    page = reader.follow("/?q=children#results")
    assert found(page) == len(listed(page)) == 17
    assert reader.steps == 1


def test_a_journalist_finds_what_the_police_is_named_in(reader: Reader):
    assert listed(reader.follow("/?q=Essex%20Police#results")) == ["0036"]
    assert listed(reader.follow("/organisations/essex-police/")) == ["0036"]
    assert reader.steps == 2


def test_a_practitioner_finds_whether_a_protocol_is_in_force(reader: Reader):
    reader.follow("/?q=0036#results")
    assert facts(reader.follow("/protocols/0036/"))["Is it in force?"].startswith("Yes")
    assert reader.steps == 2


@pytest.mark.parametrize("school", ["Anglo European School", "Harlow Academy"])
def test_a_head_teacher_finds_what_binds_a_school_that_nothing_names(reader: Reader, school):
    reader.fill_in("/", q=school)
    assert listed(reader.follow("/organisations/all-essex-schools/")) == ["0046"]
    assert reader.steps == 3


def test_an_analyst_takes_away_what_two_organisations_are_named_in(reader: Reader):
    page = reader.fill_in("/sharing/together/", one="Provide", other="EPUT")
    (address,) = [href for href, _ in links(page) if ".xlsx" in href]
    sheets = read("xlsx", "openpyxl", [reader.follow(address).getvalue()])
    assert [row[0] for row in sheets["Protocols"]] == ["reference", "0046", "0072"]
    assert reader.steps == 4


def test_an_officer_puts_what_is_overdue_into_a_calendar(reader: Reader, today):
    reader.follow("/reviews/")
    page = reader.fill_in("/reviews/", organisation="Essex County Council")
    number = page.context["overdue"].count
    file = reader.follow(f"/protocols.ics?organisation={ECC}")
    starts = [each["start"] for each in read_calendar([file.getvalue()])["events"]]
    # What is overdue stands on today.
    assert starts == [today.isoformat()] * number == [today.isoformat()] * 22
    assert reader.steps == 4
