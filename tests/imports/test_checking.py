"""What a spreadsheet would do, row by row: nothing that it does not say, and nothing written."""

from __future__ import annotations

import datetime
import re
import time

import pytest

from registers import changes
from registers.exports.xlsx import TRUNCATED_NOTE
from registers.imports.mapping.mapping import ColumnMapping, MappingError
from registers.imports.reading.messages import CellError
from registers.imports.reading.read import Row, letter, read_sheets
from registers.imports.spreadsheet.choices import Choices
from registers.imports.spreadsheet.fields import Compared, compare_field
from registers.imports.spreadsheet.plan import Edit, Line, Outcome, Part
from registers.imports.spreadsheet.row import RowOf
from registers.imports.spreadsheet.tables import NotATable, Table
from registers.models import (
    Change,
    Gap,
    Name,
    Organisation,
    Party,
    Protocol,
    RegisterVersion,
    Theme,
)
from registers.models.protocol_fields import ProtocolField
from tests.imports.reading.sheet_files import XlsError, xls
from tests.imports.spreadsheets import (
    TYPED,
    checked,
    checked_row,
    exported,
    sheet_of,
)

pytestmark = pytest.mark.usefixtures("real_register")

ECC = "Essex County Council"
FGM = ("Safer Community", "0061 - FGM", "To protect.", ECC, "Barnardos", "Jun-2022")


def purpose_of(reference: str) -> str:
    return Protocol.objects.get(pk=reference).purpose


def organisation(name: str) -> int:
    return Organisation.objects.named(name).get().pk


def wrongs(line) -> list[tuple[str, str]]:
    return [(problem.column, problem.wrong) for problem in line.problems]


@pytest.mark.both_databases
def test_the_export_changes_nothing():
    plan = checked(sheet_of(*exported()))
    assert plan.count() == {"unchanged": 25}
    assert not plan.does_something
    assert plan.names == []


@pytest.mark.both_databases
def test_three_edited_cells_are_three_changes():
    rows = exported()
    place = {name: index for index, name in enumerate(rows[0])}
    row = {each[0]: each for each in rows}
    row["0012"][place["purpose"]] = "To share less."
    row["0061"][place["review_date"]] = "2027-06"
    row["0061"][place["other_organisations"]] = "Barnardos (FGM); Essex Police"
    plan = checked(sheet_of(*rows))
    assert plan.count() == {"unchanged": 23, "changed": 2}
    edits = [edit for line in plan.lines for edit in line.edits]
    assert edits == [
        Edit("purpose", purpose_of("0012"), "To share less."),
        Edit("review_date", "2022-06", "2027-06"),
        Edit("other_organisations", "Barnardo's", "Barnardo's (FGM); Essex Police"),
    ]


@pytest.mark.both_databases
def test_the_check_writes_nothing():
    def stored() -> list[object]:
        tables = (Protocol, Party, Organisation, Name, Theme, Change, RegisterVersion)
        return [list(table.objects.order_by("pk").values()) for table in tables]

    before = stored()
    choices = Choices(all_new=True)
    plan = checked(
        sheet_of(TYPED, ["Safer Community", "9001 - New", "x", "Nobody Yet", "", "Mar-2030"]),
        choices=choices,
    )
    assert plan.does_something
    assert stored() == before


def test_the_pages_own_row_is_what_is_stored():
    """The page and the register say the same in other words: MEHT, Health and Wellbeing (9)."""
    line = checked_row(
        "Health and Wellbeing (9)",
        "0037- Integrated Pre-Birth to 19 Health, Wellbeing and Family Support Services",
        purpose_of("0037"),
        ECC,
        "Virgin Care, Barnardos, Basildon and Thurrock University Hospitals NHS Foundation Trust,"
        " CHUFT, MEHT, Princess Alexandra Hospital NHS Trust, Southend University Hospital NHS"
        " Foundation Trust, Provide",
        "Mar-2018",
    )
    assert (line.outcome, line.edits) == ("unchanged", [])


def test_a_new_row_says_all_that_it_brings():
    line = checked_row(
        "Safer Community",
        "9001 – A new one V1.2",
        "To share.",
        "ECC",
        "Essex Police\nBarnardos (FGM); MEHT.",
        datetime.date(2028, 3, 31),
    )
    assert line.outcome == "new"
    assert (line.reference, line.title) == ("9001", "A new one V1.2")
    assert {edit.column: edit.after for edit in line.edits} == {
        "title": "A new one V1.2",
        "version": "V1.2",
        "theme": "Safer Community",
        "purpose": "To share.",
        "lead_organisation": ECC,
        "other_organisations": (
            "Essex Police; Barnardo's (FGM); Mid Essex Hospital Services NHS Trust"
        ),
        "review_date": "2028-03",
    }
    assert line.parts == [
        Part(organisation(ECC), "lead", "ECC", ""),
        Part(organisation("Essex Police"), "partner", "Essex Police", ""),
        Part(organisation("Barnardos"), "partner", "Barnardos", "FGM"),
        Part(organisation("MEHT"), "partner", "MEHT", ""),
    ]


def test_a_version_at_the_end_of_a_title_goes_with_it():
    line = checked_row("0012", "SELEP V3.0", headings=["reference", "title"])
    assert line.values == {"title": "SELEP V3.0", "version": "V3.0"}
    Protocol.objects.filter(pk="0012").update(version="draft 7")
    line = checked_row("0012", "SELEP V3.0", headings=["reference", "title"])
    assert line.values == {"title": "SELEP V3.0"}


@pytest.mark.parametrize(
    ("date", "edits"),
    [
        ("Under Review", [Edit("review_date", "2022-06", "Under Review")]),
        ("2022-06", []),
        ("06/2022", []),
        ("June 2022", []),
        ("30/06/2022", []),
        (datetime.date(2022, 6, 30), []),
        ("July 2022", [Edit("review_date", "2022-06", "2022-07")]),
        ("", [Edit("review_date", "2022-06", "")]),
    ],
)
def test_a_review_date_is_a_month_or_words(date, edits):
    line = checked_row(FGM[1], date, headings=["Title", "Review date"])
    assert line.edits == edits


def test_words_in_a_date_cell_become_the_note_and_a_month_takes_their_place():
    line = checked_row("0061", "Under Review", headings=["reference", "review_date"])
    assert line.values == {"review_date": None, "review_note": "Under Review"}
    Protocol.objects.filter(pk="0061").update(review_date=None, review_note="Under Review")
    same = checked_row("0061", "under review", headings=["reference", "review_date"])
    assert same.values == {"review_note": "under review"}
    again = checked_row("0061", "Under Review", headings=["reference", "review_date"])
    assert again.outcome == "unchanged"
    empty = checked_row("0061", "", headings=["reference", "review_date"])
    assert empty.outcome == "unchanged"
    month = checked_row("0061", "2027-01", headings=["reference", "review_date"])
    assert month.values == {"review_date": datetime.date(2027, 1, 1), "review_note": ""}
    assert month.edits == [Edit("review_date", "Under Review", "2027-01")]
    both = checked_row("0061", "31/01/2027 (late)", headings=["reference", "review_date"])
    assert both.values == {"review_date": datetime.date(2027, 1, 1), "review_note": "late"}
    assert both.edits == [Edit("review_date", "Under Review", "2027-01 (late)")]


def test_columns_that_are_not_there_stay_as_they_are():
    line = checked_row("0061", "A purpose", headings=["reference", "purpose"])
    assert line.values == {"purpose": "A purpose"}
    assert line.parts is None


def test_a_number_of_a_spreadsheet_program_is_a_reference():
    line = checked_row(12, "A purpose", headings=["Reference:", " PURPOSE "])
    assert (line.reference, line.outcome) == ("0012", "changed")


@pytest.mark.parametrize(
    ("column", "same", "cell", "value"),
    [
        ("law_enforcement", ("yes", "TRUE", True), "No", False),
        ("law_enforcement", ("Yes",), "", None),
        ("dpia_on", ("2026-03-31", "31/03/2026"), "1 April 2026", datetime.date(2026, 4, 1)),
        ("dpia_on", (datetime.date(2026, 3, 31),), "", None),
    ],
)
def test_a_yes_or_no_and_a_day_are_compared_as_such(column, same, cell, value):
    Protocol.objects.filter(pk="0061").update(law_enforcement=True, dpia_on="2026-03-31")
    headings = ["reference", column]
    assert {checked_row("0061", each, headings=headings).outcome for each in same} == {"unchanged"}
    line = checked_row("0061", cell, headings=headings)
    assert line.values == {column: value}
    assert len(line.remarks) == (not cell)  # emptying is said
    (refused,) = checked_row("0061", "so so", headings=headings).problems
    assert refused.column == "B"


@pytest.mark.parametrize(
    ("cell", "values"),
    [("Withdrawn", {}), ("Draft", {"status": "draft"}), ("", {"status": ""}), ("x", {})],
)
def test_a_choice_is_read_by_its_value_or_its_label(cell, values):
    """No column of today is one, but a field that is added may have choices."""
    field = ProtocolField("status", meaning="Its stage.", column_name="stage")
    table = Table("", ColumnMapping(), ["stage"], {"stage": 0}, rows=[], merged={})
    row, line = RowOf(table, Row(2, (cell,))), Line("", 2, Outcome.UNCHANGED)
    stored = Protocol(status="withdrawn")
    compare_field(Compared(row, line, stored, {"stage": "withdrawn"}), field)
    assert (line.values, len(row.problems)) == (values, cell == "x")


def test_a_withdrawn_protocol_and_a_draft_stay_what_they_are():
    Protocol.objects.filter(pk="0061").update(
        status="withdrawn", withdrawn_on="2026-01-01", withdrawn_reason="Over."
    )
    Protocol.objects.create(reference="9000", title="Draft", theme=Theme.objects.first())
    headings = ["reference", "purpose", "status"]
    rows = [["0061", "Other", "withdrawn"], ["9000", "Other", ""]]
    plan = checked(sheet_of(headings, *rows))
    assert [line.outcome for line in plan.lines] == ["changed", "changed"]
    assert [line.remarks for line in plan.lines] == [
        ["This protocol is withdrawn, and stays so."],
        ["This is a draft, and stays one."],
    ]


def test_an_empty_day_takes_none_away():
    Protocol.objects.filter(pk="0061").update(published_on="2019-04-01")
    headings = ["reference", "published"]
    assert checked_row("0061", "", headings=headings).outcome == "unchanged"
    line = checked_row("0061", "2019-04-02", headings=headings)
    assert line.edits == [Edit("published", "2019-04-01", "2019-04-02")]


def test_days_of_a_protocol_that_was_published_elsewhere_are_the_files():
    headings = ["reference", "title", "theme", "published", "updated"]
    row = ["9001", "New", "Safer Community", "2019-04-01", "2020-05-02"]
    before = checked_row(*row, headings=headings, published_before=True)
    assert before.values["published_on"] == datetime.date(2019, 4, 1)
    assert before.values["updated_on"] == datetime.date(2020, 5, 2)
    assert "updated_on" not in checked_row(*row, headings=headings).values


SAFER, NEW = "Safer Community", "9001 - New"
LEADS = "A protocol has one lead organisation. These read as 2: "
TOO_LONG = "Ensure this value has at most "
BAD = {
    "a month of 13": ([*FGM[:5], "13/2024"], "F", "There is no such month as '13/2024'."),
    "a day without a year": ([*FGM[:5], "24-Mar"], "F", "'24-Mar' is not a month."),
    "a number for a month": ([*FGM[:5], 2024], "F", "'2024' is not a month."),
    "a year long ago": ([*FGM[:5], "Mar-1024"], "F", "1024 is no year of a review."),
    "a reference with letters": ([SAFER, "00A1 - FGM"], "B", "'00A1' is not a reference: it has"),
    "a reference of zeros": ([SAFER, "0000 - FGM"], "B", "0000 is not a reference."),
    "two leads": ([SAFER, NEW, "", f"{ECC}, Medway Council"], "D", f"{LEADS}{ECC}; Medway C"),
    "two leads and a word": ([SAFER, NEW, "", "ECC and Medway"], "D", f"{LEADS}ECC; Medway."),
    "a theme alone": ([SAFER], "A", "Nothing is written but: theme. The row has no title"),
    "no title": ([SAFER, "9001 - "], "B", "The title is empty."),
    "a control character": ([SAFER, NEW, "a\x07b"], "C", "This cell holds a character that"),
    "an organisation twice": (
        [SAFER, NEW, "", "", f"ECC, {ECC}"],
        "E",
        f"'{ECC}' and 'ECC' are one organisation ({ECC}), named twice.",
    ),
    "a title that is there": ([SAFER, "fgm"], "B", "Protocol 0061 has this very title, and the"),
    "a title that is too long": ([SAFER, f"9001 - {'a' * 301}"], "B", f"{TOO_LONG}300"),
    "words for a date that are too long": ([*FGM[:5], "late " * 99], "F", f"{TOO_LONG}255"),
    "a note that is too long": (
        [SAFER, NEW, "", "", f"Barnardos ({'a' * 256})"],
        "E",
        f"'Barnardos': {TOO_LONG}255",
    ),
    "an e-mail address": (
        [SAFER, NEW, "", "", "Barnardos (jo@example.org)"],
        "E",
        "'Barnardos': Remove the e-mail address",
    ),
}


@pytest.mark.parametrize(("row", "column", "wrong"), BAD.values(), ids=BAD)
def test_a_row_that_cannot_be_right_is_refused(row, column, wrong):
    line = checked_row(*row)
    (problem,) = line.problems
    assert (line.outcome, problem.column) == ("refused", column)
    assert problem.wrong.startswith(wrong)
    assert problem.fix
    # Nothing is said of what it would do, such as to take the lead away that could not be read.
    assert (line.edits, line.remarks, line.values, line.parts) == ([], [], {}, None)


OWN_BAD = {
    "a title taken out": ("title", "", "The title is empty."),
    "a theme taken out": ("theme", "", "The theme is empty."),
    "a day to come": ("published", "2030-01-01", "This day is still to come."),
    "no day": ("published", "2019-02", "'2019-02' is not a day."),
    "two names in a lead": ("lead_organisation", "ECC; Medway", f"{LEADS}ECC; Medway."),
}


@pytest.mark.parametrize(("column", "cell", "wrong"), OWN_BAD.values(), ids=OWN_BAD)
def test_a_row_of_the_registers_own_columns_is_refused(column, cell, wrong):
    line = checked_row("0061", cell, headings=["reference", column])
    assert (line.outcome, [each.wrong for each in line.problems]) == ("refused", [wrong])


def test_organisations_that_can_be_read_in_two_ways_are_refused():
    for name in ("Adult", "Child and Family", "Adult, Child and Family"):
        changes.save(Organisation(name=name))
    title = Protocol.objects.get(pk="0061").title
    cells = ("Safer Community", f"0061 - {title}", purpose_of("0061"), ECC)
    line = checked_row(*cells, "Adult, Child and Family")
    assert line.outcome == "refused"
    assert [problem.column for problem in line.problems] == ["E"]
    assert "Adult, Child and Family" in line.problems[0].wrong
    assert line.parts is None


@pytest.mark.parametrize(
    ("cells", "lacks"),
    [
        ({}, ["theme", "purpose", "lead organisation"]),
        ({"theme": "", "purpose": "x"}, ["theme", "lead organisation"]),
        ({"theme": "Safer Community", "purpose": "x", "lead_organisation": "ECC"}, []),
    ],
)
def test_a_new_protocol_says_what_it_lacks_to_be_published(cells, lacks):
    line = checked_row("9001", "New", *cells.values(), headings=["reference", "title", *cells])
    assert (line.outcome, line.lacks) == ("new", lacks)


@pytest.mark.both_databases
def test_a_draft_can_lose_its_theme():
    Protocol.objects.create(reference="9000", title="Draft", theme=Theme.objects.first())
    line = checked_row("9000", "", headings=["reference", "theme"])
    assert (line.outcome, line.values, line.lacks) == ("changed", {"theme_id": None}, [])


class TestWhatAPublicProtocolMustHave:
    HEADINGS = ("reference", "purpose", "Lead Organisation")

    @pytest.mark.parametrize("status", ["published", "withdrawn"])
    def test_it_cannot_be_taken_away(self, status):
        over = {} if status == "published" else {"withdrawn_on": "2026-01-01"}
        Protocol.objects.filter(pk="0061").update(
            status=status, withdrawn_reason="Over." if over else "", **over
        )
        line = checked_row("0061", "", "None", headings=self.HEADINGS)
        assert wrongs(line) == [
            ("B", "0061 is published, so it cannot be without a purpose."),
            ("C", "0061 is published, so it cannot be without a lead."),
        ]

    def test_a_draft_can_lose_it_and_one_published_elsewhere_may_lack_it_still(self):
        protocols = Protocol.objects.filter(pk="0061")
        protocols.update(status="draft")
        assert checked_row("0061", "", "", headings=self.HEADINGS).outcome == "changed"
        protocols.update(status="published", purpose="")
        Party.objects.filter(protocol="0061", role="lead").delete()
        line = checked_row("0061", "A better title", "", headings=["reference", "title", "purpose"])
        assert line.outcome == "changed"
        line = checked_row("0061", "", "Nobody Knows", headings=self.HEADINGS)
        assert line.outcome == "waiting"


def test_an_end_before_the_start_is_refused():
    line = checked_row("0061", "2026-02-01", "2026-01-31", headings=["reference", "starts", "ends"])
    assert wrongs(line) == [("C", "The end is before the start.")]


def test_a_number_of_which_something_is_said_is_refused():
    Gap.objects.create(reference="9001", fate="never")
    line = checked_row("Safer Community", "9001 - New")
    assert wrongs(line) == [("B", "The reference log says of 9001: never issued.")]


def test_a_reference_that_stands_twice_refuses_both():
    first = sheet_of(TYPED[:2], ["Safer Community", "0061 - FGM"], name="One")
    second = sheet_of(["Title", "reference"], ["FGM", "00061"], name="Two")
    plan = checked(first, second)
    assert [wrongs(line) for line in plan.lines] == [
        [("B", "The reference 0061 stands more than once: also in sheet 'Two', row 2.")],
        [("B", "The reference 0061 stands more than once: also in sheet 'One', row 2.")],
    ]


def test_a_title_that_stands_twice_without_a_reference_refuses_both():
    row = [SAFER, "New", "", "", "", ""]
    twice = "This title stands more than once without a reference: also in sheet 'Live', row "
    assert [wrongs(line) for line in checked(sheet_of(TYPED, row, row)).lines] == [
        *([("B", f"{twice}3.")], [("B", f"{twice}2.")]),
    ]


READ = (
    *("reference", "title", "version", "theme", "purpose", "summary", "information_items"),
    *("data_subjects", "lawful_basis", "lead_organisation", "other_organisations"),
    *("parties_note", "review_date", "status", "published"),
)


@pytest.mark.parametrize("column", READ)
def test_an_error_in_a_cell_refuses_its_row(column):
    """Read as empty it would empty the field, and read as text it would fill it."""
    headings, *rows = exported()
    (row,) = (each for each in rows if each[0] == "0017")
    place = headings.index(column)
    row[place] = CellError("#N/A")
    line = checked_row(*row, headings=headings)
    assert line.outcome == "refused"
    assert wrongs(line) == [(letter(place), "This cell holds an error: #N/A.")]
    assert (line.edits, line.values, line.parts) == ([], {}, None)


@pytest.mark.parametrize("column", TYPED)
def test_an_error_under_a_heading_of_the_page_refuses_its_row(column):
    row = ["Safer Community", "0061 - FGM", purpose_of("0061"), ECC, "Barnardos", "Jun-2022"]
    row[TYPED.index(column)] = CellError("#REF!")
    line = checked_row(*row)
    assert line.outcome == "refused"
    assert [problem.column for problem in line.problems] == [letter(TYPED.index(column))]


def test_an_error_in_a_column_that_is_not_read_is_no_matter():
    headings, *rows = exported()
    (row,) = (each for each in rows if each[0] == "0017")
    row[headings.index("review_status")] = CellError("#N/A")
    assert checked_row(*row, headings=headings).outcome == "unchanged"


def test_partners_that_a_formula_did_not_find_are_not_taken_away(tmp_path):
    rows = [["reference", "Notes", "other_organisations"], [17.0, "", XlsError(0x2A, formula=True)]]
    path = xls(tmp_path / "a.xls", rows)
    plan = checked(*read_sheets(path, path.name))
    assert not plan.does_something
    (line,) = plan.lines
    assert (line.sheet, line.row, line.reference, line.outcome) == ("Live", 2, "0017", "refused")
    assert wrongs(line) == [("C", "This cell holds an error: #N/A.")]


def test_merged_cells_are_named():
    rows = [["Safer Community", "9001 - One"], ["", "9002 - Two"]]
    plan = checked(sheet_of(TYPED, *rows, merged=["A2:A3", "no range", "A1:Z99999"]))
    assert [line.outcome for line in plan.lines] == ["new", "refused"]
    assert plan.lines[1].problems[0].column == "A"
    assert plan.lines[1].problems[0].wrong == "This cell is one with A2: it is merged."


def test_of_merged_cells_upon_each_other_without_end_the_first_are_named():
    rows = [["Safer Community", f"{number} - One"] for number in range(9001, 9500)]
    began = time.process_time()
    plan = checked(sheet_of(TYPED, *rows, merged=[f"B2:T{at}" for at in range(400, 500)] * 200))
    assert time.process_time() - began < 20
    assert "merged" in plan.lines[300].problems[0].wrong


def test_a_cell_with_too_many_organisations_is_refused():
    line = checked_row("Safer Community", "9001 - One", "x", "", "(a," * 4_000, "Mar-2030")
    assert [(each.column, each.wrong) for each in line.problems] == [
        ("E", "This cell names more than 1,000 organisations, and no more are read.")
    ]


TABLES = {
    "no headings": ([["a", "b"], ["c", "d"]], "No row of headings was found"),
    "only headings": ([TYPED], "This file has headings and no rows below them."),
    "a column twice": (
        [["Title", "Purpose", "title "], ["a", "b", "c"]],
        "Title can be one column, and ‘Title’ and ‘title (2)’ are taken for it.",
    ),
    "one odd word": ([["Title", "\x07"], ["a"]], None),
}


@pytest.mark.parametrize(("rows", "sentence"), TABLES.values(), ids=TABLES)
def test_a_file_that_is_no_table(rows, sentence):
    if sentence is None:
        assert len(checked(sheet_of(*rows)).lines) == 1
    else:
        with pytest.raises((NotATable, MappingError), match=re.escape(sentence)):
            checked(sheet_of(*rows))


def test_headings_in_any_order_and_under_a_heading_of_the_sheet():
    rows = [
        ["The live list"],
        [],
        ["REVIEW  DATE", "Colour", " title"],
        ["Jun-2022", "red", FGM[1]],
    ]
    plan = checked(sheet_of(*rows), sheet_of(["nothing", "here"], ["a", "b"], name="Notes"))
    assert plan.count() == {"unchanged": 1}
    assert plan.said == [
        "The sheet 'Notes' has no headings, so it was left out.",
        "Sheet 'Live': column B, 'Colour', was left out.",
    ]


def test_a_text_that_a_workbook_cut_stays_whole():
    text = "All of it. " * 4_000
    Protocol.objects.filter(pk="0061").update(purpose=text)
    cut = f"{text[:32_000]}{TRUNCATED_NOTE}https://example.org/protocols/0061/"
    headings = ["reference", "purpose"]
    assert checked_row("0061", cut, headings=headings).outcome == "unchanged"
    line = checked_row("0061", f"More. {cut}", headings=headings)
    assert wrongs(line) == [
        ("B", "This text is longer than a cell can be, so the file has only its beginning.")
    ]


def test_a_promise_differs_as_soon_as_anything_does():
    one = checked(sheet_of(TYPED, FGM)).digest
    assert checked(sheet_of(TYPED, FGM)).digest == one
    assert checked(sheet_of(TYPED, [*FGM[:5], "Jul-2022"])).digest != one
