"""What the boxes of a form hold, as a browser sends it, and what they say to a person."""

from __future__ import annotations

import datetime

import pytest
from django import forms

from registers.admin.field_text import display_value, initial_values, normalised
from registers.admin.forms import MonthField
from registers.models import Protocol, Theme
from tests.admin.typing_in import address
from tests.admin.typing_in import boxes as drawn_boxes


class Everything(forms.Form):
    title = forms.CharField()
    ticked = forms.BooleanField()
    known = forms.NullBooleanField()
    month = MonthField()
    theme = forms.ModelChoiceField(Theme.objects.all())


FIELDS = Everything().fields
DRAWN = {
    "text": ("title", "A <b>", "A <b>"),
    "nothing": ("title", None, ""),
    "ticked": ("ticked", True, "on"),
    "not ticked": ("ticked", False, ""),
    "yes": ("known", True, "true"),
    "unknown": ("known", None, "unknown"),
    "a month": ("month", datetime.date(2027, 3, 1), "March 2027"),
}
SAID = {
    "ticked": ("ticked", "on", "Yes"),
    "not ticked": ("ticked", "", "No"),
    "no": ("known", "false", "No"),
    "unknown": ("known", "unknown", ""),
    "another thing that is none": ("theme", "99999", "99999"),
    "no other thing": ("theme", "", ""),
}
SAME = {
    "line ends": ("title", "one\r\ntwo ", "one\ntwo"),
    "a month": ("month", "03/2027", "March 2027"),
    "what is no month": ("month", " soon", "soon"),
    "unknown": ("known", "unknown", ""),
}


@pytest.mark.parametrize(("name", "value", "box"), DRAWN.values(), ids=DRAWN)
def test_drawn(name, value, box):
    assert initial_values(Everything(initial={name: value}), [name]) == {name: box}


@pytest.mark.parametrize(("name", "box", "said"), SAID.values(), ids=SAID)
def test_said(db, name, box, said):
    assert display_value(FIELDS[name], box) == said


@pytest.mark.parametrize(("name", "one", "other"), SAME.values(), ids=SAME)
def test_the_same(name, one, other):
    assert normalised(FIELDS[name], one) == normalised(FIELDS[name], other)


def test_more_rows_than_can_be_counted_are_no_fault(real_register, officers_door):
    url = address("protocol", "change", "0046")
    typed = {"title": "Mine", "edit_token": "", "parties-TOTAL_FORMS": "9" * 5000}
    response = officers_door.post(url, drawn_boxes(officers_door, url) | typed)
    assert response.status_code == 409
    assert Protocol.objects.get(pk="0046").title != "Mine"
