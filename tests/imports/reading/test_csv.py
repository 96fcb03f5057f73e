"""CSV as programs write it: its letters, its separator, its rows, and what cannot be told."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registers.exports.plain_text import escape_formula, unescape_formula
from registers.imports.reading.limits import CELL_CHARACTERS
from registers.imports.reading.messages import ROWS, unpack
from registers.imports.reading.read import read_sheets
from registers.imports.reading.reader import messages
from registers.imports.reading.values import garbled, is_error_value
from tests.imports.reading.sheet_files import cells, refused, xlsx

TEXT = "reference,title\r\n0012,Café – tea\r\n"
ROWS_OF_TEXT = [(1, "reference", "title"), (2, "0012", "Café – tea")]


@pytest.fixture
def written(tmp_path):
    def write(content: bytes | str):
        path = tmp_path / "a.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "windows-1252"], ids=lambda name: name
)
def test_its_letters_are_found(written, encoding):
    assert cells(written(TEXT.encode(encoding))) == ROWS_OF_TEXT


def test_letters_of_the_other_order_of_bytes(written):
    assert cells(written(b"\xfe\xff" + TEXT.encode("utf-16-be"))) == ROWS_OF_TEXT


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        pytest.param("a;b\n1,5;2\n", [(1, "a", "b"), (2, "1,5", "2")], id="semicolons"),
        pytest.param("a\tb\n1,5\t2\n", [(1, "a", "b"), (2, "1,5", "2")], id="tabs"),
        pytest.param('"a;x",b\n1;5;6,2', [(1, "a;x", "b"), (2, "1;5;6", "2")], id="quoted"),
        pytest.param("sep=;\na,b;c\n1;2\n", [(1, "a,b", "c"), (2, "1", "2")], id="told to Excel"),
        pytest.param("a|b\n1,5|2\n", [(1, "a", "b"), (2, "1,5", "2")], id="bars"),
        pytest.param(
            "A register; of 2025\na,b\n1,2\n",
            [(1, "A register; of 2025"), (2, "a", "b"), (3, "1", "2")],
            id="a title with another separator",
        ),
        pytest.param(
            'a;b\n1;"x, y, z"\n2;u, v, w\n',
            [(1, "a", "b"), (2, "1", "x, y, z"), (3, "2", "u, v, w")],
            id="lists with another separator",
        ),
        pytest.param("only\nx\n", [(1, "only"), (2, "x")], id="one column"),
        pytest.param("\n\na,b\n", [(3, "a", "b")], id="empty lines first"),
        pytest.param("a,b\r1,2\r", [(1, "a", "b"), (2, "1", "2")], id="old line ends"),
        pytest.param(
            'a,b\n"x\n\ny",2\n,,\n3,,\n', [(1, "a", "b"), (2, "x\n\ny", "2"), (4, "3")], id="lines"
        ),
        pytest.param('a,b\n"say ""x""",c"d\n', [(1, "a", "b"), (2, 'say "x"', 'c"d')], id="quotes"),
        pytest.param(
            "a\n'=x\n''=x\n'x\n=x",
            [(1, "a"), (2, "=x"), (3, "'=x"), (4, "'x"), (5, "=x")],
            id="apostrophes",
        ),
        pytest.param("a\nb\x01c\n", [(1, "a"), (2, "b\x01c")], id="control characters"),
    ],
)
def test_its_rows_are_those_of_a_spreadsheet_program(written, content, rows):
    assert cells(written(content)) == rows


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param('a,b\n\n"x,y\nz,1\n', "In row 3 of this CSV a quotation mark", id="unclosed"),
        pytest.param('a\n"x\ny"\n"x" y\n', "In row 3 of this CSV text follows", id="astray"),
        pytest.param(
            "a\n" + "x" * (CELL_CHARACTERS + 1), "Row 2 of this CSV has a cell", id="long cell"
        ),
        pytest.param("a,b\n1,é\x81\n".encode("latin-1"), "neither UTF-8", id="unknown letters"),
        pytest.param(b"a\0b\x01", "of a kind that is not taken", id="nothing in it"),
        pytest.param(b"a\0b\0\n\0", "of a kind that is not taken", id="UTF-16 without a mark"),
        pytest.param(b"\xff\xfea\0b", "neither UTF-8", id="half a letter"),
    ],
)
def test_what_cannot_be_told_is_a_sentence(written, content, words):
    refused(written(content), words)


def test_a_csv_is_one_sheet_with_the_name_of_its_file(written):
    (sheet,) = read_sheets(written(TEXT), "live.csv")
    assert (sheet.name, sheet.kind, sheet.hidden, sheet.merged) == ("live.csv", "csv", False, [])


def test_what_it_was_read_with_is_told_and_can_be_asked_for(written):
    path = written("a;b\n1;é,3\n".encode("mac_roman"))
    (found,) = read_sheets(path, "a.csv")
    assert (found.separator, found.encoding) == (";", "cp1252")
    (asked,) = read_sheets(path, "a.csv", separator=",", encoding="mac_roman")
    assert (asked.separator, asked.encoding) == (",", "mac_roman")
    assert [row.values for row in asked.rows] == [("a;b",), ("1;é", "3")]


def test_a_separator_that_is_asked_for_goes_before_one_that_the_file_names(written):
    (sheet,) = read_sheets(written("sep=;\na;b,c\n"), "a.csv", separator=",")
    assert [row.values for row in sheet.rows] == [("a;b", "c")]


def test_what_nobody_can_read_with(written):
    """A mapping that was kept as a file may be written by hand."""
    refused(written(TEXT), "with 'comma'. Choose one of these: ',' (comma), ", separator="comma")
    refused(written(TEXT), "with 'zip'. Choose one of these: 'utf-8' (UTF-8), ", encoding="zip")


def test_letters_that_are_not_those_asked_for(written):
    refused(written("é".encode("cp1252")), "not UTF-8", encoding="utf-8")


DAMAGED = [
    *((meant, "cp1252") for meant in ("Children’s", "Café", "10 £", "a – b", "\ufeffTheme", "🧒")),
    *((meant, "mac_roman") for meant in ("Children’s", "Café", "10 £", "a – b")),
]


@pytest.mark.parametrize(("meant", "read_as"), DAMAGED)
def test_letters_that_were_damaged_on_the_way(written, tmp_path, meant, read_as):
    """Some program read UTF-8 as another encoding, and saved that, in whatever kind of file."""
    seen = meant.encode().decode(read_as, "replace")
    words = f"row 2, column B says '{seen.strip()}'"
    refused(written(f"a,b\n1,{seen}\n"), words)
    row = f'<row><c r="B2" t="inlineStr"><is><t>{seen}</t></is></c></row>'
    refused(xlsx(tmp_path / "a.xlsx", row), words)
    assert cells(written(f"a,b\n1,x{meant}\n")) == [(1, "a", "b"), (2, "1", f"x{meant}")]


def test_letters_that_were_lost_on_the_way(written):
    refused(written("Caf\ufffd,b"), "row 1, column A says 'Caf\ufffd'")


CELL = st.text(st.sampled_from("ab'=+-@\t\r\n,;\" é–") | st.characters(exclude_categories=["Cs"]))


def is_meant(text: str) -> bool:
    """Not letters that were damaged, and no error value."""
    return "\0" not in text and not garbled(text) and not is_error_value(text)


@settings(max_examples=150)
@given(rows=st.lists(st.lists(CELL.filter(is_meant), min_size=3, max_size=3)))
def test_what_the_register_writes_is_read_again(written, rows):
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(["reference", "title", "purpose"])
    writer.writerows([escape_formula(cell) for cell in row] for row in rows)
    found = {}
    for line in messages("csv", written(file.getvalue())):
        what, *content = unpack(line)
        if what == ROWS:
            found |= {number: values for number, _, *values in content[0]}
    for number, row in enumerate(rows, 2):
        values = found.get(number, [])
        assert [value or "" for value in values] == row[: len(values)]
        assert not any(row[len(values) :])


@pytest.mark.parametrize("meant", ["", "=a", "'=a", "''=a", "'", "'a", "-1", "\ta", "''"])
def test_one_apostrophe_is_taken_away_where_it_was_put(meant):
    assert unescape_formula(escape_formula(meant)) == meant
