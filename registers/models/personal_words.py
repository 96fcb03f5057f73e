"""Words in public text that may be about a person, and are asked about when they are saved."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

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
DIGITS, FEWEST_DIGITS = b"0123456789", 6
SIX_DIGITS = re.compile(r"(?:\d[\W_]*){6}")
TEN_DIGITS = re.compile(
    r"(?:(?<!\w)|(?<=NHS)|(?<=\bno))(?<!\d[\s./-])(?<!\d[\s./-]{2})"
    r"\d{3}[\s./-]{0,2}\d{3}[\s./-]{0,2}\d{4}(?![\s./-]{0,2}\d|\w)",
    re.IGNORECASE,
)
# HMRC's manual NIM39110: letters that neither or the second cannot be, prefixes that are not
# used, six digits, and a letter from A to D.
NINO = re.compile(
    r"\b(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]"
    r"(?:(?:[\s./-]{0,2}\d\d){3}|(?:[\s./-]{0,2}\d{3}){2})[\s./-]{0,2}[A-D]\b",
    re.IGNORECASE,
)
# 'Professor of Public Health' is a job, and so are 'DR manager' and 'MS Office lead'.
TITLE_OF_PERSON = re.compile(
    r"\W*(?:[Dd]r|[Mm][rsx]|(?i:Mrs|Miss|Prof|Professor|Sir|Dame|Rev|Reverend|Cllr))\b"
    r"(?!\.?\s+(?i:of)\b)"
)
# Of Markdown, within a number.
MARKS = str.maketrans("_", " ", "*`\\")
# What may be a British number: the library reads '9-5 020 7946 0958' as one number, and refuses it.
AT_SPACE = re.compile(r"(?<!\S)(?=(\(?(?:\+44|0[1-9])[\d ()./-]{6,18}(?!\d)))")
# References in a row (0046 0012 0036), a date with a number behind it, and a company's number.
NO_TELEPHONE = re.compile(r"00(?!44)\d{2,6}\b|\d\d([./-])\d\d\1(?:19|20)\d\d\b|\d{8}\Z")
# A text of nothing but digits would take seconds.
MOST_TRIED = 1_000


def personal_words(text: str, *, before: str = "", field: str = "") -> dict[str, str]:
    """Return the words in `text` that may be about a person, each with what it looks like.

    Those that stood in the text `before` are left out, and telephone numbers that the
    partnership's file allows. `field` is the name of the model's field with the text.
    """
    found = {" ".join(words.split()): kind for words, kind in _found(text, field)}
    known = personal_words(before, field=field) if found and before else {}
    return {words: kind for words, kind in found.items() if words not in known}


def _found(text: str, field: str) -> Iterator[tuple[str, str]]:
    if field == JOB_TITLE and TITLE_OF_PERSON.match(text.title() if text.isupper() else text):
        yield text, PERSON
    if text.isascii():  # most texts, and counted at once
        plain = text.encode()
        if len(plain) - len(plain.translate(None, DIGITS)) < FEWEST_DIGITS:
            return
    if not SIX_DIGITS.search(text):
        return
    text = " ".join(as_seen(text).translate(MARKS).split())
    for match in NINO.finditer(text):
        yield match[0], NATIONAL_INSURANCE
    for match in TEN_DIGITS.finditer(text):
        if nhs.is_valid(re.sub(r"\D", "", match[0])):
            yield match[0], NHS_NUMBER
    for number in _telephones(text):
        if not settings.PARTNERSHIP.may_publish_telephone(number):
            yield number, TELEPHONE


def _telephones(text: str) -> Iterator[str]:
    found = set[int]()
    for match in _matches(text):
        found.update(range(match.start, match.end))
        yield match.raw_string
    for piece in islice(AT_SPACE.finditer(text), MOST_TRIED):
        if piece.start() in found:
            continue
        ends = [digits.end() for digits in re.finditer(r"\d+", piece[1])]
        tried = (each for end in reversed(ends) for each in _matches(piece[1][:end], 1))
        for match in islice(tried, 1):
            found.update(range(piece.start() + match.start, piece.start() + match.end))
            yield match.raw_string


def _matches(text: str, max_tries: int = MOST_TRIED) -> Iterator[Any]:
    # 13 MB, for those processes alone in which somebody types a number.
    from phonenumbers import Leniency, PhoneNumberMatcher  # noqa: PLC0415

    found = PhoneNumberMatcher(text, "GB", leniency=Leniency.VALID, max_tries=max_tries)
    return (each for each in found if not NO_TELEPHONE.match(each.raw_string))
