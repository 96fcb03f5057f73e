"""What binds an organisation the day before and from the day on which a link begins or ends.

Every place that says so must say the same: list, facets, files, calendar, its own page, the
desk of reviews, the table of organisations, reminders, and the past day asked for later.
"""

from __future__ import annotations

import csv
import datetime
import io
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
import time_machine
from django.http import HttpResponse
from django.test import Client

from registers.models import Membership, Organisation, Succession
from registers.reminders.due import organisations_due
from registers.search.search_writer import update_search
from tests.exports.reading import read_calendar
from tests.makers import OrganisationFactory
from tests.public.pages import choices, found, links, listed, text

pytestmark = pytest.mark.usefixtures("real_register")

DAY = datetime.date(2027, 4, 1)
EVE = DAY - datetime.timedelta(days=1)
EARLIER = datetime.date(2025, 1, 1)
PROVIDE = ["0037", "0042", "0046", "0072"]


@contextmanager
def on_the_day(day: datetime.date) -> Iterator[None]:
    noon = datetime.datetime.combine(day, datetime.time(12), datetime.UTC)
    with time_machine.travel(noon, tick=False):
        yield


def link(*rows: Succession | Membership) -> None:
    for row in rows:
        row.save()
    update_search(protocols=[], organisations=[], links=True)


def body(name: str, kind: str = "body") -> Organisation:
    return OrganisationFactory(name=name, kind=kind)


def real(slug: str) -> Organisation:
    return Organisation.objects.get(slug=slug)


def took(successor: Organisation, organisation: Organisation, day: datetime.date | None):
    return Succession(organisation=organisation, successor=successor, happened_on=day)


def split() -> None:
    council = real("essex-county-council")
    link(took(body("Asked"), council, DAY), took(body("Beside"), council, DAY))


def chain() -> None:
    one, other, asked = body("One"), body("Other"), body("Asked")
    link(took(one, real("provide"), EARLIER), took(other, one, None), took(asked, other, DAY))


def group() -> None:
    link(Membership(group=real("all-essex-schools"), member=body("Asked"), from_day=DAY))


def groups() -> None:
    inner = body("Inner", "group")
    link(
        Membership(group=real("all-essex-schools"), member=inner, from_day=DAY),
        Membership(group=inner, member=body("Asked")),
    )


def left() -> None:
    link(Membership(group=real("all-essex-schools"), member=body("Asked"), to_day=EVE))


def successor_of_a_member() -> None:
    school = body("School")
    link(
        Membership(group=real("all-essex-schools"), member=school, to_day=EVE),
        took(body("Asked"), school, DAY),
    )


@dataclass(frozen=True, kw_only=True)
class Journey:
    """What links 'Asked' to others, what binds it before and after, and who is reminded."""

    make: Callable[[], None]
    before: list[str]
    after: list[str]
    words: str
    reminded_before: set[str]
    reminded_after: set[str]


def of(slug: str) -> list[str]:
    parties = real(slug).parties.filter(protocol__status="published")
    return sorted(set(parties.values_list("protocol", flat=True)))


JOURNEYS = {
    "a council that is to be split": Journey(
        make=split,
        before=[],
        after=["essex-county-council"],
        words="part of whose place it took on 1 April 2027",
        reminded_before={"Essex County Council"},
        reminded_after={"Asked", "Beside"},
    ),
    "a chain of three": Journey(
        make=chain,
        before=[],
        after=PROVIDE,
        words="whose place it took on 1 April 2027",
        reminded_before={"Other"},
        reminded_after={"Asked"},
    ),
    "a school that joins a group": Journey(
        make=group,
        before=[],
        after=["0046"],
        words="through All Essex Schools, of which it is a member",
        reminded_before={"Provide"},
        reminded_after={"Provide"},
    ),
    "a group within a group": Journey(
        make=groups,
        before=[],
        after=["0046"],
        words="of which it is a member",
        reminded_before={"Provide"},
        reminded_after={"Provide"},
    ),
    "a school that leaves a group": Journey(
        make=left,
        before=["0046"],
        after=[],
        words="through All Essex Schools",
        reminded_before={"Provide"},
        reminded_after={"Provide"},
    ),
    "who took the place of a member": Journey(
        make=successor_of_a_member,
        before=[],
        after=["0046"],
        words="was a member",
        reminded_before={"Provide"},
        reminded_after={"Provide"},
    ),
}


def table(client: Client, query: str) -> list[dict[str, str]]:
    answer = b"".join(client.get(f"/protocols.csv?{query}")).decode()
    return list(csv.DictReader(io.StringIO(answer, newline=""), strict=True))


def check(client: Client, expected: list[str], on: str = "") -> None:
    """Check every list and number of what binds 'Asked', today or on a past day."""
    query = f"organisation=asked{on}"
    page = client.get(f"/?{query}")
    assert page.status_code == 200
    assert sorted(listed(page)) == expected
    assert found(page) == len(expected)
    assert sum(choices(page, "theme").values()) == len(expected)
    rows = table(client, query)
    assert sorted(row["reference"] for row in rows) == expected
    assert all(row["through"] for row in rows)
    data = json.loads(client.get(f"/protocols.json?{query}").getvalue())
    assert sorted(each["reference"] for each in data["results"]) == expected
    events = read_calendar(client.get(f"/protocols.ics?{query}"))["events"]
    assert len(events) == len(expected)
    desk = client.get(f"/reviews/?{query}")
    assert desk.status_code == 200
    assert set(listed(desk)) <= set(expected)
    assert bool(listed(desk)) == bool(expected)


def check_today(client: Client, expected: list[str]) -> None:
    """Check what cannot be asked for of a past day."""
    page = client.get("/organisations/asked/")
    assert sorted(listed(page)) == expected
    numbers = [words for address, words in links(page) if address == "?through=another#protocols"]
    assert [int(words.split()[0]) for words in numbers] == [len(expected)] * bool(expected)
    answer = client.get("/organisations.csv").content.decode()
    (row,) = (
        row
        for row in csv.DictReader(io.StringIO(answer, newline=""), strict=True)
        if row["slug"] == "asked"
    )
    assert int(row["protocols"]) == len(expected)


def named_in(page: HttpResponse) -> list[str]:
    """The references of the protocols that the page of a pair says name both."""
    return re.findall(r'<h2 [^>]*id="protocol-(\d+)"', page.content.decode())


def resolved(expected: list[str]) -> list[str]:
    return of(expected[0]) if expected == ["essex-county-council"] else expected


@pytest.mark.parametrize("journey", JOURNEYS.values(), ids=JOURNEYS)
def test_before_and_from_the_day(client: Client, journey):
    journey.make()
    before, after = resolved(journey.before), resolved(journey.after)
    with on_the_day(EVE):
        check(client, before)
        check_today(client, before)
        reminded = {each.name for each in organisations_due(EVE)}
        assert journey.reminded_before <= reminded
        assert not (journey.reminded_after - journey.reminded_before) & reminded
    with on_the_day(DAY):
        check(client, after)
        check_today(client, after)
        reminded = {each.name for each in organisations_due(DAY)}
        assert journey.reminded_after <= reminded
        assert not (journey.reminded_before - journey.reminded_after) & reminded
        check(client, before, f"&on={EVE}")
        check(client, after, f"&on={DAY}")
        bound = table(client, "organisation=asked") or table(client, f"organisation=asked&on={EVE}")
        assert all(journey.words in row["through"] for row in bound)
        assert found(client.get("/?organisation=asked&through=own")) == 0


def test_what_nobody_decided_is_shown_to_both_and_not_counted_of_pairs(client: Client):
    split()
    with on_the_day(DAY):
        pair = client.get("/organisations/asked/with/essex-police/")
        assert named_in(pair) == []
        assert "0036" in text(pair)
        assert found(client.get("/?organisation=asked&with=essex-police")) == 0
        for slug in ("asked", "beside"):
            assert sorted(listed(client.get(f"/?organisation={slug}"))) == of(
                "essex-county-council"
            )


@pytest.mark.both_databases
def test_the_real_succession(client: Client):
    icb = "nhs-hertfordshire-and-west-essex-integrated-care-board"
    page = client.get(f"/organisations/{icb}/with/essex-county-council/", follow=True)
    assert named_in(page) == ["0045"]
    (row,) = table(client, f"organisation={icb}&with=essex-county-council")
    assert row["reference"] == "0045"
    assert "through West Essex CCG, whose place" in row["through"]
    assert "took on 1 July 2022" in row["through"]
