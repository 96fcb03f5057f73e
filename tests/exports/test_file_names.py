"""The name of an exported file says what was asked for, and every file system takes it."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlencode

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from registers.exports.file_names import disposition, results_stem
from tests.makers import OrganisationFactory
from tests.search.questions import results_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("real_register", "today")]

ESSEX = "organisation=essex-county-council"
STEMS = {
    "": "protocols",
    f"{ESSEX}&role=lead": "protocols-led-by-essex-county-council",
    f"{ESSEX}&role=partner&review=overdue": ("protocols-overdue-with-partner-essex-county-council"),
    f"{ESSEX}&organisation=home-office": "protocols-of-essex-county-council-or-home-office",
    f"{ESSEX}&with=essex-police&through=own": (
        "protocols-of-essex-county-council-with-essex-police-in-its-own-name"
    ),
    "organisation=ecc": "protocols-of-essex-county-council",
    "role=lead": "protocols-with-a-lead",
    "review=overdue&review=none": "protocols-without-review-date-or-overdue",
    "status=current": "protocols",
    "status=withdrawn&theme=safer-community": "protocols-withdrawn-under-safer-community",
    "status=all&sort=title&page=1": "protocols-with-withdrawn",
    "review_from=2024-03": "protocols-review-from-2024-03",
    "review_from=2024-03&review_to=2024-12": "protocols-review-from-2024-03-to-2024-12",
    "q=Child+%22protection%22+../etc": "protocols-about-child-protection-etc",
    f"q={'word+' * 20}": f"protocols-about-{'-'.join(['word'] * 12)}",
}


@pytest.mark.parametrize(("query", "stem"), STEMS.items())
def test_it_says_what_was_asked_for(client: Client, query, stem):
    for ending in ("csv", "xlsx", "ods"):
        header = client.get(f"/protocols.{ending}?{query}")["Content-Disposition"]
        assert header == f'attachment; filename="{stem}-2026-11-22.{ending}"'
    if "status" not in query:  # it has both where none is asked for
        calendar = client.get(f"/protocols.ics?{query}")["Content-Disposition"]
        reviews = stem.replace("protocols", "protocol-reviews", 1)
        assert calendar == f'inline; filename="{reviews}.ics"'


@pytest.mark.parametrize(
    ("status", "stem"), [("current", "-in-force"), ("all", ""), ("withdrawn", "-withdrawn")]
)
def test_a_calendar_has_both_statuses_where_none_is_asked_for(client: Client, status, stem):
    header = client.get(f"/protocols.ics?status={status}")["Content-Disposition"]
    assert header == f'inline; filename="protocol-reviews{stem}.ics"'


@pytest.mark.parametrize(
    ("query", "stem"), [("", "named-together"), (ESSEX, "named-together-with-essex-county-council")]
)
def test_that_of_pairs_says_around_whom(client: Client, query, stem):
    header = client.get(f"/sharing.csv?{query}")["Content-Disposition"]
    assert header == f'attachment; filename="{stem}-2026-11-22.csv"'


@pytest.mark.parametrize("letter", ["e", "é"])
def test_that_of_organisations_says_the_letter(client: Client, letter):
    header = client.get("/organisations.csv", {"letter": letter})["Content-Disposition"]
    assert 'filename="organisations-beginning-with-e-2026-11-22.csv"' in header
    if letter == "é":
        named = unquote(header.partition("filename*=UTF-8''")[2])
        assert named == "organisations-beginning-with-é-2026-11-22.csv"


def test_of_many_values_the_first_are_named():
    slugs = [OrganisationFactory(name=f"Organisation {number}").slug for number in range(9)]
    stem = results_stem(results_of(urlencode({"organisation": slugs}, doseq=True)), "protocols")
    assert stem == "protocols-of-organisation-0-or-organisation-1-or-organisation-2-or-6-more"


def test_other_letters_are_said_too():
    header = disposition("attachment", "protocols-about-straße-東京", "csv", day="2026-11-22")
    plain, _, other = header.partition("; filename*=UTF-8''")
    assert plain == 'attachment; filename="protocols-about-strasse-2026-11-22.csv"'
    assert unquote(other) == "protocols-about-straße-東京-2026-11-22.csv"


@given(words=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_whatever_is_searched_for_it_is_safe(words):
    stem = results_stem(results_of(urlencode({"q": words[:200]})), "protocols")
    header = disposition("attachment", stem, "xlsx", day="2026-11-22")
    found = re.fullmatch(
        r'attachment; filename="([a-z0-9_-]+\.xlsx)"(?:; filename\*=UTF-8\'\'([\w%.~-]+))?', header
    )
    assert found, header
    assert header.isascii()
    for name in filter(None, found.groups()):
        assert len(unquote(name).encode()) < 255
        assert not set(unquote(name)) & set('/\\:*?"<>| \n')
