"""Files that cannot be read: each is told in its own sentence, and harms nobody."""

from __future__ import annotations

import os
import resource
import runpy
import sys
import zipfile
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registers.files.kinds import kind_of
from registers.imports.reading import read as whole
from registers.imports.reading import reader
from registers.imports.reading.limits import (
    CELL_CHARACTERS,
    MEMORY_BYTES,
    NOT_WORKED_OUT,
    PROCESSOR_SECONDS,
    ROWS,
    UNPACKED_BYTES,
)
from registers.imports.reading.messages import UNREADABLE, CellError, unpack
from registers.imports.reading.read import Unreadable, read_sheets
from registers.imports.reading.reader import messages
from registers.models.document import PAPER_BYTES
from tests import papers
from tests.imports.reading.sheet_files import (
    MAIN,
    OFFICE,
    OPEN,
    archive,
    container,
    ods,
    read,
    refused,
    xls,
    xlsx,
)
from tests.lengths import times

EXCEL = "application/vnd.ms-excel."
ONE = '<row r="1"><c r="A1"><v>1</v></c></row>'
OPEN_CELL = '<table:table-cell office:value-type="string"{}><text:p>{}</text:p></table:table-cell>'
OPEN_ROW = f"<table:table-row>{OPEN_CELL.format('', 'x')}</table:table-row>"


def damaged(content: bytes, at: bytes) -> bytes:
    place = content.index(at) + len(at) + 5
    return content[:place] + bytes([content[place] ^ 0xFF]) + content[place + 1 :]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param(b"", "This file is empty", id="empty"),
        pytest.param(b"\x89PNG\r\n\x1a\n\0\0", "This is a picture (PNG)", id="PNG"),
        pytest.param(b"\xff\xd8\xff\xe0\0", "This is a picture (JPEG)", id="JPEG"),
        pytest.param(papers.pdf(), "This is a PDF", id="PDF"),
        pytest.param(b"\x1f\x8b\x08\0", "This is an archive (GZIP)", id="GZIP"),
        pytest.param(b"MZ\x90\0", "This is a program (EXE)", id="program"),
        pytest.param(b"<!DOCTYPE html><html>", "This is a web page (HTML)", id="HTML"),
        pytest.param(b"\r\n <TABLE><tr>", "This is a web page (HTML)", id="table in HTML"),
        pytest.param(b"<div>", "This is a web page (HTML)", id="a part of HTML"),
        pytest.param(b"<?xml version='1.0'?><a/>", "This is an XML file", id="XML"),
        pytest.param(
            b'<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?>',
            "This is an XML file",
            id="XML of 2003",
        ),
        pytest.param(b'<?xml?><office:document x="">', "This is an XML file", id="FODS"),
        pytest.param(b'{"count": 25}', "This is JSON", id="JSON"),
        pytest.param(
            container("WordDocument", bytes(4096)), "This is an older file of Office", id="DOC"
        ),
        pytest.param(
            container("Something", bytes(4096)), "an older file of Office", id="other OLE"
        ),
        pytest.param(
            container("EncryptedPackage", bytes(4096)), "protected with a password", id="locked"
        ),
        pytest.param(papers.docx(), "This is a text (DOCX)", id="DOCX"),
        pytest.param(b"PK\x05\x06" + bytes(18), "This is an archive (ZIP)", id="empty ZIP"),
        pytest.param(papers.archive({"a.csv": "a,b"}), "This is an archive (ZIP)", id="ZIP"),
        pytest.param(papers.archive({"Index/Document.iwa": ""}), "Numbers", id="Numbers"),
        pytest.param(
            papers.archive({"[Content_Types].xml": papers.content_types()}),
            "This file is damaged",
            id="Office without a kind",
        ),
        pytest.param(papers.archive({"mimetype": "x/y"}), "This is an archive (ZIP)", id="other"),
        pytest.param(papers.odt(), "This is a text (ODT)", id="ODT"),
        pytest.param(
            papers.archive({"mimetype": f"{OPEN}spreadsheet"}), "damaged", id="ODS of nothing"
        ),
        pytest.param(
            papers.archive({"a": "b"}).replace(b"PK\x01\x02", b"PK\x01\x09"),
            "This file is damaged",
            id="ZIP without its list",
        ),
        pytest.param(b"PK\x03\x04rest", "This file is damaged", id="begun ZIP"),
    ],
)
def test_the_content_tells_what_it_is(tmp_path, content, words):
    path = tmp_path / "a.xlsx"
    path.write_bytes(content)
    with pytest.raises(Unreadable) as told:
        read_sheets(path, "a.xlsx")
    assert words in str(told.value)


BIN = f'<Default Extension="bin" ContentType="{EXCEL}sheet.binary.macroEnabled.main"/>'


def test_only_the_type_of_the_workbook_itself_says_what_it_is(tmp_path):
    """Many web systems list types of parts that are not there, or of other parts."""
    path = xlsx(tmp_path / "a.xlsx", ONE, **{"xl/printerSettings1.bin": "x"})
    with zipfile.ZipFile(path) as file:
        parts = {name: file.read(name).decode() for name in file.namelist()}
    types = parts["[Content_Types].xml"]
    parts["[Content_Types].xml"] = types.replace("<Override", f"{BIN}<Override")
    assert len(read(archive(path, parts))) == 1
    with path.open("rb") as file:
        assert kind_of(file) == "xlsx"

    parts["[Content_Types].xml"] = f"{types.partition('<Override')[0]}{BIN}</Types>"
    parts["_rels/.rels"] = parts["_rels/.rels"].replace("workbook.xml", "workbook.bin")
    parts["xl/workbook.bin"] = parts.pop("xl/workbook.xml")
    refused(archive(path, parts), "a binary workbook (XLSB)")


def test_a_workbook_with_macros_is_read_without_them(tmp_path):
    path = xlsx(tmp_path / "a.xlsx", ONE, kind=f"{EXCEL}sheet.macroEnabled.main+xml")
    assert len(read(path)) == 1


def test_a_workbook_of_another_name_is_read(tmp_path):
    assert len(read(xlsx(tmp_path / "a.csv", ONE))) == 1


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(Unreadable, match=r"'live\.csv' cannot be opened: No such file"):
        read_sheets(tmp_path / "none", "live.csv")


SLIDES = f"{OFFICE}presentationml.presentation.main+xml"
MADE = {
    "XLSB": (lambda path: xlsx(path, ONE, kind=f"{EXCEL}sheet.binary.macroEnabled.main"), "XLSB"),
    "PPTX": (
        lambda path: xlsx(path, ONE, kind=f"{OFFICE}presentationml.presentation.main+xml"),
        "PPTX",
    ),
    "an XLS with a password": (lambda path: xls(path, [["a"]], locked=True), "password"),
    "an XLS of noise": (lambda path: old(path, b"\1" * 4096), "damaged"),
    "an ODS with a password": (
        lambda path: ods(path, "", manifest="<manifest:encryption-data/>"),
        "password",
    ),
    "a ZIP with a password": (
        lambda path: xlsx(path, ONE).write_bytes(papers.with_flag(xlsx(path, ONE).read_bytes())),
        "password",
    ),
}


def old(path, content: bytes) -> None:
    path.write_bytes(container("Workbook", content))


@pytest.mark.parametrize(("make", "words"), MADE.values(), ids=MADE)
def test_a_file_of_another_kind_or_with_a_password(tmp_path, make, words):
    make(tmp_path / "a")
    refused(tmp_path / "a", words)


FAR = '<row r="{0}"><c r="{1}{0}"><v>1</v></c></row>'
SHEET = "xl/worksheets/sheet1.xml"
HOSTILE = [
    pytest.param(ONE + FAR.format(1_048_576, "XFD"), {}, "column XFD, and 200 columns", id="far"),
    pytest.param(ONE + FAR.format(1_048_576, "GR"), {}, "from A1 to GR1048576", id="apart"),
    pytest.param("<row><c", {}, "damaged", id="broken XML"),
    pytest.param('<row r="x"><c t="e"><v>1</v></c></row>', {}, "damaged", id="row of letters"),
    pytest.param("", {"xl/workbook.xml": "<a"}, "damaged", id="broken workbook"),
    pytest.param("", {"xl/workbook.xml": "<!DOCTYPE a><a/>"}, "damaged", id="entities"),
    pytest.param("", {"xl/_rels/workbook.xml.rels": "<a/>"}, "damaged", id="no relations"),
    pytest.param(
        "<row>" + '<c t="inlineStr"><is><t>x</t></is></c>' * 201 + "</row>",
        {},
        "Sheet 'Live' was left out. There is something in column GS, and 200 columns",
        id="wide without names",
    ),
    pytest.param(
        f'<row><c t="inlineStr"><is><t>{"x" * (CELL_CHARACTERS + 1)}</t></is></c></row>',
        {},
        "The cell in sheet 'Live', row 1, column A holds more than 100,000 characters",
        id="long cell",
    ),
]


@pytest.mark.parametrize(("data", "more", "words"), HOSTILE)
def test_an_xlsx_that_cannot_be_read(tmp_path, data, more, words):
    refused(xlsx(tmp_path / "a.xlsx", data, **more), words)


WIDE = FAR.format(1, "GS")
SPOILT = {
    "wide": (WIDE, "There is something in column GS"),
    "far apart": (ONE + FAR.format(1_048_576, "GR"), "Its cells stand too far apart"),
    "broken": ("<row><c", "This file is damaged"),
    "broken beside an error": ("<row><c t='e'><v>#REF!</v></c><c", "This file is damaged"),
    "a long cell": (
        f'<row><c t="inlineStr"><is><t>{"x" * (CELL_CHARACTERS + 1)}</t></is></c></row>',
        "column A holds more than",
    ),
}


@pytest.mark.parametrize(("other", "words"), SPOILT.values(), ids=SPOILT)
def test_a_sheet_that_cannot_be_read_is_left_out(tmp_path, other, words):
    """Also when it is found out after some of its rows were read."""
    spoilt, live = read_sheets(xlsx(tmp_path / "a.xlsx", ONE, other=other), "a.xlsx")
    assert (spoilt.name, spoilt.rows) == ("Other", [])
    assert spoilt.left_out.startswith("Sheet 'Other' was left out. ")
    assert words in spoilt.left_out
    assert (live.name, live.left_out, [row.values for row in live.rows]) == ("Live", "", [(1,)])


def test_a_sheet_that_only_lies_about_its_length_is_left_out(tmp_path):
    path = xlsx(tmp_path / "a.xlsx", ONE, other=ONE * 5)
    path.write_bytes(damaged(path.read_bytes(), b"xl/worksheets/2.xml"))
    spoilt, live = read(path)
    assert "This file is damaged" in spoilt.left_out
    assert len(live.rows) == 1


def test_a_damaged_sheet_beside_an_error_that_calamine_does_not_know(tmp_path):
    path = xlsx(tmp_path / "a.xlsx", '<row><c t="e"><v>#SPILL!</v></c></row>', other=ONE * 5)
    path.write_bytes(damaged(path.read_bytes(), b"xl/worksheets/2.xml"))
    spoilt, live = read(path)
    assert spoilt.left_out
    assert live.rows[0].values == (CellError("#SPILL!"),)


def test_one_part_that_is_two_sheets_has_its_errors_in_both(tmp_path):
    path = xlsx(tmp_path / "a.xlsx", '<row><c t="e"><v>#N/A</v></c></row>', other="")
    with zipfile.ZipFile(path) as file:
        parts = {name: file.read(name) for name in file.namelist()}
    relations = "xl/_rels/workbook.xml.rels"
    parts[relations] = parts[relations].replace(b"2.xml", b"sheet1.xml")
    assert [sheet.rows[0].values for sheet in read(archive(path, parts))] == [
        *([(CellError("#N/A"),)] * 2),
    ]


def test_a_wide_table_of_an_ods_is_left_out(tmp_path):
    wide = f"<table:table-row>{OPEN_CELL.format('', 'x') * 201}</table:table-row>"
    rows = f"{OPEN_ROW}{wide}</table:table><table:table table:name='Next'>{OPEN_ROW}"
    spoilt, after = read_sheets(ods(tmp_path / "a.ods", rows), "a.ods")
    assert "column GS" in spoilt.left_out
    assert (spoilt.rows, after.name, len(after.rows)) == ([], "Next", 1)


def test_a_formula_without_a_result_is_told_of_in_its_cell(tmp_path):
    """Other programs than Excel write such files. What stands beside it can be read."""
    row = (
        '<row r="1"><c r="A1"><f>1+1</f></c><c r="B1"><f>2</f><v/></c><c r="C1"><v>3</v></c></row>'
    )
    (sheet,) = read(xlsx(tmp_path / "a.xlsx", row))
    assert sheet.rows[0].values == (NOT_WORKED_OUT, NOT_WORKED_OUT, 3)
    row = (
        "<table:table-row><table:table-cell/><table:table-cell table:formula='of:=1'/>"
        "</table:table-row>"
    )
    (sheet,) = read(ods(tmp_path / "a.ods", row))
    assert sheet.rows[0].values == (None, NOT_WORKED_OUT)


def test_a_workbook_without_its_main_part(tmp_path):
    path = xlsx(tmp_path / "a.xlsx", ONE)
    with zipfile.ZipFile(path) as file:
        parts = {name: file.read(name) for name in file.namelist() if name != "xl/workbook.xml"}
    refused(archive(path, parts), "damaged")


def test_two_sheets_of_one_name(tmp_path):
    path = xlsx(tmp_path / "a.xlsx", ONE)
    with zipfile.ZipFile(path) as file:
        parts = {name: file.read(name) for name in file.namelist()}
    book = parts["xl/workbook.xml"]
    start, end = book.index(b"<sheet "), book.index(b"</sheets>")
    parts["xl/workbook.xml"] = book[:end] + book[start:end] + book[end:]
    refused(archive(path, parts), "damaged")


def test_a_workbook_cut_short_or_with_a_wrong_sum(tmp_path):
    path = xlsx(tmp_path / "a.xlsx", ONE * 50)
    content = path.read_bytes()
    path.write_bytes(content[:-200])
    with pytest.raises(Unreadable, match="damaged"):
        read_sheets(path, "a.xlsx")
    path.write_bytes(damaged(content, SHEET.encode()))
    refused(path, "damaged")


@pytest.mark.parametrize(
    ("said", "sum_of", "words"),
    [
        (300, 3_000_001, "damaged"),
        (300, 301, "damaged"),
        (UNPACKED_BYTES, 3_000_001, "unpacks to more than 512 MB"),
    ],
    ids=["less than it is", "and its sum too", "more than is read"],
)
def test_an_archive_that_says_how_large_it_is(tmp_path, said, sum_of, words):
    size = 3_000_001
    path = xlsx(tmp_path / "a.xlsx", ONE, **{"xl/sharedStrings.xml": bytes(size)})
    content = path.read_bytes()
    for true, told in ((size, said), (zlib.crc32(bytes(size)), zlib.crc32(bytes(sum_of)))):
        content = content.replace(true.to_bytes(4, "little"), told.to_bytes(4, "little"))
    path.write_bytes(content)
    refused(path, words)


OPEN_HOSTILE = [
    pytest.param(
        "<table:table-row><table:table-cell table:number-columns-repeated='1000'/>"
        f"{OPEN_CELL.format('', 'x')}</table:table-row>",
        "column ALM, and 200 columns",
        id="far to the right",
    ),
    pytest.param(
        "<table:table-row>"
        + OPEN_CELL.format(' table:number-columns-repeated="16384"', "x")
        + "</table:table-row>",
        "200 columns",
        id="a million columns",
    ),
    pytest.param(
        OPEN_ROW.replace(">x<", ">" + '<text:s text:c="1000000000"/>' * 3 + "<"),
        "holds more than 100,000 characters",
        id="blanks without end",
    ),
    *(
        pytest.param(OPEN_ROW.replace(old, new, 1), "damaged", id=new)
        for old, new in (
            ("-row>", "-row table:number-rows-repeated='x'>"),
            ("-row>", "-row table:number-rows-repeated='-3'>"),
            ("-cell ", "-cell table:number-columns-repeated='0' "),
            ("-cell ", "-cell table:number-rows-spanned='-1' "),
            (">x<", "><text:s text:c='-1'/><"),
        )
    ),
    pytest.param("<table:table-row>", "damaged", id="broken XML"),
    pytest.param(
        OPEN_ROW.replace(
            "<text:p>", f"<draw:frame><table:table>{OPEN_ROW}</table:table></draw:frame><text:p>"
        ),
        "damaged",
        id="a table upon a cell",
    ),
]


# Told here alone.
OPEN_LARGE = [
    pytest.param(
        OPEN_ROW.replace("-row>", "-row table:number-rows-repeated='1048576'>", 1),
        f"more than {ROWS // 100:,} rows",
        id="a million rows",
    ),
    pytest.param(
        "<table:table-row table:number-rows-repeated='100000'>"
        + OPEN_CELL.format(' table:number-columns-repeated="200"', "x")
        + "</table:table-row>",
        "more than 50,000 cells",
        id="millions of cells",
    ),
    pytest.param(
        "<table:table-row table:number-rows-repeated='100000'>"
        + OPEN_CELL.format(' table:number-columns-repeated="200"', "x" * 90_000)
        + "</table:table-row>",
        "more than 1,000,000 characters",
        id="millions of letters",
    ),
]


@pytest.mark.parametrize(("rows", "words"), OPEN_HOSTILE)
def test_an_ods_that_cannot_be_read(tmp_path, rows, words):
    refused(ods(tmp_path / "a.ods", rows), words)


@pytest.mark.parametrize(("rows", "words"), OPEN_LARGE)
def test_an_ods_that_holds_too_much(tmp_path, monkeypatch, rows, words):
    # Else it takes half a minute.
    monkeypatch.setattr(reader, "MOST", {what: most // 100 for what, most in reader.MOST.items()})
    *_, last = messages("ods", ods(tmp_path / "a.ods", rows))
    what, why = unpack(last)
    assert what == UNREADABLE
    assert words in why


def test_more_merged_cells_than_any_table_has(tmp_path):
    ranges = "".join(f'<mergeCell ref="A{at}:T{at + 499}"/>' for at in range(1, 20_002))
    sheet = (
        f'<worksheet xmlns="{MAIN}"><sheetData>{ONE}</sheetData>'
        f"<mergeCells>{ranges}</mergeCells></worksheet>"
    )
    refused(xlsx(tmp_path / "a.xlsx", "", **{SHEET: sheet}), "more than 20,000 merged cells")


def test_an_ods_with_entities(tmp_path):
    laughs = "".join(f'<!ENTITY l{at + 1} "{f"&l{at};" * 10}">' for at in range(9))
    before = f'<!DOCTYPE a [<!ENTITY l0 "ha">{laughs}]>'
    row = OPEN_ROW.replace(">x<", ">&l9;<")
    refused(ods(tmp_path / "a.ods", row, before=before), "damaged")


def test_a_process_that_takes_too_much_is_ended(tmp_path):
    # The reader does not know beforehand how far cells without names reach.
    last = '<row r="1048576"><c><v>1</v></c>' + "<c/>" * 199 + "<c><v>1</v></c></row>"
    path = xlsx(tmp_path / "a.xlsx", '<row r="1"><c><v>1</v></c></row>' + last)
    with pytest.raises(Unreadable, match="takes more memory or time"):
        read_sheets(path, "a.xlsx")


def test_a_process_that_takes_too_long_is_ended(tmp_path, monkeypatch):
    path = xlsx(tmp_path / "a.xlsx", ONE)
    monkeypatch.setattr(whole, "SECONDS", 0)
    with pytest.raises(Unreadable, match="takes more memory or time"):
        read_sheets(path, "a.xlsx")


@pytest.mark.parametrize(
    ("how", "words"),
    [("abort", "takes more memory or time"), ("exit", "This file is damaged")],
)
def test_a_process_that_dies_within_a_message(tmp_path, monkeypatch, how, words):
    program = tmp_path / "dying.py"
    program.write_text(
        "import os\n"
        """os.write(1, b'["sheet", "Live", false, [], [], "", ""]\\n["rows", [[1, false, "a"')\n"""
        f"os.abort() if {how == 'abort'} else os._exit(1)\n"
    )
    monkeypatch.setattr(whole, "READER", "dying")
    monkeypatch.setattr(whole, "ROOT", tmp_path)
    with pytest.raises(Unreadable, match=words):
        read_sheets(xlsx(tmp_path / "a.xlsx", ONE), "a.xlsx")


def test_a_file_that_is_too_large(tmp_path):
    path = tmp_path / "a.xlsx"
    path.write_bytes(b"PK\x03\x04")
    os.truncate(path, PAPER_BYTES + 1)
    with pytest.raises(Unreadable, match="larger than 20 MB"):
        read_sheets(path, "a.xlsx")
    path.write_bytes(b"a,b")
    os.truncate(path, 101 * 2**20)
    with pytest.raises(Unreadable, match="larger than 100 MB"):
        read_sheets(path, "a.csv")


def run_here(monkeypatch, *arguments: str) -> dict[int, int]:
    """Run the program in this process; return the limits that it would have set."""
    limits = {}
    monkeypatch.setattr(resource, "getrlimit", lambda _: (0, resource.RLIM_INFINITY))
    monkeypatch.setattr(resource, "setrlimit", lambda what, most: limits.update({what: most[1]}))
    monkeypatch.setattr(sys, "argv", ["reader", *arguments])
    monkeypatch.delitem(sys.modules, "registers.imports.reading.reader")
    runpy.run_module("registers.imports.reading.reader", run_name="__main__")
    return limits


def test_the_program_limits_itself_before_it_reads(tmp_path, monkeypatch, capsys):
    path = tmp_path / "a.csv"
    path.write_text("a,b\n")
    limits = run_here(monkeypatch, "csv", str(path))
    assert limits[resource.RLIMIT_AS] == MEMORY_BYTES
    assert limits[resource.RLIMIT_CPU] == PROCESSOR_SECONDS
    told = capsys.readouterr().out.splitlines()
    assert told == [
        '["sheet", "", false, [], [], ",", "utf-8"]',
        '["rows", [[1, false, "a", "b"]]]',
        '["end"]',
    ]


@pytest.mark.parametrize("problem", [MemoryError, Unreadable], ids=lambda each: each.__name__)
def test_the_program_tells_why_it_cannot_read(tmp_path, monkeypatch, capsys, problem):
    path = tmp_path / "a.csv"
    path.write_text('a,"b')
    if problem is MemoryError:

        def exhausted(*_):
            raise MemoryError

        monkeypatch.setattr("registers.imports.reading.csv.read_csv", exhausted)
    run_here(monkeypatch, "csv", str(path))
    assert (
        f'["{"unreadable" if problem is MemoryError else "left out"}", "' in capsys.readouterr().out
    )


def good(tmp_path) -> list[bytes]:
    makers = (
        xlsx(tmp_path / "a", ONE + '<row r="2"><c t="e"><v>#REF!</v></c></row>'),
        ods(tmp_path / "b", OPEN_ROW),
        xls(tmp_path / "c", [["a", 1.0], ["b", (45352.0,)]]),
    )
    return [*(path.read_bytes() for path in makers), "a,b\n1,é\n".encode(), b""]


@settings(max_examples=times(15, long=500))
@given(data=st.data())
@pytest.mark.has_long_form
def test_whatever_is_in_a_file_the_answer_is_rows_or_a_sentence(tmp_path, data):
    """Good files with bytes changed, cut out and put in, and bytes of no kind at all."""
    content = bytearray(data.draw(st.sampled_from(good(tmp_path))))
    for _ in range(data.draw(st.integers(0, 6))):
        place = data.draw(st.integers(0, len(content)))
        piece = data.draw(st.binary(max_size=8))
        content[place : place + data.draw(st.integers(0, 8))] = piece
    path = tmp_path / "fuzz"
    path.write_bytes(content)
    try:
        told = "."
        assert all(sheet.rows for sheet in read_sheets(path, "fuzz"))
    except Unreadable as problem:
        told = str(problem)
    assert told.endswith(".")
