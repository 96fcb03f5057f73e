"""The rows that were refused: listed by kind, downloaded with the reasons, corrected, uploaded."""

from __future__ import annotations

import datetime
import io
from typing import Any

import pytest
from django.test import Client
from openpyxl import Workbook, load_workbook

from registers.imports.mapping.kinds import REASON_HEADING
from registers.imports.mapping.layout import row_words
from registers.imports.spreadsheet.plan import Line, Outcome, Problem
from registers.imports.spreadsheet.report import refusals
from registers.models import ImportJob, Protocol
from tests.admin.typing_in import boxes
from tests.imports.uploading import (
    a_row,
    apply,
    counted,
    leads_to,
    send,
    shown,
    typed,
    uploaded,
)

pytestmark = pytest.mark.usefixtures("real_register")


DAY = datetime.datetime(2027, 1, 1)  # noqa: DTZ001 (a spreadsheet knows no zone)


def workbook(**sheets: list[list[Any]]) -> bytes:
    book, file = Workbook(), io.BytesIO()
    book.remove(book.active)
    for name, rows in sheets.items():
        page = book.create_sheet(name)
        for row in rows:
            page.append(row)
    book.save(file)
    return file.getvalue()


def refused(door: Client, address: str) -> tuple[bytes, dict[str, list[list[Any]]]]:
    """Return the workbook of refused rows, and what is in it: values, and no formula."""
    answer = door.get(f"{address}refused/")
    assert "refused rows.xlsx" in answer.headers["Content-Disposition"]
    book = load_workbook(io.BytesIO(answer.content))
    cells = [cell for page in book for row in page for cell in row]
    assert {cell.data_type for cell in cells} <= {"s", "n", "d", "b"}
    return answer.content, {
        page.title: [list(row) for row in page.iter_rows(values_only=True)] for page in book
    }


def test_rows_are_corrected_and_uploaded_again(officers_door):
    rows = [a_row("Good"), a_row("0012 - One"), a_row("0012 - Two"), a_row("=1+1 Bad month")]
    rows[3] = (*rows[3][:-1], "13-2027")
    address = uploaded(officers_door, typed(*rows), "live.csv")
    assert counted(officers_door, address)["refused"] == 3
    words = shown(officers_door, address)
    assert "3 rows refused" in words
    assert "Column F, row 5." in words
    content, sheets = refused(officers_door, address)
    ((heads, *found),) = sheets.values()
    assert heads[-1] == REASON_HEADING
    assert [row[1] for row in found] == ["0012 - One", "0012 - Two", "=1+1 Bad month"]
    assert "more than once" in found[0][-1]
    leads_to(apply(officers_door, address))
    again = uploaded(officers_door, content, "live - refused rows.xlsx")
    assert counted(officers_door, again)["refused"] == 3
    assert REASON_HEADING not in shown(officers_door, again)
    corrected = [heads, [*found[0][:5], "Jun-2028", found[0][-1]], found[2]]
    corrected[2][1], corrected[2][5] = "Bad month", datetime.date(2027, 12, 1)
    again = uploaded(officers_door, workbook(Rows=corrected), "corrected.xlsx")
    assert counted(officers_door, again)["changed"] == 1
    leads_to(apply(officers_door, again))
    assert Protocol.objects.get(title="Bad month").review_date == datetime.date(2027, 12, 1)
    assert Protocol.objects.get(pk="0012").review_date == datetime.date(2028, 6, 1)


def test_refused_rows_are_read_as_their_file_was_without_a_question(officers_door):
    headings = ("Ref", "Name of agreement", "Next review")
    asked = send(officers_door, typed(("9001", "Good", "13-2027"), headings=headings)).url
    saved = boxes(officers_door, asked) | {"name": "Monthly list"}
    content, _ = refused(officers_door, leads_to(officers_door.post(asked, saved)))
    again = leads_to(send(officers_door, content, "refused rows.xlsx"))
    assert "Read as ‘Monthly list’" in shown(officers_door, again)


def test_every_sheet_keeps_its_headings_and_cells(officers_door):
    heads = ["Title", "Purpose", "Lead organisation", "Review date", "Own", REASON_HEADING]
    sheets = {
        "Live": [
            ["The register of 2026"],
            heads,
            ["Good", "x", "ECC", "Jun-2027", None, None],
            ["0012 - One", "x", "ECC", DAY, 1.5, "old"],
            ["0012 - Two", "x", "ECC", "Jun-2027", True, "old"],
            ["0013 - Three", "x", "ECC", "Jun-2027", 10**16, "old"],
            ["0013 - Four", "x", "ECC", "Jun-2027", datetime.time(9, 30), "old"],
        ],
        "live (old)": [["Title", "Review date"], ["0090 - Odd month", "13-2027"]],
    }
    address = uploaded(officers_door, workbook(**sheets), "two.xlsx")
    _, found = refused(officers_door, address)
    assert list(found) == ["Live", "live (old)"]
    assert found["Live"][0] == heads
    cells = {row[0]: row[3:5] for row in found["Live"][1:]}
    assert cells == {
        "0012 - One": [DAY, 1.5],
        "0012 - Two": ["Jun-2027", True],
        "0013 - Three": ["Jun-2027", "1e+16"],
        "0013 - Four": ["Jun-2027", "09:30:00"],
    }
    assert all("more than once" in row[-1] for row in found["Live"][1:])
    assert len(found["live (old)"]) == 2


def test_a_text_that_no_cell_can_hold_is_not_taken_for_the_whole(officers_door):
    long = ("Safer Community", "9001 - New", "x" * 40_000, "ECC", "", "13-2027")
    content, _ = refused(officers_door, uploaded(officers_door, typed(long)))
    again = uploaded(officers_door, content, "again.xlsx")
    assert "only its beginning" in shown(officers_door, again, "refused")


def test_where_no_row_is_refused_there_is_nothing_to_download(officers_door):
    address = uploaded(officers_door, typed(a_row("Good")))
    answer = officers_door.get(f"{address}refused/", follow=True)
    assert answer.redirect_chain == [(address, 302)]
    assert "No row of this import is refused." in answer.content.decode()


def test_a_reason_is_told_once_with_its_rows(officers_door):
    rows = [(*a_row(f"New {n}")[:-1], f"{n}-2027") for n in range(13, 33)]
    address = uploaded(officers_door, typed(*rows, a_row("0012 - One"), a_row("0012 - Two")))
    page = officers_door.get(address, {"show": "refused"})
    assert len(page.context["page"].object_list) == 2
    words = shown(officers_door, address, "refused")
    assert "Column F, rows 2 to 21." in words
    others = "'14-2027', '15-2027', '16-2027', '17-2027', '18-2027' and 14 more."
    assert f"In the other rows: {others}" in words
    assert words.count("The other rows are refused for the same reason.") == 1


def test_reasons_of_an_import_of_an_older_version_are_those_of_its_rows(officers_door):
    """It kept them with the rows, and one that was applied is never checked again."""
    rows = [(*a_row(f"90{at:02} - Bad")[:-1], "13-2027") for at in range(3)]
    address = uploaded(officers_door, typed(*rows, a_row("Good")))
    leads_to(apply(officers_door, address))
    told = shown(officers_door, address, "refused")
    job = ImportJob.objects.get()
    del job.found["refusals"]
    job.save(update_fields=["found"])
    assert "rows 2 to 4" in told
    assert shown(officers_door, address, "refused") == told


def test_many_reasons_are_shown_in_part():
    lines = [
        Line(f"Sheet {n}", n, Outcome.REFUSED, problems=[Problem("A", "x" * n, "Fix.")])
        for n in range(1, 61)
    ]
    assert len(refusals(lines)) == 60
    assert str(refusals(lines[:1])[0]) == "Column A, sheet ‘Sheet 1’, row 1: x Fix."


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([3], "row 3"),
        ([4, 3], "rows 3 and 4"),
        ([3, 7, 12], "rows 3, 7 and 12"),
        ([3, 5, 6, 7], "rows 3 and 5 to 7"),
        ([5, 6, 7], "rows 5 to 7"),
        (range(0, 240, 2), None),
    ],
)
def test_rows_in_words(rows, words):
    assert row_words(rows) == words if words else row_words(rows).endswith(" 98 and 70 more")
