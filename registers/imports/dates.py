"""Dates as people write them: which forms are read, and whether day or month stands first."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, NamedTuple

from django.utils import timezone

from registers.imports.reading.messages import Value
from registers.models.keys import as_seen

Order = Literal["day", "month"]

# The forms of `_words`. Of two digits, the years from 69 on are those of 1900, as for Python.
WHOLE_DAYS = ("%d %b %Y", "%d %b %y", "%b %d %Y", "%Y %b %d", "%Y %m %d")
MONTHS_ALONE = ("%b %Y", "%b %y", "%m %Y", "%Y %m", "%Y %b")
NUMBERS = {"day": ("%d %m %Y", "%d %m %y"), "month": ("%m %d %Y", "%m %d %y")}

LONGEST = 60  # 'Wednesday, 30th of September 2026 12:00:00 AM' is shorter
MONTHS = [
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
]
SHORTEST_NAME = 3
_SHORT = "|".join(each[:SHORTEST_NAME] for each in MONTHS)
# What has the parts of a day or of a month, and is none where `readings` finds none.
A_DAY = re.compile(
    rf"(?:\d{{1,2}}|\d{{4}}) (?:\d{{1,2}}|{_SHORT}) (?:\d{{1,2}}|\d{{4}})"
    rf"|(?:{_SHORT}) \d{{1,2}} \d{{4}}"
)
A_MONTH = re.compile(r"\d{1,2} \d{4}|\d{4} \d{1,2}")
ISO = re.compile(r"[0-9]{4}-?[0-9]{2}-?[0-9]{2}(?:[T ].*)?")
DATE_SIGNS = re.compile(r"[0-9a-z\s\-/.,']+")
TIME = re.compile(r"[\st]+[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?(?:\s*[ap]m)?\Z")
WEEKDAY = re.compile(r"\A(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*")
NO_PART = re.compile(r"(?<=[0-9])(?:st|nd|rd|th)\b|\b(?:day|of)\b")
WORD = re.compile(r"[0-9]+|[a-z]+")
# What may stand before the month of a review: 'by the end of March 2027'.
LEAD_IN = re.compile(r"\A(?:(?:due|by|in|the|end|of|early|mid|late)\b[\s\-]*)+", re.IGNORECASE)
# And what may stand behind it: '31/03/2027 (extended)'.
IN_BRACKETS = re.compile(r"(?<=\S)\s*\(([^()]*)\)\s*\Z")
# '3/27' is a month, since no year has 27 months; '3/11' could be a day of November.
MONTH_AND_YEAR = re.compile(r"[0-9]{1,2}[/-](?:1[3-9]|[2-9][0-9])")


class Readings(NamedTuple):
    """What a text says as a date, with the day first and with the month first.

    Both are the same where the order makes no difference, and None where it says none. Of a
    month alone they are its first day, and `has_day` is False.
    """

    day: datetime.date | None = None
    month: datetime.date | None = None
    has_day: bool = True

    @property
    def is_ambiguous(self) -> bool:
        """Whether the order decides."""
        return bool(self.day and self.month and self.day != self.month)


@lru_cache(maxsize=4096)
def readings(text: str) -> Readings:
    """Return what `text` says as a date. A time of a zone is told by the register's own day."""
    if len(text) > LONGEST or not any(each.isdigit() for each in text):
        return Readings()
    seen = as_seen(text).strip()
    if ISO.fullmatch(seen):
        try:
            at = datetime.datetime.fromisoformat(seen)
        except ValueError:
            pass  # perhaps it is one of the forms below
        else:
            there = timezone.localdate(at) if at.tzinfo else at.date()
            return Readings(there, there)
    words = _words(seen)
    if day := _read(words, WHOLE_DAYS):
        return Readings(day, day)
    if month := _read(words, MONTHS_ALONE):
        return Readings(month, month, has_day=False)
    return Readings(_read(words, NUMBERS["day"]), _read(words, NUMBERS["month"]))


def month_readings(text: str) -> Readings:
    """Return the same of what says a month, perhaps in a few words: 'by the end of March 2027'.

    What follows it in brackets is passed over.
    """
    bare = IN_BRACKETS.sub("", LEAD_IN.sub("", as_seen(text).strip()))
    if MONTH_AND_YEAR.fullmatch(bare):
        month = _read(_words(bare), ("%m %y",))
        return Readings(month, month, has_day=False)
    return readings(bare)


def not_in_calendar(text: str) -> str:
    """Return 'day' or 'month' for a text that is made like one that no year has, or ''."""
    if readings(text) != Readings():
        return ""
    words = _words(as_seen(text).strip())
    if A_DAY.fullmatch(words):
        return "day"
    return "month" if A_MONTH.fullmatch(words) else ""


def _words(seen: str) -> str:
    """Return the numbers and months of a date, parted by spaces, months by three letters."""
    text = WEEKDAY.sub("", TIME.sub("", seen.casefold()))
    if not DATE_SIGNS.fullmatch(text):
        return ""
    return " ".join(map(_short, WORD.findall(NO_PART.sub("", text))))


def _short(word: str) -> str:
    """Return the three letters of a month for its name, or its beginning: 'sep' for 'sept'."""
    months = (each[:3] for each in MONTHS if each.startswith(word))
    return next(months, word) if len(word) >= SHORTEST_NAME else word


def _read(words: str, forms: Iterable[str]) -> datetime.date | None:
    for form in forms:
        try:
            return datetime.datetime.strptime(words, form).date()  # noqa: DTZ007 (a day has no zone)
        except ValueError:
            continue
    return None


@dataclass(frozen=True, kw_only=True)
class DayOrder:
    """Whether the days of a column have the day or the month first, by examples; '' for none.

    `day_first` can be read with the day first alone, `month_first` with the month first alone,
    and `ambiguous` with either. `may_be_swapped`: a spreadsheet program seems to have made days
    of texts that it read in the wrong order.
    """

    day_first: str = ""
    month_first: str = ""
    ambiguous: str = ""
    may_be_swapped: bool = False

    @property
    def verdict(self) -> Literal["day", "month", "ask", "either", "each"]:
        """What the order is. 'either': it decides nothing. 'each': that of each text.

        'ask': a person must say. One text that can only have the month first makes a question
        of all that are ambiguous, and so does it where no text tells the order.
        """
        if self.ambiguous and (self.month_first or not self.day_first):
            return "ask"
        if self.day_first and self.month_first:
            return "each"
        if self.month_first:
            return "month"
        return "day" if self.day_first else "either"

    @property
    def order(self) -> Order | None:
        """What `month_of` and `day_of` are to be given where nobody is asked."""
        verdict = self.verdict
        return verdict if verdict in {"day", "month"} else None

    @property
    def sentence(self) -> str:
        """What a person must know of the column; empty where all is plain."""
        return " ".join(self._sentences())

    def _sentences(self) -> Iterator[str]:
        if self.day_first and self.month_first:
            yield (
                f"‘{self.day_first}’ can only have the day first, and ‘{self.month_first}’ only"
                " the month."
            )
        if self.verdict == "ask":
            first = readings(self.ambiguous)
            yield (
                f"‘{self.ambiguous}’ can be {_said(first.day)} or {_said(first.month)}. Choose"
                " whether the day or the month stands first in this column."
            )
        if self.may_be_swapped:
            yield (
                "The cells that hold real dates are all of the first 12 days of a month, and"
                f" ‘{self.month_first}’ is text: a spreadsheet program may have exchanged day and"
                " month. Compare some of them with where they came from."
            )


def _said(day: datetime.date | None) -> str:
    return f"{day.day} {day:%B %Y}" if day else ""


MONTHS_OF_A_YEAR = 12


def day_order(values: Iterable[Value]) -> DayOrder:
    """Return whether day or month stands first in a column with these values."""
    first: dict[str, str] = {}
    cells: list[datetime.date] = []
    for value in values:
        if isinstance(value, datetime.date):
            cells.append(value)
        elif isinstance(value, str) and (kind := order_of_text(value)):
            first.setdefault(kind, value.strip())
    swapped = "month_first" in first and cells
    return DayOrder(
        **first,
        may_be_swapped=bool(swapped) and all(each.day <= MONTHS_OF_A_YEAR for each in cells),
    )


def order_of_text(text: str) -> str:
    """Return which example of DayOrder a text can be: 'day_first' or another; '' for none."""
    found = month_readings(text)
    if found.is_ambiguous:
        return "ambiguous"
    if found.day == found.month:
        return ""
    return "day_first" if found.day else "month_first"
