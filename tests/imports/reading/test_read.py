"""What a workbook holds is read as a person sees it: typed, numbered, in its place."""

from __future__ import annotations

import datetime
import struct
from zipfile import ZipFile

import pytest
import xlsxwriter
from odfdo import Cell, Document, Table
from odfdo import Row as OpenRow

from registers.files import archives
from registers.imports.reading.cell_names import column
from registers.imports.reading.messages import CellError
from registers.imports.reading.ods import read_ods
from registers.imports.reading.read import Row, letter, read_sheets
from tests.imports.reading.sheet_files import MAIN, cells, ods, read, record, xls, xlsx

DAY = datetime.date(2024, 3, 1)
TEN = datetime.datetime(2024, 3, 1, 10, 10, 10)  # noqa: DTZ001 (as below)
NOON = datetime.datetime(2024, 3, 1, 12, 0)  # noqa: DTZ001 (a spreadsheet knows no zones)


@pytest.fixture
def workbook(tmp_path):
    """An XLSX as a program writes it, with all that a cell can be."""
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as book:
        live = book.add_worksheet("Live")
        month, clock, both, percent, long, bold = (
            book.add_format(each)
            for each in (
                {"num_format": "mmm-yyyy"},
                {"num_format": "hh:mm"},
                {"num_format": "yyyy-mm-dd hh:mm:ss"},
                {"num_format": "0%"},
                {"num_format": "[h]:mm:ss"},
                {"bold": True},
            )
        )
        live.write_row(1, 1, ["a", 12, 12.5, True, 1e20, "=b"], None)
        live.write_string(1, 6, "=b")
        live.write_datetime(2, 0, DAY, month)
        live.write_number(2, 1, 45352.50000001, both)  # noon, and a little of a second
        live.write_datetime(2, 2, datetime.time(12, 30), clock)
        live.write_number(2, 3, 0.45, percent)
        live.write_number(2, 4, 1.5, long)
        live.write_datetime(2, 5, TEN, both)
        live.write_formula(3, 0, "=1+1", None, 2)
        live.write_formula(3, 1, "=NA()", None, "#N/A")
        live.write_formula(4, 2, "=Old!A1", None, "#REF!")
        live.write_rich_string(5, 0, "plain ", bold, "bold", " plain")
        live.write_string(5, 1, "a line\r\nanother _x0041_")
        live.write_blank(9, 9, None, bold)
        live.merge_range("B7:B9", "merged")
        book.add_worksheet("Empty")
        book.add_worksheet("Notes").write(0, 0, "x")
        book.get_worksheet_by_name("Notes").hide()
        book.add_worksheet("Secret").write(0, 0, "x")
        book.get_worksheet_by_name("Secret").very_hidden()
        chart = book.add_chart({"type": "line"})
        chart.add_series({"values": "=Live!$C$2:$C$2"})
        book.add_chartsheet("Chart").set_chart(chart)
    return path


def test_an_xlsx_is_read_as_a_person_sees_it(workbook):
    live, notes, secret = read(workbook)

    assert [(row.number, *row.values) for row in live.rows] == [
        (2, None, "a", 12, 12.5, True, 1e20, "=b"),
        (3, DAY, NOON, datetime.time(12, 30), 0.45, "36:00:00", TEN),
        (4, 2, CellError("#N/A")),
        (5, None, None, CellError("#REF!")),
        (6, "plain bold plain", "a line\r\nanother _x0041_"),
        (7, None, "merged"),
    ]
    assert [type(value) for value in live.rows[0].values[2:4]] == [int, float]
    assert live.merged == ["B7:B9"]
    assert (live.kind, live.hidden) == ("workbook", False)
    assert [(sheet.name, sheet.hidden) for sheet in (notes, secret)] == [
        ("Notes", True),
        ("Secret", True),
    ]


def test_cells_without_names_follow_each_other(tmp_path):
    rows = (
        "<row><c><v>1</v></c><c t='e'><v>#NAME?</v></c></row>"
        "<row><c t='inlineStr'><is><t>hey</t></is></c><c t='d'><v>2024-03-01</v></c></row>"
    )
    assert cells(xlsx(tmp_path / "a.xlsx", rows)) == [(1, 1, CellError("#NAME?")), (2, "hey", DAY)]


def test_a_tag_may_stand_on_two_pieces(tmp_path):
    row = '<row r="{0}"><c r="A{0}"><v>{0}</v></c><c r="C{0}" t="e"><v>#REF!</v></c></row>'
    rows = "".join(row.format(number) for number in range(1, 15_001))
    found = cells(xlsx(tmp_path / "a.xlsx", rows))
    assert found == [(number, number, None, CellError("#REF!")) for number in range(1, 15_001)]


def test_cells_of_another_prefix_are_cells(tmp_path):
    sheet = (
        '<x:worksheet xmlns:x="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        '<x:sheetData><x:row r="3"><x:c s="0" r="B3"><x:f>1+1</x:f><x:v>2</x:v></x:c></x:row>'
        "</x:sheetData></x:worksheet>"
    )
    path = xlsx(tmp_path / "b.xlsx", "", **{"xl/worksheets/sheet1.xml": sheet})
    assert cells(path) == [(3, None, 2)]


def test_a_million_empty_rows_are_no_matter(tmp_path):
    empty = "".join(f'<row r="{row}"><c r="A{row}" s="1"/></row>' for row in range(2, 20_000))
    last = '<row r="1048576"><c r="B1048576"><v>2</v></c></row>'
    rows = f'<row r="1"><c r="A1"><v>1</v></c></row>{empty}{last}'
    (sheet,) = read_sheets(xlsx(tmp_path / "a.xlsx", rows), "a.xlsx")
    assert sheet.rows == [Row(1, (1,)), Row(1_048_576, (None, 2))]


def test_an_ods_is_read_as_a_person_sees_it(tmp_path):
    rows = """
    <table:table-row table:number-rows-repeated="2"><table:table-cell
      table:number-columns-repeated="16384"/></table:table-row>
    <table:table-row>
      <table:table-cell table:number-columns-repeated="2"/>
      <table:table-cell office:value-type="string"><text:p> two
         <text:s text:c="2"/>words<text:tab/>x<text:line-break/><text:span>y</text:span> </text:p>
         <text:p>below</text:p></table:table-cell>
      <table:table-cell office:value-type="float" office:value="12"
         table:number-columns-repeated="2"><text:p>12.00</text:p></table:table-cell>
    </table:table-row>
    <table:table-row table:number-rows-repeated="2">
      <table:table-cell office:value-type="date" office:date-value="2024-03-01"
        table:number-rows-spanned="2" table:number-columns-spanned="2"/>
      <table:covered-table-cell office:value-type="string"><text:p>under</text:p>
      </table:covered-table-cell>
      <table:table-cell office:value-type="date" office:date-value="2024-03-01T12:00:00"
        table:number-rows-spanned="1"/>
      <table:table-cell office:value-type="percentage" office:value="0.45"/>
      <table:table-cell office:value-type="boolean" office:boolean-value="true"/>
      <table:table-cell office:value-type="time" office:time-value="PT12H30M00S"/>
      <table:table-cell office:value-type="time" office:time-value="PT36H00M00S"/>
    </table:table-row>
    <table:table-row>
      <table:table-cell office:value-type="string" office:string-value=""
        table:formula="of:=NA()"><text:p>#N/A</text:p></table:table-cell>
      <table:table-cell office:value-type="string"><office:annotation><text:p>note</text:p>
        </office:annotation><draw:frame><text:p>drawn</text:p></draw:frame><text:p>a</text:p>
      </table:table-cell>
      <table:table-cell office:value-type="date" office:date-value="soon"><text:p>Soon</text:p>
      </table:table-cell>
      <table:table-cell office:value-type="time" office:time-value="noon"><text:p>Noon</text:p>
      </table:table-cell>
      <table:table-cell office:value-type="string" office:string-value="given"/>
    </table:table-row>
    <table:table-row table:number-rows-repeated="1048569"><table:table-cell/></table:table-row>
    </table:table><table:table table:name="Notes" table:style-name="h">
    <table:table-row><table:table-cell office:value-type="string"><text:p>x</text:p>
    </table:table-cell></table:table-row>
    """
    live, notes = read(ods(tmp_path / "a.ods", rows))

    twice = (DAY, None, NOON, 0.45, True, datetime.time(12, 30), "36:00:00")
    assert [(row.number, *row.values) for row in live.rows] == [
        (3, None, None, "two   words\tx\ny\nbelow", 12, 12),
        (4, *twice),
        (5, *twice),
        (6, CellError("#N/A"), "a", "Soon", "Noon", "given"),
    ]
    assert live.merged == ["A4:B5"]
    assert (notes.name, notes.hidden, live.hidden) == ("Notes", True, False)


def test_an_ods_of_another_program(tmp_path):
    document = Document("spreadsheet")
    document.body.clear()
    table = Table("Live")
    row = OpenRow()
    for value in ("a  b", 12, DAY, True, NOON):
        row.append_cell(Cell(value))
    table.append_row(row)
    document.body.append(table)
    document.save(tmp_path / "a.ods")
    assert cells(tmp_path / "a.ods") == [(1, "a  b", 12, DAY, True, NOON)]


def test_an_xls(tmp_path):
    path = xls(tmp_path / "a.xls", [["Theme", "Title – é"], [], ["x", 12.0, 1.5, (45352.0,)]])
    (sheet,) = read(path)
    assert sheet.name == "Live"
    assert sheet.merged == ["B1:B2"]
    assert sheet.rows == [Row(1, ("Theme", "Title – é")), Row(3, ("x", 12, 1.5, DAY))]


def test_an_xls_with_a_day_that_is_in_no_calendar(tmp_path):
    """As somebody has it who types 20240301 into a column of dates."""
    path = xls(tmp_path / "a.xls", [[(20240301.0,)], [(45352.0,)], [(float("inf"),), "x"]])
    assert cells(path) == [(1, 20240301), (2, DAY), (3, float("inf"), "x")]


def in_capitals(path):
    return xls(path, [["a – é"]], stream="WORKBOOK")


def of_another_code_page(path):
    """Its texts are in UTF-16, and say so; a code page would be for those of Excel 95."""
    return xls(path, [["a – é"]], code_page=1252)


def both_in_small_sectors(path):
    return xls(path, [["a – é"]], stream="BOOK", code_page=1252, small=True)


@pytest.mark.parametrize("make", [in_capitals, of_another_code_page, both_in_small_sectors])
def test_an_xls_of_other_programs(tmp_path, make):
    assert cells(make(tmp_path / "a.xls")) == [(1, "a – é")]


def hidden_in_xlsx(path):
    """Rows with names and without; a filter hides them in the same way."""
    cell = "<c t='inlineStr'><is><t>x</t></is></c>"
    place = "<c r='A{}'"
    named = "".join(
        f"<row r='{row}' {how}>{cell.replace('<c', place.format(row))}</row>"
        for row, how in ((1, ""), (2, "hidden='1'"), (3, ""))
    )
    rows = f"{named}<row hidden='true'>{cell}</row><row hidden='0'>{cell}</row>"
    sheet = (
        f"<worksheet xmlns='{MAIN}'><cols><col min='1' max='1'/><col min='2' max='3' hidden='1'/>"
        f"</cols><sheetData>{rows}</sheetData></worksheet>"
    )
    return xlsx(path, "", **{"xl/worksheets/sheet1.xml": sheet})


def hidden_in_xls(path):
    rows = (
        record(0x208, struct.pack("<6HI", row, 0, 1, 255, 0, 0, 0x20 if row in {1, 3} else 0x100))
        for row in range(5)
    )
    columns = record(0x7D, struct.pack("<6H", 1, 2, 2304, 15, 1, 0))
    columns += record(0x7D, struct.pack("<6H", 3, 255, 2304, 15, 0, 0))
    return xls(path, [["x"]] * 5, more=b"".join(rows) + columns)


def hidden_in_ods(path):
    row = (
        "<table:table-row{}><table:table-cell office:value-type='string'><text:p>x</text:p>"
        "</table:table-cell></table:table-row>"
    )
    columns = (
        "<table:table-column/><table:table-column table:visibility='collapse'"
        " table:number-columns-repeated='2'/><table:table-column/>"
    )
    collapsed, filtered = (
        row.format(f" table:visibility='{how}'") for how in ("collapse", "filter")
    )
    plain = row.format("")
    return ods(path, f"{columns}{plain}{collapsed}{plain}{filtered}{plain}")


@pytest.mark.parametrize("make", [hidden_in_xlsx, hidden_in_xls, hidden_in_ods])
def test_hidden_rows_and_columns_are_told(tmp_path, make):
    (sheet,) = read(make(tmp_path / "a"))
    assert [(row.number, row.hidden) for row in sheet.rows] == [
        *((1, False), (2, True), (3, False), (4, True), (5, False)),
    ]
    assert sheet.hidden_columns == [1, 2]


def test_a_text_beside_a_formula_is_its_result(tmp_path):
    row = '<row><c t="inlineStr"><f>x()</f><is><t>hey</t></is></c><c t="str"><f>y()</f></c></row>'
    assert cells(xlsx(tmp_path / "a.xlsx", f"{row}<row><c><v>1</v></c></row>")) == [
        *((1, "hey"), (2, 1)),
    ]


def test_an_archive_whose_names_have_backslashes(tmp_path):
    path = xlsx(tmp_path / "a.xlsx", "<row><c><v>1</v></c><c t='e'><v>#REF!</v></c></row>")
    with ZipFile(path) as file:
        parts = {name: file.read(name) for name in file.namelist()}
    with ZipFile(path, "w") as file:
        for name, content in parts.items():
            file.writestr(name.replace("/", "\\"), content)
    assert cells(path) == [(1, 1, CellError("#REF!"))]


@pytest.mark.parametrize(
    ("number", "letters"), [(0, "A"), (25, "Z"), (26, "AA"), (27, "AB"), (701, "ZZ"), (702, "AAA")]
)
def test_columns_have_letters(number, letters):
    assert letter(number) == letters
    assert column(letters.lower()) == number


@pytest.mark.parametrize("size", [1, 3, 100, 10**6])
def test_an_ods_is_read_whole_in_pieces_of_any_size(tmp_path, monkeypatch, size):
    path = tmp_path / "a.ods"
    book = Document("spreadsheet")
    book.body.clear()
    for name in ("First", "Last"):
        table = Table(name)
        table.append_row(OpenRow())
        table.set_value("A1", f"in {name}")
        book.body.append(table)
    book.save(path)

    monkeypatch.setattr(archives, "PIECE_BYTES", size)
    sheets = [(head.name, list(lines)) for head, lines in read_ods(path)]
    assert sheets == [("First", [(1, ["in First"])]), ("Last", [(1, ["in Last"])])]
