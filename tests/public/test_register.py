"""The register itself: grouped, filtered, counted."""

from __future__ import annotations

import datetime
import re

import pytest
from django.test import Client

from registers.models import Protocol, Theme
from tests.makers import find_all
from tests.public.pages import choices, found, groups, links, listed, text

pytestmark = pytest.mark.django_db

EPUT = "essex-partnership-university-nhs-foundation-trust"


@pytest.mark.both_databases
def test_it_stands_grouped_and_counted_as_the_page_did(client: Client):
    page = client.get("/")
    assert groups(page) == [
        ("Growing Essex Economy", 3),
        ("Health and Wellbeing", 9),
        ("Learning and Education", 9),
        ("Safer Community", 4),
    ]
    assert found(page) == len(listed(page)) == 25


def test_it_says_what_a_protocol_is_how_to_publish_and_the_latest_news(client: Client):
    words = text(client.get("/"))
    assert "a set of common rules binding on all the organisations involved" in words
    assert "email it to weisf@essex.gov.uk to be published" in words
    assert "Update on the Overarching Information Sharing Protocol" in words


def test_it_leads_to_what_a_protocol_is(client: Client):
    page = client.get("/")
    assert [each for each, _ in links(page)].count("#what-is-a-protocol") == 1
    assert page.content.count(b'id="what-is-a-protocol"') == 1


@pytest.mark.parametrize(
    ("query", "leads"),
    {"q=children": 1, "q=fgm": 0, "q=children&sort=title": 0, "theme=safer-community": 0}.items(),
)
def test_several_found_by_theme_lead_to_the_best_match_first(client: Client, query, leads):
    asked = [each for each, _ in links(client.get(f"/?{query}")) if "sort=relevance" in each]
    assert asked == [f"/?{query}&sort=relevance#results"] * leads


def test_its_columns_are_the_ones_that_people_know(client: Client):
    words = text(client.get("/?view=table"))
    known = "Title Purpose Lead organisation Other organisations involved Review date"
    assert words.count(known) == 4


def test_each_review_date_has_its_status_in_words(client: Client, today):
    assert "March 2024 overdue" in text(client.get("/?q=0012&view=table"))
    assert "Review overdue since March 2024" in text(client.get("/?q=0012"))


@pytest.mark.parametrize(
    ("month", "status"),
    [
        ("2026-10", "October 2026 overdue"),
        ("2026-11", "November 2026 due soon"),
        ("2027-01", "January 2027 due soon"),
        ("2027-02", "February 2027 in date"),
        (None, "Review Not recorded"),
    ],
)
def test_status_depends_on_the_day(client: Client, today, month, status):
    first = month and datetime.date.fromisoformat(f"{month}-01")
    Protocol.objects.filter(pk="0012").update(review_date=first)
    assert status in text(client.get("/?q=0012&view=table"))


@pytest.mark.both_databases
@pytest.mark.parametrize(
    "slug", ["eput", "EPUT", EPUT, "essex-partnership-university-foundation-trust"]
)
def test_any_name_of_an_organisation_filters(client: Client, slug):
    page = client.get("/", {"organisation": slug})
    assert listed(page) == ["0036", "0045", "0046", "0072"]
    assert found(page) == 4


def test_what_is_chosen_stands_as_tags_that_can_be_removed(client: Client):
    page = client.get("/?organisation=eput&theme=health-and-wellbeing&review=overdue&q=essex")
    removals = {words: address for address, words in links(page) if "Remove the filter" in words}
    assert set(removals) == {
        "Remove the filter Search: essex ✕",
        "Remove the filter Theme: Health and Wellbeing ✕",
        "Remove the filter Organisation: Essex Partnership University NHS Foundation Trust ✕",
        "Remove the filter Review: Overdue ✕",
    }
    without = removals["Remove the filter Review: Overdue ✕"]
    assert without == f"/?q=essex&theme=health-and-wellbeing&organisation={EPUT}"
    assert client.get(without).status_code == 200


def test_many_organisations_are_shortened_with_a_way_to_all(client: Client):
    page = client.get("/?q=0036&view=table")
    assert ("/protocols/0036/#parties", "and 20 more organisations in 0036") in links(page)


def test_a_list_in_another_order_says_the_theme_of_each(client: Client):
    page = client.get("/?sort=-review&view=table")
    assert groups(page) == []
    assert listed(page)[:2] == ["0012", "0067"]
    assert "0012 SELEP (ECC) DSA with the ESFA V2.0 Growing Essex Economy" in text(page)


def test_nothing_found_says_so_and_what_to_do(client: Client):
    page = client.get("/?q=zebra")
    assert page.status_code == 200
    assert found(page) == 0
    assert "Nothing found for ‘zebra’" in text(page)


FILTERS = {
    "q=A%26E": False,
    "q=A%26E&sort=title": False,
    "q=A%26E&status=all": False,
    "q=A%26E&status=withdrawn": True,
    "q=A%26E&theme=safer-community": True,
    "review_from=2090-01": True,
}


@pytest.mark.parametrize(("query", "is_narrowed"), FILTERS.items())
def test_filters_are_spoken_of_where_some_are_used(client: Client, query, is_narrowed):
    page = client.get(f"/?{query}")
    assert found(page) == 0
    words = text(page).partition("Search for the words as typed only")[2] or text(page)
    assert ("Remove one of the filters" in words) == is_narrowed
    assert ("Nothing found for ‘A&E’" in text(page)) == ("q=" in query)


def test_a_register_without_protocols_in_force_says_so(client: Client):
    Protocol.objects.update(status="draft")
    find_all()
    assert "No protocol is published yet" in text(client.get("/"))


def test_themes_are_offered_with_their_numbers(client: Client):
    html = client.get("/?q=zebra").content.decode().partition('id="next-steps"')[2]
    themes = re.findall(r'href="(/themes/[^"]+)">.*?__count">(\d+)<', html)
    assert len(themes) == 4
    for address, number in themes:
        assert len(listed(client.get(address))) == int(number)


def withdraw(reference: str) -> None:
    Protocol.objects.filter(pk=reference).update(
        status="withdrawn", withdrawn_on=datetime.date(2026, 1, 2), withdrawn_reason="It ended."
    )


@pytest.mark.both_databases
@pytest.mark.parametrize("words", ["0012", "12", "ISP 0012", "isp12"])
def test_a_withdrawn_one_is_told_of_where_only_those_in_force_are_listed(client: Client, words):
    withdraw("0012")
    became = ("/protocols/0012/", "See what happened to protocol 0012")
    page = client.get("/", {"q": words})
    assert became in links(page)
    assert "No protocol in force matches this" in text(page)
    others = {words: address for address, words in links(page)}
    assert listed(client.get(others["See the withdrawn ones that do"])) == ["0012"]
    for status in ("withdrawn", "all"):
        page = client.get("/", {"q": words, "status": status})
        assert listed(page)[0] == "0012"
        assert became not in links(page)


@pytest.mark.both_databases
@pytest.mark.parametrize("words", ["0013", "13", "ISP 0013"])
def test_a_reference_that_nothing_has_leads_to_what_that_can_mean(client: Client, words):
    page = client.get("/", {"q": words, "status": "withdrawn"})
    assert "There is no protocol 0013 in this register" in text(page)
    assert ("/protocols/0013/", "What that can mean") in links(page)


@pytest.mark.both_databases
def test_best_match_comes_first(client: Client):
    assert listed(client.get("/?q=0061&sort=relevance"))[0] == "0061"
    assert listed(client.get("/?q=fgm&sort=relevance"))[0] == "0061"


@pytest.fixture
def sixty(db) -> Theme:
    """A theme before all others, with 60 protocols of its own."""
    theme = Theme.objects.create(name="Aardvarks", key="aardvarks", slug="aardvarks", position=0)
    Theme.objects.exclude(pk=theme.pk).update(position=1)
    Protocol.objects.bulk_create(
        Protocol(reference=f"{number}", title=f"Aardvark {number}", theme=theme, status="published")
        for number in range(5000, 5060)
    )
    find_all()
    return theme


@pytest.mark.both_databases
def test_fifty_stand_on_a_page_grouped_still(client: Client, sixty):
    first, second = client.get("/"), client.get("/?page=2")
    assert found(first) == found(second) == 85
    assert (len(listed(first)), len(listed(second))) == (50, 35)
    assert groups(first) == [("Aardvarks", 60)]
    assert groups(second)[:2] == [("Aardvarks", 60), ("Growing Essex Economy", 3)]
    assert "(continued)" in text(second)
    assert "(continued)" not in text(first)
    assert ("/?page=2", "Next page") in links(first)
    assert ("/", "Previous page") in links(second)


def test_a_theme_s_own_page_has_pages_too(client: Client, sixty):
    second = client.get("/themes/aardvarks/?page=2")
    assert len(listed(second)) == 10
    assert "60 protocols in force" in text(second)
    assert client.get("/themes/aardvarks/?page=3").status_code == 404
    assert client.get("/themes/aardvarks/?page=0").status_code == 400


@pytest.mark.both_databases
def test_a_withdrawn_protocol_is_listed_only_when_asked_for(client: Client):
    Protocol.objects.filter(pk="0012").update(
        status="withdrawn", withdrawn_on=datetime.date(2026, 1, 2), withdrawn_reason="It ended."
    )
    assert "0012" not in listed(client.get("/"))
    assert listed(client.get("/?status=withdrawn")) == ["0012"]
    assert found(client.get("/?status=all")) == 25
    assert groups(client.get("/"))[0] == ("Growing Essex Economy", 2)
    assert "Withdrawn" in text(client.get("/?status=all"))


@pytest.mark.both_databases
def test_a_part_of_a_name_offers_the_organisations_that_have_it(client: Client):
    page = client.get("/?organisation=police&organisation=ecc&theme=safer-community")
    assert page.status_code == 400
    assert "Did you mean: Essex Police" in text(page)
    address = "/?theme=safer-community&organisation=essex-county-council&organisation=essex-police"
    assert (f"{address}#results", "Essex Police") in links(page)
    assert found(client.get(address)) == len(listed(client.get(address))) > 0
    assert "Did you mean" not in text(client.get("/?organisation=zzzzqqqq"))
    assert "Did you mean" not in text(client.get("/?organisation=%00nobody"))


def test_a_choice_that_leads_nowhere_is_named_and_not_offered(client: Client):
    page = client.get("/?organisation=eput")
    assert list(choices(page, "review")) == ["overdue"]
    assert "None is due soon, in date or without a review date." in text(page)
    assert "None in " in text(page)
    for slug in ("growing-essex-economy", "learning-and-education", "safer-community"):
        is_offered = slug in choices(page, "theme")
        assert is_offered == bool(found(client.get(f"/?organisation=eput&theme={slug}")))


def test_what_is_chosen_can_be_taken_back_though_it_leads_nowhere(client: Client):
    page = client.get("/?organisation=eput&review=in-date&role=lead&theme=safer-community")
    for name, value in (("review", "in-date"), ("theme", "safer-community")):
        assert re.search(f'name="{name}"[^>]* value="{value}" checked', page.content.decode())
    assert list(choices(page, "review")) == ["in-date"]


BOXES = {
    "?review_from-month=3&review_from-year=2024": "/?review_from=2024-03",
    "?review_from-month=September&review_from-year=2024": "/?review_from=2024-09",
    "?review_from-month=sept&review_from-year=2024": "/?review_from=2024-09",
    "?review_from-month=Ma&review_from-year=2024": "/?review_from=2024-Ma",
    "?review_from-month=3&review_from-year=May": "/?review_from=May-03",
    "?review_from-month=&review_from-year=&review_to-month=12&review_to-year=2025&q=": (
        "/?review_to=2025-12"
    ),
    "?on-day=5&on-month=1&on-year=2026&theme=health": "/?theme=health&on=2026-01-05",
    "?review_from-month=&review_from-year=2024": "/?review_from=2024-",
}


@pytest.mark.parametrize(("query", "address"), BOXES.items())
def test_dates_in_boxes_lead_on_to_the_short_address(client: Client, query, address):
    page = client.get(f"/{query}")
    assert (page.status_code, page["Location"]) == (302, address)
    assert client.get(f"/protocols.csv{query}").status_code == 400


@pytest.mark.parametrize("status", ["overdue", "in-date"])
def test_only_a_line_that_differs_from_most_has_a_tag(client: Client, today, status):
    month = datetime.date(2027, 6, 1) if status == "in-date" else datetime.date(2020, 6, 1)
    if status == "overdue":
        Protocol.objects.exclude(pk="0012").update(review_date=datetime.date(2027, 6, 1))
    Protocol.objects.filter(pk="0012").update(review_date=month)
    find_all()
    html = client.get("/").content.decode()
    assert re.findall(r'<strong class="govuk-tag register-tag--([^"]*)"', html) == [status]


def test_the_view_stands_in_the_address_and_files_are_the_same(client: Client):
    page = client.get("/?view=table&theme=safer-community")
    assert listed(page) == listed(client.get("/?theme=safer-community")) != []
    assert ("/?theme=safer-community#results", "Show as a list") in links(page)
    assert "view=" not in "".join(address for address, _ in links(page) if ".csv" in address)
    files = [
        client.get(f"/protocols.csv?theme=safer-community{view}") for view in ("", "&view=table")
    ]
    assert files[0].getvalue() == files[1].getvalue()
    assert client.get("/?view=map").status_code == 400


@pytest.mark.both_databases
def test_a_slip_is_corrected_and_the_words_as_typed_are_a_link_away(client: Client):
    page = client.get("/?q=safegaurding")
    assert "Showing results for safeguarding." in text(page)
    assert "<mark>Safeguarding</mark>" in page.content.decode()
    assert listed(page) == listed(client.get("/?q=safeguarding")) != []
    others = {words: address for address, words in links(page)}
    as_typed = client.get(others["Search for safegaurding as typed"])
    assert found(as_typed) == 0
    assert "Showing results" not in text(as_typed)
