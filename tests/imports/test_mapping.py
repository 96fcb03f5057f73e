"""Which column is what: suggested from words and values, followed, kept, and found again."""

from __future__ import annotations

import datetime
import re
import time
from dataclasses import replace

import pytest

from registers.imports.mapping.mapping import ColumnMapping, MappingError, SheetOptions
from registers.imports.mapping.saved import find_saved, save_mapping
from registers.imports.mapping.suggest import suggest, use_of_heading
from registers.imports.reading.messages import CellError
from registers.imports.reading.read import Row, Sheet
from registers.imports.spreadsheet.checking import check
from registers.imports.spreadsheet.choices import Choices
from registers.imports.spreadsheet.job_columns import take_first_rows
from registers.imports.spreadsheet.plan import Plan
from registers.imports.spreadsheet.tables import NotATable
from registers.models import ImportMapping, Protocol
from tests.imports.spreadsheets import ON, TYPED, checked, done, sheet_of

pytestmark = pytest.mark.usefixtures("real_register")

AT = datetime.datetime(2026, 11, 30, 12, tzinfo=datetime.UTC)
FEW_SECONDS = 10
OWN = (
    *("Ref", "Name of agreement", "Data controller", "Parties", "Purpose of sharing"),
    *("Legal basis", "Data shared", "Date of next review", "Status"),
)
ROW = (
    *("0901", "Empty homes", "Essex Police", "Barnardos; Provide", "To bring homes into use"),
    *("Public task", "Addresses", "March 2027", "current"),
)


def read(*sheets: Sheet, mapping: ColumnMapping | None = None) -> Plan:
    choices = Choices(all_new=True, all_new_themes=True)
    work = check(list(sheets), choices, on=ON, published_before=False, mapping=mapping)
    return done(work)


def edits(plan: Plan) -> list[dict[str, str]]:
    return [{edit.column: edit.after for edit in line.edits} for line in plan.lines]


# Headings of real registers, with what a person would say that they are.
HEADINGS = {
    "Ref": "reference",
    "ISA Ref.": "reference",
    "DSA number": "reference",
    "Agreement ID": "reference",
    "Name of agreement": "title",
    "AGREEMENT_TITLE": "title",
    "Agreement name (short)": "title",
    "Proposal title": "title",
    "Name of the project": "title",
    "ODR reference": "reference",
    "Organisation name": "lead_organisation",
    "Data controller": "lead_organisation",
    "Lead agency:": "lead_organisation",
    "Lead Organization": "lead_organisation",
    "Parties": "other_organisations",
    "Partner 3": "other_organisations",
    "Partner organisation no. 12": "other_organisations",
    "Data shared with": "other_organisations",
    "Legal basis": "lawful_basis",
    "Legal basis for processing (GDPR)": "lawful_basis",
    "Next review": "review_date",
    "Review due": "review_date",
    "Date of next review (mm/yy)": "review_date",
    "Expiry date*": "review_date",
    "Data shared": "information_items",
    "Categories of data subjects": "data_subjects",
    "Start date": "published",
    "Date withdrawn": "withdrawn_on",
    "withdrawn_on": "withdrawn_on",
    "Withdrawn reason": "withdrawn_reason",
    "Whose information it is": "data_subjects",
    "What it is for": "purpose",
    "Partner C": "other_organisations",
    "Comments": "note",
    "Category": "theme",
    "review_status": "left_out",
    "Colour of the folder": None,
}


@pytest.mark.parametrize(("heading", "use"), HEADINGS.items())
def test_words_that_people_use_are_known(heading, use):
    assert use_of_heading(heading) == use


def test_a_partnership_adds_its_own_words(settings):
    own = {"Kennziffer": "reference"}
    settings.PARTNERSHIP = replace(settings.PARTNERSHIP, import_headings=own)
    assert suggest([sheet_of(("Kennziffer", "Title"), ("1", "a"))]).mapping.columns == {
        "Kennziffer": "reference",
        "Title": "title",
    }


def test_a_table_of_own_headings_below_its_titles_is_read():
    sheet = sheet_of(("Northvale Register",), ("Last updated by an officer",), (), OWN, ROW)
    suggestion = suggest([sheet])
    assert suggestion.layouts[0].heading_row == 4
    assert suggestion.mapping.columns["Parties"] == "other_organisations"
    assert suggestion.mapping.statuses == {"current": "current"}
    assert len(suggestion.questions) == 1  # what they should become
    mapping = suggestion.mapping
    mapping.defaults = {"theme": "Housing"}
    (line,) = edits(read(sheet, mapping=mapping))
    assert line["theme"] == "Housing"
    assert (
        line["other_organisations"] == "Barnardo's; Provide CIC"
        or "Barnardo" in (line["other_organisations"])
    )
    assert line["review_date"] == "2027-03"


def test_the_registers_own_headings_need_no_question():
    assert suggest([sheet_of(TYPED, ("Safer Community", "0061 - FGM"))]).questions == []


class TestColumns:
    def test_several_partners_and_one_heading_twice(self):
        headings = ("Title", "Lead", "Partner", "Partner", "Partner 3")
        sheet = sheet_of(headings, ("0901 - One", "", "Essex Police", "", "Barnardos; Provide"))
        mapping = suggest([sheet]).mapping
        assert [*mapping.columns.values()].count("other_organisations") == 3
        mapping.defaults = {"theme": "Safer Community"}
        (line,) = read(sheet, mapping=mapping).lines
        assert [part.written for part in line.parts] == ["Essex Police", "Barnardos", "Provide"]

    def test_a_tick_column_of_an_organisation(self):
        headings = ("Title", "Theme", "Essex Police", "Essex County Council")
        rows = [
            ("0901 - One", "Safer Community", "✓", "no"),
            ("0902 - Two", "Safer Community", "", "X"),
            ("0903 - Three", "Safer Community", "maybe", ""),
        ]
        sheet = sheet_of(headings, *rows)
        mapping = suggest([sheet_of(headings, *rows[:2])]).mapping
        assert mapping.columns["Essex Police"] == "tick"
        one, two, three = read(sheet, mapping=mapping).lines
        assert [part.written for part in one.parts] == ["Essex Police"]
        assert [part.written for part in two.parts] == ["Essex County Council"]
        assert three.problems[0].column == "C"
        assert three.problems[0].wrong == "'maybe' does not say whether Essex Police takes part."

    def test_rows_that_differ_in_a_partner_are_one_protocol(self):
        rows = [
            ("Safer Community", "0901 - One", "Why", "", partner, "Mar-2027")
            for partner in ("Essex Police", "Barnardos")
        ]
        other = ("Safer Community", "0902 - Two", "Why", "", "Barnardos", "Mar-2027")
        plan = checked(sheet_of(TYPED, rows[0], other, rows[1]))
        assert [line.row for line in plan.lines] == [2, 3]
        assert [part.written for part in plan.lines[0].parts] == ["Essex Police", "Barnardos"]
        assert any("2 rows are 1 protocol with several rows" in sentence for sentence in plan.said)

    def test_rows_that_differ_in_what_is_shared_are_one_protocol_too(self):
        headings = ("Ref", "Title", "Theme", "Data set", "No. of file")
        rows = [("0901", "One", "Safer Community", data, n) for n, data in enumerate(("A", "B"))]
        (line,) = checked(sheet_of(headings, *rows)).lines
        assert line.values["information_items"] == "A\nB"

    def test_an_error_in_a_further_row_refuses_the_protocol(self):
        rows = [
            ("Safer Community", "0901 - One", "Why", "", partner, "Mar-2027")
            for partner in ("Essex Police", CellError("#N/A"))
        ]
        (line,) = checked(sheet_of(TYPED, *rows)).lines
        assert line.problems[0].wrong == "Row 3: This cell holds an error: #N/A."

    def test_rows_that_differ_in_more_are_refused(self):
        rows = [
            ("Safer Community", "0901 - One", why, "", partner, "Mar-2027")
            for why, partner in (("Why", "Essex Police"), ("Other", "Barnardos"))
        ]
        assert [line.outcome for line in checked(sheet_of(TYPED, *rows)).lines] == ["refused"] * 2

    def test_a_repeated_row_of_headings_is_left_out(self):
        row = ("Safer Community", "0901 - One", "Why", "", "Barnardos", "Mar-2027")
        plan = checked(sheet_of(TYPED, row, TYPED))
        assert [line.row for line in plan.lines] == [2]
        assert plan.said == ["Sheet 'Live': row 3 repeats the headings, so it was left out."]


def test_a_withdrawn_protocol_that_a_file_names_is_told():
    Protocol.objects.filter(pk="0061").update(
        status="withdrawn", withdrawn_on=ON, withdrawn_reason="Over."
    )
    row = ("Safer Community", "0061 - FGM")
    said = "Withdrawn, and not put back in force by this file: 0061."
    assert any(said in sentence for sentence in checked(sheet_of(TYPED, row)).said)
    with_status = (*TYPED, "Status")
    plan = checked(sheet_of(with_status, (*row, "", "", "", "", "withdrawn")))
    assert not any("Withdrawn" in sentence for sentence in plan.said)


def test_a_row_that_waits_for_a_name_empties_nothing():
    row = ("Safer Community", "0061 - FGM", "Why", "Nobody Council", "Nobody Trust", "Jun-2022")
    (line,) = checked(sheet_of(TYPED, row)).lines
    assert line.outcome == "waiting"
    shown = {edit.column: edit.after for edit in line.edits}
    assert shown["lead_organisation"] == "Nobody Council"
    assert shown["other_organisations"] == "Nobody Trust"
    assert not any("empties" in remark for remark in line.remarks)


def test_a_name_is_shown_with_the_one_cell_in_which_it_stands():
    headings = ("Title", "Theme", "Partner", "Partner")
    row = ("0901 - One", "Safer Community", "Essex Police", "Nobody Trust")
    (named,) = (n for n in checked(sheet_of(headings, row)).names if n.how == "unknown")
    assert named.cell == "Nobody Trust"


@pytest.mark.parametrize(("written", "reference"), [("ISP 0046", "0046"), ("ISA-012", "")])
def test_a_reference_of_another_kind_is_not_one_of_ours(written, reference):
    headings = ("reference", "Title", "Theme")
    (line,) = checked(sheet_of(headings, (written, "A title", "Safer Community"))).lines
    assert line.reference == reference


def test_an_error_in_a_further_column_of_partners_refuses_its_cell():
    headings = ("Title", "Theme", "Partner", "Partner")
    row = ("0901 - One", "Safer Community", "Essex Police", CellError("#N/A"))
    (line,) = checked(sheet_of(headings, row)).lines
    assert [(each.column, each.wrong) for each in line.problems] == [
        ("D", "This cell holds an error: #N/A.")
    ]


def test_a_second_lead_is_one_of_the_others_and_a_word_for_dates_is_enough():
    headings = ("Title", "Lead agency", "Data controller", "It is due")
    sheet = sheet_of(headings, ("0901 - One", "Essex Police", "Barnardos", "March 2027"))
    assert [*suggest([sheet]).mapping.columns.values()] == [
        *("title", "lead_organisation", "other_organisations", "review_date")
    ]


def test_a_column_of_texts_like_references_is_that_of_the_references():
    sheet = sheet_of(("Title", "Theme", "Key to it"), ("One", "Any", "A-1"), ("Two", "Any", "A-2"))
    assert suggest([sheet]).mapping.columns["Key to it"] == "reference"


def test_a_file_without_a_sheet_to_read_is_no_table():
    sheet = sheet_of(TYPED, ("Safer Community", "0901 - One"))
    mapping = ColumnMapping(columns={"Title": "title"}, sheets={"Live": SheetOptions(read=False)})
    with pytest.raises(NotATable, match="No row of headings was found"):
        read(sheet, mapping=mapping)


def test_a_sheet_that_cannot_be_read_is_told():
    wide = replace(sheet_of(TYPED, name="Wide"), rows=[], left_out="The sheet 'Wide' is too wide.")
    plan = checked(wide, sheet_of(TYPED, ("Safer Community", "0901 - One")))
    assert "The sheet 'Wide' is too wide." in plan.said


def test_what_an_export_says_of_itself_is_no_table():
    about = sheet_of(("Title", "Purpose"), ("a", "b"), name="About this file")
    plan = checked(about, sheet_of(TYPED, ("Safer Community", "0901 - One")))
    assert ([line.reference for line in plan.lines], plan.said) == (["0901"], [])


def test_many_rows_that_are_left_out_are_named_from_the_first_to_the_last():
    sheet = sheet_of(TYPED, *[("Safer Community", f"09{n:02} - One") for n in range(1, 14)])
    for at in range(2, 14):
        sheet.rows[at] = Row(at + 1, sheet.rows[at].values, hidden=True)
    (said,) = checked(sheet).said
    assert "rows 3 to 14 are hidden" in said


def test_the_first_rows_of_a_file_with_much_text_are_few():
    cells = tuple(f"{'x' * 400} {column}" for column in range(150))
    rows = [Row(number, cells) for number in range(1, 500)]
    sheet = replace(sheet_of(cells), rows=rows)
    (kept,) = take_first_rows([sheet])
    assert 0 < len(kept.rows) < 225


class TestThemes:
    HEADINGS = ("Title", "Lead", "Review")

    def test_the_name_of_each_sheet(self):
        sheets = [
            sheet_of(self.HEADINGS, (f"{number} - One", "", "Mar-2027"), name=name)
            for number, name in (("0901", "Safer Community"), ("0902", "Health and Wellbeing"))
        ]
        mapping = suggest(sheets).mapping
        assert mapping.theme_from == "sheet"
        found = [line["theme"] for line in edits(read(*sheets, mapping=mapping))]
        assert found == ["Safer Community", "Health and Wellbeing"]

    def test_a_row_above(self):
        rows = [
            ("Safer Community",),
            *[(f"090{number} - One", "Essex Police", "Mar-2027") for number in (1, 2)],
            ("Health and Wellbeing",),
            ("0903 - Three", "Essex Police", "Mar-2027"),
        ]
        sheet = sheet_of(self.HEADINGS, *rows, name="2024")
        mapping = suggest([sheet]).mapping
        assert mapping.theme_from == "band"
        found = [line["theme"] for line in edits(read(sheet, mapping=mapping))]
        assert found == ["Safer Community", "Safer Community", "Health and Wellbeing"]

    def test_one_title_below_two_themes_is_two_protocols(self):
        rows = [
            ("Safer Community",),
            ("One", "Essex Police", "Barnardos"),
            ("Health and Wellbeing",),
            ("One", "Essex Police", "Provide"),
        ]
        sheet = sheet_of(("Title", "Lead", "Partners"), *rows, name="2024")
        mapping = replace(suggest([sheet]).mapping, match_titles=True)
        assert mapping.theme_from == "band"
        told = edits(read(sheet, mapping=mapping))
        found = [(each["theme"], each["other_organisations"]) for each in told]
        assert found == [("Safer Community", "Barnardo's"), ("Health and Wellbeing", "Provide")]


class TestDates:
    HEADINGS = ("Theme", "Title", "Review date")

    def sheet(self, *dates: str) -> Sheet:
        rows = [("Safer Community", f"09{n:02} - One", date) for n, date in enumerate(dates, 1)]
        return sheet_of(self.HEADINGS, *rows)

    def test_one_that_has_the_month_first_makes_a_question_of_the_column(self):
        sheet = self.sheet("03/31/2027", "03/04/2027")
        (question,) = suggest([sheet]).questions
        assert question.startswith("Review date: ‘03/04/2027’ can be 3 April 2027 or 4 March 2027.")
        with pytest.raises(NotATable, match="Choose whether the day or the month"):
            read(sheet)

    @pytest.mark.parametrize(("order", "month"), [("day", "2027-04"), ("month", "2027-03")])
    def test_the_answer_is_followed(self, order, month):
        mapping = suggest([self.sheet("03/04/2027")]).mapping
        mapping.day_orders = {"Review date": order}
        assert suggest([self.sheet("03/04/2027")], mapping).questions == []
        assert edits(read(self.sheet("03/04/2027"), mapping=mapping))[0]["review_date"] == month


def test_the_row_of_headings_can_be_chosen():
    rows = [("Title", "Purpose"), ("Title", "Theme"), ("0901 - One", "Safer Community")]
    mapping = ColumnMapping(sheets={"Live": SheetOptions(heading_row=2)})
    suggestion = suggest([sheet_of(*rows)], mapping)
    assert suggestion.headings == ["Title", "Theme"]
    assert [line.row for line in read(sheet_of(*rows), mapping=suggestion.mapping).lines] == [3]


def test_a_table_whose_words_nobody_knows_is_shown_and_not_guessed():
    sheet = sheet_of(("Vereinbarung", "Farbe"), ("Leerstand", "rot"), ("Schule", "rot"))
    suggestion = suggest([sheet])
    assert suggestion.mapping.columns == {"Vereinbarung": "title", "Farbe": "left_out"}
    assert suggestion.is_guess
    with pytest.raises(NotATable, match="No row of headings was found"):
        read(sheet)


def test_cells_and_columns_without_end_are_looked_through_at_once():
    rows = [("(" * 30_000,) * 40] * 3
    wide = [f"Question {number}" for number in range(1_000)]
    sheet = sheet_of(("Title", *wide), *rows)
    mapping = ColumnMapping(
        columns=dict.fromkeys(map(str.upper, wide), "note") | {"Title": "title"}
    )
    began = time.process_time()
    assert suggest([sheet], mapping).layouts[0].heading_row == 1
    assert time.process_time() - began < FEW_SECONDS  # 100 before, and 8 for a cell


WRONG = {
    "no object": ([], "This is not a mapping."),
    "an unknown part": ({"colour": "red"}, "'colour' is not a part of a mapping."),
    "an unknown column": ({"columns": {"A": "colour"}}, "'columns' has 'colour' for 'A'."),
    "an odd kind": ({"kind": "birds"}, "'kind' is 'birds'. Use one of: protocols, organisations."),
    "a theme of organisations": (
        {"kind": "organisations", "columns": {"A": "theme"}},
        "'columns' has 'theme' for 'A'. Use one of: name, acronym,",
    ),
    "no texts": ({"columns": {"A": 1}}, "'columns' must be names with texts."),
    "a default of a reference": ({"defaults": {"reference": "1"}}, "'defaults' has 'reference'."),
    "an odd order": ({"day_orders": {"A": "year"}}, "'day_orders' has 'year' for 'A'."),
    "an odd place of the theme": ({"theme_from": "sky"}, "'theme_from' is 'sky'."),
    "no boolean": ({"hidden_rows": "yes"}, "'hidden_rows' must be true or false."),
    "an odd sheet that is read": ({"sheets": {"A": {"read": []}}}, "The sheet 'A' can have"),
    "an odd row": ({"sheets": {"A": {"heading_row": True}}}, "The sheet 'A' can have"),
    "NUL": ({"defaults": {"theme": "A\0"}}, "the character U+0000"),
    "half of a character": ({"columns": {"\ud800": "title"}}, "the character U+D800"),
    "an odd name": ({"name": "\0"}, "the character U+0000"),
    "an odd sheet": ({"sheets": {"A": {"row": 1}}}, "The sheet 'A' can have"),
}


@pytest.mark.parametrize(("plain", "sentence"), WRONG.values(), ids=WRONG)
def test_a_file_of_a_mapping_that_is_wrong_is_told(plain, sentence):
    with pytest.raises(MappingError, match=re.escape(sentence)):
        ColumnMapping.from_plain(plain)


def test_a_file_that_is_no_json_is_told_with_its_line():
    with pytest.raises(MappingError, match="line 2"):
        ColumnMapping.from_json("{\n oh")


@pytest.mark.parametrize("text", ["[" * 200_000, "9" * 5_000], ids=["brackets", "a number"])
def test_a_file_without_end_is_told(text):
    with pytest.raises(MappingError, match="have no end"):
        ColumnMapping.from_json(text)


def test_a_file_may_begin_as_windows_writes_it():
    assert ColumnMapping.from_json('\ufeff{"name": "Monthly"}').name == "Monthly"


FOLLOWED = {
    "a column twice": ({"A": "title", "B": "title"}, "Title can be one column"),
    "no title": ({"A": "purpose", "B": "theme"}, "No column is taken for the title."),
    "a column that is gone": ({"A": "title", "C": "theme"}, "no column headed ‘C’"),
}


@pytest.mark.parametrize(("columns", "sentence"), FOLLOWED.values(), ids=FOLLOWED)
def test_a_mapping_that_cannot_be_followed_is_refused(columns, sentence):
    sheet = sheet_of(("A", "B"), ("0901 - One", "x"))
    with pytest.raises(MappingError, match=sentence):
        read(sheet, mapping=ColumnMapping(columns=columns))


class TestSaved:
    def saved(self) -> ColumnMapping:
        mapping = suggest([sheet_of(OWN, ROW)]).mapping
        mapping.name, mapping.defaults = "Monthly list", {"theme": "Safer Community"}
        save_mapping(mapping, by=None, at=AT)
        return mapping

    def test_is_found_again_by_the_headings_in_another_order(self):
        saved = self.saved()
        sheet = sheet_of(("Report",), OWN[::-1], ROW[::-1])
        found = find_saved([sheet], "protocols")
        assert found == saved
        assert suggest([sheet], found).questions == []

    def test_new_and_missing_columns_are_asked_about(self):
        self.saved()
        sheet = sheet_of((*OWN[:-2], "Colour"), ROW[:-1])
        found = find_saved([sheet], "protocols")
        assert suggest([sheet], found).questions == [
            "Say what the column ‘Colour’ should become.",
            "The file has no columns headed ‘Date of next review’ and ‘Status’, which were used"
            " before.",
        ]

    def test_is_not_found_for_another_file(self):
        self.saved()
        assert (
            find_saved([sheet_of(("Kind", "Colour", "Title"), ("a", "b", "c"))], "protocols")
            is None
        )

    def test_one_that_cannot_be_read_is_passed_over(self):
        saved = save_mapping(ColumnMapping(name="Old", columns={OWN[1]: "title"}), by=None, at=AT)
        ImportMapping.objects.filter(pk=saved.pk).update(text='{"columns": {"Ref": "[taken out]"}}')
        assert find_saved([sheet_of(OWN, ROW)], "protocols") is None
