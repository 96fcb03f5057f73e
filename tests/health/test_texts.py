"""What a text names: abbreviations, names of bodies, years, and purposes that are the same."""

from __future__ import annotations

import pytest

from registers.health.texts import (
    NamedBodies,
    abbreviations,
    is_spelled_out,
    last_year,
    plain,
    purpose_key,
    without_names,
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("The BEST_BES_K&M hub", ["BEST", "BES", "K&M"]),
        ("SMEs, the CCG's staff and DfE", ["SMEs", "CCG", "DfE"]),
        ("The BEST and the BEST", ["BEST"]),
        ("In the UK by GPs, on TV", []),  # everybody knows these
        ("TPP SystmOne and SharePoint by McKay", ["TPP"]),  # a capital inside is no abbreviation
        ("Part II and Part XIV", []),
        ("See ISA-012, DSA/2024/07 and COVID19", []),  # references and numbers
        ("SAFEGUARDING children", []),  # longer than any abbreviation
        ("DATA SHARING OF ONE COUNCIL", []),  # all of it in capitals
        ("no capitals at all", []),
    ],
)
def test_abbreviations(text, found):
    assert abbreviations(text) == found


@pytest.mark.parametrize(
    ("short", "text", "is_said"),
    [
        ("ECC", "Essex County Council (ECC)", True),
        ("VAWG", "the Violence against Women and Girls (VAWG) programme", True),
        ("CLAs", "children looked after (CLAs)", True),
        ("HIP", "HIP (health information platform)", True),
        ("HIP", "HIP: a health information platform", True),
        ("CCIS", "Client Caseload Information System\nThe CCIS is used.", True),
        ("K&M", "Kent and Medway (K&M)", True),
        ("PH", "Community Dental Services as part of PH England", False),
        ("PH", "Public services of Harlow and PH", False),  # two initials are chance
        ("TPP", "the partners (TPP SystmOne)", False),
        ("HIP", "HIP (Temp workers)", False),
        ("CAT", "some children are there: CAT", False),  # no capitals
    ],
)
def test_an_abbreviation_is_spelled_out(short, text, is_said):
    assert is_spelled_out(short, text) is is_said


NAMES = {
    "Provide": 1,
    "Essex Police": 2,
    "Essex": 3,
    "Barnardo's": 4,
    "Southend-on-Sea City Council": 5,
    "15billion": 6,
    "ECL": 7,
    "CDS CIC": 8,
    "...": 9,
}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("by Provide and ECL.", [1, 7]),
        ("To provide. Provide care: Provide more. We • Provide", []),  # a verb, or its start
        ("ECL does it", [7]),  # no verb is written so
        ("with Essex Police, Essex", [2, 3]),  # the longest
        ("Essex\u00a0Police and\nEssex Policemen", [2, 3]),
        ("essex police", []),
        ("Barnardo’s, and Southend‑on‑Sea City Council’s", [4, 5]),
        ("of 15billion", [6]),
        ("The ECLs and NECL", []),
    ],
)
def test_names_of_bodies(text, found):
    bodies = NamedBodies((key, name) for name, key in NAMES.items())
    assert [body.organisation for body in bodies.found_in(plain(text))] == found


def test_a_text_without_its_names():
    bodies = NamedBodies((key, name) for name, key in NAMES.items())
    assert without_names("Ask CDS CIC of the ECL", bodies) == "Ask   of the ECL"
    assert without_names("Ask the ECL", bodies) == "Ask the ECL"


@pytest.mark.parametrize(
    ("title", "year"),
    [
        ("Oral health survey 2018/19", 2019),
        ("Plan 2019-2021", 2021),
        ("Census 2021", 2021),
        ("Turn of the century 1999/00", 2000),
        ("Duties under the Children Act 1989", 0),
        ("Funding of 16-19 year olds", 0),
        ("Renewal of ISA/2019/12", 0),
        ("Nothing", 0),
    ],
)
def test_the_last_year_of_a_title(title, year):
    assert last_year(title) == year


def test_purposes_are_the_same_but_for_spaces_and_capitals():
    purpose = "To share what is needed so that children are kept safe."
    assert purpose_key(purpose) == purpose_key(f"  {purpose.upper()[:-1]}\n") != 0
    assert purpose_key(purpose) != purpose_key(purpose.replace("safe", "well"))
    assert purpose_key("Safeguarding.") == 0  # too short to be copied
