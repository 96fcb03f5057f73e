"""Dates as people write them, and whether the day or the month of a column stands first."""

from __future__ import annotations

import datetime

import pytest

from registers.imports.cells import Refused, day_of, month_of, review_of
from registers.imports.dates import day_order

MARCH = datetime.date(2027, 3, 1)
LAST = datetime.date(2027, 3, 31)
# All name that day, whatever its column's order.
DAYS = (
    *("31/03/2027", "31.03.2027", "31-03-2027", "31/03/27", "31.3.27", "03/31/2027"),
    *("31st March 2027", "31 March 2027", "March 31, 2027", "Mar 31 2027", "31st of March, 2027"),
    *("Wednesday, 31 March 2027", "Wednesday 31st March 2027", "Wed 31 Mar 2027", "31Mar2027"),
    *("31-Mar-27", "31 Mar 27", "2027-03-31", "20270331", "2027/3/31", "2027 March 31"),
    *("2027-03-31T00:00:00Z", "2027-03-31 00:00:00", "31/03/2027 00:00", "2027-03-31T00:00"),
    *("3/31/2027 12:00:00 AM", "\u200b31/03/2027", "31/03/2027\u200b", "31\u201103\u20132027"),
    # As SharePoint has the first moment of a day of summer.
    "2027-03-30T23:00:00Z",
)
MONTHS = (
    *DAYS,
    *("Mar-2027", "March 2027", "2027-03", "03/2027", "3/2027", "mar 2027", "MARCH, 2027"),
    *("2027/03", "2027.3", " Mar-2027 ", "Mar.2027", "Mar-27", "Mar 27", "Mar '27", "Mar\u201927"),
    *("March2027", "2027 March", "2027-Mar", "3 2027", "Mar/2027", "Mar. 2027", "Mar\xa02027"),
    *("Mar\u20132027", "Mar\u20112027", "\u200bMar-2027", "Mar-2027\u200b", "Mar\u00ad-2027"),
    *("by March 2027", "End of March 2027", "Due by the end of March 2027", "mid-March 2027"),
    *("by 31/03/2027", datetime.date(2027, 3, 31), 20270331, "3/27", "03-27", "3/27 (extended)"),
    *("31/03/2027 (extended)", "31/03/2027(see note) ", "by March 2027 (was June 2026)"),
    datetime.datetime(2027, 3, 31, 14, 30),  # noqa: DTZ001 (a cell's)
)
OTHERS = {
    "Sept-2027": datetime.date(2027, 9, 1),
    "Sept. 2027": datetime.date(2027, 9, 1),
    "May 2027": datetime.date(2027, 5, 1),
    "03/04/2027": datetime.date(2027, 4, 1),
    "3/4/27": datetime.date(2027, 4, 1),
    **dict.fromkeys(["", "-", "\u2013", "n/a", "N/A", "TBC", "tbc.", "None", "?"]),
}
WORDS = (
    *("Under Review", "To be confirmed, see note", "In phase 2", "Annually", "Not yet signed"),
    *("12 months from signing", "ongoing", "Expired"),
)


@pytest.mark.parametrize("cell", MONTHS)
def test_a_month(cell):
    assert month_of(cell) == MARCH


@pytest.mark.parametrize(("cell", "month"), OTHERS.items(), ids=OTHERS)
def test_other_months_and_none(cell, month):
    assert month_of(cell) == month


@pytest.mark.parametrize("cell", WORDS)
def test_words_are_the_note(cell):
    assert month_of(cell) == cell
    assert month_of(f"\u200b{cell}") == cell


@pytest.mark.parametrize(
    "cell",
    [
        *("2024-13", "13/2024", "24-Mar", "Mar 243", "Mrach 2024", "31/02/2027", "2027", "3/11"),
        *(
            "13/27",
            "00/00/0000",
            "1/1/1900",
            "2027-02-30",
            "Mawrth 2027",
            "mars 2027",
            "Márch 2027",
        ),
        *("Q1 2027", "Spring 2027", "FY 2026/27", "(extended) 31/03/2027", "€31/03/2027"),
        *("Reviewed March 2024, next March 2027", "May 2099999", "Mar-1066", "Mar-9999"),
        *("46112", 46_112, 45_000.5, 2027, True, datetime.time(3, 27), "31/03/2027 " * 9),
    ],
)
def test_no_month(cell):
    with pytest.raises(Refused):
        month_of(cell)


@pytest.mark.parametrize(
    ("cell", "seen"),
    [
        ("31/02/2027", "'31/02/2027'"),
        ("31/\u200b02/2027", "U+200B, zero width space"),
        ("31/02\u202e/2027", "U+202E, right-to-left override"),
    ],
)
def test_a_refusal_says_what_was_seen(cell, seen):
    for read in (month_of, day_of):
        with pytest.raises(Refused) as refusal:
            read(cell)
        assert "'31/02/2027'" in refusal.value.wrong
        assert seen in refusal.value.wrong


@pytest.mark.parametrize(
    ("cell", "kind"),
    [
        *((each, "day") for each in ("31/02/2027", "2027-02-30", "30 Feb 2027", "Feb 30, 2027")),
        *(("00/00/0000", "day"), ("32/1/27", "day"), ("13/2027", "month"), ("2027-13", "month")),
    ],
)
def test_what_no_calendar_has_is_called_so(cell, kind):
    with pytest.raises(Refused, match=f"no such {kind} as '{cell}'"):
        month_of(cell)


@pytest.mark.parametrize(
    ("cell", "month", "note"),
    [
        ("31/03/2027 (extended)", MARCH, "extended"),
        ("Mar-2027 ( see\u200b 0012 )", MARCH, "see 0012"),
        *(("Mar-2027", MARCH, ""), ("Mar-2027 ()", MARCH, ""), (LAST, MARCH, "")),
        *(
            ("Under review (late)", None, "Under review (late)"),
            ("TBC", None, ""),
            (None, None, ""),
        ),
    ],
)
def test_words_in_brackets_behind_a_month_are_its_note(cell, month, note):
    assert review_of(cell) == (month, note)


@pytest.mark.parametrize("cell", [46_112, "46112", 46_112.0])
def test_the_number_of_a_day_is_told_from_other_numbers(cell):
    with pytest.raises(Refused) as refusal:
        month_of(cell)
    assert "31 March 2026" in refusal.value.fix


@pytest.mark.parametrize("cell", [*DAYS, LAST, datetime.datetime(2027, 3, 31, 1)])  # noqa: DTZ001
def test_a_day(cell):
    assert day_of(cell) == LAST


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        *((None, None), ("-", None), ("N/A", None), ("03/04/2027", datetime.date(2027, 4, 3))),
        # A year of two digits is the one that is near.
        *(("31/12/98", datetime.date(1998, 12, 31)), ("1 Jan 68", datetime.date(2068, 1, 1))),
    ],
)
def test_no_day_and_other_days(cell, day):
    assert day_of(cell) == day


@pytest.mark.parametrize("cell", ["2024-03", "March 2024", "soon", "32/01/2024", "by 31/03/2027"])
def test_what_is_no_day_is_refused(cell):
    with pytest.raises(Refused):
        day_of(cell)


def test_the_order_of_a_column_decides():
    assert month_of("03/04/2027", "month") == MARCH
    assert day_of("03/04/2027", "month") == datetime.date(2027, 3, 4)
    assert day_of("03/04/2027", "day") == datetime.date(2027, 4, 3)
    assert day_of("03/31/2027", "month") == day_of("2027-03-31", "month") == LAST
    for cell, order in (("03/31/2027", "day"), ("31/03/2027", "month")):
        with pytest.raises(Refused, match=order):
            day_of(cell, order)


DAY, MONTH, BOTH = "31/03/2027", "03/31/2027", "03/04/2027"
ORDERS = {
    "either": [
        ["Mar-2027", LAST, "2027-04-03", "4/4/2027", "soon", None, 12, "31/02/2027", "3/27"],
        None,
    ],
    "day": [[f"{DAY} (extended)", BOTH, "12/01/2026"], "day"],
    "month": [["by 3/31/27", "04/04/2027"], "month"],
    "each": [[DAY, MONTH, "2/2/2027"], None],
    "ask": [[BOTH, "12/01/2026"], None],
}


@pytest.mark.parametrize(("verdict", "column"), ORDERS.items(), ids=ORDERS)
def test_what_stands_first_in_a_column(verdict, column):
    values, order = column
    found = day_order(values)
    assert (found.verdict, found.order) == (verdict, order)
    assert bool(found.sentence) == (verdict in {"ask", "each"})


@pytest.mark.parametrize("values", [[MONTH, BOTH, "12/01/2026"], [DAY, BOTH, MONTH]])
def test_one_month_before_its_day_makes_a_question_of_all_that_are_ambiguous(values):
    found = day_order(values)
    assert (found.verdict, found.order, found.ambiguous) == ("ask", None, BOTH)
    assert "3 April 2027 or 4 March 2027" in found.sentence
    assert (DAY in found.sentence) == (DAY in values)


def test_days_that_a_program_exchanged_are_told():
    early = datetime.date(2027, 4, 3)
    assert day_order([MONTH, early]).may_be_swapped
    assert "exchanged" in day_order([MONTH, early]).sentence
    assert not day_order([MONTH, early, LAST]).may_be_swapped
    assert not day_order([DAY, early]).may_be_swapped
