"""The dashboard of reviews and the review desks, as a reader sees them."""

from __future__ import annotations

import datetime
import html
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache, partial
from itertools import cycle

import pytest
from django.test import Client

from registers import changes
from registers.imports.fixture import is_empty
from registers.models import Organisation, Protocol, Theme
from registers.public.cache_key import page_key
from registers.public.charts import MAX_HEIGHT
from registers.search.listed import _remembered
from tests.conftest import load_real_register
from tests.makers import (
    OrganisationFactory,
    ThemeFactory,
    find_all,
    make_protocols,
    make_rich_register,
)
from tests.models.making import NOW, shared_by_a_module
from tests.public.pages import found, links, listed, text
from tests.reminders.lines import a_review
from weisf.partnership import ReviewRule

pytestmark = pytest.mark.django_db
EPUT = "essex-partnership-university-nhs-foundation-trust"
TODAY = datetime.date(2026, 11, 22)
JUNE = datetime.date(2022, 6, 30)


@pytest.fixture(autouse=True)
def noon(real_register, today) -> None:
    pass


def title(page) -> str:
    return html.unescape(re.search(r"<title>(.*?)</title>", page.content.decode())[1])


def headings(page) -> list[str]:
    found = re.findall(r"<h[12][^>]*>(.*?)</h[12]>", page.content.decode(), re.S)
    return [re.sub(r"\s+", " ", html.unescape(each)).strip() for each in found]


def figures(page) -> dict[str, int]:
    """The four figures, by their names."""
    pattern = r'<dt>([^<]*)</dt>\s*<dd class="register-statistics__number">(.*?)</dd>'
    found = re.findall(pattern, page.content.decode(), re.S)
    return {name: int(re.sub("<[^>]*>", "", number)) for name, number in found}


# The two sentences that this was made for ----------------------------------------------------


def test_all_25_are_overdue_today(client: Client):
    page = client.get("/reviews/")
    words = text(page)
    assert (
        "All 25 protocols in force are overdue for review, the longest since January 2018." in words
    )
    assert "25 for more than 3 months 25 for more than a year" in words
    assert figures(page) == {"Overdue": 25, "Due soon": 0, "In date": 0, "No review date": 0}
    assert title(page) == "Reviews: 25 of 25 overdue - WEISF"


def test_6_of_25_were_due_on_30_june_2022_and_not_yet_overdue(client: Client):
    page = client.get("/reviews/?on=2022-06-30")
    assert "On 30 June 2022 : 17 of 25 protocols in force are overdue for review" in text(page)
    assert "6 are due by the end of June 2022." in text(page)
    assert "0032" in listed(page)
    assert figures(page) == {"Overdue": 17, "Due soon": 6, "In date": 2, "No review date": 0}
    assert ("/?review_from=2022-06&review_to=2022-06", "6") in links(page)
    assert title(page) == "Reviews: 17 of 25 overdue, as on 30 June 2022 - WEISF"
    # Nothing was recorded here then: today's records are judged, which is said.
    assert "was in force on 30 June 2022 is not known: the register has been kept" in text(page)
    assert "This page shows 30 June 2022 :" in text(page)
    assert ("/reviews/", "See this page as of today") in links(page)


def test_another_day_says_what_was_decided_since(client: Client, today):
    assert "Since that day" not in text(client.get("/reviews/?on=2022-06-30"))
    changes.record_review(a_review("0042", on=today), at=NOW)
    page = text(client.get("/reviews/?on=2022-06-30"))
    assert "Since that day 1 protocol of the register was reviewed or withdrawn: how it" in page
    changes.record_review(a_review("0042", on=today, note="Again."), at=NOW)
    changes.record_review(a_review("0012", "ended", on=today, note="Over."), at=NOW)
    page = text(client.get("/reviews/?on=2022-06-30"))
    assert "Since that day 2 protocols of the register were reviewed or withdrawn: how they" in page
    assert "Since that day" not in text(client.get("/reviews/?on=2026-11-22"))
    assert "Since that day" not in text(client.get("/reviews/?on=2027-11-22"))


def test_today_is_not_marked_as_another_day(client: Client):
    for address in ("/reviews/", "/reviews/?on=2026-11-22", "/reviews/?on="):
        assert "Not today’s" not in text(client.get(address))


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (ReviewRule(), []),
        (
            ReviewRule(months_of_notice=6, months_of_grace=1, rule="we ask {notice} before."),
            ["The rule of WEISF: we ask 6 months before.", "for more than 1 month"],
        ),
    ],
    ids=["none", "another"],
)
def test_the_rule_is_the_partnership_s_own(client: Client, settings, rule, said):
    assert "The rule of WEISF: the lead" in text(client.get("/reviews/"))
    settings.PARTNERSHIP = replace(settings.PARTNERSHIP, review=rule)
    words = text(client.get("/reviews/"))
    for sentence in [*said, "This register never removes a protocol automatically"]:
        assert sentence in words
    assert "are to be removed" not in words
    assert ("The rule of" in words) is bool(said)
    assert f"no more than {rule.notice} away" in text(client.get("/about/"))


# Numbers and their lists -----------------------------------------------------------------------

NUMBER = re.compile(
    r'<a class="govuk-link govuk-link--no-visited-state" href="(/(?:\?[^"]*)?)"'
    r' rel="nofollow">(\d+)</a>'
)
BAR = re.compile(r'<a href="([^"]*)" tabindex="-1" rel="nofollow">(.*?)</a>', re.S)
WHOLE = re.compile(r"See (?:all (\d+)|and download (?:it|them)) in the register")


def numbers(page) -> list[tuple[str, int]]:
    """Every number on a page that is a link, with the address that it leads to."""
    source = page.content.decode().partition("<main")[2]
    return [(html.unescape(address), int(number)) for address, number in NUMBER.findall(source)]


def length(client: Client, address: str) -> int:
    page = client.get(address)
    assert page.status_code == 200, address
    return found(page)


QUESTIONS = [
    "",
    "organisation=ecc",
    "organisation=eput&organisation=provide",
    "organisation=ecc&role=lead",
    "organisation=ecc&role=partner&theme=health-and-wellbeing",
    "role=lead&theme=health-and-wellbeing&theme=safer-community",
    "role=partner",
    "theme=learning-and-education",
]


# Each question on one of the two days, and none at all on both.
@pytest.mark.parametrize(
    ("question", "on"), [("", ""), *zip(QUESTIONS, cycle(["2022-06-30", ""]), strict=False)]
)
def test_every_number_is_the_length_of_its_list(client: Client, question, on):
    page = client.get(f"/reviews/?{question}" + (f"&on={on}" if on else ""))
    check_numbers(client, page)


RICH = ["", "organisation=ashdown-council", "organisation=bt&organisation=cc&role=lead"]


@pytest.fixture(scope="class")
def rich(django_db_setup, django_db_blocker) -> Iterator[None]:
    with shared_by_a_module(django_db_blocker):
        if is_empty():
            load_real_register()
        Protocol.objects.update(status="draft")
        make_rich_register(1)
        yield


@pytest.mark.usefixtures("rich")
class TestOfARichRegister:
    @pytest.mark.parametrize(
        ("question", "on"),
        [
            ("", ""),
            *zip(
                [*RICH, "theme=alpha&theme=delta&role=lead", "role=partner"],
                cycle(["2026-05-29", ""]),
                strict=False,
            ),
        ],
    )
    def test_every_number_is_too(self, client: Client, question, on):
        page = client.get(f"/reviews/?{question}" + (f"&on={on}" if on else ""))
        assert len(numbers(page)) > 9
        check_numbers(client, page)


def check_numbers(client: Client, page) -> None:
    """Follow every link of a page to a list."""
    shown, length_of = numbers(page), cache(partial(length, client))
    for address, number in shown:
        assert (address, number) == (address, length_of(address))
    addresses = {address for address, _ in shown}
    source = page.content.decode()
    # A bar leads where a number leads that is to be seen and read.
    bars = [html.unescape(address) for address, _ in BAR.findall(source)]
    assert bars
    assert set(bars) <= addresses
    for address, words in links(page):
        if whole := WHOLE.fullmatch(words):
            assert int(whole[1] or length_of(address)) == length_of(address)
            assert "sort=review" in address
    # What stands beside a bar and leads nowhere is nothing.
    cells = re.findall(
        r'__number">(\d+)</dd>|cell--numeric">(?:<span.*?</span>)?(\d+)</td>', source
    )
    assert {number for pair in cells for number in pair if number} <= {"0"}


def test_every_link_that_stays_keeps_the_day(client: Client):
    page = client.get("/reviews/?on=2022-06-30&theme=safer-community&organisation=ecc&role=lead")
    stay = [address for address, _ in links(page) if address.startswith("/reviews/?")]
    assert len(stay) > 3
    for address in stay:
        if address != "/reviews/?theme=safer-community&organisation=essex-county-council&role=lead":
            assert "on=2022-06-30" in address
            assert client.get(address).status_code == 200


# Pictures --------------------------------------------------------------------------------------


def test_the_pictures_of_the_real_register(client: Client):
    page = client.get("/reviews/")
    words = text(page)
    assert headings(page) == [
        "Reviews",
        "The longest overdue first",
        "How they stand today",
        "When reviews were due, month by month",
        "How long overdue",
        "By theme",
        "By lead organisation",
        "What the records leave open",
        "About this site",
    ]
    assert "2018 2 in January and March" in words
    assert "2022 8 in 3 months" in words
    assert "None was or is due in 2023 or after 2024." in words
    assert "Syrian Vulnerable Persons Resettlement Scheme Data Sharing Protocol" in words
    assert "Led by Home Office Was due 31 January 2018 Overdue by 8 years 9 months" in words
    assert (
        "Health and Wellbeing and Learning and Education have the most that are overdue, 9 each."
        in words
    )
    assert "Essex County Council leads the most that are overdue, 16." in words
    assert len(listed(page)) == 10
    assert listed(page)[:3] == ["0032", "0037", "0017"]
    assert ("/?sort=review", "See all 25 in the register") in links(page)


def test_the_next_quarter_and_the_files_stand_before_the_list(client: Client):
    make_protocols(2, review_date=datetime.date(2027, 1, 1))
    make_protocols(1, review_date=datetime.date(2027, 3, 1))
    make_protocols(1, review_date=datetime.date(2027, 4, 1))
    page = client.get("/reviews/")
    number = page.context["next_quarter"]
    assert number.count == 3 == client.get(html.unescape(number.href)).context["results"].count
    source = page.content.decode()
    assert source.index(f'href="{number.href}"') < source.index("<table")
    assert source.index('href="#download"') < source.index("<table") < source.index('id="download"')


def test_a_picture_of_one_line_is_left_out(client: Client):
    page = client.get("/reviews/?theme=safer-community&organisation=ecc&role=lead")
    assert not {"By theme", "By lead organisation"} & set(headings(page))
    assert "By lead organisation" not in headings(client.get("/reviews/?organisation=ecc"))
    assert "By lead organisation" not in headings(client.get("/reviews/?role=partner"))
    assert "By lead organisation" in headings(client.get("/reviews/?role=lead"))


def test_many_months_are_folded_and_their_years_shown(client: Client):
    page = client.get("/reviews/")
    assert 'first="Year"' not in page.content.decode()
    theme = ThemeFactory()
    for number in range(12):
        make_protocols(1, theme=theme, review_date=datetime.date(2025, number + 1, 1))
    page = client.get("/reviews/")
    assert "When reviews were due, year by year" in headings(page)
    assert "2025 Overdue 12 All 12" in text(page)
    check_numbers(client, page)


def test_many_leads_are_summed(client: Client):
    theme = Theme.objects.get(slug="safer-community")
    for number in range(12):
        make_protocols(
            2,
            theme=theme,
            review_date=datetime.date(2026, 10, 1),
            parties=[OrganisationFactory(name=f"Lead {number:02}")],
        )
    make_protocols(3, theme=theme)
    words = text(client.get("/reviews/"))
    # 8 real leads, and 12.
    assert "These are the 10 with the most overdue. 10 other organisations lead 15 more" in words
    assert "15 are overdue." in words
    assert "3 have no lead organisation recorded." in words


@pytest.mark.parametrize(("many", "turned"), [(999, False), (1000, True)])
def test_a_number_too_long_to_lie_over_its_bar_is_turned(client: Client, many, turned):
    make_protocols(many - 6, theme=ThemeFactory(), review_date=JUNE.replace(day=1))
    source = client.get("/reviews/").content.decode()
    assert (f'rotate(-90)">{many}</text>' in source) is turned
    assert f">{many}</text>" in source


def test_years_before_and_after_those_shown_are_told(client: Client):
    theme = ThemeFactory()
    make_protocols(2, theme=theme, review_date=datetime.date(1990, 5, 1))
    make_protocols(4, theme=theme, review_date=datetime.date(2031, 5, 1))
    page = client.get("/reviews/")
    assert "Before 2016: 2" in text(page)
    assert "Later: 4" in text(page)
    check_numbers(client, page)


def test_the_fullest_month_is_as_high_as_there_is_room(client: Client):
    source = client.get("/reviews/").content.decode()
    june = re.search(
        r'review_from=2022-06&amp;review_to=2022-06" tabindex="-1" rel="nofollow">(.*?)</a>', source
    )
    assert f"v{MAX_HEIGHT}.0h" in june[1]
    assert ">6</text>" in june[1]


# Desks -----------------------------------------------------------------------------------------


def test_a_desk_says_what_its_organisation_leads_and_takes_part_in(client: Client):
    page = client.get("/reviews/?organisation=eput")
    words = text(page)
    name = "Essex Partnership University NHS Foundation Trust"
    assert title(page) == f"Review desk of {name}: 4 of 4 overdue - WEISF"
    assert headings(page)[0] == name
    assert "All 4 protocols that bind it are overdue for review, the longest since" in words
    assert "Essex County Council, West Essex CCG and Provide lead them; it leads none." in words
    assert "Overdue by 4 years 6 months" in words
    assert listed(page) == ["0036", "0045", "0072", "0046"]
    assert (f"/organisations/{EPUT}/", f"Page of {name}") in links(page)
    assert "By theme" not in headings(page)


def test_a_desk_is_reached_from_the_page_of_its_organisation(client: Client):
    page = client.get("/organisations/provide/")
    words = "Review desk of Provide"
    assert ("/reviews/?organisation=provide", words) in links(page)
    assert "Reviews" in [words for _, words in links(page)]


def test_a_desk_of_one_role_has_one_list(client: Client):
    page = client.get("/reviews/?organisation=provide&role=lead")
    assert listed(page) == ["0046"]
    page = client.get("/reviews/?organisation=provide")
    assert listed(page) == ["0037", "0072", "0046", "0042"]
    assert "It leads 1 ; Essex County Council leads the rest." in text(page)
    assert ("/reviews/?organisation=provide&role=lead", "Leads 1") in links(page)
    assert ("/reviews/?organisation=provide&role=partner", "Partner in 3") in links(page)


@pytest.mark.parametrize(
    ("query", "is_filtered"),
    [
        ("", False),
        ("organisation=provide", False),
        ("role=lead", True),
        ("theme=health-and-wellbeing", True),
        ("organisation=provide&role=lead", True),
    ],
)
def test_what_is_counted_with_a_filter_is_not_all_in_force(client: Client, query, is_filtered):
    page = client.get(f"/reviews/?{query}")
    assert bool(re.search("match(es)? the filters", text(page))) == is_filtered


def test_a_desk_of_several(client: Client):
    page = client.get("/reviews/?organisation=eput&organisation=provide&organisation=ecc")
    name = "Essex Partnership University NHS Foundation Trust"
    assert headings(page)[0] == f"Essex County Council, {name} and Provide"
    assert "Leads 17" in text(page)
    assert title(page).startswith(f"Review desk of Essex County Council, {name} and Provide: ")


def test_a_long_desk_is_cut_short_and_counted_whole(client: Client):
    council = Organisation.objects.get(slug="provide")
    make_protocols(60, theme=ThemeFactory(), parties=[council])
    page = client.get("/reviews/?organisation=provide&role=lead")
    assert "These are the 50 with the earliest review date. See all 61 in the register" in text(
        page
    )
    assert len(listed(page)) == 50
    assert listed(page)[0] == "0046"


def test_a_row_says_how_it_stands_on_the_day(client: Client):
    page = client.get("/reviews/?organisation=eput&on=2020-07-31")
    rows = re.findall(r"<tr.*?</tr>", page.content.decode(), re.S)
    row = next(row for row in rows if "/protocols/0072/" in row)
    assert "Due soon" in row


def test_an_old_name_is_the_same_desk(client: Client):
    first = client.get(f"/reviews/?organisation={EPUT}")
    assert listed(client.get("/reviews/?organisation=EPUT")) == listed(first)


# Nothing ---------------------------------------------------------------------------------------


def test_nothing_overdue(client: Client):
    page = client.get("/reviews/?on=2017-01-15")
    assert (
        "nothing is overdue: of 25 protocols in force, the next review is due by 31 January 2018."
        in text(page)
    )
    assert "How long overdue" not in headings(page)
    assert text(page).count("Nothing is overdue") == 2  # by theme, and by lead
    assert title(page) == "Reviews: 0 of 25 overdue, as on 15 January 2017 - WEISF"
    check_numbers(client, page)


def test_an_organisation_with_nothing(client: Client):
    page = client.get("/reviews/?organisation=west-essex-ccg&role=partner")
    assert "No protocol in force matches this, so there is nothing to review." in text(page)
    assert "<svg" not in page.content.decode().partition("<main")[2]


def test_an_empty_register(client: Client, empty_register):
    page = client.get("/reviews/")
    assert page.status_code == 200
    assert "No protocol is in force yet, so there is nothing to review." in text(page)


def test_without_any_date(client: Client):
    Protocol.objects.update(review_date=None)
    find_all()
    page = client.get("/reviews/")
    assert figures(page) == {"Overdue": 0, "Due soon": 0, "In date": 0, "No review date": 25}
    assert "No review date is recorded for any of the 25 protocols in force." in text(page)
    assert "No reviews are due in the months shown here." in text(page)
    check_numbers(client, page)


# What cannot be right --------------------------------------------------------------------------

BAD = {
    "no such day": ("on=2022-02-30", "Day: enter a real date, like 30 6 2022", "on"),
    "a day in words": ("on=today", "Day: enter a real date", "on"),
    "two boxes of three": ("on=2022-06-", "Day: enter a day, a month and a year", "on"),
    "a month": ("on=2022-06", "Day: enter a real date", "on"),
    "NUL in a day": ("on=%00", "Day: Null characters are not allowed", "on"),
    "a character that cannot be read": ("on=%ff", "Day: This contains a character", "on"),
    "the year 0": ("on=0000-01-01", "Day: enter a real date", "on"),
    "the year 9999": ("on=9999-12-31", "Day: enter a date in the years 2 to 9998.", "on"),
    "100 kB of a day": (f"on={'9' * 100_000}", "Day: enter a real date", "on"),
    "unknown theme": ("theme=nonsense", "Theme: ‘nonsense’ is not one of the options.", "theme"),
    "unknown organisation": (
        "organisation=nobody",
        "Organisation: no organisation in this register is called ‘nobody’.",
        "organisation",
    ),
    "unknown role": ("role=boss", "Role: ‘boss’ is not one of the options.", "role"),
    "one of two unknown": (
        "organisation=eput&organisation=nobody&on=2022-06-30",
        "is called ‘nobody’.",
        "organisation",
    ),
    "several": ("theme=x&role=x&on=x", "Role: ‘x’ is not one of the options.", "theme"),
}


@pytest.mark.parametrize(("query", "sentence", "field"), BAD.values(), ids=BAD)
def test_what_cannot_be_right_is_told_without_figures(client: Client, query, sentence, field):
    page = client.get(f"/reviews/?{query}")
    source = page.content.decode()
    assert page.status_code == 400
    assert title(page).startswith("Error: ")
    assert sentence in text(page)
    assert "No figures are shown" in text(page)
    assert f'<a href="#{field}">' in source
    assert f'id="{field}"' in source
    assert listed(page) == []
    assert numbers(page) == []
    assert figures(page) == {}
    assert "Not today’s" not in text(page)


def test_an_error_keeps_everything_else(client: Client):
    page = client.get(
        "/reviews/?organisation=eput&role=partner&theme=safer-community&theme=x&on=2022-02-30"
    )
    source = page.content.decode()
    # One organisation stands in the box: another name takes its place.
    box = re.search(r'<input [^>]*name="organisation"[^>]*value="([^"]*)"', source)
    assert box[1] == Organisation.objects.get(slug=EPUT).name
    assert 'value="partner" checked' in source
    assert 'value="safer-community" checked' in source
    typed = re.findall(r'name="on-(day|month|year)" [^>]*value="([^"]*)"', source)
    assert typed == [("day", "30"), ("month", "2"), ("year", "2022")]


def test_a_part_of_a_name_offers_the_organisations_that_have_it(client: Client):
    page = client.get("/reviews/?organisation=barnard&theme=safer-community&on=2022-06-30")
    offer = "/reviews/?theme=safer-community&organisation=barnardos&on=2022-06-30"
    assert (offer, "Barnardo's") in links(page)
    assert client.get(offer).status_code == 200


@pytest.mark.parametrize("extra", ["q=nothing", "status=withdrawn", "review=none", "page=9"])
def test_nothing_else_shapes_the_page(client: Client, extra):
    page, plain = (client.get(address) for address in (f"/reviews/?{extra}", "/reviews/"))
    said = re.search(r"Left out: ‘(\w+)’.*?\. ", text(page))
    assert said[1] == extra.partition("=")[0]
    assert text(page).replace(said[0], "") == text(plain)


def test_it_is_only_read(client: Client):
    assert client.post("/reviews/").status_code == 405


# Cost and keeping ------------------------------------------------------------------------------

# With three of today's for what the records leave open: names, protocols, parties.
COSTS = {
    "": 7,
    "organisation=eput": 7,
    "on=2022-06-30&theme=safer-community": 6,  # also the day on which the register began
    "organisation=eput&organisation=ecc&role=lead": 7,
    "organisation=nobody&theme=x&on=x": 4,  # also the names nearest to that of nobody
}


@pytest.mark.parametrize(("query", "number"), COSTS.items(), ids=COSTS)
def test_fewer_than_8_queries(client: Client, django_assert_num_queries, query, number):
    client.get("/")  # a server reads the register once, when it starts
    _remembered.clear()  # and each protocol when a page first shows it
    with django_assert_num_queries(number):
        client.get(f"/reviews/?{query}")


def test_one_page_for_all_the_ways_to_ask(client: Client):
    first = page_key("/reviews/", "on=2022-06-30&theme=b&theme=a&utm_id=x")
    assert first == page_key("/reviews/", "theme=a&theme=b&theme=a&on=2022-06-30")
    assert first.query == "theme=a&theme=b&on=2022-06-30"
