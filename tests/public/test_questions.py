"""Questions in readers' own words, at the front door: what the first page of the list names.

A question that finds nothing has an honest next step: words that do find something, names
that are alike, the themes and whom to ask.
"""

from __future__ import annotations

import json
import re
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.test import Client

from registers.models import Membership, Organisation
from registers.search.search_writer import update_search
from tests.makers import OrganisationFactory
from tests.search.questions import results_of

pytestmark = pytest.mark.django_db


def ask(client: Client, **query: str):
    response = client.get("/", query)
    assert response.status_code == 200
    return response


def listed(response) -> list[str]:
    """The references on the page, in order."""
    return [row.reference for row in response.context["results"].rows]


# What is asked, and what the list must have.
CHILDREN = ["0037", "0042", "0043", "0044", "0046", "0061"]
SCHOOLS = ["0046", "0053", "0054", "0057", "0058"]
ASKED = {
    "my children": [*CHILDREN, *SCHOOLS],
    "data about my children": [*CHILDREN, *SCHOOLS],
    "who shares data about my children with who and why?": [*CHILDREN, *SCHOOLS],
    "pupils": SCHOOLS,
    "refugees": ["0032"],
    "is protocol 0036 still in force": ["0036"],
    "is protocol 36 still in force": ["0036"],
    "Is ISP no 36 still in force?": ["0036"],
    "DWP": ["0036"],
    "Southend City Council": ["0012", "0017", "0018", "0055"],
    "GP": ["0042", "0044", "0045", "0046"],
    "GPs": ["0042", "0044", "0045", "0046"],
    "SEND": ["0055"],
    "anti-social": ["0067"],
    "antisocial": ["0067"],
    "anti social behaviour": ["0067"],
}


@pytest.mark.both_databases
@pytest.mark.parametrize(("asked", "wanted"), ASKED.items(), ids=ASKED)
def test_a_question_finds(client: Client, real_register, asked, wanted):
    response = ask(client, q=asked)
    assert set(wanted) <= set(listed(response))
    assert not response.context["results"].has_some_words


@pytest.mark.both_databases
def test_a_reference_in_a_question_stands_first(client: Client, real_register):
    for asked in (
        "is protocol 36 still in force",
        "0036 flooding",
        "what is in ISP 0036 about owls",
    ):
        assert listed(ask(client, q=asked)) == ["0036"]
        data = client.get("/protocols.json", {"q": asked}).getvalue()
        assert json.loads(data)["count"] == 1


@pytest.mark.both_databases
def test_a_slip_is_put_right_into_the_name_of_an_organisation(client: Client, real_register):
    results = ask(client, q="Essex Plice").context["results"]
    assert results.search.corrected == "Essex police"
    assert [str(each.organisation) for each in results.organisations_meant] == ["Essex Police"]


def test_a_word_like_another_is_offered_and_the_answer_is_not_changed(client, real_register):
    page = ask(client, q="plice")
    results = page.context["results"]
    assert (results.search.corrected, results.count) == ("", 0)
    near, query = results.near_words
    # The one with the most protocols.
    assert near == "place"
    assert (
        f'<a class="govuk-link" href="/?{query}" rel="nofollow">place</a>?' in page.content.decode()
    )
    assert ask(client, q="place").context["results"].count > 0


@pytest.mark.parametrize("asked", ["antisocial", "anti social", "anti-social"])
def test_joined_and_parted_words_find_the_same(client: Client, real_register, asked):
    assert listed(ask(client, q=asked)) == listed(ask(client, q="anti-social"))


# Questions of those who look for schools: their five are among the first seven, with one that
# has 'learner' and the twin of one of them.
FOR_SCHOOLS = ["pupils", "pupil data", "students", "who shares data about pupils?"]


@pytest.mark.both_databases
@pytest.mark.parametrize("asked", FOR_SCHOOLS)
def test_what_is_about_schools_stands_first(client: Client, real_register, asked):
    found = listed(ask(client, q=asked, sort="relevance"))
    assert set(found[:7]) == {*SCHOOLS, "0056", "0073"}
    # By theme, that of schools is the first; within each, the best match.
    grouped = ask(client, q=asked).context["results"]
    assert grouped.groups[0].theme.slug == "learning-and-education"
    for group in grouped.groups:
        rows = [row.reference for row in group.rows]
        assert rows == sorted(rows, key=found.index)
        assert set(SCHOOLS) & set(rows[:6]) == set(SCHOOLS) & set(rows)


# By what is asked: those with the word itself, and those with only what stands for it.
ITSELF = {
    "children": (
        ["0037", "0042", "0043", "0044", "0046", "0061"],
        ["0053", "0054", "0057", "0058"],
    ),
    "education": (["0057", "0059", "0071"], ["0037", "0046", "0053", "0054"]),
    "housing": (["0036", "0067"], ["0043"]),
    "safeguarding": (["0042", "0045", "0062"], ["0061", "0067", "0069"]),
}


@pytest.mark.both_databases
@pytest.mark.parametrize("asked", ITSELF)
def test_a_word_itself_stands_before_what_stands_for_it(client: Client, real_register, asked):
    found = listed(ask(client, q=asked, sort="relevance"))
    itself, others = ITSELF[asked]
    assert max(map(found.index, itself)) < min(map(found.index, others))


@pytest.mark.parametrize("asked", ["data", "share", '"and"'])
def test_a_word_that_says_little_is_searched_for_by_itself(client: Client, real_register, asked):
    assert listed(ask(client, q=asked))


# Thought up from the page's text alone, before anybody asked the register; and which protocols
# each should find any of, if one can. Nothing in the register was written for them.
TWENTY: dict[str, list[str]] = {
    "termtime holiday fines": ["0053", "0054", "0073"],
    "does the school get told if my daughter missed her jabs": ["0046"],
    "MHCLG": ["0067"],
    "HCRG Care Group": ["0037"],
    "Colchester General": ["0037"],
    "PAH": ["0045", "0037"],
    "rotten teeth in reception kids": ["0044"],
    "has 0072 run out?": ["0072"],
    "survivors of domestic-violence being phoned by researchers": ["0069"],
    "female genital mutilation": ["0061", "0036"],
    "fostered teenagers": ["0043"],
    "NEETs": ["0055", "0071", "0056"],
    "help for small busineses": ["0017", "0018"],
    "ambulence": ["0072"],
    "my nan is being mistreated in her care home, who gets told?": ["0062"],
    "secondary school places over the border in Herts": ["0058"],
    "which outside firms can log in to social care records": ["0036"],
    "blue badge": [],
    "what does protocol 0063 cover": [],
    "council tax fraud checks": [],
}


def has_next_step(response) -> bool:
    """Whether the page offers words that find something, or says what else to do."""
    html = response.content.decode()
    return 'id="words-that-find"' in html or 'id="next-steps"' in html


@pytest.mark.parametrize(("asked", "wanted"), TWENTY.items(), ids=TWENTY)
def test_one_of_twenty_finds_something_or_has_a_next_step(client, real_register, asked, wanted):
    response = ask(client, q=asked)
    assert set(wanted) & set(listed(response)) or has_next_step(response)


def test_most_of_the_twenty_find_one_of_theirs_on_the_first_page(client, real_register):
    found = [
        asked for asked, wanted in TWENTY.items() if set(wanted) & set(listed(ask(client, q=asked)))
    ]
    hopeless = [asked for asked, wanted in TWENTY.items() if not wanted]
    assert len(hopeless) == 3
    assert len(found) >= 15


# Words that no protocol has together, or at all.
HOPELESS = [
    "A&E",
    "no such children zebra",
    "gritting zebra",
    "children zebra",
    "zebra",
    "safegaurding zebra",
    "16-19 zebra",
]


@pytest.mark.parametrize("asked", HOPELESS)
def test_what_is_not_found_has_an_honest_next_step(client: Client, real_register, asked):
    response = ask(client, q=asked)
    results, html = response.context["results"], response.content.decode()
    assert results.has_some_words == bool(results.count)
    assert bool(results.count) == ('id="some-words"' in html)
    assert bool(results.count) != ('id="next-steps"' in html)
    assert "mailto:weisf@essex.gov.uk" in html.partition("<footer")[0]
    assert all(way in html for way in ('class="register-card"', 'href="/organisations/"'))
    if not results.count:
        assert 'id="corrected"' not in html
        assert not re.search(r'class="register-quiet[^"]*">\s*0\b', html)
    for word, query in results.words_that_find:
        (value,) = parse_qs(query)["q"]
        assert value == word.text not in {"no", "such"}
        assert client.get(f"/?{query}").context["results"].count == word.count > 0


@pytest.mark.parametrize("asked", ["what do you know of me", "who", "who and why", "...", "be -or"])
def test_words_that_say_nothing_find_nothing_and_it_is_said(client: Client, real_register, asked):
    response = ask(client, q=asked)
    results, html = response.context["results"], response.content.decode()
    assert (results.count, results.words_that_find, results.organisations_meant) == (0, [], [])
    assert "Search leaves this out" in html
    assert has_next_step(response)


# No protocol names it itself: it is bound through a body whose place it took.
ICB = "nhs-hertfordshire-and-west-essex-integrated-care-board"
OF_THE_ICB = {
    "an identifier": "QM7",
    "an acronym": "HWE",
    "its name": "NHS Hertfordshire and West Essex Integrated Care Board",
    "some words of its name": "Hertfordshire ICB",
    "with a filter that leaves nothing": "QM7&review_from=2090-01",
}


@pytest.mark.parametrize("asked", OF_THE_ICB.values(), ids=OF_THE_ICB)
def test_an_organisation_that_is_bound_through_another_is_offered(client, real_register, asked):
    response = client.get(f"/?q={asked}")
    results = response.context["results"]
    assert results.has_some_words == bool(results.count)
    meant = results.organisations_meant
    assert (meant[0].organisation.slug, meant[0].count) == (ICB, 1)
    assert f'href="/?organisation={ICB}"' in response.content.decode()


@pytest.mark.parametrize(
    ("asked", "wanted"), [("A and E", None), ("Essex CC", "essex-county-council")]
)
def test_stop_words_are_like_no_name_and_initials_are(client, real_register, asked, wanted):
    meant = ask(client, q=asked).context["results"].organisations_meant
    assert next((each.organisation.slug for each in meant), None) == wanted


def test_each_organisation_that_may_be_meant_has_the_number_of_its_list(client, real_register):
    asked = ("Borough Council zebra", "Children zebra", "NHS zebra", "Essex Zebra Trust", "zebra")
    numbers = set()
    for words in (*asked, "children&review_from=2090-01", "NHS&review_from=2090-01"):
        for each in client.get(f"/?q={words}").context["results"].organisations_meant:
            numbers.add(each.count)
            listed = client.get("/", {"organisation": each.organisation.slug})
            assert listed.context["results"].count == each.count
    assert len(numbers) > 2


@pytest.mark.parametrize(
    ("asked", "slug", "number"),
    [
        ("DWP", "department-for-work-and-pensions", None),
        ('"essex  police"', "essex-police", None),
        ("Essex Academy", "essex-academy", 1),  # bound through All Essex Schools
    ],
)
def test_one_that_is_called_exactly_so_is_offered_beside_what_was_found(
    client, real_register, asked, slug, number
):
    school = OrganisationFactory(name="Essex Academy")
    Membership.objects.create(
        group=Organisation.objects.get(slug="all-essex-schools"), member=school
    )
    update_search(protocols=[], organisations=[], links=True)
    results = ask(client, q=asked).context["results"]
    (meant,) = results.organisations_meant
    listed = ask(client, organisation=slug).context["results"]
    assert results.count
    assert (meant.organisation.slug, meant.count) == (slug, number or listed.count)
    own = ask(client, organisation=slug, through="own").context["results"].count
    assert meant.through == meant.count - own == (number or 0)


@pytest.mark.parametrize(
    "asked",
    [
        "Provide and EPUT",
        "provide & eput",
        "Provide, EPUT",
        "Provide AND essex  partnership university NHS foundation trust?",
    ],
)
@pytest.mark.parametrize("narrowed", [{}, {"review_from": "2090-01"}], ids=["some", "none"])
def test_two_names_lead_to_what_they_are_named_in_together(client, real_register, asked, narrowed):
    response = client.get("/", {"q": asked, **narrowed})
    results = response.context["results"]
    assert bool(results.count) != bool(narrowed)
    eput = "essex-partnership-university-nhs-foundation-trust"
    assert f'href="/organisations/provide/with/{eput}/"' in response.content.decode()
    assert [each.slug for each in results.pair_meant] == ["provide", eput]
    assert results.organisations_meant == []


@pytest.mark.parametrize(
    "asked",
    ["Department for Work and Pensions", "DWP and DWP", "DWP and zebra", "and", "DWP,", "DWP EPUT"],
)
def test_one_name_and_other_words_are_no_pair(client, real_register, asked):
    assert ask(client, q=asked).context["results"].pair_meant is None


def test_a_name_that_holds_and_is_one_of_two(client, real_register):
    pair = ask(client, q="Department for Work and Pensions and EPUT").context["results"].pair_meant
    assert [each.slug[:10] for each in pair] == ["department", "essex-part"]


def test_who_in_capitals_is_the_organisation(client: Client, real_register):
    (term,) = ask(client, q="WHO").context["results"].search.terms
    assert term.acronym


def test_no_organisation_is_offered_beside_what_was_found(client: Client, real_register):
    assert ask(client, q="children").context["results"].organisations_meant == []


@pytest.mark.parametrize(
    ("asked", "slugs"),
    [
        # Schools that no protocol names; with a word that another stands for; with a question.
        ("Anglo European School", ["all-essex-schools"]),
        ("Harlow Academy", ["all-essex-schools"]),
        ("what binds my school", ["all-essex-schools"]),
        # A word of the partnership's own name, and one of several that are all found.
        ("Essex", []),
        ("school attendance", []),
        # Several words of a name, beside protocols that have them too.
        ("Princess Alexandra", ["princess-alexandra-hospital-nhs-trust"]),
    ],
)
def test_a_group_or_a_name_with_these_words_is_offered(client, real_register, asked, slugs):
    response = ask(client, q=asked)
    meant = response.context["results"].organisations_meant
    assert [each.organisation.slug for each in meant] == slugs
    for each in meant:
        assert (
            each.count == ask(client, organisation=each.organisation.slug).context["results"].count
        )
        assert f'href="/?organisation={each.organisation.slug}"' in response.content.decode()


@pytest.mark.both_databases
def test_some_of_the_words_are_listed_on_the_page_and_in_no_file(client: Client, real_register):
    response = ask(client, q="children zebra")
    results = response.context["results"]
    assert results.has_some_words
    assert [word.text for word, _ in results.words_that_find] == ["children"]
    assert results.count == ask(client, q="children").context["results"].count
    answer = client.get("/protocols.json", {"q": "children zebra"}).getvalue()
    assert json.loads(answer)["count"] == 0
    assert "protocols.csv?q=" not in response.content.decode()


def test_filters_and_their_numbers_apply_to_some_of_the_words(client: Client, real_register):
    results = ask(client, q="children zebra").context["results"]
    for choice in results.facets.theme:
        narrowed = ask(client, q="children zebra", theme=choice.value).context["results"]
        assert narrowed.count == choice.count
        for word, query in narrowed.words_that_find:
            assert ask(client, **one(query)).context["results"].count == word.count


def one(query: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(query).items()}


@pytest.mark.both_databases
def test_most_of_the_words_come_before_fewer(client: Client, real_register):
    results = ask(client, q="children health zebra").context["results"]
    both = ask(client, q="children health").context["results"]
    assert results.has_some_words
    assert {row.reference for row in results.rows} == {row.reference for row in both.rows}


@pytest.mark.both_databases
def test_words_that_are_left_out_stay_out(client: Client, real_register):
    found = listed(ask(client, q="children zebra -health"))
    assert found
    assert not set(found) & set(listed(ask(client, q="health")))


def test_a_filter_that_leaves_nothing_offers_the_words_without_it(client: Client, real_register):
    response = ask(client, q="children", review_from="2090-01")
    assert [word.text for word, _ in response.context["results"].words_that_find] == ["children"]
    for _, query in response.context["results"].words_that_find:
        assert urlsplit(f"/?{query}").query == "q=children"


# The public references are 0012 to 0073.
@pytest.mark.parametrize(
    ("asked", "missing"),
    [
        *[("2022", ""), ("16-19", ""), ("year 5", ""), ("99", ""), ("٣", "")],
        *[("13", "0013"), ("0013", "0013"), ("0099", "0099"), ("ISP-99", "0099")],
        *[("protocol 2022", "2022"), ("36", "")],
    ],
)
def test_a_number_alone_is_a_reference_where_it_can_be_one(real_register, asked, missing):
    assert results_of(urlencode({"q": asked})).missing_reference == missing


@pytest.mark.parametrize(
    "asked",
    ["protocol 99999999999", "protocol 0013", "isp " + "9" * 40, "dsa 16-19/20_1", "ref. 1/2/3"],
)
def test_a_reference_that_is_not_there_is_no_error(client: Client, real_register, asked):
    assert ask(client, q=asked).context["results"].exact_match is None
