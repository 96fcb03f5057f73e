"""Rows with one cell filled: the theme of the protocols below, or a protocol with a title alone."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
import xlsxwriter
from django.core.management import CommandError, call_command

from registers.models import Protocol

pytestmark = [pytest.mark.both_databases, pytest.mark.usefixtures("real_register", "today")]

KNOWN = "Safer Community"
FULL = ("Lending", "To lend.")
FIRST, LAST = ("Schools", "To teach."), ("Streets", "To clean.")
COLUMNS = {"Title": "title", "Purpose": "purpose"}


@pytest.fixture
def imported(tmp_path):
    """Import rows by the command: what it says, and the titles with their themes."""

    def do(*rows: tuple[str, ...], merged: str = "", columns: Any = COLUMNS):
        file, mapping = tmp_path / "ours.xlsx", tmp_path / "ours.json"
        mapping.write_text(json.dumps({"columns": columns, "theme_from": "band"}))
        with xlsxwriter.Workbook(file) as book:
            sheet = book.add_worksheet()
            for at, row in enumerate([tuple(columns), *rows]):
                sheet.write_row(at, 0, row)
                if merged and row[0] == merged:
                    sheet.merge_range(at, 0, at, 1, row[0])
        out = io.StringIO()
        try:
            call_command("import_register", file, "--mapping", mapping, "--new-themes", stdout=out)
        except CommandError as refusal:
            out.write(str(refusal))
        new = Protocol.objects.filter(reference__gt="0073").order_by("reference")
        return out.getvalue(), [(each.title, str(each.theme or "")) for each in new]

    return do


@pytest.mark.parametrize(
    ("rows", "merged", "found"),
    [
        # A theme that is known is one, also with nothing below it.
        ([(KNOWN,), FULL, ("Health and Wellbeing (7)",)], "", [("Lending", KNOWN)]),
        # Merged cells are a heading, and show that the other one is none.
        (
            [("Culture",), FIRST, ("Homes",), LAST],
            "Culture",
            [("Schools", "Culture"), ("Homes", "Culture"), ("Streets", "Culture")],
        ),
        # A title with a reference is one.
        (
            [(KNOWN,), FIRST, ("0901 - Homes",), LAST],
            "",
            [("Schools", KNOWN), ("Streets", KNOWN), ("Homes", KNOWN)],
        ),
    ],
)
def test_what_the_sheet_shows_decides(imported, rows, merged, found):
    told, titles = imported(*rows, merged=merged)
    assert titles == found
    assert "nothing but a title" not in told


def test_themes_stand_in_another_column_than_titles(imported):
    columns = {"Area": "left_out"} | COLUMNS
    rows = [("Culture",), ("", *FIRST), ("", "Homes"), ("", *LAST)]
    _, titles = imported(*rows, columns=columns)
    assert titles == [("Schools", "Culture"), ("Homes", "Culture"), ("Streets", "Culture")]
    columns = {"Ref": "reference"} | COLUMNS
    rows = [("Trade",), ("0910", *FULL), ("0061",), ("0911", *LAST)]
    told, titles = imported(*rows, columns=columns)
    assert titles[-2:] == [("Lending", "Trade"), ("Streets", "Trade")]
    assert "0061" in told


def test_new_themes_that_may_be_titles_are_told(imported):
    told, titles = imported(("Culture",), FIRST, ("Homes",), LAST)
    assert titles == [("Schools", "Culture"), ("Streets", "Homes")]
    assert "rows 2 and 4 hold one name alone, and were read as themes: ‘Culture’, ‘Homes’." in told
    told, _ = imported((KNOWN,), FULL, ("Trade",), LAST)
    assert "ow 4 holds one name alone, and was read as a theme: ‘Trade’." in told
    many = [row for n in range(7) for row in ((f"Theme {n}",), (f"Homes {n}", "To house."))]
    assert "‘Theme 4’, 2 more." in imported(*many)[0]


def test_what_can_be_either_is_refused_with_what_to_do(imported):
    told, titles = imported((KNOWN,), FIRST, ("Homes",), ("Culture",), LAST, ("Parks",))
    assert titles == [("Schools", KNOWN), ("Streets", "Culture")]
    assert "rows 4 and 7: The title stands alone" in told
