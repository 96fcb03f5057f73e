"""A cell with an error is read as that error: never as empty, and never as a text."""

from __future__ import annotations

import struct

import pytest

from registers.imports.reading.messages import CellError
from tests.imports.reading.sheet_files import (
    XlsError,
    cells,
    ods,
    record,
    xls,
    xls_cell,
    xlsx,
)

IN_XLS = {
    0x00: "#NULL!",
    0x07: "#DIV/0!",
    0x0F: "#VALUE!",
    0x17: "#REF!",
    0x1D: "#NAME?",
    0x24: "#NUM!",
    0x2A: "#N/A",
}
NEWER = (
    *("#SPILL!", "#CALC!", "#FIELD!", "#BLOCKED!", "#CONNECT!", "#UNKNOWN!", "#BUSY!"),
    *("#PYTHON!", "#EXTERNAL!", "#ERROR!", "#TIMEOUT!"),
)
EVERY = (*IN_XLS.values(), *NEWER)


MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
RELATION = '<Relationship Id="{}" Type="{}/{}" Target="{}"/>'
SHARED = {
    "xl/sharedStrings.xml": f'<sst xmlns="{MAIN}"><si><t>a &amp; b</t></si></sst>',
    "xl/_rels/workbook.xml.rels": "<Relationships"
    ' xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    + RELATION.format("r1", RELATIONS, "worksheet", "/xl/worksheets/sheet1.xml")
    + RELATION.format("r2", RELATIONS, "sharedStrings", "/xl/sharedStrings.xml")
    + "</Relationships>",
}


@pytest.mark.parametrize("formula", [False, True], ids=["typed", "formula"])
def test_each_error_of_an_xls(tmp_path, formula):
    errors = [XlsError(code, formula=formula) for code in IN_XLS]
    path = xls(tmp_path / "a.xls", [["a", "b"], *([1.0, each, "x"] for each in errors), [], errors])
    wrong = [CellError(shown) for shown in IN_XLS.values()]
    assert cells(path) == [
        (1, "a", "b"),
        *((row, 1, each, "x") for row, each in enumerate(wrong, 2)),
        (len(wrong) + 3, *wrong),
    ]


@pytest.mark.parametrize("formula", ["", "<f>x()</f>"], ids=["typed", "formula"])
@pytest.mark.parametrize("errors", [[*IN_XLS.values()][:7], EVERY], ids=["old", "new too"])
def test_each_error_of_an_xlsx(tmp_path, errors, formula):
    """The new ones are none to calamine, which would take the whole file for damaged."""
    rows = "".join(
        '<row><c t="s"><v>0</v></c><c t="e"/>'
        f'<c t="e">{formula}<v>{shown}</v></c><c><v>1</v></c></row>'
        for shown in errors
    )
    assert cells(xlsx(tmp_path / "a.xlsx", rows, **SHARED)) == [
        (row, "a & b", CellError(""), CellError(shown), 1) for row, shown in enumerate(errors, 1)
    ]


def test_a_formula_that_ends_in_the_text_of_an_error(tmp_path):
    row = '<row r="1"><c r="A1" t="str"><f>x()</f><v>#N/A</v></c></row>'
    assert cells(xlsx(tmp_path / "a.xlsx", row)) == [(1, CellError("#N/A"))]


# As LibreOffice writes it, typed and as a formula; as OpenOffice does; and as others may.
IN_ODS = (
    'office:value-type="string" office:string-value="" calcext:value-type="error"',
    'table:formula="of:=x()" office:value-type="string" calcext:value-type="error"',
    'table:formula="of:=x()" office:value-type="string" office:string-value="{}"',
    'table:formula="of:=x()" office:value-type="float" office:value="0"',
    'office:value-type="float" office:value="0"',
    'table:formula="of:=x()"',
    "",
)


@pytest.mark.parametrize("attributes", IN_ODS)
def test_each_error_of_an_ods(tmp_path, attributes):
    errors = (*EVERY, "Err:502", "Err:508")
    rows = "".join(
        '<table:table-row><table:table-cell office:value-type="string"><text:p>a</text:p>'
        f"</table:table-cell><table:table-cell {attributes.format(shown)}><text:p>{shown}</text:p>"
        "</table:table-cell></table:table-row>"
        for shown in errors
    )
    found = cells(ods(tmp_path / "a.ods", rows))
    assert found == [(row, "a", CellError(shown)) for row, shown in enumerate(errors, 1)]


def test_an_error_of_an_ods_in_another_language(tmp_path):
    cell = f"<table:table-cell {IN_ODS[0]}><text:p>#NV</text:p></table:table-cell>"
    path = ods(tmp_path / "a.ods", f"<table:table-row>{cell}</table:table-row>")
    assert cells(path) == [(1, CellError("#NV"))]


def test_an_error_that_was_typed_is_an_error_too(tmp_path):
    """A spreadsheet program saves errors as texts in a CSV, and people copy them."""
    in_xlsx = '<row r="1"><c r="A1" t="inlineStr"><is><t>#N/A</t></is></c></row>'
    in_ods = (
        '<table:table-row><table:table-cell office:value-type="string"><text:p>#N/A</text:p>'
        "</table:table-cell></table:table-row>"
    )
    (tmp_path / "a.csv").write_text('#N/A,"#N/A, see below"\n')
    wrong = CellError("#N/A")
    assert cells(xlsx(tmp_path / "a.xlsx", in_xlsx)) == [(1, wrong)]
    assert cells(ods(tmp_path / "a.ods", in_ods)) == [(1, wrong)]
    assert cells(xls(tmp_path / "a.xls", [["#N/A", True]])) == [(1, wrong, True)]
    assert cells(tmp_path / "a.csv") == [(1, wrong, "#N/A, see below")]


def test_what_an_error_says_is_short_enough_for_a_sentence(tmp_path):
    row = f'<row r="1"><c r="A1" t="e"><v>#\u202e{"x" * 5000}</v></c></row>'
    ((_, wrong),) = cells(xlsx(tmp_path / "a.xlsx", row))
    assert wrong.shown == "#" + "x" * 39


ROWS = [["a", XlsError(0x2A)], [True, XlsError(0x17, formula=True), 2.5]]
FOUND = [(1, "a", CellError("#N/A")), (2, True, CellError("#REF!"), 2.5)]


def test_a_chart_upon_a_sheet_has_cells_of_its_own(tmp_path):
    start = record(0x809, struct.pack("<6H", 0x0600, 0x20, 0, 0, 0, 0) + bytes(4))
    chart = start + xls_cell(0, 0, XlsError(0x2A)) + record(0x0A, b"")
    path = xls(tmp_path / "a.xls", ROWS, more=chart)
    assert cells(path) == FOUND


def test_an_error_of_no_known_number(tmp_path):
    assert cells(xls(tmp_path / "a.xls", [[XlsError(0x99)]])) == [(1, CellError(""))]


def test_a_formula_with_a_number_is_no_error(tmp_path):
    result = struct.pack("<3Hd", 5, 0, 0, 2.5) + bytes(6) + struct.pack("<HBH", 3, 0x1E, 2)
    path = xls(tmp_path / "a.xls", [["a"]], more=record(0x06, result))
    assert cells(path) == [(1, "a"), (6, 2.5)]
