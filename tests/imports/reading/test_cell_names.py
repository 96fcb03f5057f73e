"""What a sheet is called stands in sentences and in the database: one line, and not too long."""

from __future__ import annotations

import pytest

from registers.imports.reading.cell_names import shown_name
from registers.imports.reading.read import Unreadable, read_sheets
from registers.imports.reading.reader import messages
from tests.imports.reading.sheet_files import MAIN, RELATIONS, ods, xls, xlsx

ONE = '<row r="1"><c r="A1"><v>1</v></c></row>'
FAR = ONE + '<row r="1048576"><c r="{}1048576"><v>1</v></c></row>'
OPEN_CELL = "<table:table-cell office:value-type='string'><text:p>x</text:p></table:table-cell>"
LONG = "x" * 5_000_000

NAMES = {
    "as it is": ("Live – 2026", "Live – 2026"),
    "line ends": ("Live\r\nNow\u2028here", "Live Now here"),
    "NUL": ("Li\0ve", "Live"),
    "a control character of Latin-1": ("Li\x9bve", "Live"),
    "letters turned round": ("a\u202eb\u2066c\u202ad\u2069e", "abcde"),
    "255 characters": ("x" * 255, "x" * 255),
    "more of them": ("y" * 256, "y" * 255),
    "a blank at the end": (f"{'y' * 254} z", "y" * 254),
    "as large as a file": (LONG, "x" * 255),
}


@pytest.mark.parametrize(("name", "shown"), NAMES.values(), ids=NAMES)
def test_a_name_as_a_sentence_can_hold_it(name, shown):
    assert shown_name(name) == shown
    assert shown_name(shown) == shown


def book(path, name: str, data: str):
    sheet = f'<sheet name="{name}" sheetId="1" r:id="r1"/>'
    content = f'<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}"><sheets>{sheet}</sheets></workbook>'
    return xlsx(path, data, **{"xl/workbook.xml": content})


def open_book(path, name: str, cell: str):
    row = f"<table:table-row>{cell}</table:table-row>"
    return ods(path, f"</table:table><table:table table:name='{name}'>{row}")


MADE = [
    pytest.param(book, ONE, id="XLSX"),
    pytest.param(open_book, OPEN_CELL, id="ODS"),
]


@pytest.mark.parametrize(("make", "content"), MADE)
def test_the_name_of_a_sheet_is_cut_before_it_is_sent(tmp_path, make, content):
    path = make(tmp_path / "a", f"a&#10;b\u202e\x9b{LONG}", content)
    (sheet,) = read_sheets(path, "a")
    assert sheet.name == f"a b{'x' * 252}"
    kind = "xlsx" if make is book else "ods"
    assert sum(map(len, messages(kind, path))) < 1_000


REFUSED = [
    pytest.param(book, FAR.format("XFD"), id="far away"),
    pytest.param(book, FAR.format("GR"), id="apart"),
    pytest.param(book, "<row>" + "<c><v>1</v></c>" * 201 + "</row>", id="wide"),
    pytest.param(open_book, OPEN_CELL * 201, id="wide in ODS"),
]


@pytest.mark.parametrize(("make", "content"), REFUSED)
def test_no_sentence_is_long_for_the_name_of_a_sheet(tmp_path, make, content):
    path = make(tmp_path / "a", f"a&#10;b\u202e\x9b{LONG}", content)
    with pytest.raises(Unreadable, match=f"'a b{'x' * 252}'") as told:
        read_sheets(path, "a")
    assert len(str(told.value)) < 600


def test_the_name_of_an_xls_has_no_nul(tmp_path):
    path = xls(tmp_path / "a.xls", [["x"]])
    content = path.read_bytes()
    path.write_bytes(content.replace("Live".encode("utf-16-le"), "L\0ve".encode("utf-16-le")))
    (sheet,) = read_sheets(path, "a.xls")
    assert sheet.name == "Lve"


def test_the_name_of_a_csv_is_that_of_its_file(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("a,b\n")
    (sheet,) = read_sheets(path, "a\n\u202eb.csv")
    assert sheet.name == "a b.csv"
