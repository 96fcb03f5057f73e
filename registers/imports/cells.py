"""What is meant by one cell of a spreadsheet: a text, a month, a day, a reference."""

from __future__ import annotations

import datetime
import re
import unicodedata
from collections.abc import Callable, Mapping

from registers.exports.plain_text import LINE_END, REFUSED, plain
from registers.imports.dates import (
    IN_BRACKETS,
    MONTHS,
    Order,
    Readings,
    month_readings,
    not_in_calendar,
    readings,
)
from registers.imports.reading.cell_names import TURNING
from registers.imports.reading.limits import NOT_WORKED_OUT
from registers.imports.reading.messages import CellError, Value
from registers.models.keys import EMOJI_JOINERS, as_seen, is_invisible, key_of
from registers.models.references import (
    as_written,
    example,
    is_reference,
    looks_like,
    own_form,
    reference_key,
)
from registers.models.review_dates import FIRST_YEAR, LAST_YEAR, last_day
from weisf.reference_form import MAX_DIGITS, MAX_LENGTH

# Workbooks count days. These are of 1982 to 2100, and no year is as large.
SERIAL_BEGAN, FIRST_SERIAL, LAST_SERIAL = datetime.date(1899, 12, 30), 30_000, 73_050
SHOWN_CHARACTERS = 60
SEEN = re.compile(f"[{EMOJI_JOINERS}]|{TURNING.pattern}")
ANY_MONTH = rf"(?:{'|'.join(month[:3] for month in MONTHS)})[a-z]*"
# What people write where there is nothing to write, and where it is not known yet.
NOTHING = {"-", "--", "n/a", "n.a", "na", "none", "nil", "not applicable"}
NOT_KNOWN_YET = {"tbc", "tba", "tbd", "t.b.c", "t.b.a", "?"}
LIKE_A_DATE = re.compile(
    rf"\d{{4}}|\d[-/.]\d|\b{ANY_MONTH}\.?[\s\-/']*\d|\d[\s\-/]+{ANY_MONTH}\b", re.IGNORECASE
)
DASH = r"[-\u2010-\u2015:]"
NUMBER_AND_TITLE = re.compile(rf"([0-9]{{1,{MAX_DIGITS}}})\s*{DASH}\s*(.*)", re.DOTALL)
# Without a space, the dash could belong to the reference. Word's hyphens are as good as any.
REFERENCE_AND_TITLE = re.compile(
    rf"([0-9A-Za-z._/\u2010\u2011-]{{1,{MAX_LENGTH}}}?)(?:\s+{DASH}|{DASH}\s)\s*(.*)", re.DOTALL
)
# As people write one in a cell: 'ISP 0046', '#45', 'No. 45'.
KIND = re.compile(r"(?:isp|isa|dsa)[\s-]*(?=[0-9]+\Z)", re.IGNORECASE)
NUMBER_SIGN = re.compile(r"(?:[#№]|(?:no|nr|ref)[.:\s])[.:\s]*(?=[0-9])", re.IGNORECASE)
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
        text = same_lines(value)
        if not text.isprintable() and (found := REFUSED.search(text)):
            raise Refused(
                f"This cell holds a character that cannot be shown (U+{ord(found[0]):04X}).",
                "Delete it, or type the text again.",
            )
        return text
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def same_lines(text: str) -> str:
    """Return `text` without spaces around it, its lines ended by a line feed each."""
    # Most texts are of one line, and this check is fast.
    return (text if text.isprintable() else LINE_END.sub("\n", text)).strip()


def visible(text: str) -> str:
    """Return `text` without the characters that nobody sees.

    What joins an emoji stays, and what turns the letters after it round.
    """
    if text.isascii():
        return text
    return "".join(each for each in text if not is_invisible(each) or SEEN.match(each))


def comparable(text: str) -> str:
    """Return `text` as any spreadsheet gives it back: so a stored text is known again."""
    return plain(text).strip()


def are_same(one: str, other: str) -> bool:
    """Return whether two texts are the same in any spreadsheet."""
    return one == other or comparable(one) == comparable(other)


def says_nothing(text: str) -> bool:
    """Return whether the words stand for nothing: '-', 'N/A', 'None'."""
    return key_of(text).rstrip(".") in NOTHING


def month_of(value: Value, order: Order | None = None) -> datetime.date | str | None:
    """Return the first day of the month in a cell, or its words ('Under review'), or None if empty.

    It is a month or a day in it, in any form that is not ambiguous: imports/dates.py. `order`
    says what stands first in its column; None: the one that is possible, else the day. '-', 'N/A'
    and 'TBC' are as empty. Raises Refused for what looks like a date and is none.
    """
    if isinstance(value, datetime.date):
        return _month(value)
    text = _unless_nothing(value)
    if not text:
        return None
    if day := _in_order(month_readings(text), order, text):
        return _month(day)
    if LIKE_A_DATE.search(as_seen(text)) or not isinstance(value, str):
        raise _no_date(
            text, "a month", "Write the month and the whole year, such as Mar-2024 or 2024-03."
        )
    return visible(text)


def review_of(value: Value, order: Order | None = None) -> tuple[datetime.date | None, str]:
    """Return the month of a review and the note on it, as `month_of` reads them.

    The note is the words in a month's place, or those in brackets behind it.
    """
    found = month_of(value, order)
    if isinstance(found, str):
        return None, found
    behind = IN_BRACKETS.search(value) if found and isinstance(value, str) else None
    return found, visible(text_of(behind[1])) if behind else ""


def day_of(value: Value, order: Order | None = None) -> datetime.date | None:
    """Return the day in a cell, or None if it is empty. Raises Refused for what is no day.

    `order` is as for `month_of`.
    """
    if isinstance(value, datetime.datetime):
        return value.date()
    if isinstance(value, datetime.date):
        return value
    text = _unless_nothing(value)
    if not text:
        return None
    found = readings(text)
    day = _in_order(found, order, text) if found.has_day else None
    if day is None:
        raise _no_date(text, "a day", "Write it as 2024-03-31 or 31/03/2024.")
    return day


def last_day_of(value: Value, order: Order | None = None) -> datetime.date | None:
    """Return the day in a cell, or of a month alone its last one; None where it says neither.

    `order` is as for `month_of`. Raises Refused as that does.
    """
    month = month_of(value, order)
    if not isinstance(month, datetime.date):
        return None
    try:
        return day_of(value, order)
    except Refused:
        return last_day(month)


def _unless_nothing(value: Value) -> str:
    """Return what a cell says; empty where that is 'none', 'to be confirmed' and the like."""
    text = text_of(value)
    unknown = key_of(text).rstrip(".") in NOTHING | NOT_KNOWN_YET
    return "" if unknown else text


def _in_order(found: Readings, order: Order | None, text: str) -> datetime.date | None:
    """Return the day that is meant. Raises Refused for one of the other order."""
    if order is None:
        return found.day or found.month
    day = found.day if order == "day" else found.month
    if not day and (found.day or found.month):
        raise Refused(
            f"'{text}' cannot have the {order} first, as the rest of its column has.",
            "Write the month as a word, such as 31 March 2024.",
        )
    return day


def _no_date(text: str, what: str, fix: str) -> Refused:
    """Return why `text` is not `what`, with the characters in it that nobody sees."""
    shown = "".join(each for each in text if not is_invisible(each))
    wrong = f"'{shown[:SHOWN_CHARACTERS]}' is not {what}."
    if kind := not_in_calendar(text):
        wrong = f"There is no such {kind} as '{shown[:SHOWN_CHARACTERS]}'."
    for character in sorted(set(text) - set(shown)):
        name = unicodedata.name(character, "a control character").lower()
        wrong += f" It holds a character that nobody sees: U+{ord(character):04X}, {name}."
    if text.isdigit() and FIRST_SERIAL <= int(text) <= LAST_SERIAL:
        day = SERIAL_BEGAN + datetime.timedelta(days=int(text))
        fix = f"If it stands for {day.day} {day:%B %Y}, format the cell as a date. {fix}"
    return Refused(wrong, fix)


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


def _month(day: datetime.date) -> datetime.date:
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise Refused(
            f"{day.year} is no year of a review.",
            f"Write a year from {FIRST_YEAR} to {LAST_YEAR}.",
        )
    return datetime.date(day.year, day.month, 1)


def reference_of(value: Value) -> str:
    """Return the reference in a cell of its own; empty if the cell is.

    A spreadsheet program may have made the number 12 of 0012, which has its zeros again. Where
    references are no numbers they are kept as written, but with a hyphen for spaces, which none
    can have. Raises Refused.
    """
    text = _unless_nothing(value)
    bare = as_seen(NUMBER_SIGN.sub("", visible(text))).strip()
    if not bare:
        return ""
    if own_form().is_number:
        digits = KIND.sub("", bare)
        # ISA-012 is a reference of somebody else's, and ISP 12 one of ours.
        if bare.casefold().startswith("isp") or len(digits) >= own_form().width:
            bare = digits
        fits = looks_like(bare) and reference_key(bare) != reference_key("0")
    else:
        bare = re.sub(r"\s*-\s*|\s+", "-", bare)
        fits = is_reference(bare)
    if not fits:
        raise Refused(f"'{text[:SHOWN_CHARACTERS]}' is not a reference.", _reference_to_write())
    return as_written(bare)


def _reference_to_write() -> str:
    shape = own_form()
    if shape.is_number:
        return (
            f"Write {shape.width} to {MAX_DIGITS} digits, such as {example()}. If the references of"
            " this partnership look otherwise, ask its administrator to set their form."
        )
    return (
        f"Write 1 to {MAX_LENGTH} letters from A to Z, digits, '-', '.', '_' or '/', with at least"
        f" one digit, such as {example()}."
    )


def reference_and_title(
    text: str, is_known: Callable[[str], bool] = lambda _: False
) -> tuple[str, str]:
    """Return the reference at the front of a title, or nothing, and the title without it.

    It is one that looks like the partnership's, or that `is_known` to be one or like one. Where
    references are numbers, raises Refused for one with letters in it.
    """
    shape, seen = own_form(), visible(text)
    if not shape.is_number:
        found = REFERENCE_AND_TITLE.fullmatch(seen)
        first, _, rest = seen.partition(" ")
        # A number of its own may begin any title: '16 homes'.
        ways = [found.groups()] if found else []
        ways += [(first, rest)] if first.lower() != first.upper() else []
        for written, title in ways:
            reference = as_seen(written)
            if is_reference(reference) and (looks_like(reference) or is_known(reference)):
                return as_written(reference), title.strip()
        return "", text
    found = NUMBER_AND_TITLE.fullmatch(seen)
    if found and len(found[1]) >= shape.width:
        return found[1], found[2].strip()
    if (found := SLIPPED.match(seen)) and not found[1].isdigit():
        raise Refused(
            f"'{found[1]}' is not a reference: it has letters in it.", _reference_to_write()
        )
    return "", text


def front_of_title(title: str) -> str:
    """Return what can be a reference of some register before a dash in a title, or nothing."""
    found = REFERENCE_AND_TITLE.fullmatch(visible(title))
    front = as_seen(found[1]) if found else ""
    return front if is_reference(front) else ""


def version_in(title: str) -> str:
    """Return the version with which a title ends, as written ('V2.0'), or nothing."""
    found = VERSION.search(title)
    return found[0] if found else ""
