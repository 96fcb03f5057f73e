"""Words in public text that may be about a person, and are asked about when they are saved."""

from __future__ import annotations

import re
from collections.abc import Iterator

from django.conf import settings
from stdnum.gb import nhs

from registers.models.keys import as_seen

TELEPHONE = "looks like a telephone number"
NHS_NUMBER = "looks like an NHS number"
NATIONAL_INSURANCE = "looks like a National Insurance number"
PERSON = "begins like the name of a person"

# The name of the field in which each model has a job title.
JOB_TITLE = "job_title"
# Each of the three numbers has so many digits, and nearly every text has not.
SIX_DIGITS = re.compile(r"(?:\d[\W_]*){6}")
TEN_DIGITS = re.compile(r"(?<!\w)(?<!\d[\s.-])\d{3}[\s.-]?\d{3}[\s.-]?\d{4}(?![\s.-]?\d|\w)")
# HMRC's manual NIM39110: letters that neither or the second cannot be, prefixes that are not
# used, six digits, and a letter from A to D.
NINO = re.compile(
    r"\b(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]"
    r"(?:[\s.-]?\d\d){3}[\s.-]?[A-D]\b",
    re.IGNORECASE,
)
# 'Professor of Public Health' is a job.
TITLE_OF_PERSON = re.compile(
    r"\W*(?:Dr|Mr|Mrs|Ms|Miss|Mx|Prof|Professor|Sir|Dame|Rev|Reverend|Cllr)\b(?!\.?\s+of\b)",
    re.IGNORECASE,
)
# Of Markdown, within a number.
MARKS = str.maketrans("", "", "*_`\\")


def personal_words(text: str, *, before: str = "", field: str = "") -> dict[str, str]:
    """Return the words in `text` that may be about a person, each with what it looks like.

    Those that stood in the text `before` are left out, and telephone numbers that the
    partnership's file allows. `field` is the name of the model's field with the text.
    """
    found = {" ".join(words.split()): kind for words, kind in _found(text, field)}
    known = personal_words(before, field=field) if found and before else {}
    return {words: kind for words, kind in found.items() if words not in known}


def _found(text: str, field: str) -> Iterator[tuple[str, str]]:
    if field == JOB_TITLE and TITLE_OF_PERSON.match(text):
        yield text, PERSON
    if not SIX_DIGITS.search(text):
        return
    text = as_seen(text).translate(MARKS)
    for match in NINO.finditer(text):
        yield match[0], NATIONAL_INSURANCE
    for match in TEN_DIGITS.finditer(text):
        if nhs.is_valid(re.sub(r"\D", "", match[0])):
            yield match[0], NHS_NUMBER
    # 13 MB, for those processes alone in which somebody types a number.
    from phonenumbers import Leniency, PhoneNumberMatcher  # noqa: PLC0415

    for number in PhoneNumberMatcher(text, "GB", leniency=Leniency.VALID):
        if not settings.PARTNERSHIP.may_publish_telephone(number.raw_string):
            yield number.raw_string, TELEPHONE
