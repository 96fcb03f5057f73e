"""Lists, their files and the dashboard on a day that is over: the register as recorded then."""

from __future__ import annotations

import csv
import datetime
import json
import re
from collections.abc import Iterator
from xml.etree import ElementTree

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from registers.models import Change, Organisation, Protocol, Succession, Theme
from registers.public.cache_key import page_key
from registers.public.exports import FORMATS
from tests.exports.reading import read_calendar
from tests.exports.test_feed import ATOM
from tests.models.making import a_party, a_protocol, make_cast, saved, shared_by_a_module
from tests.public.pages import choices, found, groups, links, listed, text
from tests.public.test_on_a_day import LATER, day, days_on
from tests.public.test_reviews import check_numbers, numbers

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("real_register"),
]
BEFORE = "2026-11-21"  # the day before the register began
TO_COME = (LATER.date() + datetime.timedelta(days=1)).isoformat()
JANUARY = datetime.date(2027, 1, 1)


@pytest.fixture(scope="module", autouse=True)
def cast(django_db_setup, django_db_blocker) -> Iterator[None]:
    """The cast, of which 9001 changes on day 3, 9002 on day 5, and 9010 is added on day 4."""
    with shared_by_a_module(django_db_blocker):
        Protocol.objects.exclude(reference__startswith="9").update(status="draft")
        make_cast()
        first = Protocol.objects.get(pk="9001")
        first.title, first.review_date = "Aardvark", JANUARY
        saved(first, at=days_on(3))
        saved(a_protocol("9010", title="Added"), a_party("9010", "Cedar Charity"), at=days_on(4))
        birch = Organisation.objects.named("Birch Trust").get()
        birch.name = "Oak Trust"
        saved(birch, at=days_on(5))
        second = Protocol.objects.get(pk="9002")
        second.theme = Theme.objects.get(slug="transport")
        second.status, second.withdrawn_on = "withdrawn", days_on(5).date()
        second.withdrawn_reason = "It ended."
        saved(second, at=days_on(5))
        yield


@pytest.fixture(autouse=True)
def later() -> Iterator[None]:
    with time_machine.travel(LATER, tick=False):
        yield


def page(client: Client, days: int, query: str = ""):
    return client.get(f"/?{query}&on={day(days)}")


def rows(client: Client, days: int, query: str = "") -> dict[str, dict[str, str]]:
    answer = client.get(f"/protocols.csv?{query}&on={day(days)}")
    assert answer.status_code == 200
    lines = answer.getvalue().decode("utf-8-sig").splitlines()
    return {row["reference"]: row for row in csv.DictReader(lines)}


BAD = {
    "before the register began": (f"on={BEFORE}", "on"),
    "long before": ("on=0987-01-01", "on"),
    "a day to come": (f"on={TO_COME}", "on"),
    "no such day": ("on=2027-02-29", "on"),
    "not a day": ("on=yesterday", "on"),
    "a month": ("on=2027-01", "on"),
    "with words": (f"on={day(3)}&q=title", "q"),
}


@pytest.mark.parametrize(("query", "name"), BAD.values(), ids=BAD)
class TestBadInput:
    def test_a_page_says_which_field_and_shows_no_list(self, client: Client, query, name):
        answer = client.get(f"/?{query}")
        assert answer.status_code == 400
        assert f"#{name}" in {address for address, _ in links(answer)}
        assert f'id="error-{name}"' in answer.content.decode()
        assert listed(answer) == []

    @pytest.mark.parametrize("extension", FORMATS)
    def test_a_file_is_refused(self, client: Client, query, name, extension):
        answer = client.get(f"/protocols.{extension}?{query}")
        assert answer.status_code == 400
        assert answer["Content-Type"] == "application/problem+json"
        assert list(json.loads(answer.content)["errors"]) == [name]


def test_the_day_before_the_register_began_is_told(client: Client):
    assert "since 22 November 2026" in text(client.get(f"/?on={BEFORE}"))
    assert client.get("/?on=2026-11-22").status_code == 200


def test_today_is_no_day_of_its_own(client: Client):
    answer = client.get(f"/?on={LATER.date()}&q=title")
    assert answer.status_code == 200
    assert "on=" not in "".join(address for address, _ in links(answer) if "protocols." in address)
    assert "Not today" not in text(answer)


def test_a_register_without_any_change_refuses_every_past_day(client: Client):
    Change.objects.all().delete()
    assert client.get(f"/?on={day(3)}").status_code == 400
    answer = client.get(f"/reviews/?on={day(3)}")
    assert answer.status_code == 200
    assert "is not known." in text(answer)


class TestPage:
    @pytest.mark.both_databases
    def test_rows_are_those_of_the_day(self, client: Client):
        assert listed(page(client, 2)) == ["9001", "9002"]
        words = text(page(client, 2))
        assert "9001 A title" in words
        assert "Birch Trust" in words
        assert "Oak Trust" not in words
        assert set(listed(page(client, 4))) == {"9001", "9002", "9010"}
        assert "9001 Aardvark" in text(page(client, 4))
        words = text(page(client, 5))
        assert "Oak Trust" in words
        assert set(listed(page(client, 5))) == {"9001", "9010"}

    @pytest.mark.both_databases
    def test_they_are_sorted_and_grouped_as_of_then(self, client: Client):
        assert listed(page(client, 4, "sort=title")) == ["9002", "9001", "9010"]
        assert groups(page(client, 4, "status=all")) == [("Housing", 4)]
        assert sorted(groups(page(client, 5, "status=all"))) == [("Housing", 3), ("Transport", 1)]

    def test_it_is_marked_and_leads_to_today_s(self, client: Client):
        answer = page(client, 2, "theme=housing")
        assert "Not today’s list." in text(answer)
        found = links(answer)
        assert ("/?theme=housing", "See this list as of today") in found
        assert f"/protocols/9001/?on={day(2)}" in {address for address, _ in found}
        files = {address for address, _ in found if address.startswith("/protocols.")}
        assert f"/protocols.csv?theme=housing&on={day(2)}" in files
        assert all(f"on={day(2)}" in address for address in files)
        assert ("/", "See this list as of today") in links(page(client, 2))

    @pytest.mark.both_databases
    @pytest.mark.parametrize(
        ("days", "query"),
        [
            (2, ""),
            (4, "organisation=birch-trust&role=partner"),
            (5, "organisation=birch-trust&role=partner"),
            (5, "status=all"),
            (9, ""),
        ],
    )
    def test_every_number_of_a_facet_is_the_length_of_its_list(self, client: Client, days, query):
        answer = page(client, days, query)
        for name in ("theme", "organisation", "role", "review", "status"):
            for value, number in choices(answer, name).items():
                rest = [pair for pair in query.split("&") if pair and f"{name}=" not in pair]
                if value:
                    led = page(client, days, "&".join([*rest, f"{name}={value}"]))
                    assert (name, value, number) == (name, value, found(led))
                    assert number == len(listed(led))

    def test_reviews_are_judged_on_the_day(self, client: Client):
        for on, status in (("2026-11-26", "due-soon"), ("2027-01-31", "due-soon")):
            assert listed(client.get(f"/?on={on}&review={status}")) == ["9001"]
        assert listed(client.get("/?on=2027-02-01&review=overdue")) == ["9001"]
        assert listed(page(client, 2, "review=none")) == ["9001", "9002"]

    @pytest.mark.both_databases
    def test_any_name_of_today_finds_an_organisation(self, client: Client):
        for name in ("oak-trust", "birch-trust"):
            assert listed(page(client, 2, f"organisation={name}")) == ["9001"]

    def test_what_kept_no_record_is_said_once(self, client: Client):
        first = Protocol.objects.get(pk="9001")
        first.title = "Third"
        saved(first, at=days_on(6))
        Change.objects.filter(protocol="9001", made_at__lt=days_on(6)).update(snapshot=None)
        answer = page(client, 4)
        assert "no record of that day of 1 protocol of this list: 9001." in text(answer)
        assert "9001 Third" in text(answer)
        assert "no record of that day" not in text(page(client, 4, "organisation=cedar-charity"))
        assert "no record of that day" not in text(page(client, 6))
        Change.objects.filter(protocol="9001").update(snapshot=None)
        assert "9001 Third" in text(page(client, 4))

    def test_successions_count_by_their_own_days(self, client: Client):
        cedar = Organisation.objects.named("Cedar Charity").get()
        ashdown = Organisation.objects.named("Ashdown Council").get()
        taken = Succession(organisation=cedar, successor=ashdown, happened_on=days_on(7).date())
        saved(cedar, taken, at=days_on(20))
        query = "organisation=ashdown-council"
        assert listed(page(client, 6, query)) == ["9001"]
        assert sorted(listed(page(client, 7, query))) == ["9001", "9010"]
        assert listed(page(client, 7, f"{query}&through=own")) == ["9001"]

    def test_its_queries_do_not_grow_with_the_register(self, client: Client):
        def queries() -> int:
            page(client, 2)
            with CaptureQueriesContext(connection) as captured:
                assert page(client, 2, "sort=title").status_code == 200
            return len(captured)

        few = queries()
        for number in range(9100, 9108):
            saved(a_protocol(f"{number}"))
        for protocol in Protocol.objects.filter(reference__gte="9100"):
            protocol.purpose = "Changed."
            saved(protocol, at=days_on(10))
        assert queries() == few

    def test_each_way_to_ask_is_one_page(self):
        first = page_key("/", f"on={day(2)}&theme=b&theme=a")
        assert first == page_key("/", f"theme=a&theme=b&on={day(2)}")
        last = page_key("/", f"on={day(2)}&sort=title&status=all")
        assert last.query == f"status=all&on={day(2)}&sort=title"


class TestFiles:
    def test_a_table_holds_the_day_s_values(self, client: Client):
        before, after = (rows(client, days)["9001"] for days in (2, 4))
        assert (before["title"], after["title"]) == ("A title", "Aardvark")
        assert (before["review_status"], after["review_status"]) == ("none", "due-soon")
        assert before["other_organisations"] == "Birch Trust"
        assert rows(client, 5)["9001"]["other_organisations"] == "Oak Trust"
        assert list(rows(client, 4)) == ["9001", "9002", "9010"]
        assert list(rows(client, 5)) == ["9001", "9010"]

    def test_its_name_has_that_day_alone(self, client: Client):
        answer = client.get(f"/protocols.csv?on={day(2)}")
        named = f'attachment; filename="protocols-as-on-{day(2)}.csv"'
        assert answer["Content-Disposition"] == named

    def test_all_formats_give_the_same_protocols(self, client: Client):
        for days in (2, 4, 5):
            listing = set(listed(page(client, days, "status=all")))
            query = f"status=all&on={day(days)}"
            assert set(rows(client, days, "status=all")) == listing
            results = json.loads(client.get(f"/protocols.json?{query}").getvalue())
            assert {each["reference"] for each in results["results"]} == listing
            feed = ElementTree.fromstring(client.get(f"/protocols.atom?{query}").getvalue())
            heads = {each.text[:4] for each in feed.iterfind(f"{ATOM}entry/{ATOM}title")}
            assert heads == listing

    def test_a_feed_has_no_later_change_and_the_titles_of_then(self, client: Client):
        def entries(days: int) -> list[str]:
            whole = client.get(f"/protocols.atom?on={day(days)}").getvalue()
            found = ElementTree.fromstring(whole).iterfind(f"{ATOM}entry/{ATOM}title")
            return [each.text for each in found if each.text.startswith("9001")]

        assert entries(2) == ["9001 - A title: added"]
        assert entries(3) == ["9001 - Aardvark: changed", "9001 - Aardvark: added"]

    def test_a_calendar_is_that_of_the_day(self, client: Client):
        def event(on: str) -> dict:
            (one,) = read_calendar(client.get(f"/protocols.ics?on={on}"))["events"]
            return one

        assert event(day(4))["start"] == "2027-01-31"
        overdue = event("2027-02-10")
        assert overdue["summary"].startswith("Overdue since January 2027")
        assert overdue["start"] == "2027-02-10"
        assert read_calendar(client.get(f"/protocols.ics?on={day(2)}"))["events"] == []


class TestDashboard:
    def test_figures_are_those_of_the_day_and_agree_with_their_lists(self, client: Client):
        for days, whole in ((2, 2), (4, 3), (5, 2)):
            answer = client.get(f"/reviews/?on={day(days)}")
            assert f" {whole} protocols in force" in text(answer)
            if days > 2:  # without a review date there is no picture
                check_numbers(client, answer)
            assert numbers(answer)
            assert all(f"on={day(days)}" in address for address, _ in numbers(answer))

    def test_it_is_marked_and_leads_to_today_s(self, client: Client):
        answer = client.get(f"/reviews/?theme=housing&on={day(4)}")
        assert "This is what the register said at the end of 26 November 2026" in text(answer)
        assert ("/reviews/?theme=housing", "See this page as of today") in links(answer)
        title = re.search(r"<title>(.*?)</title>", answer.content.decode())[1]
        assert title.count("26 November 2026") == 1

    @pytest.mark.parametrize("on", [BEFORE, TO_COME])
    def test_of_other_days_today_s_records_are_judged_which_is_said(self, client: Client, on):
        answer = client.get(f"/reviews/?on={on}")
        assert answer.status_code == 200
        assert "that are recorded today" in text(answer)
        assert ("kept here since 22 November 2026" in text(answer)) == (on == BEFORE)
        check_numbers(client, answer)
        assert not [address for address, _ in numbers(answer) if "on=" in address]
