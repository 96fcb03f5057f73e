"""Words that may be about a person are found in public text, and nothing else is."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from django.apps import apps
from django.conf import settings

from registers.changes.public_text import public_texts
from registers.models.personal_words import (
    NATIONAL_INSURANCE,
    NHS_NUMBER,
    PERSON,
    TELEPHONE,
    personal_words,
)

# Numbers that Ofcom keeps for films, and NHS numbers of tests.
TELEPHONES = {
    "020 7946 0958": "020 7946 0958",
    "Call (020) 7946 0958 by noon": "(020) 7946 0958",
    "Tel:02079460958.": "02079460958",
    "+44 20 7946 0958": "+44 20 7946 0958",
    "+44 (0)20 7946 0958": "+44 (0)20 7946 0958",
    "0207 946 0958": "0207 946 0958",
    "0113-496-0123": "0113-496-0123",
    "0113 496 0123 ext 4": "0113 496 0123 ext 4",
    "01206 282 222": "01206 282 222",
    "07400 123456": "07400 123456",
    "**020 7946\N{NO-BREAK SPACE}0958**": "020 7946 0958",
    "020 7946\N{NON-BREAKING HYPHEN}0958": "020 7946-0958",
    "0800 1111": "0800 1111",
    "+33 1 42 68 53 00": "+33 1 42 68 53 00",
    "07400\n123456": "07400 123456",
    "V2.0 020 7946 0958": "020 7946 0958",
    "01206 282222 2024": "01206 282222",
    "01206 282222/2024": "01206 282222",
    "Ring 9-5 020 7946 0958": "020 7946 0958",
    "Date 01/02/2024 07400 123456": "07400 123456",
    "020 7946 0958 020 7946 0958": "020 7946 0958",
    "2 +44 (0)20 7946 0958": "+44 (0)20 7946 0958",
    "Jane_07400123456": "07400123456",
}
NO_TELEPHONES = [
    "0036",
    "ISP 0036 and 0046",
    "WX0045/2023-07",
    "on 01/04/2024",
    "2024-04-01 to 2025-03-31",
    "01.04.2024 to 31.03.2025",
    "01/04/2024 - 31/03/2025",
    "2018/19 and 2019/20",
    "SI 2018/1234",
    "ICO Z1234567",
    "ICO ZA123456",
    "the Digital Economy Act 2017, s. 35",
    "article 6(1)(e) and 9(2)(h)",
    "charity 1123456",
    "company 01234567",
    "company 08001111",
    "UKPRN 10012345",
    "UPRN 100012345678",
    "ISBN 978 0 11 702345 6",
    "£1,234,567,890",
    "1 2 3 4 5 6 7 8 9 10",
    "12.5 million of 68,000,000",
    "0036 0046 0012 0113 0073",
    "from 01/04/2024 02/03/2024 123 01.04.2024 31.03.2025",
    "0022 0210 0040",
    "03.05.2018 492",
    "0036\n0046\n01 02 2024\n07 08 2025",
]
NHS_NUMBERS = [
    *("999 000 0018", "9990000018", "999-000-0018", "943\N{NO-BREAK SPACE}476 5919"),
    *("943  476  5919", "943/476/5919", "943. 476\n5919", "NHS9434765919", "No9434765919"),
]
NO_NHS_NUMBERS = [
    "999 000 0019",  # the check digit
    "99900000180",
    "1 999 000 0018",
    "999 000 0018 2",
    "A9990000018",
    "99 9000 0018",
    "Casino9990000018",
]
NATIONAL_INSURANCE_NUMBERS = [
    *("AB123456C", "ab 12 34 56 c", "JG-10-37-59-A", "ZY 123456 D"),
    *("AB 123 456 C", "AB 12/34/56 C"),
]
NO_NATIONAL_INSURANCE_NUMBERS = [
    "QQ123456C",  # HMRC's example, which is none
    "AB123456E",
    "AB12345C",
    "AB1234567C",
    "AO123456C",
    "DA123456C",
    "GB123456A",
    "ZZ123456A",
    "CAB123456C",
    "DSA/2023/04",
]
PEOPLE = [
    "Dr Jane Smith",
    "dr. Smith",
    "Mrs Smith, Caldicott Guardian",
    "MR SMITH",
    "MRS Smith",
    "DR. JANE SMITH",
    "Ms Smith",
    "Miss J Smith",
    "Prof. Smith",
    "Professor Smith",
    "(Mx Smith)",
]
JOBS = [
    "Drug and Alcohol Lead",
    "Caldicott Guardian",
    "Missing Persons Lead",
    "Professor of Public Health",
    "Professional Standards Lead",
    "Mission Lead",
    "MS Office lead",
    "DR manager",
    "MR imaging lead",
    "MX record admin",
    "PROFESSOR OF PUBLIC HEALTH",
    "Director",
    "Registrar",
    "Head of Service (for Dr Smith)",
]


@pytest.mark.parametrize(("text", "found"), TELEPHONES.items(), ids=TELEPHONES)
def test_telephone_numbers(text, found):
    assert personal_words(text) == {found: TELEPHONE}


@pytest.mark.parametrize("text", NHS_NUMBERS)
def test_nhs_numbers(text):
    assert list(personal_words(f"Of {text}.").values()) == [NHS_NUMBER]


@pytest.mark.parametrize("text", NATIONAL_INSURANCE_NUMBERS)
def test_national_insurance_numbers(text):
    assert personal_words(f"Of {text}.") == {text: NATIONAL_INSURANCE}


@pytest.mark.parametrize("text", [*NO_TELEPHONES, *NO_NHS_NUMBERS, *NO_NATIONAL_INSURANCE_NUMBERS])
def test_other_numbers(text):
    assert personal_words(text) == {}


@pytest.mark.parametrize("text", PEOPLE)
def test_job_titles_that_begin_like_a_person(text):
    assert personal_words(text, field="job_title") == {text: PERSON}
    assert personal_words(text, field="note") == {}


@pytest.mark.parametrize("text", JOBS)
def test_job_titles(text):
    assert personal_words(text, field="job_title") == {}


def test_only_what_is_new():
    before, text = "Ring 020 7946 0958", "Ring 020 7946 0958 or AB123456C"
    assert personal_words(text, before=before) == {"AB123456C": NATIONAL_INSURANCE}


def test_a_telephone_of_the_partnership(settings):
    contacts = ("sharing@example.org", "020 7946 0958")
    settings.PARTNERSHIP = replace(settings.PARTNERSHIP, public_contacts=contacts)
    assert personal_words("+44 (0)20 7946 0958 or 0113 496 0123") == {"0113 496 0123": TELEPHONE}


@pytest.mark.parametrize("piece", ["1/", "+44 (0) 12-", "07400 12345 "])
def test_a_long_text_of_digits_takes_no_time(piece):
    personal_words("020 7946 0958")  # loads the library
    text, began = (piece * 200_000)[:200_000], time.process_time()
    assert personal_words(text) == {}
    assert time.process_time() - began < 1.5


def texts():
    """Yield the model, the field and each public text of the register."""
    for model in apps.get_app_config("registers").get_models():
        names = public_texts(model)
        for row in model._base_manager.values_list(*names) if names else ():
            yield from ((model, *each) for each in zip(names, row, strict=True) if each[1])


def test_nothing_of_the_real_register_is_asked_about(real_register):
    every = list(texts())
    assert len(every) > 500
    assert [each for each in every if personal_words(str(each[2]), field=each[1])] == []
    for path in sorted((settings.BASE_DIR / "fixtures/weisf").glob("*.t*")):
        contacts = settings.PARTNERSHIP.public_contacts
        assert personal_words(path.read_text(encoding="utf-8")) == {}, (path, contacts)
