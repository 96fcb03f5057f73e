"""What is meant by one cell of a spreadsheet: a text, a month, a day, a reference."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Mapping

from registers.exports.plain_text import LINE_END, REFUSED, plain
from registers.imports.reading.limits import NOT_WORKED_OUT
from registers.imports.reading.messages import CellError, Value
from registers.models.references import (
    as_written,
    example,
    is_reference,
    looks_like,
    own_form,
    reference_key,
)
from registers.models.review_dates import FIRST_YEAR
from weisf.reference_form import MAX_DIGITS, MAX_LENGTH

LAST_YEAR = 2200
MONTHS = [
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
]
SHORT_MONTHS = [month[:3] for month in MONTHS]
# A year of two digits is how Excel writes a month into a CSV.
WORD_MONTH = re.compile(r"([A-Za-z]+)\.?[\s\-/,]*(\d{4}|\d{2})")
DAY_WORD_MONTH = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?[\s\-/]+([A-Za-z]+)\.?[\s\-/,]+(\d{4})")
YEAR_FIRST = re.compile(r"(\d{4})[-/.](\d{1,2})(?:[-/.](\d{1,2})(?:[T ]00:00(?::00)?)?)?")
YEAR_LAST = re.compile(r"(?:(\d{1,2})[-/.])?(\d{1,2})[-/.](\d{4})")
ANY_MONTH = rf"(?:{'|'.join(SHORT_MONTHS)})[a-z]*"
LIKE_A_DATE = re.compile(
    rf"\d{{4}}|\d[-/.]\d|\b{ANY_MONTH}\.?[\s\-/']*\d|\d[\s\-/]+{ANY_MONTH}\b", re.IGNORECASE
)
DASH = r"[-\u2010-\u2015:]"
NUMBER_AND_TITLE = re.compile(rf"([0-9]{{1,{MAX_DIGITS}}})\s*{DASH}\s*(.*)", re.DOTALL)
# Without a space, the dash could belong to the reference.
REFERENCE_AND_TITLE = re.compile(
    rf"([0-9A-Za-z._/-]{{1,{MAX_LENGTH}}}?)(?:\s+{DASH}|{DASH}\s)\s*(.*)", re.DOTALL
)
# As people write one in a cell: 'ISP 0046'.
KIND = re.compile(r"(?:isp|isa|dsa)[\s-]*(?=[0-9]+\Z)", re.IGNORECASE)
# A number with a letter that slipped in: '00I2', '0O12'. No title begins so.
SLIPPED = re.compile(rf"(0[0-9A-Za-z]{{2,7}})\s*{DASH}\s", re.DOTALL)
VERSION = re.compile(r"\bV\d+(?:\.\d+)*\Z")


class Refused(Exception):  # noqa: N818 (a sentence for a person)
    """A cell that cannot be right: what is wrong, and what to do."""

    def __init__(self, wrong: str, fix: str) -> None:
        super().__init__(wrong, fix)
        self.wrong, self.fix = wrong, fix


def text_of(value: Value) -> str:
    """Return what a cell says, without spaces around it, its lines ended by a line feed each.

    Raises Refused for an error value and for a character that is no text.
    """
    if value is None:
        return ""
    if isinstance(value, CellError):
        which = f": {value.shown}" if value.shown else ""
        raise Refused(
            f"This cell holds an error{which}.",
            "Correct its formula or write the value. To leave it empty, delete what is in it.",
        )
    if isinstance(value, str):
        if value == NOT_WORKED_OUT:
            raise Refused(
                "This cell is a formula whose result is not in the file.",
                "Open the file in a spreadsheet program and save it there, or write the value.",
            )
        if found := REFUSED.search(same_lines(value)):
            raise Refused(
                f"This cell holds a character that cannot be shown (U+{ord(found[0]):04X}).",
                "Delete it, or type the text again.",
            )
        return same_lines(value)
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def same_lines(text: str) -> str:
    """Return `text` without spaces around it, its lines ended by a line feed each."""
    return LINE_END.sub("\n", text).strip()


def comparable(text: str) -> str:
    """Return `text` as any spreadsheet gives it back: so a stored text is known again."""
    return plain(text).strip()


def month_of(value: Value) -> datetime.date | str | None:
    """Return the first day of the month in a cell, or its words ('Under review'), or None if empty.

    A month is written Mar-2024, March 2024, 2024-03 or 03/2024, or is a day in it.
    Raises Refused for what looks like a date and is none.
    """
    if isinstance(value, datetime.date):
        return _month(value.year, value.month)
    text = text_of(value)
    if not text:
        return None
    day = _day(text)
    if day:
        return _month(day.year, day.month)
    if LIKE_A_DATE.search(text) or not isinstance(value, str):
        raise Refused(
            f"'{text}' is not a month.",
            "Write the month and the whole year, such as Mar-2024 or 2024-03.",
        )
    return text


def day_of(value: Value) -> datetime.date | None:
    """Return the day in a cell, or None if it is empty. Raises Refused for what is no day."""
    if isinstance(value, datetime.datetime):
        return value.date()
    if isinstance(value, datetime.date):
        return value
    text = text_of(value)
    if not text:
        return None
    day = _day(text, wants_day=True)
    if day is None:
        raise Refused(f"'{text}' is not a day.", "Write it as 2024-03-31 or 31/03/2024.")
    return day


def yes_or_no_of(value: Value) -> bool | None:
    """Return the yes or no in a cell, or None if it is empty. Raises Refused for anything else."""
    text = text_of(value)
    answer = {"": None, "yes": True, "true": True, "no": False, "false": False}
    if text.casefold() not in answer:
        raise Refused(f"'{text[:50]}' is neither yes nor no.", "Enter yes or no, or nothing.")
    return answer[text.casefold()]


def choice_of(value: Value, choices: Mapping[str, str]) -> str:
    """Return the choice that a cell names by its value or its label; nothing if it is empty.

    Raises Refused for what is none of `choices`, labels by their values.
    """
    text = " ".join(text_of(value).split())
    for key, label in choices.items():
        if text.casefold() in {key.casefold(), label.casefold()}:
            return key
    if text:
        raise Refused(
            f"'{text[:50]}' is not one of the choices.", f"Enter one of: {', '.join(choices)}."
        )
    return ""


def _month(year: int, month: int) -> datetime.date:
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise Refused(
            f"{year} is no year of a review.", f"Write a year from {FIRST_YEAR} to {LAST_YEAR}."
        )
    return datetime.date(year, month, 1)


def _day(text: str, *, wants_day: bool = False) -> datetime.date | None:
    """Return the day, or the first of the month, that `text` names; None if it names none."""
    year = month = day = ""
    if found := YEAR_FIRST.fullmatch(text):
        year, month, day = found[1], found[2], found[3] or ""
    elif found := YEAR_LAST.fullmatch(text):
        year, month, day = found[3], found[2], found[1] or ""
    elif found := DAY_WORD_MONTH.fullmatch(text):
        year, month, day = found[3], _number_of(found[2]), found[1]
    elif found := WORD_MONTH.fullmatch(text):
        year, month = f"20{found[2]}"[-4:], _number_of(found[1])
    if not month or (wants_day and not day):
        return None
    try:
        return datetime.date(int(year), int(month), int(day or 1))
    except ValueError:
        return None


def _number_of(word: str) -> str:
    """Return the number of a month by its English name, whole or short; empty if it is none."""
    word = {"sept": "sep"}.get(word.lower(), word.lower())
    for names in (MONTHS, SHORT_MONTHS):
        if word in names:
            return str(names.index(word) + 1)
    return ""


def reference_of(value: Value) -> str:
    """Return the reference in a cell of its own, with zeros before it; empty if the cell is.

    A spreadsheet program may have made the number 12 of 0012. Raises Refused.
    """
    text = text_of(value)
    if not text:
        return ""
    shape = own_form()
    if not shape.is_number:
        if not is_reference(text):
            raise Refused(f"'{text}' is not a reference.", _reference_to_write())
        return as_written(text)
    digits = KIND.sub("", text)
    if not looks_like(digits) or reference_key(digits) == reference_key("0"):
        raise Refused(f"'{text}' is not a reference.", _reference_to_write())
    return as_written(digits)


def _reference_to_write() -> str:
    shape = own_form()
    if shape.is_number:
        return f"Write {shape.width} to {MAX_DIGITS} digits, such as {example()}."
    return (
        f"Write 1 to {MAX_LENGTH} letters from A to Z, digits, '-', '.', '_' or '/', with at least"
        f" one digit, such as {example()}."
    )


def reference_and_title(
    text: str, is_known: Callable[[str], bool] = lambda _: False
) -> tuple[str, str]:
    """Return the reference at the front of a title, or nothing, and the title without it.

    It is one that looks like the partnership's, or that `is_known`. Where references are
    numbers, raises Refused for one with letters in it.
    """
    shape = own_form()
    if not shape.is_number:
        found = REFERENCE_AND_TITLE.fullmatch(text)
        if found and is_reference(found[1]) and (looks_like(found[1]) or is_known(found[1])):
            return as_written(found[1]), found[2].strip()
        return "", text
    found = NUMBER_AND_TITLE.fullmatch(text)
    if found and len(found[1]) >= shape.width:
        return found[1], found[2].strip()
    if (found := SLIPPED.match(text)) and not found[1].isdigit():
        raise Refused(
            f"'{found[1]}' is not a reference: it has letters in it.", _reference_to_write()
        )
    return "", text


def version_in(title: str) -> str:
    """Return the version with which a title ends, as written ('V2.0'), or nothing."""
    found = VERSION.search(title)
    return found[0] if found else ""
