"""Random questions, of the rich register."""

from __future__ import annotations

import datetime
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict
from django.utils.text import slugify
from hypothesis import strategies as st

from registers.search.results import Results
from tests.makers import DAY, EMPTY_THEME, NO_PART, ORGANISATIONS, PURPOSE_WORDS, THEMES
from tests.search.slowly import REVIEWS, ROLES, STATUSES

SORTS = ("theme", "reference", "title", "review", "-review", "relevance")
# Ends of months and of short ones, a leap day, and days far away.
DAYS = [
    DAY,
    *(datetime.date(2026, 11, day) for day in (1, 29, 30)),
    *(datetime.date(2026, 12, 1), datetime.date(2027, 2, 28), datetime.date(2028, 2, 29)),
    *(datetime.date(2020, 1, 1), datetime.date(2040, 1, 1)),
]
MONTHS = [f"{year}-{month:02}" for year in (2025, 2026, 2027) for month in range(1, 13)]
PIECES = (
    *PURPOSE_WORDS,
    *("CHILD", "child youth", "tax"),
    *("9", "900", "9012", "ISP 9012", "%", "_", "\\", "'", '"', "dept.", "licnuoc", "zzzz"),
    *("-child", "-youth", '"adult child"', "chi", "hou"),  # too short to be mended
    *(name for names in ORGANISATIONS.values() for name in names),
    *ORGANISATIONS,
)


def some_of(*values: str) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(values), min_size=1, max_size=3, unique=True)


PARTS: dict[str, st.SearchStrategy[Any]] = {
    "q": st.lists(st.sampled_from(PIECES), min_size=1, max_size=2).map(" ".join)
    | st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=2),
    "theme": some_of(*(slugify(name) for name in (*THEMES, EMPTY_THEME))),
    "organisation": some_of(*(slugify(name) for name in (*ORGANISATIONS, NO_PART))),
    "role": st.sampled_from(ROLES),
    "with": some_of(*(slugify(name) for name in (*ORGANISATIONS, NO_PART))),
    "through": st.sampled_from(("any", "own")),
    "review": some_of(*REVIEWS),
    "review_from": st.sampled_from(MONTHS),
    "review_to": st.sampled_from(MONTHS),
    "status": st.sampled_from(STATUSES),
    "sort": st.sampled_from(SORTS),
    "page": st.sampled_from(("1", "2", "3")),
}


def _in_order(asked: dict[str, Any]) -> bool:
    return asked.get("review_from", "") <= asked.get("review_to", "9999-12") and not (
        set(asked.get("organisation", ())) & set(asked.get("with", ()))
    )


def questions() -> st.SearchStrategy[dict[str, Any]]:
    """Questions of a few parts, for with all of them nothing is ever found.

    Half of them are about organisations.
    """
    names = st.lists(st.sampled_from(list(PARTS)), max_size=4, unique=True)
    about = st.sets(st.sampled_from(("role", "with", "through", "status", "theme")), max_size=3)
    names |= about.map(lambda few: ["organisation", *sorted(few)])
    asked = names.flatmap(lambda few: st.fixed_dictionaries({name: PARTS[name] for name in few}))
    return asked.filter(_in_order)


def query_string(asked: dict[str, Any]) -> str:
    return urlencode(asked, doseq=True)


def results_of(query: str, on: datetime.date = DAY) -> Results:
    return Results(QueryDict(query), on=on)
