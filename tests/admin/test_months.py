"""A review month as people write it."""

from __future__ import annotations

import datetime

import pytest
from django.core.exceptions import ValidationError

from registers.admin.forms import MonthField, read_month

MARCH = datetime.date(2027, 3, 1)


@pytest.mark.parametrize(
    "text",
    [
        "March 2027",
        "march 2027",
        "MARCH, 2027",
        "Mar-2027",
        "Mar–2027",
        "mar. 2027",
        "2027-03",
        "2027/3",
        "03/2027",
        "3-2027",
        "  March   2027  ",
    ],
)
def test_a_month_is_read(text):
    assert MonthField().clean(text) == MARCH


def test_september_has_two_short_forms():
    assert read_month("Sept 2027") == read_month("Sep 2027") == datetime.date(2027, 9, 1)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        pytest.param("soon", "Write it like March 2027", id="words"),
        pytest.param("March", "Write it like March 2027", id="no year"),
        pytest.param("2027", "Write it like March 2027", id="no month"),
        pytest.param("2027-13", "Write it like March 2027", id="thirteenth month"),
        pytest.param("2027-00", "Write it like March 2027", id="month nought"),
        pytest.param("31 March 2027", "Write it like March 2027", id="a day"),
        pytest.param("March 27", "Write it like March 2027", id="short year"),
        pytest.param("Under Review", "Write it like March 2027", id="a note"),
        pytest.param("March 0207", "Write a year from 1990 to 2099", id="slip in the year"),
        pytest.param("March 2207", "Write a year from 1990 to 2099", id="too far ahead"),
        pytest.param("٣ 2027", "Write it like March 2027", id="other digits"),
    ],
)
def test_anything_else_is_refused(text, sentence):
    with pytest.raises(ValidationError, match=sentence):
        MonthField().clean(text)


def test_an_empty_box_is_no_month():
    assert MonthField(required=False).clean("") is None


def test_a_stored_month_is_shown_in_words_and_is_unchanged_when_sent_back():
    field = MonthField()
    assert field.prepare_value(MARCH) == "March 2027"
    assert field.prepare_value("soon") == "soon"
    assert not field.has_changed(MARCH, "March 2027")
