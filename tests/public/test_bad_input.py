"""Whatever is asked, the answer is a clear page with the status of the contract."""

from __future__ import annotations

import json
import re

import pytest
from django.test import Client

from tests.public.pages import listed, text

pytestmark = pytest.mark.django_db

LONG = "x" * 100_000

# An id, an address, its status, and words that the page must hold.
TABLE = [
    ("unknown theme", "/?theme=nonsense", 400, "Theme: ‘nonsense’ is not one of the options."),
    (
        "unknown organisation",
        "/?organisation=nobody",
        400,
        "no organisation in this register is called",
    ),
    ("one of two unknown", "/?theme=safer-community&theme=nonsense", 400, "Theme: ‘nonsense’"),
    (
        "malformed month",
        "/?review_from=2024-13",
        400,
        "Review from: month must be a number from 1 to 12",
    ),
    (
        "year without a month",
        "/?review_from=2024-",
        400,
        "Review from: enter both a month and a year",
    ),
    ("month in words", "/?review_to=March", 400, "Review to: ‘March’ is not a month."),
    (
        "span backwards",
        "/?review_from=2024-03&review_to=2024-02",
        400,
        "Review to: enter the same month",
    ),
    ("unknown role", "/?role=boss", 400, "Role: ‘boss’"),
    ("unknown review", "/?review=late", 400, "Review: ‘late’"),
    ("unknown status", "/?status=gone", 400, "Status: ‘gone’"),
    ("unknown sort", "/?sort=colour", 400, "Sort by: ‘colour’"),
    ("page 0", "/?page=0", 400, "Page: ‘0’ is not the number of a page."),
    ("page x", "/?page=x", 400, "Page: ‘x’"),
    ("page -1", "/?page=-1", 400, "Page: ‘-1’"),
    ("page 10^30", f"/?page={10**30}", 404, "Page not found"),
    ("page of 4,000 digits", f"/?page={'9' * 4000}", 404, "Page not found"),
    ("page past the last", "/?page=2", 404, "Page not found"),
    ("NUL in words", "/?q=child%00ren", 400, "Search: Null characters are not allowed"),
    ("NUL in a theme", "/?theme=a%00b", 400, "is not one of the options"),
    ("NUL in an organisation", "/?organisation=essex%00police", 400, "There is a problem"),
    ("NUL in a month", "/?review_from=2024%00", 400, "Null characters are not allowed"),
    ("NUL in a page", "/?page=%00", 400, "Null characters are not allowed"),
    ("lone surrogate", "/?q=%ED%B2%80", 400, "Search: This contains a character"),
    ("lone surrogate in an organisation", "/?organisation=%ED%B2%80", 400, "There is a problem"),
    ("bytes that are no text", "/?q=%ff%fe", 400, "Search: This contains a character"),
    ("100 kB of words", f"/?q={LONG}", 400, "Search: Ensure this value has at most 200 characters"),
    ("100 kB of a theme", f"/?theme={LONG}", 400, "is not one of the options"),
    ("100 kB of an organisation", f"/?organisation={LONG}", 400, "no organisation"),
    ("a theme 1,000 times", "/?" + "&".join(["theme=safer-community"] * 1000), 200, "4 protocols"),
    (
        "an organisation 1,000 times",
        "/?" + "&".join(["organisation=eput"] * 1000),
        200,
        "4 protocols",
    ),
    ("words 1,000 times", "/?" + "&".join(["q=fgm"] * 1000), 200, "protocol"),
    ("a parameter 1,501 times", "/?" + "q=fgm&" * 1501, 400, "This page cannot be shown"),
    ("what counts visits", "/?utm_source=x&gclid=y&fbclid=&mc_cid=z&_=1", 200, "25 protocols"),
    ("an unknown reference", "/protocols/0013/", 404, "There is no protocol 0013"),
    ("a reference with letters", "/protocols/12ab/", 404, "There is no protocol"),
    ("a reference too long", f"/protocols/{'1' * 40}/", 404, "There is no protocol"),
    ("NUL in a reference", "/protocols/00%0012/", 404, "Page not found"),
    ("changes of an unknown reference", "/protocols/0013/changes/", 404, "Page not found"),
    ("page x of changes", "/protocols/0012/changes/?page=x", 400, "Page: this is not"),
    ("an unknown document", "/protocols/0012/documents/1/", 404, "Page not found"),
    ("a document of 30 digits", f"/protocols/0012/documents/{10**30}/", 404, "Page not found"),
    ("unknown theme's page", "/themes/nonsense/", 404, "Page not found"),
    ("page x of a theme", "/themes/safer-community/?page=x", 400, "Page: this is not"),
    ("unknown organisation's page", "/organisations/nobody/", 404, "Page not found"),
    ("a strange letter", "/organisations/?letter=ab", 400, "Letter: enter one letter"),
    ("NUL for a letter", "/organisations/?letter=%00", 400, "Letter: enter one letter"),
    ("a letter that no name has", "/organisations/?letter=z", 200, "No name begins with Z"),
    ("page 0 of organisations", "/organisations/?page=0", 400, "Page: this is not"),
    ("unknown with known", "/organisations/nobody/with/eput/", 404, "Page not found"),
    ("nobody in a box", "/sharing/together/?one=eput&other=nobody", 400, "called ‘nobody’"),
    ("both boxes the same", "/sharing/together/?one=eput&other=EPUT", 400, "Enter a different"),
    ("empty boxes", "/sharing/together/?one=&other=", 400, "enter the name of an organisation"),
    ("no boxes", "/sharing/together/", 400, "enter the name of an organisation"),
    ("spaces in a box", "/sharing/together/?one=eput&other=%20", 400, "enter the name"),
    ("NUL in a box", "/sharing/together/?one=eput&other=%00x", 400, "cannot be read"),
    ("lone surrogate in a box", "/sharing/together/?one=%ED%B2%80&other=eput", 400, "be read"),
    ("100 kB in a box", f"/sharing/together/?one={LONG}&other=eput", 400, "too long"),
    ("signs alone in a box", "/sharing/together/?one=eput&other=%27%25_", 400, "is called"),
    ("emoji in a box", "/sharing/together/?one=eput&other=%F0%9F%98%80", 400, "is called"),
    ("pairs of nobody", "/sharing/?organisation=nobody", 400, "no organisation in this register"),
    ("pairs of two", "/sharing/?organisation=eput&organisation=provide", 400, "one organisation"),
    ("pairs in no order", "/sharing/?sort=colour", 400, "Sort by: ‘colour’"),
    ("page 0 of pairs", "/sharing/?page=0", 400, "Page: ‘0’"),
    ("page 10^30 of pairs", f"/sharing/?page={10**30}", 404, "Page not found"),
    ("page 10^30 of approvers", f"/approvers/?page={10**30}", 404, "Page not found"),
    ("unknown news", "/news/nothing/", 404, "Page not found"),
    ("unknown resource", "/resources/nothing/", 404, "Page not found"),
    ("a resource without a file", "/resources/review-template/download/", 404, "Page not found"),
    ("no such address", "/nothing/at/all", 404, "Page not found"),
]


@pytest.mark.both_databases
@pytest.mark.parametrize(
    ("address", "status", "words"), [t[1:] for t in TABLE], ids=[t[0] for t in TABLE]
)
def test_the_answer_is_clear(client: Client, address, status, words):
    page = client.get(address)
    assert page.status_code == status
    assert words in text(page)
    assert 'class="register-header"' in page.content.decode()
    if status == 400:
        assert listed(page) == []


def test_an_error_names_the_field_and_keeps_everything_else(client: Client):
    page = client.get("/?q=child&theme=safer-community&organisation=eput&review_from=2024-13")
    source = page.content.decode()
    assert '<a href="#review_from">Review from: month must be a number from 1 to 12' in source
    assert 'id="review_from"' in source
    assert source.index("<title>Error: ")
    # The form leads to #results, where what is wrong must be in sight.
    assert source.index('id="results"') < source.index('class="govuk-error-summary"')
    assert source.count('id="results"') == 1
    assert re.search('name="q" type="search" [^>]*value="child"', source)
    for box, typed in (("month", "13"), ("year", "2024")):
        assert re.search(f'name="review_from-{box}"[^>]* value="{typed}"', source)
    assert 'value="safer-community" checked' in source
    assert 'value="essex-partnership-university-nhs-foundation-trust" checked' in source


@pytest.mark.parametrize("ending", ["csv", "xlsx", "ods", "json", "ics", "atom"])
@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("theme=nonsense", "theme"),
        ("review_from=2024-13", "review_from"),
        ("page=0", "page"),
        ("q=%00", "q"),
    ],
)
def test_a_machine_gets_problem_json(client: Client, ending, query, field):
    answer = client.get(f"/protocols.{ending}?{query}")
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
    problem = json.loads(answer.content)
    assert problem["status"] == 400
    assert list(problem["errors"]) == [field]


def test_a_machine_that_asks_too_much_gets_problem_json(client: Client):
    answer = client.get("/protocols.csv?" + "q=fgm&" * 1501)
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")


@pytest.mark.parametrize(
    "address", ["/protocols.json?page=2", "/protocols.exe", f"/protocols.json?page={10**30}"]
)
def test_what_is_not_there_is_not_found_by_a_machine(client: Client, address):
    answer = client.get(address)
    assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize(
    "address",
    [
        *("/foo.json", "/protocols/ISP%200001.json", "/themes/safer-community.json"),
        *("/a/b/c.json", "/.json", "/reviews/.json", "/organisations/%0A.json", "/static.json?q=x"),
    ],
)
def test_an_unknown_data_address_says_nothing_of_the_server(
    client: Client, settings, address, debug
):
    settings.DEBUG = debug
    answer = client.get(address)
    assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert list(answer.json()["errors"]) == ["request"]
    assert len(answer.content) < 300
    source = answer.content.decode()
    assert not any(word in source for word in ("tried", "URL", "admin", str(settings.BASE_DIR)))


def test_an_unknown_ending_is_told_of_those_there_are(client: Client):
    answer = client.get("/protocols.xml")
    assert json.loads(answer.content)["detail"] == "Use csv, xlsx, ods, json, ics or atom."


@pytest.mark.parametrize("ending", ["csv", "xlsx", "ods", "json", "ics", "atom"])
def test_endings_are_only_read(client: Client, ending):
    address = f"/protocols.{ending}"
    assert client.post(address).status_code == 405
    assert client.head(address).status_code == 200


@pytest.mark.parametrize(
    "query", ["theme=", "theme=&organisation=&q=&review=&review_from=&page=&sort=&role=&status="]
)
def test_empty_values_are_as_if_absent(client: Client, query):
    assert len(listed(client.get(f"/?{query}", follow=True))) == 25
    data = json.loads(client.get(f"/protocols.json?{query}").getvalue())
    assert data["count"] == 25


@pytest.mark.parametrize(
    ("address", "marked"),
    [
        ("/?review_from=2024-13", ["review_from-month"]),
        ("/?review_from=24-3", ["review_from-year"]),
        ("/?review_to=2024-0", ["review_to-month"]),
        ("/?on=2024-06-", ["on-day"]),
        ("/?on=2022-02-30", ["on-day", "on-month", "on-year"]),
        ("/reviews/?on=2022-13-01", ["on-month"]),
    ],
)
def test_only_the_wrong_part_of_a_date_is_marked(client: Client, address, marked):
    page = client.get(address)
    assert page.status_code == 400
    found = re.findall(r'govuk-input--error" id="[^"]*" name="([^"]*)"', page.content.decode())
    assert found == marked
